import type { Duplex } from 'node:stream';
import type { PortForwardUpgrade } from '../../../src/machinery/index.ts';
import { ForwardedConnection } from '../forwarded-connection.ts';
import { SpdySession } from './session.ts';
import type { SpdyStream } from './stream.ts';

export const portForwardProtocol = 'portforward.k8s.io';

/** A stream whose partner does not come is given up, in real time. */
const pairTimeoutMs = 30_000;

/** One forwarded connection: its data, and a stream for why it failed. */
interface Pair {
  error?: SpdyStream;
  data?: SpdyStream;
  timer: NodeJS.Timeout;
}

/** Serves port-forward over SPDY/3.1, on a socket or inside a WebSocket. Per connection the client opens an error and a data stream. */
export function serveSpdyPortForward(connection: Duplex, head: Buffer, upgrade: PortForwardUpgrade): void {
  const forward = new SpdyPortForward(upgrade);
  const session: SpdySession = new SpdySession(
    connection,
    { stream: (stream) => forward.opened(session, stream), drain: () => forward.drained(), closed: () => forward.closed() },
    head,
  );
}

class SpdyPortForward {
  readonly #pairs = new Map<string, Pair>();
  readonly #connections = new Set<ForwardedConnection>();

  constructor(readonly upgrade: PortForwardUpgrade) {}

  opened(session: SpdySession, stream: SpdyStream): void {
    const type = stream.headers.get('streamtype');
    const port = Number(stream.headers.get('port'));
    if ((type !== 'error' && type !== 'data') || !(port >= 1 && port <= 65_535)) {
      stream.reset();
      return;
    }
    const id = stream.headers.get('requestid') ?? withoutRequestId(stream.id, type);
    const pair = this.#pairs.get(id) ?? this.#newPair(id);
    if (pair[type]) {
      stream.reset();
      return;
    }
    pair[type] = stream;
    const { error, data } = pair;
    if (!error || !data) return;
    clearTimeout(pair.timer);
    this.#pairs.delete(id);
    void this.#forward(session, port, error, data);
  }

  drained(): void {
    for (const one of [...this.#connections]) one.drained();
  }

  closed(): void {
    for (const { timer } of this.#pairs.values()) clearTimeout(timer);
    this.#pairs.clear();
  }

  #newPair(id: string): Pair {
    const timer = setTimeout(() => {
      const pair = this.#pairs.get(id);
      this.#pairs.delete(id);
      pair?.error?.reset();
      pair?.data?.reset();
    }, pairTimeoutMs).unref();
    const pair: Pair = { timer };
    this.#pairs.set(id, pair);
    return pair;
  }

  async #forward(session: SpdySession, port: number, error: SpdyStream, data: SpdyStream): Promise<void> {
    error.receive({ data() {}, end() {}, reset() {} });
    try {
      const connection = await this.upgrade.connect(port);
      const forwarded: ForwardedConnection = new ForwardedConnection(connection, {
        data: (bytes) => data.write(bytes),
        end() {
          data.end();
          error.end();
        },
        failed() {
          error.end();
          data.reset();
        },
        closed: () => this.#connections.delete(forwarded),
        holdInput: () => session.holdInput(),
      });
      this.#connections.add(forwarded);
      data.receive({
        data: (bytes) => forwarded.received(bytes),
        end: () => forwarded.receivedEnd(),
        reset() {
          forwarded.abandoned();
          error.end();
        },
      });
      forwarded.begin();
    } catch (failure) {
      error.write(Buffer.from(failure instanceof Error ? failure.message : String(failure)));
      error.end();
      data.receive({ data() {}, end() {}, reset() {} });
      data.end();
    }
  }
}

/** Clients before 1.3 sent no request id; they open the data stream right after its error stream. */
function withoutRequestId(streamId: number, type: 'error' | 'data'): string {
  return `stream ${type === 'error' ? streamId : streamId - 2}`;
}
