import type { AdmissionAttributes, AdmissionPlugin, Operation, Rule } from './types.ts';

/** Runs the plugins that a request concerns: all mutating ones in order, later all validating ones in order. */
export class AdmissionChain {
  readonly #selected = new Map<string, Selected>();

  /** @param plugins in the order in which they run, which is behaviour */
  constructor(readonly plugins: readonly AdmissionPlugin[]) {}

  /**
   * Lets plugins change the object.
   * @throws StatusError of the first plugin that refuses
   */
  async admit(attributes: AdmissionAttributes): Promise<void> {
    for (const plugin of this.#select(attributes).mutating) {
      const pending = plugin.admit!(attributes);
      if (pending) await pending;
    }
  }

  /** Lets plugins look at the final object. Fails as `admit` does. */
  async validate(attributes: AdmissionAttributes): Promise<void> {
    for (const plugin of this.#select(attributes).validating) {
      const pending = plugin.validate!(attributes);
      if (pending) await pending;
    }
  }

  #select({ operation, resource, subresource }: AdmissionAttributes): Selected {
    const key = `${operation} ${resource.group}/${resource.resource}/${subresource}`;
    let selected = this.#selected.get(key);
    if (!selected) {
      const concerned = this.plugins.filter((plugin) => plugin.rules.some((rule) => covers(rule, operation, resource, subresource)));
      selected = { mutating: concerned.filter((one) => one.admit), validating: concerned.filter((one) => one.validate) };
      this.#selected.set(key, selected);
    }
    return selected;
  }
}

interface Selected {
  readonly mutating: readonly AdmissionPlugin[];
  readonly validating: readonly AdmissionPlugin[];
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
