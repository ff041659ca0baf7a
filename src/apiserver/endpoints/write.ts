import { clone } from '../../machinery/deep.ts';
import type { FieldError } from '../../machinery/field-error.ts';
import { invalidValue } from '../../machinery/field-error.ts';
import { goJsonKind } from '../../machinery/go-syntax.ts';
import { badRequest, failure, invalid, isStatusError } from '../../machinery/status-error.ts';
import type { KubeObject } from '../../machinery/types.ts';
import type { DeleteQuery } from '../../registry/generic/options.ts';
import type { StoreEntry } from '../../store/store.ts';
import type { Answer } from '../answers.ts';
import { dataBody, listBody, objectBody, successStatus } from '../answers.ts';
import { decodeAny, decodeObject, mediaTypeOf, notDeleteOptions, typeMetaStruct } from '../body.ts';
import type { Call } from '../call.ts';
import { mediaTypes } from '../negotiation.ts';
import { queryFlag } from '../request-info.ts';
import type { FieldValidation } from '../request-options.ts';
import { dryRunOf, listQuery, notSupportedInOrder, queryInteger, writeOptions } from '../request-options.ts';
import type { ServedResource } from '../served-resource.ts';
import { applyObject, isApply, requireCreate } from './apply.ts';
import { fieldManagerOf, managerName } from './field-managers.ts';
import type { PatchChange } from './patched-object.ts';
import { patchedObject, patchOfPresent } from './patched-object.ts';
import { namespaceOf } from './read.ts';

/** POST of a new object. */
export async function createObject(call: Call, resource: ServedResource): Promise<Answer> {
  const { form } = call;
  const options = writeOptions('CreateOptions', call.query, call.fieldValidation);
  const object = decodeObject(call.services.bodies, call.request.body, { kind: resource.gvk, fieldValidation: options.fieldValidation, warn: call.warn });
  wipeSystemFields(object.metadata);
  resource.defaults(object);
  call.onSent?.(object);
  fieldManagerOf(call, resource, '').update(undefined, object, { manager: managerName(call, options.fieldManager), now: call.now });
  const served = await resource.registry.create(namespaceOf(call, resource), resource.store(object), call.context(options.dryRun));
  return { status: 201, body: objectBody(resource, served, form, call.now) };
}

/** What a client says of the fields that the server fills in is not heard, and so it owns none of them (registry/rest WipeObjectMetaSystemFields). */
function wipeSystemFields(metadata: KubeObject['metadata']): void {
  for (const field of ['creationTimestamp', 'uid', 'deletionTimestamp', 'deletionGracePeriodSeconds', 'selfLink'] as const) delete metadata?.[field];
}

/** PUT of an object or of a subresource that changes it. */
export async function updateObject(call: Call, resource: ServedResource, subresource: string): Promise<Answer> {
  const { form, info } = call;
  const options = writeOptions('UpdateOptions', call.query, call.fieldValidation);
  const object = decodeObject(call.services.bodies, call.request.body, { kind: resource.gvk, fieldValidation: options.fieldValidation, warn: call.warn });
  checkName(object, info.name, namespaceOf(call, resource));
  resource.defaults(object);
  call.onSent?.(object);
  const as = { manager: managerName(call, options.fieldManager), now: call.now };
  // What names its version is not tried a second time, and what came as bytes is nobody else's.
  const isOwn = call.request.body?.kind === 'bytes' && Number(object.metadata?.resourceVersion) > 0;
  const { served, created } = await resource.registry.update({
    key: { namespace: namespaceOf(call, resource), name: info.name },
    context: call.context(options.dryRun),
    given: object.metadata,
    next: async (previous) => {
      if (!previous) await requireCreate(call, resource);
      const next = isOwn ? object : clone(object);
      fieldManagerOf(call, resource, subresource).update(previous && resource.show(previous).object, next, as);
      return resource.store(next);
    },
    subresource,
    mayCreate: subresource === '',
  });
  return { status: created ? 201 : 200, body: objectBody(resource, served, form, call.now) };
}

