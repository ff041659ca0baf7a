import type { SpdySession } from './session.ts';

/** Takes what a client sends on a stream. */
export interface StreamReceiver {
  data(data: Buffer): void;
  /** The client has closed its half. */
  end(): void;
  /** The client has given the stream up, or has gone: nothing follows, and nothing may be written. */
  reset(): void;
}

/** So much is kept of what comes before somebody receives it; then the client is held back. */
const maxEarlyBytes = 256 * 1024;

type Received = { readonly kind: 'data'; readonly data: Buffer } | { readonly kind: 'end' | 'reset' };

/** One stream of a SPDY session. What arrives before somebody receives it is kept. */
export class SpdyStream {
  #receiver: StreamReceiver | undefined;
  #early: Received[] = [];
  #earlyBytes = 0;
  #release: (() => void) | undefined;
  #localEnded = false;
  #remoteEnded = false;

  constructor(
    readonly session: SpdySession,
    readonly id: number,
    /** Names in lower case. */
    readonly headers: ReadonlyMap<string, string>,
  ) {}

  /** Neither side sends any more. */
  get closed(): boolean {
    return this.#localEnded && this.#remoteEnded;
  }

  receive(receiver: StreamReceiver): void {
    this.#receiver = receiver;
    for (const one of this.#early.splice(0)) this.#deliver(one);
    this.#unhold();
  }

  /** False once the connection is full: wait for the session's drain. Ignored after the end. */
  write(data: Uint8Array): boolean {
    if (this.#localEnded) return true;
    return this.session.sendData(this.id, data);
  }

  /** Closes this side's half. */
  end(): void {
    if (this.#localEnded) return;
    this.#localEnded = true;
    this.session.sendEnd(this);
  }

  /** Gives the stream up, both ways. */
  reset(): void {
    if (this.closed) return;
    this.#localEnded = true;
    this.#remoteEnded = true;
    this.#early = [];
    this.session.sendReset(this);
    this.#unhold();
  }

  /** For the session: a data frame came. */
  received(data: Buffer, fin: boolean): void {
    if (this.#remoteEnded) return;
    if (data.length > 0) this.#deliver({ kind: 'data', data });
    if (!fin) return;
    this.#remoteEnded = true;
    this.#deliver({ kind: 'end' });
  }

  /** For the session: the stream or the whole connection is gone. */
  wasReset(): void {
    if (this.closed) return;
    this.#localEnded = true;
    this.#remoteEnded = true;
    this.#deliver({ kind: 'reset' });
    this.#unhold();
  }

  #deliver(one: Received): void {
    if (!this.#receiver) this.#keep(one);
    else if (one.kind === 'data') this.#receiver.data(one.data);
    else this.#receiver[one.kind]();
  }

  #keep(one: Received): void {
    this.#early.push(one);
    if (one.kind !== 'data') return;
    this.#earlyBytes += one.data.length;
    if (this.#earlyBytes > maxEarlyBytes) this.#release ??= this.session.holdInput();
  }

  #unhold(): void {
    this.#release?.();
    this.#release = undefined;
  }
}
