import { specialDefinitions } from '../schema/schema.ts';
import { badRequest } from '../status-error.ts';
import type { ProtobufField, ProtobufMessage, ProtobufSchema } from './protobuf-schema.ts';
import { WireError, WireReader } from './wire.ts';

export { loadProtobufSchema, type ProtobufSchema } from './protobuf-schema.ts';

/** What every Kubernetes protobuf body begins with: `k8s` and a zero byte; a runtime.Unknown follows. */
export const protobufPrefix: Uint8Array = new Uint8Array([0x6b, 0x38, 0x73, 0x00]);

type Json = Record<string, unknown>;

export interface DecodedProtobuf {
  readonly apiVersion: string;
  readonly kind: string;
  /** As the same object would look in JSON, apiVersion and kind included. */
  readonly object: Json;
}

export function isProtobuf(bytes: Uint8Array): boolean {
  return protobufPrefix.every((byte, index) => bytes[index] === byte);
}

/**
 * Decodes an `application/vnd.kubernetes.protobuf` body into what JSON would have held. Go writes the zero value of every
 * field that is no pointer, so `""`, `0` and `false` are kept only where the field is one, or where JSON would have them too.
 * @throws StatusError 400 if the bytes are no such body or of a kind the schema does not know
 */
export function decodeProtobuf(schema: ProtobufSchema, bytes: Uint8Array): DecodedProtobuf {
  if (!isProtobuf(bytes)) throw badRequest('provided data does not appear to be a protobuf message, expected prefix [107 56 115 0]');
  try {
    return decodeEnvelope(schema, bytes.subarray(protobufPrefix.length));
  } catch (error) {
    if (error instanceof WireError) throw badRequest(error.message);
    throw error;
  }
}

function decodeEnvelope(schema: ProtobufSchema, bytes: Uint8Array): DecodedProtobuf {
  let [apiVersion, kind, contentType] = ['', '', ''];
  let raw: Uint8Array = new Uint8Array();
  for (const [number, part] of parts(bytes)) {
    if (number === 1) {
      for (const [typeNumber, text] of parts(part)) {
        if (typeNumber === 1) apiVersion = utf8(text);
        else if (typeNumber === 2) kind = utf8(text);
      }
    } else if (number === 2) raw = part;
    else if (number === 4) contentType = utf8(part);
  }
  if (contentType === 'application/json') return { apiVersion, kind, object: JSON.parse(utf8(raw)) as Json };
  const message = schema.messageFor(apiVersion, kind);
  if (!message) throw badRequest(`no kind "${kind}" is registered for version "${apiVersion}" in scheme "k8s.io/kubernetes/pkg/api/legacyscheme/scheme.go:30"`);
  return { apiVersion, kind, object: { kind, apiVersion, ...(decodeMessage(schema, message, raw) as Json) } };
}

/** The length-delimited fields of a small message. */
function parts(bytes: Uint8Array): [number, Uint8Array][] {
  const reader = new WireReader(bytes);
  const out: [number, Uint8Array][] = [];
  while (!reader.done) {
    const tag = reader.uint32();
    if ((tag & 7) === 2) out.push([tag >>> 3, reader.part()]);
    else reader.skip(tag & 7);
  }
  return out;
}

function decodeMessage(schema: ProtobufSchema, message: ProtobufMessage, bytes: Uint8Array): unknown {
  const special = specialDecoders[message.name];
  if (special) return special(schema, bytes);
  const reader = new WireReader(bytes);
  const out: Json = {};
  while (!reader.done) {
    const tag = reader.uint32();
    const field = message.byNumber.get(tag >>> 3);
    if (field) decodeField(schema, field, tag & 7, reader, out);
    else reader.skip(tag & 7);
  }
  return message.bareList ? (out.items ?? []) : out;
}

function decodeField(schema: ProtobufSchema, field: ProtobufField, wireType: number, reader: WireReader, out: Json): void {
  if (field.map) {
    decodeMapEntry(schema, field, reader.part(), mapAt(out, field.name));
    return;
  }
  if (field.repeated) {
    const list = listAt(out, field.name);
    if (wireType === 2 && isVarint(field.type)) {
      const packed = new WireReader(reader.part());
      while (!packed.done) list.push(readVarint(field.type, packed));
    } else list.push(decodeValue(schema, field, reader) ?? null);
    return;
  }
  const value = decodeValue(schema, field, reader);
  if (field.embedded) Object.assign(out, value);
  else if (value === undefined) {
    // An unset time.
    if (!field.value) out[field.name] = null;
  }
  // A zero value of a plain field says nothing: Go writes it whether it was set or not. JSON leaves it out if it may.
  else if (!field.value || field.required || !(value === '' || value === 0 || value === false)) out[field.name] = value;
}

