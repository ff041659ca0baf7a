import type { ProtobufSchema } from '../machinery/codec/index.ts';
import {
  decodeProtobuf,
  decodeUtf8,
  findDuplicateKeys,
  findDuplicateYamlKeys,
  JsonSyntaxError,
  mayRepeatKeys,
  ProtobufError,
  parseJson,
  parseYaml,
} from '../machinery/codec/index.ts';
import { clone, countKeys } from '../machinery/deep.ts';
import { goJsonKind } from '../machinery/go-syntax.ts';
import type { RequestBody } from '../machinery/handler.ts';
import type { Schema } from '../machinery/schema/index.ts';
import { dropNulls, findTypeError, findUnknownFields, goValues, keysIfFitting, pruneUnknownFields } from '../machinery/schema/index.ts';
import { badRequest, failure, tooLarge, unsupportedMediaType } from '../machinery/status-error.ts';
import type { GroupVersionKind, KubeObject } from '../machinery/types.ts';
import { formatGroupVersion, parseGroupVersion } from '../machinery/types.ts';
import { allMediaTypes } from './negotiation.ts';
import type { FieldValidation } from './request-options.ts';

/** The largest body of a request, in bytes. */
export const bodyMaxBytes = 3 * 1024 * 1024;

const legacyScheme = 'k8s.io/kubernetes/pkg/api/legacyscheme/scheme.go:30';
/** Groups that upstream serves from servers of their own, which know no kinds but theirs. */
const ownSchemes: ReadonlyMap<string, string> = new Map([
  ['apiextensions.k8s.io', 'k8s.io/apiextensions-apiserver/pkg/apiserver/apiserver.go:55'],
  ['apiregistration.k8s.io', 'k8s.io/kube-aggregator/pkg/apiserver/scheme/scheme.go:28'],
]);
const schemeOf = (group: string): string => ownSchemes.get(group) ?? legacyScheme;

export interface BodyReader {
  readonly schema: Schema;
  /** Read when the first body arrives: it says what Go has a pointer to. */
  protobufSchema(): ProtobufSchema;
}

export interface DecodeRequest {
  readonly kind: GroupVersionKind;
  readonly fieldValidation: FieldValidation;
  warn(text: string): void;
}

/** The media type of a body, without parameters. */
export function mediaTypeOf(contentType: string | undefined): string {
  if (!contentType) return 'application/json';
  const semicolon = contentType.indexOf(';');
  return (semicolon < 0 ? contentType : contentType.slice(0, semicolon)).trim().toLowerCase();
}

/**
 * Reads an object of one kind from a body: the kind and version must fit, unknown and repeated fields are dropped, told or
 * refused. Nulls are absent fields, as Go's decoder has it.
 * @throws StatusError 400, 413, 415
 */
export function decodeObject(reader: BodyReader, body: RequestBody | undefined, request: DecodeRequest): KubeObject {
  if (body?.kind === 'object') return asDecoded(reader, request.kind, typedCopy(body.object, request.kind), true);
  const { data, text } = decodeData(reader, body, request.kind);
  const keys = keysIfFitting(reader.schema, request.kind, data);
  const repeated = text === undefined || request.fieldValidation === 'Ignore' ? [] : repeatedKeys(data, text, keys);
  const object = data as KubeObject;
  checkType(reader.schema, object, request.kind);
  // Nearly all bodies have nothing wrong with them, and then nobody needs to look for what it is.
  if (keys >= 0 && repeated.length === 0) return asDecoded(reader, request.kind, object, true);
  const typeError = findTypeError(reader.schema, request.kind, object);
  if (typeError) throw badRequest(`${cannotBeHandled(request.kind, request.kind)}: ${typeError}`);
  const unknown = findUnknownFields(reader.schema, request.kind, object);
  if (unknown.length + repeated.length > 0) {
    const strict = [...repeated, ...unknown];
    if (request.fieldValidation === 'Strict') throw badRequest(`${cannotBeHandled(request.kind, request.kind)}: strict decoding error: ${strict.join(', ')}`);
    if (request.fieldValidation === 'Warn') for (const text of strict.flatMap(yamlWarnings)) request.warn(text);
  }
  const known = unknown.length > 0 ? pruneUnknownFields(reader.schema, request.kind, object) : object;
  return asDecoded(reader, request.kind, known);
}

/**
 * An object as Go's decoder leaves it: nulls are absent fields, and what is absent and what is empty are the same where Go knows
 * no difference. `fits` says that `keysIfFitting` has looked at it, so that there are no nulls. Parts of `sound` are such already.
 */
export function asDecoded<T>(reader: BodyReader, kind: GroupVersionKind, object: T, fits = false, sound?: unknown): T {
  return goValues(reader.protobufSchema(), kind, fits ? object : dropNulls(reader.schema, kind, object), sound);
}

