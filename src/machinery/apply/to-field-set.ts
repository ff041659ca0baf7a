import type { FieldSet } from './field-set.ts';
import { emptySet, hasChildren, isMember, leaf, mapChildren, NodeBuilder } from './field-set.ts';
import type { FieldType } from './field-type.ts';
import type { PathElement } from './path-element.ts';

type Json = Readonly<Record<string, unknown>>;

/** Every leaf and item that a value mentions: what an applied configuration is about (typed ToFieldSet). */
export function toFieldSet(type: FieldType, value: unknown): FieldSet {
  return childrenOf(type, value)?.root() ?? emptySet;
}

/** Undefined where the value is a leaf. */
function childrenOf(type: FieldType, value: unknown): NodeBuilder | undefined {
  if (type.atomic || type.shape === 'scalar') return undefined;
  if (Array.isArray(value)) return type.shape === 'list' ? itemsOf(type, value) : undefined;
  if (typeof value !== 'object' || value === null) return type.shape === 'deduced' ? undefined : new NodeBuilder();
  const out = new NodeBuilder();
  for (const key in value) {
    const child = (value as Json)[key];
    const childType = child === undefined ? undefined : type.child(key);
    if (!childType) continue;
    // Keys of maps and items of lists are members themselves; fields of structs are what is in them.
    const node = memberNode(childType, child, !type.fields.has(key));
    if (node) out.add(`f:${key}`, node);
  }
  return out;
}

function itemsOf(type: FieldType, list: readonly unknown[]): NodeBuilder {
  const out = new NodeBuilder();
  for (const item of list) {
    const element = type.itemElement(item);
    if (!out.has(element)) out.add(element, memberNode(type.items, item, true)!);
  }
  return out;
}

function memberNode(type: FieldType, value: unknown, member: boolean): FieldSet | undefined {
  const children = childrenOf(type, value);
  return children ? children.node(member) : leaf;
}

/** A set that also holds the named fields on the way to its members (fieldpath EnsureNamedFieldsAreMembers). */
export function withNamedFields(set: FieldSet, type: FieldType): FieldSet {
  return mapChildren(set, false, (key, child) => withFields(key, child, type)) ?? emptySet;
}

function withFields(key: string, node: FieldSet, parent: FieldType): FieldSet | undefined {
  if (!hasChildren(node)) return node;
  const name = key[0] === 'f' ? key.slice(2) : undefined;
  const type = name === undefined ? parent.items : (parent.child(name) ?? parent.types.deduced);
  const member = isMember(node) || (name !== undefined && parent.fields.has(name));
  return mapChildren(node, member, (below, child) => withFields(below, child, type));
}

/**
 * A manager's set in the light of the present schema: where it owns a whole map or list that is granular now, it owns what
 * is in there (typed ReconcileFieldSetWithSchema).
 */
export function reconciled(set: FieldSet, type: FieldType, live: unknown): FieldSet {
  const candidates = wholeGranulars(set, type);
  if (candidates !== 'check' && !candidates.some((path) => isFilled(type, path, live))) return set;
  return mapChildren(set, false, (key, child) => reconciledNode(key, child, type, live)) ?? emptySet;
}

/** By set, for one type: where maps and lists that are granular are owned as a whole; `check` where the opposite is so. */
const granulars = new WeakMap<FieldType, WeakMap<FieldSet, readonly (readonly PathElement[])[] | 'check'>>();

function wholeGranulars(set: FieldSet, type: FieldType): readonly (readonly PathElement[])[] | 'check' {
  let known = granulars.get(type);
  if (!known) granulars.set(type, (known = new WeakMap()));
  let paths = known.get(set);
  if (!paths) {
    const found: (readonly PathElement[])[] = [];
    paths = collectGranulars(set, type, [], found) ? found : 'check';
    known.set(set, paths);
  }
  return paths;
}

function collectGranulars(node: FieldSet, type: FieldType, path: readonly PathElement[], found: (readonly PathElement[])[]): boolean {
  for (const key in node) {
    if (key === '.') continue;
    const below = node[key]!;
    const child = key[0] === 'f' ? type.child(key.slice(2)) : type.items;
    if (!child || child.shape === 'scalar' || child.shape === 'deduced') continue;
    const deep = hasChildren(below);
    if (child.atomic && deep) return false;
    if (!child.atomic && !deep) found.push([...path, key]);
    if (deep && !collectGranulars(below, child, [...path, key], found)) return false;
  }
  return true;
}

function isFilled(root: FieldType, path: readonly PathElement[], live: unknown): boolean {
  let [type, value] = [root, live];
  for (const key of path) {
    const name = key[0] === 'f' ? key.slice(2) : undefined;
    value = valueAt(value, key, name, type);
    if (typeof value !== 'object' || value === null) return false;
    type = name === undefined ? type.items : type.child(name)!;
  }
  for (const _ in value as object) return true;
  return false;
}

function reconciledNode(key: string, node: FieldSet, parent: FieldType, parentValue: unknown): FieldSet | undefined {
  const name = key[0] === 'f' ? key.slice(2) : undefined;
  const type = name === undefined ? parent.items : parent.child(name);
  if (!type || type.shape === 'scalar') return node;
  const [member, deep] = [isMember(node), hasChildren(node)];
  if (type.atomic) return deep ? leaf : node;
  if (type.shape === 'deduced') return node;
  const value = valueAt(parentValue, key, name, parent);
  if (!deep) {
    const below = member ? childrenOf(type, value)?.root() : undefined;
    return below && hasChildren(below) ? mapChildren(below, true, (_, child) => child) : node;
  }
  return mapChildren(node, member, (below, child) => reconciledNode(below, child, type, value));
}

function valueAt(parent: unknown, key: string, name: string | undefined, type: FieldType): unknown {
  if (typeof parent !== 'object' || parent === null) return undefined;
  if (name !== undefined) return (parent as Json)[name];
  return Array.isArray(parent) ? itemAt(parent, key, type) : undefined;
}

/** Items of stored lists by their element: a manager that owns many items asks for each of them. */
const itemIndexes = new WeakMap<readonly unknown[], Map<string | undefined, unknown>>();
const indexedFrom = 32;

function itemAt(list: readonly unknown[], key: string, type: FieldType): unknown {
  if (list.length < indexedFrom || !Object.isFrozen(list)) return list.find((item) => safeElement(type, item) === key);
  let index = itemIndexes.get(list);
  if (!index) {
    itemIndexes.set(list, (index = new Map()));
    for (const item of list) {
      const element = safeElement(type, item);
      if (!index.has(element)) index.set(element, item);
    }
  }
  return index.get(key);
}

function safeElement(type: FieldType, item: unknown): string | undefined {
  try {
    return type.itemElement(item);
  } catch {
    return undefined;
  }
}
