import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import type { Deployment, Event, Pod } from '../../generated/types/index.ts';
import { createClient } from '../../src/client/index.ts';
import { isNotFound } from '../../src/machinery/status-error.ts';
import { simulatedCluster } from '../support/simulated-cluster.ts';

const revision = 'deployment.kubernetes.io/revision';
const key = { namespace: 'default', name: 'web' };

/** A cluster of two nodes, somebody who talks to it, and what a user would look at. */
async function cluster() {
  const made = await simulatedCluster({ nodes: 2 });
  const { env } = made;
  const client = createClient(made.handler, { username: 'admin', groups: ['system:masters'] }, { userAgent: 'test' });
  const told = new Set<string>();
  return {
    env,
    client,
    advance: (seconds: number) => env.loop.advance(seconds * 1000),
    patch: async (patch: object) => {
      await client.deployments.patch(key, 'merge', patch);
      await env.loop.settle();
    },
    deployment: () => client.deployments.get(key),
    /** Owner hashes and states of the pods: `5d8c9f6b7 Running`. */
    pods: async (namespace = 'default') => (await client.pods.list({ namespace })).items.map(podLine),
    sets: async () =>
      (await client.replicaSets.list({ namespace: 'default' })).items
        .map(({ metadata, spec, status }) => `revision ${metadata?.annotations?.[revision]}: ${spec?.replicas}/${status?.readyReplicas ?? 0}`)
        .sort(),
    /** What the Deployment's controllers have told since the last call, without hashes. */
    events: async () => {
      await env.loop.settle();
      const { items } = await client.events.list({ namespace: 'default' });
      const fresh = items.filter(({ metadata, involvedObject }) => involvedObject.kind === 'Deployment' && !told.has(metadata.uid ?? ''));
      fresh.sort((a, b) => Number(a.metadata.resourceVersion) - Number(b.metadata.resourceVersion));
      for (const { metadata } of fresh) told.add(metadata.uid ?? '');
      return fresh.map(({ reason, message }: Event) => `${reason}: ${message?.replace(/web-[a-z0-9]+/g, 'web-*')}`);
    },
  };
}

function podLine({ metadata, status }: Readonly<Pod>): string {
  return metadata?.deletionTimestamp ? 'Terminating' : (status?.phase ?? '');
}

function web(spec: Partial<Deployment['spec']> = {}, image = 'nginx:1.26'): Deployment {
  const template = { metadata: { labels: { app: 'web' } }, spec: { containers: [{ name: 'web', image }] } };
  return { metadata: { ...key }, spec: { replicas: 3, selector: { matchLabels: { app: 'web' } }, template, ...spec } };
}

const withImage = (image: string) => ({ spec: { template: { spec: { containers: [{ name: 'web', image }] } } } });

test('a deployment rolls to a new image pod by pod, back again, and down to nothing', async () => {
  const { client, advance, patch, deployment, pods, sets, events } = await cluster();
  await client.deployments.create(web());
  await advance(30);
  expect(await events()).toEqual(['ScalingReplicaSet: Scaled up replica set web-* from 0 to 3']);
  expect(await pods()).toEqual(['Running', 'Running', 'Running']);

  await patch(withImage('nginx:1.27'));
  await advance(60);
  const steps = [
    'Scaled up replica set web-* from 0 to 1',
    'Scaled down replica set web-* from 3 to 2',
    'Scaled up replica set web-* from 1 to 2',
    'Scaled down replica set web-* from 2 to 1',
    'Scaled up replica set web-* from 2 to 3',
    'Scaled down replica set web-* from 1 to 0',
  ].map((message) => `ScalingReplicaSet: ${message}`);
  expect(await events()).toEqual(steps);
  expect(await sets()).toEqual(['revision 1: 0/0', 'revision 2: 3/3']);
  expect(await pods()).toEqual(['Running', 'Running', 'Running']);
  const rolled = await deployment();
  expect(rolled.status).toMatchObject({ observedGeneration: 2, replicas: 3, updatedReplicas: 3, readyReplicas: 3, availableReplicas: 3 });
  expect(rolled.status?.conditions?.map(({ type, status, reason }) => `${type}=${status} ${reason}`)).toEqual([
    'Available=True MinimumReplicasAvailable',
    'Progressing=True NewReplicaSetAvailable',
  ]);

  // `kubectl rollout undo` puts the old template back: the old set is taken up again, with the next revision.
  await patch(withImage('nginx:1.26'));
  await advance(60);
  // From the tenth similar event within ten minutes on, the recorder tells of the last one only.
  const combined = 'ScalingReplicaSet: (combined from similar events): Scaled down replica set web-* from 1 to 0';
  expect(await events()).toEqual([...steps.slice(0, 2), combined]);
  expect(await sets()).toEqual(['revision 2: 0/0', 'revision 3: 3/3']);

  await patch({ spec: { replicas: 0 } });
  await advance(40);
  expect([await pods(), await sets()]).toEqual([[], ['revision 2: 0/0', 'revision 3: 0/0']]);
});

