import type { Container, HTTPGetAction, IntOrString, Pod, Probe } from '../../generated/types/index.ts';
import type { Env } from '../env/index.ts';
import type { Runtime } from '../runtime/types.ts';
import { dialErrorText, httpGet, withTimeout } from './http-client.ts';
import { messageOf } from './kubelet-error.ts';

export interface ProbeTarget {
  readonly pod: Readonly<Pod>;
  readonly container: Readonly<Container>;
  readonly containerId: string;
  readonly sandboxId: string;
  /** The pod's address, or the node's for pods of the host network. */
  readonly ip: string;
}

export interface ProbeOutcome {
  readonly result: 'success' | 'failure' | 'unknown';
  /** What an Unhealthy event says. */
  readonly output: string;
}

type ProbeEnv = Pick<Env, 'loop'>;
type ProbeRuntime = Pick<Runtime, 'execSync' | 'host'>;

/** Runs one probe once (pkg/probe). `unknown` is a probe that could not be run at all. */
export async function runProbe(env: ProbeEnv, runtime: ProbeRuntime, probe: Readonly<Probe>, target: ProbeTarget): Promise<ProbeOutcome> {
  const timeoutMs = (probe.timeoutSeconds ?? 1) * 1000;
  try {
    if (probe.exec) return await execProbe(runtime, probe.exec.command ?? [], timeoutMs, target);
    if (probe.httpGet) return await httpProbe(env, runtime, probe.httpGet, timeoutMs, target);
    if (probe.tcpSocket) return await tcpProbe(env, runtime, probe.tcpSocket, timeoutMs, target);
    return { result: 'unknown', output: probe.grpc ? 'paperkube does not simulate grpc probes' : `missing probe handler for ${target.container.name}` };
  } catch (error) {
    return { result: 'unknown', output: messageOf(error) };
  }
}

async function execProbe(runtime: ProbeRuntime, command: readonly string[], timeoutMs: number, target: ProbeTarget): Promise<ProbeOutcome> {
  const done = await runtime.execSync(target.containerId, command, timeoutMs);
  if (done.timedOut) return { result: 'failure', output: `command timed out: "${command.join(' ')}" timed out after ${timeoutMs / 1000}s` };
  const decoder = new TextDecoder();
  return { result: done.exitCode === 0 ? 'success' : 'failure', output: decoder.decode(done.stdout) + decoder.decode(done.stderr) };
}

async function httpProbe(env: ProbeEnv, runtime: ProbeRuntime, action: HTTPGetAction, timeoutMs: number, target: ProbeTarget): Promise<ProbeOutcome> {
  const port = resolvePort(action.port, target.container);
  try {
    const answer = await getFrom(env, runtime, action, port, timeoutMs, target);
    if (answer.status >= 200 && answer.status < 400) return { result: 'success', output: answer.body };
    return { result: 'failure', output: `HTTP probe failed with statuscode: ${answer.status}` };
  } catch (error) {
    return { result: 'failure', output: messageOf(error) };
  }
}

/** An HTTP GET as probes and hooks send it. */
export function getFrom(env: ProbeEnv, runtime: ProbeRuntime, action: HTTPGetAction, port: number, timeoutMs: number, target: ProbeTarget) {
  return httpGet(env, () => connectTo(runtime, action.host, port, target), {
    scheme: action.scheme === 'HTTPS' ? 'HTTPS' : 'HTTP',
    host: action.host || target.ip,
    port,
    path: action.path || '/',
    headers: action.httpHeaders ?? [],
    timeoutMs,
  });
}

async function tcpProbe(
  env: ProbeEnv,
  runtime: ProbeRuntime,
  action: { readonly host?: string; readonly port: IntOrString },
  timeoutMs: number,
  target: ProbeTarget,
): Promise<ProbeOutcome> {
  const port = resolvePort(action.port, target.container);
  const where = `dial tcp ${action.host || target.ip}:${port}`;
  try {
    const connection = await withTimeout(env, timeoutMs, new Error('i/o timeout'), () => connectTo(runtime, action.host, port, target));
    connection.destroy();
    return { result: 'success', output: '' };
  } catch (error) {
    return { result: 'failure', output: `${where}: ${dialErrorText(error)}` };
  }
}

function connectTo(runtime: ProbeRuntime, host: string | undefined, port: number, target: ProbeTarget) {
  return runtime.host.connect(host || target.ip, port);
}

/** A probe's port: a number, or the name of one of the container's ports. */
export function resolvePort(port: IntOrString, container: Readonly<Container>): number {
  const named = typeof port === 'string' ? container.ports?.find((one) => one.name === port)?.containerPort : port;
  const number = named ?? Number(port);
  if (!(number > 0 && number < 65536)) throw new Error(`invalid port number: ${port}`);
  return number;
}
