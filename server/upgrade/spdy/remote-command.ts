import type { Duplex } from 'node:stream';
import type { RemoteCommandUpgrade } from '../../../src/machinery/index.ts';
import { errorStreamText, RemoteCommandBridge } from '../remote-command.ts';
import { SpdySession } from './session.ts';
import type { SpdyStream } from './stream.ts';

/** What upstream's kubelet speaks over SPDY; a client's first one of these is taken. */
export const remoteCommandProtocols: readonly string[] = ['v4.channel.k8s.io', 'v3.channel.k8s.io', 'v2.channel.k8s.io', 'channel.k8s.io'];

/** Upstream's --stream-creation-timeout, in real time: it is the network that is slow. */
const creationTimeoutMs = 30_000;

type StreamType = 'error' | 'stdin' | 'stdout' | 'stderr' | 'resize';

/** Serves exec and attach over SPDY/3.1. The client opens one stream for each of error, stdin, stdout, stderr and resize that it asked for. */
export function serveSpdyRemoteCommand(connection: Duplex, head: Buffer, upgrade: RemoteCommandUpgrade, protocol: string): void {
  const streams = new Map<StreamType, SpdyStream>();
  const expected = expectedStreams(upgrade, protocol);
  const session = new SpdySession(
    connection,
    {
      stream(stream) {
        const type = stream.headers.get('streamtype') as StreamType;
        if (!expected.has(type) || streams.has(type)) {
          stream.reset();
          return;
        }
        streams.set(type, stream);
        listen(type, stream, bridge);
        if (streams.size < expected.size) return;
        clearTimeout(timer);
        void bridge.begin();
      },
      drain: () => bridge.drained(),
      closed() {
        clearTimeout(timer);
        bridge.gone();
      },
    },
    head,
  );
  const bridge = new RemoteCommandBridge(upgrade, {
    output: (name, data) => streams.get(name)?.write(data) ?? true,
    finish(status) {
      const text = errorStreamText(status, protocol);
      if (text) streams.get('error')?.write(Buffer.from(text));
      for (const stream of streams.values()) stream.end();
      session.end();
    },
    holdInput: () => session.holdInput(),
  });
  const timer = setTimeout(() => session.destroy(), creationTimeoutMs).unref();
}

function expectedStreams({ streams }: RemoteCommandUpgrade, protocol: string): ReadonlySet<StreamType> {
  const expected = new Set<StreamType>(['error']);
  for (const name of ['stdin', 'stdout', 'stderr'] as const) if (streams[name]) expected.add(name);
  if (streams.tty && /^v[3-5]\./.test(protocol)) expected.add('resize');
  return expected;
}

function listen(type: StreamType, stream: SpdyStream, bridge: RemoteCommandBridge): void {
  const decoder = new TextDecoder();
  stream.receive({
    data(data) {
      if (type === 'stdin') bridge.stdin(data);
      // One write of the client is one frame, and one size.
      if (type === 'resize') for (const line of decoder.decode(data).split('\n')) bridge.resize(line);
    },
    end() {
      if (type === 'stdin') bridge.stdinEnd();
    },
    reset() {
      if (type === 'stdin') bridge.stdinEnd();
    },
  });
}
