import { expect, test } from 'vitest';
import type { Node, Pod, TopologySpreadConstraint } from '../../../generated/types/index.ts';
import { choosePlacement } from '../algorithm.ts';
import { SchedulerCache } from '../cache.ts';
import { podInfo } from '../node-info.ts';
import { defaultPlugins } from './index.ts';
import { podTopologySpread } from './pod-topology-spread.ts';

function node(name: string, zone?: string, spec: Node['spec'] = {}): Node {
  return {
    metadata: { name, labels: { 'kubernetes.io/hostname': name, ...(zone ? { zone } : {}) } },
    spec,
    status: { allocatable: { cpu: '8', memory: '16Gi', pods: '110' } },
  };
}

let count = 0;
function pod(extra: Partial<TopologySpreadConstraint> = {}, labels: Record<string, string> = { app: 'x' }): Pod {
  count += 1;
  const constraint = { maxSkew: 1, topologyKey: 'zone', whenUnsatisfiable: 'DoNotSchedule', labelSelector: { matchLabels: { app: 'x' } }, ...extra };
  return {
    metadata: { name: `p${count}`, namespace: 'default', uid: `u${count}`, labels },
    spec: { containers: [{ name: 'app' }], topologySpreadConstraints: [constraint] },
  };
}

function cluster(...nodes: Node[]) {
  const cache = new SchedulerCache({ claim: () => undefined, volume: () => undefined, storageClass: () => undefined });
  for (const one of nodes) cache.setNode(one);
  const at = (wanted: Pod, name: string) => cache.place(podInfo(wanted), name);
  const place = (wanted: Pod): string => {
    const info = podInfo(wanted);
    const placement = choosePlacement(defaultPlugins, info, cache.snapshot(), 0);
    if ('message' in placement) return placement.message;
    cache.place(info, placement.node);
    return placement.node;
  };
  return { at, place };
}

const cordoned = { unschedulable: true };

test('no domain gets more than maxSkew ahead of the emptiest', () => {
  const { place } = cluster(node('a1', 'a'), node('a2', 'a'), node('b1', 'b'));
  const places = Array.from({ length: 4 }, () => place(pod()));
  expect(places.map((name) => name[0]).sort()).toEqual(['a', 'a', 'b', 'b']);
  const { place: full } = cluster(node('a1', 'a'), node('b1', 'b', cordoned));
  expect(full(pod())).toBe('a1');
  expect(full(pod())).toBe(
    "0/2 nodes are available: 1 node(s) didn't match pod topology spread constraints, 1 node(s) were unschedulable. " +
      'preemption: 0/2 nodes are available: 1 No preemption victims found for incoming pod, 1 Preemption is not helpful for scheduling.',
  );
  expect(full(pod({ maxSkew: 2 }))).toBe('a1');
});

test('a node without the key is out of the question', () => {
  expect(cluster(node('n')).place(pod())).toBe(
    "0/1 nodes are available: 1 node(s) didn't match pod topology spread constraints (missing required label). " +
      'preemption: 0/1 nodes are available: 1 Preemption is not helpful for scheduling.',
  );
});

test('pods that are going, of other namespaces or not selected do not count; a pod that is not selected itself may go anywhere', () => {
  const { at, place } = cluster(node('a1', 'a'), node('b1', 'b', cordoned));
  at({ ...pod(), metadata: { ...pod().metadata, deletionTimestamp: '2026-01-01T00:00:00Z' } }, 'a1');
  at({ ...pod(), metadata: { ...pod().metadata, namespace: 'other' } }, 'a1');
  at(pod({}, { app: 'y' }), 'a1');
  expect(place(pod())).toBe('a1');
  expect(place(pod({}, { app: 'y' }))).toBe('a1');
});

test('minDomains, policies for nodes and label keys are followed', () => {
  const lonely = cluster(node('a1', 'a'));
  expect(lonely.place(pod({ minDomains: 2 }))).toBe('a1');
  expect(lonely.place(pod({ minDomains: 2 }))).toMatch(/didn't match pod topology spread constraints/);
  const tainted = () => cluster(node('a1', 'a'), node('b1', 'b', { taints: [{ key: 'k', effect: 'NoSchedule' }] }));
  const [strict, lax] = [tainted(), tainted()];
  expect([strict.place(pod()), strict.place(pod())]).toEqual(['a1', expect.stringMatching(/^0\/2 nodes/)]);
  const honoring = () => pod({ nodeTaintsPolicy: 'Honor' });
  expect([lax.place(honoring()), lax.place(honoring())]).toEqual(['a1', 'a1']);
  const versions = cluster(node('a1', 'a'), node('b1', 'b', cordoned));
  const version = (hash: string) => pod({ matchLabelKeys: ['hash'] }, { app: 'x', hash });
  expect([versions.place(version('1')), versions.place(version('2')), versions.place(version('2'))]).toEqual([
    'a1',
    'a1',
    expect.stringMatching(/^0\/2 nodes/),
  ]);
});

test('where it is only wished for, the emptier zone is preferred, and nodes without the key come last', () => {
  const { at, place } = cluster(node('a1', 'a'), node('a2', 'a'), node('b1', 'b'), node('n'));
  at(pod(), 'a1');
  const wish = () => pod({ whenUnsatisfiable: 'ScheduleAnyway' });
  expect(place(wish())).toBe('b1');
  expect(podTopologySpread.normalize?.([1, 3, Number.NaN])).toEqual([100, 33, 0]);
  expect(podTopologySpread.normalize?.([0, 0])).toEqual([100, 100]);
});

test('a pod that waits is helped by one that its constraint selects', () => {
  expect(podTopologySpread.helpedBy?.(pod(), pod())).toBe(true);
  expect(podTopologySpread.helpedBy?.(pod(), pod({}, { app: 'y' }))).toBe(false);
  expect(podTopologySpread.helpedBy?.(pod({ whenUnsatisfiable: 'ScheduleAnyway' }), pod())).toBe(false);
});
