import type { ClusterRole, PolicyRule } from '../../generated/types/index.ts';
import type { Client, SharedInformer } from '../client/index.ts';
import { refs } from '../client/index.ts';
import { clone, semanticEqual } from '../machinery/deep.ts';
import { matchesLabels, requirementsOf } from '../machinery/selectors/index.ts';
import type { ObjectKey } from '../machinery/types.ts';
import type { Controller, ControllerContext } from './controller.ts';
import { ReconcileLoop } from './controller.ts';

/**
 * Makes ClusterRoles with an aggregation rule hold the rules of all ClusterRoles that it selects
 * (upstream: pkg/controller/clusterroleaggregation).
 */
export class ClusterRoleAggregationController implements Controller {
  readonly name = 'clusterrole-aggregation-controller';
  readonly #client: Client;
  readonly #roles: SharedInformer<ClusterRole>;
  readonly #loop: ReconcileLoop;

  constructor(context: ControllerContext) {
    this.#client = context.clientFor(this.name);
    this.#roles = context.informers.for<ClusterRole>(refs.clusterRoles);
    this.#loop = new ReconcileLoop('cluster-role-aggregation', context.env, (key) => this.#reconcile(key));
  }

  start(): void {
    const aggregating = new Set<string>();
    // Whichever role changes, any of those that aggregate may have to follow.
    const enqueue = () => {
      for (const name of aggregating) this.#loop.enqueueKey({ name });
    };
    const changed = ({ metadata, aggregationRule }: Readonly<ClusterRole>) => {
      if (aggregationRule) aggregating.add(metadata?.name ?? '');
      enqueue();
    };
    this.#roles.handle({
      added: changed,
      updated: changed,
      deleted({ metadata }) {
        aggregating.delete(metadata?.name ?? '');
        enqueue();
      },
    });
    this.#loop.start([this.#roles] as SharedInformer<never>[]);
  }

  stop(): void {
    this.#loop.stop();
  }

  async #reconcile({ name }: ObjectKey): Promise<void> {
    const role = this.#roles.lister.get({ name });
    if (!role?.aggregationRule) return;
    const rules = aggregatedRules(role, this.#roles.lister.list());
    if (semanticEqual(rules, role.rules ?? [])) return;
    const written = await this.#client.resource<ClusterRole>(refs.clusterRoles).apply({ name }, this.name, { rules });
    this.#loop.expectWritten(role, this.#roles as SharedInformer<never>, written);
  }
}

/** The rules of all roles that are selected, by the roles' names for each selector, each rule once. */
export function aggregatedRules(role: Readonly<ClusterRole>, roles: readonly Readonly<ClusterRole>[]): PolicyRule[] {
  const byName = [...roles].sort((a, b) => ((a.metadata?.name ?? '') < (b.metadata?.name ?? '') ? -1 : 1));
  const rules = new Map<string, PolicyRule>();
  for (const selector of role.aggregationRule?.clusterRoleSelectors ?? []) {
    const requirements = requirementsOf(selector);
    for (const other of byName) {
      if (!requirements || other.metadata?.name === role.metadata?.name || !matchesLabels(requirements, other.metadata?.labels ?? {})) continue;
      for (const rule of other.rules ?? []) {
        const key = keyOf(rule);
        if (!rules.has(key)) rules.set(key, clone(rule) as PolicyRule);
      }
    }
  }
  return [...rules.values()];
}

/** The same for rules that say the same in the same order. */
function keyOf({ verbs, apiGroups, resources, resourceNames, nonResourceURLs }: Readonly<PolicyRule>): string {
  return JSON.stringify([verbs, apiGroups ?? [], resources ?? [], resourceNames ?? [], nonResourceURLs ?? []]);
}
