import type { Block, Connection, DatagramSocket, Process, Syscall } from '../../kernel/types.ts';
import { SystemError } from '../../kernel/types.ts';

/** Waits until `register` calls back or `ms` of simulated time have passed; true if it called back (or may have). Combines two wake-ups, as poll(2) does. */
export function* waitOrTimeout(process: Process, ready: () => boolean, register: Block, ms: number): Syscall<boolean> {
  if (ready()) return true;
  if (ms === Number.POSITIVE_INFINITY) {
    while (!ready()) yield register;
    return true;
  }
  const sleeper = process.sleep(ms);
  for (;;) {
    const step = sleeper.next();
    if (step.done) return ready();
    const timer = step.value;
    yield (wake) => {
      const cancels = [timer(wake), register(wake)];
      return () => {
        for (const cancel of cancels) cancel();
      };
    };
    if (ready()) {
      sleeper.return();
      return true;
    }
  }
}

/** Reads from a connection as read(2) does: bytes, or null at the end; throws ETIMEDOUT after `timeoutMs` without any. */
export function* receive(process: Process, connection: Connection, timeoutMs = Number.POSITIVE_INFINITY): Syscall<Uint8Array | null> {
  let data = connection.read();
  if (data !== undefined) return data;
  const arrived = yield* waitOrTimeout(
    process,
    () => {
      data ??= connection.read();
      return data !== undefined;
    },
    (wake) => connection.onReadable(wake),
    timeoutMs,
  );
  if (!arrived || data === undefined) throw new SystemError('ETIMEDOUT');
  return data;
}

/** Writes all of it, waiting while the other side is slow. */
export function* send(connection: Connection, data: Uint8Array | string): Syscall<void> {
  const bytes = typeof data === 'string' ? new TextEncoder().encode(data) : data;
  if (!connection.write(bytes)) yield (wake) => connection.onDrain(wake);
}

/** Connects within `timeoutMs` of simulated time. Throws SystemError. */
export function* connectTo(process: Process, address: string, port: number, timeoutMs = Number.POSITIVE_INFINITY): Syscall<Connection> {
  let connection: Connection | undefined;
  let failure: unknown;
  let settled = false;
  const wakes = new Set<() => void>();
  const finish = () => {
    settled = true;
    for (const wake of [...wakes]) wake();
  };
  process.system.network.connect(address, port).then(
    (opened) => {
      if (settled) {
        opened.destroy();
        return;
      }
      connection = opened;
      finish();
    },
    (error: unknown) => {
      failure = error;
      finish();
    },
  );
  const register: Block = (wake) => {
    wakes.add(wake);
    return () => wakes.delete(wake);
  };
  yield* waitOrTimeout(process, () => settled, register, timeoutMs);
  if (connection) return connection;
  if (failure) throw failure;
  settled = true;
  throw new SystemError('ETIMEDOUT');
}

/** The next datagram, undefined after `timeoutMs`. */
export function* receiveDatagram(process: Process, socket: DatagramSocket, timeoutMs: number): Syscall<Uint8Array | undefined> {
  let data: Uint8Array | undefined;
  yield* waitOrTimeout(
    process,
    () => {
      data ??= socket.receive()?.data;
      return data !== undefined;
    },
    (wake) => socket.onReadable(wake),
    timeoutMs,
  );
  return data;
}
