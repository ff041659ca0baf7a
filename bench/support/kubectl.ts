import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';

/** kubectl on PATH, or the one that PAPERKUBE_KUBECTL names. */
const program = process.env.PAPERKUBE_KUBECTL?.split(process.platform === 'win32' ? ';' : ':')[0] ?? 'kubectl';

/** Runs kubectl; returns its output. Fails if it does. */
export function kubectl(kubeconfig: string, ...words: readonly string[]): Promise<string> {
  return new Promise((resolve, reject) => {
    execFile(program, ['--kubeconfig', kubeconfig, ...words], (error, stdout, stderr) =>
      error ? reject(new Error(`kubectl ${words.join(' ')}: ${stderr}`)) : resolve(stdout),
    );
  });
}

export async function hasKubectl(): Promise<boolean> {
  return new Promise((resolve) => execFile(program, ['version', '--client'], (error) => resolve(!error)));
}

/** `kubectl port-forward` to a pod: the local port, and how to end it. */
export async function kubectlForward(kubeconfig: string, pod: string, port: number): Promise<{ readonly port: number; stop(): Promise<void> }> {
  const child = spawn(program, ['--kubeconfig', kubeconfig, 'port-forward', `pod/${pod}`, `:${port}`], { stdio: ['ignore', 'pipe', 'inherit'] });
  const kill = () => child.kill('SIGKILL');
  process.on('exit', kill);
  const local = await localPort(child);
  return {
    port: local,
    stop: () =>
      new Promise((resolve) => {
        process.off('exit', kill);
        child.on('exit', () => resolve());
        child.kill('SIGTERM');
      }),
  };
}

function localPort(child: ChildProcess): Promise<number> {
  return new Promise((resolve, reject) => {
    child.on('exit', () => reject(new Error('kubectl port-forward ended at once')));
    createInterface({ input: child.stdout as NodeJS.ReadableStream }).on('line', (line) => {
      const port = /^Forwarding from 127\.0\.0\.1:(\d+)/.exec(line)?.[1];
      if (port) resolve(Number(port));
    });
  });
}
