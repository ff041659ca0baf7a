import { expect, test } from 'vitest';
import type { Node, Pod, PodSpec } from '../../generated/types/index.ts';
import { createEnv, nodeMachine, silentLog } from '../env/index.ts';
import { choosePlacement } from './algorithm.ts';
import { SchedulerCache } from './cache.ts';
import { podInfo } from './node-info.ts';
import { defaultPlugins } from './plugins/index.ts';
import { SchedulingQueue } from './scheduling-queue.ts';

function node(name: string, extra: Partial<Node> = {}): Node {
  return {
    metadata: { name, labels: { 'kubernetes.io/hostname': name }, ...extra.metadata },
    spec: extra.spec ?? {},
    status: { allocatable: { cpu: '8', memory: '16Gi', pods: '110' } },
  };
}

const controlPlane = node('cp', { spec: { taints: [{ key: 'node-role.kubernetes.io/control-plane', effect: 'NoSchedule' }] } });

let count = 0;
function pod(spec: Partial<PodSpec> = {}, labels: Record<string, string> = {}): Pod {
  count += 1;
  return { metadata: { name: `p${count}`, namespace: 'default', uid: `u${count}`, labels }, spec: { containers: [{ name: 'app' }], ...spec } };
}

const asking = (requests: Record<string, string>) => pod({ containers: [{ name: 'app', resources: { requests } }] });

function cluster(...nodes: Node[]) {
  const cache = new SchedulerCache({ claim: () => undefined, volume: () => undefined, storageClass: () => undefined });
  for (const one of nodes) cache.setNode(one);
  let turn = 0;
  const place = (wanted: Pod): string => {
    const info = podInfo(wanted);
    const placement = choosePlacement(defaultPlugins, info, cache.snapshot(), turn);
    if ('message' in placement) return placement.message;
    turn += 1;
    cache.place(info, placement.node);
    return placement.node;
  };
  return { cache, place };
}

const three = () => cluster(controlPlane, node('w1'), node('w2'));

test('a pod that is too large is told what each node lacks, and that preemption does not help', () => {
  expect(three().place(asking({ memory: '100Gi' }))).toBe(
    '0/3 nodes are available: 1 node(s) had untolerated taint {node-role.kubernetes.io/control-plane: }, 2 Insufficient memory. ' +
      'preemption: 0/3 nodes are available: 1 Preemption is not helpful for scheduling, 2 No preemption victims found for incoming pod.',
  );
});

test.each<[string, () => string, string]>([
  [
    'a selector that no node has',
    () => cluster(node('n')).place(pod({ nodeSelector: { disk: 'ssd' } })),
    "1 node(s) didn't match Pod's node affinity/selector",
  ],
  ['a cordoned node', () => cluster(node('n', { spec: { unschedulable: true } })).place(pod()), '1 node(s) were unschedulable'],
])('%s is named', (_name, place, reason) => {
  expect(place()).toBe(`0/1 nodes are available: ${reason}. preemption: 0/1 nodes are available: 1 Preemption is not helpful for scheduling.`);
});

test('several shortages of a node are all named', () => {
  const message = cluster(node('n')).place(asking({ memory: '100Gi', 'example.com/gpu': '1' }));
  expect(message).toMatch(/^0\/1 nodes are available: 1 Insufficient example\.com\/gpu, 1 Insufficient memory\. preemption: /);
});

test('a cluster without nodes says so', () => {
  expect(cluster().place(pod())).toBe('no nodes available to schedule pods');
});

test('equal pods are spread over equal nodes, in the same order each time', () => {
  const places = () => {
    const { place } = three();
    return Array.from({ length: 4 }, () => place(pod()));
  };
  expect(places().sort()).toEqual(['w1', 'w1', 'w2', 'w2']);
  expect(places()).toEqual(places());
});

