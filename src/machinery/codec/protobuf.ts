import { specialDefinitions } from '../schema/schema.ts';
import { JsonSyntaxError, nestingMax, parseJson } from './json.ts';
import { jsonSchemaDefinitions } from './json-schema-definitions.ts';
import type { ProtobufField, ProtobufMessage, ProtobufSchema } from './protobuf-schema.ts';
import { WireError, WireReader } from './wire.ts';

export { loadProtobufSchema, type ProtobufField, type ProtobufSchema } from './protobuf-schema.ts';

/** What every Kubernetes protobuf body begins with: `k8s` and a zero byte; a runtime.Unknown follows. */
export const protobufPrefix: Uint8Array = new Uint8Array([0x6b, 0x38, 0x73, 0x00]);

type Json = Record<string, unknown>;

interface Typed {
  readonly apiVersion: string;
  readonly kind: string;
}

export interface DecodedProtobuf extends Typed {
  /** As the same object would look in JSON, apiVersion and kind included. */
  readonly object: Json;
}

/** Why bytes are no object, in Go's words. */
export class ProtobufError extends Error {
  override readonly name = 'ProtobufError';

  constructor(
    message: string,
    /** What the bytes say they are, if they could be read so far. */
    readonly type?: Typed,
  ) {
    super(message);
  }
}

export function isProtobuf(bytes: Uint8Array): boolean {
  return protobufPrefix.every((byte, index) => bytes[index] === byte);
}

/**
 * Decodes an `application/vnd.kubernetes.protobuf` body into what JSON would have held. Go writes the zero value of every
 * field that is no pointer, so `""`, `0` and `false` are kept only where the field is one, or where JSON would have them too.
 * A body that does not say what it is counts as `expected`.
 * @throws ProtobufError if the bytes are no such body or of a kind the schema does not know
 */
export function decodeProtobuf(schema: ProtobufSchema, bytes: Uint8Array, expected?: Typed): DecodedProtobuf {
  let type: Typed | undefined;
  try {
    const unknown = readEnvelope(bytes);
    type = { apiVersion: unknown.apiVersion || (expected?.apiVersion ?? ''), kind: unknown.kind || (expected?.kind ?? '') };
    return decodeTyped(schema, type, unknown.raw, 0);
  } catch (error) {
    if (error instanceof WireError) throw new ProtobufError(error.message, type);
    throw error;
  }
}

interface Envelope extends Typed {
  readonly raw: Uint8Array;
}

function readEnvelope(bytes: Uint8Array): Envelope {
  if (bytes.length === 0) throw new WireError('empty data');
  if (!isProtobuf(bytes)) throw new WireError('provided data does not appear to be a protobuf message, expected prefix [107 56 115 0]');
  if (bytes.length === protobufPrefix.length) throw new WireError('empty body');
  let type = { apiVersion: '', kind: '' };
  let raw: Uint8Array = new Uint8Array();
  const reader = new WireReader(bytes.subarray(protobufPrefix.length));
  while (reader.next('Unknown')) {
    if (reader.number === 1) type = readTypeMeta(partOf(reader, 'TypeMeta'));
    else if (reader.number === 2) raw = partOf(reader, 'Raw');
    else reader.skip();
  }
  return { ...type, raw };
}

function readTypeMeta(bytes: Uint8Array): Typed {
  let [apiVersion, kind] = ['', ''];
  const reader = new WireReader(bytes);
  while (reader.next('TypeMeta')) {
    if (reader.number === 1) apiVersion = textOf(partOf(reader, 'APIVersion'));
    else if (reader.number === 2) kind = textOf(partOf(reader, 'Kind'));
    else reader.skip();
  }
  return { apiVersion, kind };
}

function decodeTyped(schema: ProtobufSchema, { apiVersion, kind }: Typed, raw: Uint8Array, depth: number): DecodedProtobuf {
  const message = schema.messageFor(apiVersion, kind);
  if (!message) throw new WireError(`no kind ${JSON.stringify(kind)} is registered for version ${JSON.stringify(apiVersion)} in scheme "${legacyScheme}"`);
  return { apiVersion, kind, object: { kind, apiVersion, ...(decodeMessage(schema, message, raw, depth) as Json) } };
}

const legacyScheme = 'k8s.io/kubernetes/pkg/api/legacyscheme/scheme.go:30';

function decodeMessage(schema: ProtobufSchema, message: ProtobufMessage, bytes: Uint8Array, depth: number): unknown {
  // Differs from upstream: Go recurses as deep as three megabytes allow, and no object of Kubernetes needs a hundredth of that.
  if (depth > nestingMax) throw new WireError('proto: exceeded max depth');
  const special = specialDecoders.get(message.name);
  if (special) return special(bytes, schema, depth);
  const reader = new WireReader(bytes);
  const out: Json = {};
  while (reader.next(message.goName)) {
    const field = message.byNumber.get(reader.number);
    if (field) decodeField(schema, field, reader, out, depth + 1);
    else reader.skip();
  }
  return message.bareList ? (out.items ?? []) : out;
}

