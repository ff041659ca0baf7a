import type { Connection, Listener, Process, Syscall } from '../../shell/kernel/types.ts';
import { SystemError } from '../../shell/kernel/types.ts';

/**
 * Accepts connections for ever, each served by a thread of its own. Ends when the process is killed.
 *
 * @param fds the descriptors that threads get; default 0, 1 and 2
 */
export function* serveConnections(
  process: Process,
  listener: Listener,
  serve: (process: Process, connection: Connection) => Syscall<void>,
  fds?: ReadonlyMap<number, number>,
): Syscall<number> {
  for (;;) {
    const connection = listener.accept();
    if (!connection) {
      yield (wake) => listener.onConnection(wake);
    } else {
      process.spawn({
        argv: [...process.argv],
        thread: true,
        ...(fds ? { fds } : {}),
        *program(child) {
          try {
            yield* serve(child, connection);
          } catch (error) {
            if (!(error instanceof SystemError)) throw error;
            connection.destroy();
          }
          return 0;
        },
      });
    }
    // Children that have ended are taken off the process table.
    reap(process);
    yield* process.step();
  }
}

function reap(process: Process): void {
  for (;;) {
    try {
      const waiting = process.wait(undefined, { nohang: true }).next();
      if (!waiting.done || waiting.value === undefined) return;
    } catch {
      return;
    }
  }
}
