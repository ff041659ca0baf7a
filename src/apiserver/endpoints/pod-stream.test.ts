/** What the API server answers by itself, before a kubelet is asked: the texts are those of kube-apiserver 1.33. */
import { beforeAll, expect, test } from 'vitest';
import type { ApiResponse, ContainerSession, RemoteCommand } from '../../machinery/index.ts';
import { isStatusError } from '../../machinery/index.ts';
import { admin, type TestServer, testServer } from '../testing/test-server.ts';

let server: TestServer;
const spdy = { connection: 'Upgrade', upgrade: 'SPDY/3.1', 'x-stream-protocol-version': 'v4.channel.k8s.io' };
const v5 = { connection: 'Upgrade', upgrade: 'websocket', 'sec-websocket-protocol': 'v5.channel.k8s.io' };

beforeAll(async () => {
  server = testServer();
  const spec = (nodeName?: string, ...names: string[]) => ({ nodeName, containers: names.map((name) => ({ name, image: 'busybox' })) });
  const pods = {
    lone: spec(undefined, 'a'),
    many: { ...spec(undefined, 'a', 'b'), initContainers: [{ name: 'first', image: 'busybox' }] },
    lost: spec('absent', 'a'),
    bound: spec('far', 'a'),
    homeless: spec('bare', 'a'),
  };
  await server.ask('POST', '/api/v1/namespaces', { metadata: { name: 'default' } });
  for (const name of ['far', 'bare']) await server.ask('POST', '/api/v1/nodes', { metadata: { name } });
  const status = {
    addresses: [
      { type: 'Hostname', address: 'far' },
      { type: 'InternalIP', address: '10.9.0.7' },
    ],
    daemonEndpoints: { kubeletEndpoint: { Port: 10_255 } },
  };
  const merge = { 'content-type': 'application/merge-patch+json' };
  await server.ask('PATCH', '/api/v1/nodes/far/status', { status }, merge);
  await server.ask(
    'PATCH',
    '/api/v1/nodes/bare/status',
    {
      status: {
        addresses: [
          { type: 'Odd', address: 'x' },
          { type: 'InternalDNS', address: 'y.z' },
        ],
      },
    },
    merge,
  );
  for (const [name, one] of Object.entries(pods)) await server.ask('POST', '/api/v1/namespaces/default/pods', { metadata: { name }, spec: one });
});

async function said(path: string, headers: Readonly<Record<string, string>> = {}): Promise<string> {
  const { status, body } = await server.ask('GET', `/api/v1/namespaces/default/pods/${path}`, undefined, headers);
  return `${status} ${(body as { message?: string }).message ?? ''}`;
}

test('who names no container of several hears of all of them, in the order in which they start', async () => {
  await server.ask(
    'PATCH',
    '/api/v1/namespaces/default/pods/many/ephemeralcontainers',
    { spec: { ephemeralContainers: [{ name: 'late', image: 'busybox' }] } },
    { 'content-type': 'application/strategic-merge-patch+json' },
  );
  const choice = '400 a container name must be specified for pod many, choose one of: [first a b late]';
  for (const path of ['many/log', 'many/exec?command=ls&stdout=1', 'many/attach?stdout=1']) expect(await said(path)).toBe(choice);
  expect(await said('many/log?container=nope')).toBe('400 container nope is not valid for pod many');
  expect(await said('many/log?container=late')).toBe('204 ');
});

test.each([
  ['tailLines=', '400 strconv.ParseInt: parsing "": invalid syntax'],
  ['sinceTime=', '204 '],
  ['sinceTime=yesterday', '400 parsing time "yesterday" as "2006-01-02T15:04:05Z07:00": cannot parse "yesterday" as "2006"'],
  ['sinceTime=2020-01-01', '400 parsing time "2020-01-01" as "2006-01-02T15:04:05Z07:00": cannot parse "" as "T"'],
  [
    'sinceSeconds=5&sinceTime=2020-01-01T00:00:00Z',
    '422 PodLogOptions "lone" is invalid: []: Forbidden: at most one of `sinceTime` or `sinceSeconds` may be specified',
  ],
  ['stream=Stdout', '422 PodLogOptions "lone" is invalid: stream: Forbidden: may not be specified'],
  [
    'tailLines=-1&limitBytes=0&sinceSeconds=0',
    '422 PodLogOptions "lone" is invalid: [tailLines: Invalid value: -1: must be greater than or equal to 0, limitBytes: Invalid value: 0: must be greater than 0, sinceSeconds: Invalid value: 0: must be greater than 0]',
  ],
])('a log with %s is answered %s', async (query, answer) => {
  expect(await said(`lone/log?${query}`)).toBe(answer);
});

