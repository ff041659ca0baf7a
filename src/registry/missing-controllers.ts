import { isSchemaOnly, markSchemaOnly } from './generic/schema-only-strategy.ts';
import type { Strategy } from './generic/strategy.ts';

/** Who would act on a resource, where that is not simulated yet, by group and plural. A line goes when its controller comes. */
const missingControllers: Readonly<Record<string, string>> = {
  '/persistentvolumeclaims': 'persistent volume',
  '/persistentvolumes': 'persistent volume',
  '/replicationcontrollers': 'replication',
  '/resourcequotas': 'resource quota',
  'apps/daemonsets': 'daemon set',
  'apps/statefulsets': 'stateful set',
  'autoscaling/horizontalpodautoscalers': 'horizontal pod autoscaling',
  'batch/cronjobs': 'cron job',
  'batch/jobs': 'job',
  'certificates.k8s.io/certificatesigningrequests': 'certificate signing',
  'networking.k8s.io/networkpolicies': 'network policy',
  'policy/poddisruptionbudgets': 'disruption',
  'storage.k8s.io/volumeattachments': 'attach detach',
};

/** The resource's strategy, which tells whoever creates one that nothing will come of it, if so. */
export function warnOfMissingController(strategy: Strategy): Strategy {
  const { group, plural, kind } = strategy.resource;
  const controller = missingControllers[`${group}/${plural}`];
  if (!controller) return strategy;
  const text = `paperkube does not run the ${controller} controller yet: ${kind} objects are stored but nothing acts on them`;
  const warning: Strategy = { ...strategy, warningsOnCreate: (object) => [...(strategy.warningsOnCreate?.(object) ?? []), text] };
  return isSchemaOnly(strategy) ? markSchemaOnly(warning) : warning;
}
