import type { LifecycleHandler } from '../../generated/types/index.ts';
import type { Env } from '../env/index.ts';
import type { Runtime } from '../runtime/types.ts';
import type { ProbeTarget } from './probe.ts';
import { getFrom, resolvePort } from './probe.ts';

/** Longest that an HTTP hook may take to answer: Go's transport has no limit here, the pod's grace period ends it. */
const httpTimeoutMs = 30_000;

/** Runs a postStart or preStop handler to its end (pkg/kubelet/lifecycle). Rejects if it fails. */
export async function runHook(
  env: Pick<Env, 'loop'>,
  runtime: Pick<Runtime, 'execSync' | 'host'>,
  handler: Readonly<LifecycleHandler>,
  target: ProbeTarget,
  timeoutMs: number,
): Promise<void> {
  if (handler.exec) {
    const command = handler.exec.command ?? [];
    const { exitCode, stdout, stderr, timedOut } = await runtime.execSync(target.containerId, command, timeoutMs);
    if (timedOut) throw new Error(`command '${command.join(' ')}' timed out`);
    if (exitCode === 0) return;
    const output = new TextDecoder().decode(new Uint8Array([...stdout, ...stderr]));
    throw new Error(`command '${command.join(' ')}' exited with ${exitCode}: ${output}`);
  }
  if (handler.httpGet) {
    const port = resolvePort(handler.httpGet.port, target.container);
    await getFrom(env, runtime, handler.httpGet, port, Math.min(timeoutMs, httpTimeoutMs), target, 'lifecycle');
    return;
  }
  if (handler.sleep) {
    await env.loop.sleep(Math.min(handler.sleep.seconds * 1000, timeoutMs), 'lifecycle sleep');
    return;
  }
  // Upstream accepts tcpSocket in the API, but its kubelet has never run it.
  throw new Error(`invalid handler: ${JSON.stringify(handler)}`);
}
