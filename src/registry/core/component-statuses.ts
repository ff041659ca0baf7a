import type { ComponentStatus } from '../../../generated/types/index.ts';
import { resourceStrategy } from '../generic/resource-strategy.ts';
import { column, nameColumn } from './columns.ts';

const healthy = ({ conditions = [] }: Readonly<ComponentStatus>) => conditions.find((one) => one.type === 'Healthy');

function state(component: Readonly<ComponentStatus>): string {
  const condition = healthy(component);
  if (!condition) return 'Unknown';
  return condition.status === 'True' ? 'Healthy' : 'Unhealthy';
}

/**
 * pkg/registry/core/componentstatus, of old: what the control plane consists of. Read only.
 * Differs from upstream: stored once at the start, since components in one process are healthy together, or all gone.
 */
export const componentStatusStrategy = resourceStrategy<ComponentStatus>({
  resource: {
    group: '',
    version: 'v1',
    kind: 'ComponentStatus',
    plural: 'componentstatuses',
    shortNames: ['cs'],
    namespaced: false,
    verbs: ['get', 'list'],
    deprecation: 'v1 ComponentStatus is deprecated in v1.19+',
  },
  prepareForCreate(component) {
    // Made up on each read, upstream: nobody has ever created one.
    delete component.metadata!.uid;
    delete component.metadata!.creationTimestamp;
  },
  columns: [
    nameColumn,
    column('Status', 'Whether the component is healthy.', state),
    column('Message', 'What it says of itself.', (component) => healthy(component)?.message ?? ''),
    column('Error', 'What is wrong with it.', (component) => healthy(component)?.error ?? ''),
  ],
});

/** The components of a control plane, all well. */
export function componentStatuses(): ComponentStatus[] {
  return ['controller-manager', 'etcd-0', 'scheduler'].map((name) => ({
    apiVersion: 'v1',
    kind: 'ComponentStatus',
    metadata: { name },
    conditions: [{ type: 'Healthy', status: 'True', message: 'ok' }],
  }));
}
