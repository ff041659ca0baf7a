import type { Namespace, Pod } from '../../generated/types/index.ts';
import type { Client, ResourceRef, SharedInformer } from '../client/index.ts';
import { refs, resourcePath } from '../client/index.ts';
import { clone, semanticEqual } from '../machinery/deep.ts';
import { ignoreNotFound } from '../machinery/status-error.ts';
import { parseTime } from '../machinery/time.ts';
import type { KubeObject, ObjectKey } from '../machinery/types.ts';
import type { Controller, ControllerContext } from './controller.ts';
import { ReconcileLoop } from './controller.ts';
import type { Remaining } from './namespace-conditions.ts';
import { namespaceConditions } from './namespace-conditions.ts';

/** Other API servers may not know of the deletion yet, so upstream gives them time. */
const deletionGraceMs = 5000;
/** How long finalizers are given before the next look. */
const finalizerEstimateSeconds = 15;
const kubernetesFinalizer = 'kubernetes';

interface Round {
  readonly byResource: Map<ResourceRef, number>;
  readonly byFinalizer: Map<string, number>;
  readonly errors: string[];
  estimateSeconds: number;
}

/**
 * Empties namespaces that are being deleted, pods first and everything else when they are gone, and then lets them go
 * (upstream: pkg/controller/namespace, OrderedNamespaceDeletion).
 */
export class NamespaceController implements Controller {
  readonly name = 'namespace-controller';
  readonly #client: Client;
  readonly #namespaces: SharedInformer<Namespace>;
  readonly #loop: ReconcileLoop;

  constructor(readonly context: ControllerContext) {
    this.#client = context.clientFor(this.name);
    this.#namespaces = context.informers.for<Namespace>(refs.namespaces);
    this.#loop = new ReconcileLoop('namespace', context.env, (key) => this.#reconcile(key), 10);
  }

  start(): void {
    const look = (namespace: Readonly<Namespace>) => {
      if (namespace.metadata?.deletionTimestamp) this.#loop.enqueueAfter(namespace, deletionGraceMs);
    };
    this.#namespaces.handle({ added: look, updated: look });
    this.#loop.start([this.#namespaces] as SharedInformer<never>[]);
  }

  stop(): void {
    this.#loop.stop();
  }

  async #reconcile(key: ObjectKey): Promise<void> {
    let namespace = await this.#client.namespaces.get(key).catch(ignoreNotFound);
    if (!namespace?.metadata?.deletionTimestamp) return;
    if (namespace.status?.phase !== 'Terminating')
      namespace = await this.#client.namespaces.updateStatus({ ...clone(namespace), status: { ...clone(namespace.status ?? {}), phase: 'Terminating' } });
    if ((namespace.spec?.finalizers ?? []).length === 0) return;
    const round = await this.#empty(namespace);
    namespace = await this.#writeConditions(namespace, round);
    if (round.errors.length > 0) throw new Error(round.errors.join(', '));
    if (round.estimateSeconds > 0) this.#loop.enqueueAfter(namespace, (Math.floor(round.estimateSeconds / 2) + 1) * 1000);
    else await this.#finalize(namespace);
  }

  async #empty(namespace: Readonly<Namespace>): Promise<Round> {
    const round: Round = { byResource: new Map(), byFinalizer: new Map(), errors: [], estimateSeconds: 0 };
    const namespaced = this.context.resources.filter((ref) => ref.namespaced);
    const isPods = (ref: ResourceRef) => ref.group === '' && ref.resource === 'pods';
    for (const ref of namespaced.filter(isPods)) await this.#emptyOf(namespace, ref, round);
    if (round.byResource.size > 0 || round.errors.length > 0) return round; // Pods may need what else is here until they end.
    for (const ref of namespaced) if (!isPods(ref)) await this.#emptyOf(namespace, ref, round);
    return round;
  }

  async #emptyOf(namespace: Readonly<Namespace>, ref: ResourceRef, round: Round): Promise<void> {
    const client = this.#client.resource<KubeObject>(ref);
    const name = namespace.metadata?.name ?? '';
    try {
      const before = await client.list({ namespace: name });
      if (before.items.length === 0) return;
      const grace = ref.resource === 'pods' ? this.#graceSeconds(namespace, before.items as readonly Pod[]) : 0;
      await client.deleteCollection({ namespace: name, propagationPolicy: 'Background' });
      const { items } = await client.list({ namespace: name });
      if (items.length > 0) note(round, name, ref, items, grace);
    } catch (error) {
      round.errors.push((error as Error).message);
    }
  }

  /** The longest time that a live pod may take to end; 0 once the namespace has been going for longer than that. */
  #graceSeconds(namespace: Readonly<Namespace>, pods: readonly Readonly<Pod>[]): number {
    const live = pods.filter((pod) => pod.status?.phase !== 'Succeeded' && pod.status?.phase !== 'Failed');
    const longest = Math.max(0, ...live.map((pod) => pod.spec?.terminationGracePeriodSeconds ?? 0));
    const elapsedMs = this.context.env.clock.now() - (parseTime(namespace.metadata?.deletionTimestamp) ?? 0);
    return elapsedMs >= longest * 1000 ? 0 : longest;
  }

  async #writeConditions(namespace: Readonly<Namespace>, remaining: Remaining): Promise<Readonly<Namespace>> {
    const conditions = namespaceConditions(namespace.status?.conditions ?? [], remaining, this.context.env.clock.now());
    if (semanticEqual(conditions, namespace.status?.conditions)) return namespace;
    return this.#client.namespaces.updateStatus({ ...clone(namespace), status: { ...clone(namespace.status ?? {}), conditions } });
  }

  async #finalize(namespace: Readonly<Namespace>): Promise<void> {
    const body = clone(namespace) as Namespace;
    body.spec = { ...body.spec, finalizers: (body.spec?.finalizers ?? []).filter((finalizer) => finalizer !== kubernetesFinalizer) };
    await this.#client.request('PUT', resourcePath(refs.namespaces, undefined, namespace.metadata?.name, 'finalize'), { body }).catch(ignoreNotFound);
  }
}

/** Notes what is left of a resource. Something left that neither grace nor finalizers explain is an error. */
function note(round: Round, namespace: string, ref: ResourceRef, items: readonly Readonly<KubeObject>[], graceSeconds: number): void {
  round.byResource.set(ref, items.length);
  const finalizers = items.flatMap((item) => item.metadata?.finalizers ?? []);
  for (const finalizer of finalizers) round.byFinalizer.set(finalizer, (round.byFinalizer.get(finalizer) ?? 0) + 1);
  const estimate = graceSeconds || (finalizers.length > 0 ? finalizerEstimateSeconds : 0);
  if (estimate === 0) {
    const gvr = `${ref.group}/${ref.version}, Resource=${ref.resource}`;
    round.errors.push(`unexpected items still remain in namespace: ${namespace} for gvr: ${gvr}`);
  }
  round.estimateSeconds = Math.max(round.estimateSeconds, estimate);
}
