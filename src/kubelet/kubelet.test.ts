import { expect, test } from 'vitest';
import type { ContainerStatus, Event, Pod, PodSpec } from '../../generated/types/index.ts';
import { InformerFactory, refs } from '../client/index.ts';
import { createEnv, nodeMachine, silentLog } from '../env/index.ts';
import { Kubelet } from './kubelet.ts';
import { FakeApi } from './testing/fake-api.ts';
import { FakeRuntime, FakeVolumes } from './testing/fake-runtime.ts';

const start = Date.parse('2026-01-01T00:00:00Z');

async function node() {
  const env = createEnv({ machine: nodeMachine, log: silentLog, seed: 1, start, mode: 'manual' });
  const api = new FakeApi(env);
  const client = api.client();
  const informers = new InformerFactory(client, env);
  const runtime = new FakeRuntime(env);
  const volumes = new FakeVolumes();
  runtime.catalogue.set('busybox', { sizeBytes: 2_156_519, pullMs: 1200 });
  runtime.catalogue.set('nginx:1.25', { sizeBytes: 70_000_000, pullMs: 2000 });
  const kubelet = new Kubelet({
    env,
    client,
    informers,
    runtime,
    volumes,
    nodeName: 'worker',
    nodeIp: '172.18.0.3',
    clusterDns: '10.96.0.10',
    clusterDomain: 'cluster.local',
    tokenFor: async () => ({ token: 'a-token', expiresAt: env.clock.now() + 3_600_000 }),
    node: { capacity: { cpu: '8', memory: '16Gi', pods: '110', 'ephemeral-storage': '100Gi' } },
  });
  informers.start();
  kubelet.start();
  await env.loop.settle();
  await client.nodes.patch({ name: 'worker' }, 'merge', { spec: { podCIDR: '10.244.1.0/24' } });
  await env.loop.settle();
  const create = async (name: string, spec: PodSpec, extra: object = {}) => {
    await client.pods.create({
      metadata: { name, namespace: 'default' },
      spec: { restartPolicy: 'Always', nodeName: 'worker', ...spec },
      status: { phase: 'Pending' },
      ...extra,
    });
    await env.loop.settle();
  };
  const pod = (name: string) => client.pods.get({ namespace: 'default', name });
  const events = async () => {
    await env.loop.settle();
    const { items } = await api.resource(refs.events).list();
    return (items as unknown as Event[]).filter((one) => one.involvedObject.kind === 'Pod').map((one) => `${one.type} ${one.reason}: ${one.message}`);
  };
  return { env, api, client, runtime, volumes, kubelet, create, pod, events };
}

/** One word for each state that a watcher would see, repetitions left out. */
function shown(history: readonly unknown[], name: string): string[] {
  const words = (history as Pod[]).filter((one) => one.metadata?.name === name).map(wordOf);
  return words.filter((word, index) => word !== words[index - 1]);
}

function wordOf({ spec, status, metadata }: Pod): string {
  if (metadata?.deletionTimestamp) return 'Terminating';
  const init = status?.initContainerStatuses ?? [];
  const done = init.filter((one) => one.state?.terminated?.exitCode === 0).length;
  const stuck = init.find((one) => !(one.state?.terminated?.exitCode === 0));
  const reason = (one: ContainerStatus) => one.state?.waiting?.reason ?? one.state?.terminated?.reason ?? '';
  if (stuck) return reason(stuck) && reason(stuck) !== 'PodInitializing' ? `Init:${reason(stuck)}` : `Init:${done}/${spec?.initContainers?.length}`;
  const app = status?.containerStatuses?.find((one) => reason(one));
  return app ? reason(app) : (status?.phase ?? '');
}

const busybox = (name: string) => ({ name, image: 'busybox', imagePullPolicy: 'Always' });

