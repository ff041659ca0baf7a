/** The promise "one clock, one seed": what a cluster holds after a story depends on the story and the seed, on nothing else. */
import { expect, test } from 'vitest';
import type { Cluster } from '../../src/cluster/index.ts';
import { type Machine, nodeMachine } from '../../src/env/index.ts';
import type { ApiResponse } from '../../src/machinery/index.ts';
import { simulatedCluster } from '../support/simulated-cluster.ts';

const user = { username: 'kubernetes-admin', groups: ['system:masters', 'system:authenticated'] };

interface Resource {
  readonly name: string;
  readonly verbs: readonly string[];
}

/** Calls of one client, as bytes, so that nothing of one cluster can leak into another. */
class Session {
  constructor(readonly cluster: Cluster) {}

  async text(path: string, method = 'GET', body?: unknown, contentType = 'application/json'): Promise<string> {
    const [pathname = '', query = ''] = path.split('?');
    const response = await this.cluster.handler({
      method,
      path: pathname,
      query: new URLSearchParams(query),
      headers: {},
      user,
      ...(body === undefined ? {} : { body: { kind: 'bytes', bytes: new TextEncoder().encode(JSON.stringify(body)), contentType } }),
    });
    const text = await textOf(response);
    if (response.status >= 400) throw new Error(`${method} ${path}: ${text}`);
    return text;
  }

  async json<T>(path: string): Promise<T> {
    return JSON.parse(await this.text(path)) as T;
  }

  post(path: string, body: unknown): Promise<string> {
    return this.text(path, 'POST', body);
  }

  advance(seconds: number): Promise<void> {
    return this.cluster.env.loop.advance(seconds * 1000);
  }
}

async function textOf({ body }: ApiResponse): Promise<string> {
  const decoder = new TextDecoder();
  if (body.kind === 'object') return typeof body.json() === 'string' ? (body.json() as string) : decoder.decode(body.json() as Uint8Array);
  if (body.kind === 'bytes') return typeof body.bytes === 'string' ? body.bytes : decoder.decode(body.bytes);
  if (body.kind !== 'stream') return '';
  return new Promise((resolve) => {
    let text = '';
    body.start({ data: (chunk) => (text += decoder.decode(chunk)), end: () => resolve(text) });
  });
}

const podSpec = (script: string, extra: object = {}) => ({
  containers: [{ name: 'main', image: 'busybox:1.36', command: ['sh', '-c', script], ...extra }],
});

const deployment = (name: string, replicas: number, template: object) => ({
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: { name },
  spec: { replicas, selector: { matchLabels: { app: name } }, template: { metadata: { labels: { app: name } }, spec: template } },
});

/** A little of everything: roll-outs, probes, crashes, losses, deletions in the middle of work. */
async function story(cluster: Cluster): Promise<void> {
  const session = new Session(cluster);
  const pods = '/api/v1/namespaces/shop/pods';
  const deployments = '/apis/apps/v1/namespaces/shop/deployments';
  await session.post('/api/v1/namespaces', { metadata: { name: 'shop' } });
  await session.advance(1);
  await session.post('/api/v1/namespaces/shop/configmaps', { metadata: { name: 'settings' }, data: { colour: 'blue' } });
  await session.post('/api/v1/namespaces/shop/services', {
    metadata: { name: 'web' },
    spec: { type: 'NodePort', selector: { app: 'web' }, ports: [{ port: 80 }] },
  });
  const probe = { httpGet: { path: '/', port: 80 }, periodSeconds: 3 };
  await session.post(deployments, deployment('web', 4, { containers: [{ name: 'nginx', image: 'nginx:1.25', readinessProbe: probe }] }));
  await session.post(deployments, deployment('crashing', 2, podSpec('echo $RANDOM $HOSTNAME; sleep 3; exit 1')));
  for (let made = 0; made < 3; made += 1) {
    const waits = 'until nslookup web.shop.svc.cluster.local; do sleep 2; done';
    const spec = {
      ...podSpec('cat /etc/settings/colour; date; sleep 1000'),
      initContainers: [{ name: 'wait', image: 'busybox:1.36', command: ['sh', '-c', waits] }],
    };
    const volumes = { volumes: [{ name: 'settings', configMap: { name: 'settings' } }] };
    spec.containers[0] = { ...spec.containers[0], volumeMounts: [{ name: 'settings', mountPath: '/etc/settings' }] } as never;
    await session.post(pods, { metadata: { generateName: 'task-' }, spec: { ...spec, ...volumes } });
  }
  await session.advance(45);
  await session.text(
    `${deployments}/web`,
    'PATCH',
    { spec: { template: { spec: { containers: [{ name: 'nginx', image: 'nginx:1.27' }] } } } },
    'application/strategic-merge-patch+json',
  );
  await session.advance(2.5);
  await session.text(`${deployments}/web/scale`, 'PATCH', { spec: { replicas: 6 } }, 'application/merge-patch+json');
  await session.advance(40);
  const { items } = await session.json<{ items: { metadata: { name: string; resourceVersion: string } }[] }>(`${pods}?labelSelector=app=crashing`);
  // By revision, since the order of names is the seed's.
  for (const pod of items.sort((a, b) => Number(a.metadata.resourceVersion) - Number(b.metadata.resourceVersion)))
    await session.text(`${pods}/${pod.metadata.name}`, 'DELETE', { gracePeriodSeconds: 5 });
  await session.advance(3);
  await session.text(`${deployments}/crashing`, 'DELETE', { propagationPolicy: 'Foreground' });
  await session.post(pods, { metadata: { name: 'too-large' }, spec: podSpec('true', { resources: { requests: { cpu: '500' } } }) });
  await session.post(pods, { metadata: { name: 'no-image' }, spec: { containers: [{ name: 'main', image: 'no.such.registry/image:1' }] } });
  await session.advance(400);
}

