/** A gRPC server for image programs: it answers grpc.health.v1 and nothing else. */
import { receive, send } from '../../shell/applets/lib/socket.ts';
import type { Connection, Process, Syscall } from '../../shell/kernel/types.ts';
import type { ServingStatus } from '../../shell/wire/grpc-health.ts';
import { decodeHealthRequest, encodeHealthResponse, frameMessage, grpcCode, healthCheckPath, unframeMessage } from '../../shell/wire/grpc-health.ts';
import type { Frame, Header } from '../../shell/wire/http2.ts';
import {
  decodeHeaders,
  encodeFrame,
  encodeHeaders,
  FrameReader,
  frameFlag,
  frameType,
  goAwayFrame,
  Http2Error,
  http2Error,
  settingsFrame,
} from '../../shell/wire/http2.ts';
import { serveConnections } from './server.ts';

/** How a service is, by its name (empty: the server as a whole); undefined for one that is not known. */
export type HealthOf = (service: string, process: Process) => Syscall<ServingStatus | undefined>;

/** A request's message may be as large as this. */
const maxMessageBytes = 64 * 1024;
/** Calls of one connection that have begun and not ended. */
const maxCalls = 100;

interface Call {
  readonly path: string;
  body: Buffer;
}

/** Serves for ever in a child process. Throws SystemError EADDRINUSE if the port is taken. */
export function startHealthServer(process: Process, port: number, health: HealthOf): void {
  const listener = process.system.network.listen('0.0.0.0', port);
  process.spawn({
    argv: [...process.argv],
    thread: true,
    program: (child) => serveConnections(child, listener, (one, connection) => serveHttp2(one, connection, health)),
  });
}

function* serveHttp2(process: Process, connection: Connection, health: HealthOf): Syscall<void> {
  const frames = new FrameReader();
  const calls = new Map<number, Call>();
  let greeted = false;
  // As grpc-go: the server's settings go out first, whoever it is.
  yield* send(connection, settingsFrame());
  try {
    for (let data = yield* receive(process, connection); data !== null; data = yield* receive(process, connection)) {
      frames.push(data);
      if (!greeted) {
        const preface = frames.preface();
        if (preface === undefined) continue;
        if (!preface) break;
        greeted = true;
      }
      for (let frame = frames.take(); frame; frame = frames.take()) yield* takeFrame(process, connection, frame, calls, health);
    }
  } catch (error) {
    if (!(error instanceof Http2Error)) throw error;
    yield* send(connection, goAwayFrame(error.code));
  }
  connection.end();
}

function* takeFrame(process: Process, connection: Connection, frame: Frame, calls: Map<number, Call>, health: HealthOf): Syscall<void> {
  const { type, flags, streamId, payload } = frame;
  if (type === frameType.settings && !(flags & frameFlag.ack)) yield* send(connection, settingsFrame(true));
  if (type === frameType.ping && !(flags & frameFlag.ack)) yield* send(connection, encodeFrame({ ...frame, flags: frameFlag.ack }));
  if (type === frameType.resetStream) calls.delete(streamId);
  if (type === frameType.headers && calls.size >= maxCalls) throw new Http2Error(http2Error.protocol, 'too many streams');
  if (type === frameType.headers) calls.set(streamId, { path: pathOf(frame), body: Buffer.alloc(0) });
  const call = calls.get(streamId);
  if (!call) return;
  if (type === frameType.data) {
    if (flags & frameFlag.padded || call.body.length + payload.length > maxMessageBytes) throw new Http2Error(http2Error.protocol, 'message too large');
    call.body = Buffer.concat([call.body, payload]);
  }
  if (!(flags & frameFlag.endStream)) return;
  calls.delete(streamId);
  yield* answerCall(process, connection, streamId, call, health);
}

function pathOf({ flags, payload }: Frame): string {
  const whole = frameFlag.endHeaders;
  if ((flags & (frameFlag.padded | frameFlag.priority | whole)) !== whole) throw new Http2Error(http2Error.protocol, 'headers in pieces');
  return decodeHeaders(payload).find(([name]) => name === ':path')?.[1] ?? '';
}

function* answerCall(process: Process, connection: Connection, streamId: number, { path, body }: Call, health: HealthOf): Syscall<void> {
  const service = path === healthCheckPath ? decodeHealthRequest(unframeMessage(body) ?? new Uint8Array([0xff])) : undefined;
  if (service === undefined) {
    const [, name = '', method = ''] = path.split('/');
    const known = name === 'grpc.health.v1.Health';
    yield* sendHeaders(
      connection,
      streamId,
      refusal(grpcCode.unimplemented, known ? `unknown method ${method} for service ${name}` : `unknown service ${name}`),
    );
    return;
  }
  const status = yield* health(service, process);
  if (status === undefined) {
    yield* sendHeaders(connection, streamId, refusal(grpcCode.notFound, 'unknown service'));
    return;
  }
  yield* sendHeaders(connection, streamId, [...responseHead], false);
  yield* send(connection, encodeFrame({ type: frameType.data, flags: 0, streamId, payload: frameMessage(encodeHealthResponse(status)) }));
  yield* sendHeaders(connection, streamId, [
    ['grpc-status', String(grpcCode.ok)],
    ['grpc-message', ''],
  ]);
}

const responseHead: readonly Header[] = [
  [':status', '200'],
  ['content-type', 'application/grpc'],
];

const refusal = (code: number, message: string): Header[] => [...responseHead, ['grpc-status', String(code)], ['grpc-message', message.slice(0, 120)]];

function* sendHeaders(connection: Connection, streamId: number, headers: readonly Header[], last = true): Syscall<void> {
  const flags = frameFlag.endHeaders | (last ? frameFlag.endStream : 0);
  yield* send(connection, encodeFrame({ type: frameType.headers, flags, streamId, payload: encodeHeaders(headers) }));
}
