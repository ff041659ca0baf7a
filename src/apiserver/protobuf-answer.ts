import type { ProtobufSchema } from '../machinery/codec/index.ts';
import { encodeProtobuf, encodeProtobufPart, protobufBody, protobufListEnds } from '../machinery/codec/index.ts';
import type { BytePieces, ObjectBody } from '../machinery/handler.ts';
import { partialObjectMetadata } from '../machinery/table.ts';
import type { Served } from '../registry/generic/options.ts';
import { joinPieces } from './list-pieces.ts';
import { mediaTypes } from './negotiation.ts';
import type { ServedResource } from './served-resource.ts';

/** As what objects are shown, and where their bytes are kept. */
export interface ShownKind {
  readonly apiVersion: string;
  readonly kind: string;
  show(served: Served): unknown;
  /** Encoded objects: made when the first client asks for protobuf, and shared by all of them. */
  readonly parts: WeakMap<Served, Uint8Array>;
}

const wholeParts = new WeakMap<Served, Uint8Array>();
const partialParts = new WeakMap<Served, Uint8Array>();

/** Objects of a resource as they are; `served` is what the resource shows. */
export function wholeKind({ apiVersion, info }: ServedResource): ShownKind {
  return { apiVersion, kind: info.kind, show: (served) => served.object, parts: wholeParts };
}

/** Objects as PartialObjectMetadata, whose versions have the same bytes. */
export function partialKind(version: string): ShownKind {
  const show = (served: Served): unknown => partialObjectMetadata(served.object, version);
  return { apiVersion: `meta.k8s.io/${version}`, kind: 'PartialObjectMetadata', show, parts: partialParts };
}

/** Anything that says what it is: a Status, a discovery document, a review. @throws StatusError 406 if its kind has no protobuf form */
export function protobufDataBody(schema: ProtobufSchema, data: { readonly apiVersion?: string; readonly kind?: string }): ObjectBody {
  return bodyOf(() => data, encodeProtobuf(schema, data));
}

/** @throws StatusError 406 if the kind has no protobuf form */
export function protobufObjectBody(schema: ProtobufSchema, served: Served, as: ShownKind): ObjectBody {
  return bodyOf(() => as.show(served), protobufObject(schema, served, as));
}

/** The bytes of one object, its envelope included. @throws StatusError 406 */
export function protobufObject(schema: ProtobufSchema, served: Served, as: ShownKind): Uint8Array {
  return protobufBody(as.apiVersion, as.kind, partOf(schema, served, as));
}

/** A list, made of the bytes that are kept with its objects. @throws StatusError 406 */
export function protobufListBody(
  schema: ProtobufSchema,
  list: { readonly apiVersion: string; readonly kind: string; readonly metadata: object },
  items: readonly Served[],
  as: ShownKind,
): ObjectBody {
  const parts = items.map((item) => partOf(schema, item, as));
  const itemBytes = parts.reduce((sum, part) => sum + part.length, 0);
  const { head, tail } = protobufListEnds(schema, list, itemBytes);
  const pieces: BytePieces = {
    byteLength: head.length + itemBytes + tail.length,
    *[Symbol.iterator]() {
      yield head;
      yield* parts;
      yield tail;
    },
  };
  return {
    kind: 'object',
    object: () => ({ ...list, items: items.map((item) => as.show(item)) }),
    json: () => joinPieces(pieces),
    pieces: () => pieces,
    contentType: mediaTypes.protobuf,
  };
}

function partOf(schema: ProtobufSchema, served: Served, { apiVersion, kind, show, parts }: ShownKind): Uint8Array {
  let part = parts.get(served);
  if (!part) parts.set(served, (part = encodeProtobufPart(schema, show(served), apiVersion, kind)));
  return part;
}

function bodyOf(object: () => unknown, bytes: Uint8Array): ObjectBody {
  return { kind: 'object', object, json: () => bytes, contentType: mediaTypes.protobuf };
}
