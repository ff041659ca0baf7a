import { expect, test } from 'vitest';
import type { ObjectBody } from '../machinery/handler.ts';
import { admin, testServer } from './testing/test-server.ts';

const aggregated = 'application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList';

interface Answer {
  readonly items: { metadata: { name?: string }; versions: { resources: Resource[] }[] }[];
}

interface Resource {
  readonly resource: string;
  readonly responseKind: object;
  readonly subresources?: readonly { readonly subresource: string; readonly responseKind: object }[];
}

test('a path that nobody knows is told in plain text, one that the router has a part of as a Status', async () => {
  const server = testServer();
  const answer = async (path: string) => {
    const { status, body } = await server.ask('GET', path);
    return [status, (body as { message?: string }).message ?? body];
  };
  const unknown = ['/foo', '//', '//api', '/healthz/', '/readyz/unknown', '/apis//', '/apis//v1', '/apis/foo', '/openid', '/logs', '/index.htm', '/metrics/'];
  for (const path of unknown) expect(await answer(path), path).toEqual([404, '404 page not found\n']);
  const routed = ['/version/foo', '/api/v2', '/apis/apps/v9', '/api/v2/pods'];
  for (const path of routed) expect(await answer(path), path).toEqual([404, 'the server could not find the requested resource']);
});

test('OpenAPI documents are found at their very paths', async () => {
  const openapi = {
    v2Json: async () => Buffer.from('{}'),
    v2Protobuf: async () => Buffer.from(''),
    v3Index: () => ({ 'apis/apps/v1': 'ABC' }),
    v3: (path: string) => (path === 'apis/apps/v1' ? Promise.resolve(Buffer.from('{"openapi":"3.0.0"}')) : undefined),
  };
  const server = testServer({ openapi });
  const index = await server.ask('GET', '/openapi/v3');
  expect(index.body as string).toBe('{"paths":{"apis/apps/v1":{"serverRelativeURL":"/openapi/v3/apis/apps/v1?hash=ABC"}}}');
  expect((await server.ask('GET', '/openapi/v3/apis/apps/v1?hash=ABC')).headers).toMatchObject({ etag: '"ABC"', 'cache-control': 'public, immutable' });
  const other = await server.ask('GET', '/openapi/v3/apis/apps/v1?hash=DEF');
  expect([other.status, other.headers.location]).toEqual([301, '/openapi/v3/apis/apps/v1?hash=ABC']);
  for (const path of ['/openapi/v3/', '/openapi/v3/foo']) expect(await server.ask('GET', path), path).toMatchObject({ status: 404, body: { kind: 'none' } });
  for (const path of ['/openapi', '/openapi/v2/', '/openapi/v4'])
    expect(await server.ask('GET', path), path).toMatchObject({ status: 404, body: '404 page not found\n' });
});

test('aggregated discovery names group and version only of kinds from elsewhere', async () => {
  const server = testServer();
  const { body, headers } = await server.ask('GET', '/apis', undefined, { accept: `${aggregated},application/json` });
  expect(headers).toMatchObject({ vary: 'Accept', 'cache-control': 'public', etag: expect.any(String) });
  const apps = (body as Answer).items.find(({ metadata }) => metadata.name === 'apps')!;
  const deployments = apps.versions[0]!.resources.find(({ resource }) => resource === 'deployments')!;
  expect(deployments.responseKind).toEqual({ group: '', version: '', kind: 'Deployment' });
  expect(deployments.subresources).toEqual([
    { subresource: 'scale', responseKind: { group: 'autoscaling', version: 'v1', kind: 'Scale' }, verbs: ['get', 'patch', 'update'] },
    { subresource: 'status', responseKind: { group: '', version: '', kind: 'Deployment' }, verbs: ['get', 'patch', 'update'] },
  ]);
  const again = await server.ask('GET', '/apis', undefined, { accept: aggregated, 'if-none-match': headers.etag as string });
  expect(again).toMatchObject({ status: 304, body: { kind: 'none' } });
});

test('what the router finds is for GET alone, what others look after for any method', async () => {
  const server = testServer();
  const status = async (method: string, path: string) => (await server.ask(method, path)).status;
  for (const path of ['/api', '/api/v1', '/apis/apps/v1', '/version'])
    for (const method of ['HEAD', 'POST', 'OPTIONS']) expect(await status(method, path), `${method} ${path}`).toBe(405);
  for (const path of ['/', '/index.html', '/apis', '/apis/', '/apis/apps', '/apis/apps/'])
    for (const method of ['GET', 'HEAD', 'POST', 'DELETE']) expect(await status(method, path), `${method} ${path}`).toBe(200);
});

test('pretty means what Go takes for true; where it says nothing the sort of client decides', async () => {
  const server = testServer();
  const isPretty = async (query: string, agent = '', accept = '*/*') => {
    const [path = '', search] = query.split('?');
    const headers = { 'user-agent': agent, accept };
    const { body } = await server.handler({ method: 'GET', path, query: new URLSearchParams(search), headers, user: admin });
    return String((body as ObjectBody).json()).startsWith('{\n');
  };
  for (const yes of ['1', 't', 'T', 'true', 'True', 'TRUE']) expect(await isPretty(`/api/v1?pretty=${yes}`), yes).toBe(true);
  for (const no of ['', '0', 'tRUE', 'yes']) expect(await isPretty(`/api/v1?pretty=${no}`), no).toBe(false);
  expect(await isPretty('/api/v1?pretty=', 'curl/8')).toBe(true);
  expect(await isPretty('/api/v1?pretty=0', 'curl/8')).toBe(false);
  expect(await isPretty('/apis', 'curl/8', aggregated)).toBe(true);
  expect(await isPretty('/apis?pretty=0', 'curl/8', aggregated)).toBe(false);
  expect(await isPretty('/apis', '', `${aggregated};pretty=1;stream=watch`)).toBe(true);
});

test('the warning of a deprecated resource is for those who reach it', async () => {
  const server = testServer();
  const warned = async (method: string, path: string) => 'warning' in (await server.ask(method, path)).headers;
  expect(await warned('GET', '/api/v1/componentstatuses')).toBe(true);
  expect(await warned('GET', '/api/v1/componentstatuses/nobody')).toBe(true);
  for (const method of ['HEAD', 'POST', 'DELETE']) expect(await warned(method, '/api/v1/componentstatuses'), method).toBe(false);
});

test('the beta of aggregated discovery is gone: who asks for it gets the plain form, or nothing', async () => {
  const server = testServer();
  const beta = aggregated.replace('v=v2', 'v=v2beta1');
  expect((await server.ask('GET', '/apis', undefined, { accept: `${beta},application/json` })).body).toMatchObject({ kind: 'APIGroupList' });
  expect((await server.ask('GET', '/apis', undefined, { accept: beta })).status).toBe(406);
});

test('hashes of storage are of the versions that upstream stores', async () => {
  const server = testServer();
  const hash = async (path: string, name: string) => {
    const { resources } = (await server.ask('GET', path)).body as { resources: { name: string; storageVersionHash?: string }[] };
    return resources.find((one) => one.name === name)?.storageVersionHash;
  };
  expect(await hash('/apis/networking.k8s.io/v1', 'ipaddresses')).toBe('O4H8VxQhW5Y=');
  expect(await hash('/apis/networking.k8s.io/v1', 'servicecidrs')).toBe('8ufAXOnr3Yg=');
  expect(await hash('/apis/apiextensions.k8s.io/v1', 'customresourcedefinitions')).toBe('jfWCUB31mvA=');
});
