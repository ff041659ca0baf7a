/**
 * Encodes an OpenAPI v2 document in the protobuf form that kubectl up to 1.28 insists on: message `openapi.v2.Document`
 * of the gnostic project. Only the fields our documents use are here.
 */
import { WireWriter } from '../src/machinery/codec/wire.ts';

type Json = Record<string, unknown>;
type Encode = (value: never) => Uint8Array;

/** Field number and how to write it: `text`, `texts`, `bool`, or a message. */
type Field = [number, 'text' | 'texts' | 'bool' | Encode];

/** Describes a message by the JSON names of its fields; extensions (`x-…`) go to the given number. */
function message(fields: Record<string, Field>, extensionField?: number): (value: Json) => Uint8Array {
  return (value) => {
    const writer = new WireWriter();
    for (const [key, [number, how]] of Object.entries(fields)) {
      const item = value[key];
      if (item === undefined) continue;
      if (how === 'text') writer.text(number, String(item));
      else if (how === 'texts') for (const one of item as string[]) writer.text(number, one);
      else if (how === 'bool') writer.int(number, item ? 1 : 0);
      else writer.part(number, how(item as never));
    }
    if (extensionField) for (const key of Object.keys(value)) if (key.startsWith('x-')) writer.part(extensionField, namedAny(key, value[key]));
    return writer.finish();
  };
}

/** Extensions travel as YAML text, which JSON is. */
function namedAny(name: string, value: unknown): Uint8Array {
  const any = new WireWriter();
  any.text(2, `${JSON.stringify(value)}\n`);
  return named(name, any.finish());
}

function named(name: string, value: Uint8Array): Uint8Array {
  const writer = new WireWriter();
  writer.text(1, name);
  writer.part(2, value);
  return writer.finish();
}

/** A message that only wraps others, each under the same number. */
function wrap(number: number, items: readonly Uint8Array[]): Uint8Array {
  const writer = new WireWriter();
  for (const item of items) writer.part(number, item);
  return writer.finish();
}

const namedItems = (number: number, encode: (value: Json) => Uint8Array) => (map: Json) =>
  wrap(
    number,
    Object.keys(map).map((name) => named(name, encode(map[name] as Json))),
  );

const anyMessage: Encode = (value: unknown) => {
  const writer = new WireWriter();
  writer.text(2, `${JSON.stringify(value)}\n`);
  return writer.finish();
};

const typeItem: Encode = (type: string) => {
  const writer = new WireWriter();
  writer.text(1, type);
  return writer.finish();
};

const schema: (value: Json) => Uint8Array = message(
  {
    $ref: [1, 'text'],
    format: [2, 'text'],
    description: [4, 'text'],
    default: [5, anyMessage],
    required: [19, 'texts'],
    additionalProperties: [21, (value: Json | boolean) => additional(value)],
    type: [22, typeItem],
    items: [23, (value: Json) => wrap(1, [schema(value)])],
    properties: [25, (value: Json) => namedItems(1, schema)(value)],
  },
  31,
);

function additional(value: Json | boolean): Uint8Array {
  if (typeof value !== 'boolean') return wrap(1, [schema(value)]);
  const writer = new WireWriter();
  writer.int(2, value ? 1 : 0);
  return writer.finish();
}

const bodyParameter = message({ description: [1, 'text'], name: [2, 'text'], in: [3, 'text'], required: [4, 'bool'], schema: [5, schema] });
const queryParameter = message({ required: [1, 'bool'], in: [2, 'text'], description: [3, 'text'], name: [4, 'text'], type: [6, 'text'] });
const pathParameter = message({ required: [1, 'bool'], in: [2, 'text'], description: [3, 'text'], name: [4, 'text'], type: [5, 'text'] });

/** ParametersItem > Parameter > BodyParameter, or NonBodyParameter > one of four. */
function parameterItem(value: Json): Uint8Array {
  if (value.in === 'body') return wrap(1, [wrap(1, [bodyParameter(value)])]);
  const inner = value.in === 'path' ? wrap(4, [pathParameter(value)]) : wrap(3, [queryParameter(value)]);
  return wrap(1, [wrap(2, [inner])]);
}

const response = message({ description: [1, 'text'], schema: [2, (value: Json) => wrap(1, [schema(value)])] });

/** Repeated messages stand in the parent itself, so they are written by hand. */
function operation(value: Json): Uint8Array {
  const head = message({ tags: [1, 'texts'], description: [3, 'text'], operationId: [5, 'text'], produces: [6, 'texts'], consumes: [7, 'texts'] }, 13)(value);
  const responses = namedItems(1, (one) => wrap(1, [response(one)]))(value.responses as Json);
  return concat([head, wrap(8, ((value.parameters ?? []) as Json[]).map(parameterItem)), wrap(9, [responses])]);
}

function pathItem(value: Json): Uint8Array {
  const head = message({
    get: [2, operation],
    put: [3, operation],
    post: [4, operation],
    delete: [5, operation],
    options: [6, operation],
    head: [7, operation],
    patch: [8, operation],
  })(value);
  return concat([head, wrap(9, ((value.parameters ?? []) as Json[]).map(parameterItem))]);
}

const document = message({
  swagger: [1, 'text'],
  info: [2, message({ title: [1, 'text'], version: [2, 'text'] })],
  paths: [8, namedItems(2, pathItem)],
  definitions: [9, namedItems(1, schema)],
});

/**
 * The bytes of a v2 document. Protobuf merges messages that stand one behind the other, so the API server can add custom
 * resources by appending another document of only paths and definitions.
 */
export function encodeOpenApiV2(value: Record<string, unknown>): Uint8Array {
  return document(value);
}

function concat(parts: readonly Uint8Array[]): Uint8Array {
  return Buffer.concat(parts);
}