test('the largest init container counts, not its sum with the app', () => {
  const { place } = cluster(node('n'));
  const big = (cpu: string) => ({ name: 'x', resources: { requests: { cpu } } });
  expect(place(pod({ initContainers: [big('6')], containers: [big('5')] }))).toBe('n');
  expect(place(pod({ containers: [big('3')] }))).toMatch(/1 Insufficient cpu/);
});

test('a tolerated taint, a preferred node and a free host port are respected', () => {
  const { place } = three();
  expect(place(pod({ nodeName: 'cp', tolerations: [{ operator: 'Exists' }] }))).toBe('cp');
  const hostPort = () => pod({ containers: [{ name: 'app', ports: [{ containerPort: 80, hostPort: 80 }] }] });
  expect([place(hostPort()), place(hostPort())].sort()).toEqual(['w1', 'w2']);
  expect(place(hostPort())).toMatch(/2 node\(s\) didn't have free ports for the requested pod ports/);
  const term = { matchExpressions: [{ key: 'kubernetes.io/hostname', operator: 'In', values: ['w2'] }] };
  const affinity = { nodeAffinity: { preferredDuringSchedulingIgnoredDuringExecution: [{ weight: 100, preference: term }] } };
  expect(place(pod({ affinity }))).toBe('w2');
});

test('pods that do not want to be together are kept apart', () => {
  const { place } = cluster(node('w1'), node('w2'));
  const term = { labelSelector: { matchLabels: { app: 'x' } }, topologyKey: 'kubernetes.io/hostname' };
  const lone = () => pod({ affinity: { podAntiAffinity: { requiredDuringSchedulingIgnoredDuringExecution: [term] } } }, { app: 'x' });
  expect([place(lone()), place(lone())].sort()).toEqual(['w1', 'w2']);
  expect(place(lone())).toMatch(/anti-affinity rules/);
});

test('nodes that a pod does not name are out of the question, those it names are looked at', () => {
  const named = (...names: string[]) => {
    const term = { matchFields: [{ key: 'metadata.name', operator: 'In', values: names }] };
    return pod({ affinity: { nodeAffinity: { requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms: [term] } } } });
  };
  expect(three().place(named('w2'))).toBe('w2');
  expect(three().place(named('cp', 'gone'))).toBe(
    "0/3 nodes are available: 1 node(s) had untolerated taint {node-role.kubernetes.io/control-plane: }, 2 node(s) didn't satisfy plugin(s) [NodeAffinity]. " +
      'preemption: 0/3 nodes are available: 3 Preemption is not helpful for scheduling.',
  );
});

test('what nobody looks at is refused by name', () => {
  const claim = pod({ volumes: [{ name: 'data', ephemeral: {} }] });
  expect(cluster(node('n')).place(claim)).toMatch(/^0\/1 nodes are available: paperkube does not simulate generic ephemeral volumes\./);
});

test('the queue serves priority first, backs off, and waits for an event when nothing helps', async () => {
  const env = createEnv({ machine: nodeMachine, log: silentLog, seed: 1, start: 0, mode: 'manual' });
  let ready = 0;
  const queue = new SchedulingQueue(env, () => {
    ready += 1;
  });
  const [low, high] = [pod({ priority: 1 }), pod({ priority: 2 })];
  queue.add(low);
  queue.add(high);
  expect([queue.pop(), queue.pop(), queue.pop()]).toEqual([high, low, undefined]);
  queue.failed(low.metadata?.uid ?? '');
  await env.loop.advance(5000);
  expect(queue.pop()).toBeUndefined();
  queue.moveAll();
  expect(queue.pop()).toBe(low);
  queue.moveAll(); // Something changed while the pod was looked at.
  queue.failed(low.metadata?.uid ?? '');
  await env.loop.advance(1999);
  expect(queue.pop()).toBeUndefined();
  await env.loop.advance(1);
  expect(queue.pop()).toBe(low);
  expect(ready).toBe(4);
});
