import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { eventStrategy } from '../registry/events/index.ts';
import { testServer } from './testing/test-server.ts';

interface Entry {
  manager: string;
  operation: string;
  subresource?: string;
  time?: string;
  fieldsV1: Record<string, unknown>;
}

interface Case {
  name: string;
  method: string;
  path: string;
  contentType?: string;
  body: unknown;
  status: number;
  message?: string;
  causes?: unknown;
  managedFields?: Entry[];
  data?: Record<string, string>;
  containers?: string[];
  ports?: unknown;
}

const recorded = JSON.parse(readFileSync(new URL('./apply.recorded.json', import.meta.url), 'utf8')) as { cases: Case[] };

interface Reply {
  message?: string;
  details?: { causes?: unknown };
  metadata: { managedFields?: Entry[]; resourceVersion: string; annotations?: Record<string, string>; labels?: Record<string, string> };
  data?: Record<string, string>;
  spec: { template: { spec: { containers: { name: string }[] } }; ports: unknown; replicas?: number };
}

async function server() {
  const made = testServer();
  await made.ask('POST', '/api/v1/namespaces', { metadata: { name: 'facts' } });
  const ask = async (method: string, path: string, body: unknown, contentType = 'application/json', userAgent = 'anyone/v1') => {
    const answer = await made.ask(method, path, body, { 'content-type': contentType, 'user-agent': userAgent });
    return { status: answer.status, body: answer.body as Reply, headers: answer.headers };
  };
  const apply = (path: string, body: unknown, query = 'fieldManager=a') => ask('PATCH', `${path}?${query}`, body, 'application/apply-patch+yaml');
  return { ...made, ask, apply };
}

const shown = (entries: readonly Entry[] | undefined) =>
  (entries ?? []).map(({ time: _, ...entry }) => ({ ...entry, fieldsType: undefined, fieldsV1: entry.fieldsV1 }));

const maps = '/api/v1/namespaces/facts/configmaps';
const deployments = '/apis/apps/v1/namespaces/facts/deployments';
const configMap = (data: Record<string, string>, more: object = {}) => ({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'm', ...more }, data });
const owners = (reply: Reply) => (reply.metadata.managedFields ?? []).map(({ manager, operation, fieldsV1 }) => [manager, operation, fieldsV1]);

describe('apply and managedFields, as a real API server answered', async () => {
  const { ask } = await server();
  for (const one of recorded.cases) {
    it(one.name, async () => {
      const { status, body } = await ask(one.method, one.path, one.body, one.contentType);
      expect({ status, message: body.message }).toEqual({ status: one.status, message: one.message });
      if (one.causes) expect(body.details?.causes).toEqual(one.causes);
      if (!one.managedFields) return;
      expect(shown(body.metadata.managedFields)).toEqual(shown(one.managedFields));
      expect(JSON.stringify(body.metadata.managedFields?.map((entry) => entry.fieldsV1)), 'the order of fields').toBe(
        JSON.stringify(one.managedFields.length > 0 ? one.managedFields.map((entry) => entry.fieldsV1) : undefined),
      );
      if (one.data) expect(body.data).toEqual(one.data);
      if (one.containers) expect(body.spec.template.spec.containers.map((container) => container.name)).toEqual(one.containers);
      if (one.ports) expect(body.spec.ports).toEqual(one.ports);
    });
  }
});

