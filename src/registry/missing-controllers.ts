import type { ResourceInfo, Strategy } from './generic/strategy.ts';

const nothingActs = (what: string, kind: string): string => `paperkube does not ${what} yet: ${kind} objects are stored but nothing acts on them`;
const controller = (name: string) => (kind: string) => nothingActs(`run the ${name} controller`, kind);

/** What is said of resources whose controller is not there yet, by group and plural. A line goes when its controller comes. */
const missingControllers: Readonly<Record<string, (kind: string) => string>> = {
  '/persistentvolumeclaims': controller('persistent volume'),
  '/persistentvolumes': controller('persistent volume'),
  '/replicationcontrollers': controller('replication'),
  'apps/daemonsets': controller('daemon set'),
  'apps/statefulsets': controller('stateful set'),
  'autoscaling/horizontalpodautoscalers': controller('horizontal pod autoscaling'),
  'batch/cronjobs': controller('cron job'),
  'batch/jobs': controller('job'),
  'networking.k8s.io/networkpolicies': controller('network policy'),
  'policy/poddisruptionbudgets': () =>
    'paperkube does not run the disruption controller yet: the pods that a PodDisruptionBudget selects cannot be evicted until somebody writes its status',
  'storage.k8s.io/volumeattachments': controller('attach detach'),
};

/** What is said of resources that the API server itself does not act on yet. */
const missingInServer: Readonly<Record<string, (kind: string) => string>> = {
  'admissionregistration.k8s.io/mutatingwebhookconfigurations': () => 'paperkube does not run admission webhooks yet',
  'admissionregistration.k8s.io/validatingadmissionpolicies': () => 'paperkube does not run admission policies yet',
  'admissionregistration.k8s.io/validatingadmissionpolicybindings': () => 'paperkube does not run admission policies yet',
  'admissionregistration.k8s.io/validatingwebhookconfigurations': () => 'paperkube does not run admission webhooks yet',
  'apiextensions.k8s.io/customresourcedefinitions': (kind) => nothingActs('serve custom resources', kind),
};

/** What is said to those who create such an object, if nothing acts on it yet. */
export function missingController({ group, plural, kind }: ResourceInfo): string | undefined {
  return (missingInServer[`${group}/${plural}`] ?? missingControllers[`${group}/${plural}`])?.(kind);
}

/**
 * The resource's strategy, which tells whoever creates one that nothing will come of it, if so.
 * @param controllers whether controllers run: who starts the API alone knows that nothing acts on anything
 */
export function warnOfMissingController(strategy: Strategy, controllers: boolean): Strategy {
  const text = missingController(strategy.resource);
  const { group, plural } = strategy.resource;
  if (text === undefined || (!controllers && `${group}/${plural}` in missingControllers)) return strategy;
  return { ...strategy, warningsOnCreate: (object) => [...(strategy.warningsOnCreate?.(object) ?? []), text] };
}
