import type { Informer, InformerHandler, Lister } from '../client/types.ts';
import { createEnv, nodeMachine, silentLog } from '../env/index.ts';
import type { KubeObject } from '../machinery/index.ts';

/** An informer that a test feeds by hand. */
export class FedInformer<T extends KubeObject> implements Informer<T> {
  readonly #objects = new Map<string, T>();
  readonly #handlers: InformerHandler<T>[] = [];
  readonly synced = true;
  readonly lister: Lister<T> = {
    get: (key) => this.#objects.get(`${key.namespace ?? ''}/${key.name}`),
    list: (namespace) => [...this.#objects.values()].filter((one) => namespace === undefined || one.metadata?.namespace === namespace),
    ownedBy: () => [],
  };

  handle(handler: InformerHandler<T>): void {
    this.#handlers.push(handler);
    for (const object of this.#objects.values()) handler.added?.(object);
  }

  set(object: T): void {
    const key = `${object.metadata?.namespace ?? ''}/${object.metadata?.name}`;
    const previous = this.#objects.get(key);
    this.#objects.set(key, object);
    for (const handler of this.#handlers) {
      if (previous) handler.updated?.(object, previous);
      else handler.added?.(object);
    }
  }

  remove(object: T): void {
    this.#objects.delete(`${object.metadata?.namespace ?? ''}/${object.metadata?.name}`);
    for (const handler of this.#handlers) handler.deleted?.(object);
  }
}

export function simulatedEnv() {
  return createEnv({ machine: nodeMachine, log: silentLog, seed: 1, start: Date.parse('2026-01-01T00:00:00Z'), mode: 'manual' });
}
