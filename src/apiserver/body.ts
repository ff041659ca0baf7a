import type { ProtobufSchema } from '../machinery/codec/index.ts';
import {
  decodeProtobuf,
  decodeUtf8,
  findDuplicateKeys,
  findDuplicateYamlKeys,
  JsonSyntaxError,
  parseJson,
  parseYaml,
  unrecognizedBody,
} from '../machinery/codec/index.ts';
import { clone } from '../machinery/deep.ts';
import type { RequestBody } from '../machinery/handler.ts';
import type { Schema } from '../machinery/schema/index.ts';
import { dropNulls, findTypeError, findUnknownFields, pruneUnknownFields } from '../machinery/schema/index.ts';
import { badRequest, failure, tooLarge, unsupportedMediaType } from '../machinery/status-error.ts';
import type { GroupVersionKind, KubeObject } from '../machinery/types.ts';
import { formatGroupVersion, parseGroupVersion } from '../machinery/types.ts';
import type { FieldValidation } from './request-options.ts';

/** The largest body of a request, in bytes. */
export const bodyMaxBytes = 3 * 1024 * 1024;

const scheme = 'k8s.io/kubernetes/pkg/api/legacyscheme/scheme.go:30';
const mediaTypes = 'application/json, application/yaml, application/vnd.kubernetes.protobuf';

export interface BodyReader {
  readonly schema: Schema;
  /** Read when the first protobuf body arrives. */
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
  if (body?.kind === 'object') return typedCopy(body.object, request.kind);
  const { data, repeated } = decodeData(reader, body, request.kind.kind, request.fieldValidation !== 'Ignore');
  const object = data as KubeObject;
  checkType(reader.schema, object, request.kind);
  const typeError = findTypeError(reader.schema, request.kind, object);
  if (typeError) throw badRequest(`${cannotBeHandled(request.kind, request.kind)}: ${typeError}`);
  const unknown = findUnknownFields(reader.schema, request.kind, object);
  if (unknown.length + repeated.length > 0) {
    const strict = [...repeated, ...unknown];
    if (request.fieldValidation === 'Strict') throw badRequest(`${cannotBeHandled(request.kind, request.kind)}: strict decoding error: ${strict.join(', ')}`);
    if (request.fieldValidation === 'Warn') for (const text of strict.flatMap(yamlWarnings)) request.warn(text);
  }
  const known = unknown.length > 0 ? pruneUnknownFields(reader.schema, request.kind, object) : object;
  return dropNulls(reader.schema, request.kind, known);
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
  const object = given as KubeObject;
  const copy = isFrozenAnywhere(object) ? clone(object) : object;
  if (copy.kind && copy.kind !== kind.kind) throw badRequest(`${copy.kind} in version "${copy.apiVersion ?? ''}" cannot be handled as a ${kind.kind}`);
  copy.kind = kind.kind;
  copy.apiVersion = formatGroupVersion(kind);
  return copy;
}

/** Whether any part may not be written to; sets of fields are never written to. */
function isFrozenAnywhere(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return false;
  if (Object.isFrozen(value)) return true;
  for (const key in value) if (key !== 'fieldsV1' && isFrozenAnywhere((value as Record<string, unknown>)[key])) return true;
  return false;
}

interface Decoded {
  readonly data: unknown;
  /** Keys that the text repeats within one object. */
  readonly repeated: readonly string[];
}

function decodeData(reader: BodyReader, body: RequestBody | undefined, kind: string, findRepeated: boolean): Decoded {
  const bytes = body?.kind === 'bytes' ? body.bytes : new Uint8Array();
  if (bytes.length > bodyMaxBytes) throw tooLarge(`limit is ${bodyMaxBytes}`);
  switch (mediaTypeOf(body?.kind === 'bytes' ? body.contentType : undefined)) {
    case 'application/json': {
      const text = decodeUtf8(bytes);
      const data = readJson(text, kind);
      return { data, repeated: findRepeated && !isCanonical(data, text) ? findDuplicateKeys(text) : [] };
    }
    case 'application/yaml': {
      // Of repeated keys the last one counts even where strict decoding refuses them afterwards: other mistakes come first.
      const text = decodeUtf8(bytes);
      const data = requireObject(parseYaml(text, { lastKeyWins: true }), kind, text);
      return { data, repeated: findRepeated ? findDuplicateYamlKeys(text) : [] };
    }
    case 'application/vnd.kubernetes.protobuf':
      return { data: decodeProtobuf(reader.protobufSchema(), bytes).object, repeated: [] };
    default:
      throw unsupportedMediaType(`the body of the request was in an unknown format - accepted media types include: ${mediaTypes}`);
  }
}

