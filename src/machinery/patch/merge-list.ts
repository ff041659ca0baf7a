import { goPlain } from '../go-syntax.ts';
import { unprocessable } from './json-patch.ts';
import { badPatchType, badType, isMap, type Json, mergeFailure, noMergeKey, patchDirective } from './merge-error.ts';
import type { FieldMeta, Merger } from './strategic-merge-patch.ts';

/** Merges two lists of one kind: scalars as a set, maps by their merge key; then puts them in upstream's order. */
export function mergeList(merger: Merger, original: unknown[], patch: unknown[], meta: FieldMeta, isDeleteList: boolean): unknown[] {
  if (original.length === 0 && patch.length === 0) return original;
  const ofMaps = holdsMaps(original, patch);
  if (!ofMaps) {
    if (isDeleteList) {
      const unwanted = new Set(patch);
      return original.filter((item) => !unwanted.has(item));
    }
    return inOrder([...new Set([...original, ...patch])], patch, original, '');
  }
  if (meta.mergeKey === '') throw mergeFailure('cannot merge lists without merge key for struct');
  const split = takeDirectives(original as Json[], patch as Json[], meta.mergeKey);
  const merged = split.live.slice();
  const places = firstPlaces(merged.map((one) => one[meta.mergeKey]));
  // A patch that only changes what is there, in the order in which it is there, leaves that order.
  let isInOrder = places.size === merged.length && !places.has(undefined);
  let last = -1;
  for (const item of split.patch) {
    const value = keyOf(item, meta.mergeKey);
    const at = places.get(value);
    if (at === undefined) places.set(value, merged.push(item) - 1);
    else merged[at] = merger.mergeMap(merged[at] as Json, item, meta.node);
    isInOrder &&= at !== undefined && at > last;
    last = at ?? last;
  }
  if (isInOrder) return merged;
  return inOrder(merged, split.patch, split.live, meta.mergeKey);
}

/** The outcome of `merge`, in the order a `$setElementOrder` list asks for; what it does not name keeps its live place. */
export function orderedLikeDirective(merge: () => unknown[], order: unknown[], live: unknown[], patch: unknown[], mergeKey: string): unknown[] {
  checkOrder(patch, order, mergeKey);
  const merged = merge();
  holdsMaps(live, patch);
  return inOrder(merged, order, live, mergeKey);
}

/** Whether the lists hold maps (true) or scalars (false). Mixed lists and lists of lists cannot be merged. */
function holdsMaps(...lists: unknown[][]): boolean {
  let kind = '';
  let isMixed = false;
  for (const list of lists) {
    for (const item of list) {
      if (Array.isArray(item)) throw unprocessable();
      const own = isMap(item) ? 'map' : typeof item;
      isMixed ||= kind !== '' && own !== kind;
      kind = own;
    }
  }
  if (kind === '') throw mergeFailure('no elements in any of the given slices');
  if (isMixed) throw mergeFailure(`list element types are not identical: ${goPlain(lists)}`);
  return kind === 'map';
}

/** Carries out the `$patch` items of a list and returns what is left to merge. */
function takeDirectives(live: Json[], patch: Json[], mergeKey: string): { live: Json[]; patch: Json[] } {
  let left = live;
  let replace = false;
  const rest: Json[] = [];
  for (const item of patch) {
    if (!(patchDirective in item)) rest.push(item);
    else if (item[patchDirective] === 'delete') {
      const value = keyOf(item, mergeKey);
      left = left.filter((one) => one[mergeKey] !== value);
    } else if (item[patchDirective] === 'replace') replace = true;
    else if (item[patchDirective] === 'merge') throw mergeFailure('merging lists cannot yet be specified in the patch');
    else throw badPatchType(item[patchDirective], item);
  }
  return replace ? { live: rest, patch: [] } : { live: left, patch: rest };
}

/**
 * Items that `order` names come in its order, the others in theirs of the live list. An item of the second sort goes in
 * front of the next item of the first sort that stood behind it in the live list; the rest goes to the end.
 */
function inOrder(merged: unknown[], order: unknown[], live: unknown[], mergeKey: string): unknown[] {
  const identity = (item: unknown): unknown => (mergeKey === '' ? item : keyOf(item, mergeKey));
  const named = firstPlaces(order.map(identity));
  const places = firstPlaces(live.map(identity));
  const placeOf = (item: unknown): number => places.get(identity(item)) ?? -1;
  const rank = (ids: ReadonlyMap<unknown, number>) => (a: unknown, b: unknown) => (ids.get(identity(a)) ?? -1) - (ids.get(identity(b)) ?? -1);
  const wanted = merged.filter((item) => named.has(identity(item))).sort(rank(named));
  const others = merged.filter((item) => !named.has(identity(item))).sort(rank(places));
  const out: unknown[] = [];
  let next = 0;
  for (const item of wanted) {
    const place = placeOf(item);
    while (next < others.length && placeOf(others[next]) >= 0 && placeOf(others[next]) < place) out.push(others[next++]);
    out.push(item);
  }
  return [...out, ...others.slice(next)];
}

/** Where each of the values stands first. */
function firstPlaces(values: readonly unknown[]): Map<unknown, number> {
  const places = new Map<unknown, number>();
  for (let index = 0; index < values.length; index += 1) if (!places.has(values[index])) places.set(values[index], index);
  return places;
}

/** The patch list may leave items out, but must not contradict the order list. */
function checkOrder(patch: unknown[], order: unknown[], mergeKey: string): void {
  if (patch.length === 0 || order.length === 0) return;
  const wanted = patch.filter((item) => !(isMap(item) && patchDirective in item));
  const identity = (item: unknown): unknown => (mergeKey === '' ? item : keyOf(item, mergeKey));
  let next = 0;
  for (const item of order) if (next < wanted.length && identity(item) === identity(wanted[next])) next++;
  if (next < wanted.length) {
    throw mergeFailure(`The order in patch list:\n${goPlain(patch)}\n doesn't match $setElementOrder list:\n${goPlain(order)}\n`);
  }
}

function keyOf(item: unknown, mergeKey: string): unknown {
  if (!isMap(item)) throw badType('map', item);
  if (!Object.hasOwn(item, mergeKey)) throw noMergeKey(item, mergeKey);
  return item[mergeKey];
}
