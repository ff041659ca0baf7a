import type { PathElement } from './path-element.ts';
import { canonicalElement, checkElement, compareElements } from './path-element.ts';

/**
 * A set of fields in the form it has on the wire, FieldsV1: a tree of path elements. Below the root an empty node is a member,
 * a node with `.` is a member that has members below it, and any other node only leads to them. Sets are frozen, their elements
 * stand in upstream's order, and operations share what they do not change: to read or write a set costs nothing.
 */
export interface FieldSet {
  readonly [element: PathElement]: FieldSet;
}

const self = '.';

/** The empty set as a root, a plain member as a node. */
export const leaf: FieldSet = Object.freeze({});
export const emptySet: FieldSet = leaf;

/** Whether a node is itself in the set; not for roots. */
export function isMember(node: FieldSet): boolean {
  for (const key in node) return key === self;
  return true;
}

export function isEmpty(root: FieldSet): boolean {
  for (const _ in root) return false;
  return true;
}

/** Whether anything stands below a node. */
export function hasChildren(node: FieldSet): boolean {
  for (const key in node) if (key !== self) return true;
  return false;
}

/** Collects the children of one node, in any order. Given an older node that looks the same, it answers with that one. */
export class NodeBuilder {
  readonly #keys: PathElement[] = [];
  readonly #nodes: FieldSet[] = [];
  #sorted = true;
  #known: Set<PathElement> | undefined;

  get size(): number {
    return this.#keys.length;
  }

