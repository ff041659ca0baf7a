import { specialDefinitions } from '../schema/schema.ts';
import { notAcceptable } from '../status-error.ts';
import { parseTime } from '../time.ts';
import { isVarint, protobufPrefix } from './protobuf.ts';
import type { ProtobufField, ProtobufMessage, ProtobufSchema } from './protobuf-schema.ts';
import { WireWriter } from './wire.ts';

type Json = Record<string, unknown>;

/**
 * Encodes an object as an `application/vnd.kubernetes.protobuf` body, zero values of plain fields included, as Go does.
 * @throws StatusError 406 if the schema has no message for the object's kind (custom resources have none)
 */
export function encodeProtobuf(schema: ProtobufSchema, object: { apiVersion?: string; kind?: string }): Uint8Array {
  const { apiVersion = '', kind = '' } = object;
  const message = schema.messageFor(apiVersion, kind);
  if (!message) throw notAcceptable(`${apiVersion} ${kind} has no protobuf form`);
  const typeMeta = new WireWriter();
  typeMeta.text(1, apiVersion);
  typeMeta.text(2, kind);
  const unknown = new WireWriter();
  unknown.part(1, typeMeta.finish());
  unknown.part(2, encodeMessage(schema, message, object));
  unknown.text(3, '');
  unknown.text(4, '');
  const body = unknown.finish();
  const out = new Uint8Array(protobufPrefix.length + body.length);
  out.set(protobufPrefix);
  out.set(body, protobufPrefix.length);
  return out;
}

function encodeMessage(schema: ProtobufSchema, message: ProtobufMessage, value: unknown): Uint8Array {
  const special = specialEncoders[message.name];
  if (special) return special(value);
  const map = (message.bareList ? { items: value } : (value ?? {})) as Json;
  const writer = new WireWriter();
  for (const field of message.fields.toSorted((a, b) => a.number - b.number)) {
    encodeField(schema, field, field.embedded ? map : map[field.name], writer);
  }
  return writer.finish();
}

function encodeField(schema: ProtobufSchema, field: ProtobufField, value: unknown, writer: WireWriter): void {
  if (field.map) {
    for (const key of Object.keys((value ?? {}) as Json).sort()) {
      const entry = new WireWriter();
      entry.text(1, key);
      encodeValue(schema, { ...field, number: 2 }, (value as Json)[key], entry);
      writer.part(field.number, entry.finish());
    }
  } else if (field.repeated) {
    for (const item of (value ?? []) as unknown[]) encodeValue(schema, field, item, writer);
  } else if (value !== undefined && value !== null) encodeValue(schema, field, value, writer);
  else if (field.value) encodeValue(schema, field, zeroOf(field.type), writer);
}

function encodeValue(schema: ProtobufSchema, field: ProtobufField, value: unknown, writer: WireWriter): void {
  if (field.type === 'string') writer.text(field.number, String(value ?? ''));
  else if (field.type === 'bytes') writer.part(field.number, Buffer.from(String(value ?? ''), 'base64'));
  else if (field.type === 'double') writer.double(field.number, Number(value));
  else if (isVarint(field.type)) writer.int(field.number, typeof value === 'boolean' ? Number(value) : BigInt(Math.trunc(Number(value ?? 0))));
  else {
    const message = schema.message(field.type);
    if (message) writer.part(field.number, encodeMessage(schema, message, value));
  }
}

function zeroOf(type: string): unknown {
  if (type === 'string' || type === 'bytes') return '';
  return isVarint(type) || type === 'double' ? 0 : undefined;
}

const specialEncoders: Record<string, (value: unknown) => Uint8Array> = {
  [specialDefinitions.time]: encodeTime,
  [specialDefinitions.microTime]: encodeTime,
  [specialDefinitions.quantity]: (value) => textMessage(String(value ?? '0')),
  [specialDefinitions.intOrString]: encodeIntOrString,
  [specialDefinitions.rawExtension]: encodeRaw,
  [specialDefinitions.fieldsV1]: encodeRaw,
};

function encodeTime(value: unknown): Uint8Array {
  const ms = parseTime(value as string | undefined);
  const writer = new WireWriter();
  if (ms === undefined) return writer.finish();
  const fraction = /\.(\d{1,9})/.exec(String(value))?.[1] ?? '';
  writer.int(1, BigInt(Math.floor(ms / 1000)));
  writer.int(2, Number(fraction.padEnd(9, '0')));
  return writer.finish();
}

function encodeIntOrString(value: unknown): Uint8Array {
  const writer = new WireWriter();
  writer.int(1, typeof value === 'string' ? 1 : 0);
  writer.int(2, typeof value === 'number' ? BigInt(value) : 0);
  writer.text(3, typeof value === 'string' ? value : '');
  return writer.finish();
}

function textMessage(text: string): Uint8Array {
  const writer = new WireWriter();
  writer.text(1, text);
  return writer.finish();
}

function encodeRaw(value: unknown): Uint8Array {
  return value === undefined || value === null ? new Uint8Array() : textMessage(JSON.stringify(value));
}
