import * as fs from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { ClusterSchema } from '../src/cluster/index.ts';
import { loadProtobufSchema, type ProtobufSchema } from '../src/machinery/codec/index.ts';
import { loadSchema } from '../src/machinery/schema/index.ts';

interface IndexEntry {
  readonly file: string;
  readonly hash: string;
}

/**
 * The output of the schema build. Only the definitions are read at once; the documents, over a megabyte each, when somebody asks.
 * Throws if the build has not run.
 */
export function readSchemaFiles(folder = findSchemaFolder()): ClusterSchema {
  const json = (name: string): unknown => JSON.parse(fs.readFileSync(join(folder, name), 'utf8'));
  let index: Readonly<Record<string, IndexEntry>> | undefined;
  let hashes: Readonly<Record<string, string>> | undefined;
  let protobufSchema: ProtobufSchema | undefined;
  const v3 = () => (index ??= json('openapi-v3/index.json') as Record<string, IndexEntry>);
  return {
    schema: loadSchema(json('defs.json')),
    protobufSchema: () => (protobufSchema ??= loadProtobufSchema(json('protobuf.json'))),
    openapi: {
      v2Json: () => fs.promises.readFile(join(folder, 'openapi-v2.json')),
      v2Protobuf: () => fs.promises.readFile(join(folder, 'openapi-v2.pb')),
      v3Index: () => (hashes ??= Object.fromEntries(Object.entries(v3()).map(([path, entry]) => [path, entry.hash]))),
      v3: (path) => (Object.hasOwn(v3(), path) ? fs.promises.readFile(join(folder, 'openapi-v3', (v3()[path] as IndexEntry).file)) : undefined),
    },
  };
}

/** `generated/schema` beside the program (an installed package) or above it (the sources). */
function findSchemaFolder(): string {
  const here = dirname(fileURLToPath(import.meta.url));
  const folder = ['..', '../..'].map((up) => join(here, up, 'generated/schema')).find((path) => fs.existsSync(path));
  if (!folder) throw new Error('the API schema has not been built: run "npm run build"');
  return folder;
}
