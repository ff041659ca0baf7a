import { expect, test } from 'vitest';
import type { ConfigMap } from '../../generated/types/index.ts';
import { createEnv, nodeMachine, silentLog } from '../env/index.ts';
import { failure, isConflict, isNotFound } from '../machinery/status-error.ts';
import { MemoryStore } from '../store/index.ts';
import { createClient } from './client.ts';
import { InformerFactory } from './informer.ts';
import { InformerScope } from './informer-scope.ts';
import { refs } from './refs.ts';
import { SmallApi } from './testing/small-api.ts';

function setup() {
  const env = createEnv({ machine: nodeMachine, log: silentLog, seed: 1, start: Date.parse('2026-01-01T00:00:00Z'), mode: 'manual' });
  const api = new SmallApi(env, new MemoryStore(env));
  const client = createClient(api.handler, { username: 'tester', groups: [] });
  const informers = new InformerFactory(client, env);
  const informer = informers.for<ConfigMap>(refs.configMaps);
  const told: string[] = [];
  informer.handle({
    added: (map) => told.push(`+${map.metadata?.name}`),
    updated: (map, previous) => told.push(`${map.metadata?.name} ${previous.data?.v}>${map.data?.v}`),
    deleted: (map) => told.push(`-${map.metadata?.name}`),
  });
  const put = async (name: string, v: string) => {
    const present = informer.lister.get({ namespace: 'default', name });
    if (!present) return client.configMaps.create({ metadata: { name, namespace: 'default' }, data: { v } });
    return client.configMaps.update({ ...present, data: { v } });
  };
  return { env, api, client, informers, informer, told, put };
}

test('a client reads back what it wrote, typed and frozen, and failures are StatusErrors', async () => {
  const { client } = setup();
  const made = await client.configMaps.create({ metadata: { name: 'a', namespace: 'default' } });
  expect(made).toMatchObject({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'a' } });
  await expect(client.configMaps.get({ namespace: 'default', name: 'b' })).rejects.toSatisfy(isNotFound);
  await client.configMaps.update({ ...made, data: { v: '1' } });
  await expect(client.configMaps.update({ ...made, data: { v: '2' } })).rejects.toSatisfy(isConflict);
  await client.configMaps.delete({ namespace: 'default', name: 'a' });
  expect((await client.configMaps.list({ namespace: 'default' })).items).toEqual([]);
});

test('an informer tells what is there, then every change in order; a late handler is told of the cache first', async () => {
  const { env, informers, informer, told, put } = setup();
  await put('a', '1');
  informers.start();
  await env.loop.settle();
  expect(informers.synced()).toBe(true);
  await put('a', '2');
  await put('b', '1');
  await env.loop.settle();
  expect(told).toEqual(['+a', 'a 1>2', '+b']);
  const late: string[] = [];
  informer.handle({ added: (map) => late.push(map.metadata?.name ?? '') });
  await env.loop.settle();
  expect(late).toEqual(['a', 'b']);
});

test('who has left is told nothing more, not even what it had asked for a moment before; others are', async () => {
  const { env, informers, told, put } = setup();
  const scope = new InformerScope(informers);
  const early: string[] = [];
  const maps = scope.for<ConfigMap>(refs.configMaps);
  maps.handle({ added: (map) => early.push(map.metadata?.name ?? '') });
  informers.start();
  await put('a', '1');
  await env.loop.settle();
  const late: string[] = [];
  maps.handle({ added: (map) => late.push(map.metadata?.name ?? '') });
  scope.leave();
  await put('b', '1');
  await env.loop.settle();
  expect([early, late, told]).toEqual([['a'], [], ['+a', '+b']]);
});

test('a watch that ends is resumed without loss, and one that expired is listed anew', async () => {
  const { env, api, client, informers, informer, told, put } = setup();
  informers.start();
  await env.loop.settle();
  await put('a', '1');
  await env.loop.settle();
  for (const watch of [...api.watches]) watch.cut();
  await put('a', '2');
  await env.loop.advance(1000);
  for (const watch of [...api.watches]) watch.expire();
  await client.configMaps.delete({ namespace: 'default', name: 'a' });
  await put('c', '1');
  await env.loop.advance(1000);
  expect(told).toEqual(['+a', 'a 1>2', '-a', '+c']);
  expect(informer.lister.list().map((map) => map.metadata?.name)).toEqual(['c']);
  expect(api.watches.size).toBe(1);
});

test('a listing that fails is tried again with growing delays', async () => {
  const { env, api, informers } = setup();
  let tries = 0;
  api.refuse = () => {
    tries += 1;
    return failure(503, 'ServiceUnavailable', 'not yet');
  };
  informers.start();
  await env.loop.advance(800 + 1600);
  expect(tries).toBe(3);
  api.refuse = undefined;
  await env.loop.advance(3200);
  expect(informers.synced()).toBe(true);
});

test('the lister finds what a controller owns, and what nobody owns', async () => {
  const { env, client, informers, informer } = setup();
  informers.start();
  const owner = { apiVersion: 'v1', kind: 'Owner', name: 'o', uid: 'u1', controller: true };
  const owned = await client.configMaps.create({ metadata: { name: 'a', namespace: 'default', ownerReferences: [owner] } });
  await client.configMaps.create({ metadata: { name: 'b', namespace: 'default' } });
  await env.loop.settle();
  const names = (maps: readonly ConfigMap[]) => maps.map((map) => map.metadata?.name);
  expect([names(informer.lister.ownedBy({ metadata: { uid: 'u1' } })), names(informer.lister.orphans('default'))]).toEqual([['a'], ['b']]);
  await client.configMaps.update({ ...owned, metadata: { name: 'a', namespace: 'default' } });
  await env.loop.settle();
  expect([names(informer.lister.ownedBy({ metadata: { uid: 'u1' } })), names(informer.lister.orphans('default'))]).toEqual([[], ['b', 'a']]);
});
