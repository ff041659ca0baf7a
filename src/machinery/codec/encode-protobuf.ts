import { specialDefinitions } from '../schema/schema.ts';
import { notAcceptable } from '../status-error.ts';
import { parseTime } from '../time.ts';
import { BackwardWriter } from './backward-writer.ts';
import { jsonSchemaDefinitions } from './json-schema-definitions.ts';
import { isVarint, protobufPrefix } from './protobuf.ts';
import type { ProtobufField, ProtobufMessage, ProtobufSchema } from './protobuf-schema.ts';

type Json = Record<string, unknown>;
interface Typed {
  readonly apiVersion?: string;
  readonly kind?: string;
}

/** One for all: encoding never waits, so no two objects are ever half written. */
const writer = new BackwardWriter();

/**
 * Encodes an object as an `application/vnd.kubernetes.protobuf` body, zero values of plain fields included, as Go does.
 * @throws StatusError 406 if the schema has no message for the object's kind (custom resources have none)
 */
export function encodeProtobuf(schema: ProtobufSchema, object: Typed): Uint8Array {
  const { apiVersion = '', kind = '' } = object;
  const message = messageOf(schema, apiVersion, kind);
  return writing(() => writeEnvelope(apiVersion, kind, () => writePart(schema, message, object)));
}

/**
 * An object's message as field 2 of something, be that an envelope or a list of its kind: those bytes can be kept and serve both.
 * @throws StatusError 406 as `encodeProtobuf`
 */
export function encodeProtobufPart(schema: ProtobufSchema, object: unknown, apiVersion: string, kind: string): Uint8Array {
  const message = messageOf(schema, apiVersion, kind);
  return writing(() => writePart(schema, message, object));
}

/** A body around a part that is encoded already. */
export function protobufBody(apiVersion: string, kind: string, part: Uint8Array): Uint8Array {
  return writing(() => writeEnvelope(apiVersion, kind, () => writer.raw(part)));
}

/** What stands before and behind the parts of a list's items, which are `itemBytes` together. */
export function protobufListEnds(
  schema: ProtobufSchema,
  { apiVersion, kind, metadata }: { readonly apiVersion: string; readonly kind: string; readonly metadata: object },
  itemBytes: number,
): { readonly head: Uint8Array; readonly tail: Uint8Array } {
  const message = schema.message(specialDefinitions.listMeta) as ProtobufMessage;
  const head = writing(() => {
    const before = writer.written;
    writeMessage(schema, message, metadata);
    writer.close(1, before);
    writer.open(2, writer.written + itemBytes);
    writeType(apiVersion, kind);
  });
  return { head, tail: envelopeTail };
}

/**
 * An event of a watch as it goes over the wire: four bytes of length, then a WatchEvent without envelope whose object has one
 * (apimachinery/pkg/runtime/serializer/protobuf RawSerializer and LengthDelimitedFramer).
 */
export function protobufWatchFrame(type: string, body: Uint8Array): Uint8Array {
  return writing(() => {
    const before = writer.written;
    writer.part(1, body);
    writer.close(2, before);
    writer.text(1, type);
    const { written } = writer;
    writer.raw(Uint8Array.of(written >>> 24, written >>> 16, written >>> 8, written));
  });
}

function writing(write: () => void): Uint8Array {
  writer.reset(); // Whoever failed before has left something.
  write();
  return writer.finish();
}

function messageOf(schema: ProtobufSchema, apiVersion: string, kind: string): ProtobufMessage {
  const message = schema.messageFor(apiVersion, kind);
  if (!message) throw notAcceptable(`object *${kind} does not implement the protobuf marshalling interface and cannot be encoded to a protobuf message`);
  return message;
}

/** Two empty texts, for encoding and media type: they end every envelope. */
const envelopeTail = Uint8Array.of((3 << 3) | 2, 0, (4 << 3) | 2, 0);

/** The mark of Kubernetes and a runtime.Unknown. */
function writeEnvelope(apiVersion: string, kind: string, part: () => void): void {
  writer.raw(envelopeTail);
  part();
  writeType(apiVersion, kind);
}

function writeType(apiVersion: string, kind: string): void {
  const before = writer.written;
  writer.text(2, kind);
  writer.text(1, apiVersion);
  writer.close(1, before);
  writer.raw(protobufPrefix);
}

function writePart(schema: ProtobufSchema, message: ProtobufMessage, object: unknown): void {
  const before = writer.written;
  writeMessage(schema, message, object);
  writer.close(2, before);
}

function writeMessage(schema: ProtobufSchema, message: ProtobufMessage, value: unknown): void {
  const special = specialWriters.get(message.name);
  if (special) {
    special(value, schema);
    return;
  }
  const map = (message.bareList ? { items: value } : (value ?? {})) as Json;
  for (const field of message.descending) writeField(schema, field, field.embedded ? map : map[field.name]);
}

