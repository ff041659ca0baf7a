import type { Binding, Pod, PodCondition } from '../../../generated/types/index.ts';
import { aggregateText } from '../../machinery/aggregate.ts';
import { clone } from '../../machinery/deep.ts';
import { notSupported, required } from '../../machinery/field-error.ts';
import { badRequest, conflict, failure } from '../../machinery/status-error.ts';
import { formatTime } from '../../machinery/time.ts';
import type { GroupVersionKind } from '../../machinery/types.ts';
import { optimisticLockMessage, otherUidMessage } from '../../registry/generic/resource-registry.ts';
import { isStoreError } from '../../store/store.ts';
import type { Answer } from '../answers.ts';
import { dataBody, successStatus } from '../answers.ts';
import { decodeObject } from '../body.ts';
import type { Call } from '../call.ts';
import { writeOptions } from '../request-options.ts';
import type { ServedResource } from '../served-resource.ts';
import { receivedMetadata } from './reviews.ts';

const bindingKind: GroupVersionKind = { group: '', version: 'v1', kind: 'Binding' };
const attempts = 100;

/**
 * POST pods/NAME/binding, and the older POST bindings: puts a pod on a node (registry/core/pod/storage BindingREST).
 * Fails with 409 if the pod has a node already or is being deleted.
 */
export async function bindPod(call: Call, pods: ServedResource, pathName: string): Promise<Answer> {
  const { form } = call;
  const options = writeOptions('CreateOptions', call.query, call.fieldValidation);
  const request = { kind: bindingKind, fieldValidation: options.fieldValidation, warn: call.warn };
  const binding = decodeObject(call.services.bodies, call.request.body, request) as Binding;
  call.onSent?.(binding);
  const name = pathName || (binding.metadata?.name ?? '');
  binding.metadata = receivedMetadata(call, true, binding) as NonNullable<Binding['metadata']>;
  await pods.registry.admit('CREATE', 'binding', binding, undefined, call.context(options.dryRun));
  checkBinding(binding, name);
  await pods.registry.validate('CREATE', 'binding', binding, undefined, call.context(options.dryRun));
  await assign(call, pods, binding, name, options.dryRun);
  return { status: 201, body: dataBody(successStatus({ code: 201 }), form) };
}

function checkBinding({ metadata, target }: Binding, name: string): void {
  if ((metadata?.name ?? '') !== name) throw badRequest('name in URL does not match name in Binding object');
  const kind = target?.kind ?? '';
  const mistakes = [
    ...(kind === '' || kind === 'Node' ? [] : [notSupported('target.kind', kind, ['Node', '<empty>'])]),
    ...(target?.name ? [] : [required('target.name')]),
  ];
  // Upstream does not say which object is invalid, and so its answer is a plain error.
  if (mistakes.length > 0) throw failure(500, '', aggregateText(mistakes.map(String)));
}

/** The scheduler's decision is not an update of the pod: its strategy would refuse a change of nodeName. */
async function assign(call: Call, { registry }: ServedResource, binding: Binding, name: string, dryRun: boolean): Promise<void> {
  const { store } = registry.deps;
  for (let attempt = 1; ; attempt += 1) {
    const entry = await registry.get({ namespace: call.info.namespace, name });
    const pod = entry.object as Readonly<Pod>;
    const refused = whyNotBound(pod, binding);
    if (refused) throw conflict({ group: '', resource: 'pods/binding' }, name, refused);
    const next = registry.inOrder(boundPod(pod, binding, call.now));
    if (dryRun) return;
    try {
      await store.update(entry.key, next, entry.revision);
      return;
    } catch (error) {
      if (!isStoreError(error)) throw error;
      if (attempt === attempts) throw conflict(registry.groupResource, name, optimisticLockMessage);
    }
  }
}

function whyNotBound(pod: Readonly<Pod>, { metadata }: Binding): string | undefined {
  const { name, uid, deletionTimestamp } = pod.metadata ?? {};
  if (metadata?.uid && metadata.uid !== uid) return otherUidMessage(metadata.uid, uid ?? '');
  if (deletionTimestamp) return `pod ${name} is being deleted, cannot be assigned to a host`;
  if (pod.spec?.nodeName) return `pod ${name} is already assigned to node ${JSON.stringify(pod.spec.nodeName)}`;
  if ((pod.spec?.schedulingGates?.length ?? 0) > 0) return `pod ${name} has non-empty .spec.schedulingGates`;
  return undefined;
}

function boundPod(pod: Readonly<Pod>, { metadata, target }: Binding, now: number): Pod {
  const next = clone(pod) as Pod;
  next.spec!.nodeName = target!.name!;
  if (metadata?.annotations) next.metadata!.annotations = { ...next.metadata!.annotations, ...metadata.annotations };
  const scheduled = { type: 'PodScheduled', status: 'True', lastProbeTime: null, lastTransitionTime: formatTime(now) } as unknown as PodCondition;
  const status = (next.status ??= {});
  const others = status.conditions ?? [];
  const at = others.findIndex((one) => one.type === 'PodScheduled');
  if (at >= 0 && others[at]!.status === 'True') return next;
  status.conditions = at < 0 ? [...others, scheduled] : others.with(at, scheduled);
  return next;
}
