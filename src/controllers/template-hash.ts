import type { PodTemplateSpec } from '../../generated/types/index.ts';
import { goDump } from './go-dump.ts';

/** Upstream's alphabet without vowels and look-alikes (apimachinery/pkg/util/rand SafeEncodeString). */
const safe = 'bcdfghjklmnpqrstvwxz2456789';

/**
 * The `pod-template-hash` of a template, the same as upstream's (pkg/controller ComputeHash): FNV-1a of 32 bits over Go's dump of the
 * struct, written in safe characters, at most ten.
 * @param collisionCount how often another replica set had the same hash; absent until there was one
 */
export function templateHash(template: Readonly<PodTemplateSpec>, collisionCount?: number): string {
  let hash = fnv32a(0x811c9dc5, Buffer.from(`(v1.PodTemplateSpec)${goDump(template, 'v1.PodTemplateSpec')}`));
  if (collisionCount !== undefined) {
    const count = Buffer.alloc(8);
    count.writeUInt32LE(collisionCount);
    hash = fnv32a(hash, count);
  }
  return safeEncode(String(hash));
}

function fnv32a(start: number, bytes: Uint8Array): number {
  let hash = start;
  for (const byte of bytes) hash = Math.imul(hash ^ byte, 0x01000193) >>> 0;
  return hash;
}

/** Replaces each character by a safe one. */
function safeEncode(text: string): string {
  return Array.from(text, (character) => safe[character.charCodeAt(0) % safe.length]).join('');
}