describe('server-side apply', () => {
  it('takes a field over with force, and names all managers in a conflict', async () => {
    const { apply, ask } = await server();
    await apply(`${maps}/m`, configMap({ x: '1' }), 'fieldManager=b');
    await apply(`${maps}/m`, configMap({ y: '1' }), 'fieldManager=a');
    await ask('PATCH', `${maps}/m?fieldManager=c`, { data: { z: '1' } }, 'application/merge-patch+json');
    const refused = await apply(`${maps}/m`, configMap({ x: '2', y: '2', z: '2' }), 'fieldManager=d');
    expect(refused.status).toBe(409);
    expect(refused.body.message).toBe(
      'Apply failed with 3 conflicts: conflicts with "a":\n- .data.y\nconflicts with "b":\n- .data.x\nconflicts with "c" using v1:\n- .data.z',
    );
    const forced = await apply(`${maps}/m`, configMap({ x: '2', y: '2', z: '2' }), 'fieldManager=d&force=true');
    expect(owners(forced.body)).toEqual([['d', 'Apply', { 'f:data': { 'f:x': {}, 'f:y': {}, 'f:z': {} } }]]);
  });

  it('says which subresource a conflicting manager wrote through', async () => {
    const { apply, ask } = await server();
    const spec = {
      selector: { matchLabels: { app: 'm' } },
      template: { metadata: { labels: { app: 'm' } }, spec: { containers: [{ name: 'c', image: 'i' }] } },
    };
    const deployment = { apiVersion: 'apps/v1', kind: 'Deployment', metadata: { name: 'm' } };
    await apply(`${deployments}/m`, { ...deployment, spec });
    const path = `${deployments}/m/status`;
    await ask('PATCH', path, { status: { observedGeneration: 1 } }, 'application/merge-patch+json', 'kube-controller-manager/v1.33.0 (linux/amd64)');
    const refused = await apply(path, { ...deployment, status: { observedGeneration: 7 } }, 'fieldManager=st');
    expect(refused.body.message).toBe(
      'Apply failed with 1 conflict: conflict with "kube-controller-manager" with subresource "status" using apps/v1: .status.observedGeneration',
    );
    const applied = await apply(path, { ...deployment, status: { replicas: 2 } }, 'fieldManager=st');
    expect(applied.body.metadata.managedFields?.map(({ manager, subresource }) => [manager, subresource])).toEqual([
      ['a', undefined],
      ['st', 'status'],
      ['kube-controller-manager', 'status'],
    ]);
    expect((await apply(`${deployments}/none/status`, { ...deployment, metadata: { name: 'none' } })).status).toBe(404);
  });

  it('carries the replicas from one owner to the other when a Scale is written', async () => {
    const { apply, ask } = await server();
    const spec = {
      replicas: 1,
      selector: { matchLabels: { app: 'm' } },
      template: { metadata: { labels: { app: 'm' } }, spec: { containers: [{ name: 'c', image: 'i' }] } },
    };
    const deployment = { apiVersion: 'apps/v1', kind: 'Deployment', metadata: { name: 'm' } };
    const scale = (replicas: number) => ({ apiVersion: 'autoscaling/v1', kind: 'Scale', metadata: { name: 'm' }, spec: { replicas } });
    await apply(`${deployments}/m`, { ...deployment, spec });
    await ask('PATCH', `${deployments}/m/scale?fieldManager=kubectl`, { spec: { replicas: 3 } }, 'application/merge-patch+json');
    const { body } = await ask('GET', `${deployments}/m`, undefined);
    const [first, second] = body.metadata.managedFields ?? [];
    expect(first?.fieldsV1['f:spec']).not.toHaveProperty('f:replicas');
    expect(second).toMatchObject({
      manager: 'kubectl',
      operation: 'Update',
      apiVersion: 'apps/v1',
      subresource: 'scale',
      fieldsV1: { 'f:spec': { 'f:replicas': {} } },
    });
    const refused = await apply(`${deployments}/m/scale`, scale(5), 'fieldManager=hpa');
    expect(refused.body.message).toBe('Apply failed with 1 conflict: conflict with "kubectl" with subresource "scale" using autoscaling/v1: .spec.replicas');
    const forced = await apply(`${deployments}/m/scale`, scale(5), 'fieldManager=hpa&force=true');
    expect(forced.body.spec.replicas).toBe(5);
    const after = (await ask('GET', `${deployments}/m`, undefined)).body.metadata.managedFields ?? [];
    expect(after.map(({ manager, subresource }) => [manager, subresource])).toEqual([
      ['hpa', 'scale'], // Without a time, as upstream's handler leaves it, and so before the other.
      ['a', undefined],
    ]);
    expect(after[0]).not.toHaveProperty('time');
  });

  it('keeps resourceVersion and times of an apply that changes nothing', async () => {
    const { apply, env, loop } = await server().then((made) => ({ ...made, loop: made.env.loop }));
    const first = await apply(`${maps}/m`, configMap({ x: '1' }));
    await loop.advance(5000);
    const second = await apply(`${maps}/m`, configMap({ x: '1' }));
    expect(second.body).toEqual(first.body);
    expect(env.clock.now()).toBeGreaterThan(Date.parse(first.body.metadata.managedFields?.[0]?.time ?? ''));
  });

  it('adopts what nobody owned as before-first-apply', async () => {
    const { apply, ask } = await server();
    await ask('POST', maps, configMap({ x: '1' }));
    await ask('PATCH', `${maps}/m`, { metadata: { managedFields: [{}] } }, 'application/merge-patch+json');
    const { body } = await apply(`${maps}/m`, configMap({ y: '1' }));
    expect(owners(body)).toEqual([
      ['a', 'Apply', { 'f:data': { 'f:y': {} } }],
      ['before-first-apply', 'Update', { 'f:data': { '.': {}, 'f:x': {} } }],
    ]);
  });

  it('lets kubectl take over what client-side apply wrote, and nothing else', async () => {
    const { apply, ask } = await server();
    const last = JSON.stringify(configMap({ x: '1' }));
    await ask(
      'POST',
      `${maps}?fieldManager=kubectl-client-side-apply`,
      configMap({ x: '1' }, { annotations: { 'kubectl.kubernetes.io/last-applied-configuration': `${last}\n` } }),
    );
    const taken = await apply(`${maps}/m`, configMap({ x: '2' }), 'fieldManager=kubectl');
    expect(taken.status).toBe(200);
    expect(taken.body.data).toEqual({ x: '2' });
    expect(taken.body.metadata.annotations?.['kubectl.kubernetes.io/last-applied-configuration']).toBe(
      '{"apiVersion":"v1","data":{"x":"2"},"kind":"ConfigMap","metadata":{"name":"m"}}\n',
    );
    await ask('PATCH', `${maps}/m?fieldManager=other`, { data: { x: '3' } }, 'application/merge-patch+json');
    expect((await apply(`${maps}/m`, configMap({ x: '4' }), 'fieldManager=kubectl')).status).toBe(409);
  });

  it('merges the oldest of more than ten updaters', async () => {
    const { ask, env } = await server();
    for (let index = 0; index < 12; index += 1) {
      await env.loop.advance(1000);
      if (index === 0) await ask('POST', `${maps}?fieldManager=m00`, configMap({ k00: '1' }));
      const name = String(index).padStart(2, '0');
      await ask('PATCH', `${maps}/m?fieldManager=m${name}`, { data: { [`k${name}`]: '1' } }, 'application/merge-patch+json');
    }
    const { body } = await ask('GET', `${maps}/m`, undefined);
    const names = body.metadata.managedFields?.map((entry) => entry.manager) ?? [];
    expect(names).toHaveLength(10);
    expect(names[0]).toBe('ancient-changes');
    expect(body.metadata.managedFields?.[0]?.fieldsV1).toEqual({ 'f:data': { '.': {}, 'f:k00': {}, 'f:k01': {}, 'f:k02': {} } });
  });

  it('refuses what does not fit the schema, in the words of the merge library', async () => {
    const { apply } = await server();
    const pod = (container: object) => ({ apiVersion: 'v1', kind: 'Pod', metadata: { name: 'm', namespace: 'facts' }, spec: { containers: [container] } });
    const refusal = async (container: object) => (await apply('/api/v1/namespaces/facts/pods/m', pod(container))).body.message;
    const prefix = 'failed to create typed patch object (facts/m; /v1, Kind=Pod): .spec.containers';
    expect(await refusal({ name: 'c', image: 1 })).toBe(`${prefix}[name="c"].image: expected string, got &value.valueUnstructured{Value:1}`);
    // An item without its key has the empty one: that is refused later.
    expect(await refusal({ image: 'i' })).toBe('Pod "m" is invalid: spec.containers[0].name: Required value');
    expect(await refusal({ name: 'c', env: { A: '1' } })).toBe(`${prefix}[name="c"].env: expected list, got &{map[A:1]}`);
  });

  it('tells of keys that the text repeats', async () => {
    const { apply } = await server();
    const text = 'apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: m\ndata:\n  x: "1"\n  x: "2"\n';
    const strict = await apply(`${maps}/m`, text, 'fieldManager=a&fieldValidation=Strict');
    expect(strict.body.message).toBe(
      'error strict decoding YAML: error converting YAML to JSON: yaml: unmarshal errors:\n  line 7: key "x" already set in map',
    );
    const warned = await apply(`${maps}/m`, text);
    expect(warned.status).toBe(201);
    expect(warned.headers.warning).toBeDefined();
  });

  it('respects a resourceVersion in the configuration', async () => {
    const { apply } = await server();
    const { body } = await apply(`${maps}/m`, configMap({ x: '1' }));
    const stale = await apply(`${maps}/m`, configMap({ x: '1' }, { resourceVersion: String(Number(body.metadata.resourceVersion) - 1) }));
    expect(stale.status).toBe(409);
    expect((await apply(`${maps}/m`, configMap({ x: '1' }, { resourceVersion: body.metadata.resourceVersion }))).status).toBe(200);
    expect((await apply(`${maps}/new`, { ...configMap({}), metadata: { name: 'new', uid: 'u' } })).body.message).toBe(
      'Operation cannot be fulfilled on configmaps "new": uid mismatch: the provided object specified uid u, and no existing object was found',
    );
  });
});

