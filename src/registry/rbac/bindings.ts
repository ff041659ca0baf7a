import type { ClusterRoleBinding, RoleBinding } from '../../../generated/types/index.ts';
import { nameIsPathSegment, setBindingDefaults, validateClusterRoleBinding, validateRoleBinding, validateRoleRefUpdate } from '../../api/index.ts';
import { ageColumn, column, nameColumn, wide } from '../core/columns.ts';
import { resourceStrategy } from '../generic/resource-strategy.ts';
import type { Column } from '../generic/strategy.ts';

type Binding = RoleBinding | ClusterRoleBinding;

function subjects(binding: Readonly<Binding>, kind: string): string {
  return (binding.subjects ?? [])
    .filter((subject) => subject.kind === kind)
    .map(({ name, namespace }) => (kind === 'ServiceAccount' ? `${namespace ?? ''}/${name}` : name))
    .join(', ');
}

const columns: readonly Column<Binding>[] = [
  nameColumn,
  column('Role', 'What it grants.', ({ roleRef }) => `${roleRef.kind}/${roleRef.name}`),
  ageColumn,
  wide('Users', 'Users that have the role.', (binding) => subjects(binding, 'User')),
  wide('Groups', 'Groups that have the role.', (binding) => subjects(binding, 'Group')),
  wide('ServiceAccounts', 'Service accounts that have the role.', (binding) => subjects(binding, 'ServiceAccount')),
];

const group = { group: 'rbac.authorization.k8s.io', version: 'v1' };

/** pkg/registry/rbac/rolebinding. */
export const roleBindingStrategy = resourceStrategy<RoleBinding>({
  resource: { ...group, kind: 'RoleBinding', plural: 'rolebindings', namespaced: true },
  applyDefaults: setBindingDefaults,
  validateName: nameIsPathSegment,
  createOnUpdate: true,
  validate: validateRoleBinding,
  validateUpdate: (next, previous) => [...validateRoleBinding(next), ...validateRoleRefUpdate(next, previous)],
  columns,
});

/** pkg/registry/rbac/clusterrolebinding. */
export const clusterRoleBindingStrategy = resourceStrategy<ClusterRoleBinding>({
  resource: { ...group, kind: 'ClusterRoleBinding', plural: 'clusterrolebindings', namespaced: false },
  applyDefaults: setBindingDefaults,
  validateName: nameIsPathSegment,
  createOnUpdate: true,
  validate: validateClusterRoleBinding,
  validateUpdate: (next, previous) => [...validateClusterRoleBinding(next), ...validateRoleRefUpdate(next, previous)],
  columns,
});
