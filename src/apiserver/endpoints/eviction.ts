import type { Eviction } from '../../../generated/types/index.ts';
import { badRequest } from '../../machinery/status-error.ts';
import type { GroupVersionKind } from '../../machinery/types.ts';
import type { DeleteQuery } from '../../registry/generic/options.ts';
import type { Answer } from '../answers.ts';
import { dataBody, successStatus } from '../answers.ts';
import { decodeObject } from '../body.ts';
import type { Call } from '../call.ts';
import { dryRunOf, writeOptions } from '../request-options.ts';
import type { ServedResource } from '../served-resource.ts';

export const evictionKind: GroupVersionKind = { group: 'policy', version: 'v1', kind: 'Eviction' };

/**
 * POST pods/NAME/eviction: a delete that asks disruption budgets first (registry/core/pod/storage EvictionREST).
 * Differs from upstream: no disruption budgets are served yet, so none can object.
 */
export async function evictPod(call: Call, pods: ServedResource): Promise<Answer> {
  const { form, info } = call;
  const options = writeOptions('CreateOptions', call.query, call.fieldValidation);
  const request = { kind: evictionKind, fieldValidation: options.fieldValidation, warn: call.warn };
  const eviction = decodeObject(call.services.bodies, call.request.body, request) as Eviction;
  if (eviction.metadata?.name && eviction.metadata.name !== info.name) throw badRequest('name in URL does not match name in Eviction object');
  const own = (eviction.deleteOptions ?? {}) as DeleteQuery & { dryRun?: string[] };
  const dryRun = options.dryRun || dryRunOf('DeleteOptions', own.dryRun ?? []);
  await pods.registry.delete({ namespace: info.namespace, name: info.name }, own, call.context(dryRun));
  return { status: 201, body: dataBody(successStatus({ code: 201 }), form) };
}
