import { expect, test } from 'vitest';
import type { Container, Event, Pod, PodSpec, ResourceQuota, ResourceRequirements } from '../../generated/types/index.ts';
import { createClient, refs } from '../../src/client/index.ts';
import { simulatedCluster } from '../support/simulated-cluster.ts';

/** A node of eight processors, and somebody who resizes pods on it. */
async function cluster() {
  const { env, handler } = await simulatedCluster({ nodes: 1 });
  const client = createClient(handler, { username: 'admin', groups: ['system:masters'] }, { userAgent: 'test' });
  const key = (name: string) => ({ namespace: 'default', name });
  const pod = (name: string) => client.pods.get(key(name));
  return {
    advance: (seconds: number) => env.loop.advance(seconds * 1000),
    settle: () => env.loop.settle(),
    client,
    pod,
    create: async (name: string, container: Partial<Container>, spec: Partial<PodSpec> = {}) => {
      const command = ['sh', '-c', 'while :; do sleep 60; done'];
      await client.pods.create({
        metadata: key(name),
        spec: { terminationGracePeriodSeconds: 2, ...spec, containers: [{ name: 'c', image: 'busybox:1.36', command, ...container }] },
      });
      await env.loop.advance(20_000);
      expect((await pod(name)).status?.phase).toBe('Running');
    },
    resize: async (name: string, resources: ResourceRequirements) => {
      await client.pods.patch(key(name), 'strategic', { spec: { containers: [{ name: 'c', resources }] } }, 'resize');
      await env.loop.settle();
    },
    events: async (name: string) => {
      await env.loop.settle();
      const { items } = await client.events.list({ namespace: 'default' });
      return items.filter(({ involvedObject }: Readonly<Event>) => involvedObject.name === name).map(({ reason, message }) => `${reason}: ${message}`);
    },
  };
}

const resizeConditions = ({ status }: Readonly<Pod>) =>
  (status?.conditions ?? [])
    .filter(({ type }) => type.startsWith('PodResize'))
    .map(({ type, reason, message }) => [type, reason, message].filter(Boolean).join(' '));
const shown = ({ status }: Readonly<Pod>) => {
  const { resources, allocatedResources, restartCount } = status!.containerStatuses![0]!;
  return { resources, allocatedResources, restartCount };
};

test('a container gets more CPU while it runs: under way first, then in force, without a restart', async () => {
  const { create, resize, advance, pod } = await cluster();
  await create('p', { resources: { requests: { cpu: '50m' }, limits: { cpu: '100m', memory: '64Mi' } } });
  await resize('p', { requests: { cpu: '200m' }, limits: { cpu: '300m' } });
  const underWay = await pod('p');
  expect(resizeConditions(underWay)).toEqual(['PodResizeInProgress']);
  expect(shown(underWay)).toMatchObject({ resources: { limits: { cpu: '100m' } }, allocatedResources: { cpu: '200m', memory: '64Mi' } });
  await advance(1);
  const done = await pod('p');
  expect(resizeConditions(done)).toEqual([]);
  expect(shown(done)).toEqual({
    resources: { requests: { cpu: '200m', memory: '64Mi' }, limits: { cpu: '300m', memory: '64Mi' } },
    allocatedResources: { cpu: '200m', memory: '64Mi' },
    restartCount: 0,
  });
  expect(done.metadata?.generation).toBe(2);
});

test('a container whose policy asks for it is restarted with its new memory', async () => {
  const { create, resize, advance, pod, events } = await cluster();
  const resizePolicy = [{ resourceName: 'memory', restartPolicy: 'RestartContainer' }];
  await create('p', { resizePolicy, resources: { limits: { cpu: '100m', memory: '128Mi' } } });
  await resize('p', { requests: { memory: '64Mi' }, limits: { memory: '64Mi' } });
  expect(resizeConditions(await pod('p'))).toEqual(['PodResizeInProgress']);
  await advance(10);
  const after = await pod('p');
  expect(resizeConditions(after)).toEqual([]);
  expect(shown(after)).toMatchObject({ resources: { limits: { cpu: '100m', memory: '64Mi' } }, restartCount: 1 });
  expect(after.status?.containerStatuses?.[0]?.lastState?.terminated?.exitCode).toBe(137);
  expect(await events('p')).toContain('Killing: Container c resize requires restart');
});

test('what the node will never have is infeasible, and the container runs on with what it has', async () => {
  const { create, resize, pod } = await cluster();
  await create('p', { resources: { requests: { cpu: '100m' } } });
  await resize('p', { requests: { cpu: '1000' } });
  const waiting = await pod('p');
  expect(resizeConditions(waiting)).toEqual(["PodResizePending Infeasible Node didn't have enough capacity: cpu, requested: 1000000, capacity: 8000"]);
  expect(waiting.status?.conditions?.[0]?.type).toBe('PodResizePending');
  expect(shown(waiting)).toMatchObject({ resources: { requests: { cpu: '100m' } }, allocatedResources: { cpu: '100m' } });
  await resize('p', { requests: { cpu: '100m' } });
  expect(resizeConditions(await pod('p'))).toEqual([]);
});

test('what others use is given when they have gone', async () => {
  const { create, resize, advance, pod, client } = await cluster();
  await create('p', { resources: { requests: { cpu: '1' } } });
  await create('other', { resources: { requests: { cpu: '5' } } });
  await resize('p', { requests: { cpu: '4' } });
  expect(resizeConditions(await pod('p'))[0]).toMatch(
    /^PodResizePending Deferred Node didn't have enough resource: cpu, requested: 4000, used: \d+, capacity: 8000$/,
  );
  await client.pods.delete({ namespace: 'default', name: 'other' });
  await advance(90);
  expect(resizeConditions(await pod('p'))).toEqual([]);
  expect(shown(await pod('p')).resources).toEqual({ requests: { cpu: '4' } });
});

