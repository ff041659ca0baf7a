import type { PolicyRule } from '../../../generated/types/index.ts';
import { aggregateText } from '../../machinery/aggregate.ts';
import type { UserInfo } from '../../machinery/handler.ts';
import type { Authorizer, AuthorizerAttributes, Decision, NonResourceRule, ResourceRule, Rules } from './authorizer.ts';
import { ruleAllows } from './policy-rule.ts';
import type { Grant, RbacIndex } from './rbac-index.ts';
import { rbacGroup } from './rbac-index.ts';

/** An index, and a way to wait until it shows what was written before. */
export interface RbacSource {
  readonly index: RbacIndex;
  catchUp(): Promise<void>;
}

/**
 * Decides by Roles, ClusterRoles and their bindings (plugin/pkg/auth/authorizer/rbac).
 *
 * The index follows storage from the Loop. Before it refuses, this waits for the index to catch up, so that a role that
 * was granted by an earlier request always counts.
 */
export class RbacAuthorizer implements Authorizer {
  constructor(readonly source: RbacSource) {}

  authorize(attributes: AuthorizerAttributes): Decision | Promise<Decision> {
    const decision = this.#decide(attributes);
    return decision.allowed ? decision : this.#decideLater(attributes, decision);
  }

  rulesFor(user: UserInfo, namespace: string): Rules {
    const resourceRules: ResourceRule[] = [];
    const nonResourceRules: NonResourceRule[] = [];
    const { rules, errors } = this.rules(user, namespace);
    for (const { verbs, apiGroups = [], resources = [], resourceNames, nonResourceURLs = [] } of rules) {
      if (resources.length > 0) resourceRules.push({ verbs, apiGroups, resources, ...(resourceNames?.length ? { resourceNames } : {}) });
      if (nonResourceURLs.length > 0) nonResourceRules.push({ verbs, nonResourceURLs });
    }
    return { resourceRules, nonResourceRules, incomplete: false, ...(errors.length > 0 ? { evaluationError: aggregateText(errors) } : {}) };
  }

  /** All rules that hold for a user in a namespace (`` for the cluster alone), and what could not be resolved. */
  rules(user: UserInfo, namespace: string): { rules: Readonly<PolicyRule>[]; errors: string[] } {
    const rules: Readonly<PolicyRule>[] = [];
    const errors: string[] = [];
    for (const grant of this.source.index.grants(user, namespace)) {
      const found = this.source.index.rulesOf(grant.roleRef, grant.namespace);
      if (!found) errors.push(notFoundText(grant));
      else rules.push(...found);
    }
    return { rules, errors };
  }

  #decide(attributes: AuthorizerAttributes): Decision {
    const { index } = this.source;
    const errors: string[] = [];
    let reason = '';
    const allowed = index.visit(attributes.user, attributes.isResource ? attributes.namespace : '', (grant) => {
      const rules = index.rulesOf(grant.roleRef, grant.namespace);
      if (!rules) errors.push(notFoundText(grant));
      else if (rules.some((rule) => ruleAllows(rule, attributes))) {
        ({ reason } = grant);
        return true;
      }
      return false;
    });
    if (allowed) return { allowed, reason };
    return errors.length > 0 ? { allowed, reason: `RBAC: ${aggregateText(errors)}` } : { allowed };
  }

  async #decideLater(attributes: AuthorizerAttributes, before: Decision): Promise<Decision> {
    const { version } = this.source.index;
    await this.source.catchUp();
    return this.source.index.version === version ? before : this.#decide(attributes);
  }
}

function notFoundText({ roleRef }: Grant): string {
  return `${roleRef.kind.toLowerCase()}.${rbacGroup} ${JSON.stringify(roleRef.name)} not found`;
}
