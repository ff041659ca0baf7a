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
}

export interface Decision {
  readonly allowed: boolean;
  readonly denied?: boolean;
  readonly reason?: string;
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
