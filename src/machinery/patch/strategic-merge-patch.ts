import { clone } from '../deep.ts';
import type { Schema, SchemaNode } from '../schema/schema.ts';
import { specialDefinitions } from '../schema/schema.ts';
import { badRequest } from '../status-error.ts';
import type { GroupVersionKind } from '../types.ts';
import { badPatchType, badType, isMap, type Json, mergeFailure, patchDirective } from './merge-error.ts';
import { mergeList, orderedLikeDirective } from './merge-list.ts';

const retainKeys = '$retainKeys';
const deleteFromPrimitiveList = '$deleteFromPrimitiveList/';
const setElementOrder = '$setElementOrder/';

/** Structs that hold any JSON: in Go they have no fields of that name, so that maps and lists in them cannot be merged. */
const opaqueStructs: ReadonlySet<string> = new Set([specialDefinitions.rawExtension, specialDefinitions.json]);

/** How one field merges: its node, its merge key and its strategy without `retainKeys` (which needs no action on this side). */
export interface FieldMeta {
  readonly node: SchemaNode | undefined;
  readonly strategy: string;
  readonly mergeKey: string;
}

/**
 * Applies a strategic merge patch: maps merge, lists merge by key where the schema says so, and the directives `$patch`,
 * `$retainKeys`, `$deleteFromPrimitiveList` and `$setElementOrder` are obeyed. Order within lists is upstream's
 * (apimachinery/pkg/util/strategicpatch). Neither input is changed; what the patch does not reach is shared with `document`.
 * @throws StatusError 400 for malformed directives, 422 for lists of lists, 500 for what upstream calls internal errors
 */
export function applyStrategicMergePatch<T>(schema: Schema, gvk: GroupVersionKind, document: T, patch: unknown): T {
  if (!isMap(patch)) throw badRequest('invalid JSON document');
  return new Merger(schema).mergeMap(document as Json, clone(patch), schema.rootFor(gvk)) as T;
}

/**
 * What is left of a strategic merge patch once it is applied: ordered lists and directives are taken out as they are obeyed, and nulls where
 * there was nothing to delete. Upstream shows the patch in this state when the outcome is refused.
 * @throws StatusError as applyStrategicMergePatch
 */
export function spentStrategicMergePatch(schema: Schema, gvk: GroupVersionKind, document: unknown, patch: unknown): unknown {
  const spent = clone(patch);
  if (isMap(spent)) new Merger(schema).mergeMap(document as Json, spent, schema.rootFor(gvk));
  return spent;
}

/** Copies what it changes of an object. A patch it changes in place. */
export class Merger {
  constructor(readonly schema: Schema) {}

  mergeMap(given: Json | undefined, patch: Json, node: SchemaNode | undefined): Json {
    if (patchDirective in patch) return replaceOrEmpty(patch);
    const original = { ...given };
    applyRetainKeys(original, patch);
    this.mergeOrderedLists(original, patch, node);
    for (const key in patch) {
      const isDeleteList = key.startsWith(deleteFromPrimitiveList);
      this.mergeField(original, isDeleteList ? key.slice(deleteFromPrimitiveList.length) : key, patch[key], node, isDeleteList);
    }
    return original;
  }

  private mergeField(original: Json, key: string, value: unknown, node: SchemaNode | undefined, isDeleteList: boolean): void {
    if (value === null) {
      delete original[key];
      return;
    }
    const present = original[key];
    if (!Object.hasOwn(original, key) || shapeOf(present) !== shapeOf(value) || typeof value !== 'object') {
      if (!isDeleteList) setClean(original, key, value);
      return;
    }
    const meta = this.fieldMeta(node, key);
    if (Array.isArray(value)) original[key] = this.mergeListField(present as unknown[], value, meta, isDeleteList);
    else original[key] = meta.strategy === 'replace' ? value : this.mergeMap(present as Json, value as Json, meta.node);
  }

  private mergeListField(original: unknown[], patch: unknown[], meta: FieldMeta, isDeleteList: boolean): unknown[] {
    if (meta.strategy !== 'merge' && !isDeleteList) return patch;
    return mergeList(this, original, patch, meta, isDeleteList);
  }

