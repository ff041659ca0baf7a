import { expect, test } from 'vitest';
import { createProcessMetrics } from '../../../server/metrics.ts';
import { builtInPlugins } from '../../admission/plugins/index.ts';
import { Metrics } from '../../env/index.ts';
import { testServer } from '../testing/test-server.ts';

test('requests, watches and stored objects are told under the names of upstream', async () => {
  const server = testServer({ processMetrics: createProcessMetrics() });
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
    'apiserver_request_total{code="201",component="apiserver",dry_run="",group="",resource="namespaces",scope="resource",subresource="",verb="POST",version="v1"} 1',
  );
  expect(text).toMatch(/apiserver_request_total\{code="201".*dry_run="All".*resource="configmaps".*verb="POST".*\} 1/);
  expect(text).toMatch(/apiserver_request_total\{code="404".*resource="configmaps".*scope="resource".*verb="GET".*\} 1/);
  expect(text).not.toMatch(/nonsense|made-up/);
  expect(lines).toContain('apiserver_watch_events_total{group="",kind="Namespace",version="v1"} 1');
  expect(lines).toContain('apiserver_storage_objects{resource="namespaces"} 1');
  expect(text).toMatch(/apiserver_longrunning_requests\{.*resource="namespaces".*verb="WATCH".*\} 1/);
  expect(text).toMatch(/apiserver_request_duration_seconds_bucket\{.*resource="namespaces".*le="\+Inf"\} 1/);
  expect(text).toMatch(/process_resident_memory_bytes \d+/);
  expect(text).toMatch(/apiserver_request_sli_duration_seconds_count\{.*resource="namespaces".*\} 1/);
  expect(text).toMatch(/rest_client_requests_total\{code="201",host="\[::1\]:6443",method="POST"\} \d/);
  expect(text).toContain('etcd_requests_total{operation="create",type="namespaces"} 1');
  expect((await server.ask('GET', '/metrics/slis')).status).toBe(200);
  stop();
  expect(await scrape()).toMatch(/apiserver_longrunning_requests\{.*resource="namespaces".*verb="WATCH".*\} 0/);
});

