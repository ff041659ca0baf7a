import type { Process, Syscall } from '../../kernel/types.ts';

const encoder = new TextEncoder();
const limit = 4096;

/** Buffered standard output, as stdio's: written at 4 KiB, at the end, and before a read that would wait. */
export class Output {
  readonly #parts: string[] = [];
  #size = 0;

  constructor(
    readonly process: Process,
    readonly fd = 1,
  ) {}

  *text(text: string): Syscall<void> {
    this.#parts.push(text);
    this.#size += text.length;
    if (this.#size >= limit) yield* this.flush();
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
