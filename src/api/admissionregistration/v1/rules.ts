import type { MatchCondition, RuleWithOperations } from '../../../../generated/types/index.ts';
import type { FieldPath } from '../../../machinery/field-error.ts';
import { goStringList } from '../../../machinery/go-syntax.ts';
import type { Mistakes } from '../../meta/mistakes.ts';
import { isQualifiedName } from '../../meta/names.ts';

type Rule = Partial<RuleWithOperations>;

export const failurePolicies = ['Fail', 'Ignore'];
export const matchPolicies = ['Equivalent', 'Exact'];
const operationNames = ['*', 'CONNECT', 'CREATE', 'DELETE', 'UPDATE'];
const scopes = ['*', 'Cluster', 'Namespaced'];
const maxConditions = 64;

/** One of a few, if it is said at all. */
export function validateChoice(mistakes: Mistakes, value: string | undefined, supported: readonly string[], at: FieldPath): void {
  if (value !== undefined && !supported.includes(value)) mistakes.notSupported(at, value, supported);
}

/** What a rule is about: operations, groups, versions and resources, none of them beside a wildcard that takes it in (validateRuleWithOperations). */
export function validateRule(mistakes: Mistakes, rule: Rule, at: FieldPath): void {
  const { operations = [], apiGroups = [], apiVersions = [], resources = [] } = rule;
  if (operations.length === 0) mistakes.required(at.child('operations'));
  validateWildcard(mistakes, operations, 'operations', at.child('operations'), '[]admissionregistration.OperationType');
  operations.forEach((operation, i) => {
    validateChoice(mistakes, operation, operationNames, at.child('operations').index(i));
  });
  if (apiGroups.length === 0) mistakes.required(at.child('apiGroups'));
  validateWildcard(mistakes, apiGroups, 'API groups', at.child('apiGroups'));
  if (apiVersions.length === 0) mistakes.required(at.child('apiVersions'));
  validateWildcard(mistakes, apiVersions, 'API versions', at.child('apiVersions'));
  apiVersions.forEach((version, i) => {
    if (!version) mistakes.required(at.child('apiVersions').index(i));
  });
  validateResources(mistakes, resources, at.child('resources'));
  validateChoice(mistakes, rule.scope, scopes, at.child('scope'));
}

function validateWildcard(mistakes: Mistakes, list: readonly string[], what: string, at: FieldPath, type = '[]string'): void {
  if (list.length > 1 && list.includes('*')) mistakes.invalid(at, goStringList(list, type), `if '*' is present, must not specify other ${what}`);
}

/** Resources and their subresources, of which no wildcard may take in what is named beside it. */
function validateResources(mistakes: Mistakes, resources: readonly string[], at: FieldPath): void {
  if (resources.length === 0) mistakes.required(at);
  const [anySubresourceOf, anyResourceWith] = [new Set<string>(), new Set<string>()];
  let hasPlain = false;
  resources.forEach((one, i) => {
    if (!one) {
      mistakes.required(at.index(i));
      return;
    }
    const slash = one.indexOf('/');
    if (slash < 0) {
      hasPlain = one !== '*';
      return;
    }
    const [resource, subresource] = [one.slice(0, slash), one.slice(slash + 1)];
    if (anySubresourceOf.has(resource)) mistakes.invalid(at.index(i), one, `if '${resource}/*' is present, must not specify ${one}`);
    if (anyResourceWith.has(subresource)) mistakes.invalid(at.index(i), one, `if '*/${subresource}' is present, must not specify ${one}`);
    if (subresource === '*') anySubresourceOf.add(resource);
    if (resource === '*') anyResourceWith.add(subresource);
  });
  if (resources.length > 1 && resources.includes('*/*')) mistakes.invalid(at, goStringList(resources), "if '*/*' is present, must not specify other resources");
  if (resources.includes('*') && hasPlain)
    mistakes.invalid(at, goStringList(resources), "if '*' is present, must not specify other resources without subresources");
}

/** Names of their own, each with an expression. */
export function validateMatchConditions(mistakes: Mistakes, conditions: readonly MatchCondition[], at: FieldPath): void {
  if (conditions.length > maxConditions) mistakes.tooMany(at, conditions.length, maxConditions);
  const seen = new Set<string>();
  conditions.forEach(({ name, expression }, i) => {
    const one = at.index(i);
    if (!expression?.trim()) mistakes.required(one.child('expression'));
    if (!name) {
      mistakes.required(one.child('name'));
      return;
    }
    mistakes.invalid(one.child('name'), name, isQualifiedName(name));
    if (seen.has(name)) mistakes.duplicate(one.child('name'), name);
    seen.add(name);
  });
}
