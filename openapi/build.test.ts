import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { WireReader } from '../src/machinery/codec/wire.ts';

const bytes = (name: string): Buffer => readFileSync(new URL(`../generated/schema/${name}`, import.meta.url));
const json = (name: string): Record<string, never> => JSON.parse(bytes(name).toString('utf8')) as Record<string, never>;

/** Every `$ref` of a document, as a path of keys. */
function referencesOf(value: unknown, out = new Set<string>()): Set<string> {
  if (typeof value !== 'object' || value === null) return out;
  for (const [key, child] of Object.entries(value)) {
    if (key === '$ref' && typeof child === 'string') out.add(child);
    else referencesOf(child, out);
  }
  return out;
}

const find = (document: unknown, reference: string): unknown =>
  reference
    .slice(2)
    .split('/')
    .reduce((at: unknown, key) => (at as Record<string, unknown> | undefined)?.[key], document);

test('every reference of the v2 document leads somewhere', () => {
  const document = json('openapi-v2.json');
  const references = referencesOf(document);
  expect(references.size).toBeGreaterThan(400);
  for (const reference of references) expect(find(document, reference), reference).toBeDefined();
});

test('every v3 document stands alone, and its hash is that of its bytes', () => {
  const index = json('openapi-v3/index.json') as Record<string, { file: string; hash: string }>;
  expect(Object.keys(index)).toEqual(expect.arrayContaining(['api', 'api/v1', 'apis', 'apis/apps', 'apis/apps/v1', 'version']));
  for (const [path, { file, hash }] of Object.entries(index)) {
    const content = bytes(`openapi-v3/${file}`);
    expect(createHash('sha512').update(content).digest('hex').toUpperCase(), path).toBe(hash);
    const document = JSON.parse(content.toString('utf8')) as unknown;
    for (const reference of referencesOf(document)) expect(find(document, reference), `${path} ${reference}`).toBeDefined();
  }
});

test('operations say what kubectl asks them: kind, action and fieldValidation', () => {
  const document = json('openapi-v3/apis__apps__v1.json') as unknown as { paths: Record<string, Record<string, never>> };
  const patch = document.paths['/apis/apps/v1/namespaces/{namespace}/deployments/{name}']?.patch as unknown as { parameters: { name: string }[] };
  expect(patch).toMatchObject({ 'x-kubernetes-action': 'patch', 'x-kubernetes-group-version-kind': { group: 'apps', version: 'v1', kind: 'Deployment' } });
  expect(patch.parameters.map((one) => one.name)).toContain('fieldValidation');
});

test('the protobuf form of v2 holds as many definitions and paths as the JSON form', () => {
  const counts: Record<number, number> = {};
  const reader = new WireReader(bytes('openapi-v2.pb'));
  while (reader.next('Document')) {
    const part = reader.part();
    if (reader.number < 8) continue; // Version and info.
    const inner = new WireReader(part);
    let count = 0;
    for (; inner.next('NamedSchema'); count++) inner.skip();
    counts[reader.number] = count;
  }
  const document = json('openapi-v2.json') as unknown as { definitions: object; paths: object };
  expect(counts[9]).toBe(Object.keys(document.definitions).length);
  expect(counts[8]).toBe(Object.keys(document.paths).length);
});
