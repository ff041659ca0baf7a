import type { KubeObject } from '../machinery/types.ts';
import type { InformerFactory, SharedInformer } from './informer.ts';
import type { ReflectedPart } from './reflector.ts';
import type { ResourceRef } from './types.ts';

/** Informers for those who neither start nor stop them. */
export type Informers = Pick<InformerFactory, 'for'>;

/** Shared informers as one of their users sees them who may leave before they end: its handlers are told nothing more then. */
export class InformerScope implements Informers {
  readonly #leave: (() => void)[] = [];
  #left = false;

  constructor(readonly informers: Informers) {}

  for<T extends KubeObject>(ref: ResourceRef, part?: ReflectedPart): SharedInformer<T> {
    const shared = this.informers.for<T>(ref, part);
    return {
      lister: shared.lister,
      get revision() {
        return shared.revision;
      },
      get synced() {
        return shared.synced;
      },
      whenSynced: (callback) => shared.whenSynced(() => this.#left || callback()),
      handle: (handler) => {
        const leave = shared.handle(handler);
        this.#leave.push(leave);
        return leave;
      },
    };
  }

  leave(): void {
    this.#left = true;
    for (const leave of this.#leave.splice(0)) leave();
  }
}
