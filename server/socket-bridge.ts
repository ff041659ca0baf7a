import type { Socket } from 'node:net';
import type { Connection } from '../src/shell/kernel/types.ts';

/**
 * Joins a socket of the host with a connection of the simulated network: bytes both ways, half-closes, resets, and back-pressure
 * on either side. The socket must have been made with `allowHalfOpen`, else the first end closes both ways.
 */
export function bridgeSocket(socket: Socket, connection: Connection): void {
  const cancel: (() => void)[] = [];
  let over = false;
  const finish = () => {
    if (over) return;
    over = true;
    for (const one of cancel) one();
  };
  const fail = () => {
    if (over) return;
    finish();
    connection.destroy();
    socket.destroy();
  };
  const guarded = (action: () => void) => () => {
    if (over) return;
    try {
      action();
    } catch {
      fail(); // The other side was reset.
    }
  };
  let inboundEnded = false;
  const toSocket = guarded(() => {
    while (!socket.writableNeedDrain) {
      const bytes = connection.read();
      if (bytes === undefined) return;
      if (bytes === null) {
        if (!inboundEnded) socket.end();
        inboundEnded = true;
        return;
      }
      socket.write(bytes);
    }
  });
  cancel.push(connection.onReadable(toSocket));
  cancel.push(connection.onDrain(() => socket.resume()));
  socket.on('drain', toSocket);
  socket.on('data', (chunk) => guarded(() => void (connection.write(chunk) || socket.pause()))());
  socket.on(
    'end',
    guarded(() => connection.end()),
  );
  socket.on('error', fail);
  socket.on('close', (hadError) => {
    if (hadError || !inboundEnded || !socket.readableEnded) fail();
    else finish();
  });
  toSocket();
}
