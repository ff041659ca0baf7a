import type { Node } from '../../../generated/types/index.ts';
import { cidrWarnings, nameIsSubdomain, setNodeDefaults, validateNode, validateNodeStatusUpdate, validateNodeUpdate } from '../../api/index.ts';
import type { Column, Strategy } from '../generic/strategy.ts';
import { ageColumn, column, nameColumn, wide } from './columns.ts';

const rolePrefix = 'node-role.kubernetes.io/';

function status(node: Readonly<Node>): string {
  const ready = node.status?.conditions?.findLast((one) => one.type === 'Ready');
  const parts = [ready ? (ready.status === 'True' ? 'Ready' : 'NotReady') : 'Unknown'];
  if (node.spec?.unschedulable) parts.push('SchedulingDisabled');
  return parts.join(',');
}

function roles(node: Readonly<Node>): string {
  const found = new Set<string>();
  for (const [key, value] of Object.entries(node.metadata?.labels ?? {})) {
    if (key.startsWith(rolePrefix) && key.length > rolePrefix.length) found.add(key.slice(rolePrefix.length));
    else if (key === 'kubernetes.io/role' && value) found.add(value);
  }
  return [...found].sort().join(',') || '<none>';
}

const address = (node: Readonly<Node>, type: string): string => node.status?.addresses?.find((one) => one.type === type)?.address ?? '<none>';

const columns: readonly Column<Node>[] = [
  nameColumn,
  column('Status', 'Whether the node is ready and takes new pods.', status),
  column('Roles', 'What the labels say the node is for.', roles),
  ageColumn,
  column('Version', 'The version of its kubelet.', (node) => node.status?.nodeInfo?.kubeletVersion ?? ''),
  wide('Internal-IP', 'The first address inside the cluster.', (node) => address(node, 'InternalIP')),
  wide('External-IP', 'The first address outside the cluster.', (node) => address(node, 'ExternalIP')),
  wide('OS-Image', 'The operating system.', (node) => node.status?.nodeInfo?.osImage || '<unknown>'),
  wide('Kernel-Version', 'The version of its kernel.', (node) => node.status?.nodeInfo?.kernelVersion || '<unknown>'),
  wide('Container-Runtime', 'The container runtime and its version.', (node) => node.status?.nodeInfo?.containerRuntimeVersion || '<unknown>'),
];

/** What a node is warned of (pkg/registry/core/node nodeWarnings). */
function warnings({ spec }: Readonly<Node>): string[] {
  return [
    ...(spec?.configSource ? ['spec.configSource: the feature is removed'] : []),
    ...(spec?.externalID ? ['spec.externalID: this field is deprecated, and is unused by Kubernetes'] : []),
    ...(spec?.podCIDRs ?? []).flatMap((cidr, index) => cidrWarnings(`spec.podCIDRs[${index}]`, cidr)),
  ];
}

/** pkg/registry/core/node. A node may be created with its status, since kubelets register themselves. */
export const nodeStrategy: Strategy<Node> = {
  resource: { group: '', version: 'v1', kind: 'Node', plural: 'nodes', singular: 'node', shortNames: ['no'], namespaced: false },
  applyDefaults: setNodeDefaults,
  validateName: nameIsSubdomain,
  warningsOnCreate: warnings,
  warningsOnUpdate: warnings,
  validate: validateNode,
  prepareForCreate({ spec, status }) {
    // Nothing reads them any more.
    delete spec?.configSource;
    delete status?.config;
  },
  prepareForUpdate(next, previous) {
    next.status = previous.status!;
    if (!previous.spec?.configSource) delete next.spec?.configSource;
  },
  validateUpdate: validateNodeUpdate,
  status: {
    prepareForUpdate(next, previous) {
      next.spec = previous.spec!;
      if (!previous.status?.config) delete next.status?.config;
    },
    validateUpdate: validateNodeStatusUpdate,
  },
  columns,
  selectableFields: (node) => ({ 'spec.unschedulable': String(node.spec?.unschedulable ?? false) }),
};
