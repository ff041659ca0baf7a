import type { Pod, Service, ServicePort } from '../../generated/types/index.ts';
import type { SharedInformer } from '../client/index.ts';
import { matchesLabels, requirementsOfMap } from '../machinery/selectors/labels.ts';
import { parseTime } from '../machinery/time.ts';
import type { ReconcileLoop } from './controller.ts';
import { podCondition } from './pods.ts';

export const triggerTimeAnnotation = 'endpoints.kubernetes.io/last-change-trigger-time';
export const headlessLabel = 'service.kubernetes.io/headless';

export function isHeadless(service: Readonly<Service>): boolean {
  return service.spec?.clusterIP === 'None';
}

/** Whether endpoints are made for the service: it selects pods and has an address of its own, or none. */
export function hasEndpoints(service: Readonly<Service>): boolean {
  return service.spec?.selector !== undefined && Object.keys(service.spec.selector).length > 0 && service.spec.type !== 'ExternalName';
}

/** The pods that a service selects, in order of creation. */
export function podsOfService(service: Readonly<Service>, pods: SharedInformer<Pod>): Readonly<Pod>[] {
  const selector = requirementsOfMap(service.spec?.selector ?? {});
  return pods.lister.list(service.metadata?.namespace).filter((pod) => matchesLabels(selector, pod.metadata?.labels));
}

/** The number that a service's port has on a pod; undefined if the pod has no port of that name. */
export function targetPortOf(pod: Readonly<Pod>, port: Readonly<ServicePort>): number | undefined {
  const target = port.targetPort ?? port.port;
  if (typeof target === 'number') return target || port.port;
  const sidecars = (pod.spec?.initContainers ?? []).filter((container) => container.restartPolicy === 'Always');
  for (const container of [...(pod.spec?.containers ?? []), ...sidecars]) {
    const found = container.ports?.find((one) => one.name === target && (one.protocol ?? 'TCP') === (port.protocol ?? 'TCP'));
    if (found) return found.containerPort;
  }
  return undefined;
}

export function addressesOf(pod: Readonly<Pod>, family: string): string[] {
  const all = (pod.status?.podIPs ?? []).map((one) => one.ip);
  if (all.length === 0 && pod.status?.podIP) all.push(pod.status.podIP);
  return all.filter((ip) => ip.includes(':') === (family === 'IPv6'));
}

/** Whether a pod can be an endpoint at all: it has an address and has not finished. */
export function canBeEndpoint(pod: Readonly<Pod>, includeTerminating: boolean): boolean {
  if (pod.status?.phase === 'Failed' || pod.status?.phase === 'Succeeded') return false;
  if (!pod.status?.podIP && !pod.status?.podIPs?.length) return false;
  return includeTerminating || !pod.metadata?.deletionTimestamp;
}

/** The pod's own host name, if it has one below this service. */
export function hostnameOf(pod: Readonly<Pod>, service: Readonly<Service>): string | undefined {
  return pod.spec?.hostname && pod.spec.subdomain === service.metadata?.name ? pod.spec.hostname : undefined;
}

/**
 * Remembers which change set endpoints in motion, for the annotation that tells how old the news is
 * (upstream: TriggerTimeTracker).
 */
export class TriggerTimes {
  readonly #known = new Map<string, { serviceMs: number; pods: Map<string, number> }>();

  /** The time of the oldest change not seen before, in milliseconds since the Unix epoch; undefined if none is known. For a new service, when it was made. */
  compute(service: Readonly<Service>, pods: readonly Readonly<Pod>[]): number | undefined {
    const key = `${service.metadata?.namespace}/${service.metadata?.name}`;
    const last = this.#known.get(key);
    const times = new Map<string, number>();
    const changed: number[] = [];
    for (const pod of pods) {
      const at = parseTime(podCondition(pod, 'Ready')?.lastTransitionTime);
      const uid = pod.metadata?.uid ?? '';
      if (at === undefined) continue;
      times.set(uid, at);
      if (at > (last?.pods.get(uid) ?? 0)) changed.push(at);
    }
    const serviceMs = parseTime(service.metadata?.creationTimestamp) ?? 0;
    if (serviceMs > (last?.serviceMs ?? 0)) changed.push(serviceMs);
    this.#known.set(key, { serviceMs, pods: times });
    if (!last) return serviceMs;
    return changed.length > 0 ? Math.min(...changed) : undefined;
  }

  forget(key: string): void {
    this.#known.delete(key);
  }
}

/** Wakes the services that a pod belongs to, or has belonged to. */
export function watchServicePods(services: SharedInformer<Service>, pods: SharedInformer<Pod>, loop: ReconcileLoop): void {
  const wake = (pod: Readonly<Pod>) => {
    for (const service of services.lister.list(pod.metadata?.namespace)) {
      if (hasEndpoints(service) && matchesLabels(requirementsOfMap(service.spec?.selector ?? {}), pod.metadata?.labels)) loop.enqueue(service);
    }
  };
  const relabeled = (pod: Readonly<Pod>, previous: Readonly<Pod>) => JSON.stringify(pod.metadata?.labels) !== JSON.stringify(previous.metadata?.labels);
  pods.handle({
    added: wake,
    updated: (pod, previous) => {
      if (relabeled(pod, previous)) wake(previous);
      wake(pod);
    },
    deleted: wake,
  });
}
