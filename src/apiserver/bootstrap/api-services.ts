import type { APIService } from '../../../generated/types/index.ts';
import type { GroupVersion } from '../../machinery/types.ts';

/** How important a group is among groups (pkg/controlplane/apiserver aggregator.go). */
const groupPriorities: Readonly<Record<string, number>> = {
  '': 18_000,
  apps: 17_800,
  'events.k8s.io': 17_750,
  'authentication.k8s.io': 17_700,
  'authorization.k8s.io': 17_600,
  autoscaling: 17_500,
  batch: 17_400,
  'certificates.k8s.io': 17_300,
  'networking.k8s.io': 17_200,
  policy: 17_100,
  'rbac.authorization.k8s.io': 17_000,
  'storage.k8s.io': 16_800,
  'apiextensions.k8s.io': 16_700,
  'admissionregistration.k8s.io': 16_700,
  'scheduling.k8s.io': 16_600,
  'coordination.k8s.io': 16_500,
  'node.k8s.io': 16_300,
  'discovery.k8s.io': 16_200,
  'flowcontrol.apiserver.k8s.io': 16_100,
};

/** Versions that are not at the usual priority. */
const versionPriorities: Readonly<Record<string, number>> = { '/v1': 1, 'autoscaling/v2': 30, 'flowcontrol.apiserver.k8s.io/v1': 21 };
const usualVersionPriority = 15;
/** Groups without stored resources. */
const reviewGroups: readonly GroupVersion[] = [
  { group: 'authentication.k8s.io', version: 'v1' },
  { group: 'authorization.k8s.io', version: 'v1' },
];

/** One APIService for each group and version that this server serves itself; the aggregator's own group has none. */
export function localApiServices(served: readonly GroupVersion[]): APIService[] {
  const names = new Map<string, GroupVersion>();
  for (const { group, version } of [...served, ...reviewGroups]) if (group in groupPriorities) names.set(`${version}.${group}`, { group, version });
  return [...names].sort(([a], [b]) => (a < b ? -1 : 1)).map(([name, one]) => apiService(name, one));
}

function apiService(name: string, { group, version }: GroupVersion): APIService {
  return {
    apiVersion: 'apiregistration.k8s.io/v1',
    kind: 'APIService',
    metadata: { name, labels: { 'kube-aggregator.kubernetes.io/automanaged': 'onstart' } },
    spec: {
      ...(group ? { group } : {}),
      version,
      groupPriorityMinimum: groupPriorities[group] as number,
      versionPriority: versionPriorities[`${group}/${version}`] ?? usualVersionPriority,
    },
  };
}
