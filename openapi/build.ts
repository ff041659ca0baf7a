/** Builds generated/ from the pinned packages and openapi/facts: see README.md beside this file. */
import { createHash } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { GroupVersion } from '../src/machinery/types.ts';
import type { Spacing } from './descriptions.ts';
import { fillDescriptions, listValues, returnTypeTexts, spaceDescriptions, spaceParameters } from './descriptions.ts';
import { buildV2, buildV3, closure, references } from './documents.ts';
import { encodeOpenApiV2 } from './gnostic.ts';
import { addKinds, kindsOfPaths, servedOperations, servedVersions } from './kinds.ts';
import { type Draft, type Facts, readDefinitions, specialDefinitionNodes } from './models.ts';
import { readOperations } from './operations.ts';
import { listResources } from './resources.ts';
import { generateTypes } from './types.ts';

const version = 'v1.33.0';
/** As the documents say it: of all releases of a minor version the same. */
const documentVersion = '1.33';
const root = process.env.PAPERKUBE_ROOT ?? join(dirname(fileURLToPath(import.meta.url)), '..');
const source = join(root, 'node_modules/k8s-api-1.33/dist/gen');
const out = join(root, 'generated/schema');

/** What is for readers of the documents alone: validation has messages of its own for values that a field does not take. */
const forReaders = new Set(['description', 'enum', 'x-kubernetes-unions']);

const readFacts = (name: string): unknown => JSON.parse(readFileSync(join(root, 'openapi/facts', `${name}.json`), 'utf8'));
const write = (name: string, content: string | Uint8Array): void => writeFileSync(join(out, name), content);

mkdirSync(join(root, 'generated/types'), { recursive: true });
writeFileSync(join(root, 'generated/types/index.ts'), generateTypes(join(source, 'models')));
// As text, which costs nothing until somebody needs it.
const podTemplate = JSON.stringify(JSON.stringify(readFacts('pod-template')));
writeFileSync(join(root, 'generated/types/pod-template.ts'), `export const podTemplateTypes: string = ${podTemplate};\n`);

const facts = { definitions: readFacts('definitions'), fields: readFacts('fields'), structs: readFacts('structs'), unions: readFacts('unions') } as Facts;
const spacing = readFacts('spacing') as Record<string, Record<string, Spacing>>;
const operations = spaceParameters(servedOperations(readOperations(source)), spacing.parameters ?? {});
const all = readDefinitions(join(source, 'models'), facts);
addKinds(all, servedVersions(operations), readFacts('group-versions') as GroupVersion[]);
returnTypeTexts(all);
fillDescriptions(all, join(root, 'node_modules'));
spaceDescriptions(all, spacing);
listValues(all);
const definitions = servedDefinitions(all);
const definitionOf = (model: string): string | undefined => facts.definitions[model];
const kinds = kindsOfPaths(operations, definitionOf, definitions);
const zeroes = readFacts('zeroes') as Record<string, string[]>;
const sources = { definitions, operations, kinds, definitionOf, zeroes, version: documentVersion };

mkdirSync(join(out, 'openapi-v3'), { recursive: true });
write('defs.json', JSON.stringify({ version, definitions: leanNode(definitions) }));
write('resources.json', JSON.stringify(listResources(operations, kinds), undefined, 1));
write('protobuf.json', JSON.stringify({ messages: protobufMessages() }));
write('openapi-v2.json', JSON.stringify(buildV2(sources)));
write('openapi-v2.pb', encodeOpenApiV2(buildV2(sources, true)));
writeV3();

/** What a kind of a served version is or leads to; alpha and beta versions drop out. */
function servedDefinitions(every: Record<string, Draft>): Record<string, Draft> {
  const kindNames = Object.keys(every).filter((name) => every[name]?.['x-kubernetes-group-version-kind']);
  const mentioned = operations.flatMap((one) => [one.body, one.response]).map((model) => facts.definitions[model ?? ''] ?? '');
  const names = closure([...kindNames, ...mentioned, ...Object.keys(specialDefinitionNodes)], every);
  return Object.fromEntries(names.map((name) => [name, every[name] as Draft]));
}

function leanNode(value: unknown, isPropertyMap = false): unknown {
  if (Array.isArray(value)) return value.map((item) => leanNode(item));
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value).filter(([key]) => isPropertyMap || !forReaders.has(key));
  return Object.fromEntries(entries.map(([key, child]) => [key, leanNode(child, key === 'properties' && !isPropertyMap)]));
}

/** Messages of served versions, with the names that JSON uses. */
function protobufMessages(): Record<string, string[]> {
  const messages = { ...(readFacts('protobuf-extra') as Record<string, string[]>), ...(readFacts('protobuf') as Record<string, string[]>) };
  const kept: Record<string, string[]> = {};
  for (const name of Object.keys(messages).sort()) {
    const stable = /\.v\d+\.\w+$/.test(name) || !/\.v\d\w+\.\w+$/.test(name);
    const served = stable || name.startsWith('io.k8s.api.apidiscovery.v2beta1.');
    // Go types are of no use at run time.
    if (served) kept[name] = (messages[name] as string[]).map((field) => jsonNamed(name, field.replace(/ go:\S+/, '')));
  }
  return kept;
}

/** Adds what only the definitions know: the name in JSON, whether it is always written there, and whether it is inlined. */
function jsonNamed(message: string, field: string): string {
  const definition = definitions[message];
  const [number, name = '', type = '', ...flags] = field.split(' ');
  const properties = Object.keys(definition?.properties ?? {});
  if (properties.length === 0) return field;
  const jsonName = properties.includes(name) ? name : properties.find((one) => one.toLowerCase() === name.toLowerCase());
  if (jsonName === undefined && type.startsWith('io.k8s.')) return [number, name, type, ...flags, 'embedded'].join(' ');
  const required = jsonName !== undefined && (definition?.required as string[] | undefined)?.includes(jsonName);
  return [number, jsonName ?? name, type, ...flags, ...(required ? ['required'] : [])].join(' ');
}

function writeV3(): void {
  const index: Record<string, { file: string; hash: string }> = {};
  for (const [path, document] of Object.entries(buildV3(sources))) {
    const text = JSON.stringify(document);
    const file = `${path.replaceAll('/', '__')}.json`;
    writeFileSync(join(out, 'openapi-v3', file), text);
    index[path] = { file, hash: createHash('sha512').update(text).digest('hex').toUpperCase() };
  }
  writeFileSync(join(out, 'openapi-v3/index.json'), JSON.stringify(index, undefined, 1));
  const kept = new Set(['index.json', ...Object.values(index).map((one) => one.file)]);
  for (const file of readdirSync(join(out, 'openapi-v3'))) if (!kept.has(file)) rmSync(join(out, 'openapi-v3', file));
}

const missing = references(definitions).filter((name) => !(name in definitions));
if (missing.length > 0) throw new Error(`definitions refer to unknown ones: ${missing.join(', ')}`);
