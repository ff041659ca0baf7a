import type { ProcessExitInfo } from '../shell/kernel/index.ts';
import { HostInput, HostOutput, Tty } from '../shell/kernel/index.ts';
import type { ExecSession } from './types.ts';

type Listener = (stream: 'stdout' | 'stderr', data: Uint8Array) => boolean;

/** The streams between a process and one client. */
export class StreamSession implements ExecSession {
  readonly input: HostInput | undefined;
  readonly tty: Tty | undefined;
  readonly stdout: HostOutput | undefined;
  readonly stderr: HostOutput | undefined;
  readonly exited: Promise<{ readonly exitCode: number }>;
  #resolveExit: (exit: { readonly exitCode: number }) => void = () => {};
  #exitCode: number | undefined;
  #listener: Listener | undefined;
  #paused = true;
  #detached = false;
  #waiting: { stream: 'stdout' | 'stderr'; data: Uint8Array }[] = [];
  /** Calls back when a client that attached late wants a window size. */
  onResize: (columns: number, rows: number) => void = () => {};

  constructor(options: { readonly stdin: boolean; readonly tty: boolean }) {
    this.exited = new Promise((resolve) => {
      this.#resolveExit = resolve;
    });
    if (options.tty) {
      this.tty = new Tty({ data: (data) => this.deliver('stdout', data) });
      return;
    }
    if (options.stdin) this.input = new HostInput();
    this.stdout = new HostOutput({ data: (data) => this.deliver('stdout', data) });
    this.stderr = new HostOutput({ data: (data) => this.deliver('stderr', data) });
  }

  /** The client has said that it is full. */
  get paused(): boolean {
    return this.#paused;
  }

  /** Output of the process; false when the client is slow. */
  deliver(stream: 'stdout' | 'stderr', data: Uint8Array): boolean {
    if (this.#detached) return true;
    if (!this.#listener || this.#paused) {
      this.#waiting.push({ stream, data });
      return false;
    }
    if (!this.#listener(stream, data)) this.#paused = true;
    return !this.#paused;
  }

  writeStdin(data: Uint8Array): boolean {
    if (this.tty) {
      this.tty.input(data);
      return true;
    }
    return this.input?.write(data) ?? true;
  }
  onStdinDrain(callback: () => void): () => void {
    return this.input?.onDrain(callback) ?? (() => {});
  }
  endStdin(): void {
    if (this.tty) this.tty.input(Uint8Array.of(4));
    else this.input?.end();
  }
  resize(columns: number, rows: number): void {
    this.tty?.resize(columns, rows);
  }

  onOutput(listener: Listener): void {
    this.#listener = listener;
    this.resumeOutput();
  }
  resumeOutput(): void {
    this.#paused = false;
    while (!this.#paused && this.#waiting.length > 0) {
      const next = this.#waiting.shift() as { stream: 'stdout' | 'stderr'; data: Uint8Array };
      this.deliver(next.stream, next.data);
    }
    if (!this.#paused) for (const output of [this.stdout, this.stderr]) output?.resume();
    if (!this.#paused) this.tty?.resumeOutput();
    this.#settle();
  }

  detach(): void {
    this.#detached = true;
    this.#waiting = [];
    this.#listener = undefined;
    this.#paused = false;
    // As with containerd, a command that goes on without its client stops at a full pipe; what its end has left behind may write freely.
    for (const output of [this.stdout, this.stderr]) {
      if (this.#exitCode === undefined) output?.hold();
      else output?.discard();
    }
    this.input?.end();
    this.tty?.hangup();
    this.#settle();
  }

  /** The process has ended; clients hear of it after all output. */
  finish(exit: Pick<ProcessExitInfo, 'exitCode'>): void {
    this.#exitCode = exit.exitCode;
    this.#settle();
  }

  #settle(): void {
    if (this.#exitCode !== undefined && (this.#detached || !this.#paused) && this.#waiting.length === 0) this.#resolveExit({ exitCode: this.#exitCode });
  }
}