/** Undefined stands for a special type's zero value (an unset time). */
function decodeValue(schema: ProtobufSchema, field: ProtobufField, reader: WireReader): unknown {
  switch (field.type) {
    case 'string':
      return utf8(reader.part());
    case 'bytes':
      return toBase64(reader.part());
    case 'double':
      return reader.double();
    default:
      if (isVarint(field.type)) return readVarint(field.type, reader);
  }
  const message = schema.message(field.type);
  if (!message) throw new WireError(`no message ${field.type}`);
  return decodeMessage(schema, message, reader.part());
}

function decodeMapEntry(schema: ProtobufSchema, field: ProtobufField, bytes: Uint8Array, out: Json): void {
  const reader = new WireReader(bytes);
  let key = '';
  let value: unknown;
  while (!reader.done) {
    const tag = reader.uint32();
    if (tag >>> 3 === 1) key = utf8(reader.part());
    else if (tag >>> 3 === 2) value = decodeValue(schema, field, reader);
    else reader.skip(tag & 7);
  }
  if (value === undefined) value = field.type === 'string' || field.type === 'bytes' ? '' : isVarint(field.type) ? 0 : {};
  Object.defineProperty(out, key, { value, enumerable: true, configurable: true, writable: true });
}

const varintTypes = new Set(['int32', 'int64', 'uint32', 'uint64', 'bool']);

export function isVarint(type: string): boolean {
  return varintTypes.has(type);
}

function readVarint(type: string, reader: WireReader): number | boolean {
  const value = reader.int();
  return type === 'bool' ? value !== 0 : value;
}

type SpecialDecoder = (schema: ProtobufSchema, bytes: Uint8Array) => unknown;

const specialDecoders: Record<string, SpecialDecoder> = {
  [specialDefinitions.time]: (_schema, bytes) => decodeTime(bytes, 0),
  [specialDefinitions.microTime]: (_schema, bytes) => decodeTime(bytes, 6),
  [specialDefinitions.quantity]: (_schema, bytes) => utf8(parts(bytes)[0]?.[1] ?? new Uint8Array()) || '0',
  [specialDefinitions.intOrString]: (_schema, bytes) => decodeIntOrString(bytes),
  [specialDefinitions.rawExtension]: (schema, bytes) => decodeRaw(schema, parts(bytes)[0]?.[1]),
  [specialDefinitions.fieldsV1]: (schema, bytes) => decodeRaw(schema, parts(bytes)[0]?.[1]),
};

/** Seconds and nanoseconds since the epoch; both zero is Go's zero time, which JSON leaves out. */
function decodeTime(bytes: Uint8Array, digits: 0 | 6): string | undefined {
  const { 1: seconds = 0, 2: nanos = 0 } = readVarints(bytes);
  if (seconds === 0 && nanos === 0) return undefined;
  const head = new Date(seconds * 1000).toISOString().slice(0, 19);
  return digits === 0 ? `${head}Z` : `${head}.${String(Math.floor(nanos / 1000)).padStart(6, '0')}Z`;
}

function decodeIntOrString(bytes: Uint8Array): number | string {
  const { 1: type = 0, 2: value = 0 } = readVarints(bytes);
  return type === 0 ? value : utf8(parts(bytes).find(([number]) => number === 3)?.[1] ?? new Uint8Array());
}

function readVarints(bytes: Uint8Array): Record<number, number> {
  const reader = new WireReader(bytes);
  const out: Record<number, number> = {};
  while (!reader.done) {
    const tag = reader.uint32();
    if ((tag & 7) === 0) out[tag >>> 3] = reader.int();
    else reader.skip(tag & 7);
  }
  return out;
}

/** An object inside another one: JSON, or again an enveloped message. */
function decodeRaw(schema: ProtobufSchema, raw: Uint8Array | undefined): unknown {
  if (!raw || raw.length === 0) return undefined;
  if (isProtobuf(raw)) return decodeProtobuf(schema, raw).object;
  try {
    return JSON.parse(utf8(raw));
  } catch {
    throw new WireError('json: error calling MarshalJSON for type runtime.RawExtension');
  }
}

const decoder = new TextDecoder('utf-8', { ignoreBOM: true });

function utf8(bytes: Uint8Array): string {
  return decoder.decode(bytes);
}

function toBase64(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('base64');
}

function listAt(out: Json, name: string): unknown[] {
  const list = (out[name] as unknown[] | undefined) ?? [];
  out[name] = list;
  return list;
}

function mapAt(out: Json, name: string): Json {
  const map = (out[name] as Json | undefined) ?? {};
  out[name] = map;
  return map;
}