/** Every object of every resource, and every pod's log, one text each. */
async function everything(cluster: Cluster): Promise<Map<string, string>> {
  const session = new Session(cluster);
  const found = new Map<string, string>();
  const groups = await session.json<{ groups: { versions: { groupVersion: string }[] }[] }>('/apis');
  const roots = ['/api/v1', ...groups.groups.flatMap((group) => group.versions.map((one) => `/apis/${one.groupVersion}`))];
  for (const root of roots) {
    const { resources } = await session.json<{ resources: Resource[] }>(root);
    for (const { name, verbs } of resources) if (verbs.includes('list')) found.set(`${root}/${name}`, await session.text(`${root}/${name}`));
  }
  const pods = JSON.parse(found.get('/api/v1/pods') ?? '') as { items: { metadata: { name: string; namespace: string }; status: { phase: string } }[] };
  for (const { metadata, status } of pods.items) {
    if (status.phase !== 'Running' && status.phase !== 'Succeeded') continue;
    found.set(`log of ${metadata.name}`, await session.text(`/api/v1/namespaces/${metadata.namespace}/pods/${metadata.name}/log?timestamps=true`));
  }
  return found;
}

async function outcome(seed: number, machine?: Machine): Promise<Map<string, string>> {
  const cluster = await simulatedCluster({ seed, ...(machine ? { machine } : {}) });
  await story(cluster);
  const found = await everything(cluster);
  await cluster.stop();
  return found;
}

test('the same seed and the same calls give the same objects, events and logs, byte for byte', async () => {
  const [first, second] = [await outcome(5), await outcome(5)];
  expect([...first.keys()].length).toBeGreaterThan(20);
  expect(first.get('/api/v1/events')).toContain('BackOff');
  expectSame(second, first);
});

test('a machine so slow that every task takes its whole turn gives the same objects as a fast one', async () => {
  let now = 0;
  const slow = { ...nodeMachine, monotonic: () => (now += 100) };
  const [first, second] = [await outcome(5), await outcome(5, slow)];
  expectSame(second, first);
});

test('another seed changes names and ids, and nothing else: no time, no order, no address, no revision', async () => {
  const [first, second] = [await outcome(5), await outcome(6)];
  expect(first.get('/api/v1/pods')).not.toBe(second.get('/api/v1/pods'));
  const expected = masked(first);
  for (const [index, text] of masked(second).entries()) expect(text).toBe(expected[index]);
});

function expectSame(found: ReadonlyMap<string, string>, expected: ReadonlyMap<string, string>): void {
  expect([...found.keys()]).toEqual([...expected.keys()]);
  for (const [name, text] of expected) expect(found.get(name), name).toBe(text);
}

/** Lists in the order of revisions (names are the seed's, so their order is too), what the seed makes up replaced by its kind. */
function masked(found: ReadonlyMap<string, string>): string[] {
  return [...found]
    .flatMap(([name, text]) => {
      if (name.startsWith('log of')) return [`log ${mask(text)}`];
      const list = JSON.parse(text) as { items: { metadata: { resourceVersion: string } }[]; metadata: unknown };
      const items = list.items.map((item) => `${item.metadata.resourceVersion.padStart(8)} ${name} ${mask(JSON.stringify(item))}`);
      return [`${name} ${JSON.stringify(list.metadata)}`, ...items];
    })
    .sort();
}

function mask(text: string): string {
  return text
    .replace(/[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}/g, '<uid>')
    .replace(/(?<!sha256:)\b[0-9a-f]{64}\b/g, '<container>') // Digests of images are facts, ids of containers are not.
    .replace(/(?<="machineID":")[0-9a-f]{32}/, '<machine>')
    .replace(
      /\b((?:web|crashing|coredns)-[0-9a-z]{8,10}-|(?:task|web|kube-dns|kubernetes|kube-api-access)-)[bcdfghjklmnpqrstvwxz2456789]{5}(?![a-z0-9])/g,
      '$1<name>',
    );
}
