import { badRequest, expired, failure } from '../../machinery/status-error.ts';
import type { ListResult, StoreEntry } from '../../store/store.ts';
import { isStoreError } from '../../store/store.ts';
import { decodeContinue, encodeContinue } from './continue-token.ts';
import type { ListAnswer, ListQuery } from './options.ts';
import type { RegistryDependencies, ResourceRegistry } from './resource-registry.ts';

/** How many entries are looked at in one go while a selector looks for `limit` matches. */
const chunk = 500;

/** Lists as upstream does: whole, in pages of one revision, or at a revision the client names. */
export async function listObjects(registry: ResourceRegistry, query: ListQuery): Promise<ListAnswer> {
  const prefix = registry.prefixOf(query.namespace);
  if (query.continueToken) return continueListing(registry, query, prefix);
  const exact = query.match === 'Exact' || (query.match === '' && query.limit > 0 && !!query.revision);
  if (query.revision && !exact) await waitForRevision(registry.deps, query.revision);
  const revision = exact ? query.revision : undefined;
  const { name } = query.selection;
  if (name !== undefined && query.namespace && revision === undefined) return listOne(registry, query, query.namespace, name);
  // A list of "any" version is answered whole, from what upstream has in its cache.
  const limit = query.revision === 0 && query.match !== 'Exact' ? 0 : query.limit;
  return listFrom(registry, query, prefix, prefix, revision, limit);
}

async function continueListing(registry: ResourceRegistry, query: ListQuery, prefix: string): Promise<ListAnswer> {
  const point = decodeContinue(query.continueToken);
  if (query.revision) throw badRequest('specifying resource version is not allowed when using continue');
  const revision = point.revision > 0 ? point.revision : undefined;
  return listFrom(registry, query, prefix, prefix + point.start, revision, query.limit);
}

async function listOne(registry: ResourceRegistry, query: ListQuery, namespace: string, name: string): Promise<ListAnswer> {
  const { store } = registry.deps;
  const [entry, revision] = await Promise.all([store.get(registry.keyOf({ namespace, name })), store.revision()]);
  const items = entry && query.selection.matches?.(entry.object) !== false ? [entry] : [];
  return { items, revision, continueToken: undefined, remaining: undefined };
}

async function listFrom(
  registry: ResourceRegistry,
  query: ListQuery,
  prefix: string,
  startKey: string,
  revision: number | undefined,
  limit: number,
): Promise<ListAnswer> {
  const { matches } = query.selection;
  const first = await page(registry, query, prefix, startKey, revision, limit && matches ? chunk : limit);
  const { length } = first.entries;
  if (!matches) {
    registry.listMetrics.listed(length, length, length);
    return answer(first.entries, first.revision, first.remaining, prefix, false);
  }
  if (!limit) {
    const found = first.entries.filter((entry) => matches(entry.object));
    registry.listMetrics.listed(length, length, found.length);
    return answer(found, first.revision, 0, prefix, true);
  }
  const found: StoreEntry[] = [];
  let current = first;
  let evaluated = 0;
  for (let fetched = length; ; fetched += current.entries.length) {
    for (let index = 0; index < current.entries.length; index += 1) {
      const entry = current.entries[index] as StoreEntry;
      if (!matches(entry.object)) continue;
      found.push(entry);
      if (found.length < limit) continue;
      registry.listMetrics.listed(fetched, evaluated + index + 1, limit);
      return answer(found, first.revision, current.remaining + current.entries.length - index - 1, prefix, true);
    }
    evaluated += current.entries.length;
    const last = current.entries.at(-1);
    if (!last || current.remaining === 0) {
      registry.listMetrics.listed(fetched, evaluated, found.length);
      return answer(found, first.revision, 0, prefix, true);
    }
    current = await page(registry, query, prefix, `${last.key}\0`, first.revision, chunk);
  }
}

function answer(items: readonly StoreEntry[], revision: number, remaining: number, prefix: string, selected: boolean): ListAnswer {
  const last = items.at(-1);
  if (remaining === 0 || !last) return { items, revision, continueToken: undefined, remaining: undefined };
  const continueToken = encodeContinue({ revision, start: `${last.key.slice(prefix.length)}\0` });
  return { items, revision, continueToken, remaining: selected ? undefined : remaining };
}

async function page(
  registry: ResourceRegistry,
  query: ListQuery,
  prefix: string,
  startKey: string,
  revision: number | undefined,
  limit: number,
): Promise<ListResult> {
  try {
    return await registry.deps.store.list(prefix, { revision, startKey, limit: limit || undefined });
  } catch (error) {
    if (isStoreError(error, 'Compacted')) throw tooOld(query, startKey.slice(prefix.length));
    // Only one that was asked for exactly, or a token, comes here without having been waited for: upstream hands on what etcd says.
    if (isStoreError(error, 'FutureRevision')) throw failure(500, '', 'etcdserver: mvcc: required revision is a future revision');
    throw error;
  }
}

/** The way out of an expired listing is a token for the rest as it is now (apiserver/pkg/storage/etcd3/errors.go). */
function tooOld(query: ListQuery, start: string): Error {
  if (!query.continueToken) return expired('The resourceVersion for the provided list is too old.');
  const error = expired(
    'The provided continue parameter is too old to display a consistent list result. You can start a new list without the continue parameter, or use the continue token in this response to retrieve the remainder of the results. Continuing with the provided token results in an inconsistent list - objects that were created, modified, or deleted between the time the first chunk was returned and now may show up in the list.',
  );
  error.status.metadata.continue = encodeContinue({ revision: -1, start });
  return error;
}

/** How long a list waits for a version that is not there yet, and how often it looks (storage/cacher blockTimeout). */
const futureWaitMs = 3000;
const futurePollMs = 100;

/**
 * Waits until the store has reached a revision that the client has seen elsewhere.
 * @throws StatusError 504 once three seconds have passed
 */
export async function waitForRevision({ store, env }: Pick<RegistryDependencies, 'store' | 'env'>, revision: number): Promise<void> {
  const deadline = env.clock.now() + futureWaitMs;
  let current = await store.revision();
  while (current < revision) {
    if (env.clock.now() >= deadline) throw tooLargeRevision(revision, current);
    await env.loop.sleep(futurePollMs, 'wait for a resource version');
    current = await store.revision();
  }
}

function tooLargeRevision(revision: number, current: number): Error {
  return failure(504, 'Timeout', `Timeout: Too large resource version: ${revision}, current: ${current}`, {
    causes: [{ reason: 'ResourceVersionTooLarge', message: 'Too large resource version' }],
    retryAfterSeconds: 1,
  });
}