  /** Handles each `$setElementOrder/x` together with the list `x`, and takes both out of the patch. */
  private mergeOrderedLists(original: Json, patch: Json, node: SchemaNode | undefined): void {
    for (const key of Object.keys(patch)) {
      if (!key.startsWith(setElementOrder)) continue;
      const order = patch[key];
      delete patch[key];
      if (!Array.isArray(order)) throw badType('slice', order);
      const field = key.slice(setElementOrder.length);
      const live = listAt(original, field);
      const patched = listAt(patch, field);
      const meta = this.fieldMeta(node, field);
      if (live === undefined && patched === undefined) continue;
      const liveBefore = live?.slice() ?? [];
      const merge = (): unknown[] => {
        if (patched === undefined) return live as unknown[];
        return live === undefined ? (withoutDirectives(patched) as unknown[]) : this.mergeListField(live, patched, meta, false);
      };
      original[field] = orderedLikeDirective(merge, order, liveBefore, patched ?? [], meta.mergeKey);
      delete patch[field];
    }
  }

  /** Fields the schema does not know cannot be merged; upstream fails on them as well. */
  private fieldMeta(node: SchemaNode | undefined, key: string): FieldMeta {
    const resolved = node && this.schema.resolve(node);
    if (resolved?.properties === undefined) {
      if (node && opaqueStructs.has(this.schema.nameOf(node) ?? '')) throw this.unknownField(node, key);
      // Below maps (labels, data, resource lists) there are no strategies to find.
      const value = typeof resolved?.additionalProperties === 'object' ? resolved.additionalProperties : undefined;
      return { node: value, strategy: '', mergeKey: '' };
    }
    const field = Object.hasOwn(resolved.properties, key) ? resolved.properties[key] : undefined;
    if (field === undefined) throw this.unknownField(node, key);
    const strategy = (field['x-kubernetes-patch-strategy'] ?? '').split(',').find((one) => one !== 'retainKeys') ?? '';
    const list = this.schema.resolve(field);
    return { node: list.items ?? field, strategy, mergeKey: field['x-kubernetes-patch-merge-key'] ?? '' };
  }

  private unknownField(node: SchemaNode | undefined, key: string): Error {
    return mergeFailure(`unable to find api field in struct ${this.structName(node)} for the json field "${key}"`);
  }

  private structName(node: SchemaNode | undefined): string {
    const name = node && (this.schema.nameOf(node) ?? node['x-kubernetes-group-version-kind']?.[0]?.kind);
    return name ? name.slice(name.lastIndexOf('.') + 1) : '';
  }
}

/** A patch that carries `$patch` itself: `replace` takes its place, `delete` leaves an empty map. */
function replaceOrEmpty(patch: Json): Json {
  const what = patch[patchDirective];
  if (what === 'delete') return {};
  if (what !== 'replace') throw badPatchType(what, patch);
  delete patch[patchDirective];
  return patch;
}

function applyRetainKeys(original: Json, patch: Json): void {
  if (!(retainKeys in patch)) return;
  const list = patch[retainKeys];
  delete patch[retainKeys];
  if (!Array.isArray(list)) throw badRequest('invalid patch format of retainKeys');
  const keep = new Set<unknown>(list);
  for (const [key, value] of Object.entries(patch)) {
    if (value === null || key.startsWith(deleteFromPrimitiveList) || key.startsWith(setElementOrder)) continue;
    if (!keep.has(key)) throw badRequest('invalid patch format of retainKeys');
  }
  for (const key of Object.keys(original)) if (!keep.has(key)) delete original[key];
}

function listAt(map: Json, key: string): unknown[] | undefined {
  const value = map[key];
  if (!Object.hasOwn(map, key)) return undefined;
  if (!Array.isArray(value)) throw badType('slice', value);
  return value;
}

function setClean(target: Json, key: string, value: unknown): void {
  discardNulls(value);
  const clean = withoutDirectives(value);
  if (clean === undefined) delete target[key];
  else if (key === '__proto__') Object.defineProperty(target, key, { value: clean, enumerable: true, configurable: true, writable: true });
  else target[key] = clean;
}

/** A value that is taken as it is keeps no nulls: they mean "delete", and there is nothing to delete. */
function discardNulls(value: unknown): void {
  if (Array.isArray(value)) value.forEach(discardNulls);
  else if (isMap(value)) {
    for (const key of Object.keys(value)) {
      if (value[key] === null) delete value[key];
      else discardNulls(value[key]);
    }
  }
}

/** The value without maps that carry `$patch`; undefined if it is one itself. */
function withoutDirectives(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutDirectives).filter((item) => item !== undefined);
  if (!isMap(value)) return value;
  if (patchDirective in value) return undefined;
  for (const key of Object.keys(value)) {
    const clean = withoutDirectives(value[key]);
    if (clean === undefined) delete value[key];
    else value[key] = clean;
  }
  return value;
}

function shapeOf(value: unknown): string {
  return Array.isArray(value) ? 'list' : value === null ? 'null' : typeof value;
}
