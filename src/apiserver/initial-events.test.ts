import { expect, test } from 'vitest';
import type { ServedEvent } from '../machinery/handler.ts';
import { type TestServer, testServer } from './testing/test-server.ts';

const configMaps = '/api/v1/namespaces/default/configmaps';
const asked = 'sendInitialEvents=true&resourceVersionMatch=NotOlderThan&allowWatchBookmarks=true';
const partial = 'application/json;as=PartialObjectMetadata;v=v1;g=meta.k8s.io';
const table = 'application/json;as=Table;v=v1;g=meta.k8s.io';

async function serverWithOne(): Promise<TestServer> {
  const server = testServer();
  await server.ask('POST', '/api/v1/namespaces', { metadata: { name: 'default' } });
  await server.ask('POST', configMaps, { metadata: { name: 'a' } });
  return server;
}

const said = async (server: TestServer, path: string, accept = 'application/json') => {
  const { status, body } = await server.ask('GET', path, undefined, { accept });
  return [status, (body as { message?: string }).message];
};

/** The events of a watch in its first so many milliseconds. */
async function events(server: TestServer, query: string, accept = 'application/json', ms = 100): Promise<readonly ServedEvent[]> {
  const user = { username: 'admin', groups: ['system:masters'] };
  const { body } = await server.handler({ method: 'GET', path: configMaps, query: new URLSearchParams(query), headers: { accept }, user });
  const seen: ServedEvent[] = [];
  if (body.kind === 'watch') body.start({ event: (event) => void seen.push(event), end() {} });
  await server.env.loop.advance(ms);
  return seen;
}

/** The empty list that the last event brings, as text. */
function blueprintOf(seen: readonly ServedEvent[]): string {
  const { metadata } = (seen.at(-1) as ServedEvent).object() as { metadata: { annotations: Record<string, string> } };
  expect(metadata.annotations['k8s.io/initial-events-end']).toBe('true');
  return Buffer.from(metadata.annotations['kubernetes.io/initial-events-list-blueprint'] ?? '', 'base64').toString('latin1');
}

test('the bookmark behind the initial events brings an empty list in the form of the watch', async () => {
  const server = await serverWithOne();
  const watch = `watch=1&${asked}`;
  expect(blueprintOf(await events(server, watch))).toBe('{"kind":"ConfigMapList","apiVersion":"v1","metadata":{},"items":null}\n');
  expect(blueprintOf(await events(server, watch, partial))).toBe(
    '{"kind":"PartialObjectMetadataList","apiVersion":"meta.k8s.io/v1","metadata":{},"items":null}\n',
  );
  expect(blueprintOf(await events(server, watch, 'application/vnd.kubernetes.protobuf'))).toBe(
    'k8s\0\n\x13\n\x02v1\x12\rConfigMapList\x12\b\n\x06\n\0\x12\0\x1a\0\x1a\0"\0',
  );
});

test('a watch that tells of the end of its initial events is no table', async () => {
  const server = await serverWithOne();
  expect((await said(server, `${configMaps}?watch=1&${asked}`, table))[0]).toBe(406);
  const [first] = await events(server, `watch=1&${asked}`, `${table},application/json`);
  expect(first?.object()).toMatchObject({ kind: 'ConfigMap', metadata: { name: 'a' } });
  const [row] = await events(server, 'watch=1&sendInitialEvents=true&resourceVersionMatch=NotOlderThan', table);
  expect(row?.object()).toMatchObject({ kind: 'Table' });
});

test('initial events of a version that does not come are an error after three seconds', async () => {
  const server = await serverWithOne();
  expect(await events(server, `watch=1&timeoutSeconds=1&${asked}&resourceVersion=99999`, 'application/json', 2900)).toEqual([]);
  const [failure] = await events(server, `watch=1&timeoutSeconds=1&${asked}&resourceVersion=99999`, 'application/json', 3100);
  expect(failure).toMatchObject({ type: 'ERROR' });
  expect(failure?.object()).toMatchObject({ code: 504, message: expect.stringMatching(/^Timeout: Too large resource version: 99999, current: \d+$/) });
});

test('a list refuses initial events after what it refuses of versions, and so does a watch by the old path that does not call itself one', async () => {
  const server = await serverWithOne();
  const refused = [
    422,
    'ListOptions.meta.k8s.io "" is invalid: [resourceVersionMatch: Forbidden: resourceVersionMatch is forbidden unless resourceVersion is provided, sendInitialEvents: Forbidden: sendInitialEvents is forbidden for list]',
  ];
  expect(await said(server, `${configMaps}?${asked}`)).toEqual(refused);
  expect(await said(server, `/api/v1/watch/namespaces/default/configmaps?${asked}`)).toEqual(refused);
  expect((await said(server, `/api/v1/watch/namespaces/default/configmaps?watch=1&${asked}`))[0]).toBe(200);
});
