import type { FieldSet } from './field-set.ts';
import { emptySet, isEmpty, isMember, leaf, NodeBuilder, union } from './field-set.ts';
import type { FieldType } from './field-type.ts';
import type { PathElement } from './path-element.ts';

/** How two objects differ; no field is in more than one of the sets (structured-merge-diff typed.Comparison). */
export interface Comparison {
  readonly added: FieldSet;
  readonly modified: FieldSet;
  readonly removed: FieldSet;
}

type Json = Readonly<Record<string, unknown>>;
type Side = 'added' | 'modified' | 'removed';
type Nodes = { [side in Side]?: FieldSet | undefined };

const same: Comparison = { added: emptySet, modified: emptySet, removed: emptySet };

export function isSame({ added, modified, removed }: Comparison): boolean {
  return isEmpty(added) && isEmpty(modified) && isEmpty(removed);
}

/** Everything that was added or modified. */
export function changedSet({ added, modified }: Comparison): FieldSet {
  return union(added, modified);
}

/**
 * Compares two objects of a type. A field that is null, as only an applied configuration has it, is one with another value; one that Go always writes is absent from neither side.
 * Fields in `ignored` are left out, with all below them.
 */
export function compare(type: FieldType, before: unknown, after: unknown, ignored: FieldSet = emptySet): Comparison {
  if (before === after) return same;
  const nodes = compareMaps(type, (before ?? {}) as Json, (after ?? {}) as Json, ignored);
  if (!nodes) return same;
  return { added: nodes.added ?? emptySet, modified: nodes.modified ?? emptySet, removed: nodes.removed ?? emptySet };
}

/** All that an object adds to nothing: what whoever creates it comes to own. Nodes equal to those of `hint` are taken from there. */
export function createdSet(type: FieldType, object: unknown, ignored: FieldSet = emptySet, hint?: FieldSet): FieldSet {
  if (hint && isPresentAs(type, object, ignored, hint)) return hint;
  return presentNode(type, object as Json, ignored, hint) ?? emptySet;
}

const isEmptyList = (value: unknown): boolean => Array.isArray(value) && value.length === 0;

/** Whether a field that is always there is as if nobody had set it. */
const isUnset = (type: FieldType, value: unknown): boolean => equalValues(value, type.zero);

/** What is in a field that is always there. An empty list is another value than the null that Go writes for none. */
function presentNode(type: FieldType, value: unknown, ignored: FieldSet | undefined, hint: FieldSet | undefined): FieldSet | undefined {
  if (value === null || value === undefined) return undefined;
  if (type.atomic || typeof value !== 'object' || type.shape === 'scalar' || isEmptyList(value)) return isUnset(type, value) ? undefined : leaf;
  return childNodes(type, value, true, ignored, hint)?.node(false, hint);
}

/** Everything of a value that was not there before. */
function wholeNode(type: FieldType, value: unknown, hint?: FieldSet): FieldSet {
  if (type.atomic || typeof value !== 'object' || value === null || type.shape === 'scalar') return leaf;
  return childNodes(type, value, false, undefined, hint)?.node(true, hint) ?? leaf;
}

/** Whether `presentNode` would make this node anew: most objects of a kind look alike, and to see that costs far less. */
function isPresentAs(type: FieldType, value: unknown, ignored: FieldSet | undefined, node: FieldSet | undefined): boolean {
  if (value === null || value === undefined) return node === undefined;
  if (type.atomic || typeof value !== 'object' || type.shape === 'scalar' || isEmptyList(value)) return node === (isUnset(type, value) ? undefined : leaf);
  const children = countIfAs(type, value, true, ignored, node ?? leaf);
  return children === 0 ? node === undefined : node !== undefined && children === countElements(node);
}

/** Whether `wholeNode` would make this node anew. */
function isWholeAs(type: FieldType, value: unknown, node: FieldSet): boolean {
  if (type.atomic || typeof value !== 'object' || value === null || type.shape === 'scalar') return node === leaf;
  const children = countIfAs(type, value, false, undefined, node);
  return children === 0 ? node === leaf : '.' in node && children + 1 === countElements(node);
}

