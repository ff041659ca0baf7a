import type { PersistentVolume } from '../../generated/types/index.ts';
import type { ResourceClient, SharedInformer } from '../client/index.ts';
import { refs } from '../client/index.ts';
import type { ObjectKey } from '../machinery/types.ts';
import type { Controller, ControllerContext } from './controller.ts';
import { ReconcileLoop } from './controller.ts';
import { removeFinalizer } from './finalizers.ts';

const finalizer = 'kubernetes.io/pv-protection';

/** Lets a deleted volume go once it is not bound to a claim any more (upstream: pkg/controller/volume/pvprotection). */
export class PvProtectionController implements Controller {
  readonly name = 'pv-protection-controller';
  readonly #client: ResourceClient<PersistentVolume>;
  readonly #volumes: SharedInformer<PersistentVolume>;
  readonly #loop: ReconcileLoop;

  constructor(readonly context: ControllerContext) {
    this.#client = context.clientFor(this.name).resource<PersistentVolume>(refs.persistentVolumes);
    this.#volumes = context.informers.for<PersistentVolume>(refs.persistentVolumes);
    this.#loop = new ReconcileLoop('pv-protection', context.env, (key) => this.#reconcile(key));
  }

  start(): void {
    const enqueue = (volume: Readonly<PersistentVolume>) => {
      if (volume.metadata?.deletionTimestamp) this.#loop.enqueue(volume);
    };
    this.#volumes.handle({ added: enqueue, updated: enqueue });
    this.#loop.start([this.#volumes] as SharedInformer<never>[]);
  }

  stop(): void {
    this.#loop.stop();
  }

  async #reconcile(key: ObjectKey): Promise<void> {
    const volume = this.#volumes.lister.get(key);
    if (!volume?.metadata?.deletionTimestamp || volume.status?.phase === 'Bound') return;
    await removeFinalizer(this.#client, volume, finalizer);
  }
}
