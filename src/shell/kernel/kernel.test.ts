import { expect, test } from 'vitest';
import { createEnv, nodeMachine, silentLog } from '../../env/index.ts';
import { ContainerFs, createImageLayer } from '../fs/index.ts';
import { createTestContainer } from '../sh/test-container.ts';
import { Kernel } from './kernel.ts';
import type { Program, SystemError } from './types.ts';

const forever: Program = function* (process) {
  for (;;) yield* process.sleep(1000);
};

test('all processes of a container die with its PID 1', async () => {
  const { env, system } = createTestContainer('ash');
  const init = system.start({ argv: ['init'], program: forever });
  const other = system.start({ argv: ['other'], program: forever });
  await env.loop.settle();
  init.kill('KILL');
  expect(other.exit).toMatchObject({ exitCode: 137 });
  expect(system.pids()).toEqual([]);
});

test('an orphan becomes a child of PID 1', async () => {
  const { env, system } = createTestContainer('ash');
  system.start({ argv: ['init'], program: forever });
  system.start({
    argv: ['parent'],
    *program(process) {
      process.spawn({ argv: ['child'], program: forever });
      yield* process.step();
      return 0;
    },
  });
  await env.loop.settle();
  expect(system.namespace.list().map(({ argv, ppid }) => [argv[0], ppid])).toEqual([
    ['init', 0],
    ['child', 1],
  ]);
});

test('a thread is in no list of processes, and ends with the process that it is of', async () => {
  const { env, system } = createTestContainer('ash');
  system.start({ argv: ['init'], program: forever });
  const server = system.start({
    argv: ['server'],
    *program(process) {
      process.spawn({
        argv: ['server'],
        thread: true,
        *program(thread) {
          thread.spawn({ argv: ['child'], program: forever });
          return yield* forever(thread);
        },
      });
      return yield* forever(process);
    },
  });
  await env.loop.settle();
  const shown = () => system.pids().map((pid) => [system.process(pid)?.argv[0], system.process(pid)?.ppid, system.process(pid)?.threads]);
  expect(shown()).toEqual([
    ['init', 0, 1],
    ['server', 0, 2],
    ['child', 2, 1],
  ]);
  server.kill('KILL');
  await env.loop.settle();
  expect(shown()).toEqual([
    ['init', 0, 1],
    ['child', 1, 1],
  ]);
  expect(system.namespace.size).toBe(2);
});

test('a fork beyond the process limit fails with EAGAIN', async () => {
  const { env, system } = createTestContainer('ash');
  let code = '';
  system.start({
    argv: ['bomb'],
    *program(process) {
      try {
        for (;;) {
          process.spawn({ argv: ['child'], program: forever });
          yield* process.step();
        }
      } catch (error) {
        code = (error as SystemError).code;
      }
      return 0;
    },
  });
  await env.loop.advance(4000);
  expect(code).toBe('EAGAIN');
});

test('a write to a pipe without readers ends the writer with PIPE', async () => {
  const { env, system } = createTestContainer('ash');
  system.start({ argv: ['init'], program: forever });
  const writer = system.start({
    argv: ['writer'],
    *program(process) {
      const [read, write] = process.pipe();
      process.close(read);
      yield* process.write(write, 'x');
      return 0;
    },
  });
  await env.loop.settle();
  expect(writer.exit).toEqual({ status: { signal: 'PIPE' }, exitCode: 141 });
});

test('a cpu limit stretches busy work over time', async () => {
  const { env, kernel, fs } = createTestContainer('ash');
  const system = kernel.createContainerSystem({ hostname: 'slow', fs, network: {} as never, limits: { cpuMilli: 100 } });
  const handle = system.start({
    argv: ['busy'],
    *program(process) {
      for (let i = 0; i < 20_000; i += 1) yield* process.step();
      return 0;
    },
  });
  await env.loop.advance(500);
  expect(handle.exit).toBeUndefined();
  await env.loop.advance(700);
  expect(handle.exit?.exitCode).toBe(0);
});

test('a process whose steps take long gives way in the midst of its turn, where time runs by itself', async () => {
  let machineMs = 0;
  const env = createEnv({ machine: { ...nodeMachine, monotonic: () => machineMs }, log: silentLog, seed: 1, start: 0, mode: 'real' });
  const fs = new ContainerFs({ layer: createImageLayer([]) });
  const system = new Kernel(env).createContainerSystem({ hostname: 'slow', fs, network: {} as never });
  const seen: string[] = [];
  system.start({
    argv: ['slow'],
    *program(process) {
      for (let i = 0; i < 6; i += 1) {
        seen.push(`step ${i}`);
        machineMs += 1;
        yield* process.step();
      }
      return 0;
    },
  });
  env.loop.defer('other', () => void seen.push('other'));
  await env.loop.settle();
  env.loop.stop();
  expect(seen).toEqual(['step 0', 'step 1', 'other', 'step 2', 'step 3', 'step 4', 'step 5']);
});

test('a container with many processes has no more turns than one with few', async () => {
  const { env, kernel, fs, system } = createTestContainer('ash');
  const other = kernel.createContainerSystem({ hostname: 'other', fs, network: {} as never });
  const seen: string[] = [];
  const say = (name: string): Program =>
    function* (process) {
      seen.push(name);
      yield* process.step();
      return 0;
    };
  system.start({ argv: ['init'], program: forever });
  await env.loop.settle();
  for (const name of ['a', 'b', 'c']) system.start({ argv: [name], program: say(name) });
  other.start({ argv: ['x'], program: say('x') });
  await env.loop.settle();
  expect(seen).toEqual(['a', 'x', 'b', 'c']);
});
