import type { ServerResponse } from 'node:http';
import type { WebSocket } from 'ws';
import type { ServedEvent, WatchBody } from '../src/machinery/index.ts';
import { WriteTurns } from './write-turns.ts';

/**
 * A watcher with this many bytes unsent is closed, so that one who does not read hurts nobody else; it resumes from its last
 * revision, or lists again.
 */
export const maxUnsentWatchBytes = 4 * 1024 * 1024;

const turns = new WriteTurns();

/** Sends a watch in chunks: JSON with one event per line, or protobuf with the length before each event. */
export function streamWatch(body: WatchBody, out: ServerResponse): void {
  // Without this a client waits for the first event before it believes that the watch is open.
  out.flushHeaders();
  // Node sends the events to clients of HTTP/1.0, which know no chunks, and those that wait behind another answer of their connection.
  const line = out.socket && out.chunkedEncoding ? turns.line(out.socket) : undefined;
  const stop = body.start({
    event(event: ServedEvent) {
      if (out.destroyed || out.writableEnded) return;
      if (out.writableLength + (line?.waitingBytes ?? 0) > maxUnsentWatchBytes) out.destroy();
      else if (line) line.write(chunkOf(event.frame()));
      else out.write(event.frame());
    },
    end() {
      line?.flush();
      out.end();
    },
  });
  out.on('close', stop);
}

const chunks = new WeakMap<Uint8Array, Buffer>();
const endOfLine = Buffer.from('\r\n');

/**
 * A frame as a chunk of HTTP/1.1, made once for all watchers. Node would hand the length, the frame and the line ends to each
 * socket in four parts, which costs more than encrypting them.
 */
function chunkOf(frame: Uint8Array): Buffer {
  let chunk = chunks.get(frame);
  if (!chunk) {
    chunk = Buffer.concat([Buffer.from(`${frame.length.toString(16)}\r\n`), frame, endOfLine]);
    chunks.set(frame, chunk);
  }
  return chunk;
}

/** Sends a watch over a WebSocket, one event per message, as kube-apiserver does: JSON as text, protobuf as bytes. */
export function streamWatchOverWebSocket(body: WatchBody, socket: WebSocket): void {
  const binary = body.contentType !== 'application/json';
  const stop = body.start({
    event(event: ServedEvent) {
      if (socket.readyState !== socket.OPEN) return;
      if (socket.bufferedAmount > maxUnsentWatchBytes) socket.terminate();
      else socket.send(withoutFraming(event.frame(), binary), { binary });
    },
    end() {
      socket.close(1000);
    },
  });
  socket.on('close', stop);
  socket.on('error', stop);
}

/** Messages have their own beginning and end: JSON needs no newline there, and protobuf no four bytes of length. */
function withoutFraming(frame: Uint8Array, binary: boolean): Uint8Array {
  if (binary) return frame.subarray(4);
  return frame.at(-1) === 0x0a ? frame.subarray(0, -1) : frame;
}
