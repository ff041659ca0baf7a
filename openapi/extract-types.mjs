/**
 * Development script: reads facts about the fields of API types out of Kubernetes' Go sources and writes
 * facts/definitions.json, facts/fields.json, facts/structs.json, facts/unions.json, facts/spacing.json, facts/zeroes.json,
 * facts/group-versions.json and facts/pod-template.json.
 * No text of the sources is kept.
 *
 *   node openapi/extract-types.mjs FOLDER
 *
 * FOLDER holds `k8s.io/api`, `k8s.io/apimachinery`, `k8s.io/apiextensions-apiserver` and `k8s.io/kube-aggregator`
 * of the release to be served, unpacked.
 */
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';

const here = dirname(fileURLToPath(import.meta.url));
const source = process.argv[2];
const roots = [
  'k8s.io/api',
  'k8s.io/apimachinery/pkg/apis/meta/v1',
  'k8s.io/apimachinery/pkg/version',
  'k8s.io/apimachinery/pkg/types',
  'k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1',
  'k8s.io/kube-aggregator/pkg/apis/apiregistration/v1',
];

/** Every declared type: Go path and name -> what the source says. */
const types = new Map();
/** Constants: Go path and name -> type and value, where the value may be the name of another one. */
const constants = new Map();

/** What OpenAPI's generator makes of a comment (kube-openapi pkg/generators generateDescription). */
function describe(comments) {
  let text = '';
  for (const comment of comments) {
    const line = comment.replace(/^\/\/ ?/, '').replace(/ +$/, '');
    if (line === '---') break;
    if (line === '') text = `${text.slice(0, -1)}\n\n`;
    else if (/^ *(TODO|\+)/.test(line) || /^\/\/[a-z]+:/.test(comment)) continue;
    else text = /^[ \t]/.test(line) ? `${text.slice(0, -1)}\n${line}\n` : `${text}${line} `;
  }
  return text.trim();
}

/** How many words a text has, and what stands before those with something else than one space; undefined if there are none. */
function spacingOf(text) {
  const words = text.split(/\s+/);
  const gaps = Object.fromEntries([...text.matchAll(/\s+/g)].map(([gap], index) => [index + 1, gap]).filter(([, gap]) => gap !== ' '));
  return Object.keys(gaps).length > 0 ? [words.length, gaps] : undefined;
}

const listFiles = (folder) =>
  readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith('.go') && !/^(zz_|generated|.*_test\.go)/.test(entry.name))
    .map((entry) => join(entry.parentPath, entry.name));

function readImports(text) {
  const imports = new Map();
  for (const [, alias, path] of text.matchAll(/^(?:import)?\s+(\w+ )?"([\w./-]+)"$/gm)) imports.set((alias ?? path.split('/').at(-1)).trim(), path);
  return imports;
}

function readMarkers(comments) {
  const markers = {};
  for (const line of comments) {
    const match = /^\/\/\s*\+(?:k8s:)?(\w+)(?:=(.*))?$/.exec(line.trim());
    if (match) (markers[match[1]] ??= []).push(match[2] ?? '');
  }
  return markers;
}

