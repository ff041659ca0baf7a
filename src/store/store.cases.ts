import { expect, test } from 'vitest';
import type { Env } from '../env/index.ts';
import type { KubeObject } from '../machinery/types.ts';
import type { Store, StoreEvent } from './store.ts';
import { isStoreError } from './store.ts';

export interface StoreUnderTest {
  readonly store: Store;
  readonly env: Env;
}

const object = (name: string, value = ''): KubeObject => ({ apiVersion: 'v1', kind: 'Thing', metadata: { name, annotations: { value } } });
const textOf = (thing: Readonly<KubeObject>) => thing.metadata?.annotations?.value;
const failing = (reason: Parameters<typeof isStoreError>[1]) => expect.toSatisfy((error: unknown) => isStoreError(error, reason));

/** Collects what a watch says. */
function recorder() {
  const seen: StoreEvent[] = [];
  const ends: (Error | undefined)[] = [];
  return { seen, ends, events: (events: readonly StoreEvent[]) => void seen.push(...events), end: (error: Error | undefined) => void ends.push(error) };
}

/** The promises of `Store`, for any implementation. */
export function storeCases(make: () => Promise<StoreUnderTest>): void {
  test('a write stamps its revision, and every write counts one', async () => {
    const { store } = await make();
    const before = await store.revision();
    const a = await store.create('/r/a', object('a'));
    const b = await store.create('/r/b', object('b'));
    expect([a.revision, b.revision, await store.revision()]).toEqual([before + 1, before + 2, before + 2]);
    expect(a.object.metadata?.resourceVersion).toBe(String(a.revision));
    expect(JSON.parse(String((await store.get('/r/a'))?.json()))).toEqual(a.object);
    expect(Object.isFrozen(a.object.metadata?.annotations)).toBe(true);
  });

  test('create, update and delete refuse what does not fit, and change nothing', async () => {
    const { store } = await make();
    const a = await store.create('/r/a', object('a', '1'));
    const revision = await store.revision();
    await expect(store.create('/r/a', object('a'))).rejects.toEqual(failing('KeyExists'));
    await expect(store.update('/r/x', object('x'), 1)).rejects.toEqual(failing('KeyMissing'));
    await expect(store.delete('/r/x', 1)).rejects.toEqual(failing('KeyMissing'));
    await expect(store.update('/r/a', object('a', '2'), a.revision - 1)).rejects.toMatchObject({ reason: 'RevisionConflict', revision: a.revision });
    await expect(store.delete('/r/a', a.revision + 1)).rejects.toEqual(failing('RevisionConflict'));
    expect(await store.revision()).toBe(revision);
    expect(textOf((await store.get('/r/a'))!.object)).toBe('1');
  });

  test('a value of more than 1.5 MiB is refused, and nothing is written', async () => {
    const { store } = await make();
    const before = await store.revision();
    const large = { metadata: { name: 'large', annotations: { text: 'x'.repeat(1_600_000) } } };
    await expect(store.create('/registry/a/large', large)).rejects.toMatchObject({ reason: 'TooLarge' });
    expect([await store.revision(), await store.get('/registry/a/large')]).toEqual([before, undefined]);
  });

  test('of two updates from the same revision one wins', async () => {
    const { store } = await make();
    const { revision } = await store.create('/r/a', object('a'));
    const results = await Promise.allSettled([store.update('/r/a', object('a', '1'), revision), store.update('/r/a', object('a', '2'), revision)]);
    expect(results.map((result) => result.status).sort()).toEqual(['fulfilled', 'rejected']);
  });

  test('a list is in key order, holds only its prefix, and can be continued at the same revision', async () => {
    const { store } = await make();
    for (const name of ['d', 'b', 'a', 'e', 'c']) await store.create(`/r/${name}`, object(name));
    await store.create('/ra', object('elsewhere'));
    await store.create('/q/z', object('elsewhere'));
    const first = await store.list('/r/', { limit: 2 });
    expect([first.entries.map((entry) => entry.key), first.remaining]).toEqual([['/r/a', '/r/b'], 3]);
    await store.delete('/r/d', (await store.get('/r/d'))!.revision);
    await store.create('/r/cc', object('cc'));
    const next = await store.list('/r/', { limit: 2, revision: first.revision, startKey: '/r/b\0' });
    expect([next.entries.map((entry) => entry.key), next.remaining, next.revision]).toEqual([['/r/c', '/r/d'], 1, first.revision]);
    expect((await store.list('/r/')).entries.map((entry) => entry.key)).toEqual(['/r/a', '/r/b', '/r/c', '/r/cc', '/r/e']);
    await expect(store.list('/r/', { revision: 1_000_000 })).rejects.toEqual(failing('FutureRevision'));
  });

  test('a watch brings what came after its revision, with the value before, and nothing inside the writer’s call', async () => {
    const { store, env } = await make();
    const a = await store.create('/r/a', object('a', '1'));
    const sink = recorder();
    await store.watch('/r/', a.revision, sink);
    const b = await store.update('/r/a', object('a', '2'), a.revision);
    await store.create('/s/x', object('x'));
    const gone = await store.delete('/r/a', b.revision);
    expect(sink.seen).toEqual([]);
    await env.loop.settle();
    expect(sink.seen.map((event) => [event.type, event.revision, textOf(event.entry.object), event.previous && textOf(event.previous.object)])).toEqual([
      ['updated', b.revision, '2', '1'],
      ['deleted', gone.revision, '2', '2'],
    ]);
    expect(gone.object.metadata?.resourceVersion).toBe(String(gone.revision));
  });

  test('a watch from the past begins with history, and a stopped one is silent', async () => {
    const { store, env } = await make();
    const before = await store.revision();
    await store.create('/r/a', object('a'));
    const [late, stopped] = [recorder(), recorder()];
    const first = await store.watch('/r/', before, late);
    const watch = await store.watch('/r/', before, stopped);
    watch.stop();
    await env.loop.settle();
    expect([late.seen.length, stopped.seen.length, stopped.ends]).toEqual([1, 0, []]);
    await store.create('/s/elsewhere', object('x'));
    await env.loop.settle();
    if (first.progress) expect(first.progress()).toBe(await store.revision());
  });

  test('what is compacted can neither be listed nor watched; the compacted revision itself can', async () => {
    const { store, env } = await make();
    const a = await store.create('/r/a', object('a', '1'));
    const b = await store.update('/r/a', object('a', '2'), a.revision);
    await store.update('/r/a', object('a', '3'), b.revision);
    await store.compact(b.revision);
    await expect(store.list('/r/', { revision: a.revision })).rejects.toMatchObject({ reason: 'Compacted', revision: b.revision });
    await expect(store.watch('/r/', a.revision, recorder())).rejects.toEqual(failing('Compacted'));
    expect((await store.list('/r/', { revision: b.revision })).entries.map((entry) => textOf(entry.object))).toEqual(['2']);
    const sink = recorder();
    await store.watch('/r/', b.revision, sink);
    await env.loop.settle();
    expect(sink.seen.map((event) => textOf(event.entry.object))).toEqual(['3']);
  });

  test('a closed store ends its watches and refuses everything', async () => {
    const { store, env } = await make();
    const sink = recorder();
    await store.watch('/r/', await store.revision(), sink);
    await store.close();
    await env.loop.settle();
    expect(sink.ends).toEqual([failing('Closed')]);
    await expect(store.get('/r/a')).rejects.toEqual(failing('Closed'));
  });

  for (const seed of [1, 2, 3]) {
    test(`watches neither skip nor repeat under random writes and compactions (seed ${seed})`, async () => {
      const { store, env } = await make();
      const random = env.random.stream(`store ${seed}`);
      const log: { revision: number; key: string }[] = [];
      const watches: { from: number; prefix: string; sink: ReturnType<typeof recorder> }[] = [];
      const states = new Map<number, string[]>();
      let compacted = 0;
      for (let step = 0; step < 400; step += 1) {
        const key = `/${'ab'[random.int(2)]}/${random.int(12)}`;
        const present = await store.get(key);
        if (!present) await store.create(key, object(key, String(step)));
        else if (random.int(3) === 0) await store.delete(key, present.revision);
        else await store.update(key, object(key, String(step)), present.revision);
        const revision = await store.revision();
        log.push({ revision, key });
        states.set(
          revision,
          (await store.list('/a/')).entries.map((entry) => String(entry.json())),
        );
        if (random.int(20) === 0) await store.compact((compacted = Math.max(compacted, revision - random.int(30))));
        if (random.int(10) === 0) {
          const from = Math.max(compacted, revision - random.int(20));
          const watch = { from, prefix: ['', '/a/', '/b/'][random.int(3)] as string, sink: recorder() };
          await store.watch(watch.prefix, from, watch.sink).then(
            () => watches.push(watch),
            (error) => expect(error).toEqual(failing('Compacted')),
          );
        }
        if (random.int(5) === 0) await env.loop.settle();
        if (random.int(10) === 0) {
          const past = Math.max(compacted, revision - random.int(25));
          const expected = states.get(past);
          if (expected) expect((await store.list('/a/', { revision: past })).entries.map((entry) => String(entry.json()))).toEqual(expected);
        }
      }
      await env.loop.settle();
      expect(watches.length).toBeGreaterThan(10);
      for (const { from, prefix, sink } of watches) {
        const expected = log.filter((write) => write.revision > from && write.key.startsWith(prefix)).map((write) => write.revision);
        const seen = sink.seen.map((event) => event.revision);
        // A watch that was overtaken by compaction has been told so, and had no gap up to there.
        expect(seen).toEqual(sink.ends.length > 0 ? expected.slice(0, seen.length) : expected);
      }
    });
  }
}
