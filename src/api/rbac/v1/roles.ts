import type { ClusterRole, ClusterRoleBinding, PolicyRule, Role, RoleBinding } from '../../../../generated/types/index.ts';
import { semanticEqual } from '../../../machinery/deep.ts';
import { type FieldError, type FieldPath, path } from '../../../machinery/field-error.ts';
import { goStringList, goStruct } from '../../../machinery/go-syntax.ts';
import { mistakesOf, validateSegment } from '../../meta/checks.ts';
import { validateLabelSelector } from '../../meta/labels.ts';
import type { Mistakes } from '../../meta/mistakes.ts';
import { nameIsSubdomain } from '../../meta/names.ts';

const rbacGroup = 'rbac.authorization.k8s.io';

type Binding = RoleBinding | ClusterRoleBinding;
type BindingSubject = NonNullable<Binding['subjects']>[number];

/** A role without rules says so on the wire. */
export function setRoleDefaults(role: Role | ClusterRole): void {
  role.rules ??= null as never;
}

/** pkg/apis/rbac/v1 SetDefaults_RoleBinding and SetDefaults_Subject. */
export function setBindingDefaults(binding: Binding): void {
  binding.roleRef ??= { apiGroup: '', kind: '', name: '' };
  binding.roleRef.apiGroup ||= rbacGroup;
  for (const subject of binding.subjects ?? []) if (!subject.apiGroup && ['User', 'Group'].includes(subject.kind)) subject.apiGroup = rbacGroup;
}

/** pkg/apis/rbac/validation ValidateRole. */
export function validateRole(role: Role): FieldError[] {
  return mistakesOf((mistakes) => validateRules(mistakes, role.rules, true));
}

/** ValidateClusterRole. */
export function validateClusterRole(role: ClusterRole): FieldError[] {
  return mistakesOf((mistakes) => {
    validateRules(mistakes, role.rules, false);
    if (!role.aggregationRule) return;
    const at = path('aggregationRule', 'clusterRoleSelectors');
    const selectors = role.aggregationRule.clusterRoleSelectors ?? [];
    if (selectors.length === 0) mistakes.required(at, 'at least one clusterRoleSelector required if aggregationRule is non-nil');
    selectors.forEach((selector, i) => {
      if (!validateLabelSelector(mistakes, selector, at.index(i))) mistakes.invalid(at.index(i), null, 'invalid label selector.');
    });
  });
}

function validateRules(mistakes: Mistakes, rules: readonly PolicyRule[] | undefined, namespaced: boolean): void {
  (rules ?? []).forEach((rule, i) => {
    validateRule(mistakes, rule, namespaced, path('rules').index(i));
  });
}

const isEmpty = (list: readonly string[] | undefined): boolean => (list ?? []).length === 0;

function validateRule(mistakes: Mistakes, rule: PolicyRule, namespaced: boolean, at: FieldPath): void {
  if (isEmpty(rule.verbs)) mistakes.required(at.child('verbs'), 'verbs must contain at least one value');
  if (!isEmpty(rule.nonResourceURLs)) {
    const where = at.child('nonResourceURLs');
    if (namespaced) mistakes.invalid(where, goStringList(rule.nonResourceURLs), 'namespaced rules cannot apply to non-resource URLs');
    if (!isEmpty(rule.apiGroups) || !isEmpty(rule.resources) || !isEmpty(rule.resourceNames))
      mistakes.invalid(where, goStringList(rule.nonResourceURLs), 'rules cannot apply to both regular resources and non-resource URLs');
    return;
  }
  if (isEmpty(rule.apiGroups)) mistakes.required(at.child('apiGroups'), 'resource rules must supply at least one api group');
  if (isEmpty(rule.resources)) mistakes.required(at.child('resources'), 'resource rules must supply at least one resource');
}

/** ValidateRoleBinding. */
export function validateRoleBinding(binding: RoleBinding): FieldError[] {
  return validateBinding(binding, ['Role', 'ClusterRole'], true);
}

/** ValidateClusterRoleBinding. */
export function validateClusterRoleBinding(binding: ClusterRoleBinding): FieldError[] {
  return validateBinding(binding, ['ClusterRole'], false);
}

function validateBinding({ roleRef, subjects = [] }: Binding, kinds: readonly string[], namespaced: boolean): FieldError[] {
  return mistakesOf((mistakes) => {
    const at = path('roleRef');
    if (roleRef.apiGroup !== rbacGroup) mistakes.notSupported(at.child('apiGroup'), roleRef.apiGroup, [rbacGroup]);
    if (!kinds.includes(roleRef.kind)) mistakes.notSupported(at.child('kind'), roleRef.kind ?? '', kinds);
    validateSegment(mistakes, roleRef.name, at.child('name'));
    (subjects ?? []).forEach((subject, i) => {
      validateSubject(mistakes, subject, namespaced, path('subjects').index(i));
    });
  });
}

function validateSubject(mistakes: Mistakes, { kind, name, namespace, apiGroup = '' }: BindingSubject, namespaced: boolean, at: FieldPath): void {
  if (!name) mistakes.required(at.child('name'));
  if (kind === 'ServiceAccount') {
    if (name) mistakes.invalid(at.child('name'), name, nameIsSubdomain(name, false));
    if (apiGroup !== '') mistakes.notSupported(at.child('apiGroup'), apiGroup, ['']);
    if (!namespaced && !namespace) mistakes.required(at.child('namespace'));
  } else if (kind === 'User' || kind === 'Group') {
    if (apiGroup !== rbacGroup) mistakes.notSupported(at.child('apiGroup'), apiGroup, [rbacGroup]);
  } else mistakes.notSupported(at.child('kind'), kind ?? '', ['ServiceAccount', 'User', 'Group']);
}

/** What a binding grants never changes; whom it grants it to may. */
export function validateRoleRefUpdate(next: Binding, previous: Readonly<Binding>): FieldError[] {
  const { apiGroup, kind, name } = next.roleRef;
  return mistakesOf((mistakes) => {
    if (!semanticEqual(next.roleRef, previous.roleRef))
      mistakes.invalid(path('roleRef'), goStruct('rbac.RoleRef', { APIGroup: apiGroup, Kind: kind, Name: name }), 'cannot change roleRef');
  });
}
