import type { FieldSet } from './field-set.ts';
import { hasChildren, isMember } from './field-set.ts';
import type { FieldType } from './field-type.ts';
import type { PathElement } from './path-element.ts';

type Json = Record<string, unknown>;

/**
 * Lays an applied configuration over an object: its leaves win, nothing is taken away, items of granular lists come in its
 * order (typed Merge). Parts are shared with the input, which is not changed.
 */
export function mergeObjects(type: FieldType, live: unknown, config: unknown): unknown {
  if (config === undefined) return live;
  if (live === undefined || live === null) return config;
  const leafType = type.atomic || type.shape === 'scalar';
  if (Array.isArray(live) || Array.isArray(config)) {
    if (config === null) return Array.isArray(live) && live.length > 0 && !leafType ? live : config;
    if (leafType || type.shape !== 'list' || !Array.isArray(live) || !Array.isArray(config)) return config;
    return live.length + config.length === 0 ? config : mergeLists(type, live, config);
  }
  if (leafType || typeof live !== 'object') return config;
  if (config === null) return Object.keys(live).length > 0 ? live : config;
  return typeof config === 'object' ? mergeMaps(type, live as Json, config as Json) : config;
}

function mergeMaps(type: FieldType, live: Json, config: Json): Json {
  const out: Json = { ...live };
  for (const key of Object.keys(config)) {
    const childType = type.child(key) ?? type.types.deduced;
    const merged = mergeObjects(childType, live[key], config[key]);
    if (key === '__proto__') Object.defineProperty(out, key, { value: merged, enumerable: true, configurable: true, writable: true });
    else out[key] = merged;
  }
  return out;
}

/** Shared items stand in the order of the configuration, others where they stood between them. */
function mergeLists(type: FieldType, live: readonly unknown[], config: readonly unknown[]): unknown[] {
  const [old, next] = [firstByElement(type, live), firstByElement(type, config)];
  const [left, right] = [[...old.keys()], [...next.keys()]];
  const shared = right.filter((element) => old.has(element));
  const out: unknown[] = [];
  const take = (element: PathElement): void => {
    out.push(mergeObjects(type.items, old.get(element), next.has(element) ? next.get(element) : undefined));
  };
  let [l, r, s] = [0, 0, 0];
  while (l < left.length || r < right.length) {
    const [a, b] = [left[l], right[r]];
    if (a !== undefined && b !== undefined) {
      if (a === b) {
        take(a);
        l += 1;
        r += 1;
        s += 1;
        continue;
      }
      if (next.has(a) && s < shared.length && shared[s] !== a) {
        l += 1;
        continue;
      }
    }
    if (a !== undefined && !next.has(a)) {
      take(a);
      l += 1;
    } else if (b !== undefined) {
      take(b);
      r += 1;
      if (shared[s] === b) s += 1;
    } else l += 1;
  }
  return out;
}

function firstByElement(type: FieldType, list: readonly unknown[]): Map<PathElement, unknown> {
  const items = new Map<PathElement, unknown>();
  for (const item of list) {
    const element = type.itemElement(item);
    if (!items.has(element)) items.set(element, item);
  }
  return items;
}

/**
 * A value without the fields and items of a set (typed RemoveItems). What loses all its content becomes null. Parts are shared
 * with the input.
 */
export function removeItems(type: FieldType, value: unknown, set: FieldSet): unknown {
  if (type.shape === 'scalar' || typeof value !== 'object' || value === null) return value;
  if (type.atomic) return null;
  if (Array.isArray(value)) {
    if (type.shape !== 'list') return value;
    const kept = value.flatMap((item) => {
      const node = set[type.itemElement(item)];
      if (!node) return [item];
      return isMember(node) ? [] : [removeItems(type.items, item, node)];
    });
    return kept.length > 0 ? kept : null;
  }
  const out: Json = {};
  let count = 0;
  for (const [key, child] of Object.entries(value)) {
    const node = set[`f:${key}`];
    if (node && isMember(node)) continue;
    out[key] = node && hasChildren(node) ? removeItems(type.child(key) ?? type.types.deduced, child, node) : child;
    count += 1;
  }
  return count > 0 ? out : null;
}
