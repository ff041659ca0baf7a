import { expect, test } from 'vitest';
import { createMetricsRenderer } from '../../../server/metrics.ts';
import { testServer } from '../testing/test-server.ts';

test('requests, watches and stored objects are told under the names of upstream', async () => {
  const server = testServer({ renderMetrics: createMetricsRenderer() });
  await server.ask('POST', '/api/v1/namespaces', { metadata: { name: 'default' } });
  await server.ask('POST', '/api/v1/namespaces/default/configmaps?dryRun=All', { metadata: { name: 'a' } });
  await server.ask('POST', '/api/v1/namespaces/default/configmaps?dryRun=made-up', { metadata: { name: 'a' } });
  await server.ask('GET', '/api/v1/namespaces/default/configmaps/absent');
  await server.ask('GET', '/api/v1/nonsense/made/up');
  const watch = await server.handler({
    method: 'GET',
    path: '/api/v1/namespaces',
    query: new URLSearchParams('watch=1'),
    headers: {},
    user: { username: 'a', groups: [] },
  });
  const stop = watch.body.kind === 'watch' ? watch.body.start({ event() {}, end() {} }) : () => {};
  await server.env.loop.settle();
  const scrape = async () => Buffer.from((await server.ask('GET', '/metrics')).body).toString();
  const text = await scrape();
  const lines = text.split('\n');
  expect(lines).toContain(
    'apiserver_request_total{verb="POST",group="",version="v1",resource="namespaces",subresource="",scope="resource",dry_run="",component="apiserver",code="201"} 1',
  );
  expect(text).toMatch(/apiserver_request_total\{verb="POST".*resource="configmaps".*dry_run="All".*code="201"\} 1/);
  expect(text).toMatch(/apiserver_request_total\{verb="GET".*resource="configmaps".*scope="resource".*code="404"\} 1/);
  expect(text).not.toMatch(/nonsense|made-up/);
  expect(lines).toContain('apiserver_watch_events_total{group="",version="v1",kind="Namespace"} 1');
  expect(lines).toContain('apiserver_storage_objects{resource="namespaces"} 1');
  expect(text).toMatch(/apiserver_longrunning_requests\{verb="WATCH".*resource="namespaces".*\} 1/);
  expect(text).toMatch(/apiserver_request_duration_seconds_bucket\{.*resource="namespaces".*le="\+Inf"\} 1/);
  expect(text).toMatch(/process_resident_memory_bytes \d+/);
  expect(text).toMatch(/apiserver_request_sli_duration_seconds_count\{.*resource="namespaces".*\} 1/);
  expect(text).toMatch(/rest_client_requests_total\{code="201",host="\[::1\]:6443",method="POST"\} \d/);
  expect(text).toContain('etcd_requests_total{operation="create",type="namespaces"} 1');
  expect((await server.ask('GET', '/metrics/slis')).status).toBe(200);
  stop();
  expect(await scrape()).toMatch(/apiserver_longrunning_requests\{verb="WATCH".*resource="namespaces".*\} 0/);
});

test('answers to reads and events on a wire are measured, and decisions counted by who made them', async () => {
  const server = testServer({ renderMetrics: createMetricsRenderer(), authorizationModes: ['Node', 'RBAC'] });
  const outside = (path: string, query = '') =>
    server.handler({
      method: 'GET',
      path,
      query: new URLSearchParams(query),
      headers: {},
      clientCertificate: { commonName: 'root', organizations: ['system:masters'] },
    });
  await server.ask('POST', '/api/v1/namespaces', { metadata: { name: 'default' } });
  const list = await outside('/api/v1/namespaces');
  list.sent?.(1500);
  expect((await outside('/version')).sent).toBeUndefined();
  const watch = await outside('/api/v1/namespaces', 'watch=1');
  const stop = watch.body.kind === 'watch' ? watch.body.start({ event() {}, end() {} }) : () => {};
  await server.env.loop.settle();
  const outsider = { method: 'GET', path: '/api', query: new URLSearchParams(), headers: {}, clientCertificate: { commonName: 'jane', organizations: [] } };
  await server.handler(outsider);
  const text = Buffer.from((await server.ask('GET', '/metrics')).body).toString();
  stop();
  expect(text).toMatch(/apiserver_response_sizes_bucket\{verb="LIST",.*resource="namespaces",.*le="1000"\} 0/);
  expect(text).toMatch(/apiserver_response_sizes_sum\{verb="LIST",.*resource="namespaces",.*\} 1500/);
  expect(text).toMatch(/apiserver_watch_events_sizes_count\{group="",version="v1",kind="Namespace"\} 1/);
  expect(text).toContain('aggregator_unavailable_apiservice{name="v1."} 0');
  expect(text).toContain('# TYPE apiserver_authorization_decisions_total counter');
});

test('health tells every check, and excludes those that are named', async () => {
  let failing: Record<string, string> = {};
  const server = testServer({ failing: () => failing });
  const ask = async (path: string) => {
    const { status, body } = await server.ask('GET', path);
    return { status, text: Buffer.from(body).toString() };
  };
  const verbose = await ask('/readyz?verbose');
  expect(verbose.text).toMatch(
    /^\[\+\]ping ok\n\[\+\]log ok\n\[\+\]etcd ok\n\[\+\]etcd-readiness ok\n\[\+\]informer-sync ok\n\[\+\]poststarthook\/.*shutdown ok\nreadyz check passed\n$/s,
  );
  expect((await ask('/livez?verbose')).text).not.toContain('[+]informer-sync');
  expect(await ask('/readyz/poststarthook/rbac/bootstrap-roles')).toEqual({ status: 200, text: 'ok' });
  for (const path of ['/readyz/poststarthook/rbac/bootstrap-roles/', '/healthz/', '/livez/shutdown']) expect((await server.ask('GET', path)).status).toBe(404);
  expect((await server.ask('POST', '/healthz')).status).toBe(200);
  failing = { etcd: 'no answer' };
  expect((await ask('/livez')).text).toContain('[-]etcd failed: reason withheld\n');
  expect((await ask('/livez/etcd')).text).toBe('internal server error: no answer\n');
  const excluded = await ask('/livez?verbose&exclude=etcd&exclude=nope&exclude=never');
  expect([excluded.status, excluded.text.includes('[+]etcd excluded: ok')]).toEqual([200, true]);
  expect(excluded.text).toContain('warn: some health checks cannot be excluded: no matches for "never","nope"\nlivez check passed\n');
});

test('health is told as a level, too, and counts are set back on demand', async () => {
  const server = testServer({ renderMetrics: createMetricsRenderer(), failing: () => ({ etcd: 'no answer' }) });
  const text = async (method: string, path: string) => Buffer.from((await server.ask(method, path)).body).toString();
  await server.ask('GET', '/livez?exclude=log');
  const told = (await text('GET', '/metrics/slis')).split('\n');
  expect(told).toContain('kubernetes_healthcheck{name="ping",type="livez"} 1');
  expect(told).toContain('kubernetes_healthcheck{name="etcd",type="livez"} 0');
  expect(told).toContain('kubernetes_healthchecks_total{name="etcd",type="livez",status="error"} 1');
  expect(told.filter((line) => line.includes('"log"') || line.startsWith('process_'))).toEqual([]);
  await server.ask('GET', '/api/v1/namespaces');
  expect(await text('DELETE', '/metrics')).toBe('metrics reset\n');
  expect(await text('GET', '/metrics')).not.toContain('apiserver_request_total{verb="LIST"');
});
