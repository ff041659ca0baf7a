import { clone } from '../../machinery/deep.ts';
import { FieldError, invalidValue } from '../../machinery/field-error.ts';
import { applyJsonPatch, applyMergePatch, applyStrategicMergePatch } from '../../machinery/patch/index.ts';
import { findTypeError, findUnknownFields, pruneUnknownFields } from '../../machinery/schema/index.ts';
import { badRequest, failure, invalid, notSimulated } from '../../machinery/status-error.ts';
import type { KubeObject } from '../../machinery/types.ts';
import type { DeleteQuery } from '../../registry/generic/options.ts';
import type { StoreEntry } from '../../store/store.ts';
import type { Answer } from '../answers.ts';
import { dataBody, listBody, objectBody, successStatus } from '../answers.ts';
import { decodeAny, decodeObject, mediaTypeOf, notDeleteOptions } from '../body.ts';
import type { Call } from '../call.ts';
import { queryFlag } from '../request-info.ts';
import { dryRunOf, listQuery, notSupportedInOrder, queryInteger, writeOptions } from '../request-options.ts';
import type { ServedResource } from '../served-resource.ts';
import { namespaceOf } from './read.ts';

/** POST of a new object. */
export async function createObject(call: Call, resource: ServedResource): Promise<Answer> {
  const { form } = call;
  const options = writeOptions('CreateOptions', call.query, call.fieldValidation);
  const object = decodeObject(call.services.bodies, call.request.body, { kind: resource.gvk, fieldValidation: options.fieldValidation, warn: call.warn });
  resource.defaults(object);
  const served = await resource.registry.create(namespaceOf(call, resource), resource.store(object), call.context(options.dryRun));
  return { status: 201, body: objectBody(resource, served, form, call.now) };
}

/** PUT of an object or of a subresource that changes it. */
export async function updateObject(call: Call, resource: ServedResource, subresource: string): Promise<Answer> {
  const { form, info } = call;
  const options = writeOptions('UpdateOptions', call.query, call.fieldValidation);
  const object = decodeObject(call.services.bodies, call.request.body, { kind: resource.gvk, fieldValidation: options.fieldValidation, warn: call.warn });
  checkName(object, info.name);
  resource.defaults(object);
  const stored = resource.store(object);
  const { served, created } = await resource.registry.update({
    key: { namespace: namespaceOf(call, resource), name: info.name },
    context: call.context(options.dryRun),
    next: () => clone(stored),
    subresource,
    mayCreate: subresource === '',
  });
  return { status: created ? 201 : 200, body: objectBody(resource, served, form, call.now) };
}

/** The name in the body must be that of the path. */
export function checkName(object: KubeObject, name: string): void {
  const own = object.metadata?.name;
  if (!own) throw badRequest(`the name of the object (${name} based on URL) was undeterminable: name must be provided`);
  if (own !== name) throw badRequest(`the name of the object (${own}) does not match the name on the URL (${name})`);
}

/** PATCH of an object or of a subresource that changes it. */
export async function patchObject(call: Call, resource: ServedResource, subresource: string): Promise<Answer> {
  const { form, info } = call;
  const options = writeOptions('PatchOptions', call.query, call.fieldValidation);
  const change = patchOf(call);
  const { served } = await resource.registry.update({
    key: { namespace: namespaceOf(call, resource), name: info.name },
    context: call.context(options.dryRun),
    subresource,
    next: (previous) => {
      const patched = patchedObject(call, resource, change, resource.show(previous as StoreEntry).object, options.fieldValidation);
      resource.defaults(patched);
      return resource.store(patched);
    },
  });
  return { status: 200, body: objectBody(resource, served, form, call.now) };
}

export interface PatchChange {
  readonly type: 'json' | 'merge' | 'strategic';
  readonly patch: unknown;
}

/** Reads a patch. @throws StatusError 415 for unknown kinds of patch, 501 for server-side apply */
export function patchOf(call: Call): PatchChange {
  const { body } = call.request;
  const media = mediaTypeOf(body?.kind === 'bytes' ? body.contentType : (body?.contentType ?? call.request.headers['content-type']));
  if (media === 'application/apply-patch+yaml' || media === 'application/apply-patch+cbor') throw notSimulated('server-side apply yet');
  const type = patchTypes[media];
  if (!type) throw failure(415, 'UnsupportedMediaType', '415: Unsupported Media Type', {});
  const patch = decodeAny(call.services.bodies, body);
  return { type, patch };
}

const patchTypes: Readonly<Record<string, PatchChange['type'] | undefined>> = {
  'application/json-patch+json': 'json',
  'application/merge-patch+json': 'merge',
  'application/strategic-merge-patch+json': 'strategic',
};

export function applyChange(call: Call, resource: Pick<ServedResource, 'gvk'>, { type, patch }: PatchChange, object: Readonly<KubeObject>): KubeObject {
  if (type === 'json') return applyJsonPatch(object, patch) as KubeObject;
  if (type === 'merge') return clone(applyMergePatch(object, patch)) as KubeObject;
  return clone(applyStrategicMergePatch(call.services.bodies.schema, resource.gvk, object, patch)) as KubeObject;
}

/** Applies the patch, and checks that what came out is still such an object. */
function patchedObject(call: Call, resource: ServedResource, change: PatchChange, object: Readonly<KubeObject>, validation: string): KubeObject {
  const { schema } = call.services.bodies;
  const patched = applyChange(call, resource, change, object);
  if (typeof patched !== 'object' || patched === null || Array.isArray(patched)) throw badRequest('the patch leaves no object');
  if (call.request.body?.kind === 'object') return patched;
  const typeError = findTypeError(schema, resource.gvk, patched);
  if (typeError) throw invalid({ group: '', kind: '' }, '', [invalidValue('patch', patchText(call, change), typeError)]);
  const unknown = findUnknownFields(schema, resource.gvk, patched);
  if (unknown.length === 0) return patched;
  if (validation === 'Strict') {
    throw invalid({ group: '', kind: '' }, '', [
      new FieldError('FieldValueInvalid', 'patch', patchText(call, change), `strict decoding error: ${unknown.join(', ')}`),
    ]);
  }
  if (validation === 'Warn') for (const text of unknown) call.warn(text);
  return pruneUnknownFields(schema, resource.gvk, patched);
}

function patchText(call: Call, { patch }: PatchChange): string {
  const { body } = call.request;
  return body?.kind === 'bytes' ? new TextDecoder().decode(body.bytes) : JSON.stringify(patch);
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
  const body = decodeAny(call.services.bodies, call.request.body) as Record<string, unknown> | undefined;
  if (body) {
    const { kind, apiVersion = 'v1' } = body;
    if (kind !== undefined && kind !== 'DeleteOptions') throw notDeleteOptions(String(kind), String(apiVersion));
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

const policies = ['Foreground', 'Background', 'Orphan', 'nil'];

function checkedDelete(options: Readonly<Record<string, unknown>>, dryRun: readonly string[]): { query: DeleteQuery; dryRun: boolean } {
  const { gracePeriodSeconds, propagationPolicy, orphanDependents, preconditions } = options;
  if (gracePeriodSeconds !== undefined && gracePeriodSeconds !== null && typeof gracePeriodSeconds !== 'number') {
    throw badRequest('json: cannot unmarshal string into Go struct field DeleteOptions.gracePeriodSeconds of type int64');
  }
  const errors: FieldError[] = [];
  const policy = typeof propagationPolicy === 'string' && propagationPolicy !== '' ? propagationPolicy : undefined;
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
