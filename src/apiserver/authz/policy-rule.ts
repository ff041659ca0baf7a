import type { PolicyRule } from '../../../generated/types/index.ts';
import { goQuoted } from '../../machinery/go-syntax.ts';
import type { AuthorizerAttributes } from './authorizer.ts';

type Asked = Omit<AuthorizerAttributes, 'user' | 'version'>;

/** Whether one rule of a role allows what is asked (plugin/pkg/auth/authorizer/rbac RuleAllows). */
export function ruleAllows(rule: Readonly<PolicyRule>, asked: Asked): boolean {
  if (!has(rule.verbs, asked.verb)) return false;
  if (!asked.isResource) return (rule.nonResourceURLs ?? []).some((pattern) => coversPath(pattern, asked.path));
  return has(rule.apiGroups, asked.group) && coversResource(rule, asked.resource, asked.subresource) && coversName(rule, asked.name);
}

const has = (list: readonly string[] | undefined, wanted: string): boolean => !!list && (list.includes('*') || list.includes(wanted));

/** `*`, `pods`, `pods/log`, or a subresource of everything such as the scale of whatever has one. */
function coversResource({ resources = [] }: Readonly<PolicyRule>, resource: string, subresource: string): boolean {
  const whole = subresource ? `${resource}/${subresource}` : resource;
  return resources.includes('*') || resources.includes(whole) || (subresource !== '' && resources.includes(`*/${subresource}`));
}

function coversName({ resourceNames }: Readonly<PolicyRule>, name: string): boolean {
  return !resourceNames?.length || resourceNames.includes(name);
}

/** `*` is every path, `/healthz/*` every path that begins so. */
export function coversPath(pattern: string, path: string): boolean {
  if (pattern === '*' || pattern === path) return true;
  return pattern.endsWith('*') && path.startsWith(pattern.replace(/\*+$/, ''));
}

/** Rules that each name one group, resource, verb and at most one name, or one verb and path. */
export function breakdownRule(rule: Readonly<PolicyRule>): PolicyRule[] {
  const simple: PolicyRule[] = [];
  for (const group of rule.apiGroups ?? []) {
    for (const resource of rule.resources ?? []) {
      for (const verb of rule.verbs) {
        const one = { apiGroups: [group], resources: [resource], verbs: [verb] };
        if (!rule.resourceNames?.length) simple.push(one);
        else for (const name of rule.resourceNames) simple.push({ ...one, resourceNames: [name] });
      }
    }
  }
  for (const url of rule.nonResourceURLs ?? []) for (const verb of rule.verbs) simple.push({ nonResourceURLs: [url], verbs: [verb] });
  return simple;
}

/** Whether one of the owner's rules covers a rule that was broken down (component-helpers/auth/rbac/validation ruleCovers). */
export function covered(rule: Readonly<PolicyRule>, owned: readonly Readonly<PolicyRule>[]): boolean {
  const verb = rule.verbs[0] as string;
  const url = rule.nonResourceURLs?.[0];
  return owned.some((own) => {
    if (!has(own.verbs, verb)) return false;
    if (url !== undefined) return (own.nonResourceURLs ?? []).some((pattern) => coversPath(pattern, url));
    const [resource = '', subresource = ''] = (rule.resources?.[0] ?? '').split('/');
    return has(own.apiGroups, rule.apiGroups?.[0] ?? '') && coversResource(own, resource, subresource) && coversNames(own, rule.resourceNames);
  });
}

/** A rule for all names is covered only by a rule for all names. */
function coversNames(own: Readonly<PolicyRule>, names: readonly string[] | undefined): boolean {
  if (!own.resourceNames?.length) return true;
  return !!names?.length && names.every((name) => own.resourceNames?.includes(name));
}

/** Joins simple rules for the same resource (pkg/apis/rbac/v1 CompactRules). */
export function compactRules(rules: readonly Readonly<PolicyRule>[]): PolicyRule[] {
  const byResource = new Map<string, PolicyRule>();
  const compact: PolicyRule[] = [];
  for (const rule of rules) {
    const { verbs, ...rest } = rule;
    const key = rule.nonResourceURLs ? undefined : JSON.stringify(rest);
    const same = key === undefined ? undefined : byResource.get(key);
    if (same) {
      same.verbs = [...new Set([...same.verbs, ...verbs])];
      continue;
    }
    const own = { ...rest, verbs: [...verbs] };
    compact.push(own);
    if (key !== undefined) byResource.set(key, own);
  }
  return compact;
}

/** A rule as the escalation check shows it: `{APIGroups:[""], Resources:["pods"], Verbs:["get" "list"]}`. */
export function describeRule(rule: Readonly<PolicyRule>): string {
  const parts: [string, readonly string[] | undefined][] = [
    ['APIGroups', rule.apiGroups],
    ['Resources', rule.resources],
    ['NonResourceURLs', rule.nonResourceURLs],
    ['ResourceNames', rule.resourceNames],
    ['Verbs', rule.verbs],
  ];
  const shown = parts.filter(([, list]) => list?.length).map(([name, list]) => `${name}:${goQuoted(list as readonly string[])}`);
  return `{${shown.join(', ')}}`;
}
