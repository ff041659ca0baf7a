import type { IncomingMessage, ServerResponse } from 'node:http';
import express, { type Express, type RequestHandler } from 'express';
import type { Log } from '../src/env/index.ts';
import { goJson } from '../src/machinery/codec/index.ts';
import { type Handler, internalError, isReadablePath, isStatusError, type StatusError } from '../src/machinery/index.ts';
import { readBody, WireRequest } from './http-request.ts';
import { discard, sendResponse } from './http-response.ts';
import { RequestTurns } from './request-turns.ts';

export interface AppOptions {
  readonly handler: Handler;
  readonly log: Log;
  /** Real milliseconds in which a body has to come; a minute if absent. */
  readonly bodyTimeoutMs?: number;
  /** Routes that are not the API server's: the control API. Mounted before the catch-all. */
  readonly routers?: readonly { readonly path: string; readonly router: RequestHandler }[];
}

/** The Express app: one catch-all hands every request to the API server. */
export function createApp({ handler, log, bodyTimeoutMs, routers = [] }: AppOptions): Express {
  const app = express();
  app.disable('x-powered-by');
  app.disable('etag');
  const turns = new RequestTurns();
  const answer = (request: IncomingMessage, response: ServerResponse) => {
    if (!isReadablePath(request.url ?? '/')) return refuseUnread(response);
    serve(handler, turns, request, response, bodyTimeoutMs).catch((error: unknown) => fail(error, response, log));
  };
  // Nearly all requests are the API server's, and need not be held against the path of each router.
  app.use((request, response, next) => (routers.some(({ path }) => request.url.startsWith(path)) ? next() : answer(request, response)));
  for (const { path, router } of routers) app.use(path, router);
  app.use(answer);
  return app;
}

/** What Go's HTTP server says of a request whose target it cannot read, before any handler sees it. */
function refuseUnread(response: ServerResponse): void {
  response.statusCode = 400;
  response.setHeader('content-type', 'text/plain; charset=utf-8');
  response.setHeader('connection', 'close');
  response.end('400 Bad Request');
}

async function serve(handler: Handler, turns: RequestTurns, request: IncomingMessage, response: ServerResponse, bodyTimeoutMs?: number): Promise<void> {
  const reading = readBody(request, bodyTimeoutMs);
  const wire = new WireRequest(request, reading && (await reading), () => abortedWith(response));
  const answer = await turns.take(wire.method, wire.path, () => handler(wire));
  if (response.destroyed) return discard(answer);
  return sendResponse(answer, response, {
    acceptEncoding: request.headers['accept-encoding'],
    headOnly: request.method === 'HEAD',
  });
}

/** Made only for requests whose handler asks: most are over before their client could go away. */
function abortedWith(response: ServerResponse): AbortSignal {
  const controller = new AbortController();
  if (response.destroyed) controller.abort();
  else response.on('close', () => controller.abort());
  return controller.signal;
}

/** The one place where an unknown error becomes a 500. */
function fail(error: unknown, response: ServerResponse, log: Log): void {
  // Who hangs up while sending a body hears no answer, and has found no mistake.
  if (response.destroyed && (error as NodeJS.ErrnoException).code === 'ECONNRESET') return;
  if (!isStatusError(error)) log.error('request failed', { error: error instanceof Error ? error.stack : String(error) });
  if (response.headersSent) {
    response.destroy();
    return;
  }
  sendStatus(response, isStatusError(error) ? error : internalError('an unexpected error, see the log of the server'));
}

function sendStatus(response: ServerResponse, error: StatusError): void {
  const text = `${goJson(error.status)}\n`;
  response.statusCode = error.code;
  response.setHeader('content-type', 'application/json');
  response.setHeader('content-length', Buffer.byteLength(text));
  // The rest of a body that was too large, or too slow, is not kept: the connection has to go.
  if (error.code === 413 || error.code === 504) lastAnswer(response, text);
  else response.end(text);
}

/** Real milliseconds for which a connection outlives the last answer on it, as in Go's HTTP server. */
const lingerMs = 500;

/**
 * Answers, and closes the connection once the client has sent what it had to send, or after half a second. Were it closed with bytes of
 * the body still unread, the client would find it broken before it could read the answer.
 */
function lastAnswer(response: ServerResponse, text: string): void {
  const request = response.req;
  response.setHeader('connection', 'close');
  response.write(text);
  const timer = setTimeout(close, lingerMs);
  request.on('end', close).on('close', close).resume();
  function close(): void {
    clearTimeout(timer);
    response.end();
  }
}
