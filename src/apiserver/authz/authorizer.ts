import type { UserInfo } from '../../machinery/handler.ts';

/** What somebody wants to do. */
export interface AuthorizerAttributes {
  readonly user: UserInfo;
  readonly verb: string;
  readonly isResource: boolean;
  readonly group: string;
  readonly version: string;
  readonly resource: string;
  readonly subresource: string;
  readonly namespace: string;
  readonly name: string;
  /** Off resources. */
  readonly path: string;
  /** Of a list or watch, as it stands in the query: nodes may only look at what is theirs. */
  readonly fieldSelector?: string | undefined;
}

/** Neither allowed nor denied: this authorizer has no opinion, another one may. */
export interface Decision {
  readonly allowed: boolean;
  readonly denied?: boolean;
  readonly reason?: string;
  readonly evaluationError?: string;
}

export interface ResourceRule {
  readonly verbs: readonly string[];
  readonly apiGroups?: readonly string[];
  readonly resources?: readonly string[];
  readonly resourceNames?: readonly string[];
}

export interface NonResourceRule {
  readonly verbs: readonly string[];
  readonly nonResourceURLs: readonly string[];
}

/** Decides who may do what. */
export interface Authorizer {
  authorize(attributes: AuthorizerAttributes): Decision | Promise<Decision>;
  /** What a user may do in a namespace, as far as that can be listed. */
  rulesFor(user: UserInfo, namespace: string): Rules | Promise<Rules>;
}

export interface Rules {
  readonly resourceRules: readonly ResourceRule[];
  readonly nonResourceRules: readonly NonResourceRule[];
  readonly incomplete: boolean;
  readonly evaluationError?: string;
}

/** Upstream's --authorization-mode=AlwaysAllow. */
export const alwaysAllow: Authorizer = {
  authorize: () => ({ allowed: true }),
  rulesFor: () => ({
    resourceRules: [{ verbs: ['*'], apiGroups: ['*'], resources: ['*'] }],
    nonResourceRules: [{ verbs: ['*'], nonResourceURLs: ['*'] }],
    incomplete: false,
  }),
};

/** The group that may do everything, whatever the roles say. */
export const privilegedGroup = 'system:masters';

const allowed: Decision = { allowed: true };

/**
 * Asks one authorizer after the other until one has an opinion; the privileged group is asked for nothing
 * (apiserver/pkg/authorization/union, authorizerfactory NewPrivilegedGroups).
 */
export function unionAuthorizer(authorizers: readonly Authorizer[]): Authorizer {
  const ask = async (attributes: AuthorizerAttributes): Promise<Decision> => {
    const reasons: string[] = [];
    for (const authorizer of authorizers) {
      const pending = authorizer.authorize(attributes);
      const decision = pending instanceof Promise ? await pending : pending;
      if (decision.allowed || decision.denied) return decision;
      if (decision.reason) reasons.push(decision.reason);
    }
    return { allowed: false, ...(reasons.length > 0 ? { reason: reasons.join('\n') } : {}) };
  };
  return {
    authorize: (attributes) => (attributes.user.groups.includes(privilegedGroup) ? allowed : ask(attributes)),
    async rulesFor(user, namespace) {
      const all = [];
      for (const authorizer of authorizers) all.push(await authorizer.rulesFor(user, namespace));
      const errors = all.flatMap(({ evaluationError }) => (evaluationError ? [evaluationError] : []));
      return {
        resourceRules: all.flatMap((rules) => rules.resourceRules),
        nonResourceRules: all.flatMap((rules) => rules.nonResourceRules),
        incomplete: all.some((rules) => rules.incomplete),
        ...(errors.length > 0 ? { evaluationError: errors.join(', ') } : {}),
      };
    },
  };
}
