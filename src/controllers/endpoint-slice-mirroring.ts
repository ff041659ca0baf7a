import type { EndpointSlice, Endpoints, Service } from '../../generated/types/index.ts';
import type { Client, EventRecorder, SharedInformer } from '../client/index.ts';
import { createEventRecorder, refs } from '../client/index.ts';
import { ignoreNotFound } from '../machinery/status-error.ts';
import type { ObjectKey } from '../machinery/types.ts';
import type { Controller, ControllerContext } from './controller.ts';
import { ReconcileLoop } from './controller.ts';
import { mirroredMax, mirrorManager, planMirror } from './endpoint-slice-mirror-plan.ts';
import { managedByLabel, serviceNameLabel } from './endpoint-slice-plan.ts';
import { isNamespaceTerminating } from './replica-set.ts';

const skipLabel = 'endpointslice.kubernetes.io/skip-mirror';
const leaderAnnotation = 'control-plane.alpha.kubernetes.io/leader';

/**
 * Says in EndpointSlices what somebody has said in an Endpoints object of a Service without a selector, since traffic goes where
 * slices say (pkg/controller/endpointslicemirroring).
 */
export class EndpointSliceMirroringController implements Controller {
  readonly name = 'endpointslicemirroring-controller';
  readonly #client: Client;
  readonly #endpoints: SharedInformer<Endpoints>;
  readonly #services: SharedInformer<Service>;
  readonly #slices: SharedInformer<EndpointSlice>;
  readonly #events: EventRecorder;
  readonly #loop: ReconcileLoop;

  constructor(readonly context: ControllerContext) {
    const { informers } = context;
    this.#client = context.clientFor(this.name);
    this.#endpoints = informers.for<Endpoints>(refs.endpoints);
    this.#services = informers.for<Service>(refs.services);
    this.#slices = informers.for<EndpointSlice>(refs.endpointSlices);
    this.#events = createEventRecorder(this.#client, context.env, { component: 'endpoint-slice-mirroring-controller' });
    this.#loop = new ReconcileLoop('endpoint-slice-mirroring', context.env, (key) => this.#reconcile(key));
  }

  start(): void {
    // A Service and its Endpoints have the same name.
    const enqueue = (one: Readonly<Service | Endpoints>) => this.#loop.enqueue(one);
    this.#endpoints.handle({ added: enqueue, updated: enqueue, deleted: enqueue });
    this.#services.handle({ added: enqueue, updated: enqueue, deleted: enqueue });
    const sliceChanged = (slice: Readonly<EndpointSlice>) => {
      const { namespace, labels = {} } = slice.metadata ?? {};
      if (labels[managedByLabel] === mirrorManager) this.#loop.enqueueKey({ namespace, name: labels[serviceNameLabel] ?? '' });
    };
    this.#slices.handle({ updated: sliceChanged, deleted: sliceChanged });
    this.#loop.start([this.#endpoints, this.#services, this.#slices] as SharedInformer<never>[]);
  }

  stop(): void {
    this.#loop.stop();
  }

  async #reconcile(key: ObjectKey): Promise<void> {
    const endpoints = this.#endpoints.lister.get(key);
    const service = this.#services.lister.get(key);
    const existing = this.#mirrored(key);
    if (!endpoints || !service || service.spec?.selector || !isMirrored(endpoints)) {
      for (const slice of existing) await this.#remove(slice);
      return;
    }
    try {
      await this.#mirror(endpoints, existing);
    } catch (error) {
      if (!isNamespaceTerminating(error)) throw error;
    }
  }

  async #mirror(endpoints: Readonly<Endpoints>, existing: readonly Readonly<EndpointSlice>[]): Promise<void> {
    const { create, update, remove, skipped } = planMirror(endpoints, existing);
    const slices = this.#client.endpointSlices;
    for (const slice of create) this.#loop.expectWritten(endpoints, this.#slices as SharedInformer<never>, await slices.create(slice));
    for (const slice of update) this.#loop.expectWritten(endpoints, this.#slices as SharedInformer<never>, await slices.update(slice));
    for (const slice of remove) await this.#remove(slice);
    if (skipped === 0) return;
    const text = `A max of ${mirroredMax} addresses can be mirrored to EndpointSlices per Endpoints subset. ${skipped} addresses were skipped`;
    this.#events.event(endpoints, 'Warning', 'TooManyAddressesToMirror', text);
  }

  #mirrored({ namespace, name }: ObjectKey): readonly Readonly<EndpointSlice>[] {
    return this.#slices.lister.list(namespace).filter(({ metadata }) => {
      const { [managedByLabel]: manager, [serviceNameLabel]: service } = metadata?.labels ?? {};
      return manager === mirrorManager && service === name && !metadata?.deletionTimestamp;
    });
  }

  async #remove({ metadata }: Readonly<EndpointSlice>): Promise<void> {
    await this.#client.endpointSlices.delete({ namespace: metadata?.namespace, name: metadata?.name ?? '' }).catch(ignoreNotFound);
  }
}

/** Some Endpoints are nobody's business: those of an elected leader, and those whose slices somebody else makes. */
function isMirrored({ metadata }: Readonly<Endpoints>): boolean {
  return metadata?.labels?.[skipLabel] !== 'true' && metadata?.annotations?.[leaderAnnotation] === undefined;
}
