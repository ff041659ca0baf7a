import { expect, test } from 'vitest';
import { testServer } from '../testing/test-server.ts';

const bindings = '/apis/rbac.authorization.k8s.io/v1/namespaces/default/rolebindings';
const merge = { 'content-type': 'application/merge-patch+json' };
const json = { 'content-type': 'application/json-patch+json' };
const strategic = { 'content-type': 'application/strategic-merge-patch+json' };

/** A binding that nobody owns, and what is said of patches that break it: without what is made up, and without the quotes around it. */
async function broken(): Promise<(body: unknown, headers: Readonly<Record<string, string>>, query?: string) => Promise<string>> {
  const server = testServer();
  const name = 'view';
  const api = 'rbac.authorization.k8s.io';
  await server.ask('POST', bindings, {
    metadata: { name: 's', labels: { z: '1', a: '2' }, annotations: { html: '<&>' } },
    subjects: [{ name: 'a', kind: 'User', apiGroup: api }],
    roleRef: { name, kind: 'ClusterRole', apiGroup: api },
  });
  await server.ask('PATCH', `${bindings}/s`, { metadata: { managedFields: [{}] } }, merge);
  return async (body, headers, query = '') => {
    const { status, body: answer } = await server.ask('PATCH', `${bindings}/s${query}`, body, headers);
    expect(status).toBe(422);
    return (answer as { message: string }).message
      .replace(/(\\"uid\\":\\")[^\\]*/, '$1U')
      .replace(/(\\"resourceVersion\\":\\")\d+/, '$1R')
      .replaceAll('\\"', "'");
  };
}

const start = ' "" is invalid: patch: Invalid value: "';
const head = "{'apiVersion':'rbac.authorization.k8s.io/v1','kind':'RoleBinding',";
const roleRef = "'roleRef':{'apiGroup':'rbac.authorization.k8s.io','kind':'ClusterRole','name':'view'}";
// What no patch speaks of has the order of Go's structs, and of maps.
const metadata =
  "'metadata':{'name':'s','namespace':'default','uid':'U','resourceVersion':'R','creationTimestamp':'2026-01-01T00:00:00Z','labels':{'a':'2','z':'1'},'annotations':{'html':'\\\\u003c\\\\u0026\\\\u003e'}}";

test('a message shows the object that a merge patch leaves: sorted where the patch has opened it, as Go writes structs elsewhere', async () => {
  const message = await broken();
  expect(await message({ subjects: { y: null, x: 1 } }, merge)).toBe(
    `${start}${head}${metadata},${roleRef},'subjects':{'x':1}}": json: cannot unmarshal object into Go struct field RoleBinding.subjects of type []v1.Subject`,
  );
  const opened =
    "'metadata':{'annotations':{'html':'\\\\u003c\\\\u0026\\\\u003e'},'creationTimestamp':'2026-01-01T00:00:00Z','labels':'x','name':'s','namespace':'default','resourceVersion':'R','uid':'U'}";
  const subjects = "'subjects':[{'kind':'User','apiGroup':'rbac.authorization.k8s.io','name':'a'}]";
  // The first mistake is the first of that text, whatever the patch names first.
  expect(await message({ roleRef: { kind: 1 }, metadata: { labels: 'x' } }, merge)).toBe(
    `${start}${head}${opened},${roleRef.replace("'ClusterRole'", '1')},${subjects}}": json: cannot unmarshal string into Go struct field ObjectMeta.metadata.labels of type map[string]string`,
  );
});

test('a JSON patch opens what its pointers lead through', async () => {
  const message = await broken();
  expect(await message([{ op: 'replace', path: '/subjects/0/kind', value: 1 }], json)).toBe(
    `${start}${head}${metadata},${roleRef},'subjects':[{'apiGroup':'rbac.authorization.k8s.io','kind':1,'name':'a'}]}": json: cannot unmarshal number into Go struct field Subject.subjects.kind of type string`,
  );
});

test('unknown fields are told in the order of the text that is read, or sorted where there is none', async () => {
  const message = await broken();
  const unknown = `strict decoding error: unknown field 'metadata.a', unknown field 'metadata.b', unknown field 'zz'`.replaceAll("'", '"');
  for (const headers of [merge, strategic]) {
    expect((await message({ zz: 1, metadata: { b: 1, a: 2 } }, headers, '?fieldValidation=Strict')).replaceAll("'", '"')).toMatch(
      new RegExp(`${unknown.replaceAll('.', '\\.')}$`),
    );
  }
});

test('a strategic patch is read in the order of the structs, and shown without the nulls that it has put where nothing was', async () => {
  const message = await broken();
  const patch = { roleRef: { kind: 1.5 }, subjects: 'x', metadata: { generateName: { n: { a: null }, b: null } } };
  expect(await message(patch, strategic)).toBe(
    `${start}map[metadata:map[generateName:map[n:map[]]] roleRef:map[kind:1.5] subjects:x]": unrecognized type: string`,
  );
});

test('an update may not give a generateName that is no part of a path', async () => {
  const message = await broken();
  expect(await message({ metadata: { generateName: 'A/' } }, merge)).toBe(
    `RoleBinding.rbac.authorization.k8s.io "s" is invalid: metadata.generateName: Invalid value: "A/": may not contain '/'`,
  );
});

test('where there is nothing to patch, that is told before what is wrong with the patch', async () => {
  const server = testServer();
  for (const path of [
    '/api/v1/namespaces/default/configmaps/none',
    '/api/v1/namespaces/none/status',
    '/apis/apps/v1/namespaces/default/deployments/none/scale',
  ]) {
    for (const headers of [json, merge, strategic]) expect((await server.ask('PATCH', path, '"x"', headers)).body).toMatchObject({ code: 404 });
    expect((await server.ask('PATCH', path, '"x"', { 'content-type': 'text/plain' })).body).toMatchObject({ code: 415 });
    const applied = await server.ask('PATCH', `${path}?fieldManager=f`, '[]', { 'content-type': 'application/apply-patch+yaml' });
    expect(applied.body).toMatchObject({ code: path.endsWith('none') ? 400 : 404 }); // An apply to an object would make it.
  }
});

test('an object of another namespace and name than the path’s is refused for its namespace', async () => {
  const server = testServer();
  const body = { metadata: { name: 'other', namespace: 'elsewhere' } };
  for (const path of ['configmaps/c', 'services/s/status'])
    expect((await server.ask('PUT', `/api/v1/namespaces/default/${path}`, body)).body).toMatchObject({
      code: 400,
      message: 'the namespace of the provided object does not match the namespace sent on the request',
    });
});

test('a JSON patch may replace the whole object, and loses it', async () => {
  const server = testServer();
  const maps = '/api/v1/namespaces/default/configmaps';
  await server.ask('POST', maps, { metadata: { name: 'c' }, data: { a: 'b' } });
  const replaced = async (value: unknown) => server.ask('PATCH', `${maps}/c`, [{ op: 'replace', path: '', value }], json);
  expect((await replaced({ metadata: { name: 'c' } })).body).toMatchObject({
    code: 400,
    message: 'the name of the object (c based on URL) was undeterminable: name must be provided',
  });
  expect((await replaced([])).body).toMatchObject({
    code: 422,
    message: expect.stringContaining('Invalid value: "[]": couldn\'t get version/kind; json parse error'),
  });
  expect((await replaced(1)).body).toMatchObject({ data: { a: 'b' } });
});

test('operations of the wrong type are told by their field, where fields are validated', async () => {
  const server = testServer();
  const maps = '/api/v1/namespaces/default/configmaps';
  await server.ask('POST', maps, { metadata: { name: 'c' } });
  const said = async (patch: unknown): Promise<string> => ((await server.ask('PATCH', `${maps}/c`, patch, json)).body as { message: string }).message;
  expect(await said([1])).toBe('error decoding patch: json: cannot unmarshal number into Go value of type handlers.jsonPatchOp');
  expect(await said([{ op: 'x' }, { op: 1 }])).toBe('error decoding patch: json: cannot unmarshal number into Go struct field jsonPatchOp.op of type string');
  expect(await said([{ op: 'add', path: 2 }])).toBe('error decoding patch: json: cannot unmarshal number into Go struct field jsonPatchOp.path of type string');
});
