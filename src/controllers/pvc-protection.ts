import type { PersistentVolumeClaim, Pod } from '../../generated/types/index.ts';
import type { ResourceClient, SharedInformer } from '../client/index.ts';
import { refs } from '../client/index.ts';
import type { ObjectKey } from '../machinery/types.ts';
import type { Controller, ControllerContext } from './controller.ts';
import { ReconcileLoop } from './controller.ts';
import { removeFinalizer } from './finalizers.ts';

const finalizer = 'kubernetes.io/pvc-protection';

/** Lets a deleted claim go once no pod uses it any more (upstream: pkg/controller/volume/pvcprotection). */
export class PvcProtectionController implements Controller {
  readonly name = 'pvc-protection-controller';
  readonly #client: ResourceClient<PersistentVolumeClaim>;
  readonly #claims: SharedInformer<PersistentVolumeClaim>;
  readonly #pods: SharedInformer<Pod>;
  readonly #loop: ReconcileLoop;

  constructor(readonly context: ControllerContext) {
    this.#client = context.clientFor(this.name).resource<PersistentVolumeClaim>(refs.persistentVolumeClaims);
    this.#claims = context.informers.for<PersistentVolumeClaim>(refs.persistentVolumeClaims);
    this.#pods = context.informers.for<Pod>(refs.pods);
    this.#loop = new ReconcileLoop('pvc-protection', context.env, (key) => this.#reconcile(key));
  }

  start(): void {
    const enqueue = (claim: Readonly<PersistentVolumeClaim>) => {
      if (claim.metadata?.deletionTimestamp) this.#loop.enqueue(claim);
    };
    this.#claims.handle({ added: enqueue, updated: enqueue });
    const released = (pod: Readonly<Pod>) => {
      for (const name of claimsOf(pod)) this.#loop.enqueueKey({ namespace: pod.metadata?.namespace, name });
    };
    this.#pods.handle({ updated: released, deleted: released });
    this.#loop.start([this.#claims, this.#pods] as SharedInformer<never>[]);
  }

  stop(): void {
    this.#loop.stop();
  }

  async #reconcile(key: ObjectKey): Promise<void> {
    const claim = this.#claims.lister.get(key);
    if (!claim?.metadata?.deletionTimestamp) return;
    if (this.#pods.lister.list(key.namespace).some((pod) => pod.spec?.nodeName && !isOver(pod) && claimsOf(pod).includes(key.name))) return;
    await removeFinalizer(this.#client, claim, finalizer);
  }
}

/** A pod that has ended holds no volume. */
function isOver({ status }: Readonly<Pod>): boolean {
  return status?.phase === 'Succeeded' || status?.phase === 'Failed';
}

/** Names of the claims that a pod's volumes refer to, those that it makes for itself included. */
function claimsOf(pod: Readonly<Pod>): string[] {
  return (pod.spec?.volumes ?? []).flatMap((volume) => {
    if (volume.persistentVolumeClaim) return [volume.persistentVolumeClaim.claimName];
    return volume.ephemeral ? [`${pod.metadata?.name}-${volume.name}`] : [];
  });
}
