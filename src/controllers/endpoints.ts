import type { EndpointAddress, EndpointPort, EndpointSubset, Endpoints, Pod, Service } from '../../generated/types/index.ts';
import type { Client, SharedInformer } from '../client/index.ts';
import { refs } from '../client/index.ts';
import { clone, semanticEqual } from '../machinery/deep.ts';
import { ignoreNotFound } from '../machinery/status-error.ts';
import { formatTime } from '../machinery/time.ts';
import type { ObjectKey } from '../machinery/types.ts';
import { formatObjectKey } from '../machinery/types.ts';
import type { Controller, ControllerContext } from './controller.ts';
import { ReconcileLoop } from './controller.ts';
import { isReady } from './pods.ts';
import { isNamespaceTerminating } from './replica-set.ts';
import {
  addressesOf,
  canBeEndpoint,
  hasEndpoints,
  headlessLabel,
  hostnameOf,
  isHeadless,
  podsOfService,
  TriggerTimes,
  targetPortOf,
  triggerTimeAnnotation,
  watchServicePods,
} from './service-pods.ts';

const managedByLabel = 'endpoints.kubernetes.io/managed-by';

/** Keeps core/v1 Endpoints of services with a selector (upstream: pkg/controller/endpoint). */
export class EndpointsController implements Controller {
  readonly name = 'endpoint-controller';
  readonly #client: Client;
  readonly #services: SharedInformer<Service>;
  readonly #pods: SharedInformer<Pod>;
  readonly #endpoints: SharedInformer<Endpoints>;
  readonly #triggers = new TriggerTimes();
  readonly #loop: ReconcileLoop;

  constructor(readonly context: ControllerContext) {
    this.#client = context.clientFor(this.name);
    this.#services = context.informers.for<Service>(refs.services);
    this.#pods = context.informers.for<Pod>(refs.pods);
    this.#endpoints = context.informers.for<Endpoints>(refs.endpoints);
    this.#loop = new ReconcileLoop('endpoints', context.env, (key) => this.#reconcile(key));
  }

  start(): void {
    const enqueue = (service: Readonly<Service>) => this.#loop.enqueue(service);
    this.#services.handle({ added: enqueue, updated: enqueue, deleted: enqueue });
    watchServicePods(this.#services, this.#pods, this.#loop);
    this.#endpoints.handle({ deleted: (endpoints) => this.#loop.enqueue(endpoints) });
    this.#loop.start([this.#services, this.#pods, this.#endpoints] as SharedInformer<never>[]);
  }

  stop(): void {
    this.#loop.stop();
  }

  async #reconcile(key: ObjectKey): Promise<void> {
    const service = this.#services.lister.get(key);
    const present = this.#endpoints.lister.get(key);
    if (!service) {
      this.#triggers.forget(formatObjectKey(key));
      if (present) await this.#client.endpoints.delete(key).catch(ignoreNotFound);
      return;
    }
    if (!hasEndpoints(service)) return;
    const pods = podsOfService(service, this.#pods);
    const triggerMs = this.#triggers.compute(service, pods);
    const subsets = planSubsets(service, pods);
    const labels = labelsOf(service);
    if (present && semanticEqual(present.subsets, subsets) && semanticEqual(present.metadata?.labels, labels)) return;
    await this.#write(service, present, subsets, labels, triggerMs);
  }

  async #write(
    service: Readonly<Service>,
    present: Readonly<Endpoints> | undefined,
    subsets: EndpointSubset[],
    labels: Record<string, string>,
    triggerMs: number | undefined,
  ): Promise<void> {
    const { namespace, name } = service.metadata ?? {};
    const { [triggerTimeAnnotation]: _, ...annotations } = present?.metadata?.annotations ?? {};
    if (triggerMs !== undefined) annotations[triggerTimeAnnotation] = formatTime(triggerMs);
    const base: Endpoints = present ? (clone(present) as Endpoints) : { metadata: { name: name ?? '', namespace: namespace ?? '' } };
    const next: Endpoints = { ...base, metadata: { ...base.metadata, labels, annotations }, subsets };
    try {
      const written = present ? await this.#client.endpoints.update(next) : await this.#client.endpoints.create(next);
      this.#loop.expectWritten(service, this.#endpoints as SharedInformer<never>, written);
    } catch (error) {
      if (!isNamespaceTerminating(error)) throw error;
    }
  }
}

