import { expect, test } from 'vitest';
import { admin, testServer } from './testing/test-server.ts';

const server = testServer();

/** The text of an answer, without what differs from run to run. */
async function textOf(method: string, path: string, body?: unknown, type = 'application/json', accept = 'application/json'): Promise<string> {
  const [pathname = '', search = ''] = path.split('?');
  const bytes = new TextEncoder().encode(typeof body === 'string' ? body : JSON.stringify(body));
  const answer = await server.handler({
    method,
    path: pathname,
    query: new URLSearchParams(search),
    headers: { accept, 'user-agent': 'test' },
    user: admin,
    ...(body === undefined ? {} : { body: { kind: 'bytes' as const, bytes, contentType: type } }),
  });
  if (answer.body.kind !== 'object') throw new Error(`no object: ${answer.status}`);
  const text = answer.body.json();
  return (typeof text === 'string' ? text : Buffer.from(text).toString())
    .replace(/[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}/g, 'UID')
    .replace(/"resourceVersion":( ?)"\d+"/g, '"resourceVersion":$1"0"')
    .replace(/,"managedFields":\[.*?\}\}\]/g, '');
}

const configMaps = '/api/v1/namespaces/default/configmaps';
const merge = 'application/merge-patch+json';

const written = (data: string): string =>
  `"metadata":{"name":"c","namespace":"default","uid":"UID","resourceVersion":"0","creationTimestamp":"2026-01-01T00:00:00Z","labels":{"a":"1","b":"2"}},"data":${data}}`;

test('whatever order an object is sent in, it is written as Go writes it, on every way', async () => {
  const sent = '{"data":{"b":"<","10":"x","9":"&","-":"\\u2028"},"metadata":{"labels":{"b":"2","a":"1"},"name":"c"},"apiVersion":"v1","kind":"ConfigMap"}';
  const type = '"kind":"ConfigMap","apiVersion":"v1",';
  const data = '{"-":"\\u2028","10":"x","9":"\\u0026","b":"\\u003c"}';
  expect(await textOf('POST', configMaps, sent)).toBe(`{${type}${written(data)}\n`);
  expect(await textOf('GET', `${configMaps}/c`)).toBe(`{${type}${written(data)}\n`);
  expect(await textOf('GET', `${configMaps}?fieldSelector=metadata.name%3Dc`)).toBe(
    `{"kind":"ConfigMapList","apiVersion":"v1","metadata":{"resourceVersion":"0"},"items":[{${written(data)}]}\n`,
  );
  const patched = data.replace('"10"', '"1":"z","10"').replace(',"b"', ',"A":"y","b"');
  expect(await textOf('PATCH', `${configMaps}/c`, { data: { A: 'y', 1: 'z' } }, merge)).toBe(`{${type}${written(patched)}\n`);
  const laidOut = await textOf('GET', `${configMaps}/c?pretty=true`);
  expect(laidOut).toContain(
    '\n  "data": {\n    "-": "\\u2028",\n    "1": "z",\n    "10": "x",\n    "9": "\\u0026",\n    "A": "y",\n    "b": "\\u003c"\n  }\n}',
  );
});

test('fields that the server fills in stand in their place, and those that a patch brings', async () => {
  const pods = '/api/v1/namespaces/default/pods';
  const spec = { tolerations: [{ operator: 'Exists', key: 'k' }], containers: [{ image: 'i', ports: [{ protocol: 'TCP', containerPort: 80 }], name: 'c' }] };
  const first =
    '"spec":{"containers":[{"name":"c","image":"i","ports":[{"containerPort":80,"protocol":"TCP"}],"resources":{},"terminationMessagePath":"/dev/termination-log",' +
    '"terminationMessagePolicy":"File","imagePullPolicy":"Always"}],"restartPolicy":"Always","terminationGracePeriodSeconds":30,';
  const last =
    '"schedulerName":"default-scheduler","tolerations":[{"key":"k","operator":"Exists"}],"enableServiceLinks":true},"status":{"phase":"Pending","qosClass":"BestEffort"}}\n';
  expect(await textOf('POST', pods, { spec, metadata: { name: 'p' } })).toContain(`${first}"dnsPolicy":"ClusterFirst","securityContext":{},${last}`);
  const deadline = `${first}"activeDeadlineSeconds":9,"dnsPolicy":"ClusterFirst","securityContext":{},${last}`;
  expect(await textOf('PATCH', `${pods}/p`, { spec: { activeDeadlineSeconds: 9 } }, merge)).toContain(deadline);
  await textOf('POST', `${pods}/p/binding`, { target: { name: 'n', kind: 'Node' }, metadata: { name: 'p' } });
  expect(await textOf('GET', `${pods}/p`)).toContain('"dnsPolicy":"ClusterFirst","nodeName":"n","securityContext":{}');
});

test('what is only answered is in order too', async () => {
  const path = '/apis/authorization.k8s.io/v1/namespaces/default/localsubjectaccessreviews';
  const spec = { user: 'u', resourceAttributes: { verb: 'get', resource: 'pods', namespace: 'default' } };
  const answer = await textOf('POST', path, { spec });
  expect(answer).toMatch(
    /"metadata":\{"namespace":"default","creationTimestamp":null\},"spec":\{"resourceAttributes":\{"namespace":"default","verb":"get","resource":"pods"\},"user":"u"\}/,
  );
});

test('objects are in order in every version that shows them', async () => {
  const path = '/apis/autoscaling/v2/namespaces/default/horizontalpodautoscalers';
  const spec = { maxReplicas: 3, scaleTargetRef: { name: 'x', kind: 'Deployment', apiVersion: 'apps/v1' }, minReplicas: 2 };
  const inOrder = '"spec":{"scaleTargetRef":{"kind":"Deployment","name":"x","apiVersion":"apps/v1"},"minReplicas":2,"maxReplicas":3';
  expect(await textOf('POST', path, { spec, metadata: { name: 'h' } })).toContain(inOrder);
  expect(await textOf('GET', `${path}/h`.replace('v2', 'v1'))).toContain(inOrder);
});

test('failures are written like everything else', async () => {
  const message = await textOf('GET', `${configMaps}/a%3Cb`);
  expect(message).toBe(
    '{"kind":"Status","apiVersion":"v1","metadata":{},"status":"Failure","message":"configmaps \\"a\\u003cb\\" not found","reason":"NotFound",' +
      '"details":{"name":"a\\u003cb","kind":"configmaps"},"code":404}\n',
  );
});
