import { goJson } from '../../src/machinery/codec/index.ts';
import { type ContainerSession, internalError, isStatusError, type RemoteCommandUpgrade, type Status } from '../../src/machinery/index.ts';

export type OutputStream = 'stdout' | 'stderr';

/** The client's end of exec and attach, whatever protocol it speaks. */
export interface RemoteClient {
  /** False once it is full: then `RemoteCommandBridge.drained` says when it is not. */
  output(stream: OutputStream, data: Uint8Array): boolean;
  /** Tells how it ended, and closes. Nothing follows. */
  finish(status: Status): void;
  /** Reads no more input until the returned function is called. */
  holdInput(): () => void;
}

/** Input that came before the command runs, or that it has not read, is kept up to here before the client is held back. */
const maxEarlyBytes = 64 * 1024;

/** Joins a client's streams with a container's: bytes both ways, window sizes, ends, and back-pressure on either side. */
export class RemoteCommandBridge {
  #session: ContainerSession | undefined;
  #over = false;
  #early: Uint8Array[] = [];
  #earlyBytes = 0;
  #earlyEnd = false;
  #earlySize: readonly [columns: number, rows: number] | undefined;
  #release: (() => void) | undefined;
  #cancelDrain: () => void = () => {};

  constructor(
    readonly upgrade: RemoteCommandUpgrade,
    readonly client: RemoteClient,
  ) {}

  /** All streams are there: starts the command. */
  async begin(): Promise<void> {
    try {
      const { session, ended } = await this.upgrade.start();
      if (this.#over) session.detach();
      else this.#run(session, ended);
    } catch (error) {
      this.#finish(isStatusError(error) ? error.status : internalError(error instanceof Error ? error.message : String(error)).status);
    }
  }

  /** The client sent input. */
  stdin(data: Uint8Array): void {
    if (this.#over || !this.upgrade.streams.stdin || data.length === 0) return;
    if (!this.#session) {
      this.#early.push(data);
      this.#earlyBytes += data.length;
      if (this.#earlyBytes > maxEarlyBytes) this.#hold();
    } else if (!this.#session.writeStdin(data)) {
      this.#hold();
      this.#cancelDrain();
      this.#cancelDrain = this.#session.onStdinDrain(() => this.#unhold());
    }
  }

  /** The client's input is over. */
  stdinEnd(): void {
    if (this.#over || !this.upgrade.streams.stdin) return;
    if (this.#session) this.#session.endStdin();
    else this.#earlyEnd = true;
  }

  /** A message of the resize stream: `{"Width":80,"Height":24}`. What is no such thing is ignored. */
  resize(message: string): void {
    const size = parseSize(message);
    if (!size || this.#over) return;
    if (this.#session) this.#session.resize(...size);
    else this.#earlySize = size;
  }

  /** The client takes output again. */
  drained(): void {
    if (!this.#over) this.#session?.resumeOutput();
  }

  /** The client has gone. */
  gone(): void {
    if (this.#over) return;
    this.#over = true;
    this.#cancelDrain();
    this.#early = [];
    this.#session?.detach();
  }

  #run(session: ContainerSession, ended: Promise<Status>): void {
    this.#session = session;
    const { streams } = this.upgrade;
    if (this.#earlySize) session.resize(...this.#earlySize);
    session.onOutput((stream, data) => !streams[stream] || this.#over || this.client.output(stream, data));
    this.#unhold();
    for (const data of this.#early.splice(0)) this.stdin(data);
    if (this.#earlyEnd) session.endStdin();
    ended.then((status) => this.#finish(status));
  }

  #finish(status: Status): void {
    if (this.#over) return;
    this.#over = true;
    this.#cancelDrain();
    this.#session?.detach();
    this.client.finish(status);
    this.#unhold(); // So that the client's own end is seen.
  }

  #hold(): void {
    this.#release ??= this.client.holdInput();
  }

  #unhold(): void {
    this.#release?.();
    this.#release = undefined;
  }
}

function parseSize(message: string): readonly [columns: number, rows: number] | undefined {
  try {
    const { Width, Height } = JSON.parse(message) as { Width?: unknown; Height?: unknown };
    if (typeof Width === 'number' && typeof Height === 'number' && Width > 0 && Height > 0) return [Width, Height];
  } catch {
    // Below.
  }
  return undefined;
}

/** What the error stream carries: a Status since v4, before that only a failure's text. */
export function errorStreamText(status: Status, protocol: string): string {
  if (/^v[45]\./.test(protocol)) {
    const { kind: _kind, apiVersion: _apiVersion, ...rest } = status; // Neither is sent here.
    return goJson(rest);
  }
  return status.status === 'Success' ? '' : (status.message ?? '');
}
