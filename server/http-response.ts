import type { ServerResponse } from 'node:http';
import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import { type ApiResponse, badRequest, type StreamBody } from '../src/machinery/index.ts';
import { streamWatch } from './watch-stream.ts';

/** Answers from this size on are compressed, where the client takes it: what kube-apiserver does, at its level. */
const gzipFromBytes = 128 * 1024;
const gzipLevel = 4;
const compress = promisify(gzip);

/** A followed log whose reader does not keep up is cut off with this many bytes unsent. */
const maxUnsentStreamBytes = 16 * 1024 * 1024;

export interface SendOptions {
  /** The request's Accept-Encoding. */
  readonly acceptEncoding?: string | undefined;
  /** Headers only: an answer to HEAD. */
  readonly headOnly?: boolean;
}

/** Writes an answer of the API server to the wire. Resolves when it is handed over; a watch or a stream goes on after that. */
export async function sendResponse(response: ApiResponse, out: ServerResponse, options: SendOptions): Promise<void> {
  const { body } = response;
  for (const [name, value] of Object.entries(response.headers)) out.setHeader(name, typeof value === 'string' ? onWire(value) : value.map(onWire));
  out.statusCode = response.status;
  switch (body.kind) {
    case 'none':
      out.end();
      return;
    case 'watch':
      streamWatch(body, out);
      return;
    case 'stream':
      stream(body, out);
      return;
    case 'object':
      return sendBytes(out, body.contentType ?? 'application/json', body.json(), options);
    case 'bytes':
      return sendBytes(out, body.contentType, body.bytes, options);
    case 'upgrade': // Requests that ask for it never come this way.
      throw badRequest('Upgrade request required');
  }
}

/** Node writes a header one byte per character, and refuses characters that need more; Go writes UTF-8. */
function onWire(value: string): string {
  return /[^\x20-\x7e]/.test(value) ? Buffer.from(value).toString('latin1') : value;
}

async function sendBytes(out: ServerResponse, contentType: string, data: string | Uint8Array, options: SendOptions): Promise<void> {
  let bytes = typeof data === 'string' ? Buffer.from(data) : data;
  out.setHeader('content-type', contentType);
  if (bytes.length >= gzipFromBytes && !out.hasHeader('content-encoding') && /\bgzip\b/.test(options.acceptEncoding ?? '')) {
    bytes = await compress(bytes, { level: gzipLevel });
    out.setHeader('content-encoding', 'gzip');
    out.setHeader('vary', 'Accept-Encoding');
  }
  out.setHeader('content-length', bytes.length);
  out.end(options.headOnly ? undefined : bytes);
}

function stream(body: StreamBody, out: ServerResponse): void {
  out.setHeader('content-type', body.contentType);
  out.setHeader('transfer-encoding', 'chunked');
  out.flushHeaders();
  const stop = body.start({
    data(chunk) {
      if (out.writableLength > maxUnsentStreamBytes) out.destroy();
      else out.write(chunk);
    },
    end(error) {
      if (error) out.destroy();
      else out.end();
    },
    full: () => out.writableNeedDrain,
    onRoom(callback) {
      out.once('drain', callback);
    },
  });
  out.on('close', stop);
}
