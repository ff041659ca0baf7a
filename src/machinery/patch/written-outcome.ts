import type { GoShape } from '../schema/index.ts';
import { byBytes, orderedKeys, shapeOf } from '../schema/index.ts';

type Json = Record<string, unknown>;

/**
 * What a JSON or merge patch has made of a built-in object, with its keys in the order in which upstream's library writes them: the keys
 * of the maps that the patch speaks of are sorted, the text of all others is copied, which Go has written in the order of its structs.
 * The decoder reads it in that order, and messages show it.
 * @param shape the struct of the object's kind; without one all keys are sorted, as those of custom resources are
 */
export function writtenOutcome(
  { type, patch }: { readonly type: 'json' | 'merge'; readonly patch: unknown },
  before: unknown,
  after: unknown,
  shape: GoShape | undefined,
): unknown {
  const opened = type === 'merge' ? openedByMerge(before, patch) : openedByOperations(patch);
  return inOrder(after, opened, shape ?? 'sorted');
}

/** What a patch has opened: keys of children that it went into, or all that is below. */
type Opened = Map<string, Opened> | 'all';

function openedByMerge(before: unknown, patch: unknown): Opened | undefined {
  if (!isMap(before)) return 'all';
  if (!isMap(patch)) return undefined;
  const children = Object.entries(patch).map(([key, value]) => [key, openedByMerge(before[key], value)] as const);
  return new Map(children.filter((child): child is readonly [string, Opened] => child[1] !== undefined));
}

/** Indices stand for what lay there when the operation came. */
function openedByOperations(patch: unknown): Opened {
  const root: Opened = new Map();
  for (const operation of Array.isArray(patch) ? patch : []) {
    const { op, path, from } = operation as { readonly op?: unknown; readonly path?: unknown; readonly from?: unknown };
    for (const pointer of [path, from]) if (typeof pointer === 'string') open(root, pointer, op === 'test');
  }
  return root;
}

function open(root: Map<string, Opened>, pointer: string, whole: boolean): void {
  const keys = pointer
    .split('/')
    .slice(1)
    .map((part) => part.replaceAll('~1', '/').replaceAll('~0', '~'));
  let at = root;
  for (const [index, key] of keys.entries()) {
    const isLast = index === keys.length - 1;
    if (isLast && !whole) return;
    if (isLast) at.set(key, 'all');
    const below = at.get(key) ?? new Map<string, Opened>();
    if (below === 'all') return;
    at.set(key, below);
    at = below;
  }
}

function inOrder(value: unknown, opened: Opened | undefined, shape: GoShape | 'sorted' | undefined): unknown {
  const below = (key: string): Opened | undefined => (opened === 'all' ? 'all' : opened?.get(key));
  if (Array.isArray(value)) return value.map((item, index) => inOrder(item, below(String(index)), shape));
  if (!isMap(value)) return value;
  const keys = Object.keys(value);
  const ordered = opened || shape === 'sorted' ? keys.sort(byBytes) : shape ? orderedKeys(keys, shape) : keys;
  const inner = (key: string): GoShape | 'sorted' | undefined => (shape && shape !== 'sorted' ? shapeOf(shape, key) : shape);
  // Object.fromEntries defines keys, so `__proto__` is a key like any other.
  return Object.fromEntries(ordered.map((key) => [key, inOrder(value[key], below(key), inner(key))]));
}

function isMap(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
