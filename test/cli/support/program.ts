import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join, relative } from 'node:path';
import { oldestAndNewest } from '../../support/kubectl.ts';

/** What `npm run build` has made. */
export const builtProgram = join(import.meta.dirname, '../../../dist/main.js');
if (!existsSync(builtProgram)) throw new Error('The program is not built: run npm test, or npm run build before vitest.');

/** The newest kubectl of this machine; undefined where there is none (an error if CI=true). */
export const kubectl = oldestAndNewest().at(-1)?.path;

/** A user with a home of their own: commands run there as on a fresh machine. */
export class User {
  readonly home = mkdtempSync(join(tmpdir(), 'paperkube-user-'));
  readonly #running = new Set<Running>();
  readonly #environment: NodeJS.ProcessEnv;

  constructor(readonly program = builtProgram) {
    const temporary = join(this.home, 'tmp');
    mkdirSync(temporary);
    this.#environment = {
      PATH: [...(kubectl ? [dirname(kubectl)] : []), process.env.PATH].join(delimiter),
      HOME: this.home,
      TMPDIR: temporary,
      NO_COLOR: '1',
    };
  }

  /** Starts the program; it goes on until it ends by itself, or the user leaves. */
  spawn(words: readonly string[], environment: NodeJS.ProcessEnv = {}): Running {
    return this.#spawn(process.execPath, [this.program, ...words], environment);
  }

  /** Runs the program to its end. */
  run(...words: string[]): Promise<Ended> {
    return this.spawn(words).ended;
  }

  kubectl(...words: string[]): Running {
    return this.#spawn(kubectl ?? 'kubectl', words, {});
  }

  /** Starts a cluster on any free port; resolves once it is ready, with what the `ready` event says. */
  async start(...words: string[]): Promise<{ server: Running; ready: Ready }> {
    const server = this.spawn(['start', '--port', '0', '--nodes', '1', '-o', 'json', ...words]);
    return { server, ready: JSON.parse(await server.line(/"event":"ready"/)) as Ready };
  }

  /** Every file below the home, as sorted relative paths. */
  files(): string[] {
    const all = readdirSync(this.home, { recursive: true, withFileTypes: true });
    // kubectl keeps a cache of its own.
    const paths = all.filter((one) => one.isFile()).map((one) => relative(this.home, join(one.parentPath, one.name)));
    return paths.filter((path) => !path.startsWith(join('.kube', 'cache'))).sort();
  }

  /** Ends what still runs and removes the home. */
  async leave(): Promise<void> {
    for (const one of this.#running) one.kill('SIGKILL');
    await Promise.all([...this.#running].map((one) => one.ended));
    rmSync(this.home, { recursive: true, force: true });
  }

  #spawn(file: string, words: readonly string[], environment: NodeJS.ProcessEnv): Running {
    const running = new Running(spawn(file, words, { env: { ...this.#environment, ...environment }, cwd: this.home, stdio: ['ignore', 'pipe', 'pipe'] }));
    this.#running.add(running);
    void running.ended.finally(() => this.#running.delete(running));
    return running;
  }
}

/** The first line of `start -o json`. */
export interface Ready {
  readonly event: 'ready';
  readonly name: string;
  readonly server: string;
  readonly kubeconfig: string;
  readonly context: string;
  readonly control: string;
  readonly pid: number;
  readonly version: string;
  readonly kubernetesVersion: string;
  readonly readyMs: number;
}

export interface Ended {
  /** 128 and the signal's number is not ours to say: a process that a signal ended has no code. */
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** A process of a test, and what it has said so far. */
export class Running {
  readonly ended: Promise<Ended>;
  readonly pid: number;
  #stdout = '';
  #stderr = '';
  #look = () => {};

  constructor(readonly child: ChildProcess) {
    this.pid = child.pid ?? 0;
    child.stdout?.setEncoding('utf8').on('data', (text: string) => {
      this.#stdout += text;
      this.#look();
    });
    child.stderr?.setEncoding('utf8').on('data', (text: string) => (this.#stderr += text));
    this.ended = new Promise((resolve, reject) => {
      child.on('error', reject);
      child.on('close', (code, signal) => resolve({ code, signal, stdout: this.#stdout, stderr: this.#stderr }));
    });
  }

  /** The first line of standard output that matches, as soon as it is there. Fails if the process ends without one. */
  line(pattern: RegExp): Promise<string> {
    return new Promise((resolve, reject) => {
      this.#look = () => {
        const found = this.#stdout
          .split('\n')
          .slice(0, -1)
          .find((line) => pattern.test(line));
        if (found !== undefined) resolve(found);
      };
      this.#look();
      void this.ended.then(({ code, stderr }) => reject(new Error(`no line like ${pattern}; it ended with ${code}: ${stderr}`)));
    });
  }

  kill(signal: NodeJS.Signals): void {
    this.child.kill(signal);
  }
}
