import { beforeEach, expect, test } from 'vitest';
import type { TestServer } from './testing/test-server.ts';
import { testServer } from './testing/test-server.ts';

let server: TestServer;
const apps = '/apis/apps/v1/namespaces/default';
const autoscalers = (version: string): string => `/apis/autoscaling/${version}/namespaces/default/horizontalpodautoscalers`;
const template = { metadata: { labels: { a: 'b' } }, spec: { containers: [{ name: 'c', image: 'nginx' }] } };
const selector = { matchLabels: { a: 'b' } };

interface Row {
  readonly cells: unknown[];
  readonly object: { readonly kind: string; readonly apiVersion: string; readonly metadata: { readonly annotations?: Record<string, string> } };
}
interface Table {
  readonly columnDefinitions: { readonly name: string; readonly type: string }[];
  readonly metadata: { readonly resourceVersion?: string };
  readonly rows: Row[];
}

beforeEach(async () => {
  server = testServer();
  await server.ask('POST', '/api/v1/namespaces', { metadata: { name: 'default' } });
});

async function as<T>(what: string, path: string): Promise<T> {
  const { body } = await server.ask('GET', path, undefined, { accept: `application/json;as=${what};v=v1;g=meta.k8s.io` });
  return body;
}

async function createScaler(): Promise<void> {
  const cpu = { type: 'Resource', resource: { name: 'cpu', target: { type: 'Utilization', averageUtilization: 70 } } };
  const memory = { type: 'Resource', resource: { name: 'memory', target: { type: 'AverageValue', averageValue: '1Gi' } } };
  const spec = { scaleTargetRef: { kind: 'Deployment', name: 'web' }, maxReplicas: 3, metrics: [memory, cpu] };
  const annotations = { own: '1', 'autoscaling.alpha.kubernetes.io/metrics': 'nonsense' };
  await server.ask('POST', autoscalers('v2'), { metadata: { name: 'h', annotations }, spec });
}

test('tables of an autoscaler are the same in all versions, in the order of its metrics', async () => {
  await createScaler();
  for (const version of ['v1', 'v2']) {
    const { rows } = await as<Table>('Table', autoscalers(version));
    expect(rows[0]!.cells.slice(0, 3)).toEqual(['h', 'Deployment/web', 'memory: <unknown>/1Gi, cpu: <unknown>/70%']);
    expect(rows[0]!.object.metadata.annotations).toEqual({ own: '1' });
  }
});

test('what a version keeps in annotations is in whole objects of that version, and nowhere else', async () => {
  await createScaler();
  const path = `${autoscalers('v1')}/h`;
  const metrics = 'autoscaling.alpha.kubernetes.io/metrics';
  const whole = (await server.ask('GET', path)).body as Row['object'];
  expect(JSON.parse(whole.metadata.annotations![metrics]!)).toMatchObject([{ type: 'Resource', resource: { name: 'memory' } }]);
  expect((await as<Row['object']>('PartialObjectMetadata', path)).metadata.annotations).toEqual({ own: '1' });
  const listed = await as<{ items: Row['object'][] }>('PartialObjectMetadataList', autoscalers('v1'));
  expect(listed.items[0]!.metadata.annotations).toEqual({ own: '1' });
  const { rows } = await as<Table>('Table', `${autoscalers('v1')}?includeObject=Object`);
  expect(rows[0]!.object.apiVersion).toBe('autoscaling/v1');
  expect(rows[0]!.object.metadata.annotations).toHaveProperty([metrics]);
  expect(((await server.ask('GET', `${autoscalers('v2')}/h`)).body as Row['object']).metadata.annotations).toEqual({ own: '1' });
});

test('the generation of a daemon set’s template is an annotation of the whole object only', async () => {
  await server.ask('POST', `${apps}/daemonsets`, { metadata: { name: 'd' }, spec: { selector, template } });
  const path = `${apps}/daemonsets/d`;
  expect(((await server.ask('GET', path)).body as Row['object']).metadata.annotations).toEqual({ 'deprecated.daemonset.template.generation': '1' });
  expect((await as<Row['object']>('PartialObjectMetadata', path)).metadata.annotations).toBeUndefined();
  expect((await as<Table>('Table', `${apps}/daemonsets`)).rows[0]!.object.metadata.annotations).toBeUndefined();
});

test('a scale has a table of its own', async () => {
  await server.ask('POST', `${apps}/deployments`, { metadata: { name: 'web' }, spec: { replicas: 2, selector, template } });
  const table = await as<Table>('Table', `${apps}/deployments/web/scale`);
  expect(table.columnDefinitions.map(({ name, type }) => `${name} ${type}`)).toEqual(['Name string', 'Desired integer', 'Available integer', 'Age string']);
  expect(table.rows.map((row) => row.cells)).toEqual([['web', 2, 0, '0s']]);
  expect(table.metadata.resourceVersion).toMatch(/^\d+$/);
  expect((await as<Row['object']>('PartialObjectMetadata', `${apps}/deployments/web/scale`)).kind).toBe('PartialObjectMetadata');
});
