import { expect, test } from 'vitest';
import type { Container, Deployment, Node, Pod, PodTemplateSpec, ReplicaSet, Service } from '../../generated/types/index.ts';
import { CidrSet } from './cidr-set.ts';
import { findNewSet, planCleanup, planRollout, planScale } from './deployment-plan.ts';
import { deploymentStatus, rolloutStatus } from './deployment-status.ts';
import { planSlices } from './endpoint-slice-plan.ts';
import { planSubsets } from './endpoints.ts';
import { planTaints } from './node-lifecycle.ts';
import { planReplicas, slowStartBatches } from './replica-plan.ts';
import { templateHash } from './template-hash.ts';

const nowMs = Date.parse('2026-01-01T01:00:00Z');
const template = (image: string) => ({ metadata: { labels: { app: 'web' } }, spec: { containers: [{ name: 'c', image }] } });

function deployment(replicas: number, spec: Partial<Deployment['spec']> = {}): Deployment {
  return {
    metadata: { name: 'web', namespace: 'default', generation: 1 },
    spec: {
      replicas,
      selector: { matchLabels: { app: 'web' } },
      template: template('nginx:2'),
      strategy: { type: 'RollingUpdate', rollingUpdate: { maxSurge: '25%', maxUnavailable: '25%' } },
      progressDeadlineSeconds: 600,
      revisionHistoryLimit: 10,
      ...spec,
    },
  };
}

function set(name: string, image: string, replicas: number, available = replicas, created = '2026-01-01T00:00:00Z'): ReplicaSet {
  const labels = { app: 'web', 'pod-template-hash': name };
  return {
    metadata: { name, namespace: 'default', creationTimestamp: created },
    spec: { replicas, selector: { matchLabels: labels }, template: { ...template(image), metadata: { labels } } },
    status: { replicas, readyReplicas: available, availableReplicas: available },
  };
}

function pod(
  name: string,
  options: { node?: string; ready?: boolean; phase?: string; restarts?: number; cost?: string; readyAt?: string; ip?: string } = {},
): Pod {
  const { node = 'n1', ready = true, phase = 'Running', restarts = 0, cost, readyAt = '2026-01-01T00:00:00Z', ip } = options;
  return {
    metadata: {
      name,
      namespace: 'default',
      uid: name,
      creationTimestamp: '2026-01-01T00:00:00Z',
      ...(cost ? { annotations: { 'controller.kubernetes.io/pod-deletion-cost': cost } } : {}),
    },
    spec: { containers: [{ name: 'c', ports: [{ name: 'http', containerPort: 8080 }] }], ...(node ? { nodeName: node } : {}) },
    status: {
      phase,
      ...(ip ? { podIP: ip, podIPs: [{ ip }] } : {}),
      conditions: [{ type: 'Ready', status: ready ? 'True' : 'False', lastTransitionTime: readyAt }],
      containerStatuses: [{ name: 'c', image: '', imageID: '', ready, restartCount: restarts }],
    },
  };
}

const sizes = (plan: readonly { set: ReplicaSet; replicas: number }[]) => plan.map((one) => `${one.set.metadata?.name}=${one.replicas}`);

test('a replica set makes what is missing in growing batches', () => {
  expect(planReplicas(set('a', 'x', 10), [pod('p')], [], nowMs).create).toBe(9);
  expect(slowStartBatches(9)).toEqual([1, 2, 4, 2]);
  expect(slowStartBatches(0)).toEqual([]);
});

test('what a replica set deletes first: unassigned, pending, unready, cheap, crowded, young, restarted', () => {
  const pods = [
    pod('steady', { node: 'n3' }),
    pod('restarted', { node: 'n4', restarts: 3 }),
    pod('fresh', { node: 'n5', readyAt: '2026-01-01T00:59:59Z' }),
    pod('crowded', { node: 'n2' }),
    pod('cheap', { cost: '-5', node: 'n6' }),
    pod('unready', { ready: false, node: 'n7' }),
    pod('pending', { phase: 'Pending', ready: false, node: 'n8' }),
    pod('unassigned', { node: '', phase: 'Pending', ready: false }),
  ];
  const related = [...pods, pod('other', { node: 'n2' })];
  const { remove } = planReplicas(set('a', 'x', 1), pods, related, nowMs);
  expect(remove.map((one) => one.metadata?.name)).toEqual(['unassigned', 'pending', 'unready', 'cheap', 'crowded', 'fresh', 'restarted']);
});

test('a rolling update surges, then takes from the old as the new become available', () => {
  const web = deployment(4);
  const [old, next] = [set('old', 'nginx:1', 4), set('new', 'nginx:2', 0)];
  expect(findNewSet(web, [old, next])).toBe(next);
  expect(sizes(planRollout(web, next, [old]))).toEqual(['new=1']);
  expect(sizes(planRollout(web, set('new', 'nginx:2', 1, 0), [old]))).toEqual(['old=3']);
  expect(sizes(planRollout(web, set('new', 'nginx:2', 2, 0), [set('old', 'nginx:1', 3)]))).toEqual([]);
  expect(sizes(planRollout(web, set('new', 'nginx:2', 2, 1), [set('old', 'nginx:1', 3)]))).toEqual(['old=2']);
  expect(sizes(planRollout(web, set('new', 'nginx:2', 4), [set('old', 'nginx:1', 1)]))).toEqual(['old=0']);
});