/** How many children `childNodes` would make, if each is as it stands in `node`; otherwise -1. */
function countIfAs(type: FieldType, value: object, present: boolean, ignored: FieldSet | undefined, node: FieldSet): number {
  if (Array.isArray(value)) return type.shape === 'list' ? countItemsIfAs(type, value, node) : 0;
  let count = 0;
  for (const key in value) {
    const child = (value as Json)[key];
    if (child === undefined || (present && child === null)) continue;
    const field = type.fields.get(key);
    const childType = field?.type ?? type.values;
    if (!childType) continue;
    const element = field?.element ?? type.element(key);
    const skip = ignored?.[element];
    if (skip && isMember(skip)) continue;
    const below = node[element];
    if (present && field?.present) {
      if (!isPresentAs(childType, child, skip, below)) return -1;
      if (below) count += 1;
    } else {
      if (!below || !isWholeAs(childType, child, below)) return -1;
      count += 1;
    }
  }
  return count;
}

/** Longer lists are not looked through for items that stand in them twice. */
const comparedItemsMax = 64;

function countItemsIfAs(type: FieldType, list: readonly unknown[], node: FieldSet): number {
  if (list.length > comparedItemsMax) return -1;
  const elements: PathElement[] = [];
  for (const item of list) {
    const element = type.itemElement(item);
    const below = node[element];
    if (!below || elements.includes(element) || !isWholeAs(type.items, item, below)) return -1;
    elements.push(element);
  }
  return list.length;
}

function countElements(node: FieldSet): number {
  let count = 0;
  for (const _ in node) count += 1;
  return count;
}

/** `present`: nulls and structs of the value are those that Go writes into every object. */
function childNodes(type: FieldType, value: object, present: boolean, ignored: FieldSet | undefined, hint: FieldSet | undefined): NodeBuilder | undefined {
  if (Array.isArray(value)) return itemNodes(type, value, hint);
  const out = new NodeBuilder();
  const { fields, values } = type;
  for (const key in value) {
    const child = (value as Json)[key];
    if (child === undefined) continue;
    const field = fields.get(key);
    const childType = field?.type ?? values;
    if (!childType) continue;
    const element = field?.element ?? `f:${key}`;
    const skip = ignored?.[element];
    if (skip && isMember(skip)) continue;
    if (present && child === null) continue;
    const below = hint?.[element];
    const node = present && field?.present ? presentNode(childType, child, skip, below) : wholeNode(childType, child, below);
    if (node) out.add(element, node);
  }
  return out;
}

function itemNodes(type: FieldType, list: readonly unknown[], hint: FieldSet | undefined): NodeBuilder | undefined {
  if (type.shape !== 'list') return undefined;
  const out = new NodeBuilder();
  for (const item of list) {
    const element = type.itemElement(item);
    if (out.has(element)) continue;
    out.add(element, wholeNode(type.items, item, hint?.[element]));
  }
  return out;
}

/** Collects what children of one node differ in, on three sides. */
class Collector {
  readonly #builders: { [side in Side]?: NodeBuilder } = {};

  add(element: PathElement, nodes: Nodes | undefined): void {
    if (!nodes) return;
    if (nodes.added) this.#on('added').add(element, nodes.added);
    if (nodes.modified) this.#on('modified').add(element, nodes.modified);
    if (nodes.removed) this.#on('removed').add(element, nodes.removed);
  }

  /** The nodes, with the parent itself in the set of `member`. */
  nodes(member?: Side): Nodes | undefined {
    const { added, modified, removed } = this.#builders;
    if (!added && !modified && !removed && !member) return undefined;
    return {
      added: added?.node(member === 'added') ?? (member === 'added' ? leaf : undefined),
      modified: modified?.node(false),
      removed: removed?.node(member === 'removed') ?? (member === 'removed' ? leaf : undefined),
    };
  }

  #on(side: Side): NodeBuilder {
    const known = this.#builders[side];
    if (known) return known;
    const made = new NodeBuilder();
    this.#builders[side] = made;
    return made;
  }
}

function compareMaps(type: FieldType, before: Json, after: Json, ignored: FieldSet | undefined, member?: Side): Nodes | undefined {
  const out = new Collector();
  for (const key in after) compareField(type, key, before[key], after[key], ignored, out);
  for (const key in before) if (!(key in after)) compareField(type, key, before[key], undefined, ignored, out);
  return out.nodes(member);
}

