import { createServer, IncomingMessage, type RequestListener, type Server, type ServerOptions, ServerResponse } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { Duplex } from 'node:stream';
import type { Express } from 'express';
import { ClientTrustees } from './client-trust.ts';
import { judgeBy } from './http-request.ts';

/** Go clients keep idle connections for up to 90 s; a server that closes them sooner gives them resets. */
const keepAliveMs = 120_000;
/** As kube-apiserver: request headers that take longer are given up. */
const headersMs = 32_000;
const maxHeaderBytes = 1024 * 1024;

/** What the server shows of itself, and whose clients are known by their certificates; all PEM. */
export interface ServedTls {
  readonly key: string;
  readonly cert: string;
  /** Authorities of users. */
  readonly ca: string | readonly string[];
  /** Authorities of front proxies. */
  readonly frontProxyCa?: readonly string[];
}

/**
 * An HTTP or HTTPS server for an Express app.
 *
 * Express sets the prototype of every request and response to its own, which makes V8 give up what it knows of these objects
 * and costs about 45 microseconds per request. The messages are therefore made with those prototypes from the start, and
 * Express' own assignment changes nothing. They are made by classes that inherit from Node's, so that V8 knows how many
 * properties to expect: of what a function of its own makes it expects few, and turns such a message into a dictionary.
 */
export function createHttpServer(app: Express, tls?: ServedTls): Server {
  class Request extends IncomingMessage {
    declare private asksForUpgrade: unknown;

    /** Node's parser writes here whether the head asks for an upgrade, and reads here whether there is to be one. */
    set upgrade(asks: unknown) {
      this.asksForUpgrade = asks;
    }

    get upgrade(): unknown {
      return this.asksForUpgrade === true ? spokenProtocols.has(this.headers.upgrade?.toLowerCase() ?? '') : this.asksForUpgrade;
    }
  }
  class Response<T extends IncomingMessage = IncomingMessage> extends ServerResponse<T> {}
  app.request = withMethodsOf(app.request, Request);
  app.response = withMethodsOf(app.response, Response);
  const options: ServerOptions = {
    IncomingMessage: Request,
    ServerResponse: Response,
    keepAliveTimeout: keepAliveMs,
    headersTimeout: headersMs,
    requestTimeout: 0,
    maxHeaderSize: maxHeaderBytes,
    noDelay: true,
  };
  const serve = app as unknown as RequestListener;
  const listener: RequestListener = (request, response) => {
    const { url = '/' } = request;
    if (url[0] !== '/') request.url = originForm(url);
    serve(request, response);
  };
  if (!tls) return answeringMistakes(createServer(options, listener));
  // A client without a certificate is let through TLS; the API server then answers 401. As with Go, each authority in the list
  // is trusted by itself, though it may be signed by another one.
  const { key, cert, ca, frontProxyCa = [] } = tls;
  const users = [ca].flat();
  const clients = { ca: [...users, ...frontProxyCa], requestCert: true, rejectUnauthorized: false, allowPartialTrustChain: true };
  const server = createTlsServer({ ...options, key, cert, ...clients, ALPNProtocols: ['http/1.1'] }, listener);
  if (frontProxyCa.length > 0) {
    const trustees = new ClientTrustees({ users, frontProxies: frontProxyCa });
    server.on('secureConnection', (socket) => judgeBy(trustees, socket));
  }
  return answeringMistakes(server);
}

/**
 * What connections are given over to: WebSocket, and SPDY for streams. A request that asks for anything else stays one, as with Go. Node would
 * take it out of HTTP and lose what it carries: Java's client offers HTTP/2 with each request over plain HTTP, whatever its body, and so does
 * `curl --http2`. CONNECT is a request like any other, too.
 */
const spokenProtocols = new Set(['websocket', 'spdy/3.1']);

/** The path and query of a target that names a server as well, as proxies are sent it. Others, those of CONNECT, become paths that nobody has. */
function originForm(target: string): string {
  const rest = /^[a-z][a-z0-9+.-]*:\/\/[^/?]*(.*)$/i.exec(target)?.[1] ?? target;
  return rest[0] === '/' ? rest : `/${rest}`;
}

const mistakes: Readonly<Record<string, string>> = {
  HPE_HEADER_OVERFLOW: '431 Request Header Fields Too Large',
  ERR_HTTP_REQUEST_TIMEOUT: '408 Request Timeout',
};

/** Bytes that are no request get the words of Go's HTTP server, and the connection ends. */
function answeringMistakes<T extends Server>(server: T): T {
  server.on('clientError', (error: NodeJS.ErrnoException, socket: Duplex) => {
    if (error.code === 'ECONNRESET' || !socket.writable) {
      socket.destroy();
      return;
    }
    const status = mistakes[error.code ?? ''] ?? '400 Bad Request';
    socket.end(`HTTP/1.1 ${status}\r\nContent-Type: text/plain; charset=utf-8\r\nConnection: close\r\n\r\n${status}`);
  });
  return server;
}

/** The prototype of a class of messages, with Express' methods between it and Node's. */
function withMethodsOf<T extends object>(express: T, { prototype }: { readonly prototype: object }): T {
  return Object.setPrototypeOf(prototype, express);
}