test('a rollout that is stuck still gives up old pods that serve nobody', () => {
  const web = deployment(4);
  expect(sizes(planRollout(web, set('new', 'nginx:2', 1, 0), [set('old', 'nginx:1', 4, 2)]))).toEqual(['old=3']);
});

test('an old set whose status is from before it shrank is left alone until it has counted again', () => {
  expect(sizes(planRollout(deployment(5), set('new', 'nginx:2', 3, 0), [set('old', 'nginx:1', 5, 11)]))).toEqual([]);
});

test('scaling in the midst of a rollout shares by size', () => {
  const web = deployment(10, { strategy: { type: 'RollingUpdate', rollingUpdate: { maxSurge: 3, maxUnavailable: 2 } } });
  const annotations = { 'deployment.kubernetes.io/desired-replicas': '10', 'deployment.kubernetes.io/max-replicas': '13' };
  const [old, next] = [set('old', 'nginx:1', 8), set('new', 'nginx:2', 5, 0)];
  for (const one of [old, next]) one.metadata = { ...one.metadata, annotations };
  const bigger = { ...web, spec: { ...web.spec!, replicas: 15 } };
  expect(sizes(planScale(bigger, next, [old]))).toEqual(['old=11', 'new=7']);
});

test('cleanup keeps the newest revisions and whatever still has pods', () => {
  const web = deployment(1, { revisionHistoryLimit: 1 });
  const olds = [1, 2, 3].map((revision) => {
    const one = set(`r${revision}`, `nginx:${revision}`, revision === 1 ? 1 : 0);
    one.metadata = { ...one.metadata, annotations: { 'deployment.kubernetes.io/revision': `${revision}` } };
    return one;
  });
  expect(planCleanup(web, olds).map((one) => one.metadata?.name)).toEqual(['r2']);
});

test('conditions in the course of a rollout', () => {
  const web = deployment(2);
  const started = rolloutStatus(web, [set('new', 'nginx:2', 2, 0)], set('new', 'nginx:2', 2, 0), nowMs);
  expect(started.conditions?.map(({ type, status, reason }) => `${type}=${status} ${reason}`)).toEqual([
    'Available=False MinimumReplicasUnavailable',
    'Progressing=True ReplicaSetUpdated',
  ]);
  const later = nowMs + 601_000;
  const stuck = rolloutStatus({ ...web, status: started }, [set('new', 'nginx:2', 2, 0)], set('new', 'nginx:2', 2, 0), later);
  expect(stuck.conditions?.at(-1)).toMatchObject({ reason: 'ProgressDeadlineExceeded', message: 'ReplicaSet "new" has timed out progressing.' });
  const done = rolloutStatus({ ...web, status: stuck }, [set('new', 'nginx:2', 2)], set('new', 'nginx:2', 2), later);
  expect(done.conditions?.at(-1)).toMatchObject({ reason: 'NewReplicaSetAvailable', message: 'ReplicaSet "new" has successfully progressed.' });
  expect(deploymentStatus(web, [], undefined, nowMs)).not.toHaveProperty('replicas');
});

test('the template hash is the one that clusters of 1.33 give, whatever the order of keys', () => {
  expect(templateHash(defaulted({ app: 'nginx' }, { name: 'nginx', image: 'nginx', imagePullPolicy: 'Always' }))).toBe('5869d7778c');
  const ports = [{ containerPort: 80, protocol: 'TCP' }];
  const web = defaulted({ app: 'nginx' }, { name: 'nginx', image: 'nginx:1.14.2', imagePullPolicy: 'IfNotPresent', ports });
  expect(templateHash(web)).toBe('647677fc66');
  expect(templateHash({ spec: web.spec!, metadata: web.metadata! })).toBe('647677fc66');
  expect(templateHash(web, 1)).not.toBe('647677fc66');
});

/** A template of one container as it is stored. */
function defaulted(labels: Record<string, string>, container: Container): PodTemplateSpec {
  const once = { resources: {}, terminationMessagePath: '/dev/termination-log', terminationMessagePolicy: 'File' };
  return {
    metadata: { labels },
    spec: {
      containers: [{ ...once, ...container }],
      dnsPolicy: 'ClusterFirst',
      restartPolicy: 'Always',
      schedulerName: 'default-scheduler',
      securityContext: {},
      terminationGracePeriodSeconds: 30,
    },
  };
}

const service: Service = {
  metadata: { name: 'svc', namespace: 'default', uid: 's' },
  spec: { selector: { app: 'web' }, clusterIP: '10.96.0.1', ports: [{ name: 'web', port: 80, targetPort: 'http' }] },
};