function writeField(schema: ProtobufSchema, field: ProtobufField, value: unknown): void {
  if (field.map) {
    if (value) writeMap(schema, field, value as Json);
  } else if (field.repeated) {
    const list = (value ?? []) as unknown[];
    for (let index = list.length - 1; index >= 0; index--) writeValue(schema, field, list[index], field.number);
    // What is no pointer in Go is always written; what is no pointer and may be nil (bytes) never is.
  } else if ((value !== undefined && value !== null) || (field.value && field.type !== 'bytes')) writeValue(schema, field, value, field.number);
}

/** Go writes keys in their order, so from behind the last one comes first. */
function writeMap(schema: ProtobufSchema, field: ProtobufField, value: Json): void {
  const keys = Object.keys(value).sort();
  for (let index = keys.length - 1; index >= 0; index--) {
    const key = keys[index] as string;
    const before = writer.written;
    writeValue(schema, field, value[key], 2);
    writer.text(1, key);
    writer.close(field.number, before);
  }
}

/** A value with its tag; undefined and null stand for zero. */
function writeValue(schema: ProtobufSchema, field: ProtobufField, value: unknown, number: number): void {
  const { type } = field;
  if (type === 'string') writer.text(number, typeof value === 'string' ? value : String(value ?? ''));
  else if (isVarint(type)) writer.int(number, wholeNumber(value));
  else if (type === 'bytes') writer.part(number, Buffer.from(String(value ?? ''), 'base64'));
  else if (type === 'double') writer.double(number, Number(value ?? 0));
  else {
    const before = writer.written;
    const message = schema.message(type);
    if (message) writeMessage(schema, message, value);
    writer.close(number, before);
  }
}

function wholeNumber(value: unknown): number {
  const number = Number(value ?? 0);
  return Number.isFinite(number) ? Math.trunc(number) : 0;
}

type SpecialWriter = (value: unknown, schema: ProtobufSchema) => void;

/** Types whose JSON is not the fields of their message. */
const specialWriters: ReadonlyMap<string, SpecialWriter> = new Map<string, SpecialWriter>([
  [specialDefinitions.time, (value) => writeTime(value, () => 0)],
  [specialDefinitions.microTime, (value) => writeTime(value, microseconds)],
  [specialDefinitions.quantity, (value) => writer.text(1, String(value ?? '0'))],
  [specialDefinitions.intOrString, writeIntOrString],
  [specialDefinitions.rawExtension, writeRaw],
  [specialDefinitions.fieldsV1, writeRaw],
  [specialDefinitions.json, writeRaw],
  [jsonSchemaDefinitions.orArray, (value, schema) => writeSchemaOr(schema, value, () => writeSchemas(schema, value as unknown[]))],
  [jsonSchemaDefinitions.orStringArray, (value, schema) => writeSchemaOr(schema, value, () => writeTexts(value as unknown[]))],
  [jsonSchemaDefinitions.orBool, writeSchemaOrBool],
]);

/** Whole seconds alone count for a Time (metav1.Time.ProtoTime), and microseconds for a MicroTime. */
function writeTime(value: unknown, nanoseconds: (text: string) => number): void {
  const ms = parseTime(value as string | undefined);
  if (ms === undefined) return;
  writer.int(2, nanoseconds(String(value)));
  writer.int(1, Math.floor(ms / 1000));
}

function microseconds(text: string): number {
  const fraction = /\.(\d{1,6})/.exec(text)?.[1] ?? '';
  return Number(fraction.padEnd(6, '0')) * 1000;
}

function writeIntOrString(value: unknown): void {
  writer.text(3, typeof value === 'string' ? value : '');
  writer.int(2, typeof value === 'number' ? wholeNumber(value) : 0);
  writer.int(1, typeof value === 'string' ? 1 : 0);
}

function writeRaw(value: unknown): void {
  if (value !== undefined && value !== null) writer.text(1, JSON.stringify(value));
}

function writeSchemaOr(schema: ProtobufSchema, value: unknown, list: () => void): void {
  if (Array.isArray(value)) list();
  else if (value !== undefined && value !== null) writeSchema(schema, value, 1);
}

function writeSchemaOrBool(value: unknown, schema: ProtobufSchema): void {
  if (typeof value === 'object' && value !== null) writeSchema(schema, value, 2);
  writer.int(1, value === true || typeof value === 'object' ? 1 : 0);
}

function writeSchemas(schema: ProtobufSchema, value: readonly unknown[]): void {
  for (let index = value.length - 1; index >= 0; index--) writeSchema(schema, value[index], 2);
}

function writeTexts(value: readonly unknown[]): void {
  for (let index = value.length - 1; index >= 0; index--) writer.text(2, String(value[index]));
}

function writeSchema(schema: ProtobufSchema, value: unknown, number: number): void {
  const before = writer.written;
  writeMessage(schema, schema.message(jsonSchemaDefinitions.props) as ProtobufMessage, value);
  writer.close(number, before);
}
