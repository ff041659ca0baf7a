import { expect, test } from 'vitest';
import { createEnv, nodeMachine, silentLog } from '../env/index.ts';
import type { MemoryStoreOptions } from './memory-store.ts';
import { MemoryStore } from './memory-store.ts';
import { storeCases } from './store.cases.ts';
import { isStoreError } from './store.ts';

function make(options?: MemoryStoreOptions) {
  const env = createEnv({ machine: nodeMachine, log: silentLog, seed: 1, start: Date.parse('2026-01-01T00:00:00Z'), mode: 'manual' });
  return { env, store: new MemoryStore(env, options) };
}

storeCases(async () => make());

const thing = (name: string) => ({ metadata: { name } });

test('ten thousand keys in random order are listed in order, whatever goes in between', async () => {
  const { env, store } = make();
  const random = env.random.stream('keys');
  const alive = new Map<string, number>();
  for (let i = 0; i < 10_000; i += 1) {
    const key = `/k/${random.text('abcdefghij', 6)}`;
    const known = alive.get(key);
    if (known === undefined) alive.set(key, (await store.create(key, thing(key))).revision);
    else {
      await store.delete(key, known);
      alive.delete(key);
    }
  }
  const { entries, remaining } = await store.list('/k/');
  expect(entries.map((entry) => entry.key)).toEqual([...alive.keys()].sort());
  expect(remaining).toBe(0);
  const some = await store.list('/k/c', { limit: 3 });
  expect(some.remaining).toBe([...alive.keys()].filter((key) => key.startsWith('/k/c')).length - 3);
});

test('versions of a value share the parts that say the same', async () => {
  const { store } = make();
  const spec = (image: string) => ({ containers: [{ name: 'a', image }], volumes: [{ name: 'v', emptyDir: {} }] });
  const value = (image: string) => ({ metadata: { name: 'x', labels: { a: 'b' } }, spec: spec(image) });
  const first = await store.create('/k/x', value('one'));
  const second = await store.update('/k/x', value('two'), first.revision);
  expect(second.object).toEqual({ ...value('two'), metadata: { ...value('two').metadata, resourceVersion: String(second.revision) } });
  const [old, now] = [first.object as ReturnType<typeof value>, second.object as ReturnType<typeof value>];
  expect(now.spec.volumes).toBe(old.spec.volumes);
  expect(now.metadata.labels).toBe(old.metadata.labels);
  expect(now.spec.containers).not.toBe(old.spec.containers);
  expect(Object.isFrozen(now.spec.containers[0])).toBe(true);
});

test('a part whose keys stand in another order is written in that order', async () => {
  const { store } = make();
  const first = await store.create('/k/x', { metadata: {}, data: { a: '1', b: '2' } } as never);
  const second = await store.update('/k/x', { metadata: {}, data: { b: '2', a: '1' } } as never, first.revision);
  expect(JSON.stringify(second.object)).toContain('{"b":"2","a":"1"}');
});

test('history is bounded by count', async () => {
  const { store } = make({ historyLimit: 10 });
  const first = await store.create('/k/first', thing('first'));
  for (let i = 0; i < 30; i += 1) await store.create(`/k/${i}`, thing(`${i}`));
  await expect(store.list('/k/', { revision: first.revision })).rejects.toSatisfy((error) => isStoreError(error, 'Compacted'));
  const revision = await store.revision();
  expect((await store.list('/k/', { revision: revision - 10 })).entries).toHaveLength(21);
});

test('history is bounded by age', async () => {
  const { env, store } = make();
  const first = await store.create('/k/a', thing('a'));
  await env.loop.advance(300_000);
  await store.create('/k/b', thing('b'));
  expect((await store.list('/k/', { revision: first.revision })).entries).toHaveLength(1);
  await env.loop.advance(300_000);
  await store.create('/k/c', thing('c'));
  await expect(store.list('/k/', { revision: first.revision })).rejects.toSatisfy((error) => isStoreError(error, 'Compacted'));
});

test('a watcher that is overtaken by a burst of writes is ended with Compacted', async () => {
  const { env, store } = make({ historyLimit: 5 });
  const ends: unknown[] = [];
  await store.watch('/k/', await store.revision(), { events: () => {}, end: (error) => void ends.push(error) });
  for (let i = 0; i < 20; i += 1) await store.create(`/k/${i}`, thing(`${i}`));
  await env.loop.settle();
  expect(ends).toHaveLength(1);
  expect(isStoreError(ends[0], 'Compacted')).toBe(true);
});

test('what has been replaced or deleted does not hold its JSON any longer, and still has it for who reads the past', async () => {
  const { store } = make();
  const first = await store.create('/k/a', thing('a'));
  const bytes = first.jsonLine();
  expect(first.jsonLine()).toBe(bytes);
  const second = await store.update('/k/a', thing('a'), first.revision);
  const [past] = (await store.list('/k/', { revision: first.revision })).entries;
  expect(past?.jsonLine()).not.toBe(bytes);
  expect(past?.jsonLine()).toEqual(bytes);
  const later = second.jsonLine();
  await store.delete('/k/a', second.revision);
  expect(second.jsonLine()).not.toBe(later);
  expect(second.jsonLine()).toEqual(later);
});
