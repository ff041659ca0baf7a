import { boolYaml11Tag, floatYaml11Tag, intYaml11Tag, loadAll, mapTag, mergeTag, nullYaml11Tag, Schema, seqTag, strTag, YAMLException } from 'js-yaml';
import { countKeys } from '../deep.ts';
import { badRequest, tooLarge } from '../status-error.ts';
import { mayRepeatKeys } from './duplicate-keys.ts';
import { decodeUtf8, JsonSyntaxError, nestingMax, parseJson } from './json.ts';

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
 * Parses the first YAML document of a body (JSON is YAML too) into JSON data. As upstream, it does not look at what follows.
 * @throws StatusError 400 for broken YAML and repeated keys, 413 above 3 MiB
 */
export function parseYaml(body: Uint8Array | string, options: YamlOptions = {}): unknown {
  const text = typeof body === 'string' ? body : decodeUtf8(body);
  if (text.length > bytesMax) throw tooLarge(`limit is ${bytesMax}`);
  const json = plainJson(text);
  if (json && (options.lastKeyWins || !mayRepeatKeys(text, countKeys(json)))) return json;
  const [document] = loadDocuments(firstDocument(text), options);
  return toJson(document ?? null, { nodes: 0, nesting: 0, text });
}

/** The text up to the mark that ends its first document. At the start of a line these marks are never content. */
function firstDocument(text: string): string {
  let isBegun = false;
  for (const { 0: mark, index } of text.matchAll(/^(?:---|\.\.\.)(?=\s|$)/gm)) {
    if (isBegun || mark !== '---' || !isPreamble(text.slice(0, index))) return text.slice(0, index);
    isBegun = true;
  }
  return text;
}

/** Comments and directives may stand in front of a document. */
function isPreamble(text: string): boolean {
  return text.split('\n').every((line) => /^\s*(?:[#%]|$)/.test(line));
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
  const json = plainJson(text);
  if (json && !mayRepeatKeys(text, countKeys(json))) return [];
  try {
    loadAll(firstDocument(text), { schema: kubernetesYaml, maxDepth: nestingMax });
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

/** Printable texts without escapes and tabs, which JSON and YAML read alike. */
const plainText = /^\{[\x20-\x5b\x5d-\x7e\n\r\u00a0-\u2027\u202a-\ud7ff]*$/;
/** What the two do not read alike: numbers with an exponent, of many digits or of a negative zero, merge keys, a colon far from its key, long keys. */
const readOtherwise = /[:,[\s]-?(?:0\.?\d*[eE]|[1-9]\d*(?:\.\d+)?[eE]|\d{16})|[:,[\s]-0|"<<"|"\s+:|"[^"]{1000,}"\s*:/;
/** Larger documents may have more parts than YAML's limit. */
const plainLengthMax = 500_000;

/** The value of a text that is JSON, and means the same as YAML: what most clients send who say YAML. Undefined for other texts. */
function plainJson(text: string): object | undefined {
  if (text.charCodeAt(0) !== 0x7b || text.length > plainLengthMax || !plainText.test(text) || readOtherwise.test(text)) return undefined;
  try {
    return parseJson(text) as object;
  } catch (error) {
    if (error instanceof JsonSyntaxError) return undefined; // YAML says what is wrong with it, if anything is.
    throw error;
  }
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