it('an apply that would create needs the right to create', async () => {
  const alwaysPatch = {
    authorize: ({ verb }: { verb: string }) => ({ allowed: verb !== 'create' }),
    rulesFor: () => ({ resourceRules: [], nonResourceRules: [], incomplete: true }),
  };
  const made = testServer({ authorizer: alwaysPatch });
  const answer = await made.ask('PATCH', '/api/v1/namespaces/default/configmaps/m?fieldManager=a', configMap({}), {
    'content-type': 'application/apply-patch+yaml',
  });
  expect((answer.body as Reply).message).toBe(
    'configmaps "m" is forbidden: User "admin" cannot create resource "configmaps" in API group "" in the namespace "default"',
  );
});

it('owners of one version stay when the object is written in another', async () => {
  const made = testServer({ strategies: [eventStrategy] });
  const event = {
    metadata: { name: 'e', namespace: 'default' },
    involvedObject: { kind: 'Pod', name: 'p', namespace: 'default' },
    reason: 'Began',
    type: 'Normal',
    series: { count: 2, lastObservedTime: '2026-01-01T00:00:00.000000Z' },
  };
  await made.ask('POST', '/api/v1/namespaces/default/events?fieldManager=core', event);
  const change = { series: { count: 3 } };
  await made.ask('PATCH', '/apis/events.k8s.io/v1/namespaces/default/events/e?fieldManager=new', change, { 'content-type': 'application/merge-patch+json' });
  const { body } = await made.ask('GET', '/api/v1/namespaces/default/events/e');
  const [first, second] = (body as Reply).metadata.managedFields ?? [];
  expect(first).toMatchObject({ manager: 'core', apiVersion: 'v1', fieldsV1: { 'f:reason': {}, 'f:type': {} } });
  expect(first?.fieldsV1['f:series']).toEqual({ '.': {}, 'f:lastObservedTime': {} });
  expect(second).toMatchObject({ manager: 'new', apiVersion: 'events.k8s.io/v1', fieldsV1: { 'f:series': { 'f:count': {} } } });
});

