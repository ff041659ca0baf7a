import type { LifecycleHandler } from '../../generated/types/index.ts';
import type { Env } from '../env/index.ts';
import type { Runtime } from '../runtime/types.ts';
import { execSync } from './exec-sync.ts';
import { messageOf } from './kubelet-error.ts';
import { formatPod } from './pod-format.ts';
import type { ProbeTarget } from './probe.ts';
import { getFrom, resolvePort } from './probe.ts';

/** Longest that an HTTP hook may take to answer: Go's transport has no limit here, the pod's grace period ends it. */
const httpTimeoutMs = 30_000;

type HookRuntime = Pick<Runtime, 'execSync' | 'host'>;

/** Runs a postStart or preStop handler to its end (pkg/kubelet/lifecycle). Rejects in upstream's words if it fails. */
export async function runHook(
  env: Pick<Env, 'loop'>,
  runtime: HookRuntime,
  handler: Readonly<LifecycleHandler>,
  target: ProbeTarget,
  timeoutMs: number,
): Promise<void> {
  const where = `for Container ${JSON.stringify(target.container.name)} in Pod ${JSON.stringify(formatPod(target.pod))}`;
  if (handler.exec) await runCommand(runtime, handler.exec.command ?? [], target, where, timeoutMs);
  else if (handler.httpGet) {
    const { port, path = '' } = handler.httpGet;
    try {
      await getFrom(env, runtime, handler.httpGet, resolvePort(port, target.container), Math.min(timeoutMs, httpTimeoutMs), target, 'lifecycle');
    } catch (error) {
      throw new Error(`HTTP lifecycle hook (${path}) ${where} failed - error: ${messageOf(error)}`);
    }
  } else if (handler.sleep) await env.loop.sleep(Math.min(handler.sleep.seconds * 1000, timeoutMs), 'lifecycle sleep');
  // Upstream accepts tcpSocket in the API, but its kubelet has never run it.
  else throw new Error(`Cannot run handler: invalid handler: ${shownHandler(handler)}`);
}

async function runCommand(runtime: HookRuntime, command: readonly string[], target: ProbeTarget, where: string, timeoutMs: number): Promise<void> {
  const failed = (why: string, said: string) =>
    new Error(`Exec lifecycle hook ([${command.join(' ')}]) ${where} failed - error: ${why}, message: ${JSON.stringify(said)}`);
  const done = await execSync(runtime, target.containerId, command, timeoutMs).catch((error: unknown) => {
    throw failed(messageOf(error), '');
  });
  if (done.timedOut) throw failed(`command '${command.join(' ')}' timed out`, '');
  if (done.exitCode === 0) return;
  const decoder = new TextDecoder();
  throw failed(`command '${command.join(' ')}' exited with ${done.exitCode}: ${decoder.decode(done.stderr)}`, decoder.decode(done.output));
}

/** As Go prints it. */
function shownHandler({ tcpSocket }: Readonly<LifecycleHandler>): string {
  const port = typeof tcpSocket?.port === 'string' ? `{1 0 ${tcpSocket.port}}` : `{0 ${tcpSocket?.port} }`;
  const socket = tcpSocket ? `&TCPSocketAction{Port:${port},Host:${tcpSocket.host ?? ''},}` : 'nil';
  return `&LifecycleHandler{Exec:nil,HTTPGet:nil,TCPSocket:${socket},Sleep:nil,}`;
}
