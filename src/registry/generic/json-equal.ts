/**
 * Whether two pieces of JSON data would be stored as the same text, but for the order of keys; an absent field and an
 * undefined one are the same. An empty map is not an absent one: a peer with an empty selector selects everything.
 */
export function jsonEqual(a: unknown, b: unknown): boolean {
  if (a === b) return true;
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return false;
  if (Array.isArray(a) || Array.isArray(b)) {
    if (!Array.isArray(a) || !Array.isArray(b) || a.length !== b.length) return false;
    for (let index = 0; index < a.length; index += 1) if (!jsonEqual(a[index], b[index])) return false;
    return true;
  }
  const [left, right] = [a as Record<string, unknown>, b as Record<string, unknown>];
  for (const key of Object.keys(left)) {
    if (left[key] === undefined ? Object.hasOwn(right, key) && right[key] !== undefined : !Object.hasOwn(right, key) || !jsonEqual(left[key], right[key]))
      return false;
  }
  for (const key of Object.keys(right)) if (right[key] !== undefined && !Object.hasOwn(left, key)) return false;
  return true;
}