it('gives defaults to whoever leaves them out, in whichever version', async () => {
  const made = testServer();
  await made.ask('POST', '/api/v1/namespaces', { metadata: { name: 'default' } });
  const spec = { scaleTargetRef: { kind: 'Deployment', name: 'd' }, maxReplicas: 3 };
  const path = '/apis/autoscaling/v1/namespaces/default/horizontalpodautoscalers';
  const { body } = await made.ask('POST', `${path}?fieldManager=m`, { metadata: { name: 'h' }, spec });
  expect((body as Reply).metadata.managedFields?.[0]?.fieldsV1['f:spec']).toEqual({
    'f:maxReplicas': {},
    'f:minReplicas': {},
    'f:scaleTargetRef': {},
    'f:targetCPUUtilizationPercentage': {},
  });
});

it('gives nobody what Go writes into every object, until it is something', async () => {
  const made = testServer();
  await made.ask('POST', '/api/v1/namespaces', { metadata: { name: 'default' } });
  const owned = async (path: string, object: object): Promise<unknown> =>
    ((await made.ask('POST', `${path}?fieldManager=m`, { metadata: { name: 'x' }, ...object })).body as Reply).metadata.managedFields?.[0]?.fieldsV1;
  const policies = '/apis/networking.k8s.io/v1/namespaces/default/networkpolicies';
  expect(await owned(policies, { spec: { podSelector: {}, policyTypes: ['Egress'] } })).toEqual({ 'f:spec': { 'f:policyTypes': {} } });
  expect(await owned('/apis/storage.k8s.io/v1/csinodes', { spec: { drivers: [] } })).toEqual({ 'f:spec': { 'f:drivers': {} } });
  const event = { metadata: { name: 'e', namespace: 'default' }, involvedObject: { namespace: 'default' }, reason: 'R', type: 'Normal' };
  expect(await owned('/api/v1/namespaces/default/events', event)).toEqual({ 'f:involvedObject': {}, 'f:reason': {}, 'f:type': {} });
});

it('keeps an empty map that is applied, and shares what comes into it with nobody', async () => {
  const { apply, ask } = await server();
  await ask('POST', `${maps}?fieldManager=two`, configMap({ a: '1' }));
  await apply(`${maps}/m`, configMap({}), 'fieldManager=one');
  const { body } = await apply(`${maps}/m`, configMap({ b: '2' }), 'fieldManager=three');
  expect(owners(body)).toEqual([
    ['one', 'Apply', { 'f:data': {} }],
    ['three', 'Apply', { 'f:data': { 'f:b': {} } }],
    ['two', 'Update', { 'f:data': { '.': {}, 'f:a': {} } }],
  ]);
});
