import { constants, crc32, deflateRawSync } from 'node:zlib';
import type { Process, Syscall } from '../../kernel/types.ts';

/** What is compressed at a stretch, in one to three milliseconds. */
const portionBytes = 65_536;
/** As far back as deflate looks. */
const windowBytes = 32_768;
/** Magic, deflate, no flags, no time, nothing on the compressor, Unix: as zlib writes it. */
const header = Uint8Array.of(0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3);

/** Makes one gzip member (RFC 1952) of bytes as they come, portion by portion: others run meanwhile. */
export class GzipWriter {
  #held: Uint8Array[] = [];
  #heldBytes = 0;
  #window: Uint8Array = new Uint8Array(0);
  #sum = 0;
  #size = 0;
  #begun = false;

  /** @param write takes the compressed bytes */
  constructor(
    readonly process: Process,
    readonly write: (data: Uint8Array) => Syscall<void>,
    readonly level = 6,
  ) {}

  *add(data: Uint8Array): Syscall<void> {
    for (let at = 0; at < data.length; ) {
      const piece = data.slice(at, at + portionBytes - this.#heldBytes);
      this.#held.push(piece);
      this.#heldBytes += piece.length;
      at += piece.length;
      if (this.#heldBytes === portionBytes) yield* this.#compress(constants.Z_SYNC_FLUSH);
    }
  }

  *end(): Syscall<void> {
    yield* this.#compress(constants.Z_FINISH);
    const end = Buffer.alloc(8);
    end.writeUInt32LE(this.#sum, 0);
    end.writeUInt32LE(this.#size % 2 ** 32, 4);
    yield* this.write(end);
  }

  *#compress(finishFlush: number): Syscall<void> {
    const portion = Buffer.concat(this.#held);
    this.#held = [];
    this.#heldBytes = 0;
    if (!this.#begun) yield* this.write(header);
    this.#begun = true;
    this.#sum = crc32(portion, this.#sum);
    this.#size += portion.length;
    const dictionary = this.#window.length > 0 ? { dictionary: this.#window } : {};
    const compressed = deflateRawSync(portion, { level: this.level, finishFlush, ...dictionary });
    this.#window = portion.subarray(-windowBytes);
    this.process.charge(portion.length >> 8);
    yield* this.process.step();
    yield* this.write(compressed);
  }
}
