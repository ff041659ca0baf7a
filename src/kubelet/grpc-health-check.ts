import type { Env } from '../env/index.ts';
import { goDuration } from '../machinery/time.ts';
import type { Connection } from '../shell/kernel/types.ts';
import { decodeHealthResponse, encodeHealthRequest, frameMessage, grpcCode, grpcCodeName, healthCheckPath, unframeMessage } from '../shell/wire/grpc-health.ts';
import type { Header } from '../shell/wire/http2.ts';
import {
  connectionPreface,
  decodeHeaders,
  encodeFrame,
  encodeHeaders,
  FrameReader,
  frameFlag,
  frameType,
  Http2Error,
  settingsFrame,
} from '../shell/wire/http2.ts';
import type { Dial } from './http-client.ts';
import { joinHostPort, readUntil, withConnections } from './http-client.ts';
import { messageOf } from './kubelet-error.ts';
import type { ProbeOutcome } from './probe.ts';

export interface HealthCheck {
  readonly host: string;
  readonly port: number;
  /** Empty: the server as a whole. */
  readonly service: string;
  readonly timeoutMs: number;
}

/** gRPC tries to connect again after a second, then after 1.6 times as long each time. */
const reconnectMs = { base: 1000, factor: 1.6 };

/** A connected gRPC server, whose first frame has come. */
interface Channel {
  readonly connection: Connection;
  readonly frames: FrameReader;
}

class DeadlineExceeded extends Error {
  constructor() {
    super('context deadline exceeded');
  }
}

/** Asks a container's grpc.health.v1 service how it is (pkg/probe/grpc). Whatever goes wrong is a failure, in upstream's words. */
export async function grpcHealthCheck(env: Pick<Env, 'loop'>, dial: Dial, check: HealthCheck): Promise<ProbeOutcome> {
  const address = joinHostPort(check.host, check.port);
  const within = goDuration(check.timeoutMs);
  let connected = false;
  const run = async (own: Dial): Promise<ProbeOutcome> => {
    const channel = await openChannel(env, own, check);
    connected = true;
    return await callCheck(channel, address, check.service);
  };
  try {
    return await withConnections(env, check.timeoutMs, () => new DeadlineExceeded(), dial, run);
  } catch (error) {
    if (!(error instanceof DeadlineExceeded)) return failure(`error: health rpc probe failed: rpc error: code = Unavailable desc = ${messageOf(error)}`);
    return failure(
      connected
        ? `timeout: health rpc did not complete within ${within}`
        : `timeout: failed to connect service ${JSON.stringify(address)} within ${within}: ${error.message}`,
    );
  }
}

const failure = (output: string): ProbeOutcome => ({ result: 'failure', output });

/** Connects until a server speaks HTTP/2; whatever else happens is tried again until time is up. */
async function openChannel(env: Pick<Env, 'loop'>, dial: Dial, check: HealthCheck): Promise<Channel> {
  for (let waitMs = reconnectMs.base; ; waitMs *= reconnectMs.factor) {
    let connection: Connection | undefined;
    try {
      connection = await dial(check.host, check.port);
      connection.write(new TextEncoder().encode(connectionPreface));
      connection.write(settingsFrame());
      const frames = new FrameReader();
      await readUntil(
        connection,
        (chunk) => {
          if (chunk !== null) frames.push(chunk);
          return frames.take()?.type === frameType.settings ? true : undefined;
        },
        closed,
      );
      return { connection, frames };
    } catch (error) {
      if (error instanceof DeadlineExceeded) throw error;
      connection?.destroy();
    }
    await env.loop.sleep(waitMs, 'grpc reconnect');
  }
}

const closed = (error: unknown) => new Error(error === undefined ? 'error reading from server: EOF' : messageOf(error));

async function callCheck({ connection, frames }: Channel, address: string, service: string): Promise<ProbeOutcome> {
  const headers: Header[] = [
    [':method', 'POST'],
    [':scheme', 'http'],
    [':path', healthCheckPath],
    [':authority', address],
    ['content-type', 'application/grpc'],
    ['user-agent', 'kube-probe/1.33 grpc-go/1.68.1'],
    ['te', 'trailers'],
  ];
  connection.write(settingsFrame(true));
  connection.write(encodeFrame({ type: frameType.headers, flags: frameFlag.endHeaders, streamId: 1, payload: encodeHeaders(headers) }));
  connection.write(encodeFrame({ type: frameType.data, flags: frameFlag.endStream, streamId: 1, payload: frameMessage(encodeHealthRequest(service)) }));
  const answer = new Map<string, string>();
  let body = Buffer.alloc(0);
  const take = (chunk: Uint8Array | null): true | undefined => {
    if (chunk !== null) frames.push(chunk);
    for (let frame = frames.take(); frame; frame = frames.take()) {
      if (frame.type === frameType.goAway || frame.type === frameType.resetStream) throw new Http2Error(0, 'closing transport due to: server went away');
      if (frame.streamId !== 1) continue;
      if (frame.type === frameType.headers) for (const [name, value] of decodeHeaders(frame.payload)) answer.set(name, value);
      if (frame.type === frameType.data) body = Buffer.concat([body, frame.payload]);
      if (frame.flags & frameFlag.endStream) return true;
    }
    return undefined;
  };
  await readUntil(connection, take, closed);
  return outcome(Number(answer.get('grpc-status') ?? 2), answer.get('grpc-message') ?? '', body);
}

function outcome(code: number, message: string, body: Uint8Array): ProbeOutcome {
  if (code === grpcCode.unimplemented) {
    return failure(`error: this server does not implement the grpc health protocol (grpc.health.v1.Health): ${message}`);
  }
  if (code !== grpcCode.ok) return failure(`error: health rpc probe failed: rpc error: code = ${grpcCodeName(code)} desc = ${message}`);
  const status = decodeHealthResponse(unframeMessage(body) ?? new Uint8Array(0));
  return status === 'SERVING' ? { result: 'success', output: 'service healthy' } : failure(`service unhealthy (responded with ${JSON.stringify(status)})`);
}
