/** Images that a user describes in words instead of code: in a configuration file, or as data. */

import { nslookup } from '../../shell/applets/index.ts';
import type { ImageEntry } from '../../shell/fs/index.ts';
import type { Process, Program, Syscall } from '../../shell/kernel/types.ts';
import { SystemError } from '../../shell/kernel/types.ts';
import { parseReference } from '../reference.ts';
import type { ImageDefinition, MemoryService, ShellMaker } from './definition.ts';
import { busyboxLayer, mebibytes, remember } from './definition.ts';
import type { HealthOf } from './grpc-server.ts';
import { startHealthServer } from './grpc-server.ts';
import { plainHandler, startHttpServer, untilSignal } from './http-server.ts';

/** A line that an image writes. */
export interface DescribedLog {
  readonly text: string;
  /** After the start-up time; default 0. */
  readonly afterSeconds?: number | undefined;
  /** Again and again at this interval; once if absent. */
  readonly everySeconds?: number | undefined;
  /** Default stdout. */
  readonly stream?: 'stdout' | 'stderr' | undefined;
}

/** A point of a memory curve: from this time after the start, so many bytes are taken. */
export interface DescribedMemory {
  readonly atSeconds: number;
  readonly bytes: number;
}

/** What an image's own program does, where no script says it. */
export interface DescribedBehaviour {
  /** Before ports are open and lines are written; default 0. */
  readonly startSeconds?: number | undefined;
  /** Each answers HTTP with 200 and a line that names image and host. */
  readonly ports?: readonly number[] | undefined;
  /** Each answers gRPC health checks for any service. */
  readonly grpcPorts?: readonly number[] | undefined;
  readonly logs?: readonly DescribedLog[] | undefined;
  /** With `exitAfterSeconds` the program ends by itself, with this code (default 0). */
  readonly exitCode?: number | undefined;
  readonly exitAfterSeconds?: number | undefined;
  readonly memory?: readonly DescribedMemory[] | undefined;
  /** Every so many requests, one is answered with 500, or with NOT_SERVING. */
  readonly failEvery?: number | undefined;
}

export interface DescribedImage {
  /** A repository, or a reference whose tag is one of the image's: `registry.example.com/shop/cart:1.4`. */
  readonly name: string;
  /** Default: the name's tag, else `latest`. The first one is the newest. */
  readonly tags?: readonly string[] | undefined;
  /** Bytes to pull; default 10 MiB. */
  readonly sizeBytes?: number | undefined;
  /** Run by busybox' shell as PID 1. */
  readonly script?: string | undefined;
  readonly behaviour?: DescribedBehaviour | undefined;
  /** Run as PID 1 in place of a script: a generator that makes system calls with `yield*`. */
  readonly program?: Program | undefined;
  /** Who may pull it; everybody if absent. */
  readonly credentials?: { readonly username: string; readonly password: string } | undefined;
}

const defaultSizeBytes = mebibytes(10);

