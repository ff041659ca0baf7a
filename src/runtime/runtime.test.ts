import { expect, test } from 'vitest';
import type { Env } from '../env/index.ts';
import { createEnv, nodeMachine, silentLog } from '../env/index.ts';
import type { NetworkStack } from '../shell/kernel/index.ts';
import { Kernel, SystemError } from '../shell/kernel/index.ts';
import { createCatalogue } from './images/catalogue.ts';
import { SimulatedRuntime } from './runtime.ts';
import { plainContainer } from './testing/node.ts';
import type { ContainerConfig, NetworkPlugin, SandboxConfig } from './types.ts';

const stack: NetworkStack = {
  addresses: ['10.244.0.5'],
  listen: (_, port) => ({ port, accept: () => undefined, onConnection: () => () => {}, close: () => {} }),
  connect: () => Promise.reject(new SystemError('ECONNREFUSED')),
  bindDatagram: (_, port) => ({ port, send: () => {}, receive: () => undefined, onReadable: () => () => {}, close: () => {} }),
  ping: () => ({ reachable: false, roundTripMs: 0 }),
};
const network: NetworkPlugin = { attach: async () => ({ ips: stack.addresses, stack }), detach: () => {}, host: stack };
const catalogue = createCatalogue();

function start(): { env: Env; runtime: SimulatedRuntime } {
  const env = createEnv({ machine: nodeMachine, log: silentLog, seed: 1, start: Date.parse('2026-01-01T00:00:00Z'), mode: 'manual' });
  return { env, runtime: new SimulatedRuntime({ env, kernel: new Kernel(env), network, catalogue }) };
}

const sandboxConfig: SandboxConfig = {
  podName: 'web',
  podNamespace: 'default',
  podUid: 'u',
  attempt: 0,
  hostname: 'web',
  hostNetwork: false,
  dns: { servers: ['10.96.0.10'], searches: ['default.svc.cluster.local'], options: ['ndots:5'] },
};

async function settled<T>(env: Env, promise: Promise<T>, ms = 60_000): Promise<T> {
  promise.catch(() => {});
  await env.loop.advance(ms);
  return await promise;
}

async function create(env: Env, runtime: SimulatedRuntime, image: string, change: Partial<ContainerConfig> = {}): Promise<string> {
  const record = await settled(env, runtime.pullImage(image));
  const sandbox = await settled(env, runtime.runPodSandbox(sandboxConfig), 0);
  return await settled(env, runtime.createContainer(sandbox, { ...plainContainer(image, record.id), ...change }), 0);
}

const text = (runtime: SimulatedRuntime, id: string) => (runtime.containerLog(id)?.lines() ?? []).map((line) => Buffer.from(line.data).toString()).join('');

test('a container runs a loop, writes its log at the right times, and ends by KILL after its grace period', async () => {
  const { env, runtime } = start();
  const id = await create(env, runtime, 'busybox', { command: ['sh', '-c', 'i=0; while true; do i=$((i+1)); echo tick $i; sleep 2; done'] });
  await settled(env, runtime.startContainer(id), 0);
  await env.loop.advance(5000);
  expect(text(runtime, id)).toBe('tick 1\ntick 2\ntick 3\n');
  const [first, second] = runtime.containerLog(id)?.lines() ?? [];
  expect((second?.time ?? 0) - (first?.time ?? 0)).toBe(2000);
  const before = env.clock.now();
  await settled(env, runtime.stopContainer(id, 30_000));
  const status = runtime.containerStatus(id);
  expect(status).toMatchObject({ state: 'exited', exitCode: 137, reason: 'Error' });
  expect((status?.finishedAt ?? 0) - before).toBe(30_000);
});

test('exec sees the container and a command that is not there is refused in runc’s words', async () => {
  const { env, runtime } = start();
  const id = await create(env, runtime, 'busybox:1.36', { command: ['sleep', '3600'] });
  await settled(env, runtime.startContainer(id), 0);
  const result = await settled(env, runtime.execSync(id, ['sh', '-c', 'cat /etc/hostname /etc/resolv.conf; echo bad >&2; ps; exit 3'], 5000), 0);
  expect(result.exitCode).toBe(3);
  expect(result.stdout.toString()).toContain('web\nsearch default.svc.cluster.local\nnameserver 10.96.0.10\noptions ndots:5\n');
  expect(result.stdout.toString()).toContain('    1 root      0:00 sleep 3600');
  expect(result.stderr.toString()).toBe('bad\n');
  await expect(settled(env, runtime.execSync(id, ['foo'], 0), 0)).rejects.toThrow('exec: "foo": executable file not found in $PATH');
  const slow = await settled(env, runtime.execSync(id, ['sleep', '10'], 1000));
  expect(slow.timedOut).toBe(true);
});

