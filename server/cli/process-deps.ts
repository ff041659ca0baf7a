import type { CliDeps, StopSignal } from './context.ts';

const signals: readonly StopSignal[] = ['SIGINT', 'SIGTERM', 'SIGHUP'];

/** The real world for the commands; what starts a server is still to be given. */
export function createProcessDeps(own: Pick<CliDeps, 'startServer' | 'version' | 'kubernetesVersion'>): CliDeps {
  // A reader that goes early (`paperkube kubeconfig | head -1`) is no failure of ours.
  for (const stream of [process.stdout, process.stderr]) stream.on('error', (error: NodeJS.ErrnoException) => error.code === 'EPIPE' || process.exit(1));
  return {
    ...own,
    env: process.env,
    stdout: process.stdout,
    stderr: process.stderr,
    exit: (code) => process.exit(code),
    onExit(callback) {
      process.on('exit', callback);
      return () => process.off('exit', callback);
    },
    onSignal(callback) {
      const handlers = signals.map((signal) => [signal, () => callback(signal)] as const);
      for (const [signal, handler] of handlers) process.on(signal, handler);
      return () => {
        for (const [signal, handler] of handlers) process.off(signal, handler);
      };
    },
  };
}
