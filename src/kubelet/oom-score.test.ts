import { expect, test } from 'vitest';
import type { Container, Pod } from '../../generated/types/index.ts';
import { oomScoreAdjust } from './oom-score.ts';

const gi = 1024 ** 3;

function container(name: string, requests?: Record<string, string>, limits?: Record<string, string>): Container {
  return { name, resources: { ...(requests ? { requests } : {}), ...(limits ? { limits } : {}) } };
}

const scores = (pod: Pod) => [...(pod.spec?.initContainers ?? []), ...(pod.spec?.containers ?? [])].map((one) => oomScoreAdjust(pod, one, 16 * gi));
const alone = (one: Container, spec: Pod['spec'] = { containers: [] }): Pod => ({ spec: { ...spec, containers: [one] } });

test('guaranteed containers go last, those that ask for nothing first, others by what they ask for of the node', () => {
  const all = { cpu: '1', memory: '1Gi' };
  expect(scores(alone(container('c', all, all)))).toEqual([-997]);
  expect(scores(alone(container('c')))).toEqual([1000]);
  expect(scores(alone(container('c', { memory: '4Gi' })))).toEqual([750]);
});

test('a burstable container stays between the two, however much or little it asks for', () => {
  expect(scores(alone(container('c', { memory: '16Gi' })))).toEqual([3]);
  expect(scores(alone(container('c', { cpu: '100m' })))).toEqual([999]);
  expect(scores(alone(container('c', { memory: '1Mi' })))).toEqual([999]);
});

test('a sidecar outlives the containers that it serves', () => {
  const sidecar: Container = { ...container('side', { memory: '1Gi' }), restartPolicy: 'Always' };
  const pod: Pod = { spec: { initContainers: [sidecar], containers: [container('a', { memory: '8Gi' }), container('b', { memory: '4Gi' })] } };
  expect(scores(pod)).toEqual([750, 500, 750]);
});

test('what the node cannot do without goes last, what the cluster cannot does not', () => {
  const critical = (priorityClassName: string) => scores(alone(container('c'), { containers: [], priorityClassName, priority: 2_000_000_000 }));
  expect(critical('system-node-critical')).toEqual([-997]);
  expect(critical('system-cluster-critical')).toEqual([1000]);
});