function decodeField(schema: ProtobufSchema, field: ProtobufField, reader: WireReader, out: Json, depth: number): void {
  if (field.map) {
    decodeMapEntry(schema, field, partOf(reader, field.goName), mapAt(out, field.name), depth);
    return;
  }
  if (field.repeated) {
    const list = listAt(out, field.name);
    if (reader.wireType === 2 && isVarint(field.type)) {
      const packed = new WireReader(reader.part());
      while (!packed.done) list.push(toScalar(field.type, packed.int()));
    } else list.push(decodeValue(schema, field, reader, depth) ?? null);
    return;
  }
  const value = decodeValue(schema, field, reader, depth);
  if (field.embedded) Object.assign(out, value);
  else if (value === undefined) {
    // An unset time.
    if (!field.value) out[field.name] = null;
  }
  // A zero value of a plain field says nothing: Go writes it whether it was set or not. JSON leaves it out if it may.
  else if (!field.value || field.required || !isZero(field.type, value)) out[field.name] = value;
}

/** Of scalars alone: what is a struct in Go is in the JSON whatever it holds. */
function isZero(type: string, value: unknown): boolean {
  return (value === '' || value === 0 || value === false) && !type.startsWith('io.k8s.');
}

/** Undefined stands for a special type's zero value (an unset time). */
function decodeValue(schema: ProtobufSchema, field: ProtobufField, reader: WireReader, depth: number): unknown {
  const { type } = field;
  if (isVarint(type)) return toScalar(type, varintOf(reader, field.goName));
  if (type === 'double') {
    if (reader.wireType !== 1) throw wrongWireType(reader, field.goName);
    return reader.double();
  }
  const part = partOf(reader, field.goName);
  if (type === 'string') return textOf(part);
  if (type === 'bytes') return toBase64(part);
  const message = schema.message(type);
  if (!message) throw new WireError(`no message ${type}`);
  return decodeMessage(schema, message, part, depth);
}

function decodeMapEntry(schema: ProtobufSchema, field: ProtobufField, bytes: Uint8Array, out: Json, depth: number): void {
  const reader = new WireReader(bytes);
  let key = '';
  let value: unknown;
  while (reader.next(field.goName)) {
    if (reader.number === 1) key = textOf(partOf(reader, 'mapkey'));
    else if (reader.number === 2) value = decodeValue(schema, field, reader, depth);
    else reader.skip();
  }
  if (value === undefined) value = field.type === 'string' || field.type === 'bytes' ? '' : isVarint(field.type) ? 0 : {};
  Object.defineProperty(out, key, { value, enumerable: true, configurable: true, writable: true });
}

function wrongWireType(reader: WireReader, field: string): WireError {
  return new WireError(`proto: wrong wireType = ${reader.wireType} for field ${field}`);
}

function partOf(reader: WireReader, field: string): Uint8Array {
  if (reader.wireType !== 2) throw wrongWireType(reader, field);
  return reader.part();
}

function varintOf(reader: WireReader, field: string): number {
  if (reader.wireType !== 0) throw wrongWireType(reader, field);
  return reader.int();
}

const varintTypes = new Set(['int32', 'int64', 'uint32', 'uint64', 'bool']);

export function isVarint(type: string): boolean {
  return varintTypes.has(type);
}

function toScalar(type: string, value: number): number | boolean {
  if (type === 'bool') return value !== 0;
  return type === 'int32' ? value | 0 : value;
}

type SpecialDecoder = (bytes: Uint8Array, schema: ProtobufSchema, depth: number) => unknown;

/** Types whose JSON is not the fields of their message. */
const specialDecoders: ReadonlyMap<string, SpecialDecoder> = new Map<string, SpecialDecoder>([
  [specialDefinitions.time, (bytes) => decodeTime(bytes, 0)],
  [specialDefinitions.microTime, (bytes) => decodeTime(bytes, 6)],
  [specialDefinitions.quantity, (bytes) => textOf(onlyPart(bytes, 'Quantity', 'String') ?? new Uint8Array()) || '0'],
  [specialDefinitions.intOrString, decodeIntOrString],
  [specialDefinitions.rawExtension, (bytes, schema, depth) => decodeRaw(schema, onlyPart(bytes, 'RawExtension', 'Raw'), depth)],
  [specialDefinitions.fieldsV1, (bytes, schema, depth) => decodeRaw(schema, onlyPart(bytes, 'FieldsV1', 'Raw'), depth)],
  [specialDefinitions.json, (bytes, schema, depth) => decodeRaw(schema, onlyPart(bytes, 'JSON', 'Raw'), depth) ?? null],
  [jsonSchemaDefinitions.orArray, (bytes, schema, depth) => decodeSchemaOr(bytes, schema, depth, 'JSONSchemas')],
  [jsonSchemaDefinitions.orStringArray, (bytes, schema, depth) => decodeSchemaOr(bytes, schema, depth, 'Property')],
  [jsonSchemaDefinitions.orBool, decodeSchemaOrBool],
]);

