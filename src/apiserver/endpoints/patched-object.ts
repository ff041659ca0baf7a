import { findDuplicateKeys, goJson, JsonSyntaxError, mayRepeatKeys, parseJson } from '../../machinery/codec/index.ts';
import { clone, countKeys } from '../../machinery/deep.ts';
import { invalidValue } from '../../machinery/field-error.ts';
import { goJsonKind, goPlain } from '../../machinery/go-syntax.ts';
import { applyJsonPatch, applyMergePatch, applyStrategicMergePatch, spentStrategicMergePatch, writtenOutcome } from '../../machinery/patch/index.ts';
import { findRestoreError, findTypeError, findUnknownFields, keysIfFitting, pruneUnknownFields, structOf, wrapIntegers } from '../../machinery/schema/index.ts';
import { badRequest, failure, invalid, isStatusError } from '../../machinery/status-error.ts';
import type { KubeObject } from '../../machinery/types.ts';
import { asDecoded, decodeAny, mediaTypeOf, misfit, typeMetaStruct } from '../body.ts';
import type { Call } from '../call.ts';
import type { FieldValidation } from '../request-options.ts';
import type { ServedResource } from '../served-resource.ts';
import { namespaceOf } from './read.ts';

export interface PatchChange {
  readonly type: 'json' | 'merge' | 'strategic';
  readonly patch: unknown;
  /** What the text of the patch itself does wrong in the eyes of a strict decoder: repeated keys, operations with unknown fields. */
  readonly mistakes: readonly string[];
}

const patchTypes: Readonly<Record<string, PatchChange['type'] | undefined>> = {
  'application/json-patch+json': 'json',
  'application/merge-patch+json': 'merge',
  'application/strategic-merge-patch+json': 'strategic',
};

/** The Go types that patches are decoded into, for messages. */
const goTypes: Readonly<Record<PatchChange['type'], string>> = {
  json: '[]handlers.jsonPatchOp',
  merge: 'map[string]interface {}',
  strategic: 'map[string]interface {}',
};

const decoder = new TextDecoder();

/** Reads a patch. @throws StatusError 400 for a broken one, 415 for unknown kinds of patch */
function patchOf(call: Call, validation: FieldValidation = 'Ignore'): PatchChange {
  const { body } = call.request;
  const media = mediaTypeOf(body?.kind === 'bytes' ? body.contentType : (body?.contentType ?? call.request.headers['content-type']));
  const type = patchTypes[media];
  if (!type) throw failure(415, 'UnsupportedMediaType', '415: Unsupported Media Type', {});
  if (body?.kind !== 'bytes') return { type, patch: decodeAny(call.services.bodies, body), mistakes: [] };
  const text = decoder.decode(body.bytes);
  const patch = readPatch(text, type, validation);
  return { type, patch, mistakes: validation === 'Ignore' ? [] : mistakesOf(type, patch, text) };
}

/** As patchOf, for one object. @throws StatusError also 404, see refuseUnlessAbsent */
export async function patchOfPresent(call: Call, resource: ServedResource, validation?: FieldValidation): Promise<PatchChange> {
  try {
    return patchOf(call, validation);
  } catch (error) {
    return refuseUnlessAbsent(call, resource, error);
  }
}

/** Upstream reads a patch when it has the object: that there is none is told before what is wrong with the patch. @throws StatusError 404, or `error` */
export async function refuseUnlessAbsent(call: Call, resource: ServedResource, error: unknown): Promise<never> {
  if (isStatusError(error) && error.code === 400) await resource.registry.get({ namespace: namespaceOf(call, resource), name: call.info.name });
  throw error;
}

/** Strict reading comes first where it is asked for, and names broken patches in its own words (handlers/patch.go). */
function readPatch(text: string, type: PatchChange['type'], validation: FieldValidation): unknown {
  const prefix = type === 'strategic' ? '' : 'error decoding patch: ';
  try {
    const patch = parseJson(text);
    // Null is a list without operations, and a map without fields; the library for merge patches knows no such patch.
    if (patch === null && type === 'merge') throw badRequest('Invalid JSON Patch');
    if (patch === null) return type === 'json' ? [] : {};
    const fits = type === 'json' ? Array.isArray(patch) : typeof patch === 'object' && !Array.isArray(patch);
    if (!fits && (validation !== 'Ignore' || type === 'strategic')) {
      throw badRequest(`${validation === 'Ignore' ? '' : prefix}json: cannot unmarshal ${goJsonKind(patch)} into Go value of type ${goTypes[type]}`);
    }
    if (type === 'json' && validation !== 'Ignore') checkOperations(patch as readonly unknown[]);
    return patch;
  } catch (error) {
    if (!(error instanceof JsonSyntaxError)) throw error;
    if (validation !== 'Ignore') throw badRequest(prefix + error.message);
    throw badRequest(type === 'merge' ? 'Invalid JSON Patch' : error.message);
  }
}

/** What a strict decoder finds of the wrong type in a list of operations. */
function checkOperations(operations: readonly unknown[]): void {
  const refuse = (value: unknown, where: string): Error => badRequest(`error decoding patch: json: cannot unmarshal ${goJsonKind(value)} into Go ${where}`);
  for (const operation of operations) {
    if (operation === null) continue;
    if (!isMap(operation)) throw refuse(operation, 'value of type handlers.jsonPatchOp');
    for (const field of ['op', 'path', 'from']) {
      const value = operation[field];
      if (value !== undefined && value !== null && typeof value !== 'string') throw refuse(value, `struct field jsonPatchOp.${field} of type string`);
    }
  }
}

