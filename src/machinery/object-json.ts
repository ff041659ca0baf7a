import { unescapedJson } from './codec/go-json.ts';

/**
 * The JSON text of objects, of which a large part is often the same: who owns the fields, and the spec of pods that are made alike.
 * The texts of such parts, known by identity, are written once and put into every object that holds them.
 */

/** Texts of parts that are frozen, all through. */
const texts = new Map<object, string>();
/** All texts together, in characters; what is beyond is forgotten with all others, and written anew by whoever needs it. */
const textsLengthMax = 1_000_000;
let textsLength = 0;

/** The spec that was written last: the second object that holds it makes it worth remembering. */
let lastSpec: object | undefined;

/** What `unescapedJson` says of an object of the API. */
export function objectJson(object: object): string {
  return membersJson(object, memberJson);
}

function memberJson(key: string, value: unknown): string | undefined {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return unescapedJson(value);
  if (key === 'metadata') return membersJson(value, metadataMemberJson);
  return key === 'spec' ? specJson(value) : unescapedJson(value);
}

function specJson(spec: object): string {
  const known = texts.get(spec);
  if (known !== undefined) return known;
  const text = unescapedJson(spec);
  if (spec !== lastSpec) lastSpec = spec;
  else if (Object.isFrozen(spec)) remember(spec, text);
  return text;
}

function metadataMemberJson(key: string, value: unknown): string | undefined {
  if (key !== 'managedFields' || !Array.isArray(value)) return unescapedJson(value);
  let out = '[';
  for (let index = 0; index < value.length; index += 1) out += (index === 0 ? '' : ',') + ownerJson(value[index]);
  return `${out}]`;
}

/** An entry of managedFields: those of one writer in one second are the same for many objects, and sets of fields for longer. */
function ownerJson(entry: unknown): string {
  if (typeof entry !== 'object' || entry === null || !Object.isFrozen(entry)) return unescapedJson(entry) ?? 'null';
  let text = texts.get(entry);
  if (text === undefined) remember(entry, (text = membersJson(entry, ownerMemberJson)));
  return text;
}

function ownerMemberJson(key: string, value: unknown): string | undefined {
  if (key !== 'fieldsV1' || typeof value !== 'object' || value === null || !Object.isFrozen(value)) return unescapedJson(value);
  let text = texts.get(value);
  if (text === undefined) remember(value, (text = unescapedJson(value)));
  return text;
}

function remember(part: object, text: string): void {
  if (text.length > textsLengthMax / 8) return;
  if (textsLength + text.length > textsLengthMax) {
    texts.clear();
    textsLength = 0;
  }
  texts.set(part, text);
  textsLength += text.length;
}

function membersJson(object: object, write: (key: string, value: unknown) => string | undefined): string {
  let out = '{';
  for (const key in object) {
    const text = write(key, (object as Record<string, unknown>)[key]);
    if (text !== undefined) out += (out.length === 1 ? '' : ',') + keyJson(key) + text;
  }
  return `${out}}`;
}

const keys = new Map<string, string>();
const keysMax = 200;

/** A key with its colon. */
function keyJson(key: string): string {
  let text = keys.get(key);
  if (text === undefined) {
    text = `${JSON.stringify(key)}:`;
    if (keys.size < keysMax) keys.set(key, text);
  }
  return text;
}