function readFile(path) {
  const text = readFileSync(path, 'utf8');
  const goPackage = relative(source, dirname(path));
  const imports = readImports(text);
  let comments = [];
  let doc = [];
  let current;
  for (const line of text.split('\n')) {
    const trimmed = line.trim();
    if (trimmed.startsWith('//')) {
      comments.push(trimmed);
      doc.push(trimmed);
    } else if (trimmed === '') {
      comments = current ? comments : comments.length ? [...comments, ''] : [];
      doc = [];
    } else {
      const constant = /^(?:const |\t)(\w+)\s+(?:(\w+)\s*=\s*|=\s*(\w+)\()(?:"([^"]*)"|(?:(\w+)\.)?(\w+))\)?$/.exec(line);
      if (constant) {
        const [, name, type, cast, value, alias, other] = constant;
        const of = other && `${alias ? imports.get(alias) : goPackage}.${other}`;
        constants.set(`${goPackage}.${name}`, { type: `${goPackage}.${type ?? cast}`, value, of });
      }
      const open = /^type (\w+) struct \{/.exec(line);
      const named = /^(?:type |\t)(\w+) (?:= )?([\w.[\]*]+)$/.exec(line);
      if (open) {
        current = { package: goPackage, name: open[1], struct: true, markers: readMarkers(comments), text: describe(doc), fields: [], imports };
        types.set(`${goPackage}.${open[1]}`, current);
        if (line.endsWith('{}')) current = undefined;
      } else if (line === '}') current = undefined;
      else if (current) {
        const field = /^\t(?:(\w+)\s+)?([^\s`]+)\s+`([^`]*)`/.exec(line);
        if (field) current.fields.push({ name: field[1], type: field[2], tags: readTags(field[3]), markers: readMarkers(comments), text: describe(doc) });
      } else if (named && line.startsWith('type ')) {
        types.set(`${goPackage}.${named[1]}`, {
          package: goPackage,
          name: named[1],
          struct: false,
          underlying: named[2],
          markers: readMarkers(comments),
          imports,
        });
      }
      comments = [];
      doc = [];
    }
  }
}

const readTags = (text) => Object.fromEntries([...text.matchAll(/(\w+):"([^"]*)"/g)].map(([, key, value]) => [key, value]));

for (const root of roots) for (const path of listFiles(join(source, root))) readFile(path);

const fullName = (goPackage, name) => `io.k8s.${goPackage.replace('k8s.io/', '').replaceAll('/', '.')}.${name}`;

/** Go's printed type (`[]v1.Container`), and whether it names a type that is neither builtin nor a struct. */
function printType(text, type) {
  const bare = text.replace(/^\*/, '');
  let named = false;
  const printed = bare.replace(/(?<![\w.])(\w+\.)?([A-Z]\w*)/g, (_, alias, name) => {
    const goPackage = alias ? (type.imports.get(alias.slice(0, -1)) ?? alias.slice(0, -1)) : type.package;
    const declared = types.get(`${goPackage}.${name}`);
    if (declared && !declared.struct) named = true;
    return `${goPackage.split('/').at(-1)}.${name}`;
  });
  return { printed: printed.replace(/\bbyte\b/g, 'uint8'), named: named || /\bint\b|\[\]\*|\bint16\b|\buint/.test(bare) };
}

/** Fields of embedded structs without a JSON name belong to the struct itself. */
function* allFields(type) {
  for (const field of type.fields) {
    const [jsonName, ...options] = (field.tags.json ?? '').split(',');
    if (!jsonName && (options.includes('inline') || !field.name)) {
      const [, alias, name] = /^\*?(?:(\w+)\.)?(\w+)$/.exec(field.type) ?? [];
      const inner = types.get(`${alias ? type.imports.get(alias) : type.package}.${name}`);
      if (inner?.struct) yield* allFields(inner);
    } else if (jsonName && jsonName !== '-') yield { ...field, jsonName, owner: type };
  }
}

/** Types that the client package flattens to `string` or `any`: the definition to refer to, with `map:` or `list:` in front. */
function specialReference(field) {
  const bare = field.type.replace(/^\*/, '');
  if (/\bResourceList$/.test(bare)) return 'map:Quantity';
  if (bare === 'JSONSchemaDependencies') return 'map:JSONSchemaPropsOrStringArray';
  const match =
    /^(\[\]|map\[\w+(?:\.\w+)?\])?\*?(?:\w+\.)?(Quantity|RawExtension|FieldsV1|JSON|JSONSchemaPropsOrArray|JSONSchemaPropsOrBool|JSONSchemaPropsOrStringArray|CustomResourceSubresourceStatus)$/.exec(
      bare,
    );
  if (!match) return undefined;
  return `${match[1] === undefined ? '' : match[1] === '[]' ? 'list:' : 'map:'}${match[2]}`;
}

/** The values of a field, of the items of its list or of its map, where its type is an enum. */
function enumOf(field) {
  const [, alias, name] = /^\*?(?:\[\]|map\[[\w.]+\])?\*?(?:(\w+)\.)?([A-Z]\w*)$/.exec(field.type) ?? [];
  const key = `${alias ? field.owner.imports.get(alias) : field.owner.package}.${name}`;
  // Upstream's documents leave this one out, although it is marked.
  if (!types.get(key)?.markers.enum || name === 'ScopeType') return undefined;
  const values = [...constants.values()].filter(({ type }) => type === key).map(({ value, of }) => value ?? constants.get(of)?.value);
  return [...new Set(values)].sort();
}

/** Which field says which of the others counts (`+union`). */
function unionOf(type) {
  const fields = type.markers.union ? [...allFields(type)] : [];
  const discriminator = fields.find((field) => field.markers.unionDiscriminator);
  if (!discriminator) return undefined;
  const others = fields.filter((field) => field !== discriminator).map((field) => [field.jsonName, field.name]);
  return [{ discriminator: discriminator.jsonName, 'fields-to-discriminateBy': Object.fromEntries(others) }];
}

const builtin = /^(string|bool|byte|u?int\d*|float\d+)$/;
/** Structs that are written as something else, and have no defaults. */
const writtenOtherwise = new Set(['Time', 'MicroTime', 'FieldsV1', 'JSON', 'JSONSchemaPropsOrArray', 'JSONSchemaPropsOrBool', 'JSONSchemaPropsOrStringArray']);

/** Whether OpenAPI's generator gives a field Go's zero as its default (kube-openapi pkg/generators mustEnforceDefault). */
function hasZero(text, owner, omitted) {
  if (builtin.test(text)) return !omitted;
  const [, alias, name] = /^(?:(\w+)\.)?([A-Z]\w*)$/.exec(text) ?? [];
  const type = types.get(`${alias ? owner.imports.get(alias) : owner.package}.${name}`);
  if (!type || writtenOtherwise.has(name)) return false;
  return type.struct || hasZero(type.underlying, type, omitted);
}

function fieldFacts(field) {
  const { markers, tags } = field;
  const { printed, named } = printType(field.type, field.owner);
  const facts = {};
  if (markers.listType) facts.list = markers.listType[0];
  if (markers.listMapKey) facts.keys = markers.listMapKey;
  if (markers.mapType ?? markers.structType) facts.map = (markers.mapType ?? markers.structType)[0];
  if (tags.patchStrategy) facts.patch = tags.patchStrategy;
  if (tags.patchMergeKey) facts.mergeKey = tags.patchMergeKey;
  const given = markers.default?.[0];
  if (given !== undefined && !given.startsWith('ref(')) facts.default = JSON.parse(given);
  if (named) facts.go = printed;
  const special = specialReference(field);
  if (special) facts.ref = special;
  const values = enumOf(field);
  if (values) facts.enum = values;
  return facts;
}

/** `V1Deployment`, or `CoreV1Event` where several groups share a name: which Go type does the client package mean? */
function definitionOf(model) {
  const match = /^([A-Z][a-z]+)?(V\d+(?:(?:alpha|beta)\d+)?)([A-Z]\w*)$/.exec(model);
  if (!match) return undefined;
  const [, prefix, version, name] = match;
  const fits = [...types.values()].filter((type) => {
    const path = type.package.split('/');
    return type.name === name && path.at(-1) === version.toLowerCase() && (!prefix || path.at(-2) === prefix.toLowerCase());
  });
  const inApis = fits.filter((type) => !/\/(extensions|imagepolicy|apidiscovery)\//.test(type.package));
  // What meta/v1 declares is what every group uses; older copies in other packages are not served.
  const inMeta = inApis.filter((type) => type.package.endsWith('/meta/v1'));
  const served = inMeta.length > 0 ? inMeta : inApis;
  if (served.length !== 1) console.warn(`${model}: ${served.map((type) => type.package).join(', ') || 'no Go type'}`);
  return served[0];
}

const modelsFolder = join(here, '../node_modules/k8s-api-1.33/dist/gen/models');
const models = [...readFileSync(join(modelsFolder, 'all.d.ts'), 'utf8').matchAll(/models\/(\w+)\.js/g)].map((match) => match[1]);
const [definitions, fields, structs, unions, spacing, zeroes] = [{}, {}, {}, {}, {}, {}];
definitions.VersionInfo = 'io.k8s.apimachinery.pkg.version.Info';
for (const model of models.sort()) {
  const type = definitionOf(model);
  if (!type) continue;
  const name = fullName(type.package, type.name);
  definitions[model] = name;
  if (!type.struct) continue;
  const known = Object.fromEntries(
    [...allFields(type)].map((field) => [field.jsonName, fieldFacts(field)]).filter(([, facts]) => Object.keys(facts).length > 0),
  );
  if (Object.keys(known).length > 0) fields[name] = known;
  const mapType = (type.markers.mapType ?? type.markers.structType)?.[0];
  if (mapType) structs[name] = mapType;
  const union = unionOf(type);
  if (union) unions[name] = union;
  const zero = [...allFields(type)].filter(({ type: text, owner, tags, markers }) => !markers.default && hasZero(text, owner, /,omitempty/.test(tags.json)));
  if (zero.length > 0) zeroes[name] = zero.map((field) => field.jsonName);
  const texts = [['', type.text], ...[...allFields(type)].map((field) => [field.jsonName, field.text])];
  const gaps = texts.map(([of, text]) => [of, spacingOf(text)]).filter(([, found]) => found);
  if (gaps.length > 0) spacing[name] = Object.fromEntries(gaps);
}

/** What parameters of requests are told of comes from this type. */
const listOptions = [...allFields(types.get('k8s.io/apimachinery/pkg/apis/meta/v1.ListOptions'))].map((field) => [field.jsonName, spacingOf(field.text)]);
spacing.parameters = Object.fromEntries(listOptions.filter(([, found]) => found));

function write(file, facts) {
  const [open, close] = Array.isArray(facts) ? '[]' : '{}';
  const lines = Array.isArray(facts)
    ? facts.map((value) => `  ${JSON.stringify(value)}`)
    : Object.entries(facts)
        .sort(([a], [b]) => (a < b ? -1 : 1))
        .map(([name, value]) => `  ${JSON.stringify(name)}: ${JSON.stringify(value)}`);
  writeFileSync(join(here, 'facts', file), `${open}\n${lines.join(',\n')}\n${close}\n`);
  console.log(`${file}: ${lines.length}`);
}
/** Every group and version that clients' types are registered for; those of aggregated discovery have a scheme of their own. */
function registeredVersions() {
  const found = new Map();
  for (const root of ['k8s.io/api', 'k8s.io/apiextensions-apiserver/pkg/apis/apiextensions', 'k8s.io/kube-aggregator/pkg/apis/apiregistration']) {
    for (const path of listFiles(join(source, root)).filter((one) => one.endsWith('/register.go'))) {
      const text = readFileSync(path, 'utf8');
      const [group, version] = [/GroupName\s*=\s*"([^"]*)"/, /Version: "([^"]+)"/].map((pattern) => pattern.exec(text)?.[1]);
      if (group !== undefined && version && group !== 'apidiscovery.k8s.io') found.set(`${group} ${version}`, { group, version });
    }
  }
  return [...found.keys()].sort().map((key) => found.get(key));
}
write('group-versions.json', registeredVersions());
write('definitions.json', definitions);
write('fields.json', fields);
write('structs.json', structs);
write('unions.json', unions);
write('spacing.json', spacing);
write('zeroes.json', zeroes);

/**
 * What a pod template is made of, as Go prints it: of each struct its fields in order, `GoName jsonName type`, with `-` for the JSON
 * name of an embedded one; of each other named type what it is.
 */
function templateTypes() {
  const known = {};
  const todo = [types.get('k8s.io/api/core/v1.PodTemplateSpec')];
  for (const type of todo) {
    const name = `${type.package.split('/').at(-1)}.${type.name}`;
    if (name in known) continue;
    const print = (text) => (text.startsWith('*') ? '*' : '') + printType(text, type).printed;
    const fields = type.fields?.map((field) => {
      const goName = field.name ?? field.type.split('.').at(-1);
      return `${goName} ${field.tags.json?.split(',')[0] || '-'} ${print(field.type)}`;
    });
    known[name] = fields ?? print(type.underlying);
    for (const text of type.fields?.map((field) => field.type) ?? [type.underlying]) {
      for (const [, alias, inner] of text.matchAll(/(?<![\w.])(?:(\w+)\.)?([A-Z]\w*)/g)) {
        const next = types.get(`${alias ? type.imports.get(alias) : type.package}.${inner}`);
        if (next) todo.push(next);
      }
    }
  }
  return known;
}
write('pod-template.json', templateTypes());
