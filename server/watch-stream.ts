import type { ServerResponse } from 'node:http';
import type { WebSocket } from 'ws';
import type { ServedEvent, WatchBody } from '../src/machinery/index.ts';

/**
 * A watcher with this many bytes unsent is closed, so that one who does not read hurts nobody else; it resumes from its last
 * revision, or lists again.
 */
export const maxUnsentWatchBytes = 4 * 1024 * 1024;

/** Sends a watch as chunked JSON, one event per line. */
export function streamWatch(body: WatchBody, out: ServerResponse): void {
  out.setHeader('content-type', body.contentType);
  out.setHeader('transfer-encoding', 'chunked');
  // Without this a client waits for the first event before it believes that the watch is open.
  out.flushHeaders();
  const stop = body.start({
    event(event: ServedEvent) {
      if (out.destroyed) return;
      if (out.writableLength > maxUnsentWatchBytes) out.destroy();
      else out.write(event.frame());
    },
    end() {
      out.end();
    },
  });
  out.on('close', stop);
}

/** Sends a watch over a WebSocket: one JSON object per text message, as kube-apiserver does. */
export function streamWatchOverWebSocket(body: WatchBody, socket: WebSocket): void {
  const stop = body.start({
    event(event: ServedEvent) {
      if (socket.readyState !== socket.OPEN) return;
      if (socket.bufferedAmount > maxUnsentWatchBytes) socket.terminate();
      else socket.send(withoutNewline(event.frame()), { binary: false });
    },
    end() {
      socket.close(1000);
    },
  });
  socket.on('close', stop);
  socket.on('error', stop);
}

function withoutNewline(frame: Uint8Array): Uint8Array {
  return frame.at(-1) === 0x0a ? frame.subarray(0, -1) : frame;
}
