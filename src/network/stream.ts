import type { Loop } from '../env/index.ts';
import type { Connection } from '../shell/kernel/types.ts';
import { SystemError } from '../shell/kernel/types.ts';

/** Bytes of one direction that may wait unread before the writer is told to wait. */
export const streamBufferBytes = 64 * 1024;

/** What carries the bytes: how long they travel, and whether the path works at present. */
export interface Path {
  readonly loop: Loop;
  readonly latencyMs: number;
  /** While false, bytes wait to be sent again: TCP's retransmission, without its end. */
  passable(): boolean;
}

export interface StreamAddress {
  readonly localAddress: string;
  readonly localPort: number;
  readonly remoteAddress: string;
  readonly remotePort: number;
}

type Packet = { readonly kind: 'data'; readonly bytes: Uint8Array } | { readonly kind: 'end' } | { readonly kind: 'reset' };

/** One end of a TCP-like connection. Both ends share a Path; what one writes arrives at the other in a later task of the Loop, in order. */
export class StreamEnd implements Connection {
  readonly localAddress: string;
  readonly localPort: number;
  readonly remoteAddress: string;
  readonly remotePort: number;
  #peer!: StreamEnd;
  readonly #travelling: Packet[] = [];
  /** Packets whose travel time is over, but which may wait for the path to work again. */
  #due = 0;
  readonly #received: Uint8Array[] = [];
  /** Bytes sent that the other side has not read. */
  #unreadByPeer = 0;
  #writerWaits = false;
  #ended = false;
  #remoteEnded = false;
  #readerGone = false;
  #broken: 'no' | 'untold' | 'told' = 'no';
  #closed = false;
  readonly #readable = new Set<() => void>();
  readonly #drain = new Set<() => void>();

  constructor(
    readonly path: Path,
    addresses: StreamAddress,
    readonly onClosed: () => void,
  ) {
    this.localAddress = addresses.localAddress;
    this.localPort = addresses.localPort;
    this.remoteAddress = addresses.remoteAddress;
    this.remotePort = addresses.remotePort;
  }

  /** Joins two ends. */
  static join(a: StreamEnd, b: StreamEnd): void {
    a.#peer = b;
    b.#peer = a;
  }

  write(data: Uint8Array): boolean {
    this.#throwIfBroken();
    if (this.#ended) throw new SystemError('EPIPE');
    if (data.length > 0) {
      this.#unreadByPeer += data.length;
      this.#send({ kind: 'data', bytes: data.slice() });
    }
    if (this.#unreadByPeer <= streamBufferBytes) return true;
    this.#writerWaits = true;
    return false;
  }

  end(): void {
    if (this.#ended || this.#broken !== 'no') return;
    this.#ended = true;
    this.#send({ kind: 'end' });
    this.#closeIfDone();
  }

  destroy(): void {
    if (this.#broken !== 'no' || this.#readerGone) return;
    if (this.#received.length > 0) {
      this.reset(); // Linux tells the other side that bytes were thrown away.
      return;
    }
    this.#readerGone = true;
    this.end();
    this.#notify(this.#drain);
    this.#notify(this.#readable);
  }

  /** Breaks the connection: the other side sees a reset after what was written before. */
  reset(): void {
    if (this.#broken !== 'no' || this.#closed) return;
    this.#broken = 'told';
    this.#received.length = 0;
    this.#send({ kind: 'reset' });
    this.#finish();
    this.#notify(this.#drain);
    this.#notify(this.#readable);
  }

  read(max = streamBufferBytes): Uint8Array | undefined | null {
    const head = this.#received[0];
    if (head) return this.#take(head, max);
    if (this.#broken === 'untold') this.#throwIfBroken();
    if (this.#broken === 'told' || this.#remoteEnded || this.#readerGone) return null;
    return undefined;
  }

  onReadable(callback: () => void): () => void {
    return this.#register(this.#readable, callback);
  }

  onDrain(callback: () => void): () => void {
    return this.#register(this.#drain, callback);
  }

  /** The path works again: what waited arrives now. */
  resume(): void {
    this.path.loop.defer('network', () => this.#deliver());
  }

  #take(head: Uint8Array, max: number): Uint8Array {
    const bytes = head.length <= max ? head : head.subarray(0, max);
    if (head.length <= max) this.#received.shift();
    else this.#received[0] = head.subarray(max);
    this.#peer.#acknowledged(bytes.length);
    return bytes;
  }

  /** The other side has read: a writer that waited may go on once half of the buffer is free. */
  #acknowledged(count: number): void {
    this.#unreadByPeer -= count;
    if (!this.#writerWaits || this.#unreadByPeer > streamBufferBytes / 2) return;
    this.#writerWaits = false;
    this.path.loop.defer('network', () => this.#notify(this.#drain));
  }

  #send(packet: Packet): void {
    this.#travelling.push(packet);
    const arrive = () => {
      this.#due += 1;
      this.#deliver();
    };
    if (this.path.latencyMs > 0) this.path.loop.after(this.path.latencyMs, 'network', arrive);
    else this.path.loop.defer('network', arrive);
  }

  #deliver(): void {
    if (!this.path.passable()) return;
    while (this.#due > 0) {
      const packet = this.#travelling.shift();
      this.#due -= 1;
      if (packet) this.#peer.#arrived(packet);
    }
  }

  #arrived(packet: Packet): void {
    if (this.#broken !== 'no') return;
    if (packet.kind === 'reset') {
      this.#broken = 'untold';
      this.#finish();
      this.#notify(this.#drain);
    } else if (packet.kind === 'end') {
      this.#remoteEnded = true;
      this.#closeIfDone();
    } else if (this.#readerGone) {
      this.reset();
      return;
    } else {
      this.#received.push(packet.bytes);
    }
    this.#notify(this.#readable);
  }

  /** A reset is told once, to whichever call comes first; later writes find a broken pipe (tcp(7)). */
  #throwIfBroken(): void {
    if (this.#broken === 'untold') {
      this.#broken = 'told';
      throw new SystemError('ECONNRESET');
    }
    if (this.#broken === 'told') throw new SystemError('EPIPE');
  }

  #closeIfDone(): void {
    if (this.#ended && this.#remoteEnded) this.#finish();
  }

  #finish(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.onClosed();
  }

  #register(callbacks: Set<() => void>, callback: () => void): () => void {
    const own = () => callback(); // The same function may be registered twice.
    callbacks.add(own);
    return () => callbacks.delete(own);
  }

  #notify(callbacks: Set<() => void>): void {
    for (const callback of [...callbacks]) callback();
  }
}
