import type { ClusterRole, Role } from '../../../generated/types/index.ts';
import { nameIsPathSegment, setRoleDefaults, validateClusterRole, validateRole } from '../../api/index.ts';
import { resourceStrategy } from '../generic/resource-strategy.ts';

/** An empty list is stored as none. */
function withoutEmptyRules(role: Role | ClusterRole): void {
  if (!role.rules?.length) role.rules = null as never;
}

const group = { group: 'rbac.authorization.k8s.io', version: 'v1' };

/** pkg/registry/rbac/role; upstream has no columns of its own for it. */
export const roleStrategy = resourceStrategy<Role>({
  resource: { ...group, kind: 'Role', plural: 'roles', namespaced: true },
  applyDefaults: setRoleDefaults,
  canonicalize: withoutEmptyRules,
  validateName: nameIsPathSegment,
  createOnUpdate: true,
  validate: validateRole,
});

/** pkg/registry/rbac/clusterrole. */
export const clusterRoleStrategy = resourceStrategy<ClusterRole>({
  resource: { ...group, kind: 'ClusterRole', plural: 'clusterroles', namespaced: false },
  applyDefaults: setRoleDefaults,
  canonicalize: withoutEmptyRules,
  validateName: nameIsPathSegment,
  createOnUpdate: true,
  validate: validateClusterRole,
});