/** Whether a text is what its own value is written as, as most programs send it: then no key stands in it twice. */
function isCanonical(data: unknown, text: string): boolean {
  return JSON.stringify(data) === (text.endsWith('\n') ? text.slice(0, -1) : text);
}

function readJson(text: string, kind: string): unknown {
  try {
    return requireObject(parseJson(text), kind, text);
  } catch (error) {
    if (error instanceof JsonSyntaxError) throw unrecognizedBody(kind, error.message, text);
    throw error;
  }
}

const goNames: Readonly<Record<string, string>> = { string: 'string', number: 'number', boolean: 'bool' };
const typeMetaStruct = 'struct { APIVersion string "json:\\"apiVersion,omitempty\\""; Kind string "json:\\"kind,omitempty\\"" }';

function requireObject(data: unknown, kind: string, text: string): unknown {
  if (typeof data === 'object' && data !== null && !Array.isArray(data)) return data;
  if (data === null) return {};
  const found = Array.isArray(data) ? 'array' : (goNames[typeof data] ?? typeof data);
  const shown = Buffer.from(text).toString('hex').slice(0, 2048);
  throw badRequest(
    `the object provided is unrecognized (must be of type ${kind}): couldn't get version/kind; json parse error: json: cannot unmarshal ${found} into Go value of type ${typeMetaStruct.replaceAll('\\\\', '\\')} (${shown})`,
  );
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
  if (!schema.definitionFor(given)) return { given, why: `no kind "${kind}" is registered for version "${apiVersion}" in scheme "${scheme}"` };
  if (kind === expected.kind) return undefined;
  return { given, why: `converting (${given.version}.${kind}) to (${internalPackage(expected.group)}.${expected.kind}): unknown conversion` };
}

function cannotBeHandled(given: GroupVersionKind, expected: GroupVersionKind): string {
  return `${given.kind} in version ${JSON.stringify(given.group && given.kind !== expected.kind ? formatGroupVersion(given) : given.version)} cannot be handled as a ${expected.kind}`;
}

/** The Go package of a group's internal types. */
function internalPackage(group: string): string {
  return group === '' ? 'core' : (group.split('.')[0] as string);
}

/** A body that is any JSON or YAML: patches, DeleteOptions. Undefined if there is none. */
export function decodeAny(reader: BodyReader, body: RequestBody | undefined): unknown {
  if (!body) return undefined;
  if (body.kind === 'object') return body.object;
  if (body.bytes.length === 0) return undefined;
  if (body.bytes.length > bodyMaxBytes) throw tooLarge(`limit is ${bodyMaxBytes}`);
  const media = mediaTypeOf(body.contentType);
  if (media === 'application/vnd.kubernetes.protobuf') return decodeProtobuf(reader.protobufSchema(), body.bytes).object;
  if (media.endsWith('yaml')) return parseYaml(body.bytes, { lastKeyWins: true });
  try {
    return parseJson(body.bytes);
  } catch (error) {
    if (error instanceof JsonSyntaxError) throw badRequest(error.message);
    throw error;
  }
}

/** The refusal of a DELETE body of another kind. */
export function notDeleteOptions(kind: string, apiVersion: string): Error {
  const metaScheme = 'k8s.io/apimachinery/pkg/apis/meta/internalversion/scheme/register.go:27';
  return failure(500, '', `no kind ${JSON.stringify(kind)} is registered for version ${JSON.stringify(apiVersion)} in scheme "${metaScheme}"`);
}