test('a paused deployment scales but does not roll, and catches up when it goes on', async () => {
  const { client, advance, patch, deployment, sets, events } = await cluster();
  await client.deployments.create(web());
  await advance(30);
  await patch({ spec: { paused: true } });
  await patch(withImage('nginx:1.27'));
  await patch({ spec: { replicas: 4 } });
  await advance(30);
  expect(await sets()).toEqual(['revision 1: 4/4']);
  expect((await deployment()).status?.conditions?.find((one) => one.type === 'Progressing')).toMatchObject({ status: 'Unknown', reason: 'DeploymentPaused' });
  await patch({ spec: { paused: false } });
  await advance(60);
  expect(await sets()).toEqual(['revision 1: 0/0', 'revision 2: 4/4']);
  expect((await events())[1]).toBe('ScalingReplicaSet: Scaled up replica set web-* from 3 to 4');
});

test('Recreate ends all old pods before the first new one begins', async () => {
  const { env, client, advance, patch, sets, events } = await cluster();
  await client.deployments.create(web({ strategy: { type: 'Recreate' } }));
  await advance(30);
  const images = new Set<string>();
  const end = client.pods.watch(
    { namespace: 'default', labelSelector: 'app=web' },
    {
      event: () => {
        void client.pods.list({ namespace: 'default' }).then(({ items }) => {
          const running = new Set(items.map((pod) => pod.spec?.containers[0]?.image));
          images.add([...running].sort().join(' and '));
        });
      },
      end: () => {},
    },
  );
  await patch(withImage('nginx:1.27'));
  await advance(60);
  end();
  await env.loop.settle();
  expect(images).not.toContain('nginx:1.26 and nginx:1.27');
  expect(await sets()).toEqual(['revision 1: 0/0', 'revision 2: 3/3']);
  expect((await events()).slice(1)).toEqual([
    'ScalingReplicaSet: Scaled down replica set web-* from 3 to 0',
    'ScalingReplicaSet: Scaled up replica set web-* from 0 to 3',
  ]);
});

test('foreground deletion keeps the deployment until its pods have gone, orphaning leaves them', async () => {
  const { client, advance, pods, sets } = await cluster();
  const slow = web();
  slow.spec!.template!.spec!.containers = [{ name: 'web', image: 'busybox', command: ['sleep', '1d'] }];
  await client.deployments.create(slow);
  await advance(30);
  await client.deployments.delete(key, { propagationPolicy: 'Foreground' });
  await advance(10);
  // `sleep` as the first process of its container hears no SIGTERM: it takes the whole grace period.
  expect(await pods()).toEqual(['Terminating', 'Terminating', 'Terminating']);
  expect((await client.deployments.get(key)).metadata?.finalizers).toEqual(['foregroundDeletion']);
  await advance(25);
  expect(await pods()).toEqual([]);
  await expect(client.deployments.get(key)).rejects.toSatisfy(isNotFound);

  await client.deployments.create(web());
  await advance(30);
  await client.deployments.delete(key, { propagationPolicy: 'Orphan' });
  await advance(30);
  await expect(client.deployments.get(key)).rejects.toSatisfy(isNotFound);
  expect([await pods(), await sets()]).toEqual([['Running', 'Running', 'Running'], ['revision 1: 3/3']]);
  await client.deployments.create(web());
  await advance(10);
  const [set] = (await client.replicaSets.list({ namespace: 'default' })).items;
  expect(set?.metadata?.ownerReferences?.map(({ uid }) => uid)).toEqual([(await client.deployments.get(key)).metadata?.uid]);
});

