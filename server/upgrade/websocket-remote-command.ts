import type { WebSocket } from 'ws';
import type { RemoteCommandUpgrade } from '../../src/machinery/index.ts';
import type { ChannelProtocol } from './channel-protocol.ts';
import { ChannelSocket } from './channel-socket.ts';
import { errorStreamText, RemoteCommandBridge } from './remote-command.ts';

const channels = { stdin: 0, stdout: 1, stderr: 2, error: 3, resize: 4 } as const;

/**
 * Real milliseconds that a client of v5 gets to set up its streams. client-go up to 1.33, and kubectl with it, begins to read while it
 * does so, and throws away what comes for a stream that it does not know yet: a real node takes longer than that to start a process.
 */
const settleMs = 10;

/** Serves exec and attach over the channels of a WebSocket. `holdTime` keeps simulated time from jumping while the client gets ready. */
export function serveWebSocketRemoteCommand(socket: WebSocket, upgrade: RemoteCommandUpgrade, protocol: ChannelProtocol, holdTime: () => () => void): void {
  const { streams } = upgrade;
  const channel = new ChannelSocket(socket, protocol, {
    message(number, data) {
      if (number === channels.stdin) bridge.stdin(data);
      else if (number === channels.resize && streams.tty) bridge.resize(data.toString());
    },
    closed(number) {
      if (number === channels.stdin) bridge.stdinEnd();
    },
    drain: () => bridge.drained(),
    gone: () => bridge.gone(),
  });
  const bridge = new RemoteCommandBridge(upgrade, {
    output: (name, data) => channel.send(channels[name], data),
    finish(status) {
      const text = errorStreamText(status, protocol.name);
      if (text) channel.send(channels.error, Buffer.from(text));
      channel.close();
    },
    holdInput: () => channel.holdInput(),
  });
  if (protocol.closeSignal) {
    const releases = [channel.holdOutput(), holdTime()];
    setTimeout(() => {
      for (const release of releases) release();
    }, settleMs);
  }
  // An empty message tells the client that all is connected, as upstream's does.
  channel.send(streams.stdout ? channels.stdout : streams.stderr ? channels.stderr : channels.error, new Uint8Array(0));
  void bridge.begin();
}
