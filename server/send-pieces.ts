import type { ServerResponse } from 'node:http';
import type { Writable } from 'node:stream';
import type { BytePieces } from '../src/machinery/index.ts';

/** Bytes are gathered to writes of this size: each one costs a way through the stream, TLS and the kernel, and more would only take memory. */
const slabBytes = 128 * 1024;

/**
 * Writes pieces in large portions, and waits for each to be taken, so that a slow reader costs one portion of memory.
 * Resolves when all is written, or when the reader has gone.
 */
export async function sendPieces(out: ServerResponse, pieces: BytePieces, through: Writable = out): Promise<void> {
  const slab = Buffer.allocUnsafeSlow(Math.min(slabBytes, pieces.byteLength));
  let filled = 0;
  for (const piece of pieces) {
    for (let taken = 0; taken < piece.length; ) {
      const count = Math.min(piece.length - taken, slab.length - filled);
      slab.set(count === piece.length ? piece : piece.subarray(taken, taken + count), filled);
      taken += count;
      filled += count;
      if (filled < slab.length) continue;
      if (!(await written(out, through, slab))) return;
      filled = 0;
    }
  }
  through.end(slab.subarray(0, filled));
}

/** Resolves once the bytes may be overwritten; with false if nobody is there to take more. */
function written(out: ServerResponse, through: Writable, bytes: Uint8Array): Promise<boolean> {
  if (out.destroyed) return Promise.resolve(false);
  return new Promise((resolve) => {
    const gone = (): void => resolve(false);
    out.once('close', gone);
    through.write(bytes, (error) => {
      out.off('close', gone);
      resolve(!error && !out.destroyed);
    });
  });
}