const operationFields = ['op', 'path', 'from', 'value'];

function mistakesOf(type: PatchChange['type'], patch: unknown, text: string): string[] {
  const repeated = mayRepeatKeys(text, countKeys(patch)) ? findDuplicateKeys(text) : [];
  if (type !== 'json') return repeated;
  const unknown = (patch as unknown[]).flatMap((operation, index) =>
    typeof operation === 'object' && operation !== null
      ? Object.keys(operation)
          .filter((field) => !operationFields.includes(field))
          .map((field) => `unknown field "[${index}].${field}"`)
      : [],
  );
  return [...repeated, ...unknown].map((one) => `json patch ${one}`);
}

/** The patched object. What a merge does not reach is shared with the object as it was, so nobody may write to it. */
export function applyChange(
  call: Call,
  resource: Pick<ServedResource, 'gvk'>,
  { type, patch }: PatchChange,
  object: Readonly<KubeObject>,
): Readonly<KubeObject> {
  if (type === 'json') return applyJsonPatch(object, patch) as KubeObject;
  if (type === 'merge') return applyMergePatch(object, patch) as KubeObject;
  return applyStrategicMergePatch(call.services.bodies.schema, resource.gvk, object, patch);
}

/** Applies the patch, and checks that what came out is still such an object, which may be written to. Nulls that it leaves are absent fields. */
export function patchedObject(
  call: Call,
  resource: ServedResource,
  change: PatchChange,
  object: Readonly<KubeObject>,
  validation: FieldValidation,
): KubeObject {
  const { schema } = call.services.bodies;
  const patched = applyChange(call, resource, change, object);
  if (typeof patched !== 'object' || patched === null) throw badRequest('the patch leaves no object');
  if (Array.isArray(patched)) {
    const why = `couldn't get version/kind; json parse error: json: cannot unmarshal array into Go value of type ${typeMetaStruct}`;
    throw refusedPatch(call, resource, change, object, patched, why);
  }
  if (call.request.body?.kind === 'object') return clone(asDecoded(call.services.bodies, resource.gvk, patched, true, object));
  const refuse = (why: string): Error => refusedPatch(call, resource, change, object, patched, why);
  const fits = keysIfFitting(schema, resource.gvk, patched, object) >= 0;
  // What is wrong is told in the order in which upstream reads it.
  const written = fits ? patched : writtenPatch(call, resource, change, object, patched);
  const typeError = typeErrorOf(call, resource, change, written, fits);
  if (typeError) throw refuse(typeError);
  const found = fits ? [] : findUnknownFields(schema, resource.gvk, written);
  const unknown = change.type === 'strategic' ? found.sort() : found;
  const strict = [...change.mistakes, ...unknown];
  if (strict.length > 0 && validation === 'Strict') throw refuse(`strict decoding error: ${strict.join(', ')}`);
  if (validation === 'Warn') for (const text of strict) call.warn(text);
  let known = unknown.length > 0 ? pruneUnknownFields(schema, resource.gvk, patched) : patched;
  if (!fits && change.type === 'strategic') known = wrapIntegers(schema, resource.gvk, known);
  return clone(asDecoded(call.services.bodies, resource.gvk, known, fits, object));
}

/** A patch that leaves something that is no such object, as the object is shown that came out, or the patch as Go prints the map. */
export function refusedPatch(
  call: Call,
  resource: Pick<ServedResource, 'gvk'>,
  change: PatchChange,
  before: Readonly<KubeObject>,
  after: Readonly<KubeObject>,
  why: string,
): Error {
  const shown =
    change.type === 'strategic'
      ? goPlain(spentStrategicMergePatch(call.services.bodies.schema, resource.gvk, before, change.patch))
      : goJson(writtenPatch(call, resource, change, before, after));
  return invalid({ group: '', kind: '' }, '', [invalidValue('patch', shown, why)]);
}

/** What a patch has left, as upstream reads it again: from a text, but for strategic patches. */
function writtenPatch(
  call: Call,
  { gvk }: Pick<ServedResource, 'gvk'>,
  { type, patch }: PatchChange,
  before: Readonly<KubeObject>,
  after: Readonly<KubeObject>,
): KubeObject {
  if (type === 'strategic') return after;
  return writtenOutcome({ type, patch }, before, after, structOf(call.services.bodies.protobufSchema(), gvk)) as KubeObject;
}

const isMap = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null && !Array.isArray(value);

/** A strategic patch never passes through JSON again, and so fails in other words than the other kinds. */
function typeErrorOf(call: Call, resource: ServedResource, { type }: PatchChange, patched: KubeObject, fits: boolean): string | undefined {
  const { schema } = call.services.bodies;
  if (type === 'strategic') return fits ? undefined : findRestoreError(schema, resource.gvk, patched, call.services.bodies.protobufSchema());
  return misfit(schema, patched, resource.gvk)?.why ?? (fits ? undefined : findTypeError(schema, resource.gvk, patched));
}
