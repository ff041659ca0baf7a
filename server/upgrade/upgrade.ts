import type { IncomingMessage, Server } from 'node:http';
import { STATUS_CODES } from 'node:http';
import type { Duplex } from 'node:stream';
import { WebSocketServer } from 'ws';
import type { Log } from '../../src/env/index.ts';
import { type ApiResponse, type Handler, internalError, isStatusError } from '../../src/machinery/index.ts';
import { toApiRequest } from '../http-request.ts';
import { streamWatchOverWebSocket } from '../watch-stream.ts';

/**
 * Requests that ask for another protocol bypass Express: watches over WebSocket. Everything else that the API server answers
 * (a refusal, mostly) is written as an ordinary HTTP answer, and the connection is closed.
 */
export function handleUpgrades(server: Server, handler: Handler, log: Log): void {
  const sockets = new WebSocketServer({ noServer: true, perMessageDeflate: false });
  server.on('upgrade', (request: IncomingMessage, socket: Duplex, head: Buffer) => {
    socket.on('error', () => socket.destroy());
    upgrade(sockets, handler, request, socket, head).catch((error: unknown) => {
      if (!isStatusError(error)) log.error('upgrade failed', { error: error instanceof Error ? error.stack : String(error) });
      const failed = isStatusError(error) ? error : internalError('an unexpected error, see the log of the server');
      writeAnswer(socket, failed.code, {}, 'application/json', `${JSON.stringify(failed.status)}\n`);
    });
  });
}

async function upgrade(sockets: WebSocketServer, handler: Handler, request: IncomingMessage, socket: Duplex, head: Buffer): Promise<void> {
  const answer = await handler(toApiRequest(request, undefined, () => abortedWith(socket)));
  const { body } = answer;
  if (body.kind !== 'watch' || request.headers.upgrade?.toLowerCase() !== 'websocket') {
    refuse(socket, answer);
    return;
  }
  sockets.handleUpgrade(request, socket, head, (opened) => streamWatchOverWebSocket(body, opened));
}

function abortedWith(socket: Duplex): AbortSignal {
  const controller = new AbortController();
  socket.on('close', () => controller.abort());
  return controller.signal;
}

function refuse(socket: Duplex, { status, headers, body }: ApiResponse): void {
  if (body.kind === 'object') writeAnswer(socket, status, headers, body.contentType ?? 'application/json', body.json());
  else if (body.kind === 'bytes') writeAnswer(socket, status, headers, body.contentType, body.bytes);
  else writeAnswer(socket, 400, headers, 'text/plain; charset=utf-8', 'this request cannot be upgraded\n');
}

function writeAnswer(socket: Duplex, status: number, headers: ApiResponse['headers'], contentType: string, data: string | Uint8Array): void {
  const bytes = typeof data === 'string' ? Buffer.from(data) : data;
  const lines = [`HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ''}`, `Content-Type: ${contentType}`, `Content-Length: ${bytes.length}`, 'Connection: close'];
  for (const [name, value] of Object.entries(headers)) for (const one of typeof value === 'string' ? [value] : value) lines.push(`${name}: ${one}`);
  socket.end(Buffer.concat([Buffer.from(`${lines.join('\r\n')}\r\n\r\n`), bytes]));
}
