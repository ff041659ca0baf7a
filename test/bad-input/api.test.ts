/** "Bad input", over a real socket: upstream's code and Status, nothing stored, and the server goes on. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { simulatedCluster } from '../support/simulated-cluster.ts';
import { WireServer } from './support.ts';

let server: WireServer;
const maps = '/api/v1/namespaces/default/configmaps';
const pods = '/api/v1/namespaces/default/pods';
const merge = 'application/merge-patch+json';
const strategic = 'application/strategic-merge-patch+json';
const jsonPatch = 'application/json-patch+json';
const yaml = 'application/yaml';

beforeAll(async () => {
  server = new WireServer(await simulatedCluster());
  await server.listen();
  expect((await server.send('POST', maps, '{"metadata":{"name":"e"},"data":{"a":"1"}}')).status).toBe(201);
});

afterAll(async () => {
  server.close();
  await server.cluster.stop();
});

const unrecognized = "the object provided is unrecognized (must be of type ConfigMap): couldn't get version/kind; json parse error: ";
const deep = (levels: number): string => '['.repeat(levels) + ']'.repeat(levels);
const deepMap = (levels: number): string => `${'{"a":'.repeat(levels)}1${'}'.repeat(levels)}`;
const podWith = (spec: string): string => `{"metadata":{"name":"x"},"spec":{"containers":[{"name":"c","image":"i"}],${spec}}}`;
const token = (text: string): string => Buffer.from(text).toString('base64url');
const query = (name: string, value: string): string => `${pods}?${name}=${encodeURIComponent(value)}`;

type Case = [name: string, method: string, path: string, body: string | Uint8Array | undefined, type: string, status: number, message: string | RegExp];

const json = 'application/json';
const cases: Case[] = [
  ['JSON cut off', 'POST', maps, '{"a":', json, 400, `${unrecognized}unexpected end of JSON input ({"a":)`],
  ['no JSON', 'POST', maps, 'hello', json, 400, `${unrecognized}invalid character 'h' looking for beginning of value (68656c6c6f)`],
  ['more after the JSON', 'POST', maps, '{}x', json, 400, `${unrecognized}invalid character 'x' after top-level value ({}x)`],
  ['an empty body', 'POST', maps, '', json, 400, `${unrecognized}unexpected end of JSON input (<empty>)`],
  ['a list', 'POST', maps, '[]', json, 400, /^the object provided is unrecognized .* cannot unmarshal array into Go value of type struct/],
  ['invalid UTF-8', 'POST', maps, Buffer.from([0xff, 0xfe]), json, 400, /invalid character '.' looking for beginning of value/],
  ['a raw NUL', 'POST', maps, '{"a":"\0"}', json, 400, /invalid character '\\x00' in string literal/],
  ['lists 100,000 deep', 'POST', maps, deep(100_000), json, 400, /^the object provided.*invalid character '\[' exceeded max depth/],
  ['maps 100,000 deep', 'POST', maps, deepMap(100_000), json, 400, /invalid character '{' exceeded max depth/],
  ['lists that never end', 'POST', maps, '['.repeat(1_000_000), json, 400, /invalid character '\[' exceeded max depth/],
  ['a deep merge patch', 'PATCH', `${maps}/e`, deepMap(100_000), merge, 400, /exceeded max depth/],
  ['a deep strategic patch', 'PATCH', `${maps}/e`, deepMap(9_000), strategic, 400, /exceeded max depth/],
  ['a deep value in a JSON patch', 'PATCH', `${maps}/e`, `[{"op":"add","path":"/data/a","value":${deep(9_000)}}]`, jsonPatch, 400, /exceeded max depth/],
  // As upstream, which takes a mistake here for one of its own.
  ['deep options of a delete', 'DELETE', `${maps}/e`, deepMap(100_000), json, 500, /exceeded max depth/],
  ['a list as options of a delete', 'DELETE', `${maps}/e`, '[]', json, 500, /cannot unmarshal array/],
  ['YAML cut off', 'POST', maps, 'a: [1, 2', yaml, 400, /^error converting YAML to JSON: yaml: line 1: /],
  ['YAML with a tab', 'POST', maps, 'a:\n\t- b', yaml, 400, /^error converting YAML to JSON: yaml: line 2: /],
  ['YAML 100,000 deep', 'POST', maps, deep(100_000), yaml, 400, /^error converting YAML to JSON: yaml: /],
  ['YAML that holds itself', 'POST', maps, 'metadata: &a {name: x, b: *a}', yaml, 400, "error converting YAML to JSON: yaml: anchor 'a' value contains itself"],
  ['YAML with a foreign tag', 'POST', maps, 'metadata: {name: !!js/function "x"}', yaml, 400, /^error converting YAML to JSON/],
  ['a bomb of aliases', 'POST', maps, bomb(), yaml, 400, 'error converting YAML to JSON: yaml: document contains excessive aliasing'],
  ['a text', 'POST', maps, 'hello', 'text/plain', 415, /^the body of the request was in an unknown format - accepted media types include: application\/json/],
  ['a patch of no kind', 'PATCH', `${maps}/e`, '{}', json, 415, /415: Unsupported Media Type|the body of the request was in an unknown format/],
  ['an unknown resource', 'GET', '/api/v1/nothings', undefined, json, 404, 'the server could not find the requested resource'],
  ['a resource of JavaScript', 'GET', '/api/v1/constructor', undefined, json, 404, 'the server could not find the requested resource'],
  ['a subresource of JavaScript', 'GET', `${maps}/e/__proto__`, undefined, json, 404, 'the server could not find the requested resource'],
  ['an object of JavaScript', 'GET', `${maps}/__proto__`, undefined, json, 404, 'configmaps "__proto__" not found'],
  ['an unknown group', 'GET', '/apis/constructor/v1/toString', undefined, json, 404, '404 page not found\n'],
  ['an unknown namespace', 'POST', '/api/v1/namespaces/absent/configmaps', '{"metadata":{"name":"x"}}', json, 404, 'namespaces "absent" not found'],
  ['a wrong method', 'PUT', maps, '{}', json, 405, 'the server does not allow this method on the requested resource'],
  ['a path with a broken escape', 'GET', `${maps}/%zz`, undefined, json, 400, '400 Bad Request'],
  ['a name of upper case', 'POST', maps, '{"metadata":{"name":"Bad_Name"}}', json, 422, /a lowercase RFC 1123 subdomain must consist of lower case/],
  ['the name __proto__', 'POST', maps, '{"metadata":{"name":"__proto__"}}', json, 422, /a lowercase RFC 1123 subdomain must consist of lower case/],
  ['a name with NUL', 'POST', maps, '{"metadata":{"name":"a\\u0000b"}}', json, 422, /a lowercase RFC 1123 subdomain/],
  ['no name', 'POST', maps, '{}', json, 422, /metadata.name: Required value: name or generateName is required/],
  [
    'a service that begins with a digit',
    'POST',
    '/api/v1/namespaces/default/services',
    '{"metadata":{"name":"1a"},"spec":{"ports":[{"port":80}]}}',
    json,
    422,
    /a DNS-1035 label must consist of/,
  ],
  [
    'a null among the containers',
    'POST',
    pods,
    '{"metadata":{"name":"x"},"spec":{"containers":[null]}}',
    json,
    422,
    /spec.containers\[0\].name: Required value/,
  ],
  ['20,000 nulls', 'POST', pods, `{"metadata":{"name":"x"},"spec":{"containers":[${Array(20_000).fill('null').join(',')}]}}`, json, 422, /Required value/],
  [
    'a config map over 1 MiB',
    'POST',
    maps,
    `{"metadata":{"name":"x"},"data":{"a":"${'x'.repeat(1_100_000)}"}}`,
    json,
    422,
    /Too long: may not be more than 1048576 bytes/,
  ],
  ['an unknown field, strictly', 'POST', `${pods}?fieldValidation=Strict`, podWith('"foo":1'), json, 400, /strict decoding error: unknown field "spec.foo"$/],
  [
    '__proto__, strictly',
    'POST',
    `${maps}?fieldValidation=Strict`,
    '{"metadata":{"name":"x"},"__proto__":{"a":1},"constructor":1}',
    json,
    400,
    /strict decoding error: unknown field "__proto__", unknown field "constructor"$/,
  ],
  [
    'a key twice, strictly',
    'POST',
    `${maps}?fieldValidation=Strict`,
    '{"metadata":{"name":"x"},"data":{"a":"1"},"data":{}}',
    json,
    400,
    /strict decoding error: duplicate field "data"$/,
  ],
  ['a stale version', 'PUT', `${maps}/e`, '{"metadata":{"name":"e","resourceVersion":"1"}}', json, 409, stale('configmaps "e"')],
  ['a stale version in a patch', 'PATCH', `${maps}/e`, '{"metadata":{"resourceVersion":"1"}}', merge, 409, stale('configmaps "e"')],
  [
    'a list as a merge patch',
    'PATCH',
    `${maps}/e`,
    '[]',
    merge,
    400,
    'error decoding patch: json: cannot unmarshal array into Go value of type map[string]interface {}',
  ],
  ['a map as a JSON patch', 'PATCH', `${maps}/e`, '{}', jsonPatch, 400, /cannot unmarshal object into Go value of type \[\]handlers.jsonPatchOp/],
  [
    'an unknown operation',
    'PATCH',
    `${maps}/e`,
    '[{"op":"frob","path":"/a"}]',
    jsonPatch,
    422,
    'the server rejected our request due to an error in our request',
  ],
  [
    'a JSON patch of a prototype',
    'PATCH',
    `${maps}/e`,
    '[{"op":"add","path":"/__proto__/polluted","value":"1"}]',
    jsonPatch,
    422,
    'the server rejected our request due to an error in our request',
  ],
  [
    'a JSON patch through constructor',
    'PATCH',
    `${maps}/e`,
    '[{"op":"add","path":"/constructor/prototype/polluted","value":"1"}]',
    jsonPatch,
    422,
    'the server rejected our request due to an error in our request',
  ],
  [
    '10,001 operations',
    'PATCH',
    `${maps}/e`,
    JSON.stringify(Array(10_001).fill({ op: 'test', path: '/kind', value: 'ConfigMap' })),
    jsonPatch,
    413,
    /The allowed maximum operations in a JSON patch is 10000, got 10001/,
  ],
  [
    'an open set in a selector',
    'GET',
    query('labelSelector', 'a in ('),
    undefined,
    json,
    400,
    "unable to parse requirement: found '', expected: ',', ')' or identifier",
  ],
  [
    'a selector of words',
    'GET',
    query('labelSelector', 'a b c'),
    undefined,
    json,
    400,
    "unable to parse requirement: found 'b', expected: in, notin, =, ==, !=, gt, lt",
  ],
  ['a selector of brackets', 'GET', query('labelSelector', '('.repeat(20_000)), undefined, json, 400, /^found '\('/],
  ['an unknown field selector', 'GET', query('fieldSelector', '__proto__=x'), undefined, json, 400, 'field label not supported: __proto__'],
  [
    'a continue token of nothing',
    'GET',
    `${pods}?limit=1&continue=${token('{}')}`,
    undefined,
    json,
    400,
    'invalid continue token: continue key is not valid: server does not recognize this encoded version ',
  ],
  [
    'a continue token out of its folder',
    'GET',
    `${pods}?limit=1&continue=${token('{"v":"meta.k8s.io/v1","rv":5,"start":"../../x"}')}`,
    undefined,
    json,
    400,
    'invalid continue token: continue key is not valid: ../../x',
  ],
  [
    'a resourceVersion of letters',
    'GET',
    query('resourceVersion', 'abc'),
    undefined,
    json,
    400,
    'invalid resource version: resourceVersion: Invalid value: "abc": strconv.ParseUint: parsing "abc": invalid syntax',
  ],
  ['a limit of letters', 'GET', query('limit', 'many'), undefined, json, 400, 'strconv.ParseInt: parsing "many": invalid syntax'],
  ['a limit of 20 digits', 'GET', query('limit', '9'.repeat(20)), undefined, json, 400, `strconv.ParseInt: parsing "${'9'.repeat(20)}": value out of range`],
  ['a timeout of letters', 'GET', `${pods}?watch=1&timeoutSeconds=abc`, undefined, json, 400, 'strconv.ParseInt: parsing "abc": invalid syntax'],
  ['a timeout of letters for a list', 'GET', query('timeoutSeconds', 'abc'), undefined, json, 400, 'strconv.ParseInt: parsing "abc": invalid syntax'],
  [
    'a manager that cannot be printed',
    'POST',
    `${maps}?fieldManager=%00`,
    '{"metadata":{"name":"x"}}',
    json,
    422,
    /invalid character U\+0000 \(at position 0\)/,
  ],
];

function stale(what: string): string {
  return `Operation cannot be fulfilled on ${what}: the object has been modified; please apply your changes to the latest version and try again`;
}

function bomb(): string {
  const names = [...'abcdefghij'];
  const lines = names.map(
    (name, index) =>
      `${name}: &${name} [${Array(9)
        .fill(index === 0 ? 'x' : `*${names[index - 1]}`)
        .join(',')}]`,
  );
  return lines.join('\n');
}

test.each(cases)('%s', async (_name, method, path, body, type, status, message) => {
  const before = await server.revision();
  const reply = await server.send(method, path, body, type);
  expect(reply.message.slice(0, 600)).toEqual(typeof message === 'string' ? message : expect.stringMatching(message));
  expect(reply.status).toBe(status);
  expect(await server.revision(), 'nothing is stored').toBe(before);
});

test('keys that JavaScript knows are keys like any other, in every kind of body', async () => {
  const made = await server.send('POST', `${maps}?dryRun=All`, '{"metadata":{"name":"x"},"data":{"__proto__":"v","constructor":"w"}}');
  expect([made.status, made.text]).toEqual([201, expect.stringContaining('"data":{"__proto__":"v","constructor":"w"}')]);
  for (const type of [merge, strategic]) {
    const patched = await server.send('PATCH', `${maps}/e?dryRun=All`, '{"data":{"__proto__":"v","toString":"w"}}', type);
    expect([patched.status, patched.text]).toEqual([200, expect.stringContaining('"data":{"__proto__":"v","a":"1","toString":"w"}')]);
  }
  const fromYaml = await server.send('POST', `${maps}?dryRun=All`, 'metadata: {name: x}\ndata:\n  <<: {__proto__: v}', yaml);
  expect([fromYaml.status, fromYaml.text]).toEqual([201, expect.stringContaining('"data":{"__proto__":"v"}')]);
  expect((await server.send('GET', `${maps}?__proto__=x&constructor=y`)).status).toBe(200);
  expect(({} as Record<string, unknown>).polluted).toBeUndefined();
});

test('an unknown field is warned of, ignored or refused, as the request asks', async () => {
  const send = (validation: string) => server.send('POST', `${pods}?dryRun=All&fieldValidation=${validation}`, podWith('"foo":1'));
  const [warned, ignored, refused] = [await send('Warn'), await send('Ignore'), await send('Strict')];
  expect([warned.status, warned.headers.get('warning')]).toEqual([201, '299 - "unknown field \\"spec.foo\\""']);
  expect([ignored.status, ignored.headers.get('warning')]).toEqual([201, null]);
  expect(refused.status).toBe(400);
});

test('warnings that no header could hold are cut short or left out, never a failure', async () => {
  const warningOf = async (field: string) => {
    const reply = await server.send('POST', `${maps}?dryRun=All`, `{"metadata":{"name":"x"},${field}}`);
    expect(reply.status).toBe(201);
    return reply.headers.get('warning');
  };
  expect(await warningOf('"a\\r\\nb":1')).toBeNull();
  expect(Buffer.from((await warningOf('"é中":1')) ?? '', 'latin1').toString()).toBe('299 - "unknown field \\"é中\\""');
  expect((await warningOf(`"${'k'.repeat(2_000_000)}":1`))?.length).toBeLessThan(300);
  const many = Array.from({ length: 150_000 }, (_, index) => `"k${index}":1`).join(',');
  expect((await warningOf(many))?.length).toBeLessThan(6_000);
});

test('a body over 3 MiB is 413, whether its length is told or not, and the server goes on', async () => {
  const refused = await server.send('POST', maps, `{"metadata":{"name":"x"},"data":{"a":"${'x'.repeat(3 * 1024 * 1024)}"}}`);
  expect([refused.status, refused.reason, refused.message]).toEqual([413, 'RequestEntityTooLarge', 'Request entity too large: limit is 3145728']);
  const chunk = `10000\r\n${'x'.repeat(65_536)}\r\n`;
  const head = `POST ${maps} HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ntransfer-encoding: chunked\r\n\r\n`;
  expect(await server.raw(head + chunk.repeat(49), /"code":413}/)).toMatch(/^HTTP\/1.1 413 /);
  expect((await server.send('GET', `${maps}/e`)).status).toBe(200);
});

test('a client that stops in the middle of a body leaves nothing behind', async () => {
  const before = await server.revision();
  const gone = server.raw(`POST ${maps} HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: 100\r\n\r\n{"metadata":`, /./);
  expect(await server.revision()).toBe(before);
  server.cluster.env.loop.settle();
  expect((await server.send('GET', '/readyz')).text).toBe('ok');
  void gone;
});

test('what is no HTTP gets a 400 and a closed connection; one bad request does not end a kept connection', async () => {
  expect(await server.raw('hello\r\n\r\n')).toMatch(/^HTTP\/1.1 400 Bad Request/);
  const bad = `POST ${maps} HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: 1\r\n\r\n{`;
  const good = 'GET /readyz HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n';
  const answers = await server.raw(bad + good);
  expect(answers.match(/HTTP\/1\.1 \d+/g)).toEqual(['HTTP/1.1 400', 'HTTP/1.1 200']);
});
