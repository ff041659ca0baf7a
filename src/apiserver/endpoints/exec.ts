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
import { offeredProtocols, requireUpgrade, streamedPod } from './pod-stream.ts';

type Streams = RemoteCommandUpgrade['streams'];
type Start = () => Promise<ContainerSession>;

/** pods/NAME/exec (registry/core/pod/rest ExecREST): runs a command, and hands its streams on. */
export async function execInPod(call: Call, resource: ServedResource): Promise<Answer> {
  const command = call.query.getAll('command');
  const { pod, container, streams } = await target(call, resource);
  const { node, key } = await streamedPod(call, pod);
  requireUpgrade(call);
  const prepare = (): Promise<Start> => node.exec(key, { container, command, stdin: streams.stdin, tty: streams.tty });
  const translated = isTranslated(call);
  return answer(translated, streams, prepare, (exitCode) => exitStatus(exitCode, command, translated));
}

/** pods/NAME/attach (AttachREST): the streams of the container's own process. Its exit code is the pod's to tell. */
export async function attachToPod(call: Call, resource: ServedResource): Promise<Answer> {
  const { pod, container, streams } = await target(call, resource);
  const { node, key } = await streamedPod(call, pod);
  requireUpgrade(call);
  const prepare = (): Promise<Start> => node.attach(key, { container, stdin: streams.stdin, tty: streams.tty });
  return answer(isTranslated(call), streams, prepare, () => wireStatus({ status: 'Success' }));
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
  if (exitCode === 0) return wireStatus({ status: 'Success' });
  const how = translated ? `command terminated with exit code ${exitCode}` : `error executing command [${command.join(' ')}], exit code ${exitCode}`;
  return wireStatus({
    status: 'Failure',
    message: `command terminated with non-zero exit code: ${how}`,
    reason: 'NonZeroExitCode',
    details: { causes: [{ reason: 'ExitCode', message: String(exitCode) }] },
  });
}

/** On the error channel a Status has neither kind nor version. */
function wireStatus(fields: Partial<Status>): Status {
  const { kind: _kind, apiVersion: _apiVersion, ...rest } = successStatus(fields);
  return rest as Status;
}
