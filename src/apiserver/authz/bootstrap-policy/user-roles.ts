import type { PolicyRule } from '../../../../generated/types/index.ts';
import { read, readWrite, rule, write } from './rule.ts';

const execution = 'pods/attach pods/exec pods/portforward pods/proxy';
const aggregateTo = (role: string) => ({ [`rbac.authorization.k8s.io/aggregate-to-${role}`]: 'true' });

export interface UserRole {
  readonly name: string;
  readonly labels?: Readonly<Record<string, string>>;
  /** Rules come from all ClusterRoles with these labels. */
  readonly aggregates?: Readonly<Record<string, string>>;
  readonly rules?: readonly PolicyRule[];
}

/** What people are given in a namespace: `view`, `edit`, `admin`, each made up of what is labelled for it. */
export const userRoles: readonly UserRole[] = [
  { name: 'admin', aggregates: aggregateTo('admin') },
  { name: 'edit', labels: aggregateTo('admin'), aggregates: aggregateTo('edit') },
  { name: 'view', labels: aggregateTo('edit'), aggregates: aggregateTo('view') },
  {
    name: 'system:aggregate-to-admin',
    labels: aggregateTo('admin'),
    rules: [rule('create', 'authorization', 'localsubjectaccessreviews'), rule(readWrite, 'rbac', 'rolebindings roles')],
  },
  {
    name: 'system:aggregate-to-edit',
    labels: aggregateTo('edit'),
    rules: [
      rule(read, 'core', `${execution} secrets services/proxy`),
      rule('impersonate', 'core', 'serviceaccounts'),
      rule(write, 'core', `pods ${execution}`),
      rule('create', 'core', 'pods/eviction'),
      rule(
        write,
        'core',
        'configmaps events persistentvolumeclaims replicationcontrollers replicationcontrollers/scale secrets serviceaccounts services services/proxy',
      ),
      rule('create', 'core', 'serviceaccounts/token'),
      rule(write, 'apps', 'daemonsets deployments deployments/rollback deployments/scale replicasets replicasets/scale statefulsets statefulsets/scale'),
      rule(write, 'autoscaling', 'horizontalpodautoscalers'),
      rule(write, 'batch', 'cronjobs jobs'),
      rule(
        write,
        'extensions',
        'daemonsets deployments deployments/rollback deployments/scale ingresses networkpolicies replicasets replicasets/scale replicationcontrollers/scale',
      ),
      rule(write, 'policy', 'poddisruptionbudgets'),
      rule(write, 'networking', 'ingresses networkpolicies'),
      rule(readWrite, 'coordination', 'leases'),
    ],
  },
  {
    name: 'system:aggregate-to-view',
    labels: aggregateTo('view'),
    rules: [
      rule(
        read,
        'core',
        'configmaps endpoints persistentvolumeclaims persistentvolumeclaims/status pods replicationcontrollers replicationcontrollers/scale serviceaccounts services services/status',
      ),
      rule(
        read,
        'core',
        'bindings events limitranges namespaces/status pods/log pods/status replicationcontrollers/status resourcequotas resourcequotas/status',
      ),
      rule(read, 'core', 'namespaces'),
      rule(read, 'discovery', 'endpointslices'),
      rule(
        read,
        'apps',
        'controllerrevisions daemonsets daemonsets/status deployments deployments/scale deployments/status replicasets replicasets/scale replicasets/status statefulsets statefulsets/scale statefulsets/status',
      ),
      rule(read, 'autoscaling', 'horizontalpodautoscalers horizontalpodautoscalers/status'),
      rule(read, 'batch', 'cronjobs cronjobs/status jobs jobs/status'),
      rule(
        read,
        'extensions',
        'daemonsets daemonsets/status deployments deployments/scale deployments/status ingresses ingresses/status networkpolicies replicasets replicasets/scale replicasets/status replicationcontrollers/scale',
      ),
      rule(read, 'policy', 'poddisruptionbudgets poddisruptionbudgets/status'),
      rule(read, 'networking', 'ingresses ingresses/status networkpolicies'),
    ],
  },
];