/** The name in the body must be that of the path, and before it the namespace, where it is given here. */
export function checkName({ metadata }: KubeObject, name: string, namespace?: string): void {
  if (namespace && metadata?.namespace && metadata.namespace !== namespace) {
    throw badRequest('the namespace of the provided object does not match the namespace sent on the request');
  }
  const own = metadata?.name;
  if (!own) throw badRequest(`the name of the object (${name} based on URL) was undeterminable: name must be provided`);
  if (own !== name) throw badRequest(`the name of the object (${own}) does not match the name on the URL (${name})`);
}

/** PATCH of an object or of a subresource that changes it. */
export async function patchObject(call: Call, resource: ServedResource, subresource: string): Promise<Answer> {
  const { form, info } = call;
  if (isApply(call)) return applyObject(call, resource, subresource, (object) => checkName(object, info.name));
  const options = writeOptions('PatchOptions', call.query, call.fieldValidation);
  const as = { manager: managerName(call, options.fieldManager), now: call.now };
  const change = await patchOfPresent(call, resource, options.fieldValidation);
  const { served } = await resource.registry.update({
    key: { namespace: namespaceOf(call, resource), name: info.name },
    context: call.context(options.dryRun),
    subresource,
    patching: true,
    next: (previous) => {
      const live = resource.show(previous as StoreEntry).object;
      const patched = patchedWithoutOwners(call, resource, change, live, options.fieldValidation);
      checkName(patched, info.name);
      resource.defaults(patched);
      fieldManagerOf(call, resource, subresource).update(live, patched, as);
      return resource.store(patched);
    },
  });
  return { status: 200, body: objectBody(resource, served, form, call.now) };
}

/**
 * Owners are long, and few patches speak of them: the others are applied to the object without them, and the field manager
 * puts them back. Only the message of a failure shows the whole object, so a patch that fails does so again with them.
 */
function patchedWithoutOwners(call: Call, resource: ServedResource, change: PatchChange, live: Readonly<KubeObject>, validation: FieldValidation): KubeObject {
  if (!live.metadata?.managedFields || JSON.stringify(change.patch)?.includes('managedFields')) return patchedObject(call, resource, change, live, validation);
  const { managedFields: _, ...metadata } = live.metadata;
  try {
    return patchedObject(call, resource, change, { ...live, metadata }, validation);
  } catch {
    return patchedObject(call, resource, change, live, validation);
  }
}

/** DELETE of one object: a Status once it is gone, the object while it stays (and always for some resources). */
export async function deleteObject(call: Call, resource: ServedResource): Promise<Answer> {
  const { form, info } = call;
  const { query, dryRun } = deleteQuery(call);
  const { served, gone } = await resource.registry.delete({ namespace: namespaceOf(call, resource), name: info.name }, query, call.context(dryRun));
  if (!gone || resource.registry.strategy.returnsDeletedObject) {
    return { status: !gone && query.orphanDependents === false ? 202 : 200, body: objectBody(resource, served, form, call.now) };
  }
  const { group, plural } = resource.info;
  const uid = served.object.metadata?.uid;
  const details = { name: info.name, ...(group ? { group } : {}), kind: plural, ...(uid ? { uid } : {}) };
  return { status: 200, body: dataBody(successStatus({ details }), form) };
}

/** DELETE of a collection. */
export async function deleteObjects(call: Call, resource: ServedResource): Promise<Answer> {
  const { form } = call;
  const { query, dryRun } = deleteQuery(call);
  const selection = resource.selection(call.query.get('labelSelector') ?? '', call.query.get('fieldSelector') ?? '');
  const list = listQuery(call.query, namespaceOf(call, resource), selection);
  const found = await resource.registry.deleteCollection(list, query, call.context(dryRun));
  return { status: 200, body: listBody(resource, found, form, call.now) };
}

