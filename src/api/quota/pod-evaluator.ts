import type { Container, Pod, PodAffinityTerm, ScopedResourceSelectorRequirement } from '../../../generated/types/index.ts';
import { semanticEqual } from '../../machinery/deep.ts';
import type { ParsedQuantity } from '../../machinery/quantity.ts';
import { parseTime } from '../../machinery/time.ts';
import { podLimits, podRequests, qosClass } from '../core/v1/pod-resources.ts';
import { addAmounts, count, parseAmounts } from './amounts.ts';
import type { QuotaEvaluator } from './evaluator.ts';

const countName = 'count/pods';
const compute = ['cpu', 'memory', 'ephemeral-storage'] as const;
const names = new Set([countName, 'pods', ...compute, ...compute.flatMap((name) => [`requests.${name}`, `limits.${name}`])]);
/** A quota on one of these makes every container say how much it wants. */
const mustBeSaid = new Set(['cpu', 'memory', 'requests.cpu', 'requests.memory', 'limits.cpu', 'limits.memory']);

/** pkg/quota/v1/evaluator/core/pods.go. */
export const podEvaluator: QuotaEvaluator = {
  tracks: (name) => names.has(name) || name.startsWith('hugepages-') || name.startsWith('requests.hugepages-') || isExtendedRequest(name),
  handles: (operation, subresource) => (operation === 'CREATE' && subresource === '') || (operation === 'UPDATE' && subresource === 'resize'),
  inScope: (selector, pod) => inScope(selector, pod as Pod),
  missing: (required, pod) => missing(required, pod as Pod),
  usage: (pod, now) => usage(pod as Pod, now),
  frees: (pod, previous, now) => hasBeenResized(pod as Pod, previous as Pod) || (isCharged(previous as Pod, now) && !isCharged(pod as Pod, now)),
};

/** Whether a container has other resources than before (pkg/quota/v1/install hasResourcesChanged). */
function hasBeenResized({ status }: Readonly<Pod>, previous: Readonly<Pod>): boolean {
  return (['containerStatuses', 'initContainerStatuses'] as const).some((list) =>
    (previous.status?.[list] ?? []).some((before) => {
      const now = status?.[list]?.find((one) => one.name === before.name);
      return now !== undefined && !semanticEqual(before.resources, now.resources);
    }),
  );
}

/** `requests.example.com/gpu`: devices can only be limited by what is requested of them. */
function isExtendedRequest(name: string): boolean {
  const bare = name.slice('requests.'.length);
  return name.startsWith('requests.') && isExtended(bare);
}

const isExtended = (name: string): boolean => name.includes('/') && !name.includes('kubernetes.io/');

function missing(required: readonly string[], { spec }: Readonly<Pod>): string | undefined {
  const wanted = required.filter((name) => mustBeSaid.has(name)).sort();
  const lacking = wanted.flatMap((name) => {
    const containers = [...(spec?.containers ?? []), ...(spec?.initContainers ?? [])].filter((container) => !saidBy(container, name));
    return containers.length > 0 ? [`${name} for: ${[...new Set(containers.map((one) => one.name))].sort().join(',')}`] : [];
  });
  return lacking.length > 0 ? `must specify ${lacking.join('; ')}` : undefined;
}

function saidBy({ resources }: Readonly<Container>, name: string): boolean {
  const [side, resource] = name.startsWith('limits.') ? (['limits', name.slice(7)] as const) : (['requests', name.replace('requests.', '')] as const);
  return resources?.[side]?.[resource] !== undefined;
}

function usage(pod: Readonly<Pod>, now: number): Map<string, ParsedQuantity> {
  const all = new Map([[countName, count(1)]]);
  if (!isCharged(pod, now)) return all;
  return addAmounts(all, computeUsage(pod));
}

function computeUsage(pod: Readonly<Pod>): Map<string, ParsedQuantity> {
  const used = new Map([['pods', count(1)]]);
  for (const [name, amount] of parseAmounts(podRequests(pod, { withStatus: true }))) {
    const isCompute = (compute as readonly string[]).includes(name);
    if (isCompute || name.startsWith('hugepages-')) used.set(name, amount);
    if (isCompute || name.startsWith('hugepages-') || isExtended(name)) used.set(`requests.${name}`, amount);
  }
  for (const [name, amount] of parseAmounts(podLimits(pod, { withStatus: true }))) {
    if ((compute as readonly string[]).includes(name)) used.set(`limits.${name}`, amount);
  }
  return used;
}

/** Pods that have ended, or should have by now, use up nothing but their place in storage. */
function isCharged({ metadata, status }: Readonly<Pod>, now: number): boolean {
  if (status?.phase === 'Failed' || status?.phase === 'Succeeded') return false;
  const deletedAt = parseTime(metadata?.deletionTimestamp);
  if (deletedAt === undefined || metadata?.deletionGracePeriodSeconds === undefined) return true;
  return now <= deletedAt + metadata.deletionGracePeriodSeconds * 1000;
}

function inScope(selector: ScopedResourceSelectorRequirement, pod: Readonly<Pod>): boolean {
  const terminating = (pod.spec?.activeDeadlineSeconds ?? -1) >= 0;
  switch (selector.scopeName) {
    case 'Terminating':
      return terminating;
    case 'NotTerminating':
      return !terminating;
    case 'BestEffort':
      return qosClass(pod as Pod) === 'BestEffort';
    case 'NotBestEffort':
      return qosClass(pod as Pod) !== 'BestEffort';
    case 'PriorityClass':
      return hasPriorityClass(selector, pod.spec?.priorityClassName ?? '');
    case 'CrossNamespacePodAffinity':
      return looksIntoOtherNamespaces(pod);
    default:
      return false;
  }
}

function hasPriorityClass({ operator, values = [] }: ScopedResourceSelectorRequirement, name: string): boolean {
  switch (operator) {
    case 'Exists':
      return name !== '';
    case 'DoesNotExist':
      return name === '';
    case 'In':
      return name !== '' && values.includes(name);
    default:
      return !values.includes(name);
  }
}

function looksIntoOtherNamespaces({ spec }: Readonly<Pod>): boolean {
  const sides = [spec?.affinity?.podAffinity, spec?.affinity?.podAntiAffinity];
  const terms = sides.flatMap((side): readonly PodAffinityTerm[] => [
    ...(side?.requiredDuringSchedulingIgnoredDuringExecution ?? []),
    ...(side?.preferredDuringSchedulingIgnoredDuringExecution ?? []).map((one) => one.podAffinityTerm),
  ]);
  return terms.some((term) => (term.namespaces ?? []).length > 0 || term.namespaceSelector !== undefined);
}
