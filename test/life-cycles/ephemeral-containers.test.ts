import { afterAll, beforeAll, expect, test } from 'vitest';
import type { EphemeralContainer } from '../../generated/types/index.ts';
import type { Cluster } from '../../src/cluster/index.ts';
import { simulatedCluster } from '../support/simulated-cluster.ts';

let cluster: Cluster;
beforeAll(async () => {
  cluster = await simulatedCluster({ nodes: 1 });
  await cluster.admin.pods.create({
    metadata: { name: 'app', namespace: 'default' },
    spec: { containers: [{ name: 'main', image: 'busybox', command: ['sh', '-c', 'trap "exit 0" TERM; while :; do sleep 1; done'] }] },
  });
  await cluster.env.loop.advance(5000);
}, 60_000);
afterAll(() => cluster.stop());

const key = { namespace: 'default', name: 'app' };

/** Adds an ephemeral container, as `kubectl debug` does, and returns its status some seconds later. */
async function debug(container: EphemeralContainer, seconds = 10) {
  await cluster.admin.pods.patch(key, 'strategic', { spec: { ephemeralContainers: [container] } }, 'ephemeralcontainers');
  await cluster.env.loop.advance(seconds * 1000);
  const { status } = await cluster.admin.pods.get(key);
  return { status: status?.ephemeralContainerStatuses?.find((one) => one.name === container.name), pod: status };
}

test('an ephemeral container that ends is not started again, whatever its exit code, and the pod stays as it was', async () => {
  const { status, pod } = await debug({ name: 'once', image: 'busybox', command: ['sh', '-c', 'echo hi; exit 3'] }, 400);
  expect(status).toEqual({
    name: 'once',
    image: 'docker.io/library/busybox:latest',
    imageID: expect.stringMatching(/^docker\.io\/library\/busybox@sha256:/),
    containerID: expect.stringMatching(/^containerd:\/\//),
    state: {
      terminated: {
        exitCode: 3,
        reason: 'Error',
        startedAt: expect.any(String),
        finishedAt: expect.any(String),
        containerID: expect.stringMatching(/^containerd:\/\//),
      },
    },
    lastState: {},
    ready: false,
    restartCount: 0,
  });
  expect(pod?.phase).toBe('Running');
  expect(pod?.conditions?.find((one) => one.type === 'Ready')?.status).toBe('True');
});

test('an ephemeral container whose image is not there is tried again', async () => {
  const { status } = await debug({ name: 'stuck', image: 'busybox:nosuch' });
  expect(['ErrImagePull', 'ImagePullBackOff']).toContain(status?.state?.waiting?.reason);
  expect(status).toMatchObject({ ready: false, restartCount: 0, imageID: '' });
});

test('ephemeral containers come through their subresource alone', async () => {
  const added = { spec: { ephemeralContainers: [{ name: 'aside', image: 'busybox' }] } };
  await expect(cluster.admin.pods.patch(key, 'strategic', added)).rejects.toThrow('spec: Forbidden: pod updates may not change fields other than');
  const pod = await cluster.admin.pods.get(key);
  expect(pod.spec?.ephemeralContainers).not.toBeUndefined();
  const { ephemeralContainers: _, ...spec } = pod.spec!;
  await expect(cluster.admin.pods.update({ ...pod, spec })).rejects.toThrow('spec: Forbidden: pod updates may not change fields other than');
});

test('an ephemeral container with a target sees its processes; alone it sees its own', async () => {
  const exitOf = async (container: EphemeralContainer) => (await debug(container)).status?.state?.terminated?.exitCode;
  const script = { image: 'busybox', command: ['sh', '-c', 'ps > /dev/termination-log'] };
  const message = async (container: EphemeralContainer) => (await debug(container)).status?.state?.terminated?.message;
  expect(await message({ name: 'inside', targetContainerName: 'main', ...script })).toContain('while :');
  expect(await message({ name: 'outside', ...script })).not.toContain('while :');
  expect(await exitOf({ name: 'killer', image: 'busybox', targetContainerName: 'main', command: ['kill', '-TERM', '1'] })).toBe(0);
});

test('a target that has ended leaves its debugger waiting with CreateContainerError, in the words of the runtime', async () => {
  const spec = {
    restartPolicy: 'Never',
    containers: [
      { name: 'over', image: 'busybox', command: ['true'] },
      { name: 'on', image: 'busybox', command: ['sleep', '100000'] },
    ],
  };
  await cluster.admin.pods.create({ metadata: { name: 'half', namespace: 'default' }, spec });
  await cluster.env.loop.advance(5000);
  const half = { namespace: 'default', name: 'half' };
  const debuggers = { spec: { ephemeralContainers: [{ name: 'late', image: 'busybox', targetContainerName: 'over' }] } };
  await cluster.admin.pods.patch(half, 'strategic', debuggers, 'ephemeralcontainers');
  await cluster.env.loop.advance(5000);
  const { status } = await cluster.admin.pods.get(half);
  const waiting = status?.ephemeralContainerStatuses?.[0]?.state?.waiting;
  expect(waiting?.reason).toBe('CreateContainerError');
  expect(waiting?.message).toMatch(
    /^failed to generate container "[0-9a-f]{64}" spec: invalid target container: container "[0-9a-f]{64}" is not running - in state CONTAINER_EXITED$/,
  );
  const { items } = await cluster.admin.events.list({ namespace: 'default', fieldSelector: 'involvedObject.name=half,reason=Failed' });
  expect(items[0]?.message).toBe(`Error: ${waiting?.message}`);
  expect(status?.phase).toBe('Running');
});
