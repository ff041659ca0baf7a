import { expect, test } from 'vitest';
import { testNode } from './testing/node.ts';
import { SimulatedVolumes } from './volumes.ts';

const mi = 1024 ** 2;
const busy = { command: ['sh', '-c', 'while :; do i=$((i+1)); done'] };

/** What containers use of processors, in thousandths of one, as their control groups tell it. */
async function usedMs(node: ReturnType<typeof testNode>, containers: readonly { readonly id: string }[], seconds = 5): Promise<number[]> {
  const look = () =>
    Promise.all(containers.map(async ({ id }) => Number(/usage_usec (\d+)/.exec((await node.exec(id, 'cat', '/sys/fs/cgroup/cpu.stat')).stdout)?.[1])));
  const [before, since] = [await look(), node.env.clock.now()];
  await node.advance(seconds * 1000);
  const [after, passed] = [await look(), node.env.clock.now() - since];
  return after.map((used, index) => (used - (before[index] as number)) / passed);
}

test('two busy loops share a processor as they asked for it, and each has one of its own where there are two', async () => {
  const shares = async (processors: number) => {
    const node = testNode([], { processors, memoryBytes: 1024 * mi });
    const containers = [];
    for (const cpuRequestMilli of [100, 300])
      containers.push(await node.start('busybox', { ...busy, resources: { cpuRequestMilli } }, { qosClass: 'Burstable' }));
    return (await usedMs(node, containers)).map((ms) => Math.round(ms / 10) * 10);
  };
  expect(await shares(1)).toEqual([250, 750]);
  expect(await shares(2)).toEqual([1000, 1000]);
});

test('pods that ask for nothing share what one of them would have, beside pods that ask for something', async () => {
  const node = testNode([], { processors: 1, memoryBytes: 1024 * mi });
  const asking = await node.start('busybox', { ...busy, resources: { cpuRequestMilli: 1000 } }, { qosClass: 'Burstable' });
  const others = [];
  for (let i = 0; i < 4; i += 1) others.push(await node.start('busybox', busy, { qosClass: 'BestEffort' }));
  await node.advance(2000);
  const [first, ...rest] = await usedMs(node, [asking, ...others]);
  // 39 of 40 parts, and a quarter of the one that is left.
  expect(first).toBeCloseTo(975, -1);
  for (const used of rest) expect(used).toBeCloseTo(25 / 4, 0);
});

test('what one busy container leaves, others have: a limit binds it, however much is free', async () => {
  const node = testNode([], { processors: 1, memoryBytes: 1024 * mi });
  const limited = await node.start('busybox', { ...busy, resources: { cpuRequestMilli: 500, cpuLimitMilli: 250 } }, { qosClass: 'Burstable' });
  const free = await node.start('busybox', busy);
  const used = await usedMs(node, [limited, free]);
  expect(used.map((ms) => Math.round(ms / 10) * 10)).toEqual([250, 750]);
});

test('a busy loop that was held back goes on at once when the others have gone', async () => {
  const node = testNode([], { processors: 1, memoryBytes: 1024 * mi });
  const large = await node.start('busybox', { ...busy, resources: { cpuRequestMilli: 1000 } }, { qosClass: 'Burstable' });
  const small = await node.start('busybox', busy);
  expect((await usedMs(node, [small]))[0]).toBeLessThan(50);
  await node.runtime.stopContainer(large.id, 0);
  expect((await usedMs(node, [small]))[0]).toBeGreaterThan(900);
});

test('/proc tells of the node: its processors, its memory, its load', async () => {
  const node = testNode([], { processors: 3, memoryBytes: 1024 * mi });
  const { id } = await node.start('busybox', { command: ['sleep', '100000'], resources: { memoryLimitBytes: 64 * mi } });
  for (let i = 0; i < 2; i += 1) await node.start('busybox', busy);
  await node.advance(20_000);
  const read = async (path: string) => (await node.exec(id, 'cat', path)).stdout;
  expect((await node.exec(id, 'nproc')).stdout).toBe('3\n');
  expect((await read('/proc/cpuinfo')).match(/^processor/gm)).toHaveLength(3);
  expect(await read('/proc/meminfo')).toMatch(/^MemTotal: +1048576 kB\nMemFree: +\d+ kB\nMemAvailable: +\d+ kB\n/);
  const [one, five] = (await read('/proc/loadavg')).split(' ').map(Number) as [number, number];
  // Two processes want a processor, since a third of a minute.
  expect(one).toBeCloseTo(2 * (1 - Math.exp(-1 / 3)), 1);
  expect(five).toBeCloseTo(2 * (1 - Math.exp(-1 / 15)), 1);
  const stat = (await read('/proc/stat')).split('\n');
  const [, used = 0, , , idle = 0] = (stat[0] as string).split(/ +/).map(Number);
  expect(used / (used + idle)).toBeCloseTo(2 / 3, 1);
  expect(stat.filter((line) => /^cpu\d/.test(line))).toHaveLength(3);
  const [up, idleSeconds] = (await read('/proc/uptime')).split(' ').map(Number) as [number, number];
  expect(idleSeconds).toBeCloseTo(3 * up - used / 100, 0);
  expect((await node.exec(id, 'top', '-bn1')).stdout).toMatch(/^Mem: \d+K used, \d+K free, 0K shrd, 0K buff, 0K cached\nCPU: +6\d% usr/);
});

