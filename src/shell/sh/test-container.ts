import { createEnv, nodeMachine, silentLog } from '../../env/index.ts';
import { busyboxPrograms } from '../applets/index.ts';
import type { ImageEntry } from '../fs/index.ts';
import { ContainerFs, createImageLayer, programEntries } from '../fs/index.ts';
import type { NetworkStack, Process, Program } from '../kernel/index.ts';
import { HostInput, HostOutput, Kernel, Tty } from '../kernel/index.ts';
import { shellProgram } from './program.ts';
import type { Flavour } from './shell.ts';

/** A container for tests: a shell, `cat`, `sleep`, `env`, and nothing on the network. */
export function createTestContainer(flavour: Flavour, extra: readonly (readonly [string, ImageEntry])[] = []) {
  const env = createEnv({ machine: nodeMachine, log: silentLog, seed: 1, start: Date.parse('2026-01-01T00:00:00Z'), mode: 'manual' });
  const kernel = new Kernel(env);
  const layer = createImageLayer([
    ['/bin/sh', { program: shellProgram({ flavour }) }],
    ['/bin/cat', { program: cat }],
    ['/bin/sleep', { program: sleep }],
    ['/bin/true', { program: succeed }],
    ['/tmp', { directory: true, mode: 0o1777 }],
    ...extra,
  ]);
  const fs = new ContainerFs({ layer });
  const system = kernel.createContainerSystem({ hostname: 'test', fs, network: {} as NetworkStack });
  return { env, kernel, fs, system };
}

/** Runs a script as `sh -c` beside an idle PID 1, as exec does. Gives up after `limitMs` of simulated time. */
export async function runScript(
  script: string,
  flavour: Flavour = 'dash',
  options: { readonly limitMs?: number; readonly stdin?: string; readonly extra?: readonly (readonly [string, ImageEntry])[] } = {},
) {
  const { env, system } = createTestContainer(flavour, options.extra);
  system.start({ argv: ['idle'], program: idle });
  let stdout = '';
  let stderr = '';
  const stdin = new HostInput();
  if (options.stdin) stdin.write(Buffer.from(options.stdin));
  stdin.end();
  const output = (take: (text: string) => void) =>
    new HostOutput({
      data(data) {
        take(Buffer.from(data).toString());
        return true;
      },
    });
  const handle = system.start({
    argv: ['sh', '-c', script],
    env: { PATH: '/usr/bin:/bin', HOME: '/' },
    stdin: stdin.file,
    stdout: output((text) => {
      stdout += text;
    }),
    stderr: output((text) => {
      stderr += text;
    }),
  });
  await env.loop.settle();
  for (let ms = 0; ms < (options.limitMs ?? 20_000) && !handle.exit; ms += 100) await env.loop.advance(100);
  const result = { stdout, stderr, code: handle.exit?.exitCode };
  system.killAll();
  env.loop.stop();
  return result;
}

const idle: Program = function* (process: Process) {
  for (;;) yield* process.sleep(3_600_000);
};

const cat: Program = function* (process) {
  for (const path of process.argv.length > 1 ? process.argv.slice(1) : ['-']) {
    const fd = path === '-' ? 0 : process.open(path, { read: true });
    for (;;) {
      const data = yield* process.read(fd);
      if (!data) break;
      yield* process.write(1, data);
    }
    if (fd !== 0) process.close(fd);
  }
  return 0;
};

const succeed: Program = function* (process) {
  yield* process.step();
  return 0;
};

const sleep: Program = function* (process) {
  yield* process.sleep(Number(process.argv[1] ?? 0) * 1000);
  return 0;
};

/** A shell at a terminal, in a folder /w with a few files. `type` gives what appears on the screen until nothing more happens. */
export async function openTerminal(flavour: Flavour, options: { readonly argv?: readonly string[]; readonly env?: Readonly<Record<string, string>> } = {}) {
  const files = ['alpha', 'alphabet', 'beta', 'with space', 'dir1/inner'].map((name) => [`/w/${name}`, { data: '' }] as const);
  const { env, system, fs } = createTestContainer(flavour, [...programEntries('/usr/bin', busyboxPrograms()), ...files]);
  system.start({ argv: ['idle'], program: idle });
  let screen = '';
  const tty = new Tty({
    data(data) {
      screen += Buffer.from(data).toString();
      return true;
    },
  });
  const handle = system.start({
    argv: options.argv ?? ['sh'],
    env: { PATH: '/usr/bin:/bin', HOME: '/root', TERM: 'xterm', PS1: '$ ', ...options.env },
    cwd: '/w',
    tty,
  });
  const taken = () => {
    const text = screen;
    screen = '';
    return text;
  };
  await env.loop.settle();
  const type = async (text: string, waitMs = 200) => {
    tty.input(Buffer.from(text));
    await env.loop.settle();
    await env.loop.advance(waitMs);
    return taken();
  };
  return { env, fs, tty, handle, first: taken(), type };
}