function compareField(type: FieldType, key: string, before: unknown, after: unknown, ignored: FieldSet | undefined, out: Collector): void {
  if (before === after) return;
  const field = type.fields.get(key);
  const childType = field?.type ?? type.values;
  if (!childType) return;
  const element = field?.element ?? `f:${key}`;
  const skip = ignored?.[element];
  if (skip && isMember(skip)) return;
  out.add(element, compareValues(childType, before, after, field?.present === true, skip));
}

function compareValues(type: FieldType, before: unknown, after: unknown, present: boolean, ignored: FieldSet | undefined): Nodes | undefined {
  if (before === after) return undefined;
  if (present) {
    const [old, next] = [before ?? type.zero, after ?? type.zero];
    if (!type.atomic && type.shape !== 'scalar') return compareGranular(type, old, next, ignored, undefined);
    return equalValues(old, next) ? undefined : { modified: leaf };
  }
  if (before === undefined) return { added: wholeNode(type, after) };
  if (after === undefined) return { removed: wholeNode(type, before) };
  if (isNothing(before) && isNothing(after))
    return Array.isArray(before) === Array.isArray(after) && (before === null) === (after === null) ? undefined : { modified: leaf };
  if (type.atomic || typeof before !== 'object' || typeof after !== 'object') return equalValues(before, after) ? undefined : { modified: leaf };
  return compareGranular(type, before, after, ignored, undefined);
}

/** Null, or a list or map that holds nothing: not the same as each other. */
function isNothing(value: unknown): boolean {
  if (typeof value !== 'object') return false;
  for (const _ in value) return false;
  return true;
}

function compareGranular(type: FieldType, before: unknown, after: unknown, ignored: FieldSet | undefined, member: Side | undefined): Nodes | undefined {
  if (Array.isArray(before ?? after)) {
    if ((before === undefined && isEmptyList(after)) || (after === undefined && isEmptyList(before))) return { modified: leaf };
    if (Array.isArray(after ?? before) && type.shape === 'list') return compareLists(type, (before ?? []) as unknown[], (after ?? []) as unknown[]);
    return equalValues(before, after) ? undefined : { modified: leaf };
  }
  return Array.isArray(after) ? { modified: leaf } : compareMaps(type, (before ?? {}) as Json, (after ?? {}) as Json, ignored, member);
}

function compareLists(type: FieldType, before: readonly unknown[], after: readonly unknown[]): Nodes | undefined {
  if (equalValues(before, after)) return undefined;
  const out = new Collector();
  const [old, next] = [indexed(type, before), indexed(type, after)];
  for (const [element, items] of old) out.add(element, compareItems(type.items, items, next.get(element) ?? []));
  for (const [element, items] of next) if (!old.has(element)) out.add(element, compareItems(type.items, [], items));
  return out.nodes();
}

/** The items of a list by their elements: more than one where upstream let in what should be unique. */
function indexed(type: FieldType, list: readonly unknown[]): Map<PathElement, unknown[]> {
  const items = new Map<PathElement, unknown[]>();
  for (const item of list) {
    const element = type.itemElement(item);
    const known = items.get(element);
    if (known) known.push(item);
    else items.set(element, [item]);
  }
  return items;
}

function compareItems(type: FieldType, before: readonly unknown[], after: readonly unknown[]): Nodes | undefined {
  if (before.length === 0) return { added: after.length === 1 ? wholeNode(type, after[0]) : leaf };
  if (after.length === 0) return { removed: before.length === 1 ? wholeNode(type, before[0]) : leaf };
  if (before.length === 1 && after.length === 1) return compareValues(type, before[0], after[0], false, undefined);
  return equalValues(before, after) ? undefined : { modified: leaf };
}

/** Whether two values are the same. Nothing and null are one, but for a field of a map: one that is null is there. */
export function equalValues(a: unknown, b: unknown): boolean {
  if (a === b) return true;
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return (a ?? null) === (b ?? null);
  if (Array.isArray(a) || Array.isArray(b)) {
    if (!Array.isArray(a) || !Array.isArray(b) || a.length !== b.length) return false;
    for (let index = 0; index < a.length; index += 1) if (!equalValues(a[index], b[index])) return false;
    return true;
  }
  for (const key in a) {
    const [left, right] = [(a as Json)[key], (b as Json)[key]];
    if ((left === undefined) !== (right === undefined) || !equalValues(left, right)) return false;
  }
  for (const key in b) if ((b as Json)[key] !== undefined && (a as Json)[key] === undefined) return false;
  return true;
}
