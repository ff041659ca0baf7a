import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { testServer } from '../apiserver/testing/test-server.ts';

const read = (url: string): unknown => JSON.parse(readFileSync(new URL(url, import.meta.url), 'utf8'));
const recorded = <T>(name: string): T[] => read(`recorded/${name}.recorded.json`) as T[];

/** What a server of 1.21 answered; where 1.33 says more or says it differently, `newerThanRecorded` is set and the answer is that of 1.33. */
interface Recorded {
  readonly name: string;
  readonly path: string;
  readonly body: object;
}

async function serverWithNamespace(): Promise<ReturnType<typeof testServer>> {
  const server = testServer();
  await server.ask('POST', '/api/v1/namespaces', { metadata: { name: 'facts' } });
  return server;
}

/** Uids differ from run to run. */
const masked = (text: string): string => text.replace(/[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f-]{22}/g, 'UID');
const withoutUids = (value: object): unknown => JSON.parse(masked(JSON.stringify(value)));

describe('a minimal object is answered as a real server answers it', () => {
  for (const one of recorded<Recorded & { metadata: object; answer: object }>('defaults')) {
    test(one.name, async () => {
      const server = await serverWithNamespace();
      const { status, body } = (await server.ask('POST', one.path, one.body)) as { status: number; body: Record<string, never> };
      expect(status).toBe(201);
      const { kind: _kind, apiVersion: _version, metadata, ...rest } = body as Record<string, Record<string, unknown>>;
      const { labels, annotations, generation } = metadata!;
      expect(withoutUids(rest)).toEqual(one.answer);
      expect(withoutUids({ labels, annotations, generation })).toEqual(one.metadata);
    });
  }
});

describe('a real server refused this in these words', () => {
  for (const one of recorded<Recorded & { message: string }>('rejections')) {
    test(one.name, async () => {
      const server = await serverWithNamespace();
      const { body } = (await server.ask('POST', one.path, one.body)) as { body: { message: string } };
      expect(masked(body.message)).toBe(one.message);
    });
  }
});

interface Line {
  readonly path: string;
  readonly name: string;
  readonly verbs: readonly string[];
}

interface SchemaResource {
  readonly group: string;
  readonly version: string;
  readonly plural: string;
  readonly namespaced: boolean;
  readonly kind: string;
  readonly verbs: readonly string[];
  readonly subresources: readonly { readonly name: string; readonly kind: string; readonly verbs: readonly string[] }[];
}

test('every resource of the schema is served, with its verbs and its subresources', async () => {
  const server = testServer();
  const missing: string[] = [];
  for (const one of read('../../generated/schema/resources.json') as SchemaResource[]) {
    const { body } = await server.ask('GET', one.group ? `/apis/${one.group}/${one.version}` : `/api/${one.version}`);
    const lines = new Map((body as { resources: Line[] }).resources.map((line) => [line.name, line]));
    const wanted = [{ ...one, name: one.plural }, ...one.subresources.map((sub) => ({ ...sub, name: `${one.plural}/${sub.name}` }))];
    for (const { name, verbs } of wanted) if (JSON.stringify(lines.get(name)?.verbs) !== JSON.stringify(verbs)) missing.push(`${one.group} ${name}`);
  }
  expect(missing).toEqual([]);
});

test('discovery names every resource as a real server does', async () => {
  const server = testServer();
  const wrong: unknown[] = [];
  for (const { path, newerThanRecorded: _newer, ...expected } of recorded<Line & { newerThanRecorded?: boolean }>('discovery')) {
    const { body } = (await server.ask('GET', path)) as unknown as { body: { resources: Line[] } };
    const found = body.resources.find((one) => one.name === expected.name);
    const line = found && Object.fromEntries(Object.keys(expected).map((key) => [key, found[key as keyof Line]]));
    if (JSON.stringify(line) !== JSON.stringify(expected)) wrong.push({ path, expected, line });
  }
  expect(wrong).toEqual([]);
});

test('tables have the columns of a real server', async () => {
  const server = testServer();
  const wrong: unknown[] = [];
  for (const { resource, columns } of recorded<{ resource: string; columns: string[] }>('columns')) {
    const [version, plural] = resource.split(' ') as [string, string];
    const path = version === 'v1' ? `/api/v1/${plural}` : `/apis/${version}/${plural}`;
    const { body } = await server.ask('GET', path, undefined, { accept: 'application/json;as=Table;v=v1;g=meta.k8s.io' });
    const definitions = (body as { columnDefinitions?: { name: string; type: string; priority: number }[] }).columnDefinitions ?? [];
    const found = definitions.map((one) => `${one.name} ${one.type} ${one.priority}`);
    if (JSON.stringify(found) !== JSON.stringify(columns)) wrong.push({ resource, columns, found });
  }
  expect(wrong).toEqual([]);
});

