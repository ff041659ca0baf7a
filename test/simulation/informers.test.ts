/**
 * The promise of a watch: whoever lists and watches ends with the truth, and hears of everything once and in order, whatever breaks
 * in between. Two informers follow one server through a seeded storm of writes, compactions, dropped watches and restarts.
 */
import { expect, test } from 'vitest';
import type { ConfigMap } from '../../generated/types/index.ts';
import { testServer } from '../../src/apiserver/testing/test-server.ts';
import { createClient, InformerFactory, refs, type SharedInformer } from '../../src/client/index.ts';
import type { Random } from '../../src/env/index.ts';
import { createEnv, nodeMachine, silentLog } from '../../src/env/index.ts';
import type { ApiResponse, Handler, WatchBody, WatchReader } from '../../src/machinery/index.ts';
import type { StoreEvent } from '../../src/store/index.ts';

const user = { username: 'storm', groups: ['system:masters'] };
const seeds = process.env.PAPERKUBE_SEED ? [Number(process.env.PAPERKUBE_SEED)] : [1, 2, 3, 4, 5, 6, 7, 8];
const replay = (seed: number) => `PAPERKUBE_SEED=${seed} npx vitest run test/simulation/informers.test.ts`;

/** A number from 0 to below 1, from a stream of bytes. */
const chance = (random: ReturnType<Random['stream']>): number => Buffer.from(random.bytes(4)).readUInt32BE() / 2 ** 32;

/** Stands between informers and server: cuts watches, and is down for a while. */
class BadConnection {
  readonly #open = new Set<() => void>();
  down = false;

  constructor(readonly server: () => Handler) {}

