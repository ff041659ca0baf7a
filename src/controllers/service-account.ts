import type { Namespace, ServiceAccount } from '../../generated/types/index.ts';
import type { Client, SharedInformer } from '../client/index.ts';
import { refs } from '../client/index.ts';
import { isAlreadyExists, isNotFound } from '../machinery/status-error.ts';
import type { ObjectKey } from '../machinery/types.ts';
import type { Controller, ControllerContext } from './controller.ts';
import { ReconcileLoop } from './controller.ts';
import { isNamespaceTerminating } from './replica-set.ts';

const accountName = 'default';

/** Gives every namespace its service account `default` (upstream: pkg/controller/serviceaccount). */
export class ServiceAccountController implements Controller {
  readonly name = 'service-account-controller';
  readonly #client: Client;
  readonly #namespaces: SharedInformer<Namespace>;
  readonly #accounts: SharedInformer<ServiceAccount>;
  readonly #loop: ReconcileLoop;

  constructor(readonly context: ControllerContext) {
    this.#client = context.clientFor(this.name);
    this.#namespaces = context.informers.for<Namespace>(refs.namespaces);
    this.#accounts = context.informers.for<ServiceAccount>(refs.serviceAccounts);
    this.#loop = new ReconcileLoop('serviceaccount', context.env, (key) => this.#reconcile(key));
  }

  start(): void {
    const enqueue = (namespace: Readonly<Namespace>) => this.#loop.enqueue(namespace);
    this.#namespaces.handle({ added: enqueue, updated: enqueue });
    this.#accounts.handle({ deleted: (account) => this.#loop.enqueueKey({ name: account.metadata?.namespace ?? '' }) });
    this.#loop.start([this.#namespaces, this.#accounts] as SharedInformer<never>[]);
  }

  stop(): void {
    this.#loop.stop();
  }

  async #reconcile({ name }: ObjectKey): Promise<void> {
    const namespace = this.#namespaces.lister.get({ name });
    if (!namespace || namespace.metadata?.deletionTimestamp || namespace.status?.phase === 'Terminating') return;
    if (this.#accounts.lister.get({ namespace: name, name: accountName })) return;
    try {
      await this.#client.serviceAccounts.create({ metadata: { name: accountName, namespace: name } });
    } catch (error) {
      if (!isAlreadyExists(error) && !isNotFound(error) && !isNamespaceTerminating(error)) throw error;
    }
  }
}