test('a deleted pod is given its grace period, and has been replaced meanwhile', async () => {
  const { client, advance, pods } = await cluster();
  const slow = web({ replicas: 1 });
  slow.spec!.template!.spec!.containers = [{ name: 'web', image: 'busybox', command: ['sleep', '1d'] }];
  await client.deployments.create(slow);
  await advance(30);
  const [pod] = (await client.pods.list({ namespace: 'default' })).items;
  await client.pods.delete({ namespace: 'default', name: pod?.metadata?.name ?? '' });
  await advance(15);
  expect((await pods()).sort()).toEqual(['Running', 'Terminating']);
  await advance(20);
  expect(await pods()).toEqual(['Running']);
});

test.for([
  ['whose pods end at once', ['sh', '-c', 'trap exit TERM; while true; do sleep 1; done'], 11],
  ['whose pods take their whole grace period', ['sleep', '1d'], 42],
] as const)('a namespace %s goes as soon as upstream lets it', async ([, command, seconds]) => {
  const { env, client, advance, pods } = await cluster();
  await client.namespaces.create({ metadata: { name: 'doomed' } });
  await advance(1);
  const doomed = web({ replicas: 2 });
  doomed.metadata!.namespace = 'doomed';
  doomed.spec!.template!.spec!.containers = [{ name: 'web', image: 'busybox', command: [...command] }];
  await client.deployments.create(doomed);
  await client.configMaps.create({ metadata: { name: 'left', namespace: 'doomed' } });
  await advance(30);
  expect(await pods('doomed')).toEqual(['Running', 'Running']);
  const began = env.clock.now();
  await client.namespaces.delete({ name: 'doomed' });
  await advance(6);
  expect((await client.namespaces.get({ name: 'doomed' })).status?.phase).toBe('Terminating');
  let gone = false;
  while (!gone && env.clock.now() - began < 120_000) {
    await advance(1);
    gone = await client.namespaces.get({ name: 'doomed' }).then(() => false, isNotFound);
  }
  expect(Math.round((env.clock.now() - began) / 1000)).toBeLessThanOrEqual(seconds);
  expect((await client.configMaps.list({ namespace: 'doomed' })).items).toEqual([]);
});

/** What a watcher of a Deployment saw of a real cluster (1.21): states in their order. */
interface Recorded {
  readonly name: string;
  readonly deployment: readonly object[];
}

const recorded = JSON.parse(readFileSync(new URL('./deployments.recorded.json', import.meta.url), 'utf8')) as readonly Recorded[];

function stateOf(type: string, { metadata, status }: Readonly<Deployment>): object {
  const conditions = (status?.conditions ?? []).map((one) => `${one.type}=${one.status} ${one.reason}`);
  return { type, generation: metadata?.generation, revision: metadata?.annotations?.[revision] ?? '', ...status, conditions };
}

test('a watcher sees a deployment pass through the states that it passes through in a real cluster', async () => {
  const { client, advance, patch } = await cluster();
  let states: object[] = [];
  const stop = client.deployments.watch(
    { namespace: 'default' },
    {
      event: (type, object) => {
        if (type !== 'BOOKMARK') states.push(stateOf(type, object));
      },
      end: () => {},
    },
  );
  const seen = (): object[] => {
    const all = states;
    states = [];
    return all;
  };
  await client.deployments.create(web({ replicas: 1, strategy: { type: 'Recreate' } }));
  await advance(20);
  await patch(withImage('nginx:1.27'));
  await advance(30);
  expect(seen()).toEqual(recorded[0]?.deployment);
  await client.deployments.delete(key, { propagationPolicy: 'Foreground' });
  await advance(40);
  expect(seen()).toEqual(recorded[1]?.deployment);
  await client.deployments.create(web({ replicas: 1 }));
  await advance(20);
  await client.deployments.delete(key, { propagationPolicy: 'Orphan' });
  await advance(5);
  seen();
  // Its replica set and pod are still there, and it takes them over.
  await client.deployments.create(web({ replicas: 1 }));
  await advance(5);
  expect(seen()).toEqual(recorded[2]?.deployment);
  stop();
});
