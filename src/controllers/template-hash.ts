/** Upstream's alphabet without vowels and look-alikes (apimachinery/pkg/util/rand SafeEncodeString). */
const safe = 'bcdfghjklmnpqrstvwxz2456789';

/**
 * The `pod-template-hash` of a template: FNV-1a over its text, written in safe characters, at most ten.
 *
 * Differs from upstream: what is hashed is canonical JSON, not Go's dump of the struct, so the value is another one.
 *
 * @param collisionCount how often another replica set had the same hash
 */
export function templateHash(template: unknown, collisionCount = 0): string {
  const text = canonical(template) + (collisionCount > 0 ? `#${collisionCount}` : '');
  let hash = 0x811c9dc5;
  for (const byte of new TextEncoder().encode(text)) hash = Math.imul(hash ^ byte, 0x01000193) >>> 0;
  return safeEncode(String(hash));
}

/** Replaces each character by a safe one. */
export function safeEncode(text: string): string {
  return Array.from(text, (character) => safe[character.charCodeAt(0) % safe.length]).join('');
}

/** JSON with keys in order and without empty values, so that equal templates read the same. */
function canonical(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonical).join()}]`;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value) ?? '';
  const fields = Object.entries(value).filter(([, field]) => field !== undefined && field !== null);
  return `{${fields
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([key, field]) => `${JSON.stringify(key)}:${canonical(field)}`)
    .join()}}`;
}
