import { expect, test } from 'vitest';
import type { Node, Pod, PodSpec } from '../../generated/types/index.ts';
import { admitPod } from './admission.ts';

const pod = (spec: Partial<PodSpec> = {}, name = 'p'): Pod => ({ metadata: { name, namespace: 'd' }, spec: { containers: [{ name: 'c' }], ...spec } });
const asks = (requests: Record<string, string>) => pod({ containers: [{ name: 'c', resources: { requests } }] });
const listens = (hostPort: number, hostIP?: string, protocol?: string) =>
  pod({ containers: [{ name: 'c', ports: [{ containerPort: 80, hostPort, ...(hostIP ? { hostIP } : {}), ...(protocol ? { protocol } : {}) }] }] });
const node: Node = {
  metadata: { name: 'n', labels: { 'kubernetes.io/os': 'linux', disk: 'ssd' } },
  spec: {
    taints: [
      { key: 'gone', effect: 'NoExecute' },
      { key: 'full', effect: 'NoSchedule' },
    ],
  },
};
const allocatable = { cpu: '2', memory: '1Gi', 'ephemeral-storage': '1Gi', pods: '3' };
const tolerations = [{ operator: 'Exists' }];
const admit = (one: Pod, others: Pod[] = [], room = { node, allocatable }) => admitPod({ ...one, spec: { tolerations, ...one.spec } as PodSpec }, others, room);
const reason = (...all: Parameters<typeof admit>) => {
  const rejection = admit(...all);
  return rejection && `${rejection.reason}: ${rejection.message}`;
};

test('what a node has not left is named with the amounts', () => {
  expect(reason(asks({ cpu: '2' }), [asks({ memory: '1Gi' })])).toBeUndefined();
  expect(reason(asks({ cpu: '1500m' }), [asks({ cpu: '600m' })])).toBe(
    "OutOfcpu: Node didn't have enough resource: cpu, requested: 1500, used: 600, capacity: 2000",
  );
  expect(reason(asks({ memory: '1Gi' }), [asks({ memory: '1' })])).toBe(
    "OutOfmemory: Node didn't have enough resource: memory, requested: 1073741824, used: 1, capacity: 1073741824",
  );
  expect(reason(asks({ 'ephemeral-storage': '2Gi' }))).toMatch(/^OutOfephemeral-storage: /);
  expect(reason(pod(), [pod(), pod(), pod()])).toBe("OutOfpods: Node didn't have enough resource: pods, requested: 1, used: 3, capacity: 3");
});

test('overhead counts, and an extended resource that the node does not know is not looked at', () => {
  const withOverhead = pod({ overhead: { cpu: '500m' }, containers: [{ name: 'c', resources: { requests: { cpu: '1600m' } } }] });
  expect(reason(withOverhead)).toMatch(/^OutOfcpu: .* requested: 2100, used: 0, capacity: 2000$/);
  expect(reason(asks({ 'example.com/gpu': '1' }))).toBeUndefined();
  expect(reason(asks({ 'example.com/gpu': '2' }), [], { node, allocatable: { ...allocatable, 'example.com/gpu': '1' } } as never)).toMatch(
    /^OutOfexample.com\/gpu: /,
  );
});

test('a node that the pod does not want refuses it, whether by selector or by affinity', () => {
  const text = "NodeAffinity: Predicate NodeAffinity failed: node(s) didn't match Pod's node affinity/selector";
  const required = (values: string[]) => ({ nodeSelectorTerms: [{ matchExpressions: [{ key: 'disk', operator: 'In', values }] }] });
  const wants = (values: string[]) => pod({ affinity: { nodeAffinity: { requiredDuringSchedulingIgnoredDuringExecution: required(values) } } });
  expect(reason(pod({ nodeSelector: { disk: 'hdd' } }))).toBe(text);
  expect(reason(wants(['hdd']))).toBe(text);
  expect(reason(wants(['hdd', 'ssd']))).toBeUndefined();
  expect(reason(pod({ nodeSelector: { 'kubernetes.io/os': 'windows' } }))).toMatch(/^PodOSSelectorNodeLabelDoesNotMatch: /);
  expect(reason(pod({ os: { name: 'windows' } }))).toMatch(/^PodOSNotSupported: /);
  // Of several reasons, what is short comes first.
  expect(reason(pod({ nodeSelector: { disk: 'hdd' }, containers: [{ name: 'c', resources: { requests: { cpu: '3' } } }] }))).toMatch(/^OutOfcpu/);
});

test('a host port that is taken refuses the pod; another address or protocol is another port', () => {
  const text = "NodePorts: Predicate NodePorts failed: node(s) didn't have free ports for the requested pod ports";
  expect(reason(listens(80), [listens(80)])).toBe(text);
  expect(reason(listens(80), [listens(80, '127.0.0.1')])).toBe(text);
  expect(reason(listens(80, '127.0.0.1'), [listens(80, '172.18.0.2')])).toBeUndefined();
  expect(reason(listens(80), [listens(80, undefined, 'UDP')])).toBeUndefined();
  const sidecar = pod({ initContainers: [{ name: 's', restartPolicy: 'Always', ports: [{ containerPort: 1, hostPort: 80 }] }] });
  expect(reason(listens(80), [sidecar])).toBe(text);
});

test('of taints, only NoExecute ones refuse a pod, and static pods not even they', () => {
  expect(admitPod(pod(), [], { node, allocatable })).toMatchObject({ reason: 'TaintToleration' });
  const fixed = pod();
  fixed.metadata = { ...fixed.metadata, annotations: { 'kubernetes.io/config.source': 'file' } };
  expect(admitPod(fixed, [], { node, allocatable })).toBeUndefined();
});
