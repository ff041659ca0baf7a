import type { EndpointSlice, Node, Pod, Service } from '../../generated/types/index.ts';
import type { Client, EventRecorder, SharedInformer } from '../client/index.ts';
import { createEventRecorder, refs } from '../client/index.ts';
import { isNotFound } from '../machinery/status-error.ts';
import { formatTime } from '../machinery/time.ts';
import type { ObjectKey } from '../machinery/types.ts';
import { formatKeyOf, formatObjectKey } from '../machinery/types.ts';
import type { Controller, ControllerContext } from './controller.ts';
import { ReconcileLoop } from './controller.ts';
import { managedByLabel, planSlices, sliceManager } from './endpoint-slice-plan.ts';
import { controllerKey } from './owners.ts';
import { isNamespaceTerminating } from './replica-set.ts';
import { canBeEndpoint, hasEndpoints, podsOfService, TriggerTimes, triggerTimeAnnotation, watchServicePods } from './service-pods.ts';

/** Another try waits longer than elsewhere, since each failure is told of by an event (upstream: defaultSyncBackOff). */
const baseDelayMs = 1000;

/** Keeps a service's EndpointSlices in line with its pods (upstream: pkg/controller/endpointslice). */
export class EndpointSliceController implements Controller {
  readonly name = 'endpointslice-controller';
  readonly #client: Client;
  readonly #services: SharedInformer<Service>;
  readonly #pods: SharedInformer<Pod>;
  readonly #nodes: SharedInformer<Node>;
  readonly #slices: SharedInformer<EndpointSlice>;
  readonly #events: EventRecorder;
  readonly #triggers = new TriggerTimes();
  readonly #loop: ReconcileLoop;

  constructor(readonly context: ControllerContext) {
    const { informers } = context;
    this.#client = context.clientFor(this.name);
    this.#services = informers.for<Service>(refs.services);
    this.#pods = informers.for<Pod>(refs.pods);
    this.#nodes = informers.for<Node>(refs.nodes);
    this.#slices = informers.for<EndpointSlice>(refs.endpointSlices);
    this.#events = createEventRecorder(this.#client, context.env, { component: 'endpoint-slice-controller' });
    this.#loop = new ReconcileLoop('endpoint-slice', context.env, (key) => this.#reconcile(key), undefined, { baseDelayMs });
  }

  start(): void {
    const enqueue = (service: Readonly<Service>) => this.#loop.enqueue(service);
    this.#services.handle({ added: enqueue, updated: enqueue, deleted: enqueue });
    watchServicePods(this.#services, this.#pods, this.#loop);
    const sliceChanged = (slice: Readonly<EndpointSlice>) => {
      const key = controllerKey(slice, refs.services);
      if (key && slice.metadata?.labels?.[managedByLabel] === sliceManager) this.#loop.enqueueKey(key);
    };
    this.#slices.handle({ updated: sliceChanged, deleted: sliceChanged });
    this.#loop.start([this.#services, this.#pods, this.#nodes, this.#slices] as SharedInformer<never>[]);
  }

  stop(): void {
    this.#loop.stop();
  }

  async #reconcile(key: ObjectKey): Promise<void> {
    const service = this.#services.lister.get(key);
    if (!service || service.metadata?.deletionTimestamp) this.#triggers.forget(formatObjectKey(key));
    if (!service || service.metadata?.deletionTimestamp || !hasEndpoints(service)) return; // The garbage collector owns the slices of a service that has gone.
    try {
      await this.#sync(service);
    } catch (error) {
      if (isNamespaceTerminating(error)) return;
      this.#events.event(
        service,
        'Warning',
        'FailedToUpdateEndpointSlices',
        `Error updating Endpoint Slices for Service ${formatObjectKey(key)}: ${(error as Error).message}`,
      );
      throw error;
    }
  }

  async #sync(service: Readonly<Service>): Promise<void> {
    const [pods, lost] = this.#podsOf(service);
    const owned = this.#slices.lister
      .ownedBy(service)
      .filter((slice) => slice.metadata?.labels?.[managedByLabel] === sliceManager && !slice.metadata.deletionTimestamp);
    const triggerMs = this.#triggers.compute(service, pods);
    const families = service.spec?.ipFamilies?.length ? service.spec.ipFamilies : ['IPv4'];
    for (const slice of owned) if (!families.includes(slice.addressType)) await this.#remove(service, slice);
    for (const family of families) {
      const existing = owned.filter((slice) => slice.addressType === family);
      const plan = planSlices(service, family, pods, existing, (node) => this.#zoneOf(node));
      for (const slice of plan.create) this.#wrote(service, await this.#client.endpointSlices.create(stamped(slice, triggerMs)));
      for (const slice of plan.update) this.#wrote(service, await this.#client.endpointSlices.update(stamped(slice, triggerMs)));
      for (const slice of plan.remove) await this.#remove(service, slice);
    }
    if (lost) throw new Error(`skipping Pod ${lost.metadata?.name} for Service ${formatKeyOf(service)}: Node ${lost.spec?.nodeName} Not Found`);
  }

  /** The service's pods, and one that is left out since its node is not known; whoever wants pods in any state gets those, too. */
  #podsOf(service: Readonly<Service>): [pods: Readonly<Pod>[], lost: Readonly<Pod> | undefined] {
    const all = podsOfService(service, this.#pods);
    if (service.spec?.publishNotReadyAddresses) return [all, undefined];
    const isLost = (pod: Readonly<Pod>) => canBeEndpoint(pod, true) && !this.#nodes.lister.get({ name: pod.spec?.nodeName ?? '' });
    return [all.filter((pod) => !isLost(pod)), all.find(isLost)];
  }

  async #remove(service: Readonly<Service>, slice: Readonly<EndpointSlice>): Promise<void> {
    const key = { namespace: slice.metadata?.namespace, name: slice.metadata?.name ?? '' };
    await this.#client.endpointSlices.delete(key).catch((error: unknown) => {
      if (!isNotFound(error)) throw error;
    });
    this.#loop.expect(service, () => this.#slices.lister.get(key)?.metadata?.uid !== slice.metadata?.uid);
  }

  #wrote(service: Readonly<Service>, slice: Readonly<EndpointSlice>): void {
    this.#loop.expectWritten(service, this.#slices as SharedInformer<never>, slice);
  }

  #zoneOf(name: string): string | undefined {
    return this.#nodes.lister.get({ name })?.metadata?.labels?.['topology.kubernetes.io/zone'];
  }
}

/** Tells what change the slice shows; without one the old time would mislead, and goes. Empty lists are not sent: upstream's encoding has none. */
function stamped(slice: EndpointSlice, triggerMs: number | undefined): EndpointSlice {
  const { [triggerTimeAnnotation]: _, ...annotations } = slice.metadata?.annotations ?? {};
  if (triggerMs !== undefined) annotations[triggerTimeAnnotation] = formatTime(triggerMs);
  const { endpoints, ports, ...rest } = slice;
  return {
    ...rest,
    metadata: { ...slice.metadata, annotations },
    ...(endpoints?.length ? { endpoints } : {}),
    ...(ports?.length ? { ports } : {}),
  } as EndpointSlice;
}
