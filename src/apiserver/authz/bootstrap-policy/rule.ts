import type { PolicyRule } from '../../../../generated/types/index.ts';

const sorted = (text: string): string[] => text.split(' ').sort();

export const read = 'get list watch';
export const write = 'create delete deletecollection patch update';
export const readWrite = `${read} ${write}`;

/** Upstream's groups by short words; `core` is the group without a name. */
const groups: Readonly<Record<string, string>> = {
  core: '',
  authentication: 'authentication.k8s.io',
  authorization: 'authorization.k8s.io',
  certificates: 'certificates.k8s.io',
  coordination: 'coordination.k8s.io',
  discovery: 'discovery.k8s.io',
  events: 'events.k8s.io',
  networking: 'networking.k8s.io',
  node: 'node.k8s.io',
  rbac: 'rbac.authorization.k8s.io',
  storage: 'storage.k8s.io',
  admission: 'admissionregistration.k8s.io',
  metrics: 'metrics.k8s.io',
  'custom-metrics': 'custom.metrics.k8s.io',
  'external-metrics': 'external.metrics.k8s.io',
};

/** One rule from words: what may be done, in which groups, with which resources, of which names. Sorted, as upstream has them. */
export function rule(verbs: string, inGroups: string, resources: string, names?: string): PolicyRule {
  const apiGroups = inGroups
    .split(' ')
    .map((one) => groups[one] ?? one)
    .sort();
  return { verbs: sorted(verbs), apiGroups, resources: sorted(resources), ...(names ? { resourceNames: sorted(names) } : {}) };
}

/** One rule off resources. */
export function urls(verbs: string, paths: string): PolicyRule {
  return { verbs: sorted(verbs), nonResourceURLs: sorted(paths) };
}

/** Nearly every component may write events. */
export const eventsRule: PolicyRule = rule('create update patch', 'core events', 'events');
