import type { Process, Syscall } from '../../kernel/types.ts';
import { eachPiece } from './pieces.ts';

const encoder = new TextEncoder();
const limit = 4096;
const pieceLength = 65_536;

/** Buffered standard output, as stdio's: written at 4 KiB, at the end, and before a read that would wait. */
export class Output {
  readonly #parts: string[] = [];
  #size = 0;

  constructor(
    readonly process: Process,
    readonly fd = 1,
  ) {}

  *text(text: string): Syscall<void> {
    if (text.length > pieceLength) return yield* this.#pieces(text);
    this.#parts.push(text);
    this.#size += text.length;
    if (this.#size >= limit) yield* this.flush();
  }

  /** Making bytes of a text takes a while, too. */
  *#pieces(text: string): Syscall<void> {
    yield* this.flush();
    const pieces: string[] = [];
    yield* eachPiece(this.process, text, (piece) => pieces.push(piece));
    for (const piece of pieces) yield* this.process.write(this.fd, encoder.encode(piece));
  }

  *line(text: string): Syscall<void> {
    yield* this.text(`${text}\n`);
  }

  *bytes(data: Uint8Array): Syscall<void> {
    yield* this.flush();
    yield* this.process.write(this.fd, data);
  }

  *flush(): Syscall<void> {
    if (this.#size === 0) return;
    const text = this.#parts.join('');
    this.#parts.length = 0;
    this.#size = 0;
    yield* this.process.write(this.fd, encoder.encode(text));
  }
}