test('a node is registered, gets its network, becomes ready, and renews its lease', async () => {
  const { env, client } = await node();
  const registered = await client.nodes.get({ name: 'worker' });
  expect(registered.metadata?.labels).toMatchObject({ 'kubernetes.io/hostname': 'worker', 'kubernetes.io/os': 'linux' });
  expect(registered.status?.conditions?.map((one) => `${one.type}=${one.status} ${one.reason}`)).toEqual([
    'MemoryPressure=False KubeletHasSufficientMemory',
    'DiskPressure=False KubeletHasNoDiskPressure',
    'PIDPressure=False KubeletHasSufficientPID',
    'Ready=True KubeletReady',
  ]);
  await env.loop.advance(20_000);
  const lease = await client.leases.get({ namespace: 'kube-node-lease', name: 'worker' });
  expect(lease.spec?.renewTime).toBe('2026-01-01T00:00:20.000000Z');
});

test('init containers run one after the other, and every state on the way is shown once', async () => {
  const { env, api, runtime, create, pod, events } = await node();
  runtime.programs.set('init-a', { exitAfterMs: 5000 });
  runtime.programs.set('init-b', { exitAfterMs: 5000 });
  await create('myapp', { initContainers: [busybox('init-a'), busybox('init-b')], containers: [busybox('app')] });
  const waiting = await pod('myapp');
  expect(waiting.status?.conditions?.map((one) => [one.type, one.status, one.message])).toEqual([
    ['PodReadyToStartContainers', 'False', undefined],
    ['Initialized', 'False', 'containers with incomplete status: [init-a init-b]'],
    ['Ready', 'False', 'containers with unready status: [app]'],
    ['ContainersReady', 'False', 'containers with unready status: [app]'],
    ['PodScheduled', 'True', undefined],
  ]);
  await env.loop.advance(60_000);
  expect(shown(api.podHistory, 'myapp')).toEqual(['Pending', 'Init:0/2', 'Init:1/2', 'PodInitializing', 'Running']);
  const running = await pod('myapp');
  expect(running.status).toMatchObject({ phase: 'Running', podIP: '10.244.1.2', hostIP: '172.18.0.3', qosClass: 'BestEffort' });
  expect(running.status?.containerStatuses?.[0]).toMatchObject({ ready: true, started: true, restartCount: 0, image: 'docker.io/library/busybox:latest' });
  expect((await events()).slice(0, 4)).toEqual([
    'Normal Pulling: Pulling image "busybox"',
    'Normal Pulled: Successfully pulled image "busybox" in 1.2s (1.2s including waiting). Image size: 2156519 bytes.',
    'Normal Created: Created container: init-a',
    'Normal Started: Started container init-a',
  ]);
});

test('an image that does not exist backs off, and a corrected one heals the pod', async () => {
  const { env, api, client, create, pod, events } = await node();
  await create('web', { containers: [{ name: 'nginx', image: 'nginx:1.41' }] });
  await env.loop.advance(1000);
  expect(wordOf(await pod('web'))).toBe('ErrImagePull');
  await env.loop.advance(1000);
  const [status] = (await pod('web')).status?.containerStatuses ?? [];
  expect(status?.state?.waiting?.reason).toBe('ImagePullBackOff');
  expect(status?.state?.waiting?.message).toMatch(
    /^Back-off pulling image "nginx:1.41": ErrImagePull: rpc error: code = NotFound desc = failed to pull and unpack/,
  );
  await env.loop.advance(10_000);
  expect(shown(api.podHistory, 'web')).toEqual(['Pending', 'ContainerCreating', 'ErrImagePull', 'ImagePullBackOff', 'ErrImagePull']);
  await client.pods.patch({ namespace: 'default', name: 'web' }, 'merge', { spec: { containers: [{ name: 'nginx', image: 'nginx:1.25' }] } });
  await env.loop.advance(5000);
  expect(wordOf(await pod('web'))).toBe('Running');
  expect(await events()).toContain('Warning Failed: Error: ImagePullBackOff');
});

