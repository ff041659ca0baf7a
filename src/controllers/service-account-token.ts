import type { Secret, ServiceAccount } from '../../generated/types/index.ts';
import type { Client, SharedInformer } from '../client/index.ts';
import { refs } from '../client/index.ts';
import { clone } from '../machinery/deep.ts';
import { isNotFound } from '../machinery/status-error.ts';
import type { ObjectKey } from '../machinery/types.ts';
import type { Controller, ControllerContext } from './controller.ts';
import { ReconcileLoop } from './controller.ts';

const tokenType = 'kubernetes.io/service-account-token';
const nameAnnotation = 'kubernetes.io/service-account.name';
const uidAnnotation = 'kubernetes.io/service-account.uid';

/**
 * Fills Secrets that ask for the token of a service account, and removes those whose account is gone
 * (upstream: pkg/controller/serviceaccount tokens_controller). It acts as kube-controller-manager itself, as upstream's does.
 */
export class ServiceAccountTokenController implements Controller {
  readonly name = 'serviceaccount-token-controller';
  readonly #client: Client;
  readonly #secrets: SharedInformer<Secret>;
  readonly #accounts: SharedInformer<ServiceAccount>;
  readonly #loop: ReconcileLoop;

  constructor(readonly context: ControllerContext) {
    this.#client = context.clientFor('kube-controller-manager');
    this.#secrets = context.informers.for<Secret>(refs.secrets);
    this.#accounts = context.informers.for<ServiceAccount>(refs.serviceAccounts);
    this.#loop = new ReconcileLoop('service-account-token', context.env, (key) => this.#reconcile(key));
  }

  start(): void {
    if (!this.context.legacyToken) return; // Nobody here has the key.
    const enqueue = (secret: Readonly<Secret>) => {
      if (secret.type === tokenType) this.#loop.enqueue(secret);
    };
    this.#secrets.handle({ added: enqueue, updated: enqueue });
    this.#accounts.handle({ deleted: ({ metadata }) => this.#secrets.lister.list(metadata?.namespace).forEach(enqueue) });
    this.#loop.start([this.#secrets, this.#accounts] as SharedInformer<never>[]);
  }

  stop(): void {
    this.#loop.stop();
  }

  async #reconcile(key: ObjectKey): Promise<void> {
    const secret = this.#secrets.lister.get(key);
    const { namespace = '' } = key;
    const { annotations = {}, uid } = secret?.metadata ?? {};
    const name = annotations[nameAnnotation];
    if (!secret || secret.type !== tokenType || !name) return;
    const account = await this.#accountOf(namespace, name);
    const accountUid = account?.metadata?.uid;
    if (!accountUid || (annotations[uidAnnotation] && annotations[uidAnnotation] !== accountUid)) {
      await this.#client.secrets.delete(key, { preconditions: { ...(uid ? { uid } : {}) } });
      return;
    }
    const ca = base64(this.context.rootCa);
    const data: Record<string, string> = {};
    // Another CA is put right; a namespace or token that somebody has written stays, even a wrong one.
    if (secret.data?.['ca.crt'] !== ca) data['ca.crt'] = ca;
    if (!secret.data?.namespace) data.namespace = base64(namespace);
    if (!secret.data?.token) data.token = base64(this.context.legacyToken?.({ namespace, account: { name, uid: accountUid }, secret: key.name }) ?? '');
    if (Object.keys(data).length === 0) return;
    const next = clone(secret) as Secret;
    const metadata = { ...next.metadata, annotations: { ...annotations, [uidAnnotation]: accountUid } };
    const written = await this.#client.secrets.update({ ...next, metadata, data: { ...next.data, ...data } });
    this.#loop.expectWritten(secret, this.#secrets as SharedInformer<never>, written);
  }

  /** Asked of the API: a Secret may follow its account too closely for a cache to know. */
  async #accountOf(namespace: string, name: string): Promise<Readonly<ServiceAccount> | undefined> {
    try {
      return await this.#client.serviceAccounts.get({ namespace, name });
    } catch (error) {
      if (isNotFound(error)) return undefined;
      throw error;
    }
  }
}

const base64 = (text: string): string => Buffer.from(text).toString('base64');
