import { badRequest } from '../status-error.ts';

type Json = Record<string, unknown>;

/**
 * Applies a JSON merge patch (RFC 7386). Maps merge, null deletes, anything else replaces; a list that is not put in the place of a map
 * loses the nulls in its maps too, as upstream's library has it. Neither input is changed; what the patch does not reach is shared with `document`.
 * @throws StatusError 400 if the patch is no map
 */
export function applyMergePatch<T>(document: T, patch: unknown): T {
  if (!isMap(patch)) throw badRequest('Invalid JSON Patch');
  return merge(document, patch) as T;
}

function merge(target: unknown, patch: unknown): unknown {
  if (!isMap(target)) return withoutNulls(patch);
  if (!isMap(patch)) return patch;
  const out = new Map(Object.entries(target));
  for (const [key, value] of Object.entries(patch)) {
    if (value === null) out.delete(key);
    else out.set(key, merge(out.get(key), value));
  }
  // Object.fromEntries defines keys, so `__proto__` is a key like any other.
  return Object.fromEntries(out);
}

function withoutNulls(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutNulls);
  if (!isMap(value)) return value;
  const kept = Object.entries(value).filter(([, one]) => one !== null);
  return Object.fromEntries(kept.map(([key, one]) => [key, withoutNulls(one)]));
}

function isMap(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