function labelsOf(service: Readonly<Service>): Record<string, string> {
  const labels: Record<string, string> = { ...service.metadata?.labels };
  delete labels[headlessLabel];
  return { ...labels, [managedByLabel]: 'endpoint-controller', ...(isHeadless(service) ? { [headlessLabel]: '' } : {}) };
}

/**
 * A service's endpoints: ports that lead to the same pods share a subset.
 *
 * Differs from upstream: more than 1000 addresses are not cut off, and ports and subsets keep the service's order
 * instead of that of their hashes.
 */
export function planSubsets(service: Readonly<Service>, pods: readonly Readonly<Pod>[]): EndpointSubset[] {
  const tolerant = service.spec?.publishNotReadyAddresses === true;
  const family = service.spec?.ipFamilies?.[0] ?? 'IPv4';
  const byPort = new Map<string, { port: EndpointPort | undefined; ready: EndpointAddress[]; waiting: EndpointAddress[] }>();
  for (const pod of pods) {
    const [ip] = canBeEndpoint(pod, tolerant) ? addressesOf(pod, family) : [];
    if (!ip) continue;
    const address = addressOf(service, pod, ip);
    for (const port of portsOf(service, pod)) {
      const key = JSON.stringify(port ?? null);
      const one = byPort.get(key) ?? { port, ready: [], waiting: [] };
      (tolerant || isReady(pod) ? one.ready : one.waiting).push(address);
      byPort.set(key, one);
    }
  }
  return mergePorts([...byPort.values()]);
}

function portsOf(service: Readonly<Service>, pod: Readonly<Pod>): (EndpointPort | undefined)[] {
  const ports = service.spec?.ports ?? [];
  if (ports.length === 0) return isHeadless(service) ? [undefined] : []; // A headless service need not have ports.
  return ports.flatMap((port) => {
    const number = targetPortOf(pod, port);
    if (number === undefined) return [];
    const { name, protocol = 'TCP', appProtocol } = port;
    return [{ ...(name ? { name } : {}), port: number, protocol, ...(appProtocol ? { appProtocol } : {}) }];
  });
}

function addressOf(service: Readonly<Service>, pod: Readonly<Pod>, ip: string): EndpointAddress {
  const { namespace = '', name = '', uid = '' } = pod.metadata ?? {};
  const hostname = hostnameOf(pod, service);
  return {
    ip,
    ...(hostname ? { hostname } : {}),
    ...(pod.spec?.nodeName ? { nodeName: pod.spec.nodeName } : {}),
    targetRef: { kind: 'Pod', namespace, name, uid },
  };
}

function mergePorts(parts: readonly { port: EndpointPort | undefined; ready: EndpointAddress[]; waiting: EndpointAddress[] }[]): EndpointSubset[] {
  const subsets = new Map<string, EndpointSubset>();
  for (const { port, ready, waiting } of parts) {
    const addresses = byIp(ready);
    const notReadyAddresses = byIp(waiting);
    const key = JSON.stringify([addresses, notReadyAddresses]);
    const subset = subsets.get(key) ?? {
      ...(addresses.length > 0 ? { addresses } : {}),
      ...(notReadyAddresses.length > 0 ? { notReadyAddresses } : {}),
    };
    if (port) subset.ports = [...(subset.ports ?? []), port];
    subsets.set(key, subset);
  }
  return [...subsets.values()];
}

function byIp(addresses: readonly EndpointAddress[]): EndpointAddress[] {
  return [...addresses].sort((a, b) => (a.ip < b.ip ? -1 : a.ip > b.ip ? 1 : 0));
}
