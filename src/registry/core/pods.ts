import type { Container, ObjectMeta, Pod, PodSpec, PodStatus } from '../../../generated/types/index.ts';
import {
  mergeLabelKeys,
  nameIsSubdomain,
  podIsTerminal,
  podWarnings,
  qosClass,
  setPodDefaults,
  syncAppArmor,
  validateEphemeralContainersUpdate,
  validatePod,
  validatePodResize,
  validatePodStatusUpdate,
  validatePodUpdate,
} from '../../api/index.ts';
import { semanticEqual } from '../../machinery/deep.ts';
import { formatTime } from '../../machinery/time.ts';
import type { Strategy, UpdateStrategy } from '../generic/strategy.ts';
import { shareWithLast, shareWithStored } from './alike-specs.ts';
import { podColumns, podRowConditions } from './pod-columns.ts';

/** What stands behind gates that are off (pkg/api/pod dropDisabledPodStatusFields). Parts of a status may be those that are stored, and are not written to. */
function dropGatedStatus(status: PodStatus): void {
  delete status.resourceClaimStatuses;
  delete status.observedGeneration;
  if (status.conditions) status.conditions = without(status.conditions, 'observedGeneration');
  for (const field of ['initContainerStatuses', 'containerStatuses', 'ephemeralContainerStatuses'] as const)
    if (status[field]) status[field] = without(status[field], 'allocatedResourcesStatus');
}

/** A list of structs without a field; those that do not have it are the same ones. */
function without<T extends object>(list: readonly T[], field: keyof T): T[] {
  return list.map((one) => {
    if (!(field in one)) return one;
    const { [field]: _, ...rest } = one;
    return rest as T;
  });
}

/** Fields of a kubelet's report that a status update carries; the rest of the pod stays as stored. */
const status: UpdateStrategy<Pod> = {
  prepareForUpdate(next, previous) {
    next.spec = previous.spec!;
    const metadata = next.metadata!;
    // A status update may not take the pod over from its owners.
    if (previous.metadata?.ownerReferences) metadata.ownerReferences = previous.metadata.ownerReferences;
    else delete metadata.ownerReferences;
    next.status = { ...next.status };
    next.status.qosClass ??= previous.status?.qosClass ?? qosClass(previous);
    dropGatedStatus(next.status);
  },
  validateUpdate: validatePodStatusUpdate,
};

const ephemeralContainers: UpdateStrategy<Pod> = {
  prepareForUpdate(next, previous) {
    const { ephemeralContainers: _, ...spec } = previous.spec!;
    const added = next.spec?.ephemeralContainers;
    next.spec = { ...spec, ...(added ? { ephemeralContainers: added } : {}) };
    restoreRest(next, previous);
    bumpGeneration(next, previous);
  },
  validateUpdate: validateEphemeralContainersUpdate,
};

/** `pods/resize` changes the resources of containers and what their change takes; all else is as it was. */
const resize: UpdateStrategy<Pod> = {
  prepareForUpdate(next, previous) {
    const old = previous.spec!;
    const { containers = [], initContainers = [] }: Partial<PodSpec> = next.spec ?? {};
    const sameCount = containers.length === old.containers.length && initContainers.length === (old.initContainers ?? []).length;
    // With containers added or removed, the pod is left as it came: validation says what is wrong with it.
    if (sameCount) {
      next.spec = { ...old, containers: resized(containers, old.containers) };
      if (old.initContainers) next.spec.initContainers = resized(initContainers, old.initContainers);
      restoreRest(next, previous);
    }
    bumpGeneration(next, previous);
  },
  validateUpdate: validatePodResize,
};

/** The old containers with new resources; renamed ones are left for validation to refuse. */
function resized(next: readonly Container[], previous: readonly Container[]): Container[] {
  if (next.some(({ name }, i) => name !== previous[i]?.name)) return [...next];
  return previous.map((container, i) => {
    const { resources: _resources, resizePolicy: _policy, ...rest } = container;
    const { resources, resizePolicy } = next[i] as Container;
    return { ...rest, ...(resources ? { resources } : {}), ...(resizePolicy ? { resizePolicy } : {}) };
  });
}

