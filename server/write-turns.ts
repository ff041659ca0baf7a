import type { Writable } from 'node:stream';

/** So many sockets are written to before other work has its turn. */
const writesPerTurn = 32;

/**
 * So many bytes go out in one write, or one event that is larger: two records of TLS. A connection keeps buffers for as much as it has once
 * been handed, which a thousand of them pay for.
 */
const writeBytes = 32 * 1024;

/** What one socket is sent, in order. */
export interface WriteLine {
  /** Not yet handed to the socket. */
  readonly waitingBytes: number;
  write(chunk: Buffer): void;
  /** Hands over at once what waits: for what is written to the socket by others. */
  flush(): void;
}

/**
 * Spreads writes to many sockets over turns of the event loop. An event for a thousand watchers is a thousand writes, each of them a record
 * to encrypt and a call of the kernel: between turns, requests are answered, and if one of these is a write as well, whoever has not had his
 * turn gets both events in one piece. A few writes go out at once.
 */
export class WriteTurns {
  readonly #waiting = new Set<Line>();
  #writesLeft = writesPerTurn;
  #scheduled = false;
  readonly #joined: Joined = { parts: [], bytes: Buffer.alloc(0) };

  line(socket: Writable): WriteLine {
    return new Line(socket, this);
  }

  /** Whether there is room in this turn; if not, `line` has one in a turn to come. */
  admit(line: Line): boolean {
    this.#schedule();
    if (this.#writesLeft === 0) {
      this.queue(line);
      return false;
    }
    this.#writesLeft -= 1;
    return true;
  }

  leave(line: Line): void {
    this.#waiting.delete(line);
  }

  queue(line: Line): void {
    this.#waiting.add(line);
  }

  /** In one piece, made once for all sockets that are sent the same. */
  join(parts: readonly Buffer[]): Buffer {
    if (parts.length === 1) return parts[0] as Buffer;
    const last = this.#joined;
    if (parts.length !== last.parts.length || parts.some((part, index) => part !== last.parts[index])) {
      last.parts = parts;
      last.bytes = Buffer.concat(parts);
    }
    return last.bytes;
  }

  #schedule(): void {
    if (this.#scheduled) return;
    this.#scheduled = true;
    setImmediate(() => this.#turn());
  }

  #turn(): void {
    this.#scheduled = false;
    this.#writesLeft = writesPerTurn;
    for (const line of this.#waiting) {
      if (this.#writesLeft === 0) break;
      this.#writesLeft -= 1;
      line.writeSome();
    }
    if (this.#waiting.size > 0) this.#schedule();
    else this.#joined.parts = [];
  }
}

interface Joined {
  parts: readonly Buffer[];
  bytes: Buffer;
}

class Line implements WriteLine {
  waitingBytes = 0;
  readonly #parts: Buffer[] = [];

  constructor(
    readonly socket: Writable,
    readonly turns: WriteTurns,
  ) {}

  write(chunk: Buffer): void {
    if (this.#parts.length === 0 && this.turns.admit(this)) {
      this.socket.write(chunk);
      return;
    }
    this.#parts.push(chunk);
    this.waitingBytes += chunk.length;
  }

  flush(): void {
    this.turns.leave(this);
    this.#send(this.#parts.length);
  }

  /** What fits into one write; whoever has more waits for another turn. */
  writeSome(): void {
    this.turns.leave(this);
    let count = 0;
    for (let bytes = 0; count < this.#parts.length; count += 1) {
      bytes += (this.#parts[count] as Buffer).length;
      if (count > 0 && bytes > writeBytes) break;
    }
    this.#send(count);
    if (this.#parts.length > 0) this.turns.queue(this);
  }

  #send(count: number): void {
    const parts = this.#parts.splice(0, count);
    for (const { length } of parts) this.waitingBytes -= length;
    if (parts.length > 0 && !this.socket.destroyed) this.socket.write(this.turns.join(parts));
  }
}
