import type { WebSocket } from 'ws';
import type { PortForwardUpgrade } from '../../src/machinery/index.ts';
import type { ChannelProtocol } from './channel-protocol.ts';
import { ChannelSocket } from './channel-socket.ts';
import { ForwardedConnection } from './forwarded-connection.ts';

/**
 * Serves port-forward over the channels of a WebSocket: for the nth port of the query, channel 2n carries data and 2n+1 an error's
 * text. The first message on each is the port, as 16 bits with the low byte first.
 */
export function serveWebSocketPortForward(socket: WebSocket, upgrade: PortForwardUpgrade, protocol: ChannelProtocol): void {
  const connections = new Map<number, ForwardedConnection>();
  let open = upgrade.ports.length;
  let gone = false;
  const channel = new ChannelSocket(socket, protocol, {
    message(number, data) {
      if (number % 2 === 0 && data.length > 0) connections.get(number)?.received(data);
    },
    closed() {},
    drain() {
      for (const one of connections.values()) one.drained();
    },
    gone() {
      gone = true;
      for (const one of [...connections.values()]) one.abandoned();
    },
  });
  const ended = () => {
    open -= 1;
    if (open === 0) channel.close();
  };
  const forward = async (port: number, dataChannel: number): Promise<void> => {
    const release = channel.holdInput(); // What comes early has to wait until there is a connection for it.
    try {
      const connection = await upgrade.connect(port);
      const forwarded: ForwardedConnection = new ForwardedConnection(connection, {
        data: (data) => channel.send(dataChannel, data),
        end: ended,
        failed: ended,
        closed: () => connections.delete(dataChannel),
        holdInput: () => channel.holdInput(),
      });
      connections.set(dataChannel, forwarded);
      if (gone) forwarded.abandoned();
      else forwarded.begin();
    } catch (error) {
      channel.send(dataChannel + 1, Buffer.from(error instanceof Error ? error.message : String(error)));
      ended();
    } finally {
      release();
    }
  };
  for (const [index, port] of upgrade.ports.entries()) {
    const number = Buffer.alloc(2);
    number.writeUInt16LE(port);
    channel.send(2 * index, number);
    channel.send(2 * index + 1, number);
    void forward(port, 2 * index);
  }
}
