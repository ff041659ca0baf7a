/** A writable copy of plain JSON data. Frozen sets of fields (`fieldsV1`), which are only ever replaced as a whole, are shared. */
export function clone<T>(value: T): T {
  return copy(value) as T;
}

function copy(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) return value.map(copy);
  const out: Record<string, unknown> = {};
  for (const key in value) {
    if (key === '__proto__')
      Object.defineProperty(out, key, { value: copy((value as Record<string, unknown>)[key]), enumerable: true, configurable: true, writable: true });
    else {
      const child = (value as Record<string, unknown>)[key];
      out[key] = key === 'fieldsV1' && Object.isFrozen(child) ? child : copy(child);
    }
  }
  return out;
}

/** Whether JSON data takes more than so many bytes as JSON text, about: characters count as one byte, numbers as eight. Stops looking once it knows. */
export function isLargerThan(value: unknown, bytes: number): boolean {
  return bytesLeft(value, bytes) < 0;
}

function bytesLeft(value: unknown, bytes: number): number {
  if (typeof value === 'string') return bytes - value.length - 3;
  if (typeof value !== 'object' || value === null) return bytes - 8;
  let left = bytes - 2;
  for (const key in value) {
    if (!Array.isArray(value)) left -= key.length + 3;
    left = bytesLeft((value as Record<string, unknown>)[key], left);
    if (left < 0) return left;
  }
  return left;
}

/** Freezes plain JSON data, all of it; frozen parts are not entered again. */
export function deepFreeze<T>(value: T): T {
  if (typeof value !== 'object' || value === null || Object.isFrozen(value)) return value;
  Object.freeze(value);
  for (const key in value) deepFreeze((value as Record<string, unknown>)[key]);
  return value;
}

/** Whether two pieces of JSON data mean the same: absent, null, empty list and empty map are one (apimachinery's Semantic.DeepEqual). */
export function semanticEqual(a: unknown, b: unknown): boolean {
  if (a === b) return true;
  if (isEmpty(a) && isEmpty(b)) return true;
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return false;
  if (Array.isArray(a) || Array.isArray(b)) {
    return Array.isArray(a) && Array.isArray(b) && a.length === b.length && a.every((one, i) => semanticEqual(one, b[i]));
  }
  const [left, right] = [a as Record<string, unknown>, b as Record<string, unknown>];
  for (const key in left) if (!semanticEqual(left[key], right[key])) return false;
  for (const key in right) if (!(key in left) && !isEmpty(right[key])) return false;
  return true;
}

function isEmpty(value: unknown): boolean {
  if (value === undefined || value === null) return true;
  if (typeof value !== 'object') return false;
  return Array.isArray(value) ? value.length === 0 : Object.keys(value).length === 0;
}