/** The year 1, which is no time to Go. */
const zeroTimeSeconds = -62_135_596_800;
const secondsMax = 253_402_300_799;

/** Seconds and nanoseconds since the epoch; both zero is Go's zero time, which JSON leaves out. */
function decodeTime(bytes: Uint8Array, digits: 0 | 6): string | undefined {
  let [seconds, nanos] = [0, 0];
  const reader = new WireReader(bytes);
  while (reader.next('Timestamp')) {
    if (reader.number === 1) seconds = varintOf(reader, 'Seconds');
    else if (reader.number === 2) nanos = varintOf(reader, 'Nanos') | 0;
    else reader.skip();
  }
  if ((seconds === 0 || seconds === zeroTimeSeconds) && nanos === 0) return undefined;
  seconds += Math.floor(nanos / 1e9);
  if (seconds < zeroTimeSeconds || seconds > secondsMax) throw new WireError('Time.MarshalJSON: year outside of range [0,9999]');
  const head = new Date(seconds * 1000).toISOString().slice(0, 19);
  const micros = Math.floor((((nanos % 1e9) + 1e9) % 1e9) / 1000);
  return digits === 0 ? `${head}Z` : `${head}.${String(micros).padStart(6, '0')}Z`;
}

function decodeIntOrString(bytes: Uint8Array): number | string {
  let [type, value, text] = [0, 0, ''];
  const reader = new WireReader(bytes);
  while (reader.next('IntOrString')) {
    if (reader.number === 1) type = varintOf(reader, 'Type');
    else if (reader.number === 2) value = varintOf(reader, 'IntVal') | 0;
    else if (reader.number === 3) text = textOf(partOf(reader, 'StrVal'));
    else reader.skip();
  }
  return type === 0 ? value : text;
}

/** What field 1 holds, of a message that has no other. */
function onlyPart(bytes: Uint8Array, message: string, field: string): Uint8Array | undefined {
  let found: Uint8Array | undefined;
  const reader = new WireReader(bytes);
  while (reader.next(message)) {
    if (reader.number === 1) found = partOf(reader, field);
    else reader.skip();
  }
  return found;
}

/** An object inside another one: JSON, or again an enveloped message. */
function decodeRaw(schema: ProtobufSchema, raw: Uint8Array | undefined, depth: number): unknown {
  if (!raw || raw.length === 0) return undefined;
  if (isProtobuf(raw)) {
    const { raw: message, ...type } = readEnvelope(raw);
    return decodeTyped(schema, type, message, depth + 1).object;
  }
  try {
    return parseJson(raw);
  } catch (error) {
    if (error instanceof JsonSyntaxError) throw new WireError(`json: error calling MarshalJSON for type runtime.RawExtension: ${error.message}`);
    throw error;
  }
}

/** One schema, or a list of whatever the second field holds. */
function decodeSchemaOr(bytes: Uint8Array, schema: ProtobufSchema, depth: number, list: 'JSONSchemas' | 'Property'): unknown {
  let one: unknown = null;
  const many: unknown[] = [];
  const reader = new WireReader(bytes);
  while (reader.next('JSONSchemaProps')) {
    if (reader.number === 1) one = decodeSchema(schema, partOf(reader, 'Schema'), depth);
    else if (reader.number === 2) many.push(list === 'Property' ? textOf(partOf(reader, list)) : decodeSchema(schema, partOf(reader, list), depth));
    else reader.skip();
  }
  return many.length > 0 ? many : one;
}

function decodeSchemaOrBool(bytes: Uint8Array, schema: ProtobufSchema, depth: number): unknown {
  let allows = false;
  let one: unknown;
  const reader = new WireReader(bytes);
  while (reader.next('JSONSchemaPropsOrBool')) {
    if (reader.number === 1) allows = varintOf(reader, 'Allows') !== 0;
    else if (reader.number === 2) one = decodeSchema(schema, partOf(reader, 'Schema'), depth);
    else reader.skip();
  }
  return one ?? allows;
}

function decodeSchema(schema: ProtobufSchema, bytes: Uint8Array, depth: number): unknown {
  return decodeMessage(schema, schema.message(jsonSchemaDefinitions.props) as ProtobufMessage, bytes, depth + 1);
}

/** Bytes that are no UTF-8 become U+FFFD, as in Go's JSON. */
function textOf(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('utf8');
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