/** DeleteOptions come in the body or, where there is none, in the query. */
export function deleteQuery(call: Call): { query: DeleteQuery; dryRun: boolean } {
  const decoded = readOptions(call);
  if (decoded !== undefined && decoded !== null) {
    const body = optionsOf(decoded);
    const { kind, apiVersion = 'v1' } = body;
    if (kind !== undefined && kind !== 'DeleteOptions') throw notDeleteOptions(String(kind), String(apiVersion));
    // Upstream writes the name of a version here that no client ever sees.
    call.onSent?.({ ...body, kind: 'DeleteOptions', apiVersion: 'meta.k8s.io/__internal' });
    return checkedDelete(body, Array.isArray(body.dryRun) ? body.dryRun.map(String) : []);
  }
  const { query } = call;
  if (query.size === 0) return { query: {}, dryRun: false };
  const orphan = query.get('orphanDependents');
  const options = {
    gracePeriodSeconds: queryInteger(query, 'gracePeriodSeconds'),
    propagationPolicy: query.get('propagationPolicy') ?? undefined,
    orphanDependents: orphan === null ? undefined : queryFlag(orphan),
  };
  return checkedDelete(options, query.getAll('dryRun'));
}

/** Upstream answers options that it cannot read with 500. */
function readOptions(call: Call): unknown {
  try {
    return decodeAny(call.services.bodies, call.request.body, { apiVersion: 'v1', kind: 'DeleteOptions' });
  } catch (error) {
    if (!isStatusError(error) || error.code !== 400) throw error;
    const { body } = call.request;
    const isProtobuf = body?.kind === 'bytes' && mediaTypeOf(body.contentType) === mediaTypes.protobuf;
    throw failure(500, '', isProtobuf ? error.message : `couldn't get version/kind; json parse error: ${error.message}`);
  }
}

/** Anything but a map would otherwise be taken for options that ask for nothing, and the object be gone. */
function optionsOf(decoded: unknown): Record<string, unknown> {
  if (typeof decoded === 'object' && !Array.isArray(decoded)) return decoded as Record<string, unknown>;
  throw failure(500, '', `couldn't get version/kind; json parse error: json: cannot unmarshal ${goJsonKind(decoded)} into Go value of type ${typeMetaStruct}`);
}

const policies = ['Foreground', 'Background', 'Orphan', 'nil'];

function checkedDelete(options: Readonly<Record<string, unknown>>, dryRun: readonly string[]): { query: DeleteQuery; dryRun: boolean } {
  const { gracePeriodSeconds, propagationPolicy, orphanDependents, preconditions } = options;
  if (gracePeriodSeconds !== undefined && gracePeriodSeconds !== null && typeof gracePeriodSeconds !== 'number') {
    throw failure(500, '', 'json: cannot unmarshal string into Go struct field DeleteOptions.gracePeriodSeconds of type int64');
  }
  const errors: FieldError[] = [];
  const policy = typeof propagationPolicy === 'string' ? propagationPolicy : undefined;
  if (policy !== undefined && typeof orphanDependents === 'boolean') {
    errors.push(invalidValue('propagationPolicy', policy, 'orphanDependents and deletionPropagation cannot be both set'));
  } else if (policy !== undefined && !policies.slice(0, 3).includes(policy)) errors.push(notSupportedInOrder('propagationPolicy', policy, policies));
  if (errors.length > 0) throw invalid({ group: 'meta.k8s.io', kind: 'DeleteOptions' }, '', errors);
  const query = {
    gracePeriodSeconds: gracePeriodSeconds ?? undefined,
    propagationPolicy: policy,
    orphanDependents: typeof orphanDependents === 'boolean' ? orphanDependents : undefined,
    preconditions: preconditions ?? undefined,
  } as DeleteQuery;
  return { query, dryRun: dryRunOf('DeleteOptions', dryRun) };
}