test('a node that is not there is called by the resource that was asked for, one without an address says which it has', async () => {
  for (const path of ['lost/log', 'lost/exec?command=ls&stdout=1', 'lost/portforward']) expect(await said(path, spdy)).toBe('404 pods "absent" not found');
  const none = '500 no preferred addresses found; known addresses: [{Odd x} {InternalDNS y.z}]';
  for (const path of ['homeless/log', 'homeless/exec?command=ls&stdout=1', 'homeless/portforward']) expect(await said(path)).toBe(none);
});

test('a kubelet that does not answer is named by its address, and a plain request is refused before it is asked', async () => {
  const why = 'dial tcp 10.9.0.7:10255: connect: no route to host';
  const log = 'https://10.9.0.7:10255/containerLogs/default/bound/a';
  expect(await said('bound/log')).toBe(`500 Get "${log}": ${why}`);
  expect(await said('bound/log?tailLines=3&follow=1&previous=true&sinceTime=2020-01-01T02:00:00%2B02:00')).toBe(
    `500 Get "${log}?follow=true&previous=true&sinceTime=2020-01-01T00%3A00%3A00Z&tailLines=3": ${why}`,
  );
  for (const path of ['bound/exec?command=ls&stdout=1', 'bound/attach?stdout=1', 'bound/portforward']) {
    expect(await said(path)).toBe('400 Upgrade request required');
    expect(await said(path, spdy)).toBe(`500 error dialing backend: ${why}`);
  }
});

test('over v5 the API server has taken the client on before it learns that the kubelet does not answer', async () => {
  const { body } = await ask('bound/exec?command=ls&command=a+b*&stdin=1&stdout=1&stderr=1&tty=1');
  if (body.kind !== 'upgrade' || body.upgrade.type !== 'remote-command') throw new Error(`not an upgrade: ${body.kind}`);
  const url = 'https://10.9.0.7:10255/exec/default/bound/a?command=ls&command=a+b%2A&input=1&output=1&tty=1';
  const why = `error sending request: Post "${url}": dial tcp 10.9.0.7:10255: connect: no route to host`;
  expect(await failure(body.upgrade.start())).toMatchObject({ message: `Internal error occurred: ${why}`, reason: 'InternalError', code: 500 });
});

test.each([
  ['ports=', '400 cannot convert to []int32: strconv.ParseUint: parsing "": invalid syntax'],
  ['ports=80,x', '400 cannot convert to []int32: strconv.ParseUint: parsing "x": invalid syntax'],
  ['ports=-1', '400 cannot convert to []int32: strconv.ParseUint: parsing "-1": invalid syntax'],
  ['ports=80&ports=70000', '400 cannot convert to []int32: strconv.ParseUint: parsing "70000": value out of range'],
  ['ports=80&ports=443', '400 pod lone does not have a host assigned'],
])('port-forward with %s is answered %s', async (query, answer) => {
  expect(await said(`lone/portforward?${query}`)).toBe(answer);
});

function ask(path: string): Promise<ApiResponse> {
  const [pathname = '', search = ''] = path.split('?');
  return server.handler({ method: 'GET', path: `/api/v1/namespaces/default/pods/${pathname}`, query: new URLSearchParams(search), headers: v5, user: admin });
}

async function failure(started: Promise<RemoteCommand | ContainerSession>): Promise<unknown> {
  try {
    await started;
  } catch (error) {
    if (isStatusError(error)) return error.status;
  }
  throw new Error('it has started');
}
