import type { ConfigMap, Namespace } from '../../generated/types/index.ts';
import type { Client, SharedInformer } from '../client/index.ts';
import { refs } from '../client/index.ts';
import { clone } from '../machinery/deep.ts';
import { isAlreadyExists, isNotFound } from '../machinery/status-error.ts';
import type { ObjectKey } from '../machinery/types.ts';
import type { Controller, ControllerContext } from './controller.ts';
import { ReconcileLoop } from './controller.ts';
import { isNamespaceTerminating } from './replica-set.ts';

const mapName = 'kube-root-ca.crt';
const dataKey = 'ca.crt';
const descriptionKey = 'kubernetes.io/description';
/** Part of the object that users see. */
const description =
  'Contains a CA bundle that can be used to verify the kube-apiserver when using internal endpoints such as the internal service IP or kubernetes.default.svc. No other usage is guaranteed across distributions of Kubernetes clusters.';

/** Keeps the cluster's CA in every namespace (upstream: pkg/controller/certificates/rootcacertpublisher). */
export class RootCaPublisher implements Controller {
  readonly name = 'root-ca-cert-publisher';
  readonly #client: Client;
  readonly #namespaces: SharedInformer<Namespace>;
  readonly #maps: SharedInformer<ConfigMap>;
  readonly #loop: ReconcileLoop;

  constructor(readonly context: ControllerContext) {
    this.#client = context.clientFor(this.name);
    this.#namespaces = context.informers.for<Namespace>(refs.namespaces);
    this.#maps = context.informers.for<ConfigMap>(refs.configMaps);
    this.#loop = new ReconcileLoop('root-ca', context.env, (key) => this.#reconcile(key));
  }

  start(): void {
    const enqueue = (namespace: Readonly<Namespace>) => this.#loop.enqueue(namespace);
    const changed = (map: Readonly<ConfigMap>) => {
      if (map.metadata?.name === mapName) this.#loop.enqueueKey({ name: map.metadata.namespace ?? '' });
    };
    this.#namespaces.handle({ added: enqueue, updated: enqueue });
    this.#maps.handle({ updated: changed, deleted: changed });
    this.#loop.start([this.#namespaces, this.#maps] as SharedInformer<never>[]);
  }

  stop(): void {
    this.#loop.stop();
  }

  async #reconcile({ name: namespace }: ObjectKey): Promise<void> {
    const active = this.#namespaces.lister.get({ name: namespace });
    if (!active || active.metadata?.deletionTimestamp) return;
    const data = { [dataKey]: this.context.rootCa };
    const present = this.#maps.lister.get({ namespace, name: mapName });
    const metadata = { name: mapName, namespace, annotations: { [descriptionKey]: description } };
    try {
      if (!present) await this.#client.configMaps.create({ metadata, data });
      else if (present.data?.[dataKey] !== this.context.rootCa || Object.keys(present.data).length !== 1 || !present.metadata?.annotations?.[descriptionKey]) {
        const next = clone(present) as ConfigMap;
        await this.#client.configMaps.update({
          ...next,
          metadata: { ...next.metadata, annotations: { ...next.metadata?.annotations, [descriptionKey]: description } },
          data,
        });
      }
    } catch (error) {
      if (!isAlreadyExists(error) && !isNotFound(error) && !isNamespaceTerminating(error)) throw error;
    }
  }
}
