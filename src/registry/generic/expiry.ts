import type { Env } from '../../env/index.ts';
import type { Store, StoreEntry } from '../../store/store.ts';
import { isStoreError } from '../../store/store.ts';

/** What was written within such a time goes together, up to that much later (storage/etcd3 lease_manager.go). */
const sharedMs = 60_000;

interface Expiring {
  readonly key: string;
  readonly revision: number;
  readonly at: number;
}

/**
 * Takes objects out of storage some time after they were last written, as etcd's leases do: nobody is asked, no finalizer holds
 * them, and watchers see them go. One timer for all that are waiting.
 */
export class Expiry {
  /** In order of time, since all live equally long. */
  #waiting: Expiring[] = [];
  #armed = false;

  constructor(
    readonly env: Pick<Env, 'clock' | 'loop'>,
    readonly store: Store,
    readonly lifetimeMs: number,
  ) {}

  /** The object has been written, and lives from now on. */
  written({ key, revision }: StoreEntry): void {
    const { clock } = this.env;
    const at = Math.ceil((clock.now() + this.lifetimeMs) / sharedMs) * sharedMs;
    this.#waiting.push({ key, revision, at });
    this.#arm();
  }

  #arm(): void {
    const [first] = this.#waiting;
    if (!first || this.#armed) return;
    this.#armed = true;
    this.env.loop.at(first.at, 'expiry', async () => {
      this.#armed = false;
      await this.#sweep();
      this.#arm();
    });
  }

  async #sweep(): Promise<void> {
    const now = this.env.clock.now();
    const after = this.#waiting.findIndex(({ at }) => at > now);
    const over = this.#waiting.splice(0, after < 0 ? this.#waiting.length : after);
    for (const { key, revision } of over) {
      try {
        await this.store.delete(key, revision);
      } catch (error) {
        // Written again since, it lives on; or somebody has deleted it; or everything is over.
        if (!isStoreError(error)) throw error;
      }
    }
  }
}