test('slices show ready, waiting and ending pods, and an empty service has an empty slice', () => {
  const ending = pod('ending', { ip: '10.244.1.3' });
  ending.metadata = { ...ending.metadata, deletionTimestamp: '2026-01-01T00:00:00Z' };
  const pods = [pod('a', { ip: '10.244.1.1' }), pod('b', { ip: '10.244.1.2', ready: false }), ending, pod('no-address')];
  const empty = planSlices(service, 'IPv4', [], [], () => undefined).create[0];
  expect(empty).toMatchObject({ metadata: { generateName: 'svc-' }, addressType: 'IPv4', endpoints: [], ports: [] });
  const named = { ...empty!, metadata: { ...empty?.metadata, name: 'svc-x' } };
  const plan = planSlices(service, 'IPv4', pods, [named], () => 'zone-a');
  expect([plan.create, plan.remove]).toEqual([[], []]);
  expect(plan.update[0]).toMatchObject({
    metadata: { name: 'svc-x', labels: { 'kubernetes.io/service-name': 'svc' } },
    ports: [{ name: 'web', port: 8080, protocol: 'TCP' }],
    endpoints: [
      { addresses: ['10.244.1.1'], conditions: { ready: true, serving: true, terminating: false }, zone: 'zone-a' },
      { addresses: ['10.244.1.2'], conditions: { ready: false, serving: false, terminating: false } },
      { addresses: ['10.244.1.3'], conditions: { ready: false, serving: true, terminating: true } },
    ],
  });
  expect(planSlices(service, 'IPv4', pods, plan.update, () => 'zone-a')).toEqual({ create: [], update: [], remove: [] });
});

test('where traffic is to stay close, ready endpoints are meant for their own zone', () => {
  const close = { ...service, spec: { ...service.spec, trafficDistribution: 'PreferClose' } };
  const pods = [pod('a', { ip: '10.244.1.1' }), pod('b', { ip: '10.244.1.2', ready: false })];
  const hints = (one: typeof service, zone?: string) =>
    planSlices(one, 'IPv4', pods, [], () => zone).create.map((slice) => slice.endpoints.map((endpoint) => endpoint.hints));
  expect(hints(close, 'zone-a')).toEqual([[{ forZones: [{ name: 'zone-a' }] }, undefined]]);
  expect(hints(close)).toEqual([[undefined, undefined]]);
  expect(hints({ ...close, metadata: { ...close.metadata, annotations: { 'service.kubernetes.io/topology-mode': 'Auto' } } }, 'zone-a')).toEqual([
    [undefined, undefined],
  ]);
});

test('a slice holds a hundred endpoints', () => {
  const pods = Array.from({ length: 250 }, (_, i) => pod(`p${i}`, { ip: `10.244.1.${i}` }));
  expect(planSlices(service, 'IPv4', pods, [], () => undefined).create.map((slice) => slice.endpoints.length)).toEqual([100, 100, 50]);
});

test('endpoints share a subset, ready and not ready apart, and ending pods are left out', () => {
  const two = {
    ...service,
    spec: {
      ...service.spec,
      ports: [
        { name: 'web', port: 80, targetPort: 'http' },
        { name: 'alt', port: 81, targetPort: 9000 },
      ],
    },
  };
  const ending = pod('ending', { ip: '10.244.1.3' });
  ending.metadata = { ...ending.metadata, deletionTimestamp: '2026-01-01T00:00:00Z' };
  const subsets = planSubsets(two, [pod('b', { ip: '10.244.1.2' }), pod('a', { ip: '10.244.1.1', ready: false }), ending]);
  expect(subsets).toMatchObject([
    {
      addresses: [{ ip: '10.244.1.2', nodeName: 'n1', targetRef: { kind: 'Pod', name: 'b' } }],
      notReadyAddresses: [{ ip: '10.244.1.1' }],
      ports: [
        { name: 'web', port: 8080, protocol: 'TCP' },
        { name: 'alt', port: 9000, protocol: 'TCP' },
      ],
    },
  ]);
});

test('taints follow conditions, and those of others stay', () => {
  const taint = (key: string, effect = 'NoSchedule') => ({ key, effect });
  const node = (status: string | undefined, taints: { key: string; effect: string }[]): Node => ({
    spec: { taints },
    status: { conditions: status ? [{ type: 'Ready', status }] : [] },
  });
  const other = taint('node-role.kubernetes.io/control-plane');
  const notReady = taint('node.kubernetes.io/not-ready');
  expect(planTaints(node(undefined, [notReady]), nowMs)).toBeUndefined();
  expect(planTaints(node('True', [other, notReady]), nowMs)).toEqual([other]);
  expect(planTaints(node('False', [other]), nowMs)?.map(({ key }) => key)).toEqual([other.key, notReady.key]);
  expect(planTaints(node('Unknown', [notReady]), nowMs)?.map(({ key }) => key)).toEqual(['node.kubernetes.io/unreachable']);
});

test('ranges are handed out in order, and used again', () => {
  const cidrs = new CidrSet('10.244.0.0/16', 24);
  cidrs.occupy('10.244.1.0/24');
  expect([cidrs.allocate(), cidrs.allocate()]).toEqual(['10.244.0.0/24', '10.244.2.0/24']);
  cidrs.release('10.244.0.0/24');
  expect(cidrs.allocate()).toBe('10.244.0.0/24');
});
