import type { WebSocket } from 'ws';
import type { StreamBody } from '../../src/machinery/index.ts';
import type { ChannelProtocol } from './channel-protocol.ts';

/** A client with this many bytes unsent does not keep up: the log waits for it. */
const highWaterBytes = 1024 * 1024;

/** Subprotocols of an answer that comes as a stream (apimachinery/pkg/util/httpstream/wsstream NewDefaultReaderProtocols); there are no channels in it. */
export const streamProtocols: readonly ChannelProtocol[] = ['', 'binary.k8s.io', 'base64.binary.k8s.io'].map((name) => ({
  name,
  base64: name.startsWith('base64.'),
  closeSignal: false,
}));

/** Sends an answer that comes as a stream, a log, in messages: as dashboards in a browser follow one. What the client sends is ignored. */
export function streamOverWebSocket(body: StreamBody, socket: WebSocket, { base64 }: ChannelProtocol): void {
  let wake = (): void => {};
  const send = (bytes: Uint8Array): void => {
    const data = base64 ? Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('base64') : bytes;
    socket.send(data, { binary: !base64 }, () => {
      if (socket.bufferedAmount <= highWaterBytes / 2) wake();
    });
  };
  send(new Uint8Array(0)); // Tells the client that all is connected, as upstream's does.
  const stop = body.start({
    data(chunk) {
      if (socket.readyState === socket.OPEN) send(chunk);
    },
    end(error) {
      if (error) socket.terminate();
      else socket.close(1000);
    },
    full: () => socket.bufferedAmount > highWaterBytes,
    onRoom(callback) {
      wake = () => {
        wake = () => {};
        callback();
      };
    },
  });
  socket.on('error', () => socket.terminate());
  socket.on('close', stop);
}