test('the scheduler counts the greater of what a pod asks for and what it still has', async () => {
  const { create, resize, advance, settle, pod, client } = await cluster();
  await create('p', { resources: { requests: { cpu: '1' } } });
  await resize('p', { requests: { cpu: '6' } });
  await advance(1);
  await client.pods.create({
    metadata: { namespace: 'default', name: 'late' },
    spec: { containers: [{ name: 'c', image: 'pause', resources: { requests: { cpu: '3' } } }] },
  });
  await settle();
  expect((await pod('late')).status?.conditions?.[0]?.message).toContain('Insufficient cpu');
  await resize('p', { requests: { cpu: '2' } });
  await advance(1);
  await settle();
  expect((await pod('late')).spec?.nodeName).toBeTruthy();
});

test('a container that would have been killed for its memory is not, once its limit is higher', async () => {
  const { create, resize, advance, pod } = await cluster();
  const greedy = { image: 'polinux/stress', command: ['sh', '-c', 'sleep 60; stress --vm 1 --vm-bytes 80M --vm-hang 0'] };
  for (const name of ['p', 'q']) await create(name, { ...greedy, resources: { limits: { memory: '64Mi' } } });
  await resize('p', { limits: { memory: '128Mi' } });
  await advance(60);
  expect((await pod('p')).status?.containerStatuses?.[0]).toMatchObject({ restartCount: 0, resources: { limits: { memory: '128Mi' } } });
  expect((await pod('q')).status?.containerStatuses?.[0]?.lastState?.terminated?.reason).toBe('OOMKilled');
});

test('a container that crashes for want of memory starts again at once when it has more', async () => {
  const { create, resize, advance, pod } = await cluster();
  const greedy = { image: 'polinux/stress', command: ['sh', '-c', 'sleep 30; stress --vm 1 --vm-bytes 80M --vm-hang 0'] };
  await create('p', { ...greedy, resources: { limits: { memory: '64Mi' } } });
  const state = async () => (await pod('p')).status?.containerStatuses?.[0]?.state;
  await advance(100); // Killed twice by now: twenty seconds of back-off.
  for (let i = 0; i < 30 && (await state())?.waiting?.reason !== 'CrashLoopBackOff'; i += 1) await advance(1);
  expect((await state())?.waiting?.reason).toBe('CrashLoopBackOff');
  await resize('p', { limits: { memory: '128Mi' } });
  await advance(5); // The image is looked for again.
  expect((await state())?.running).toBeDefined();
});

test('a sidecar is resized beside its container', async () => {
  const { create, advance, pod, client } = await cluster();
  const sidecar = { name: 's', image: 'busybox:1.36', command: ['sleep', '3600'], restartPolicy: 'Always', resources: { requests: { cpu: '50m' } } };
  await create('p', {}, { initContainers: [sidecar] });
  const wanted = { name: 's', resources: { requests: { cpu: '80m' } } };
  await client.pods.patch({ namespace: 'default', name: 'p' }, 'strategic', { spec: { initContainers: [wanted] } }, 'resize');
  await advance(2);
  const { initContainerStatuses, conditions } = (await pod('p')).status ?? {};
  expect(initContainerStatuses?.[0]).toMatchObject({ restartCount: 0, resources: { requests: { cpu: '80m' } }, allocatedResources: { cpu: '80m' } });
  expect(conditions?.some((one) => one.type.startsWith('PodResize'))).toBe(false);
});

test('a quota is charged for a pod that grows, and counts anew when one has shrunk', async () => {
  const { create, resize, advance, settle, client } = await cluster();
  const quotas = client.resource<ResourceQuota>(refs.resourceQuotas);
  await quotas.create({ metadata: { namespace: 'default', name: 'q' }, spec: { hard: { 'requests.cpu': '1' } } });
  await settle();
  const used = async () => (await quotas.get({ namespace: 'default', name: 'q' })).status?.used;
  await create('p', { resources: { requests: { cpu: '500m' } } });
  await resize('p', { requests: { cpu: '800m' } });
  expect(await used()).toEqual({ 'requests.cpu': '800m' });
  await expect(resize('p', { requests: { cpu: '1100m' } })).rejects.toThrow('exceeded quota: q, requested: requests.cpu=300m, used: requests.cpu=800m');
  await advance(2);
  await resize('p', { requests: { cpu: '200m' } });
  await advance(2);
  expect(await used()).toEqual({ 'requests.cpu': '200m' });
});

test('files of the downward API tell of a resize with the next sync of the pod', async () => {
  const { create, resize, advance, pod } = await cluster();
  const items = [{ path: 'cpu', resourceFieldRef: { containerName: 'c', resource: 'limits.cpu', divisor: '1m' } }];
  const command = ['sh', '-c', 'until [ "$(cat /etc/pod/cpu)" = 300 ]; do sleep 1; done; cat /etc/pod/cpu > /dev/termination-log; exit 3'];
  const resources = { requests: { cpu: '100m' }, limits: { cpu: '200m' } };
  const volumeMounts = [{ name: 'd', mountPath: '/etc/pod' }];
  await create('p', { command, resources, volumeMounts }, { volumes: [{ name: 'd', downwardAPI: { items } }], restartPolicy: 'Never' });
  await resize('p', { limits: { cpu: '300m' } });
  await advance(5);
  expect((await pod('p')).status?.containerStatuses?.[0]?.state?.terminated).toMatchObject({ exitCode: 3, message: '300' });
});