test('a container that crashes is restarted at once, then after 10, 20, 40 seconds', async () => {
  const { env, runtime, create, pod, events } = await node();
  runtime.programs.set('app', { exitAfterMs: 0, exitCode: 1 });
  await create('crash', { containers: [{ name: 'app', image: 'busybox', imagePullPolicy: 'IfNotPresent' }] });
  const restarts = async () => (await pod('crash')).status?.containerStatuses?.[0]?.restartCount;
  await env.loop.advance(1200);
  expect(await restarts()).toBe(1);
  await env.loop.advance(9000);
  const [waiting] = (await pod('crash')).status?.containerStatuses ?? [];
  expect(waiting?.state?.waiting?.reason).toBe('CrashLoopBackOff');
  expect(waiting?.state?.waiting?.message).toMatch(/^back-off 10s restarting failed container=app pod=crash_default\(/);
  expect(waiting?.lastState?.terminated).toMatchObject({ exitCode: 1, reason: 'Error' });
  await env.loop.advance(1000);
  expect(await restarts()).toBe(2);
  await env.loop.advance(19_000);
  expect(await restarts()).toBe(2);
  await env.loop.advance(1000);
  expect(await restarts()).toBe(3);
  expect((await events()).some((text) => text.startsWith('Warning BackOff: Back-off restarting failed container app in pod crash_default('))).toBe(true);
});

test('a failing init container ends a pod that is never restarted', async () => {
  const { env, api, runtime, create, pod } = await node();
  runtime.programs.set('init', { exitAfterMs: 1000, exitCode: 1 });
  await create('never', { restartPolicy: 'Never', initContainers: [busybox('init')], containers: [busybox('app')] });
  await env.loop.advance(60_000);
  expect((await pod('never')).status?.phase).toBe('Failed');
  expect(shown(api.podHistory, 'never')).toEqual(['Pending', 'Init:0/1', 'Init:Error']);
  expect(runtime.listContainers().map((one) => one.name)).toEqual(['init']);
});

/** Phase, what the condition Ready says, and whether the sandbox is up, as a watcher sees them change. */
function course(history: readonly unknown[], name: string): string[] {
  const lines = (history as Pod[]).flatMap(({ metadata, status }) => {
    const condition = (type: string) => status?.conditions?.find((one) => one.type === type);
    if (metadata?.name !== name || !condition('Ready')) return [];
    return [`${status?.phase} ${condition('Ready')?.reason ?? 'Ready'} ${condition('PodReadyToStartContainers')?.status}`];
  });
  return lines.filter((line, index) => line !== lines[index - 1]);
}

test.each<[string, number, string, string]>([
  ['that failed waits for its back-off in sight', 1, 'Always', 'CrashLoopBackOff after Error'],
  ['that ended well does not', 0, 'Always', 'Completed'],
  ['of a pod that is never restarted does not, and what it was before is forgotten', 1, 'Never', 'Error'],
])('a sidecar %s', async (_name, exitCode, restartPolicy, expected) => {
  const { env, runtime, create, pod } = await node();
  runtime.programs.set('side', { exitAfterMs: 3_000, exitCode });
  const side = { ...busybox('side'), restartPolicy: 'Always' };
  await create('p', { restartPolicy, initContainers: [side], containers: [busybox('app')] });
  await env.loop.advance(12_000); // It has ended twice, and waits for the third start.
  const [status] = (await pod('p')).status?.initContainerStatuses ?? [];
  const { state, lastState } = status ?? {};
  const last = lastState?.terminated?.reason;
  expect(`${state?.waiting?.reason ?? state?.terminated?.reason}${last ? ` after ${last}` : ''}`).toBe(expected);
  expect(status?.restartCount).toBe(1);
});

test('a job-like pod completes: its conditions say so first, its phase when all of it has stopped', async () => {
  const { env, api, runtime, create, pod } = await node();
  runtime.programs.set('app', { exitAfterMs: 1000 });
  await create('job', { restartPolicy: 'OnFailure', containers: [busybox('app')] });
  await env.loop.advance(10_000);
  expect(course(api.podHistory, 'job')).toEqual([
    'Pending ContainersNotReady False',
    'Running Ready True',
    'Running PodCompleted True',
    'Succeeded PodCompleted False',
  ]);
  const { status } = await pod('job');
  expect(status?.phase).toBe('Succeeded');
  expect(status?.conditions?.find((one) => one.type === 'Ready')).toMatchObject({ status: 'False', reason: 'PodCompleted' });
});

test('a pod past its deadline has failed by its conditions at once, by its phase when its containers have ended', async () => {
  const { env, api, runtime, create, pod } = await node();
  runtime.programs.set('app', { ignoresTerm: true });
  await create('late', { activeDeadlineSeconds: 10, terminationGracePeriodSeconds: 5, containers: [busybox('app')] });
  await env.loop.advance(11_000);
  expect((await pod('late')).status).toMatchObject({ phase: 'Running', containerStatuses: [{ state: { running: {} } }] });
  expect((await pod('late')).status).not.toHaveProperty('reason');
  await env.loop.advance(10_000);
  expect((await pod('late')).status).toMatchObject({ phase: 'Failed', reason: 'DeadlineExceeded' });
  expect(course(api.podHistory, 'late')).toEqual([
    'Pending ContainersNotReady False',
    'Running Ready True',
    'Running PodFailed True',
    'Failed PodFailed False',
  ]);
});

test('a pod that is deleted before its containers have run has failed, and they with it, once their turn had come', async () => {
  const { env, api, client, create } = await node();
  await create('unpulled', { containers: [{ name: 'app', image: 'nowhere' }] });
  await create('unready', { initContainers: [busybox('init')], containers: [busybox('app')] });
  await env.loop.advance(5000);
  for (const name of ['unpulled', 'unready']) await client.pods.delete({ namespace: 'default', name });
  await env.loop.advance(40_000);
  const last = (name: string) => (api.podHistory as Pod[]).findLast((one) => one.metadata?.name === name && one.status?.conditions)?.status;
  const message = 'The container could not be located when the pod was terminated';
  const lost = { terminated: { exitCode: 137, reason: 'ContainerStatusUnknown', message } };
  expect(last('unpulled')).toMatchObject({ phase: 'Failed', containerStatuses: [{ name: 'app', state: lost }] });
  expect(last('unready')).toMatchObject({ phase: 'Failed', containerStatuses: [{ name: 'app', state: { waiting: { reason: 'PodInitializing' } } }] });
  for (const name of ['unpulled', 'unready']) {
    expect(last(name)?.conditions).toContainEqual(expect.objectContaining({ type: 'Ready', status: 'False', reason: 'ContainersNotReady' }));
  }
});

test('a deleted pod runs preStop, gets TERM, is killed after its grace period, and goes', async () => {
  const { env, client, runtime, create, pod, events } = await node();
  runtime.programs.set('app', { ignoresTerm: true });
  const hooks: string[] = [];
  runtime.execAnswer = (_name, command) => {
    hooks.push(command.join(' '));
    return 0;
  };
  await create('gone', { containers: [{ ...busybox('app'), lifecycle: { preStop: { exec: { command: ['quit'] } } } }] });
  await env.loop.advance(5000);
  await client.pods.delete({ namespace: 'default', name: 'gone' });
  await env.loop.advance(29_000);
  expect(hooks).toEqual(['quit']);
  expect((await pod('gone')).status?.phase).toBe('Running');
  await env.loop.advance(1000);
  await expect(pod('gone')).rejects.toThrow('pods "gone" not found');
  expect(await events()).toContain('Normal Killing: Stopping container app');
  expect(runtime.listContainers()).toEqual([]);
  expect(runtime.listPodSandboxes()).toEqual([]);
});

test('a slow pull holds the pulls of other pods, which tell how long they waited, but no image that is there, nor its own deletion', async () => {
  const { env, client, runtime, create, pod, events } = await node();
  await create('first', { containers: [busybox('app')] });
  await env.loop.advance(2000);
  runtime.catalogue.set('huge', { sizeBytes: 1, pullMs: 3_600_000 });
  await create('slow', { containers: [{ name: 'app', image: 'huge' }] });
  await create('waits', { containers: [{ name: 'app', image: 'nginx:1.25' }] });
  await create('quick', { containers: [{ ...busybox('app'), imagePullPolicy: 'IfNotPresent' }] });
  await env.loop.advance(5000);
  expect((await pod('quick')).status?.phase).toBe('Running');
  expect((await pod('waits')).status?.phase).toBe('Pending');
  await client.pods.delete({ namespace: 'default', name: 'slow' });
  await env.loop.advance(3000);
  await expect(pod('slow')).rejects.toThrow('not found');
  await env.loop.advance(3_600_000);
  expect(await events()).toContain('Normal Pulled: Successfully pulled image "nginx:1.25" in 2s (1h0m2s including waiting). Image size: 70000000 bytes.');
});

test('a failing liveness probe restarts its container with the reason in the event', async () => {
  const { env, runtime, create, pod, events } = await node();
  let healthy = true;
  runtime.execAnswer = () => (healthy ? 0 : 1);
  const livenessProbe = { exec: { command: ['test', '-e', '/tmp/abc.txt'] }, initialDelaySeconds: 1, periodSeconds: 3, failureThreshold: 3 };
  await create('live', { terminationGracePeriodSeconds: 30, containers: [{ ...busybox('app'), livenessProbe }] });
  await env.loop.advance(30_000);
  expect((await pod('live')).status?.containerStatuses?.[0]?.restartCount).toBe(0);
  healthy = false;
  await env.loop.advance(10_000);
  expect(await events()).toEqual(
    expect.arrayContaining(['Warning Unhealthy: Liveness probe failed: ', 'Normal Killing: Container app failed liveness probe, will be restarted']),
  );
  healthy = true;
  await env.loop.advance(20_000);
  expect((await pod('live')).status?.containerStatuses?.[0]).toMatchObject({ restartCount: 1, ready: true });
});

test('a watcher sees that a container has started before it sees that it is ready', async () => {
  const { env, api, create } = await node();
  const started = { exec: { command: ['true'] }, initialDelaySeconds: 2 };
  await create('p', { containers: [{ ...busybox('app'), startupProbe: started }] });
  await env.loop.advance(10_000);
  const seen = (api.podHistory as Pod[]).flatMap(({ status }) => status?.containerStatuses ?? []).filter((one) => one.state?.running);
  expect(seen.map(({ started, ready }) => [started, ready])).toEqual([
    [false, false],
    [true, false],
    [true, true],
  ]);
});

test('readiness by TCP keeps a pod unready while nothing listens', async () => {
  const { env, create, pod, events } = await node();
  await create('tcp', { containers: [{ ...busybox('app'), readinessProbe: { tcpSocket: { port: 6380 }, periodSeconds: 3 } }] });
  await env.loop.advance(5000);
  expect((await pod('tcp')).status?.containerStatuses?.[0]).toMatchObject({ ready: false, started: true });
  expect(await events()).toContain('Warning Unhealthy: Readiness probe failed: dial tcp 10.244.1.2:6380: connect: connection refused');
});

test('a volume whose source is missing is tried again until it is there', async () => {
  const { env, client, volumes, create, pod, events } = await node();
  const volume = { name: 'cfg', configMap: { name: 'settings' } };
  await create('vol', { volumes: [volume], containers: [{ ...busybox('app'), volumeMounts: [{ name: 'cfg', mountPath: '/etc/cfg' }] }] });
  await env.loop.advance(2000);
  expect(wordOf(await pod('vol'))).toBe('ContainerCreating');
  expect(await events()).toContain('Warning FailedMount: MountVolume.SetUp failed for volume "cfg" : configmap "settings" not found');
  await client.configMaps.create({ metadata: { name: 'settings', namespace: 'default' }, data: { a: '1' } });
  await env.loop.advance(10_000);
  expect((await pod('vol')).status?.phase).toBe('Running');
  expect([...volumes.files.values()].flat()).toEqual([{ path: 'a', data: '1', mode: 0o644 }]);
});

test('environment variables come from fields, config maps and Services, and expand each other', async () => {
  const { env, client, runtime, create } = await node();
  await client.configMaps.create({ metadata: { name: 'settings', namespace: 'default' }, data: { level: 'high' } });
  await client.services.create({
    metadata: { name: 'my-db', namespace: 'default' },
    spec: { clusterIP: '10.96.1.1', ports: [{ port: 5432, protocol: 'TCP' }] },
  });
  await create('env', {
    containers: [
      {
        ...busybox('app'),
        args: ['$(GREETING)', '$$(GREETING)', '$(ABSENT)'],
        env: [
          { name: 'NAME', valueFrom: { fieldRef: { fieldPath: 'metadata.name' } } },
          { name: 'LEVEL', valueFrom: { configMapKeyRef: { name: 'settings', key: 'level' } } },
          { name: 'GREETING', value: 'I am $(NAME) on $(MY_DB_SERVICE_HOST)' },
        ],
      },
    ],
  });
  await env.loop.advance(2000);
  const config = runtime.configOf('app');
  expect(config?.env.slice(0, 3)).toEqual([
    { name: 'NAME', value: 'env' },
    { name: 'LEVEL', value: 'high' },
    { name: 'GREETING', value: 'I am env on 10.96.1.1' },
  ]);
  expect(config?.env).toContainEqual({ name: 'MY_DB_PORT_5432_TCP', value: 'tcp://10.96.1.1:5432' });
  expect(config?.args).toEqual(['I am env on 10.96.1.1', '$(GREETING)', '$(ABSENT)']);
});

test('a pod that asks for more than the node has left is refused', async () => {
  const { create, pod } = await node();
  await create('big', { containers: [{ ...busybox('app'), resources: { requests: { cpu: '9' } } }] });
  expect((await pod('big')).status).toMatchObject({
    phase: 'Failed',
    reason: 'OutOfcpu',
    message: "Pod was rejected: Node didn't have enough resource: cpu, requested: 9000, used: 0, capacity: 8000",
  });
});

test('logs are cut to their end, and a container that waits says why', async () => {
  const { env, kubelet, create, runtime } = await node();
  runtime.programs.set('init', { exitAfterMs: 60_000 });
  await create('logs', { initContainers: [busybox('init')], containers: [busybox('app')] });
  await env.loop.advance(2000);
  const ask = { namespace: 'default', name: 'logs', uid: '' };
  const options = { follow: false, previous: false, timestamps: false };
  await expect(kubelet.containerLogs(ask, { ...options, container: 'app' })).rejects.toThrow(
    'container "app" in pod "logs" is waiting to start: PodInitializing',
  );
  await expect(kubelet.containerLogs(ask, { ...options, container: 'init', previous: true })).rejects.toThrow(
    'previous terminated container "init" in pod "logs" not found',
  );
  let text = '';
  const flow = await kubelet.containerLogs(ask, { ...options, container: 'init', tailLines: 2 });
  flow({ data: (chunk) => (text += new TextDecoder().decode(chunk)), end: () => (text += '.') });
  await env.loop.settle();
  expect(text).toBe('two\nthree\n.');
});

test('a kubelet that was stopped catches up with what has happened meanwhile', async () => {
  const { env, client, kubelet, runtime, create, pod } = await node();
  runtime.programs.set('app', { exitAfterMs: 60_000, exitCode: 1 });
  await create('stays', { containers: [busybox('app')] });
  await create('goes', { containers: [busybox('other')] });
  await env.loop.advance(5000);
  kubelet.stop();
  await env.loop.advance(120_000);
  expect((await pod('stays')).status?.containerStatuses?.[0]?.restartCount).toBe(0);
  await client.pods.delete({ namespace: 'default', name: 'goes' }, { gracePeriodSeconds: 0 });
  kubelet.start();
  await env.loop.advance(10_000);
  expect((await pod('stays')).status?.containerStatuses?.[0]).toMatchObject({ restartCount: 1, ready: true });
  expect(runtime.listContainers().filter((one) => one.state === 'running')).toHaveLength(1);
});

test('what changes in a config map or secret is in the volumes a minute later, and nobody watches after the pod', async () => {
  const { env, api, client, volumes, create } = await node();
  await client.configMaps.create({ metadata: { name: 'settings', namespace: 'default' }, data: { color: 'red' } });
  await client.secrets.create({ metadata: { name: 'keys', namespace: 'default' }, data: { key: 'YQ==' } });
  const projected = { sources: [{ secret: { name: 'keys' } }] };
  await create('web', {
    containers: [busybox('c')],
    volumes: [
      { name: 'settings', configMap: { name: 'settings' } },
      { name: 'keys', projected },
    ],
  });
  await env.loop.advance(130_000);
  const shownFiles = () => [...volumes.files.values()].flat().map(({ path, data }) => `${path}=${Buffer.from(data).toString()}`);
  expect(shownFiles()).toEqual(['color=red', 'key=a']);
  await client.configMaps.patch({ namespace: 'default', name: 'settings' }, 'merge', { data: { color: 'blue' } });
  await client.secrets.patch({ namespace: 'default', name: 'keys' }, 'merge', { data: { key: 'Yg==' } });
  await env.loop.settle();
  expect(shownFiles()).toEqual(['color=red', 'key=a']);
  await env.loop.advance(60_000);
  expect(shownFiles()).toEqual(['color=blue', 'key=b']);
  await client.pods.delete({ namespace: 'default', name: 'web' }, { gracePeriodSeconds: 0 });
  await env.loop.advance(5000);
  expect(api.resource(refs.configMaps).watchers).toBe(0);
});

test("a probe's own grace period is what its container gets when it fails, not the pod's", async () => {
  const { env, runtime, create, pod } = await node();
  runtime.programs.set('app', { ignoresTerm: true });
  runtime.execAnswer = () => 1;
  const livenessProbe = { exec: { command: ['false'] }, periodSeconds: 1, failureThreshold: 1, terminationGracePeriodSeconds: 4 };
  await create('stuck', { terminationGracePeriodSeconds: 600, containers: [{ name: 'app', image: 'busybox', livenessProbe }] });
  await env.loop.advance(1200); // The image is there, and the first probe fails at once.
  await env.loop.advance(3900);
  expect((await pod('stuck')).status?.containerStatuses?.[0]?.restartCount).toBe(0);
  await env.loop.advance(2000);
  const [status] = (await pod('stuck')).status?.containerStatuses ?? [];
  expect(status?.lastState?.terminated?.exitCode ?? status?.state?.terminated?.exitCode).toBe(137);
});

const manifestOf = (image: string) => [
  {
    name: 'web.yaml',
    data: Buffer.from(
      `{ apiVersion: v1, kind: Pod, metadata: { name: web }, spec: { terminationGracePeriodSeconds: 40, containers: [{ name: c, image: ${image} }] } }`,
    ),
  },
];
const manifestFolder = '/etc/kubernetes/manifests';

test('a static pod that makes way for another one while its kubelet is stopped: the other one starts with the kubelet', async () => {
  const { env, runtime, volumes, kubelet } = await node();
  runtime.programs.set('c', { ignoresTerm: true });
  const running = () => runtime.listContainers().flatMap((one) => (one.state === 'running' ? one.imageReference : []));
  volumes.host.set(manifestFolder, manifestOf('busybox'));
  await env.loop.advance(30_000);
  expect(running()).toEqual(['busybox']);
  volumes.host.set(manifestFolder, manifestOf('nginx:1.25'));
  await env.loop.advance(20_000);
  kubelet.stop();
  await env.loop.advance(100_000);
  expect(running()).toEqual([]);
  kubelet.start();
  await env.loop.advance(30_000);
  expect(running()).toEqual(['nginx:1.25']);
});

test('a static pod whose manifest goes just before its kubelet is stopped ends when that is started again', async () => {
  const { env, runtime, volumes, kubelet } = await node();
  volumes.host.set(manifestFolder, manifestOf('busybox'));
  await env.loop.advance(20_000);
  await env.loop.advance(10_000);
  volumes.host.set(manifestFolder, []);
  env.loop.after(10_000, 'stop in the same moment', () => kubelet.stop());
  await env.loop.advance(10_000);
  kubelet.start();
  await env.loop.advance(100_000);
  expect(runtime.listContainers().filter((one) => one.state === 'running')).toEqual([]);
});
