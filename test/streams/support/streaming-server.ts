import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { nodesByCount, planNodes } from '../../../server/cli/nodes.ts';
import { startServer } from '../../../server/start-server.ts';
import type { Kubectl } from '../../support/kubectl.ts';

export interface Outcome {
  readonly code: number;
  readonly stdout: Buffer;
  readonly stderr: string;
}

/** Simulated time runs fast, so that pulls and sleeps do not hold a test up. */
const clock = 'x20';

/** A cluster behind a listening server, and kubectl to talk to it. */
export class StreamingServer {
  readonly #children = new Set<ChildProcess>();

  private constructor(
    readonly url: string,
    readonly folder: string,
    readonly environment: NodeJS.ProcessEnv,
    readonly stop: () => Promise<void>,
  ) {}

  static async start({ http = false }: { readonly http?: boolean } = {}): Promise<StreamingServer> {
    const server = await startServer({
      name: 'streams',
      host: '127.0.0.1',
      port: 0,
      http,
      clock,
      clockStart: undefined,
      seed: 1,
      nodes: planNodes('streams', nodesByCount(1)),
      dnsPort: undefined,
      logLevel: 'silent',
    });
    const folder = mkdtempSync(join(tmpdir(), 'paperkube-streams-'));
    const kubeconfig = join(folder, 'kubeconfig');
    writeFileSync(kubeconfig, server.kubeconfigText, { mode: 0o600 });
    return new StreamingServer(server.server, folder, { PATH: process.env.PATH, HOME: folder, KUBECONFIG: kubeconfig, TERM: 'xterm' }, server.stop);
  }

  async close(): Promise<void> {
    for (const child of this.#children) child.kill('SIGKILL');
    await this.stop();
    rmSync(this.folder, { recursive: true, force: true });
  }

  spawn(command: string, args: readonly string[]): ChildProcess {
    const child = spawn(command, args, { env: this.environment, cwd: this.folder, stdio: 'pipe' });
    this.#children.add(child);
    child.on('close', () => this.#children.delete(child));
    // A child that ends before it has read everything is not this process's problem.
    child.stdin?.on('error', () => {});
    return child;
  }

  /** Runs kubectl to its end. Without input its stdin is empty. */
  async run(kubectl: Kubectl, args: readonly string[], input?: Buffer | string): Promise<Outcome> {
    const child = this.spawn(kubectl.path, args);
    const stdout: Buffer[] = [];
    let stderr = '';
    child.stdout?.on('data', (chunk: Buffer) => stdout.push(chunk));
    child.stderr?.on('data', (chunk: Buffer) => {
      stderr += chunk;
    });
    child.stdin?.end(input);
    const code = await new Promise<number>((resolve) => child.on('close', (status) => resolve(status ?? -1)));
    return { code, stdout: Buffer.concat(stdout), stderr };
  }

  /** Runs kubectl, which must succeed; returns its output. */
  async text(kubectl: Kubectl, args: readonly string[], input?: Buffer | string): Promise<string> {
    const { code, stdout, stderr } = await this.run(kubectl, args, input);
    if (code !== 0) throw new Error(`kubectl ${args.join(' ')} ended with ${code}: ${stderr}${stdout}`);
    return stdout.toString();
  }

  /** kubectl in the background, with output that can be waited for. */
  start(kubectl: Kubectl, args: readonly string[]): Conversation {
    return new Conversation(this.spawn(kubectl.path, args));
  }

  /** kubectl on a terminal. */
  terminal(kubectl: Kubectl, args: readonly string[]): Conversation {
    const command = [kubectl.path, ...args].map((word) => `'${word}'`).join(' ');
    return new Conversation(this.spawn('script', ['-qec', command, '/dev/null']));
  }

  /** The local port that leads to a pod's, and the command that keeps it open. */
  async forward(kubectl: Kubectl, pod: string, port: number): Promise<{ readonly port: number; readonly command: Conversation }> {
    const command = this.start(kubectl, ['port-forward', `pod/${pod}`, `:${port}`]);
    const text = await command.waitFor(/Forwarding from 127\.0\.0\.1:(\d+)/);
    return { port: Number(/127\.0\.0\.1:(\d+)/.exec(text)?.[1]), command };
  }
}

/** A running command: what it printed so far, on either stream, and what is typed. */
export class Conversation {
  output = '';
  readonly ended: Promise<number>;
  #over = false;
  #waiting: (() => void)[] = [];

  constructor(readonly child: ChildProcess) {
    for (const stream of [child.stdout, child.stderr]) {
      stream?.setEncoding('utf8').on('data', (chunk: string) => {
        this.output += chunk;
        for (const wake of this.#waiting.splice(0)) wake();
      });
    }
    this.ended = new Promise((resolve) => {
      child.on('close', (code) => {
        this.#over = true;
        for (const wake of this.#waiting.splice(0)) wake();
        resolve(code ?? -1);
      });
    });
  }

  type(text: string): void {
    this.child.stdin?.write(text);
  }

  /** All output, once it matches. Rejects if the command ends before. */
  async waitFor(pattern: RegExp): Promise<string> {
    while (!pattern.test(this.output)) {
      if (this.#over) throw new Error(`ended without ${pattern}: ${this.output}`);
      await new Promise<void>((resolve) => this.#waiting.push(resolve));
    }
    return this.output;
  }

  async kill(): Promise<void> {
    this.child.kill('SIGKILL');
    await this.ended;
  }
}