test('a command that does not exist gives StartError with exit code 128', async () => {
  const { env, runtime } = start();
  const id = await create(env, runtime, 'busybox', { command: ['foo'] });
  await expect(settled(env, runtime.startContainer(id), 0)).rejects.toThrow(
    'runc create failed: unable to start container process: error during container init: exec: "foo": executable file not found in $PATH',
  );
  expect(runtime.containerStatus(id)).toMatchObject({ state: 'exited', exitCode: 128, reason: 'StartError' });
});

test('a working directory that is a file, or lies in one, gives StartError', async () => {
  const { env, runtime } = start();
  for (const workingDir of ['/etc/passwd', '/etc/passwd/x']) {
    const id = await create(env, runtime, 'busybox', { command: ['sh'], workingDir });
    await expect(settled(env, runtime.startContainer(id), 0)).rejects.toThrow(`error during container init: mkdir ${workingDir}: not a directory: unknown`);
  }
});

test('unknown tags and repositories are refused in containerd’s words', async () => {
  const { env, runtime } = start();
  await expect(settled(env, runtime.pullImage('nginx:1.41'))).rejects.toThrow(
    'failed to pull and unpack image "docker.io/library/nginx:1.41": failed to resolve reference "docker.io/library/nginx:1.41": docker.io/library/nginx:1.41: not found',
  );
  await expect(settled(env, runtime.pullImage('nosuch/image'))).rejects.toThrow('pull access denied, repository does not exist or may require authorization');
  await expect(settled(env, runtime.pullImage('Bad:Tag:x'))).rejects.toMatchObject({ kind: 'invalid-reference' });
});

test('endless output neither stops the process nor fills memory', async () => {
  const { env, runtime } = start();
  const id = await create(env, runtime, 'busybox', { command: ['yes'] });
  await settled(env, runtime.startContainer(id), 0);
  await env.loop.advance(3000);
  expect(runtime.containerLog(id)?.lines().length).toBeLessThan(250_000);
  expect(runtime.containerStatus(id)?.state).toBe('running');
  runtime.shutdown();
});

test('a termination message is what the process left in its file', async () => {
  const { env, runtime } = start();
  const id = await create(env, runtime, 'busybox', { command: ['sh', '-c', 'echo because > /dev/termination-log; exit 7'] });
  await settled(env, runtime.startContainer(id), 10);
  expect(runtime.containerStatus(id)).toMatchObject({ exitCode: 7, reason: 'Error', message: 'because\n' });
});

test('nginx prints its start-up notices and leaves at QUIT', async () => {
  const { env, runtime } = start();
  const id = await create(env, runtime, 'nginx:1.25');
  await settled(env, runtime.startContainer(id), 10);
  expect(text(runtime, id)).toContain('start worker process');
  expect((await settled(env, runtime.execSync(id, ['/usr/sbin/nginx', '-s', 'quit'], 1000), 100)).exitCode).toBe(0);
  expect(runtime.containerStatus(id)).toMatchObject({ state: 'exited', exitCode: 0, reason: 'Completed' });
});

test('pause and coredns start', async () => {
  const { env, runtime } = start();
  const id = await create(env, runtime, 'registry.k8s.io/coredns/coredns:v1.12.0', { args: ['-conf', '/etc/coredns/Corefile'] });
  await settled(env, runtime.startContainer(id), 10);
  expect(text(runtime, id)).toContain('CoreDNS-1.12.0');
  expect(runtime.containerStatus(id)?.state).toBe('running');
});

test('a command that is a directory is told so by runc, in a container and in exec', async () => {
  const { env, runtime } = start();
  const id = await create(env, runtime, 'busybox', { command: ['/etc'] });
  await expect(settled(env, runtime.startContainer(id), 0)).rejects.toThrow('error during container init: exec: "/etc": is a directory: unknown');
  const running = await create(env, runtime, 'busybox', { command: ['sleep', '3600'] });
  await settled(env, runtime.startContainer(running), 0);
  await expect(settled(env, runtime.execSync(running, ['/etc'], 0), 0)).rejects.toThrow(
    'unable to start container process: exec: "/etc": is a directory: unknown',
  );
});
