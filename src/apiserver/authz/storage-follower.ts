import type { Env } from '../../env/index.ts';
import type { KubeObject } from '../../machinery/types.ts';
import type { Store, Watch } from '../../store/store.ts';
import { isStoreError } from '../../store/store.ts';
import type { RbacIndex, RbacResource } from './rbac-index.ts';
import { rbacGroup } from './rbac-index.ts';

export interface StorageReader {
  /** Everything known so far is void: a listing follows. */
  clear(): void;
  /** `key` without the follower's prefix. */
  set(key: string, object: Readonly<KubeObject>): void;
  /** With the object as it was last. */
  delete(key: string, object: Readonly<KubeObject>): void;
}

/** Keeps a reader in step with all that is stored under a prefix: the informers that upstream's API server runs on itself. */
export class StorageFollower {
  #watch: Watch | undefined;
  #started: Promise<void> | undefined;

  constructor(
    readonly env: Pick<Env, 'loop' | 'log'>,
    readonly store: Store,
    readonly prefix: string,
    readonly reader: StorageReader,
  ) {}

  /** Lists and begins to watch. */
  start(): Promise<void> {
    this.#started ??= this.#list();
    return this.#started;
  }

  /** Resolves when the reader has been told of every write that was finished before this call. */
  async catchUp(): Promise<void> {
    await this.start();
    const target = await this.store.revision();
    while (this.#watch && (this.#watch.progress?.() ?? target) < target) {
      await this.env.loop.turn('authorizer catches up');
    }
  }

  async #list(): Promise<void> {
    const { entries, revision } = await this.store.list(this.prefix);
    this.reader.clear();
    for (const { key, object } of entries) this.reader.set(key.slice(this.prefix.length), object);
    this.#watch = await this.store.watch(this.prefix, revision, {
      events: (events) => {
        for (const { type, entry } of events) this.reader[type === 'deleted' ? 'delete' : 'set'](entry.key.slice(this.prefix.length), entry.object);
      },
      end: (error) => this.#restart(error),
    });
  }

  /** A watch that fell behind begins anew; a store that has closed stays closed. */
  #restart(error: Error | undefined): void {
    this.#watch = undefined;
    if (!error || isStoreError(error, 'Closed')) return;
    this.#started = this.#list();
    this.#started.catch((failed: unknown) => this.env.log.error('authorizer cannot read storage', { error: String(failed) }));
  }
}

/** Follows the roles and bindings. */
export function rbacFollower(env: Pick<Env, 'loop' | 'log'>, store: Store, index: RbacIndex): StorageFollower {
  const resourceOf = (key: string) => key.slice(0, key.indexOf('/')) as RbacResource;
  return new StorageFollower(env, store, `/registry/${rbacGroup}/`, {
    clear: () => index.clear(),
    set: (key, object) => index.set(resourceOf(key), object),
    delete: (key, object) => index.delete(resourceOf(key), object),
  });
}
