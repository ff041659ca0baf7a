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

/** Where upstream's server asks the components that have a port of their own. */
const healthPorts: Readonly<Record<string, number>> = { 'controller-manager': 10257, scheduler: 10259 };

/**
 * The components of a control plane: those that run are well, at the ports of the others nobody answers.
 * @param absent of `controller-manager` and `scheduler` those that do not run
 */
export function componentStatuses(absent: readonly string[] = []): ComponentStatus[] {
  const condition = (name: string) => {
    if (!absent.includes(name)) return { type: 'Healthy', status: 'True', message: 'ok' };
    const address = `127.0.0.1:${healthPorts[name]}`;
    return { type: 'Healthy', status: 'False', message: `Get "https://${address}/healthz": dial tcp ${address}: connect: connection refused` };
  };
  return ['controller-manager', 'etcd-0', 'scheduler'].map((name) => ({
    apiVersion: 'v1',
    kind: 'ComponentStatus',
    metadata: { name },
    conditions: [condition(name)],
  }));
}
