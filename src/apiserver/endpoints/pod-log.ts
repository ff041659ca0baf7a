import type { Container, Pod } from '../../../generated/types/index.ts';
import type { FieldError } from '../../machinery/field-error.ts';
import { forbiddenField, invalidValue } from '../../machinery/field-error.ts';
import type { PodLogOptions } from '../../machinery/node-api.ts';
import { specialDecoder, specialDefinitions } from '../../machinery/schema/index.ts';
import { badRequest, failure, invalid } from '../../machinery/status-error.ts';
import { formatTime, parseTime } from '../../machinery/time.ts';
import type { Answer } from '../answers.ts';
import type { Call } from '../call.ts';
import { queryFlag } from '../request-info.ts';
import { queryInteger } from '../request-options.ts';
import type { ServedResource } from '../served-resource.ts';
import { dialError, goQuery, kubeletAddress } from './pod-stream.ts';

/** GET pods/NAME/log (registry/core/pod/rest LogREST): the kubelet's stream, handed on. */
export async function podLog(call: Call, resource: ServedResource): Promise<Answer> {
  const { namespace, name } = call.info;
  const options = logOptions(call.query, name);
  const pod = (await resource.registry.get({ namespace, name })).object as Readonly<Pod>;
  const container = chooseContainer(pod, options.container);
  const nodeName = pod.spec?.nodeName;
  if (!nodeName) return { status: 204, body: { kind: 'none' } };
  const address = await kubeletAddress(call, nodeName);
  const node = call.services.dialNode(nodeName);
  if (typeof node === 'string') {
    const query = logQuery(options);
    const url = `https://${address}/containerLogs/${namespace}/${name}/${container}${query && `?${query}`}`;
    throw failure(500, '', `Get "${url}": ${dialError(address, node)}`);
  }
  const start = await node.containerLogs({ namespace, name, uid: pod.metadata?.uid ?? '' }, { ...options, container });
  return { status: 200, body: { kind: 'stream', contentType: 'text/plain', start } };
}

/** What a kubelet is asked for (registry/core/pod strategy.go LogLocation). */
function logQuery({ follow, previous, timestamps, sinceSeconds, sinceTime, tailLines, limitBytes }: PodLogOptions): string {
  const since = parseTime(sinceTime);
  const values = {
    follow: follow || undefined,
    previous: previous || undefined,
    timestamps: timestamps || undefined,
    sinceSeconds,
    sinceTime: since === undefined ? undefined : formatTime(since),
    tailLines,
    limitBytes,
  };
  return goQuery(Object.entries(values).flatMap(([name, value]) => (value === undefined ? [] : [[name, String(value)] as const])));
}

/** @throws StatusError 400 for what is no number, 422 for numbers that make no sense */
export function logOptions(query: URLSearchParams, podName: string): PodLogOptions {
  const [sinceSeconds, tailLines, limitBytes] = ['sinceSeconds', 'tailLines', 'limitBytes'].map((name) => queryInteger(query, name));
  const sinceTime = query.get('sinceTime') ?? undefined;
  const badTime = sinceTime && specialDecoder(specialDefinitions.time)?.(sinceTime);
  if (badTime) throw badRequest(badTime);
  const errors: FieldError[] = [];
  if (tailLines !== undefined && tailLines < 0) errors.push(invalidValue('tailLines', tailLines, 'must be greater than or equal to 0'));
  if (limitBytes !== undefined && limitBytes < 1) errors.push(invalidValue('limitBytes', limitBytes, 'must be greater than 0'));
  if (sinceSeconds !== undefined && sinceTime) errors.push(forbiddenField('[]', 'at most one of `sinceTime` or `sinceSeconds` may be specified'));
  else if (sinceSeconds !== undefined && sinceSeconds < 1) errors.push(invalidValue('sinceSeconds', sinceSeconds, 'must be greater than 0'));
  // The feature gate PodLogsQuerySplitStreams is off by default.
  if (query.get('stream') !== null) errors.push(forbiddenField('stream', 'may not be specified'));
  if (errors.length > 0) throw invalid({ group: '', kind: 'PodLogOptions' }, podName, errors);
  const flag = (name: string): boolean => queryFlag(query.get(name));
  return {
    container: query.get('container') ?? '',
    follow: flag('follow'),
    previous: flag('previous'),
    timestamps: flag('timestamps'),
    sinceSeconds,
    sinceTime,
    tailLines,
    limitBytes,
  };
}

/** The only container, or the one that was named. @throws StatusError 400 that tells which ones there are */
export function chooseContainer(pod: Readonly<Pod>, asked: string): string {
  const { containers = [], initContainers = [], ephemeralContainers = [] } = pod.spec ?? {};
  const name = pod.metadata?.name ?? '';
  const all = [...initContainers, ...containers, ...ephemeralContainers].map((one) => one.name);
  if (asked) {
    if (!all.includes(asked)) throw badRequest(`container ${asked} is not valid for pod ${name}`);
    return asked;
  }
  if (containers.length === 1) return (containers[0] as Container).name;
  if (containers.length === 0) throw badRequest(`a container name must be specified for pod ${name}`);
  throw badRequest(`a container name must be specified for pod ${name}, choose one of: [${all.join(' ')}]`);
}