  readonly call: Handler = async (request) => {
    if (this.down) return unavailable;
    const response = await this.server()(request);
    return response.body.kind === 'watch' ? { ...response, body: this.#cuttable(response.body) } : response;
  };

  /** Ends all watches, or every second one. */
  cut(all: boolean): void {
    for (const [index, end] of [...this.#open].entries()) if (all || index % 2 === 0) end();
  }

  #cuttable(body: WatchBody): WatchBody {
    return {
      ...body,
      start: (reader: WatchReader) => {
        let cut = false;
        const stop = body.start({
          event: (event) => {
            if (!cut) reader.event(event);
          },
          end: () => {
            if (!cut) reader.end();
            this.#open.delete(end);
          },
        });
        const end = () => {
          cut = true;
          this.#open.delete(end);
          stop();
          reader.end();
        };
        this.#open.add(end);
        return () => {
          cut = true;
          this.#open.delete(end);
          stop();
        };
      },
    };
  }
}

const unavailableStatus = { kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Failure', reason: 'ServiceUnavailable', message: 'down', code: 503 };
const unavailable: ApiResponse = {
  status: 503,
  headers: {},
  body: { kind: 'object', object: () => unavailableStatus, json: () => JSON.stringify(unavailableStatus) },
};

type Told = { readonly type: 'added' | 'updated' | 'deleted'; readonly name: string; readonly revision: number; readonly previous?: number | undefined };

const revisionOf = (object: Readonly<ConfigMap> | undefined): number => Number(object?.metadata?.resourceVersion ?? 0);

/** Writes down what an informer tells. */
function follow(informer: SharedInformer<ConfigMap>): Told[] {
  const told: Told[] = [];
  const name = (object: Readonly<ConfigMap>) => object.metadata?.name ?? '';
  informer.handle({
    added: (object) => told.push({ type: 'added', name: name(object), revision: revisionOf(object) }),
    updated: (object, previous) => told.push({ type: 'updated', name: name(object), revision: revisionOf(object), previous: revisionOf(previous) }),
    deleted: (object) => told.push({ type: 'deleted', name: name(object), revision: revisionOf(object) }),
  });
  return told;
}

/** What is wrong with what an informer told: out of order, twice, or about something that was not there. */
function mistakesIn(told: readonly Told[], written: ReadonlySet<number>): string[] {
  const wrong: string[] = [];
  const known = new Map<string, number>();
  for (const one of told) {
    const before = known.get(one.name);
    const text = JSON.stringify(one);
    if (one.type === 'added' && before !== undefined) wrong.push(`added twice: ${text}`);
    if (one.type !== 'added' && before === undefined) wrong.push(`nobody was told of it before: ${text}`);
    if (one.type === 'updated' && one.previous !== before) wrong.push(`follows on something else than was told (${before}): ${text}`);
    if (before !== undefined && one.type === 'updated' && one.revision <= before) wrong.push(`goes back, or comes twice (${before}): ${text}`);
    if (one.type !== 'deleted' && !written.has(one.revision)) wrong.push(`was never written: ${text}`);
    if (one.type === 'deleted') known.delete(one.name);
    else known.set(one.name, one.revision);
  }
  return wrong;
}

interface Outcome {
  readonly truth: unknown;
  readonly caches: unknown[];
  readonly told: readonly Told[][];
  /** What the store itself tells, until its first compaction. */
  readonly history: ReadonlyMap<number, StoreEvent>;
  /** Revisions of all writes but deletions. */
  readonly written: ReadonlySet<number>;
  readonly revisions: readonly number[];
}

/**
 * One storm. A restart is a new API server over the same store: its watch cache and its watches are gone, and so are the
 * connections to it. With `compactions` informers have to list anew now and then, so they may miss what was overwritten meanwhile. */
async function storm(seed: number, compactions: boolean): Promise<Outcome> {
  let server = testServer();
  const { env, store } = server;
  const handler: Handler = (request) => server.handler(request);
  const random = createEnv({ machine: nodeMachine, log: silentLog, seed, start: 0, mode: 'manual' }).random.stream('storm');
  const history = new Map<number, StoreEvent>();
  await store.watch('/registry/configmaps/', await store.revision(), {
    events: (events) => {
      for (const event of events) history.set(event.revision, event);
    },
    end() {},
  });
  const client = createClient(handler, user).configMaps;
  const written = new Set<number>();
  const note = (object: Readonly<ConfigMap>) => written.add(revisionOf(object));
  await createClient(handler, user).namespaces.create({ metadata: { name: 'default' } });
  const connections = [new BadConnection(() => server.handler), new BadConnection(() => server.handler)];
  const factories = connections.map(({ call }) => new InformerFactory(createClient(call, user), env));
  const informers = factories.map((factory) => factory.for<ConfigMap>(refs.configMaps));
  const told = informers.map(follow);
  for (const factory of factories) factory.start();
  await env.loop.settle();
  const revisions: number[] = [];
  const any = () => connections[chance(random) < 0.5 ? 0 : 1] as BadConnection;
  for (let step = 0; step < 300; step += 1) {
    const name = `map-${Math.floor(chance(random) * 12)}`;
    const key = { namespace: 'default', name };
    const kind = chance(random);
    const ignore = () => undefined;
    if (kind < 0.3) await client.create({ metadata: { ...key, labels: { step: String(step) } } }).then(note, ignore);
    else if (kind < 0.65) await client.patch(key, 'merge', { data: { step: String(step) } }).then(note, ignore);
    else if (kind < 0.8) await client.delete(key).catch(ignore);
    else if (kind < 0.84) any().cut(chance(random) < 0.5);
    else if (kind < 0.86) {
      server = testServer({ env, store });
      for (const connection of connections) connection.cut(true);
    } else if (kind < 0.9) {
      const broken = any();
      broken.down = true;
      broken.cut(true);
    } else if (kind < 0.94) for (const connection of connections) connection.down = false;
    else if (kind < 0.96 && compactions) await store.compact(await store.revision());
    else if (kind < 0.98) await env.loop.advance(Math.floor(chance(random) * 40_000));
    // Half of the steps pile up before anybody hears of them.
    if (chance(random) < 0.5) await env.loop.settle();
    revisions.push(await store.revision());
  }
  for (const connection of connections) connection.down = false;
  await env.loop.advance(120_000);
  const shown = (objects: readonly Readonly<ConfigMap>[]) =>
    Object.fromEntries([...objects].map((one) => [one.metadata?.name, revisionOf(one)] as const).sort(([a = ''], [b = '']) => (a < b ? -1 : 1)));
  const truth = shown((await client.list()).items);
  const caches = informers.map((informer) => shown(informer.lister.list()));
  for (const factory of factories) factory.stop();
  await store.close();
  return { truth, caches, told, history, written, revisions };
}

test.each(seeds)('two informers end with the truth after a storm, seed %i', async (seed) => {
  const { truth, caches, told, written, revisions } = await storm(seed, true);
  for (const cache of caches) expect(cache, replay(seed)).toEqual(truth);
  for (const one of told) expect(mistakesIn(one, written), replay(seed)).toEqual([]);
  expect(revisions, replay(seed)).toEqual([...revisions].sort((a, b) => a - b));
});

test.each(seeds)('without compaction nothing at all is skipped, seed %i', async (seed) => {
  const { truth, caches, told, history } = await storm(seed, false);
  for (const cache of caches) expect(cache, replay(seed)).toEqual(truth);
  const events = [...history.values()].map(({ type, revision, entry }) => `${type} ${entry.object.metadata?.name} ${revision}`);
  const names = { added: 'created', updated: 'updated', deleted: 'deleted' };
  for (const one of told)
    expect(
      one.map(({ type, name, revision }) => `${names[type]} ${name} ${revision}`),
      replay(seed),
    ).toEqual(events);
});
