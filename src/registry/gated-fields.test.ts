import { expect, test } from 'vitest';
import { testServer } from '../apiserver/testing/test-server.ts';

const server = testServer();
const merge = { 'content-type': 'application/merge-patch+json' };

async function made(path: string, body: object): Promise<Readonly<Record<string, never>>> {
  const { status, body: answer } = await server.ask('POST', path, body);
  expect(status).toBe(201);
  return answer;
}

test('a lease keeps nothing of the elections that are off', async () => {
  const spec = { strategy: 'OldestEmulationVersion', preferredHolder: 'x', holderIdentity: 'me' };
  expect(await made('/apis/coordination.k8s.io/v1/namespaces/default/leases', { metadata: { name: 'l' }, spec })).toMatchObject({
    spec: { holderIdentity: 'me' },
  });
  const { body } = await server.ask('PATCH', '/apis/coordination.k8s.io/v1/namespaces/default/leases/l', { spec }, merge);
  expect((body as { spec: object }).spec).toEqual({ holderIdentity: 'me' });
});

test('a driver keeps no period of updates', async () => {
  const { spec } = await made('/apis/storage.k8s.io/v1/csidrivers', { metadata: { name: 'd' }, spec: { nodeAllocatableUpdatePeriodSeconds: 10 } });
  expect(spec).not.toHaveProperty('nodeAllocatableUpdatePeriodSeconds');
});

test('errors of an attachment keep no codes', async () => {
  const path = '/apis/storage.k8s.io/v1/volumeattachments';
  await made(path, { metadata: { name: 'a' }, spec: { attacher: 'd.example', nodeName: 'n', source: { persistentVolumeName: 'v' } } });
  const status = { attached: false, attachError: { message: 'no', errorCode: 8 } };
  const { body } = await server.ask('PATCH', `${path}/a/status`, { status }, merge);
  expect((body as { status: object }).status).toEqual({ attached: false, attachError: { time: null, message: 'no' } });
});

test('endpoints keep neither the labels of v1beta1 nor hints for nodes, and hints for zones are labels, each once', async () => {
  const slices = '/apis/discovery.k8s.io/v1/namespaces/default/endpointslices';
  const slice = (endpoint: object) => ({ metadata: { name: 's' }, addressType: 'IPv4', endpoints: [{ addresses: ['10.0.0.1'], ...endpoint }] });
  const zones = { forZones: [{ name: 'z' }] };
  const { endpoints } = await made(slices, slice({ deprecatedTopology: { a: 'b' }, hints: { ...zones, forNodes: [{ name: 'n' }] } }));
  expect((endpoints as unknown as object[])[0]).toEqual({ addresses: ['10.0.0.1'], conditions: {}, hints: zones });
  const { body } = await server.ask('PUT', `${slices}/s`, slice({ hints: { forZones: [{ name: 'z' }, { name: 'z' }] } }));
  expect((body as { message: string }).message).toBe(
    'EndpointSlice.discovery.k8s.io "s" is invalid: endpoints[0].hints.forZones[1].name: Duplicate value: "z"',
  );
});

test('a priority class is of its first generation for ever', async () => {
  const classes = '/apis/scheduling.k8s.io/v1/priorityclasses';
  await made(classes, { metadata: { name: 'p' }, value: 1 });
  const { body } = await server.ask('PATCH', `${classes}/p`, { description: 'x' }, merge);
  expect(body).toMatchObject({ description: 'x', metadata: { generation: 1 } });
});

test('a runtime class is checked again when it changes', async () => {
  const classes = '/apis/node.k8s.io/v1/runtimeclasses';
  await made(classes, { metadata: { name: 'r' }, handler: 'h' });
  const tolerations = [{ key: 'k', operator: 'Exists', value: 'v' }];
  const { body } = await server.ask('PATCH', `${classes}/r`, { scheduling: { tolerations } }, merge);
  expect((body as { message: string }).message).toBe(
    'RuntimeClass.node.k8s.io "r" is invalid: scheduling.tolerations.tolerations[0].operator: Invalid value: "v": value must be empty when `operator` is \'Exists\'',
  );
});
