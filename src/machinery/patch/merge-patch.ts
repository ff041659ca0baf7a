import { badRequest } from '../status-error.ts';

type Json = Record<string, unknown>;

/**
 * Applies a JSON merge patch (RFC 7386). Maps merge, null deletes, anything else replaces. Neither input is changed;
 * what the patch does not reach is shared with `document`.
 * @throws StatusError 400 if the patch is no map
 */
export function applyMergePatch<T>(document: T, patch: unknown): T {
  if (!isMap(patch)) throw badRequest('Invalid JSON Patch');
  return merge(document, patch) as T;
}

function merge(target: unknown, patch: unknown): unknown {
  if (!isMap(patch)) return patch;
  const out = new Map(isMap(target) ? Object.entries(target) : []);
  for (const [key, value] of Object.entries(patch)) {
    if (value === null) out.delete(key);
    else out.set(key, merge(out.get(key), value));
  }
  // Object.fromEntries defines keys, so `__proto__` is a key like any other.
  return Object.fromEntries(out);
}

function isMap(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
