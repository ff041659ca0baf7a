import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { createWebSocketStream, type WebSocket, WebSocketServer } from 'ws';

/** A client without Authorization may bring its token as a subprotocol, since browsers can set no header (apiserver/pkg/authentication). */
const bearerPrefix = 'base64url.bearer.authorization.k8s.io.';

/** The subprotocols that a client offers, in its order. */
export function offeredProtocols({ headers }: IncomingMessage): string[] {
  return (headers['sec-websocket-protocol'] ?? '')
    .split(',')
    .map((one) => one.trim())
    .filter((one) => one !== '' && !one.startsWith(bearerPrefix));
}

/** Makes a token that came as a subprotocol an Authorization header, unless there is one. */
export function adoptBearerProtocol({ headers }: IncomingMessage): void {
  const offered = (headers['sec-websocket-protocol'] ?? '').split(',').map((one) => one.trim());
  const token = offered.find((one) => one.startsWith(bearerPrefix))?.slice(bearerPrefix.length);
  if (token && !headers.authorization) headers.authorization = `Bearer ${Buffer.from(token, 'base64url').toString()}`;
}

/** A message is kept until it is complete, so it has an end: that of golang.org/x/net/websocket, which upstream reads with. */
const maxMessageBytes = 32 * 1024 * 1024;

/** A client with this many bytes unsent reads too little for its pings to be answered as well. */
const maxUnsentBytes = 4 * 1024 * 1024;

/** Completes WebSocket handshakes. */
export class WebSockets {
  readonly #server: WebSocketServer;
  readonly #chosen = new WeakMap<IncomingMessage, string>();

  constructor() {
    this.#server = new WebSocketServer({
      noServer: true,
      perMessageDeflate: false,
      maxPayload: maxMessageBytes,
      autoPong: false,
      handleProtocols: () => false,
    });
    this.#server.on('headers', (headers, request) => {
      const protocol = this.#chosen.get(request);
      if (protocol) headers.push(`Sec-WebSocket-Protocol: ${protocol}`);
    });
  }

  /**
   * Opens a WebSocket that speaks `protocol` (none if empty). `ws` itself is told of no subprotocol: it refuses names with a
   * slash, which is no token character, although kubectl's `SPDY/3.1+portforward.k8s.io` has one.
   * @returns false for a handshake that is broken; it has been answered
   */
  accept(request: IncomingMessage, socket: Duplex, head: Buffer, protocol: string, opened: (socket: WebSocket) => void): boolean {
    let accepted = false;
    this.#chosen.set(request, protocol);
    delete request.headers['sec-websocket-protocol'];
    this.#server.handleUpgrade(request, socket, head, (webSocket) => {
      accepted = true;
      webSocket.on('ping', (data: Buffer) => {
        if (webSocket.readyState === webSocket.OPEN && webSocket.bufferedAmount < maxUnsentBytes) webSocket.pong(data);
      });
      opened(webSocket);
    });
    return accepted;
  }

  /** As `accept`, for a protocol that takes the messages' bytes as one stream. */
  tunnel(request: IncomingMessage, socket: Duplex, head: Buffer, protocol: string, opened: (stream: Duplex) => void): void {
    this.accept(request, socket, head, protocol, (webSocket) => {
      const stream = createWebSocketStream(webSocket);
      // Whoever does not read it at the moment would not learn that it is over.
      webSocket.on('close', () => stream.isPaused() && stream.destroy());
      opened(stream);
    });
  }
}
