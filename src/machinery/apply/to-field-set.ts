import type { FieldSet } from './field-set.ts';
import { emptySet, hasChildren, isMember, leaf, mapChildren, NodeBuilder } from './field-set.ts';
import type { FieldType } from './field-type.ts';

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
    // Keys of maps and items of lists are members themselves; fields of structs are what is in them, unless that is nothing.
    const node = memberNode(childType, child, !type.fields.has(key) || isNothing(child));
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

/** A null, or a map without keys. */
function isNothing(value: unknown): boolean {
  if (value === null) return true;
  if (typeof value !== 'object' || Array.isArray(value)) return false;
  for (const _ in value) return false;
  return true;
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
 * A manager's set in the light of the present schema: where it owns parts of what is atomic now, it owns the whole. What was atomic
 * and is granular now stays as it is (typed ReconcileFieldSetWithSchema).
 */
export function reconciled(set: FieldSet, type: FieldType): FieldSet {
  let known = splitAtoms.get(type);
  if (!known) splitAtoms.set(type, (known = new WeakMap()));
  let splits = known.get(set);
  if (splits === undefined) known.set(set, (splits = splitsAtom(set, type)));
  return splits ? (mapChildren(set, false, (key, child) => reconciledNode(key, child, type)) ?? emptySet) : set;
}

/** By type, then by set: whether the set names parts of something atomic. */
const splitAtoms = new WeakMap<FieldType, WeakMap<FieldSet, boolean>>();

function splitsAtom(node: FieldSet, type: FieldType): boolean {
  for (const key in node) {
    if (key === '.') continue;
    const below = node[key]!;
    const child = typeAt(key, type);
    if (!child || child.shape === 'scalar' || child.shape === 'deduced' || !hasChildren(below)) continue;
    if (child.atomic || splitsAtom(below, child)) return true;
  }
  return false;
}

function reconciledNode(key: string, node: FieldSet, parent: FieldType): FieldSet | undefined {
  const type = typeAt(key, parent);
  if (!type || type.shape === 'scalar' || type.shape === 'deduced' || !hasChildren(node)) return node;
  return type.atomic ? leaf : mapChildren(node, isMember(node), (below, child) => reconciledNode(below, child, type));
}

const typeAt = (key: string, parent: FieldType): FieldType | undefined => (key[0] === 'f' ? parent.child(key.slice(2)) : parent.items);
