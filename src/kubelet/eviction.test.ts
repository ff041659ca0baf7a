import { expect, test } from 'vitest';
import type { Container, Pod, PodSpec } from '../../generated/types/index.ts';
import { createEnv, nodeMachine, silentLog } from '../env/index.ts';
import type { Eviction } from './eviction-manager.ts';
import { EvictionManager } from './eviction-manager.ts';
import type { PodUsage } from './eviction-ranking.ts';
import { binaryQuantity, localStorageViolation, rankForEviction } from './eviction-ranking.ts';

const mi = 1024 ** 2;
const gi = 1024 ** 3;

interface Wanted {
  readonly memory?: number;
  readonly disk?: number;
  readonly requests?: Record<string, string>;
  readonly limits?: Record<string, string>;
  readonly priority?: number;
  readonly spec?: Partial<PodSpec>;
  readonly emptyDirs?: PodUsage['emptyDirs'];
}

function usage(name: string, { memory = 0, disk = 0, requests, limits, priority = 0, spec, emptyDirs = [] }: Wanted): PodUsage {
  const container: Container = { name: 'c', resources: { ...(requests ? { requests } : {}), ...(limits ? { limits } : {}) } };
  const pod: Pod = { metadata: { name, uid: name }, spec: { containers: [container], priority, ...spec } };
  return { pod, containers: [{ name: 'c', memoryBytes: memory, diskBytes: disk }], emptyDirs };
}

function manager(pods: PodUsage[], capacity = { memoryBytes: gi, diskBytes: 10 * gi }) {
  const env = createEnv({ machine: nodeMachine, log: silentLog, seed: 1, start: 0, mode: 'manual' });
  const evicted: [name: string | undefined, eviction: Eviction][] = [];
  const told: string[] = [];
  let imageBytes = 0;
  const made = new EvictionManager({
    env,
    pods: () => pods,
    capacity: () => capacity,
    imageBytes: () => imageBytes,
    reclaimDisk: () => {
      imageBytes = 0;
    },
    evict: (pod, eviction) => {
      evicted.push([pod.metadata?.name, eviction]);
      pods.splice(
        pods.findIndex((one) => one.pod === pod),
        1,
      );
    },
    thresholdMet: (resource) => told.push(resource),
    changed: () => told.push('changed'),
  });
  return { env, made, evicted, told, images: (bytes: number) => (imageBytes = bytes) };
}

test('those beyond their request go first, then those of low priority, then the largest', () => {
  const pods = [
    usage('asked', { memory: 900 * mi, requests: { memory: '1Gi' } }),
    usage('important', { memory: 800 * mi, priority: 1000 }),
    usage('small', { memory: 10 * mi }),
    usage('large', { memory: 500 * mi, requests: { memory: '100Mi' } }),
  ];
  expect(rankForEviction(pods, 'memory').map(({ pod }) => pod.metadata?.name)).toEqual(['large', 'small', 'important', 'asked']);
});

test('a node short of memory evicts one pod at a time, tells why, and stays in its condition for five minutes', async () => {
  const pods = [usage('hog', { memory: 1000 * mi, requests: { memory: '10Mi' } }), usage('other', { memory: 5 * mi })];
  const { env, made, evicted, told } = manager(pods);
  made.start();
  await env.loop.advance(10_000);
  const message =
    'The node was low on resource: memory. Threshold quantity: 100Mi, available: 19Mi. Container c was using 1000Mi, request is 10Mi, has larger consumption of memory. ';
  const condition = { type: 'DisruptionTarget', status: 'True', reason: 'TerminationByKubelet', message };
  expect(evicted).toEqual([['hog', { reason: 'Evicted', message, condition }]]);
  expect(told).toEqual(['changed', 'memory']);
  const refusal = { reason: 'Evicted', message: 'The node had condition: [MemoryPressure]. ' };
  expect(made.admit(usage('new', {}).pod)).toEqual(refusal);
  expect(made.admit(usage('new', { requests: { memory: '1Mi' } }).pod)).toBeUndefined();
  expect(made.admit(usage('new', { priority: 2_000_000_000 }).pod)).toBeUndefined();
  expect(made.admit(usage('new', { spec: { tolerations: [{ key: 'node.kubernetes.io/memory-pressure', operator: 'Exists' }] } }).pod)).toBeUndefined();
  await env.loop.advance(290_000);
  expect(made.underPressure('memory')).toBe(true);
  await env.loop.advance(10_000);
  expect(made.underPressure('memory')).toBe(false);
  expect(told).toEqual(['changed', 'memory', 'changed']);
  made.stop();
});

test('a node short of disk removes images before it evicts', async () => {
  const { made, evicted, told, images } = manager([usage('p', { disk: 8 * gi })]);
  images(gi);
  made.synchronize();
  expect([told, evicted]).toEqual([['changed', 'ephemeral-storage'], []]);
  const full = manager([usage('p', { disk: 9 * gi })]);
  full.made.synchronize();
  expect(full.evicted[0]?.[1].message).toBe(
    'The node was low on resource: ephemeral-storage. Threshold quantity: 1536Mi, available: 1Gi. Container c was using 9Gi, request is 0, has larger consumption of ephemeral-storage. ',
  );
  expect(full.made.admit(usage('new', { requests: { memory: '1Mi' } }).pod)?.message).toBe('The node had condition: [DiskPressure]. ');
});

test('nothing evicts what the cluster cannot do without', () => {
  const plain = usage('etcd', { memory: 2 * gi });
  const fixed = { ...plain, pod: { ...plain.pod, metadata: { annotations: { 'kubernetes.io/config.source': 'file' } } } };
  const { made, evicted } = manager([fixed, usage('critical', { memory: gi, priority: 2_000_001_000 })]);
  made.synchronize();
  expect(evicted).toEqual([]);
});

test('a volume or container that passes its own limit is named with it', () => {
  const volumes = [{ name: 'cache', emptyDir: { sizeLimit: '1Mi' } }];
  const inCache = (bytes: number) => usage('p', { spec: { volumes }, emptyDirs: [{ name: 'cache', bytes, inMemory: false }] });
  expect(localStorageViolation(inCache(mi))).toBeUndefined();
  expect(localStorageViolation(inCache(mi + 1))).toBe('Usage of EmptyDir volume "cache" exceeds the limit "1Mi". ');
  const limits = { 'ephemeral-storage': '2Mi' };
  expect(localStorageViolation(usage('p', { disk: 2 * mi, limits }))).toBeUndefined();
  expect(localStorageViolation(usage('p', { disk: 3 * mi, limits }))).toBe('Pod ephemeral local storage usage exceeds the total limit of containers 2Mi. ');
  const two = usage('p', { disk: 3 * mi, limits, spec: {} });
  const beside: PodUsage = {
    ...two,
    pod: { ...two.pod, spec: { containers: [...(two.pod.spec?.containers ?? []), { name: 'd', resources: { limits: { 'ephemeral-storage': '9Mi' } } }] } },
  };
  expect(localStorageViolation(beside)).toBe('Container c exceeded its local ephemeral storage limit "2Mi". ');
});

test('bytes are written as quantities are', () => {
  expect([0, 1, 1024, 1536, 100 * mi, 3 * gi, 1_610_612_736].map(binaryQuantity)).toEqual(['0', '1', '1Ki', '1536', '100Mi', '3Gi', '1536Mi']);
});
