import type { UserInfo } from '../../machinery/handler.ts';
import type { RequestInfo } from '../request-info.ts';

export const auditLevels = ['None', 'Metadata', 'Request', 'RequestResponse'] as const;
export type AuditLevel = (typeof auditLevels)[number];
export const auditStages = ['RequestReceived', 'ResponseStarted', 'ResponseComplete', 'Panic'] as const;
export type AuditStage = (typeof auditStages)[number];

interface GroupResources {
  readonly group?: string;
  readonly resources?: readonly string[];
  readonly resourceNames?: readonly string[];
}

export interface AuditRule {
  readonly level: AuditLevel;
  readonly users?: readonly string[];
  readonly userGroups?: readonly string[];
  readonly verbs?: readonly string[];
  readonly resources?: readonly GroupResources[];
  readonly namespaces?: readonly string[];
  readonly nonResourceURLs?: readonly string[];
  readonly omitStages?: readonly AuditStage[];
  readonly omitManagedFields?: boolean;
}

/** audit.k8s.io/v1 Policy. */
export interface AuditPolicy {
  readonly rules: readonly AuditRule[];
  readonly omitStages?: readonly AuditStage[];
  readonly omitManagedFields?: boolean;
}

/** How one request is to be recorded. */
export interface AuditPlan {
  readonly level: AuditLevel;
  readonly omitStages: readonly AuditStage[];
  readonly omitManagedFields: boolean;
}

/**
 * Reads a policy from decoded YAML or JSON.
 * @throws Error that says what is wrong with it
 */
export function parseAuditPolicy(data: unknown): AuditPolicy {
  const policy = data as (Partial<AuditPolicy> & { readonly apiVersion?: unknown; readonly kind?: unknown }) | null;
  if (typeof policy !== 'object' || policy?.apiVersion !== 'audit.k8s.io/v1' || policy.kind !== 'Policy') {
    throw new Error('audit policy: apiVersion must be audit.k8s.io/v1 and kind Policy');
  }
  const { rules } = policy;
  if (!Array.isArray(rules) || rules.length === 0) throw new Error('audit policy: it has no rules');
  for (const [index, rule] of (rules as AuditRule[]).entries()) checkRule(rule, `rules[${index}]`);
  checkStages(policy.omitStages, 'omitStages');
  return policy as AuditPolicy;
}

function checkRule(rule: AuditRule, at: string): void {
  if (!auditLevels.includes(rule.level)) throw new Error(`audit policy: ${at}.level: ${JSON.stringify(rule.level)} is not one of ${auditLevels.join(', ')}`);
  if (rule.nonResourceURLs?.length && (rule.resources?.length || rule.namespaces?.length)) {
    throw new Error(`audit policy: ${at}.nonResourceURLs: rules cannot apply to both regular resources and non-resource URLs`);
  }
  checkStages(rule.omitStages, `${at}.omitStages`);
}

function checkStages(stages: readonly string[] | undefined, at: string): void {
  for (const stage of stages ?? []) {
    if (!(auditStages as readonly string[]).includes(stage)) throw new Error(`audit policy: ${at}: ${JSON.stringify(stage)} is not a stage`);
  }
}

const unrecorded: AuditPlan = { level: 'None', omitStages: auditStages, omitManagedFields: false };

/** The first rule that fits decides; nothing is recorded where none does (apiserver/pkg/audit/policy checker). */
export function planFor(policy: AuditPolicy, user: UserInfo | undefined, info: RequestInfo): AuditPlan {
  const rule = policy.rules.find((one) => fits(one, user, info));
  if (!rule) return unrecorded;
  return {
    level: rule.level,
    omitStages: [...(policy.omitStages ?? []), ...(rule.omitStages ?? [])],
    omitManagedFields: rule.omitManagedFields ?? policy.omitManagedFields ?? false,
  };
}

function fits(rule: AuditRule, user: UserInfo | undefined, info: RequestInfo): boolean {
  if (rule.users?.length && !(user && rule.users.includes(user.username))) return false;
  if (rule.userGroups?.length && !user?.groups.some((group) => rule.userGroups?.includes(group))) return false;
  if (rule.verbs?.length && !rule.verbs.includes(info.verb)) return false;
  if (rule.namespaces?.length || rule.resources?.length) return info.isResource && fitsResource(rule, info);
  if (rule.nonResourceURLs?.length) return !info.isResource && rule.nonResourceURLs.some((pattern) => fitsPath(pattern, info.path));
  return true;
}

function fitsResource({ namespaces, resources }: AuditRule, info: RequestInfo): boolean {
  if (namespaces?.length && !namespaces.includes(info.namespace)) return false;
  if (!resources?.length) return true;
  const whole = info.subresource ? `${info.resource}/${info.subresource}` : info.resource;
  const names = ['*', whole, `*/${info.subresource}`, ...(info.subresource ? [`${info.resource}/*`] : [])];
  return resources.some(({ group = '', resources: listed, resourceNames }) => {
    if (group !== info.group) return false;
    if (!listed?.length) return true;
    return (!resourceNames?.length || resourceNames.includes(info.name)) && listed.some((one) => names.includes(one));
  });
}

function fitsPath(pattern: string, path: string): boolean {
  return pattern === '*' || pattern === path || (pattern.endsWith('*') && path.startsWith(pattern.slice(0, -1)));
}