/** Turns a description into an image with a busybox around it. Throws PullError for a name that is no reference. */
export function describeImage(described: DescribedImage, shell: ShellMaker): ImageDefinition {
  const reference = parseReference(described.name);
  const named = /:[\w][\w.-]*$/.test(described.name.replace(/^.*\//, '')) ? reference.tag : undefined;
  const tags = described.tags && described.tags.length > 0 ? described.tags : [named ?? 'latest'];
  const layer = remember(() => {
    const own: [string, ImageEntry][] =
      described.script === undefined
        ? [['/app', { program: described.program ?? behaviourProgram(reference.path, described.behaviour ?? {}), mode: 0o755 }]]
        : [['/entrypoint.sh', { data: described.script, mode: 0o755 }]];
    return busyboxLayer(shell, [['/bin/nslookup', { program: nslookup('busybox-big'), mode: 0o755 }], ...own]);
  });
  return {
    repository: reference.repository,
    versions: tags,
    versionOf: (tag) => (tags.includes(tag) ? tag : undefined),
    ...(described.credentials ? { credentials: described.credentials } : {}),
    image: () => ({
      sizeBytes: described.sizeBytes ?? defaultSizeBytes,
      config: {
        ...(described.script === undefined ? { command: ['/app'] } : { command: ['/bin/sh', '/entrypoint.sh'] }),
        ...(described.behaviour?.ports || described.behaviour?.grpcPorts
          ? { exposedPorts: [...(described.behaviour.ports ?? []), ...(described.behaviour.grpcPorts ?? [])] }
          : {}),
      },
      layer: () => layer(''),
    }),
  };
}

function behaviourProgram(name: string, behaviour: DescribedBehaviour): Program {
  return function* (process) {
    const { ports = [], grpcPorts = [], logs = [], memory = [], exitAfterSeconds, exitCode = 0, startSeconds = 0 } = behaviour;
    const end = exitAfterSeconds === undefined ? undefined : process.system.now() + exitAfterSeconds * 1000;
    if (memory.length > 0) process.spawn({ argv: process.argv, thread: true, program: (child) => followMemory(child, memory) });
    const startsMs = Math.min(startSeconds, exitAfterSeconds ?? Number.POSITIVE_INFINITY) * 1000;
    if (startsMs > 0) yield* sleepThrough(process, startsMs);
    let served = 0;
    const fails = () => {
      served += 1;
      return behaviour.failEvery !== undefined && served % behaviour.failEvery === 0;
    };
    const answer = plainHandler((_, one) => {
      return fails() ? { status: 500, body: 'failed\n' } : { status: 200, body: `${name} on ${one.system.hostname}\n` };
    });
    try {
      for (const port of ports) startHttpServer(process, port, answer);
      // biome-ignore lint/correctness/useYield: a health check may wait, this one does not.
      const health: HealthOf = function* () {
        return fails() ? 'NOT_SERVING' : 'SERVING';
      };
      for (const port of grpcPorts) startHealthServer(process, port, health);
    } catch (error) {
      if (!(error instanceof SystemError)) throw error;
      yield* process.write(2, `${name}: ${error.message}\n`);
      return 1;
    }
    for (const line of logs) process.spawn({ argv: process.argv, thread: true, program: (child) => writeLine(child, line) });
    if (end === undefined) {
      yield* untilSignal(process, ['TERM', 'INT']);
      return 143;
    }
    yield* sleepThrough(process, Math.max(0, end - process.system.now()));
    return exitCode;
  };
}

/** Children that end interrupt a sleep: their signals change nothing here. */
function* sleepThrough(process: Process, ms: number): Syscall<void> {
  const until = process.system.now() + ms;
  for (let left = ms; left > 0; left = until - process.system.now()) {
    try {
      yield* process.sleep(left);
    } catch (error) {
      if (!(error instanceof SystemError)) throw error;
    }
  }
}

function* writeLine(process: Process, { text, afterSeconds = 0, everySeconds, stream }: DescribedLog): Syscall<number> {
  if (afterSeconds > 0) yield* process.sleep(afterSeconds * 1000);
  for (;;) {
    yield* process.write(stream === 'stderr' ? 2 : 1, `${text}\n`);
    if (everySeconds === undefined) return 0;
    yield* process.sleep(Math.max(everySeconds, 0.01) * 1000);
  }
}

function* followMemory(process: Process, curve: readonly DescribedMemory[]): Syscall<number> {
  const memory = process.system.service<MemoryService>('memory');
  let passed = 0;
  for (const { atSeconds, bytes } of [...curve].sort((a, b) => a.atSeconds - b.atSeconds)) {
    if (atSeconds > passed) yield* process.sleep((atSeconds - passed) * 1000);
    passed = Math.max(passed, atSeconds);
    memory?.take(process.pid, bytes);
  }
  yield* process.sleep(Number.POSITIVE_INFINITY);
  return 0;
}