  add(key: PathElement, node: FieldSet): void {
    const last = this.#keys.length - 1;
    if (this.#sorted && last >= 0 && compareElements(this.#keys[last]!, key) >= 0) this.#sorted = false;
    this.#keys.push(key);
    this.#known?.add(key);
    this.#nodes.push(node);
  }

  has(key: PathElement): boolean {
    if (this.#keys.length < 32) return this.#keys.includes(key);
    this.#known ??= new Set(this.#keys);
    return this.#known.has(key);
  }

  /** A node that is a member if `member`; undefined if nothing is in the set. */
  node(member: boolean, hint?: FieldSet): FieldSet | undefined {
    if (this.#keys.length === 0) return member ? leaf : undefined;
    return this.#build(member, hint);
  }

  root(hint?: FieldSet): FieldSet {
    return this.#keys.length === 0 ? emptySet : this.#build(false, hint);
  }

  #build(member: boolean, hint: FieldSet | undefined): FieldSet {
    if (hint && this.#same(member, hint)) return hint;
    const out: Record<string, FieldSet> = {};
    if (member) out[self] = leaf;
    if (this.#sorted) for (let index = 0; index < this.#keys.length; index += 1) out[this.#keys[index]!] = this.#nodes[index]!;
    else {
      const order = this.#keys.map((_, index) => index).sort((a, b) => compareElements(this.#keys[a]!, this.#keys[b]!));
      for (const index of order) out[this.#keys[index]!] = this.#nodes[index]!;
    }
    return Object.freeze(out);
  }

  #same(member: boolean, hint: FieldSet): boolean {
    let count = 0;
    for (const _ in hint) count += 1;
    if (count !== this.#keys.length + (member ? 1 : 0) || self in hint !== member) return false;
    for (let index = 0; index < this.#keys.length; index += 1) if (hint[this.#keys[index]!] !== this.#nodes[index]) return false;
    return true;
  }
}

type Combine = (a: FieldSet | undefined, b: FieldSet | undefined) => FieldSet | undefined;

/** Applies `combine` to the children of two nodes. */
function combineChildren(a: FieldSet, b: FieldSet, combine: Combine): NodeBuilder {
  const out = new NodeBuilder();
  for (const key in a) {
    if (key === self) continue;
    const node = combine(a[key], b[key]);
    if (node) out.add(key, node);
  }
  for (const key in b) {
    if (key === self || key in a) continue;
    const node = combine(undefined, b[key]);
    if (node) out.add(key, node);
  }
  return out;
}

const uniteNodes: Combine = (a, b) => {
  if (!a || !b || a === b) return a ?? b;
  return combineChildren(a, b, uniteNodes).node(isMember(a) || isMember(b), a);
};

const intersectNodes: Combine = (a, b) => {
  if (!a || !b) return undefined;
  if (a === b) return a;
  return combineChildren(a, b, intersectNodes).node(isMember(a) && isMember(b), a);
};

const subtractNodes: Combine = (a, b) => {
  if (!a || !b) return a;
  if (a === b) return undefined;
  return combineChildren(a, b, subtractNodes).node(isMember(a) && !isMember(b), a);
};

const subtractTrees: Combine = (a, b) => {
  if (!a || !b) return a;
  return isMember(b) ? undefined : combineChildren(a, b, subtractTrees).node(isMember(a), a);
};

export function union(a: FieldSet, b: FieldSet): FieldSet {
  if (isEmpty(a) || a === b) return b;
  return isEmpty(b) ? a : combineChildren(a, b, uniteNodes).root(a);
}

export function intersection(a: FieldSet, b: FieldSet): FieldSet {
  return combineChildren(a, b, intersectNodes).root(a);
}

/** Members of `a` that are not members of `b`. What stands below a member of `b` stays. */
export function difference(a: FieldSet, b: FieldSet): FieldSet {
  return isEmpty(b) ? a : combineChildren(a, b, subtractNodes).root(a);
}

/** As `difference`, but a member of `b` takes all below it along. */
export function recursiveDifference(a: FieldSet, b: FieldSet): FieldSet {
  return isEmpty(b) ? a : combineChildren(a, b, subtractTrees).root(a);
}

/** Whether every member of `b` is a member of `a`. */
export function includes(a: FieldSet, b: FieldSet): boolean {
  if (a === b) return true;
  for (const key in b) {
    if (key === self) continue;
    const [mine, wanted] = [a[key], b[key]!];
    if (!mine || (isMember(wanted) && !isMember(mine)) || !includes(mine, wanted)) return false;
  }
  return true;
}

/** Whether a piece of JSON, such as a client sends it, is this set, whatever the order of its keys. */
export function isWritten(set: FieldSet, given: unknown): boolean {
  if (given === set) return true;
  if (typeof given !== 'object' || given === null || Array.isArray(given)) return false;
  let count = 0;
  for (const key in given) {
    if (!Object.hasOwn(set, key) || !isWritten(set[key]!, (given as Record<string, unknown>)[key])) return false;
    count += 1;
  }
  for (const _ in set) count -= 1;
  return count === 0;
}

export function equalSets(a: FieldSet, b: FieldSet): boolean {
  if (a === b) return true;
  let count = 0;
  for (const key in a) {
    const other = b[key];
    if (!other || !equalSets(a[key]!, other)) return false;
    count += 1;
  }
  for (const _ in b) count -= 1;
  return count === 0;
}

/** The path itself as a set: of a member, or of a whole node. */
export function setOf(path: readonly PathElement[], node: FieldSet = leaf): FieldSet {
  return path.reduceRight<FieldSet>((below, element) => Object.freeze({ [element]: below }), node);
}

/** Whether the field at `path` is a member. */
export function hasPath(root: FieldSet, path: readonly PathElement[]): boolean {
  let node: FieldSet | undefined = root;
  for (const element of path) {
    node = node[element];
    if (!node) return false;
  }
  return path.length > 0 && isMember(node);
}

/** All members in upstream's order: those of a level first, then those below it. */
export function* pathsOf(root: FieldSet, prefix: readonly PathElement[] = []): Generator<readonly PathElement[]> {
  for (const key in root) if (key !== self && isMember(root[key]!)) yield [...prefix, key];
  for (const key in root) if (key !== self) yield* pathsOf(root[key]!, [...prefix, key]);
}

/** A path in which `*` stands for any one element. */
export type PathPattern = readonly (PathElement | '*')[];

/** What of a set stands at, or below, a path that fits one of the patterns. */
export function within(root: FieldSet, patterns: readonly PathPattern[]): FieldSet {
  const narrowed = mapChildren(root, false, (key, child) => {
    const rest = patterns.filter(([first]) => first === '*' || first === key).map((pattern) => pattern.slice(1));
    if (rest.some((pattern) => pattern.length === 0)) return child;
    return rest.length === 0 ? undefined : nodeWithin(child, rest);
  });
  return narrowed ?? emptySet;
}

function nodeWithin(node: FieldSet, patterns: readonly PathPattern[]): FieldSet | undefined {
  const found = within(node, patterns);
  return isEmpty(found) ? undefined : found;
}

/** Replaces the node at every key below `node` by what `change` answers; `node` itself comes back if nothing changed. */
export function mapChildren(node: FieldSet, member: boolean, change: (key: PathElement, child: FieldSet) => FieldSet | undefined): FieldSet | undefined {
  const out = new NodeBuilder();
  for (const key in node) {
    if (key === self) continue;
    const next = change(key, node[key]!);
    if (next) out.add(key, next);
  }
  return out.node(member, node);
}

/** Reads FieldsV1 as a client wrote it. Undefined if it is none; elements of unknown kinds are dropped. */
export function parseFieldSet(fields: unknown): FieldSet | undefined {
  return parseNode(fields, true);
}

function parseNode(fields: unknown, root: boolean): FieldSet | undefined {
  if (typeof fields !== 'object' || fields === null || Array.isArray(fields)) return undefined;
  const out = new NodeBuilder();
  for (const [key, below] of Object.entries(fields)) {
    if (key === self) continue;
    const known = checkElement(key);
    if (known === false) return undefined;
    if (known === undefined) continue;
    const node = parseNode(below, false);
    if (!node) return undefined;
    out.add(canonicalElement(key), node);
  }
  return root ? out.root() : out.node(self in fields || out.size === 0);
}