/** Creates what the recorded case creates, then patches it; the message of what comes of it. */
async function patched(name: string, patch: object): Promise<string> {
  const server = await serverWithNamespace();
  const { path, body } = recorded<Recorded>('defaults').find((one) => one.name === name)!;
  const made = (await server.ask('POST', path, body)) as { body: { metadata: { name: string } } };
  const type = { 'content-type': 'application/strategic-merge-patch+json' };
  const answer = (await server.ask('PATCH', `${path}/${made.body.metadata.name}`, patch, type)) as { body: { message: string } };
  return answer.body.message;
}

test('what may not change is refused by name', async () => {
  expect(await patched('StatefulSet', { spec: { serviceName: 'other' } })).toBe(
    `StatefulSet.apps "db" is invalid: spec: Forbidden: updates to statefulset spec for fields other than 'replicas', 'ordinals', 'template', 'updateStrategy', ` +
      `'revisionHistoryLimit', 'persistentVolumeClaimRetentionPolicy' and 'minReadySeconds' are forbidden`,
  );
  expect(await patched('StorageClass', { provisioner: 'other.example.com/x' })).toBe(
    'StorageClass.storage.k8s.io "slow" is invalid: provisioner: Forbidden: updates to provisioner are forbidden.',
  );
  expect(await patched('RoleBinding', { roleRef: { name: 'other' } })).toContain('roleRef: Invalid value: ');
  expect(await patched('Job', { spec: { template: { spec: { containers: [{ name: 'c', image: 'other' }] } } } })).toMatch(
    /spec.template: Invalid value: .*field is immutable$/s,
  );
  expect(await patched('PersistentVolumeClaim', { spec: { accessModes: ['ReadWriteMany'] } })).toContain(
    'spec: Forbidden: spec is immutable after creation except resources.requests and volumeAttributesClassName for bound claims\n  core.PersistentVolumeClaimSpec{',
  );
});

test('an autoscaler is the same object in both of its versions', async () => {
  const server = await serverWithNamespace();
  const v1 = '/apis/autoscaling/v1/namespaces/facts/horizontalpodautoscalers';
  const v2 = v1.replace('/v1/', '/v2/');
  const reference = { apiVersion: 'apps/v1', kind: 'Deployment', name: 'web' };
  await server.ask('POST', v1, { metadata: { name: 'h' }, spec: { scaleTargetRef: reference, maxReplicas: 3, targetCPUUtilizationPercentage: 50 } });
  const memory = { type: 'Resource', resource: { name: 'memory', target: { type: 'AverageValue', averageValue: '1Gi' } } };
  const cpu = { type: 'Resource', resource: { name: 'cpu', target: { type: 'Utilization', averageUtilization: 50 } } };
  expect((await server.ask('GET', `${v2}/h`)).body).toMatchObject({ apiVersion: 'autoscaling/v2', spec: { minReplicas: 1, metrics: [cpu] } });
  await server.ask('PATCH', `${v2}/h`, { spec: { metrics: [cpu, memory] } }, { 'content-type': 'application/merge-patch+json' });
  const shown = (await server.ask('GET', `${v1}/h`)).body as { metadata: { annotations: Record<string, string> }; spec: object };
  expect(shown.spec).toEqual({ scaleTargetRef: reference, minReplicas: 1, maxReplicas: 3, targetCPUUtilizationPercentage: 50 });
  expect(JSON.parse(shown.metadata.annotations['autoscaling.alpha.kubernetes.io/metrics']!)).toEqual([
    { type: 'Resource', resource: { name: 'memory', targetAverageValue: '1Gi' } },
  ]);
  // A write through the older version keeps what only the newer one has words for.
  await server.ask('PATCH', `${v1}/h`, { spec: { maxReplicas: 4 } }, { 'content-type': 'application/merge-patch+json' });
  expect((await server.ask('GET', `${v2}/h`)).body).toMatchObject({ spec: { maxReplicas: 4, metrics: [memory, cpu] } });
});

test('creating what nothing acts on yet is answered with a warning', async () => {
  const server = await serverWithNamespace();
  const { path, body } = recorded<Recorded>('defaults').find((one) => one.name === 'DaemonSet')!;
  const { headers } = await server.ask('POST', path, body);
  expect(String(headers.warning)).toContain('paperkube does not run the daemon set controller yet: DaemonSet objects are stored but nothing acts on them');
});

test('a delete may be refused, and says what it leaves behind', async () => {
  const server = await serverWithNamespace();
  const classes = '/apis/scheduling.k8s.io/v1/priorityclasses';
  await server.ask('POST', classes, { metadata: { name: 'system-node-critical' }, value: 2_000_001_000 });
  const refused = (await server.ask('DELETE', `${classes}/system-node-critical`)) as { status: number; body: { message: string } };
  expect(refused.status).toBe(403);
  expect(refused.body.message).toBe(
    'priorityclasses.scheduling.k8s.io "system-node-critical" is forbidden: this is a system priority class and cannot be deleted',
  );
  const { path, body } = recorded<Recorded>('defaults').find((one) => one.name === 'Job')!;
  await server.ask('POST', path, body);
  expect(String((await server.ask('DELETE', `${path}/job`)).headers.warning)).toContain('child pods are preserved by default when jobs are deleted');
});