/** What is wrong with a YAML text is told line by line, since a warning holds no newline (handlers/rest.go). */
function yamlWarnings(text: string): string[] {
  const prefix = 'yaml: unmarshal errors:\n';
  return text.startsWith(prefix)
    ? text
        .slice(prefix.length)
        .split('\n')
        .map((line) => line.trim())
    : [text];
}

/** Components in this process hand in what they may have read here before: frozen, shared, and of the right shape. */
function typedCopy(given: unknown, kind: GroupVersionKind): KubeObject {
  if (typeof given !== 'object' || given === null || Array.isArray(given)) throw badRequest('the body of the request is no object');
  const copy = clone(given as KubeObject);
  if (copy.kind && copy.kind !== kind.kind) throw badRequest(`${copy.kind} in version "${copy.apiVersion ?? ''}" cannot be handled as a ${kind.kind}`);
  copy.kind = kind.kind;
  copy.apiVersion = formatGroupVersion(kind);
  return copy;
}

interface Decoded {
  readonly data: unknown;
  /** What may repeat keys within one object; undefined for protobuf. */
  readonly text: { readonly content: string; readonly isYaml: boolean } | undefined;
}

function decodeData(reader: BodyReader, body: RequestBody | undefined, expected: GroupVersionKind): Decoded {
  const { kind } = expected;
  const bytes = body?.kind === 'bytes' ? body.bytes : new Uint8Array();
  if (bytes.length > bodyMaxBytes) throw tooLarge(`limit is ${bodyMaxBytes}`);
  const contentType = body?.kind === 'bytes' ? body.contentType : undefined;
  if (contentType?.includes(';') && !parameters.test(contentType)) throw unknownFormat();
  switch (mediaTypeOf(contentType)) {
    case 'application/json': {
      const content = decodeUtf8(bytes);
      return { data: readJson(content, kind), text: { content, isYaml: false } };
    }
    case 'application/yaml': {
      // Of repeated keys the last one counts even where strict decoding refuses them afterwards: other mistakes come first.
      const content = decodeUtf8(bytes);
      return { data: requireObject(parseYaml(content, { lastKeyWins: true }), kind, content), text: { content, isYaml: true } };
    }
    case 'application/vnd.kubernetes.protobuf':
      return { data: readProtobuf(reader, bytes, expected), text: undefined };
    default:
      throw unknownFormat();
  }
}

