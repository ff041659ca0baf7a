import { type ChildProcess, spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { load } from 'js-yaml';
import { cpuMs, residentMib } from './machine.ts';
import { RawConnection, type Target } from './raw-connection.ts';

const root = process.env.PAPERKUBE_ROOT ?? process.cwd();

/** A paperkube server in a process of its own, as a user starts it. */
export interface BenchServer {
  readonly target: Target;
  /** For what is not measured. One request at a time. */
  readonly api: RawConnection;
  readonly pid: number;
  /** Path of the admin's kubeconfig. */
  readonly kubeconfig: string;
  /** Resident memory of the process, in MiB. */
  residentMib(): number;
  /** Processor time used so far by all threads, in milliseconds. */
  cpuMs(): number;
  /** Also closes `api`. */
  stop(): Promise<void>;
}

export async function startBenchServer(args: readonly string[] = []): Promise<BenchServer> {
  const words = ['start', '--port', '0', '--no-merge', '-o', 'json', '--name', `bench-${process.pid}`, ...args];
  const child = spawn(process.execPath, ['--v8-pool-size=0', join(root, 'dist/main.js'), ...words], { stdio: ['ignore', 'pipe', 'inherit'] });
  const kill = () => child.kill('SIGKILL');
  process.on('exit', kill); // A benchmark that fails leaves no server behind.
  const ready = await readyEvent(child);
  const pid = child.pid as number;
  const kubeconfig = String(ready.kubeconfig);
  const target = readTarget(kubeconfig);
  const api = await RawConnection.open(target);
  return {
    target,
    api,
    pid,
    kubeconfig,
    residentMib: () => residentMib(pid),
    cpuMs: () => cpuMs(pid),
    stop: () =>
      new Promise((resolve) => {
        api.close();
        process.off('exit', kill);
        child.on('exit', () => resolve());
        child.kill('SIGTERM');
      }),
  };
}

/** Runs `measure` with a server that ends with it, however it ends. */
export async function withServer<T>(args: readonly string[], measure: (server: BenchServer) => Promise<T>): Promise<T> {
  const server = await startBenchServer(args);
  try {
    return await measure(server);
  } finally {
    await server.stop();
  }
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

function readTarget(file: string): Target {
  const config = load(readFileSync(file, 'utf8')) as {
    readonly clusters: readonly { readonly cluster: { readonly server: string; readonly 'certificate-authority-data': string } }[];
    readonly users: readonly { readonly user: { readonly 'client-certificate-data': string; readonly 'client-key-data': string } }[];
  };
  const cluster = config.clusters[0]?.cluster;
  const user = config.users[0]?.user;
  if (!cluster || !user) throw new Error(`${file} names no cluster or user`);
  const { hostname, port } = new URL(cluster.server);
  const decode = (base64: string) => Buffer.from(base64, 'base64');
  return {
    host: hostname,
    port: Number(port),
    ca: decode(cluster['certificate-authority-data']),
    cert: decode(user['client-certificate-data']),
    key: decode(user['client-key-data']),
  };
}
