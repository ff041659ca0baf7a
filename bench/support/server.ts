import { type ChildProcess, spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { ApiClient } from './api-client.ts';

const root = process.env.PAPERKUBE_ROOT ?? process.cwd();

/** A paperkube server in a process of its own, as a user starts it. */
export interface BenchServer {
  readonly api: ApiClient;
  readonly pid: number;
  /** The `ready` event of `start -o json`. */
  readonly ready: Readonly<Record<string, unknown>>;
  /** Milliseconds from spawning the process to the ready event. */
  readonly spawnToReadyMs: number;
  /** Resident memory of the process, in MiB. */
  residentMib(): number;
  /** Processor time used so far, in milliseconds. */
  cpuMs(): number;
  stop(): Promise<void>;
}

export async function startBenchServer(args: readonly string[] = []): Promise<BenchServer> {
  const began = performance.now();
  const child = spawn(
    process.execPath,
    [join(root, 'dist/main.js'), 'start', '--port', '0', '--no-merge', '-o', 'json', '--name', `bench-${process.pid}`, ...args],
    {
      stdio: ['ignore', 'pipe', 'inherit'],
    },
  );
  process.on('exit', () => child.kill('SIGKILL')); // A benchmark that fails leaves no server behind.
  const ready = await readyEvent(child);
  const spawnToReadyMs = performance.now() - began;
  const pid = child.pid as number;
  return {
    api: ApiClient.fromKubeconfig(readFileSync(String(ready.kubeconfig), 'utf8')),
    pid,
    ready,
    spawnToReadyMs,
    residentMib: () => Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? 0) / 1024,
    cpuMs: () => {
      const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.split(' ') ?? [];
      return (Number(fields[11]) + Number(fields[12])) * 10;
    },
    stop: () =>
      new Promise((resolve) => {
        child.on('exit', () => resolve());
        child.kill('SIGTERM');
      }),
  };
}

function readyEvent(child: ChildProcess): Promise<Record<string, unknown>> {
  return new Promise((resolve, reject) => {
    const lines = createInterface({ input: child.stdout as NodeJS.ReadableStream });
    lines.on('line', (line) => {
      const event = JSON.parse(line) as Record<string, unknown>;
      if (event.event === 'ready') resolve(event);
    });
    child.on('exit', (code) => reject(new Error(`the server ended with code ${code} before it was ready`)));
  });
}