/** What Go's mime.ParseMediaType takes behind a media type. */
const parameters = /^[^;]*(?:;\s*[^\s;=",]+\s*=\s*(?:"(?:[^"\\]|\\.)*"|[^\s;=",]+)\s*)*(?:;\s*)?$/;

function unknownFormat(): Error {
  return unsupportedMediaType(`the body of the request was in an unknown format - accepted media types include: ${allMediaTypes.join(', ')}`);
}

function readProtobuf(reader: BodyReader, bytes: Uint8Array, expected: GroupVersionKind): unknown {
  try {
    return decodeProtobuf(reader.protobufSchema(), bytes, { apiVersion: formatGroupVersion(expected), kind: expected.kind }).object;
  } catch (error) {
    if (!(error instanceof ProtobufError)) throw error;
    const { type, message } = error;
    if (type) throw badRequest(`${cannotBeHandled({ ...parseGroupVersion(type.apiVersion), kind: type.kind }, expected)}: ${message}`);
    throw unrecognized(expected.kind, message, bytes);
  }
}

/** Bytes of a body that a refusal shows. */
const shownBytesMax = 30;

/** The 400 for a body that does not even say what it is (handlers/rest.go transformDecodeError): how it begins, in hexadecimal if it is no JSON object. */
function unrecognized(kind: string, why: string, body: Uint8Array): Error {
  const shown = Buffer.from(body.subarray(0, shownBytesMax));
  const summary = body.length === 0 ? '<empty>' : shown.toString(shown[0] === 0x7b ? 'utf8' : 'hex') + (body.length > shownBytesMax ? ' ...' : '');
  return badRequest(`the object provided is unrecognized (must be of type ${kind}): ${why} (${summary})`);
}

/** Keys that a text repeats within one object. `keys` is how many its value has, below 0 if that is not known. */
function repeatedKeys(data: unknown, { content, isYaml }: NonNullable<Decoded['text']>, keys: number): string[] {
  if (isYaml) return findDuplicateYamlKeys(content);
  if (!mayRepeatKeys(content, keys < 0 ? countKeys(data) : keys) || isCanonical(data, content)) return [];
  return findDuplicateKeys(content);
}

/** Whether a text is what its own value is written as, as most programs send it: then no key stands in it twice. */
function isCanonical(data: unknown, text: string): boolean {
  return JSON.stringify(data) === (text.endsWith('\n') ? text.slice(0, -1) : text);
}

function readJson(text: string, kind: string): unknown {
  try {
    return requireObject(parseJson(text), kind, text);
  } catch (error) {
    if (error instanceof JsonSyntaxError) throw unrecognized(kind, `${noType}${error.message}`, Buffer.from(text));
    throw error;
  }
}

const noType = "couldn't get version/kind; json parse error: ";
/** The Go type that every body is first read into, for messages. */
export const typeMetaStruct = 'struct { APIVersion string "json:\\"apiVersion,omitempty\\""; Kind string "json:\\"kind,omitempty\\"" }';

function requireObject(data: unknown, kind: string, text: string): unknown {
  if (typeof data === 'object' && data !== null && !Array.isArray(data)) return data;
  if (data === null) return {};
  throw unrecognized(kind, `${noType}json: cannot unmarshal ${goJsonKind(data)} into Go value of type ${typeMetaStruct}`, Buffer.from(text));
}

/** Kind and version of the body may be absent; what is there must be what the path says. */
function checkType(schema: Schema, object: KubeObject, expected: GroupVersionKind): void {
  const other = misfit(schema, object, expected);
  if (other) throw badRequest(`${cannotBeHandled(other.given, expected)}: ${other.why}`);
  const { apiVersion } = object;
  if (apiVersion === formatGroupVersion(expected)) return;
  throw badRequest(`the API version in the data (${apiVersion}) does not match the expected API version (${formatGroupVersion(expected)})`);
}

/**
 * Why an object is not of the kind that is wanted, in the words of Go's decoder; undefined if it is, in whichever version.
 * Fills kind and version where they are absent.
 */
export function misfit(schema: Schema, object: KubeObject, expected: GroupVersionKind): { given: GroupVersionKind; why: string } | undefined {
  const kind = (object.kind ||= expected.kind);
  const apiVersion = (object.apiVersion ||= formatGroupVersion(expected));
  if (kind === expected.kind && apiVersion === formatGroupVersion(expected)) return undefined;
  if (typeof kind !== 'string' || typeof apiVersion !== 'string') throw badRequest('the kind and apiVersion of the body must be strings');
  const given = { ...parseGroupVersion(apiVersion), kind };
  const scheme = schemeOf(expected.group);
  if (!schema.definitionFor(given) || schemeOf(given.group) !== scheme)
    return { given, why: `no kind "${kind}" is registered for version "${apiVersion}" in scheme "${scheme}"` };
  if (kind === expected.kind) return undefined;
  return { given, why: `converting (${given.version}.${kind}) to (${internalPackage(expected.group)}.${expected.kind}): unknown conversion` };
}

function cannotBeHandled(given: GroupVersionKind, expected: GroupVersionKind): string {
  return `${given.kind} in version ${JSON.stringify(given.version)} cannot be handled as a ${expected.kind}`;
}

/** The Go package of a group's internal types. */
export function internalPackage(group: string): string {
  return group === '' ? 'core' : (group.split('.')[0] as string);
}

/** A body that is any JSON, YAML or protobuf: patches, DeleteOptions. Undefined if there is none. @throws StatusError 400, 413, 415 */
export function decodeAny(reader: BodyReader, body: RequestBody | undefined, expected?: { readonly apiVersion: string; readonly kind: string }): unknown {
  if (!body) return undefined;
  if (body.kind === 'object') return body.object;
  if (body.bytes.length === 0) return undefined;
  if (body.bytes.length > bodyMaxBytes) throw tooLarge(`limit is ${bodyMaxBytes}`);
  const media = mediaTypeOf(body.contentType);
  try {
    if (media === 'application/vnd.kubernetes.protobuf') return decodeProtobuf(reader.protobufSchema(), body.bytes, expected).object;
    if (media.endsWith('yaml')) return parseYaml(body.bytes, { lastKeyWins: true });
    if (media.endsWith('json')) return parseJson(body.bytes);
  } catch (error) {
    // Of what is something else, that counts, and not what is wrong with it.
    if (error instanceof ProtobufError && error.type && expected && error.type.kind !== expected.kind) return error.type;
    if (error instanceof JsonSyntaxError || error instanceof ProtobufError) throw badRequest(error.message);
    throw error;
  }
  throw unknownFormat();
}

/** The refusal of a DELETE body of another kind. */
export function notDeleteOptions(kind: string, apiVersion: string): Error {
  const metaScheme = 'k8s.io/apimachinery/pkg/apis/meta/internalversion/scheme/register.go:27';
  return failure(500, '', `no kind ${JSON.stringify(kind)} is registered for version ${JSON.stringify(apiVersion)} in scheme "${metaScheme}"`);
}