test('free, ps, /proc and the control group tell of memory alike', async () => {
  const node = testNode([], { processors: 1, memoryBytes: 1024 * mi });
  const cache = new SimulatedVolumes(node.env).createTmpfs({ inMemory: true });
  const script = 'dd if=/dev/zero of=/cache/x bs=1M count=8 2>/dev/null; x=$(head -c 4M /dev/zero | tr "\\0" a); sleep 100000; :';
  const mounts = [{ containerPath: '/cache', volume: cache, readOnly: false }];
  const { id } = await node.start('busybox', { command: ['sh', '-c', script], mounts, resources: { memoryLimitBytes: 64 * mi } });
  await node.advance(5000);
  const number = async (path: string) => Number((await node.exec(id, 'cat', path)).stdout);
  const kib = async (...command: string[]) => Number(/(\d+)/.exec((await node.exec(id, ...command)).stdout)?.[1]);
  // The shell holds its text and some small variables.
  const resident = await kib('grep', 'VmRSS', '/proc/1/status');
  expect(resident).toBeGreaterThanOrEqual(4096 + 256);
  expect(resident).toBeLessThan(4096 + 256 + 8);
  expect(await kib('cut', '-d ', '-f2', '/proc/1/statm')).toBe(Math.floor(resident / 4));
  // Besides it, `sleep`, whoever asks, and the files.
  expect(Math.floor((await number('/sys/fs/cgroup/memory.current')) / 1024)).toBe(resident + 2 * 256 + 8192);
  expect((await node.exec(id, 'cat', '/sys/fs/cgroup/memory.stat')).stdout).toContain(`shmem ${8 * mi}\n`);
  const [total, used, unused, shared, cached] = ((await node.exec(id, 'free')).stdout.split('\n')[1] ?? '').split(/ +/).slice(1).map(Number);
  expect([total, shared, cached]).toEqual([1048576, 8192, 8192]);
  // And the pause process; the files are not used memory here, but cached.
  expect(Math.abs((used ?? 0) - (resident + 3 * 256))).toBeLessThanOrEqual(1);
  expect((total ?? 0) - (used ?? 0) - (cached ?? 0)).toBe(unused);
});

test('every process takes memory: a fork bomb within a limit is killed, and what it took is free again', async () => {
  const node = testNode([], { processors: 1, memoryBytes: 1024 * mi });
  const before = node.hardware.memory.usedBytes;
  const bomb = await node.start('busybox', { command: ['sh', '-c', 'b() { b | b & }; b; sleep 1000'], resources: { memoryLimitBytes: 32 * mi } });
  await node.advance(10_000);
  expect(node.status(bomb.id)).toMatchObject({ exitCode: 137, reason: 'OOMKilled' });
  await node.runtime.removePodSandbox(bomb.sandbox);
  expect(node.hardware.memory.usedBytes).toBe(before);
  expect(node.hardware.processes).toBe(0);
});

test('a limit without room for one process is refused in runc’s words', async () => {
  const node = testNode();
  const failure = node.start('busybox', { command: ['sleep', '1'], resources: { memoryLimitBytes: 1000 } });
  await expect(failure).rejects.toThrow('unable to start container process: container init was OOM-killed (memory limit too low?): unknown');
});

test('a node out of memory kills the process of the worst score, with its container, and tells whom', async () => {
  const node = testNode([], { processors: 1, memoryBytes: 1024 * mi });
  const told: string[] = [];
  node.runtime.onSystemOutOfMemory(({ name }) => told.push(name));
  const stress = (size: number, oomScoreAdj: number) =>
    node.start('polinux/stress', { command: ['stress'], args: ['--vm', '1', '--vm-bytes', `${size}M`, '--vm-hang', '0'], oomScoreAdj });
  const guaranteed = await stress(500, -997);
  const bestEffort = await stress(100, 1000);
  const burstable = await stress(300, 800);
  await node.advance(2000);
  expect([guaranteed, bestEffort, burstable].map(({ id }) => node.status(id)?.state)).toEqual(['running', 'running', 'running']);
  const late = await stress(200, 900);
  await node.advance(2000);
  // 1000 and a tenth of the memory beat 900 and two tenths, and 800 and three tenths.
  expect(node.status(bestEffort.id)).toMatchObject({ state: 'exited', exitCode: 137, reason: 'OOMKilled' });
  expect([guaranteed, burstable, late].map(({ id }) => node.status(id)?.state)).toEqual(['running', 'running', 'running']);
  expect(told).toEqual(['stress']);
  expect((await node.exec(late.id, 'cat', '/proc/1/oom_score_adj')).stdout).toBe('900\n');
});
