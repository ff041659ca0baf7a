import type { ServerResponse } from 'node:http';
import { promisify } from 'node:util';
import { createGzip, gzip } from 'node:zlib';
import type { ApiResponse, BytePieces, StreamBody } from '../src/machinery/index.ts';
import { sendPieces } from './send-pieces.ts';
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

/** Writes an answer of the API server to the wire. What it returns settles when all is handed over; a watch or a stream goes on after that. */
export function sendResponse(response: ApiResponse, out: ServerResponse, options: SendOptions): Promise<void> | void {
  const { body, status } = response;
  const headers = headersOf(response);
  switch (body.kind) {
    case 'none':
      out.writeHead(status, headers).end();
      return;
    case 'watch':
      out.writeHead(status, [...headers, 'content-type', body.contentType, 'transfer-encoding', 'chunked']);
      streamWatch(body, out);
      return;
    case 'stream':
      out.writeHead(status, [...headers, 'content-type', body.contentType, 'transfer-encoding', 'chunked']);
      stream(body, out);
      return;
    case 'object':
      headers.push('content-type', body.contentType ?? 'application/json');
      if (body.pieces) return sendInPieces(response, out, headers, body.pieces(), options);
      return sendBytes(response, out, headers, body.json(), options);
    case 'bytes':
      headers.push('content-type', body.contentType);
      return sendBytes(response, out, headers, body.bytes, options);
    case 'upgrade': // To a protocol that nobody speaks, or the request had not come this way.
      headers.push('content-type', 'text/plain; charset=utf-8');
      return sendBytes({ ...response, status: 400 }, out, headers, 'unable to upgrade: missing upgrade headers in request', options);
  }
}

/** The client has gone before its watch or stream began: begin and end it, so that what it holds is given back. */
export function discard({ body }: ApiResponse): void {
  if (body.kind === 'watch') body.start({ event() {}, end() {} })();
  if (body.kind === 'stream') body.start({ data() {}, end() {} })();
}

/** Names and values in turn: Node writes such a list as it is, and keeps no map of it. */
type RawHeaders = (string | number | string[])[];

function headersOf({ headers }: ApiResponse): RawHeaders {
  const raw: RawHeaders = [];
  for (const name in headers) {
    const value = headers[name] as string | readonly string[];
    raw.push(name, typeof value === 'string' ? onWire(value) : value.map(onWire));
  }
  return raw;
}

/** Node writes a header one byte per character, and refuses characters that need more; Go writes UTF-8. */
function onWire(value: string): string {
  for (let at = 0; at < value.length; at += 1) {
    const code = value.charCodeAt(at);
    if (code < 0x20 || code > 0x7e) return Buffer.from(value).toString('latin1');
  }
  return value;
}

function sendBytes(
  { status, sent }: ApiResponse,
  out: ServerResponse,
  headers: RawHeaders,
  data: string | Uint8Array,
  options: SendOptions,
): Promise<void> | void {
  const bytes = typeof data === 'string' ? Buffer.from(data) : data;
  if (wantsGzip(headers, bytes.length, options)) {
    return compress(bytes, { level: gzipLevel }).then((zipped) => {
      sent?.(zipped.length);
      out.writeHead(status, [...headers, ...gzipHeaders, 'content-length', zipped.length]).end(options.headOnly ? undefined : zipped);
    });
  }
  sent?.(bytes.length);
  headers.push('content-length', bytes.length);
  out.writeHead(status, headers).end(options.headOnly ? undefined : bytes);
}

/** A large answer never lies in memory as a whole, compressed or not. */
async function sendInPieces({ status, sent }: ApiResponse, out: ServerResponse, headers: RawHeaders, pieces: BytePieces, options: SendOptions): Promise<void> {
  const zipped = wantsGzip(headers, pieces.byteLength, options);
  out.writeHead(status, zipped ? [...headers, ...gzipHeaders, 'transfer-encoding', 'chunked'] : [...headers, 'content-length', pieces.byteLength]);
  if (options.headOnly) return void out.end();
  if (!zipped) {
    sent?.(pieces.byteLength);
    return sendPieces(out, pieces);
  }
  const zip = createGzip({ level: gzipLevel });
  let bytes = 0;
  const counted = (chunk: Uint8Array) => {
    bytes += chunk.length;
  };
  zip.on('data', counted);
  zip.pipe(out);
  out.on('close', () => zip.destroy());
  zip.on('end', () => sent?.(bytes));
  return sendPieces(out, pieces, zip);
}

const gzipHeaders = ['content-encoding', 'gzip', 'vary', 'Accept-Encoding'] as const;

function wantsGzip(headers: RawHeaders, byteLength: number, { acceptEncoding = '' }: SendOptions): boolean {
  if (byteLength < gzipFromBytes || headers.includes('content-encoding')) return false;
  // Upstream knows the word alone: one with a quality is another encoding to it.
  return acceptEncoding.split(',').some((encoding) => encoding.trim() === 'gzip');
}

function stream(body: StreamBody, out: ServerResponse): void {
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
