import type { Strategy } from '../generic/strategy.ts';
import { clusterRoleBindingStrategy, roleBindingStrategy } from './bindings.ts';
import { clusterRoleStrategy, roleStrategy } from './roles.ts';

export { clusterRoleBindingStrategy, clusterRoleStrategy, roleBindingStrategy, roleStrategy };

/** The resources of rbac.authorization.k8s.io/v1. */
export const rbacStrategies = [clusterRoleBindingStrategy, clusterRoleStrategy, roleBindingStrategy, roleStrategy] as unknown as readonly Strategy[];
