import { STATUS_CODES } from 'node:http';
import type { Duplex } from 'node:stream';
import { goJson } from '../../src/machinery/codec/index.ts';
import type { ApiResponse, StatusError } from '../../src/machinery/index.ts';

/** Writes an ordinary HTTP answer to a request that asked for another protocol, and closes the connection. */
export function writeAnswer(socket: Duplex, { status, headers, body }: ApiResponse): void {
  if (body.kind === 'object') write(socket, status, headers, body.contentType ?? 'application/json', body.json());
  else if (body.kind === 'bytes') write(socket, status, headers, body.contentType, body.bytes);
  else writeText(socket, 400, 'this request cannot be upgraded\n', headers);
}

export function writeText(socket: Duplex, status: number, text: string, headers: ApiResponse['headers'] = {}): void {
  write(socket, status, headers, 'text/plain; charset=utf-8', text);
}

export function writeStatus(socket: Duplex, error: StatusError): void {
  write(socket, error.code, {}, 'application/json', `${goJson(error.status)}\n`);
}

/** The answer that changes the protocol. */
export function writeSwitch(socket: Duplex, headers: readonly string[]): void {
  socket.write(`HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\n${headers.join('\r\n')}\r\n\r\n`);
}

function write(socket: Duplex, status: number, headers: ApiResponse['headers'], contentType: string, data: string | Uint8Array): void {
  const bytes = typeof data === 'string' ? Buffer.from(data) : data;
  const lines = [`HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ''}`, `Content-Type: ${contentType}`, `Content-Length: ${bytes.length}`, 'Connection: close'];
  for (const [name, value] of Object.entries(headers)) for (const one of typeof value === 'string' ? [value] : value) lines.push(`${name}: ${one}`);
  socket.end(Buffer.concat([Buffer.from(`${lines.join('\r\n')}\r\n\r\n`), bytes]));
}
