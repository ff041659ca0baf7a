import type { Eviction, Pod, PodCondition, PodDisruptionBudget } from '../../../generated/types/index.ts';
import { chargeBudget, planEviction, stillProcessed, withCondition } from '../../api/index.ts';
import { clone } from '../../machinery/deep.ts';
import type { RequestBody } from '../../machinery/handler.ts';
import { badRequest, isConflict } from '../../machinery/status-error.ts';
import { formatTime } from '../../machinery/time.ts';
import type { GroupVersionKind, ObjectKey } from '../../machinery/types.ts';
import type { DeleteQuery } from '../../registry/generic/options.ts';
import type { RequestContext } from '../../registry/generic/strategy.ts';
import type { Answer } from '../answers.ts';
import { dataBody, successStatus } from '../answers.ts';
import { decodeAny, decodeObject } from '../body.ts';
import type { Call } from '../call.ts';
import { dryRunOf, writeOptions } from '../request-options.ts';
import type { ServedResource } from '../served-resource.ts';
import { receivedMetadata } from './reviews.ts';

export const evictionKind: GroupVersionKind = { group: 'policy', version: 'v1', kind: 'Eviction' };

/** A pod that changes while it is looked at is looked at again this often (upstream: EvictionsRetry). */
const attempts = 20;

/**
 * POST pods/NAME/eviction: a delete that asks disruption budgets first (registry/core/pod/storage EvictionREST).
 * Fails with 429 where a budget allows no disruption at present.
 */
export async function evictPod(call: Call, pods: ServedResource): Promise<Answer> {
  const { form, info } = call;
  const options = writeOptions('CreateOptions', call.query, call.fieldValidation);
  const request = { kind: evictionKind, fieldValidation: options.fieldValidation, warn: call.warn };
  const eviction = decodeObject(call.services.bodies, inVersionOne(call), request) as Eviction;
  call.onSent?.(eviction);
  eviction.metadata = receivedMetadata(call, true, eviction) as NonNullable<Eviction['metadata']>;
  if (eviction.metadata.name !== info.name) throw badRequest('name in URL does not match name in Eviction object');
  const query = (eviction.deleteOptions ?? {}) as DeleteQuery & { dryRun?: string[] };
  const context = call.context(options.dryRun || dryRunOf('DeleteOptions', query.dryRun ?? []));
  const { registry } = pods;
  await registry.admit('CREATE', 'eviction', eviction, undefined, context);
  await registry.validate('CREATE', 'eviction', eviction, undefined, context);
  await evict(call, pods, { namespace: info.namespace, name: info.name }, query, context);
  return { status: 201, body: dataBody(successStatus({ code: 201 }), form) };
}

/** The older version differs in its name alone. What cannot be read comes back as it is, for `decodeObject` to refuse. */
function inVersionOne({ request: { body }, services }: Call): RequestBody | undefined {
  let given: Partial<Eviction> | undefined;
  try {
    given = decodeAny(services.bodies, body) as Partial<Eviction> | undefined;
  } catch {
    return body;
  }
  if (given?.apiVersion !== 'policy/v1beta1' || given.kind !== 'Eviction') return body;
  const renamed = { ...given, apiVersion: 'policy/v1' };
  if (body?.kind === 'object') return { kind: 'object', object: renamed };
  return { kind: 'bytes', bytes: Buffer.from(JSON.stringify(renamed)), contentType: 'application/json' };
}

async function evict(call: Call, pods: ServedResource, key: ObjectKey, query: DeleteQuery, context: RequestContext): Promise<void> {
  const asked = query.preconditions?.resourceVersion;
  for (let attempt = 1; ; attempt += 1) {
    const { object, revision } = await pods.registry.get(key);
    const pod = object as Readonly<Pod>;
    const plan = planEviction(pod, await budgetsIn(call, key.namespace));
    if (plan.budget !== undefined && plan.charges) await charge(call, { namespace: key.namespace, name: plan.budget }, key.name, context);
    const resourceVersion = asked ?? (plan.onlyThisVersion ? String(revision) : undefined);
    try {
      await deleteMarked(pods, key, { ...query, preconditions: { ...query.preconditions, ...(resourceVersion ? { resourceVersion } : {}) } }, context);
      return;
    } catch (error) {
      if (asked !== undefined || !plan.onlyThisVersion || !isConflict(error)) throw error;
      // An unhealthy pod has changed, perhaps to a healthy one, which its budget counts; a pending one is looked at again.
      if (plan.budget !== undefined) throw stillProcessed(plan.budget);
      if (attempt === attempts) throw error;
    }
  }
}

async function budgetsIn(call: Call, namespace: string | undefined): Promise<readonly Readonly<PodDisruptionBudget>[]> {
  const registry = call.services.find('policy', 'poddisruptionbudgets')?.registry;
  if (!registry) return [];
  const { entries } = await registry.deps.store.list(registry.prefixOf(namespace));
  return entries.map((entry) => entry.object as Readonly<PodDisruptionBudget>);
}

/** Against the newest version of the budget, so that no two evictions share one disruption. */
async function charge(call: Call, budget: ObjectKey, podName: string, context: RequestContext): Promise<void> {
  await call.services.find('policy', 'poddisruptionbudgets')?.registry.update({
    key: budget,
    context,
    subresource: 'status',
    next: (previous) => {
      const next = clone(previous!.object) as PodDisruptionBudget;
      chargeBudget(next, podName, context.now);
      return next;
    },
  });
}

/** Says why the pod goes, so that whoever made it can tell, and deletes it. */
async function deleteMarked({ registry }: ServedResource, key: ObjectKey, query: DeleteQuery, context: RequestContext): Promise<void> {
  const wanted = query.preconditions?.resourceVersion;
  const marked = await registry.update({
    key,
    context,
    subresource: 'status',
    next: (previous) => {
      const pod = clone(previous!.object) as Pod;
      if (wanted !== undefined) pod.metadata!.resourceVersion = wanted;
      pod.status = { ...pod.status, conditions: withCondition(pod.status?.conditions, disruption(context.now)) };
      return pod;
    },
  });
  const version = wanted === undefined || context.dryRun ? wanted : marked.served.object.metadata?.resourceVersion;
  await registry.delete(key, { ...query, preconditions: { ...query.preconditions, ...(version ? { resourceVersion: version } : {}) } }, context);
}

function disruption(now: number): PodCondition {
  const text = { reason: 'EvictionByEvictionAPI', message: 'Eviction API: evicting' };
  return { type: 'DisruptionTarget', status: 'True', lastProbeTime: null, lastTransitionTime: formatTime(now), ...text } as unknown as PodCondition;
}
