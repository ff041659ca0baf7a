import type { IncomingMessage, Server } from 'node:http';
import type { Duplex } from 'node:stream';
import type { WebSocket } from 'ws';
import type { Log, Loop } from '../../src/env/index.ts';
import { type ApiResponse, type Handler, internalError, isStatusError, type PortForwardUpgrade, type RemoteCommandUpgrade } from '../../src/machinery/index.ts';
import { WireRequest } from '../http-request.ts';
import { discard } from '../http-response.ts';
import { streamWatchOverWebSocket } from '../watch-stream.ts';
import { type ChannelProtocol, chooseChannels, portForwardChannels, remoteCommandChannels } from './channel-protocol.ts';
import { writeAnswer, writeStatus, writeSwitch, writeText } from './plain-answer.ts';
import { portForwardProtocol, serveSpdyPortForward } from './spdy/port-forward.ts';
import { remoteCommandProtocols, serveSpdyRemoteCommand } from './spdy/remote-command.ts';
import { adoptBearerProtocol, offeredProtocols, WebSockets } from './web-sockets.ts';
import { serveWebSocketPortForward } from './websocket-port-forward.ts';
import { serveWebSocketRemoteCommand } from './websocket-remote-command.ts';
import { streamOverWebSocket, streamProtocols } from './websocket-stream.ts';

/** SPDY inside a WebSocket, as kubectl 1.31 and later forward ports. */
const tunnelProtocol = 'SPDY/3.1+portforward.k8s.io';

/**
 * Requests that ask for another protocol bypass Express: exec, attach, port-forward, watches and logs over WebSocket. Everything else
 * that the API server answers (a refusal, mostly) is written as an ordinary HTTP answer, and the connection is closed.
 * @returns how to cut all connections that have been upgraded; `server.close` waits for them
 */
export function handleUpgrades(server: Server, handler: Handler, { log, loop }: { readonly log: Log; readonly loop: Pick<Loop, 'hold'> }): () => void {
  const upgrader = new Upgrader(handler, () => loop.hold());
  const connections = new Set<Duplex>();
  server.on('upgrade', (request: IncomingMessage, socket: Duplex, head: Buffer) => {
    connections.add(socket);
    socket.on('close', () => connections.delete(socket));
    socket.on('error', () => socket.destroy());
    upgrader.upgrade(request, socket, head).catch((error: unknown) => {
      if (!isStatusError(error)) log.error('upgrade failed', { error: error instanceof Error ? error.stack : String(error) });
      writeStatus(socket, isStatusError(error) ? error : internalError('an unexpected error, see the log of the server'));
    });
  });
  return () => {
    for (const socket of connections) socket.destroy();
  };
}

/** What an upgrade is made from. */
interface Asked {
  readonly request: IncomingMessage;
  readonly socket: Duplex;
  readonly head: Buffer;
  readonly answer: ApiResponse;
}

class Upgrader {
  readonly #sockets = new WebSockets();

  constructor(
    readonly handler: Handler,
    readonly holdTime: () => () => void,
  ) {}

  async upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): Promise<void> {
    adoptBearerProtocol(request);
    const answer = await this.handler(new WireRequest(request, undefined, () => abortedWith(socket)));
    const asked = { request, socket, head, answer };
    if (socket.destroyed) return discard(answer);
    const protocol = request.headers.upgrade?.toLowerCase() === 'websocket' ? 'websocket' : 'spdy/3.1'; // Others stay with HTTP, see http-server.ts.
    const { body } = answer;
    if (body.kind === 'watch' && protocol === 'websocket') {
      // Whatever a client calls it: upstream gives the name back, and clients that offered one hang up on an answer without.
      const [named = ''] = offeredProtocols(request);
      if (!this.#sockets.accept(request, socket, head, named, (opened) => streamWatchOverWebSocket(body, opened))) discard(answer);
    } else if (body.kind === 'stream' && protocol === 'websocket') {
      this.#overChannels(asked, streamProtocols, (opened, channels) => streamOverWebSocket(body, opened, channels));
    } else if (body.kind !== 'upgrade') writeAnswer(socket, answer);
    else if (body.upgrade.type === 'remote-command') this.#remoteCommand(asked, body.upgrade, protocol);
    else this.#portForward(asked, body.upgrade, protocol);
  }

  #remoteCommand(asked: Asked, upgrade: RemoteCommandUpgrade, protocol: 'websocket' | 'spdy/3.1'): void {
    const { request, socket, head } = asked;
    if (protocol === 'websocket') {
      this.#overChannels(asked, remoteCommandChannels, (opened, channels) => serveWebSocketRemoteCommand(opened, upgrade, channels, this.holdTime));
      return;
    }
    const offered = spokenBy(request);
    // A client of the first version names none.
    const chosen = offered.length === 0 ? 'channel.k8s.io' : offered.find((one) => remoteCommandProtocols.includes(one));
    if (chosen === undefined) {
      refuseProtocols(asked, remoteCommandProtocols);
      return;
    }
    switchToSpdy(asked, offered.length === 0 ? undefined : chosen);
    serveSpdyRemoteCommand(socket, head, upgrade, chosen);
  }

  #portForward(asked: Asked, upgrade: PortForwardUpgrade, protocol: 'websocket' | 'spdy/3.1'): void {
    const { request, socket, head } = asked;
    if (protocol === 'websocket') {
      if (offeredProtocols(request).includes(tunnelProtocol)) {
        this.#sockets.tunnel(request, socket, head, tunnelProtocol, (stream) => serveSpdyPortForward(stream, Buffer.alloc(0), upgrade));
      } else this.#overChannels(asked, portForwardChannels, (opened, channels) => serveWebSocketPortForward(opened, upgrade, channels));
    } else if (spokenBy(request).includes(portForwardProtocol)) {
      switchToSpdy(asked, portForwardProtocol);
      serveSpdyPortForward(socket, head, upgrade);
    } else refuseProtocols(asked, [portForwardProtocol]);
  }

  #overChannels(
    { request, socket, head, answer }: Asked,
    spoken: readonly ChannelProtocol[],
    serve: (socket: WebSocket, channels: ChannelProtocol) => void,
  ): void {
    const channels = chooseChannels(offeredProtocols(request), spoken);
    if (!channels) writeText(socket, 403, '');
    else if (this.#sockets.accept(request, socket, head, channels.name, (opened) => serve(opened, channels))) return;
    discard(answer);
  }
}

/** Each header line may hold several. */
function spokenBy({ headersDistinct }: IncomingMessage): string[] {
  return (headersDistinct['x-stream-protocol-version'] ?? []).flatMap((line) => line.split(',')).map((one) => one.trim());
}

function switchToSpdy({ socket, answer }: Asked, protocol: string | undefined): void {
  const audit = answer.headers['audit-id'];
  const named = protocol === undefined ? [] : [`X-Stream-Protocol-Version: ${protocol}`];
  writeSwitch(socket, ['Upgrade: SPDY/3.1', ...named, ...(typeof audit === 'string' ? [`Audit-Id: ${audit}`] : [])]);
}

function refuseProtocols({ request, socket }: Asked, spoken: readonly string[]): void {
  const list = (names: readonly string[]): string => `[${names.join(' ')}]`;
  const text = `unable to upgrade: unable to negotiate protocol: client supports ${list(spokenBy(request))}, server accepts ${list(spoken)}`;
  writeText(socket, 403, text, { 'x-accepted-stream-protocol-versions': spoken });
}

function abortedWith(socket: Duplex): AbortSignal {
  const controller = new AbortController();
  socket.on('close', () => controller.abort());
  return controller.signal;
}
