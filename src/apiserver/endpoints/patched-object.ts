import { findDuplicateKeys, JsonSyntaxError, mayRepeatKeys, parseJson } from '../../machinery/codec/index.ts';
import { clone, countKeys } from '../../machinery/deep.ts';
import { invalidValue } from '../../machinery/field-error.ts';
import { goJsonKind, goPlain } from '../../machinery/go-syntax.ts';
import { applyJsonPatch, applyMergePatch, applyStrategicMergePatch } from '../../machinery/patch/index.ts';
import { findRestoreError, findTypeError, findUnknownFields, keysIfFitting, pruneUnknownFields, wrapIntegers } from '../../machinery/schema/index.ts';
import { badRequest, failure, invalid } from '../../machinery/status-error.ts';
import type { KubeObject } from '../../machinery/types.ts';
import { asDecoded, decodeAny, mediaTypeOf, misfit } from '../body.ts';
import type { Call } from '../call.ts';
import type { FieldValidation } from '../request-options.ts';
import type { ServedResource } from '../served-resource.ts';

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
export function patchOf(call: Call, validation: FieldValidation = 'Ignore'): PatchChange {
  const { body } = call.request;
  const media = mediaTypeOf(body?.kind === 'bytes' ? body.contentType : (body?.contentType ?? call.request.headers['content-type']));
  const type = patchTypes[media];
  if (!type) throw failure(415, 'UnsupportedMediaType', '415: Unsupported Media Type', {});
  if (body?.kind !== 'bytes') return { type, patch: decodeAny(call.services.bodies, body), mistakes: [] };
  const text = decoder.decode(body.bytes);
  const patch = readPatch(text, type, validation);
  return { type, patch, mistakes: validation === 'Ignore' ? [] : mistakesOf(type, patch, text) };
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
    return patch;
  } catch (error) {
    if (!(error instanceof JsonSyntaxError)) throw error;
    if (validation !== 'Ignore') throw badRequest(prefix + error.message);
    throw badRequest(type === 'merge' ? 'Invalid JSON Patch' : error.message);
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
  if (typeof patched !== 'object' || patched === null || Array.isArray(patched)) throw badRequest('the patch leaves no object');
  if (call.request.body?.kind === 'object') return clone(patched);
  const refuse = (why: string): Error => refusedPatch(change, object, patched, why);
  const fits = keysIfFitting(schema, resource.gvk, patched, object) >= 0;
  const typeError = typeErrorOf(call, resource, change, patched, fits);
  if (typeError) throw refuse(typeError);
  const unknown = fits ? [] : findUnknownFields(schema, resource.gvk, patched);
  const strict = [...change.mistakes, ...unknown];
  if (strict.length > 0 && validation === 'Strict') throw refuse(`strict decoding error: ${strict.join(', ')}`);
  if (validation === 'Warn') for (const text of strict) call.warn(text);
  let known = unknown.length > 0 ? pruneUnknownFields(schema, resource.gvk, patched) : patched;
  if (!fits && change.type === 'strategic') known = wrapIntegers(schema, resource.gvk, known);
  return clone(asDecoded(call.services.bodies, resource.gvk, known, fits, object));
}

/** A patch that leaves something that is no such object, as the object or the patch is shown. */
export function refusedPatch(change: PatchChange, before: Readonly<KubeObject>, after: Readonly<KubeObject>, why: string): Error {
  return invalid({ group: '', kind: '' }, '', [invalidValue('patch', shownValue(change, before, after), why)]);
}

/** A strategic patch never passes through JSON again, and so fails in other words than the other kinds. */
function typeErrorOf(call: Call, resource: ServedResource, { type }: PatchChange, patched: KubeObject, fits: boolean): string | undefined {
  const { schema } = call.services.bodies;
  if (type === 'strategic') return fits ? undefined : findRestoreError(schema, resource.gvk, patched);
  return misfit(schema, patched, resource.gvk)?.why ?? (fits ? undefined : findTypeError(schema, resource.gvk, patched));
}

/** The patch as Go prints the map, or the object that came out as the patch library writes it. */
function shownValue({ type, patch }: PatchChange, before: Readonly<KubeObject>, after: KubeObject): string {
  return type === 'strategic' ? goPlain(patch) : JSON.stringify(sortedWhereTouched(before, after));
}

/** The library sorts the keys of the maps that it had to open, and leaves the text of all others alone. */
function sortedWhereTouched(before: unknown, after: unknown): unknown {
  if (typeof after !== 'object' || after === null || Array.isArray(after) || JSON.stringify(before) === JSON.stringify(after)) return after;
  const old = (before ?? {}) as Record<string, unknown>;
  const entries = Object.entries(after as Record<string, unknown>).sort(([a], [b]) => (a < b ? -1 : 1));
  return Object.fromEntries(entries.map(([key, value]) => [key, sortedWhereTouched(old[key], value)]));
}
