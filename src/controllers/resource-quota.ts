import type { ResourceQuota } from '../../generated/types/index.ts';
import type { Amounts, QuotaEvaluator } from '../api/quota/index.ts';
import { addAmounts, formatAmounts, matchesQuota, onlyNamed, parseAmounts, quotaEvaluatorFor, sameAmounts, zeros } from '../api/quota/index.ts';
import type { Client, ResourceRef, SharedInformer } from '../client/index.ts';
import { refs } from '../client/index.ts';
import { clone } from '../machinery/deep.ts';
import type { KubeObject, ObjectKey } from '../machinery/types.ts';
import type { Controller, ControllerContext } from './controller.ts';
import { ReconcileLoop } from './controller.ts';

/** Everything is counted again this often, whatever was heard (upstream: --resource-quota-sync-period). */
const resyncMs = 300_000;

interface Counted {
  readonly evaluator: QuotaEvaluator;
  readonly informer: SharedInformer<KubeObject>;
}

/**
 * Keeps `status.used` of quotas: counts once when a quota is made or changed, again when something that counts has gone, and every
 * five minutes (upstream: pkg/controller/resourcequota). What is created in between is charged by the API server itself.
 */
export class ResourceQuotaController implements Controller {
  readonly name = 'resourcequota-controller';
  readonly #client: Client;
  readonly #quotas: SharedInformer<ResourceQuota> | undefined;
  readonly #counted: readonly Counted[];
  readonly #loop: ReconcileLoop;

  constructor(readonly context: ControllerContext) {
    this.#client = context.clientFor(this.name);
    const served = context.resources.filter((ref) => ref.namespaced);
    const hasQuotas = served.some((ref) => ref.group === '' && ref.resource === refs.resourceQuotas.resource);
    this.#quotas = hasQuotas ? context.informers.for<ResourceQuota>(refs.resourceQuotas) : undefined;
    this.#counted = hasQuotas ? served.flatMap((ref) => this.#count(ref)) : [];
    this.#loop = new ReconcileLoop('resource-quota', context.env, (key) => this.#reconcile(key));
  }

  start(): void {
    if (!this.#quotas) return;
    this.#quotas.handle({
      added: (quota) => this.#loop.enqueue(quota),
      updated: (quota, previous) => {
        if (!sameAmounts(parseAmounts(quota.spec?.hard), parseAmounts(previous.spec?.hard))) this.#loop.enqueue(quota);
      },
    });
    for (const { evaluator, informer } of this.#counted) {
      informer.handle({
        updated: (object, previous) => {
          if (evaluator.frees?.(object, previous, this.context.env.clock.now())) this.#recount(evaluator, object);
        },
        deleted: (object) => this.#recount(evaluator, object),
      });
    }
    this.#loop.start([this.#quotas, ...this.#counted.map((one) => one.informer)] as unknown as SharedInformer<never>[]);
  }

  stop(): void {
    this.#loop.stop();
  }

  #count(ref: ResourceRef): Counted[] {
    const evaluator = quotaEvaluatorFor(ref);
    return evaluator ? [{ evaluator, informer: this.context.informers.for<KubeObject>(ref) }] : [];
  }

  /** Something that counted has gone: quotas of its namespace that limit such things have room again. */
  #recount(evaluator: QuotaEvaluator, { metadata }: Readonly<KubeObject>): void {
    for (const quota of this.#quotas?.lister.list(metadata?.namespace) ?? []) {
      if (Object.keys(quota.status?.hard ?? {}).some((name) => evaluator.tracks(name))) this.#loop.enqueue(quota);
    }
  }

  async #reconcile(key: ObjectKey): Promise<void> {
    const quota = this.#quotas?.lister.get(key);
    if (!quota || !this.#quotas) return;
    const hard = parseAmounts(quota.spec?.hard);
    const used = this.#usage(quota, hard);
    this.#loop.enqueueAfter(quota, resyncMs);
    const counted = quota.status?.hard !== undefined && quota.status.used !== undefined;
    if (counted && sameAmounts(hard, parseAmounts(quota.status?.hard)) && sameAmounts(used, parseAmounts(quota.status?.used))) return;
    const status = { hard: formatAmounts(hard), used: formatAmounts(used) };
    const written = await this.#client.resource<ResourceQuota>(refs.resourceQuotas).updateStatus({ ...clone(quota), status });
    this.#loop.expectWritten(quota, this.#quotas as unknown as SharedInformer<never>, written);
  }

  /** What is used of all that is limited; names that nothing here counts keep what was said of them. */
  #usage(quota: Readonly<ResourceQuota>, hard: Amounts): Amounts {
    const names = [...hard.keys()];
    const now = this.context.env.clock.now();
    let used: Amounts = onlyNamed(parseAmounts(quota.status?.used), names);
    for (const { evaluator, informer } of this.#counted) {
      const tracked = names.filter((name) => evaluator.tracks(name));
      if (tracked.length === 0) continue;
      let own: Amounts = zeros(tracked);
      for (const object of informer.lister.list(quota.metadata?.namespace)) {
        if (matchesQuota(evaluator, quota, object, tracked)) own = addAmounts(own, onlyNamed(evaluator.usage(object, now), tracked));
      }
      used = new Map([...used, ...own]);
    }
    return used;
  }
}
