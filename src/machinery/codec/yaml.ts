import { boolYaml11Tag, floatYaml11Tag, intYaml11Tag, loadAll, mapTag, mergeTag, nullYaml11Tag, Schema, seqTag, strTag, YAMLException } from 'js-yaml';
import { badRequest, tooLarge } from '../status-error.ts';
import { decodeUtf8, nestingMax } from './json.ts';

/** The largest request body, as the API server has it. */
const bytesMax = 3 * 1024 * 1024;
/** The largest number of nodes aliases may blow a document up to. */
const nodesMax = 1_000_000;

/** YAML as Go's library reads it: 1.1 booleans and numbers (`on`, `010`), merge keys, but dates stay text. */
const kubernetesYaml = new Schema([strTag, seqTag, mapTag, nullYaml11Tag, boolYaml11Tag, intYaml11Tag, floatYaml11Tag, mergeTag]);

export interface YamlOptions {
  /** Of repeated keys the last one counts, as with fieldValidation Ignore and Warn; otherwise they are errors. */
  readonly lastKeyWins?: boolean;
}

/**
 * Parses one YAML document (JSON is YAML too) into JSON data.
 * @throws StatusError 400 for broken YAML, repeated keys and several documents, 413 above 3 MiB
 */
export function parseYaml(body: Uint8Array | string, options: YamlOptions = {}): unknown {
  const text = typeof body === 'string' ? body : decodeUtf8(body);
  if (text.length > bytesMax) throw tooLarge(`limit is ${bytesMax}`);
  const documents = loadDocuments(text, options);
  if (documents.length > 1) throw badRequest('error converting YAML to JSON: the body holds more than one YAML document');
  return toJson(documents[0] ?? null, { nodes: 0, nesting: 0, text });
}

/** All documents of a stream, such as a manifest file with `---` lines; empty ones are left out. */
export function parseYamlDocuments(text: string): unknown[] {
  return loadDocuments(text, {})
    .map((one) => toJson(one, { nodes: 0, nesting: 0, text }))
    .filter((one) => one !== null);
}

/**
 * What a strict decoder says of repeated keys in a YAML body; empty if there are none.
 * Differs from upstream: only the first one is named.
 */
export function findDuplicateYamlKeys(text: string): string[] {
  try {
    loadAll(text, { schema: kubernetesYaml, maxDepth: nestingMax });
    return [];
  } catch (error) {
    if (!(error instanceof YAMLException) || error.reason !== repeatedKey) return [];
    const line = (error.mark?.line ?? 0) + 1;
    return [`yaml: unmarshal errors:\n  line ${line}: ${alreadySet(text, line)}`];
  }
}

const repeatedKey = 'duplicated mapping key';

function alreadySet(text: string, line: number): string {
  const key = /^[\s-]*(?:"([^"]*)"|'([^']*)'|([^\s:{}]+)) *:/.exec(text.split('\n')[line - 1] ?? '');
  return `key ${JSON.stringify(key?.[1] ?? key?.[2] ?? key?.[3] ?? '')} already set in map`;
}

function loadDocuments(text: string, { lastKeyWins = false }: YamlOptions): unknown[] {
  try {
    return loadAll(text, { schema: kubernetesYaml, json: lastKeyWins, maxDepth: nestingMax });
  } catch (error) {
    if (error instanceof YAMLException) throw badRequest(`error converting YAML to JSON: yaml: ${describe(text, error)}`);
    throw error;
  }
}

function describe(text: string, error: YAMLException): string {
  const line = (error.mark?.line ?? 0) + 1;
  if (error.reason === repeatedKey) return `unmarshal errors:\n  line ${line}: ${alreadySet(text, line)}`;
  return `${error.mark ? `line ${line}: ` : ''}${error.reason}`;
}

/** How far the copying of one document has come. */
interface Copying {
  nodes: number;
  nesting: number;
  readonly text: string;
}

/** JSON has no infinities and only text keys. Aliases become copies, so their number and depth are limited here. */
function toJson(value: unknown, copying: Copying): unknown {
  if (++copying.nodes > nodesMax) throw badRequest('error converting YAML to JSON: yaml: document contains excessive aliasing');
  if (typeof value === 'number' && !Number.isFinite(value)) throw badRequest(`json: unsupported value: ${value}`);
  if (typeof value !== 'object' || value === null) return value;
  // The parser has limited what is written out, so only an alias within its own anchor can lead deeper.
  if (++copying.nesting > nestingMax) throw badRequest(`error converting YAML to JSON: yaml: anchor '${selfReference(copying.text)}' value contains itself`);
  const copy = Array.isArray(value)
    ? value.map((item) => toJson(item, copying))
    : Object.fromEntries(Object.entries(value).map(([key, item]) => [key, toJson(item, copying)]));
  copying.nesting--;
  return copy;
}

/** The name of the first alias: among the few documents that refer to themselves, nearly all have just one. */
function selfReference(text: string): string {
  return /(?:^|[\s,[{:])\*([^\s,\]}]+)/.exec(text)?.[1] ?? '';
}
