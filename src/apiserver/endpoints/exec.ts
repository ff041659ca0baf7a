import type { Pod } from '../../../generated/types/index.ts';
import type { RemoteCommand, RemoteCommandUpgrade } from '../../machinery/handler.ts';
import type { ContainerSession } from '../../machinery/node-api.ts';
import type { Status } from '../../machinery/status-error.ts';
import { badRequest, internalError, isStatusError } from '../../machinery/status-error.ts';
import type { Answer } from '../answers.ts';
import { successStatus, textAnswer } from '../answers.ts';
import type { Call } from '../call.ts';
import { queryFlag } from '../request-info.ts';
import type { ServedResource } from '../served-resource.ts';
import { chooseContainer } from './pod-log.ts';
import type { PodKubelet } from './pod-stream.ts';
import { answering, dialError, goQuery, kubeletOf, offeredProtocols, requireUpgrade } from './pod-stream.ts';

type Streams = RemoteCommandUpgrade['streams'];
type Start = () => Promise<ContainerSession>;

/** pods/NAME/exec (registry/core/pod/rest ExecREST): runs a command, and hands its streams on. */
export async function execInPod(call: Call, resource: ServedResource): Promise<Answer> {
  const command = call.query.getAll('command');
  const { pod, container, streams } = await target(call, resource);
  const kubelet = await kubeletOf(call, pod);
  requireUpgrade(call);
  const translated = isTranslated(call);
  const node = translated ? kubelet.dialed : answering(kubelet);
  if (typeof node === 'string') return unreached(kubelet, node, 'exec', container, streams, command);
  const prepare = (): Promise<Start> => node.exec(kubelet.key, { container, command, stdin: streams.stdin, tty: streams.tty });
  return answer(translated, streams, prepare, (exitCode) => exitStatus(exitCode, command, translated));
}

/** pods/NAME/attach (AttachREST): the streams of the container's own process. Its exit code is the pod's to tell. */
export async function attachToPod(call: Call, resource: ServedResource): Promise<Answer> {
  const { pod, container, streams } = await target(call, resource);
  const kubelet = await kubeletOf(call, pod);
  requireUpgrade(call);
  const translated = isTranslated(call);
  const node = translated ? kubelet.dialed : answering(kubelet);
  if (typeof node === 'string') return unreached(kubelet, node, 'attach', container, streams, []);
  const prepare = (): Promise<Start> => node.attach(kubelet.key, { container, stdin: streams.stdin, tty: streams.tty });
  return answer(translated, streams, prepare, () => successStatus({}));
}

/** The client of a translated conversation has been upgraded by the time the kubelet is asked, so it hears over the error channel that nobody answers. */
function unreached(
  { key, address }: PodKubelet,
  why: string,
  verb: 'exec' | 'attach',
  container: string,
  streams: Streams,
  command: readonly string[],
): Answer {
  const flags = { input: streams.stdin, output: streams.stdout, error: streams.stderr, tty: streams.tty };
  const asked = Object.entries(flags).flatMap(([name, on]) => (on ? [[name, '1'] as const] : []));
  const query = goQuery([...asked, ...command.map((word) => ['command', word] as const)]);
  const url = `https://${address}/${verb}/${key.namespace}/${key.name}/${container}${query && `?${query}`}`;
  return upgradeAnswer(streams, () => Promise.reject(internalError(`error sending request: Post "${url}": ${dialError(address, why)}`)));
}

async function target(call: Call, resource: ServedResource): Promise<{ pod: Readonly<Pod>; container: string; streams: Streams }> {
  const { namespace, name } = call.info;
  const pod = (await resource.registry.get({ namespace, name })).object as Readonly<Pod>;
  const container = chooseContainer(pod, call.query.get('container') ?? '');
  return { pod, container, streams: streamsOf(call.query) };
}

/** With a tty there is one output; upstream drops the other where a client asks for both. */
function streamsOf(query: URLSearchParams): Streams {
  const flag = (name: string): boolean => queryFlag(query.get(name));
  const tty = flag('tty');
  return { stdin: flag('stdin'), stdout: flag('stdout'), stderr: flag('stderr') && !tty, tty };
}

/**
 * Since 1.30 the API server itself speaks v5 with a client, and SPDY with the kubelet; other conversations are the kubelet's.
 * Where it does, the client is upgraded before the kubelet has said a word, and failures come over the error channel.
 */
function isTranslated(call: Call): boolean {
  return offeredProtocols(call)?.includes('v5.channel.k8s.io') ?? false;
}

async function answer(translated: boolean, streams: Streams, prepare: () => Promise<Start>, status: (exitCode: number) => Status): Promise<Answer> {
  try {
    if (!streams.stdin && !streams.stdout && !streams.stderr) throw badRequest('you must specify at least 1 of stdin, stdout, stderr');
    const start = await prepare();
    return upgradeAnswer(streams, () => begin(start, translated, status));
  } catch (error) {
    if (!isStatusError(error)) throw error;
    // What the kubelet answers is text, handed on as it is.
    if (!translated) return textAnswer(error.code, error.message);
    return upgradeAnswer(streams, () => Promise.reject(internalError(`unable to upgrade connection: ${error.message}`)));
  }
}

function upgradeAnswer(streams: Streams, start: () => Promise<RemoteCommand>): Answer {
  return { status: 101, body: { kind: 'upgrade', upgrade: { type: 'remote-command', streams, start } } };
}

async function begin(start: Start, translated: boolean, status: (exitCode: number) => Status): Promise<RemoteCommand> {
  try {
    const session = await start();
    return { session, ended: session.exited.then(({ exitCode }) => status(exitCode)) };
  } catch (error) {
    // The API server wraps the text of the kubelet's Status in one of its own, which says `Internal error occurred` once more.
    throw translated ? internalError((error as Error).message) : error;
  }
}

/** How a command ended, as the kubelet says it (cri-client pkg/remotecommand) or as the API server repeats it. */
function exitStatus(exitCode: number, command: readonly string[], translated: boolean): Status {
  if (exitCode === 0) return successStatus({});
  const how = translated ? `command terminated with exit code ${exitCode}` : `error executing command [${command.join(' ')}], exit code ${exitCode}`;
  return successStatus({
    status: 'Failure',
    message: `command terminated with non-zero exit code: ${how}`,
    reason: 'NonZeroExitCode',
    details: { causes: [{ reason: 'ExitCode', message: String(exitCode) }] },
  });
}
