import type { ClusterRole, ClusterRoleBinding, PolicyRule, Role, RoleBinding, RoleRef, RbacV1Subject as Subject } from '../../../../generated/types/index.ts';
import { componentRoles } from './component-roles.ts';
import { controllerRoles } from './controller-roles.ts';
import { namespaceRoles } from './namespace-roles.ts';
import type { UserRole } from './user-roles.ts';
import { userRoles } from './user-roles.ts';

const apiGroup = 'rbac.authorization.k8s.io';
const apiVersion = `${apiGroup}/v1`;

const group = (name: string): Subject => ({ kind: 'Group', apiGroup, name });
const user = (name: string): Subject => ({ kind: 'User', apiGroup, name });
const account = (name: string): Subject => ({ kind: 'ServiceAccount', name, namespace: 'kube-system' });
const authenticated = group('system:authenticated');

/** Who has which ClusterRole; the binding has the role's name. `system:node` is bound to nobody: the Node authorizer knows nodes. */
const subjectsOf: Readonly<Record<string, readonly Subject[]>> = {
  'cluster-admin': [group('system:masters')],
  'system:monitoring': [group('system:monitoring')],
  'system:discovery': [authenticated],
  'system:basic-user': [authenticated],
  'system:public-info-viewer': [authenticated, group('system:unauthenticated')],
  'system:node-proxier': [user('system:kube-proxy')],
  'system:kube-controller-manager': [user('system:kube-controller-manager')],
  'system:kube-dns': [account('kube-dns')],
  'system:kube-scheduler': [user('system:kube-scheduler')],
  'system:volume-scheduler': [user('system:kube-scheduler')],
  'system:node': [],
  'system:service-account-issuer-discovery': [group('system:serviceaccounts')],
};

/** The roles and bindings that every cluster with RBAC begins with. */
export interface BootstrapPolicy {
  readonly clusterRoles: readonly ClusterRole[];
  readonly clusterRoleBindings: readonly ClusterRoleBinding[];
  readonly roles: readonly Role[];
  readonly roleBindings: readonly RoleBinding[];
}

/**
 * Makes the objects anew at each call: who creates them hands them over (plugin/pkg/auth/authorizer/rbac/bootstrappolicy).
 * @param withoutNodeAuthorizer Differs from upstream: then nodes have the role `system:node`, since no kubelet could work otherwise.
 */
export function bootstrapPolicy({ withoutNodeAuthorizer = false } = {}): BootstrapPolicy {
  const controllers = Object.keys(controllerRoles).map((name) => [`system:controller:${name}`, controllerRoles[name] ?? [], account(name)] as const);
  return {
    clusterRoles: [
      ...Object.entries(componentRoles).map(([name, rules]) => clusterRole(name, rules)),
      ...userRoles.map(userRole),
      ...controllers.map(([name, rules]) => clusterRole(name, rules)),
    ],
    clusterRoleBindings: [
      ...Object.entries(subjectsOf).map(([name, subjects]) =>
        clusterRoleBinding(name, withoutNodeAuthorizer && name === 'system:node' ? [group('system:nodes')] : subjects),
      ),
      ...controllers.map(([name, , subject]) => clusterRoleBinding(name, [subject])),
    ],
    roles: namespaceRoles.map(({ namespace, name, rules }) => ({
      apiVersion,
      kind: 'Role',
      metadata: { ...metadata(name), namespace },
      rules: structuredClone(rules) as PolicyRule[],
    })),
    roleBindings: namespaceRoles.map(({ namespace, name, binding, subjects }) => ({
      apiVersion,
      kind: 'RoleBinding',
      metadata: { ...metadata(binding ?? name), namespace },
      roleRef: roleRef('Role', name),
      subjects: structuredClone(subjects) as Subject[],
    })),
  };
}

/** Marked as upstream's own: a server that starts brings these back to what they should be. */
function metadata(name: string, labels: Readonly<Record<string, string>> = {}) {
  return {
    name,
    labels: { 'kubernetes.io/bootstrapping': 'rbac-defaults', ...labels },
    annotations: { 'rbac.authorization.kubernetes.io/autoupdate': 'true' },
  };
}

function clusterRole(name: string, rules: readonly PolicyRule[], labels?: Readonly<Record<string, string>>): ClusterRole {
  return { apiVersion, kind: 'ClusterRole', metadata: metadata(name, labels), rules: structuredClone(rules) as PolicyRule[] };
}

/** A role that aggregates has no rules until its controller has seen to it. */
function userRole({ name, rules = [], labels, aggregates }: UserRole): ClusterRole {
  const role = clusterRole(name, rules, labels);
  if (!aggregates) return role;
  const { rules: _, ...rest } = role;
  return { ...rest, aggregationRule: { clusterRoleSelectors: [{ matchLabels: { ...aggregates } }] } };
}

function clusterRoleBinding(name: string, subjects: readonly Subject[]): ClusterRoleBinding {
  const shared = { apiVersion, kind: 'ClusterRoleBinding', metadata: metadata(name), roleRef: roleRef('ClusterRole', name) };
  return subjects.length > 0 ? { ...shared, subjects: structuredClone(subjects) as Subject[] } : shared;
}

function roleRef(kind: string, name: string): RoleRef {
  return { apiGroup, kind, name };
}
