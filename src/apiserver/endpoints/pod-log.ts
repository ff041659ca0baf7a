import type { Pod } from '../../../generated/types/index.ts';
import type { FieldError } from '../../machinery/field-error.ts';
import { forbiddenField, invalidValue } from '../../machinery/field-error.ts';
import type { PodLogOptions } from '../../machinery/node-api.ts';
import { badRequest, failure, invalid } from '../../machinery/status-error.ts';
import { parseTime } from '../../machinery/time.ts';
import type { Answer } from '../answers.ts';
import type { Call } from '../call.ts';
import { queryFlag } from '../request-info.ts';
import { queryInteger } from '../request-options.ts';
import type { ServedResource } from '../served-resource.ts';
import { kubeletAddress } from './pod-stream.ts';

/** GET pods/NAME/log (registry/core/pod/rest LogREST): the kubelet's stream, handed on. */
export async function podLog(call: Call, resource: ServedResource): Promise<Answer> {
  const { namespace, name } = call.info;
  const options = logOptions(call.query, name);
  const pod = (await resource.registry.get({ namespace, name })).object as Readonly<Pod>;
  const container = chooseContainer(pod, options.container);
  const nodeName = pod.spec?.nodeName;
  if (!nodeName) return { status: 204, body: { kind: 'none' } };
  const node = call.services.dialNode(nodeName);
  if (typeof node === 'string') {
    const address = await kubeletAddress(call, nodeName);
    throw failure(500, '', `Get "https://${address}/containerLogs/${namespace}/${name}/${container}": dial tcp ${address}: connect: ${node}`);
  }
  const start = await node.containerLogs({ namespace, name, uid: pod.metadata?.uid ?? '' }, { ...options, container });
  return { status: 200, body: { kind: 'stream', contentType: 'text/plain', start } };
}

/** @throws StatusError 400 for what is no number, 422 for numbers that make no sense */
export function logOptions(query: URLSearchParams, podName: string): PodLogOptions {
  const [sinceSeconds, tailLines, limitBytes] = ['sinceSeconds', 'tailLines', 'limitBytes'].map((name) => queryInteger(query, name));
  const sinceTime = query.get('sinceTime') ?? undefined;
  if (sinceTime && parseTime(sinceTime) === undefined) {
    throw badRequest(`parsing time ${JSON.stringify(sinceTime)} as "2006-01-02T15:04:05Z07:00": cannot parse ${JSON.stringify(sinceTime)} as "2006"`);
  }
  const errors: FieldError[] = [];
  if (tailLines !== undefined && tailLines < 0) errors.push(invalidValue('tailLines', tailLines, 'must be greater than or equal to 0'));
  if (limitBytes !== undefined && limitBytes < 1) errors.push(invalidValue('limitBytes', limitBytes, 'must be greater than 0'));
  if (sinceSeconds !== undefined && sinceTime) errors.push(forbiddenField('', 'at most one of `sinceTime` or `sinceSeconds` may be specified'));
  else if (sinceSeconds !== undefined && sinceSeconds < 1) errors.push(invalidValue('sinceSeconds', sinceSeconds, 'must be greater than 0'));
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
  const names = (list: readonly { name: string }[] | undefined): string[] => (list ?? []).map((one) => one.name);
  const containers = names(pod.spec?.containers);
  const initContainers = names(pod.spec?.initContainers);
  const name = pod.metadata?.name ?? '';
  if (asked) {
    const ephemeral = names(pod.spec?.ephemeralContainers);
    if (![...containers, ...initContainers, ...ephemeral].includes(asked)) throw badRequest(`container ${asked} is not valid for pod ${name}`);
    return asked;
  }
  if (containers.length === 1) return containers[0] as string;
  if (containers.length === 0) throw badRequest(`a container name must be specified for pod ${name}`);
  const others = initContainers.length > 0 ? ` or one of the init containers: [${initContainers.join(' ')}]` : '';
  throw badRequest(`a container name must be specified for pod ${name}, choose one of: [${containers.join(' ')}]${others}`);
}