test('answers to reads and events on a wire are measured, and decisions counted by who made them', async () => {
  const server = testServer({ processMetrics: createProcessMetrics(), authorizationModes: ['Node', 'RBAC'] });
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
  expect(text).toMatch(/apiserver_response_sizes_bucket\{.*resource="namespaces",.*verb="LIST",.*le="1000"\} 0/);
  expect(text).toMatch(/apiserver_response_sizes_sum\{.*resource="namespaces",.*verb="LIST",.*\} 1500/);
  expect(text).toMatch(/apiserver_watch_events_sizes_count\{group="",kind="Namespace",version="v1"\} 1/);
  expect(text).toContain('aggregator_unavailable_apiservice{name="v1."} 0');
  expect(text).toContain('authorization_attempts_total{result="no-opinion"} 1');
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
  const server = testServer({ processMetrics: createProcessMetrics(), failing: () => ({ etcd: 'no answer' }) });
  const text = async (method: string, path: string) => Buffer.from((await server.ask(method, path)).body).toString();
  await server.ask('GET', '/livez?exclude=log');
  const told = (await text('GET', '/metrics/slis')).split('\n');
  expect(told).toContain('kubernetes_healthcheck{name="ping",type="livez"} 1');
  expect(told).toContain('kubernetes_healthcheck{name="etcd",type="livez"} 0');
  expect(told).toContain('kubernetes_healthchecks_total{name="etcd",status="error",type="livez"} 1');
  expect(told.filter((line) => line.includes('"log"') || line.startsWith('process_'))).toEqual([]);
  await server.ask('GET', '/api/v1/namespaces');
  expect(await text('DELETE', '/metrics')).toBe('metrics reset\n');
  expect(await text('GET', '/metrics')).not.toMatch(/apiserver_request_total\{.*verb="LIST"/);
});

test('bodies are measured, reviews counted, and who may not ask is not counted among those who asked', async () => {
  const server = testServer({
    authenticators: [({ headers }) => ({ username: headers['x-user'] ?? '', groups: [headers['x-group'] ?? 'system:authenticated'] })],
    authorizationModes: ['RBAC'],
  });
  await server.ask('POST', '/api/v1/namespaces', { metadata: { name: 'default' } });
  await server.ask('POST', '/api/v1/namespaces/default/configmaps', { metadata: { name: 'a' }, data: { a: 'x'.repeat(60_000) } });
  await server.ask('DELETE', '/api/v1/namespaces/default/configmaps/a');
  await server.ask('POST', '/apis/authorization.k8s.io/v1/selfsubjectaccessreviews', { spec: { nonResourceAttributes: { path: '/', verb: 'get' } } });
  await server.ask('GET', '/api/v1/pods');
  const outsider = { method: 'GET', path: '/api/v1/pods', query: new URLSearchParams(), headers: { 'x-user': 'jane' } };
  expect((await server.handler(outsider)).status).toBe(403);
  const text = Buffer.from((await server.ask('GET', '/metrics')).body).toString();
  const size = 'apiserver_request_body_size_bytes_bucket{resource="configmaps",verb="create",le=';
  expect(text).toContain(`${size}"50000"} 0\n${size}"150000"} 1\n`);
  expect(text).toContain('apiserver_request_body_size_bytes_sum{resource="configmaps",verb="delete"} 0\n');
  expect(text).toContain('apiserver_request_body_size_bytes_count{resource="selfsubjectaccessreviews.authorization.k8s.io",verb="create"} 1\n');
  expect(text).toMatch(/apiserver_request_total\{code="201",.*resource="selfsubjectaccessreviews",.*verb="POST".*\} 1/);
  expect(text).not.toMatch(/apiserver_request_total\{code="403"/);
  expect(text).toContain('apiserver_storage_list_total{resource="pods"} 1\n');
  expect(text).toContain('apiserver_audit_event_total 0\n');
});

test('the format is the one that a client likes best, and text for who likes none', async () => {
  const server = testServer();
  const typeFor = async (accept: string) => {
    const { status, body, headers } = await server.handler({
      method: 'GET',
      path: '/metrics/slis',
      query: new URLSearchParams(),
      headers: { accept },
      user: { username: 'a', groups: [] },
    });
    expect([status, headers['process-start-time-unix']]).toEqual([200, String(Date.parse('2026-01-01T00:00:00Z') / 1000)]);
    return body.kind === 'bytes' ? body.contentType : body.kind;
  };
  const text = 'text/plain; version=0.0.4; charset=utf-8; escaping=underscores';
  const delimited = 'application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding=delimited';
  for (const accept of [
    '',
    '*/*',
    'application/json',
    'application/openmetrics-text;version=1.0.0',
    'text/plain;version=1.0.0',
    'application/vnd.google.protobuf',
  ]) {
    expect(await typeFor(accept)).toBe(text);
  }
  expect(await typeFor('text/plain;version=0.0.4;escaping=allow-utf-8')).toBe('text/plain; version=0.0.4; charset=utf-8; escaping=allow-utf-8');
  expect(await typeFor(delimited)).toBe(`${delimited.replaceAll(';', '; ')}; escaping=underscores`);
  expect(await typeFor(`text/plain;q=0.2,${delimited};q=0.1`)).toBe(text);
});

test('what pod security decides is counted by level, mode and decision', async () => {
  const ids = { uid: () => 'u', nameSuffix: () => 'abcde' } as never;
  const metrics = new Metrics();
  const server = testServer({ admissionPlugins: (reader) => builtInPlugins({ reader, ids, metrics }) });
  const labels = {
    'pod-security.kubernetes.io/enforce': 'baseline',
    'pod-security.kubernetes.io/warn': 'restricted',
    'pod-security.kubernetes.io/warn-version': 'v1.99',
  };
  for (const [name, own] of Object.entries({ open: {}, strict: labels })) {
    await server.ask('POST', '/api/v1/namespaces', { metadata: { name, labels: own } });
    await server.ask('POST', `/api/v1/namespaces/${name}/serviceaccounts`, { metadata: { name: 'default' } });
  }
  const pod = (hostNetwork: boolean) => ({ metadata: { generateName: 'p' }, spec: { hostNetwork, containers: [{ name: 'a', image: 'b' }] } });
  expect((await server.ask('POST', '/api/v1/namespaces/open/pods', pod(true))).status).toBe(201);
  expect((await server.ask('POST', '/api/v1/namespaces/strict/pods', pod(true))).status).toBe(403);
  expect((await server.ask('POST', '/api/v1/namespaces/strict/pods', pod(false))).status).toBe(201);
  const family = metrics.families().find(({ name }) => name === 'pod_security_evaluations_total');
  expect((await family?.samples())?.map(({ labels, value }) => [...Object.values(labels), value].join(' '))).toEqual([
    'allow privileged latest enforce create pod  1',
    'deny baseline latest enforce create pod  1',
    'allow baseline latest enforce create pod  1',
    'deny restricted future warn create pod  1',
  ]);
});
