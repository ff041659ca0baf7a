import { AdmissionMetrics, type MeteredEnv, type Timed } from './metrics.ts';
import type { AdmissionAttributes, AdmissionPlugin, Operation, Rule } from './types.ts';

/** Runs the plugins that a request concerns: all mutating ones in order, later all validating ones in order. */
export class AdmissionChain {
  /** By resource, operation and subresource. */
  readonly #selected = new WeakMap<AdmissionAttributes['resource'], Map<Operation, Map<string, Selected>>>();

  readonly #metrics: AdmissionMetrics;

  /** @param plugins in the order in which they run, which is behaviour */
  constructor(
    readonly plugins: readonly AdmissionPlugin[],
    env: MeteredEnv,
  ) {
    this.#metrics = new AdmissionMetrics(env);
  }

  /**
   * Lets plugins change the object.
   * @throws StatusError of the first plugin that refuses
   */
  async admit(attributes: AdmissionAttributes): Promise<void> {
    await this.#select(attributes).mutating.run((plugin) => plugin.admit!(attributes));
  }

  /** Lets plugins look at the final object. Fails as `admit` does. */
  async validate(attributes: AdmissionAttributes): Promise<void> {
    await this.#select(attributes).validating.run((plugin) => plugin.validate!(attributes));
  }

  #select({ operation, resource, subresource }: AdmissionAttributes): Selected {
    let operations = this.#selected.get(resource);
    if (!operations) this.#selected.set(resource, (operations = new Map()));
    let subresources = operations.get(operation);
    if (!subresources) operations.set(operation, (subresources = new Map()));
    let selected = subresources.get(subresource);
    if (!selected) {
      const concerned = this.plugins.filter((plugin) => plugin.rules.some((rule) => covers(rule, operation, resource, subresource)));
      selected = {
        mutating: this.#metrics.timed(
          'admit',
          operation,
          concerned.filter((one) => one.admit),
        ),
        validating: this.#metrics.timed(
          'validate',
          operation,
          concerned.filter((one) => one.validate),
        ),
      };
      subresources.set(subresource, selected);
    }
    return selected;
  }
}

interface Selected {
  readonly mutating: Timed;
  readonly validating: Timed;
}

/**
 * Whether a rule names this request. `*` is every resource of every group without subresources, `pods/*` every
 * subresource of pods, and the two together (asterisk, slash, asterisk) everything there is.
 */
export function covers(rule: Rule, operation: Operation, resource: { readonly group: string; readonly resource: string }, subresource: string): boolean {
  if (!rule.operations.includes(operation)) return false;
  const [name, sub = ''] = rule.resource.split('/') as [string, string?];
  if (sub !== subresource && sub !== '*') return false;
  if (name === '*') return rule.group === undefined || rule.group === '*' || rule.group === resource.group;
  return name === resource.resource && (rule.group ?? '') === resource.group;
}
