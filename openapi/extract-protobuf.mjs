/**
 * Development script: reads the protobuf facts of the Kubernetes API out of a kubectl binary and writes
 * facts/protobuf.json. Every kubectl holds the gzipped file descriptors of all API packages it speaks.
 *
 *   node openapi/extract-protobuf.mjs PATH_TO_KUBECTL_1_33
 *
 * What is kept: message, field number, name, type, and from the gogoproto options whether the Go field is a pointer
 * (65001), and its Go type where that is a named one (65007). Which fields are inlined in JSON follows from the definitions
 * and is added by build.ts.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { constants, inflateRawSync } from 'node:zlib';

const scalarTypes = { 1: 'double', 2: 'float', 3: 'int64', 4: 'uint64', 5: 'int32', 8: 'bool', 9: 'string', 12: 'bytes', 13: 'uint32' };
const repeatedLabel = 3;

/** Splits protobuf bytes into `[field number, value]`: numbers for varints, Buffers for the rest. */
function readFields(bytes) {
  const fields = [];
  let at = 0;
  const varint = () => {
    let value = 0n;
    for (let shift = 0n; ; shift += 7n) {
      const byte = bytes[at++];
      value |= BigInt(byte & 0x7f) << shift;
      if (byte < 0x80) return Number(value);
    }
  };
  while (at < bytes.length) {
    const tag = varint();
    const wire = tag & 7;
    if (wire === 0) fields.push([tag >>> 3, varint()]);
    else if (wire === 2) {
      const length = varint();
      fields.push([tag >>> 3, bytes.subarray(at, at + length)]);
      at += length;
    } else if (wire === 1 || wire === 5) at += wire === 1 ? 8 : 4;
    else throw new Error(`wire type ${wire}`);
  }
  return fields;
}

const first = (fields, number) => fields.find(([one]) => one === number)?.[1];
const text = (fields, number) => first(fields, number)?.toString('utf8') ?? '';
const all = (fields, number) => fields.filter(([one]) => one === number).map(([, value]) => value);

/** A gzip member without a name: what Go puts a descriptor into. */
const gzipHeaderBytes = 10;

function* findDescriptors(binary) {
  const magic = Buffer.from([0x1f, 0x8b, 0x08, 0x00]);
  for (let at = binary.indexOf(magic); at >= 0; at = binary.indexOf(magic, at + 4)) {
    let raw;
    try {
      // Inflated without its header, since gunzip would go on into the descriptor that lies behind.
      raw = inflateRawSync(binary.subarray(at + gzipHeaderBytes, at + 1_000_000), { finishFlush: constants.Z_SYNC_FLUSH });
    } catch {
      continue;
    }
    if (
      raw[0] === 0x0a &&
      raw
        .subarray(2, 2 + raw[1])
        .toString()
        .endsWith('generated.proto')
    )
      yield readFields(raw);
  }
}

/** `k8s.io.api.apps.v1.X` is what OpenAPI calls `io.k8s.api.apps.v1.X`. */
const openApiName = (name) => name.replace(/^\./, '').replace(/^k8s\.io\./, 'io.k8s.');

function describeField(raw, mapEntries) {
  const field = readFields(raw);
  const options = readFields(first(field, 8) ?? Buffer.alloc(0));
  const typeName = text(field, 6);
  const mapEntry = mapEntries.get(typeName);
  const type = mapEntry ? `map:${mapEntry}` : typeName ? openApiName(typeName) : scalarTypes[first(field, 5)];
  const flags = [
    first(field, 4) === repeatedLabel && !mapEntry ? 'repeated' : '',
    first(options, 65001) === 0 ? 'value' : '',
    text(options, 65007) ? `go:${text(options, 65007)}` : '',
  ].filter(Boolean);
  return [first(field, 3), text(field, 1), type, ...flags].join(' ');
}

/** Full names of the generated entry messages of map fields, with the type of their values. */
function findMapEntries(packageName, message) {
  const entries = new Map();
  const name = text(message, 1);
  for (const nestedRaw of all(message, 3)) {
    const nested = readFields(nestedRaw);
    if (first(readFields(first(nested, 7) ?? Buffer.alloc(0)), 7) !== 1) continue;
    const value = readFields(all(nested, 2)[1]);
    const type = text(value, 6) ? openApiName(text(value, 6)) : scalarTypes[first(value, 5)];
    entries.set(`.${packageName}.${name}.${text(nested, 1)}`, type);
  }
  return entries;
}

const messages = {};
for (const file of findDescriptors(readFileSync(process.argv[2]))) {
  const packageName = text(file, 2);
  if (!/^k8s\.io\.(api|apimachinery)\./.test(packageName)) continue;
  for (const raw of all(file, 4)) {
    const message = readFields(raw);
    const entries = findMapEntries(packageName, message);
    messages[openApiName(`${packageName}.${text(message, 1)}`)] = all(message, 2).map((field) => describeField(field, entries));
  }
}
const sorted = Object.fromEntries(Object.entries(messages).sort(([a], [b]) => (a < b ? -1 : 1)));
const lines = Object.entries(sorted).map(([name, fields]) => `  ${JSON.stringify(name)}: ${JSON.stringify(fields)}`);
const out = join(dirname(fileURLToPath(import.meta.url)), 'facts/protobuf.json');
writeFileSync(out, `{\n${lines.join(',\n')}\n}\n`);
console.log(`${lines.length} messages`);
