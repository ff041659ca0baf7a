import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { testServer } from '../apiserver/testing/test-server.ts';

const read = (url: string): unknown => JSON.parse(readFileSync(new URL(url, import.meta.url), 'utf8'));
const recorded = <T>(name: string): T[] => read(`recorded/${name}.recorded.json`) as T[];

interface Recorded {
  readonly name: string;
  readonly path: string;
  readonly body: object;
}

async function serverWithNamespace(): Promise<ReturnType<typeof testServer>> {
  const server = testServer();
  await server.ask('POST', '/api/v1/namespaces', { metadata: { name: 'facts' } });
  return server;
}

/** Names that differ from run to run. */
const withoutUids = (text: string): unknown => JSON.parse(text.replace(/[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f-]{22}/g, 'UID'));

describe('a minimal object is answered as a real server answers it', () => {
  for (const one of recorded<Recorded & { metadata: object; answer: object }>('defaults')) {
    test(one.name, async () => {
      const server = await serverWithNamespace();
      const { status, body } = (await server.ask('POST', one.path, one.body)) as { status: number; body: Record<string, never> };
      expect(status).toBe(201);
      const { kind: _kind, apiVersion: _version, metadata, ...rest } = body as Record<string, Record<string, unknown>>;
      const { labels, annotations, generation } = metadata!;
      expect(withoutUids(JSON.stringify(rest))).toEqual(withoutUids(JSON.stringify(one.answer)));
      expect(withoutUids(JSON.stringify({ labels, annotations, generation }))).toEqual(withoutUids(JSON.stringify(one.metadata)));
    });
  }
});

describe('a real server refused this in these words', () => {
  for (const one of recorded<Recorded & { message: string }>('rejections')) {
    test(one.name, async () => {
      const server = await serverWithNamespace();
      const { body } = (await server.ask('POST', one.path, one.body)) as { body: { message: string } };
      expect(body.message).toBe(one.message);
    });
  }
});

interface Line {
  readonly path: string;
  readonly name: string;
  readonly verbs: readonly string[];
}

test('discovery names every resource as a real server does', async () => {
  const server = testServer();
  const wrong: unknown[] = [];
  for (const { path, ...expected } of recorded<Line>('discovery')) {
    const { body } = (await server.ask('GET', path)) as unknown as { body: { resources: Line[] } };
    const found = body.resources.find((one) => one.name === expected.name);
    const line = found && Object.fromEntries(Object.keys(expected).map((key) => [key, found[key as keyof Line]]));
    if (JSON.stringify(line) !== JSON.stringify(expected)) wrong.push({ path, expected, line });
  }
  expect(wrong).toEqual([]);
});

test('tables have the columns of a real server', async () => {
  const server = testServer();
  const wrong: unknown[] = [];
  for (const { resource, columns } of recorded<{ resource: string; columns: string[] }>('columns')) {
    const [version, plural] = resource.split(' ') as [string, string];
    const path = version === 'v1' ? `/api/v1/${plural}` : `/apis/${version}/${plural}`;
    const { body } = await server.ask('GET', path, undefined, { accept: 'application/json;as=Table;v=v1;g=meta.k8s.io' });
    const definitions = (body as { columnDefinitions?: { name: string; type: string; priority: number }[] }).columnDefinitions ?? [];
    const found = definitions.map((one) => `${one.name} ${one.type} ${one.priority}`);
    if (JSON.stringify(found) !== JSON.stringify(columns)) wrong.push({ resource, columns, found });
  }
  expect(wrong).toEqual([]);
});
