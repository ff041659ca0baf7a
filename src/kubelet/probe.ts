import type { Container, HTTPGetAction, IntOrString, Pod, Probe } from '../../generated/types/index.ts';
import type { Env } from '../env/index.ts';
import type { Runtime } from '../runtime/types.ts';
import { execSync } from './exec-sync.ts';
import { grpcHealthCheck } from './grpc-health-check.ts';
import type { Dial } from './http-client.ts';
import { dialFailure, httpGet, LookupError, withConnections } from './http-client.ts';
import { messageOf } from './kubelet-error.ts';
import { formatPod } from './pod-format.ts';

export interface ProbeTarget {
  readonly pod: Readonly<Pod>;
  readonly container: Readonly<Container>;
  readonly containerId: string;
  readonly sandboxId: string;
  /** The pod's address, or the node's for pods of the host network. */
  readonly ip: string;
  /** Whom the node asks for names. */
  readonly nameServer?: string | undefined;
}

export interface ProbeOutcome {
  /** `warning` counts as success, but is told as an event. */
  readonly result: 'success' | 'warning' | 'failure' | 'unknown';
  /** What an Unhealthy or ProbeWarning event says. */
  readonly output: string;
}

type ProbeEnv = Pick<Env, 'loop'>;
type ProbeRuntime = Pick<Runtime, 'execSync' | 'host'>;

/** The kubelet keeps no more of what a command says. */
const maxOutputBytes = 10 * 1024;

/** Runs one probe once (pkg/probe). `unknown` is a probe that could not be run at all. */
export async function runProbe(env: ProbeEnv, runtime: ProbeRuntime, probe: Readonly<Probe>, target: ProbeTarget): Promise<ProbeOutcome> {
  const timeoutMs = (probe.timeoutSeconds ?? 1) * 1000;
  try {
    if (probe.exec) return await execProbe(runtime, probe.exec.command ?? [], timeoutMs, target);
    if (probe.httpGet) return await httpProbe(env, runtime, probe.httpGet, timeoutMs, target);
    if (probe.tcpSocket) return await tcpProbe(env, runtime, probe.tcpSocket, timeoutMs, target);
    if (probe.grpc) {
      const { port, service } = probe.grpc;
      return await grpcHealthCheck(env, dialFrom(runtime, target), { host: target.ip, port, service: service ?? '', timeoutMs });
    }
    return { result: 'unknown', output: `missing probe handler for ${formatPod(target.pod)}:${target.container.name}` };
  } catch (error) {
    return { result: 'unknown', output: messageOf(error) };
  }
}

/** Probes and hooks come from the node itself, whose resolver knows no name but its own host's. */
function dialFrom({ host }: ProbeRuntime, { nameServer }: ProbeTarget): Dial {
  return async (name, port) => {
    const address = name === 'localhost' ? '127.0.0.1' : name;
    if (!isAddress(address)) throw new LookupError(name, nameServer);
    return await host.connect(address, port);
  };
}

const isAddress = (text: string): boolean => text.includes(':') || /^\d+(\.\d+){3}$/.test(text);

async function execProbe(runtime: ProbeRuntime, command: readonly string[], timeoutMs: number, target: ProbeTarget): Promise<ProbeOutcome> {
  const done = await execSync(runtime, target.containerId, command, timeoutMs);
  if (done.timedOut) return { result: 'failure', output: `command timed out: "${command.join(' ')}" timed out after ${timeoutMs / 1000}s` };
  return { result: done.exitCode === 0 ? 'success' : 'failure', output: new TextDecoder().decode(done.output.subarray(0, maxOutputBytes)) };
}

async function httpProbe(env: ProbeEnv, runtime: ProbeRuntime, action: HTTPGetAction, timeoutMs: number, target: ProbeTarget): Promise<ProbeOutcome> {
  const port = resolvePort(action.port, target.container);
  try {
    const answer = await getFrom(env, runtime, action, port, timeoutMs, target, 'probe');
    if (answer.status >= 300 && answer.status < 400) {
      return { result: 'warning', output: `Probe terminated redirects, Response body: ${answer.body}` };
    }
    if (answer.status >= 200 && answer.status < 300) return { result: 'success', output: answer.body };
    return { result: 'failure', output: `HTTP probe failed with statuscode: ${answer.status}` };
  } catch (error) {
    return { result: 'failure', output: messageOf(error) };
  }
}

/** An HTTP GET as probes and hooks (`purpose`) send it. */
export function getFrom(
  env: ProbeEnv,
  runtime: ProbeRuntime,
  action: HTTPGetAction,
  port: number,
  timeoutMs: number,
  target: ProbeTarget,
  purpose: 'probe' | 'lifecycle',
) {
  return httpGet(env, dialFrom(runtime, target), {
    scheme: action.scheme === 'HTTPS' ? 'HTTPS' : 'HTTP',
    host: action.host || target.ip,
    port,
    path: action.path || '/',
    headers: action.httpHeaders ?? [],
    timeoutMs,
    userAgent: `kube-${purpose}/1.33`,
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
  const host = action.host || target.ip;
  try {
    const late = () => new Error('i/o timeout');
    await withConnections(env, timeoutMs, late, dialFrom(runtime, target), (dial) => dial(host, port));
    return { result: 'success', output: '' };
  } catch (error) {
    return { result: 'failure', output: dialFailure(host, port, error) };
  }
}

/** A probe's port: a number, or the name of one of the container's ports. */
export function resolvePort(port: IntOrString, container: Readonly<Container>): number {
  const named = typeof port === 'string' ? container.ports?.find((one) => one.name === port)?.containerPort : port;
  // A number may also be written as text.
  if (named === undefined && !/^[+-]?\d+$/.test(String(port))) throw new Error(`strconv.Atoi: parsing ${JSON.stringify(port)}: invalid syntax`);
  const number = named ?? Number(port);
  if (!(number > 0 && number < 65536)) throw new Error(`invalid port number: ${number}`);
  return number;
}