/** Status, and what in metadata belongs to the pod as a whole (ResetObjectMetaForStatus). */
function restoreRest(next: Pod, previous: Readonly<Pod>): void {
  next.status = previous.status!;
  const metadata = next.metadata as Record<string, unknown>;
  for (const field of ['labels', 'annotations', 'finalizers', 'ownerReferences'] as const satisfies readonly (keyof ObjectMeta)[]) {
    const before = previous.metadata?.[field];
    if (before) metadata[field] = before;
    else delete metadata[field];
  }
}

function bumpGeneration(next: Pod, previous: Readonly<Pod>): void {
  const before = previous.metadata?.generation ?? 1;
  next.metadata!.generation = semanticEqual(next.spec, previous.spec) ? before : before + 1;
}

/** What a pod asks of its node and does not get. */
function notSimulated({ spec }: Readonly<Pod>): string[] {
  const asked = (['hostPID', 'hostIPC'] as const).filter((field) => spec?.[field]);
  return asked.map((field) => `spec.${field}: paperkube does not simulate the host's ${field === 'hostPID' ? 'processes' : 'IPC'}; the pod has its own`);
}

/** pkg/registry/core/pod podStrategy. */
export const podStrategy: Strategy<Pod> = {
  resource: { group: '', version: 'v1', kind: 'Pod', plural: 'pods', singular: 'pod', shortNames: ['po'], categories: ['all'], namespaced: true },
  applyDefaults: setPodDefaults,
  prepareForCreate(pod, context) {
    pod.metadata!.generation = 1;
    // At a second attempt, with another name, all has been done, and the spec is frozen.
    if (pod.spec && !Object.isFrozen(pod.spec)) {
      mergeLabelKeys(pod);
      syncAppArmor(pod, (text) => context.warn(text));
      pod.spec = shareWithLast(pod.spec);
    }
    // Whatever a client says: a new pod is pending, and its class follows from its requests.
    pod.status = { phase: 'Pending', qosClass: qosClass(pod) };
    if ((pod.spec?.schedulingGates ?? []).length > 0) {
      const message = 'Scheduling is blocked due to non-empty scheduling gates';
      pod.status.conditions = [
        {
          type: 'PodScheduled',
          status: 'False',
          reason: 'SchedulingGated',
          message,
          lastProbeTime: null as never,
          lastTransitionTime: formatTime(context.now),
        },
      ];
    }
  },
  validateName: nameIsSubdomain,
  validate: validatePod,
  warningsOnCreate: (pod) => [...podWarnings(pod), ...notSimulated(pod)],
  prepareForUpdate(next, previous) {
    next.status = previous.status!;
    next.spec = shareWithStored(next.spec!, previous.spec!);
    bumpGeneration(next, previous);
  },
  validateUpdate: validatePodUpdate,
  status,
  subresources: { ephemeralcontainers: ephemeralContainers, resize },
  gracePeriod(pod, requested) {
    // Without a node there is nobody to wait for; what has ended needs no time either.
    if (!pod.spec?.nodeName || podIsTerminal(pod)) return { seconds: 0 };
    const seconds = requested ?? pod.spec.terminationGracePeriodSeconds ?? 0;
    return { seconds: seconds < 0 ? 1 : seconds };
  },
  returnsDeletedObject: true,
  columns: podColumns,
  rowConditions: podRowConditions,
  selectableFields: (pod) => ({
    'spec.nodeName': pod.spec?.nodeName ?? '',
    'spec.restartPolicy': pod.spec?.restartPolicy ?? '',
    'spec.schedulerName': pod.spec?.schedulerName ?? '',
    'spec.serviceAccountName': pod.spec?.serviceAccountName ?? '',
    'spec.hostNetwork': String(pod.spec?.hostNetwork ?? false),
    'status.phase': pod.status?.phase ?? '',
    'status.podIP': pod.status?.podIPs?.[0]?.ip ?? pod.status?.podIP ?? '',
    'status.nominatedNodeName': pod.status?.nominatedNodeName ?? '',
    'spec.host': pod.spec?.nodeName ?? '', // The name that the field had in v1beta3.
    'status.podIPs': '', // Upstream knows the name, and no pod has a value of it (ToSelectableFields).
  }),
};
