import type { IPAddress, ServiceCIDR } from '../../generated/types/index.ts';
import { isAllocatedAddress, isHostOf, parseCidr, parseIpv4 } from '../api/index.ts';
import type { ResourceClient, SharedInformer } from '../client/index.ts';
import { refs } from '../client/index.ts';
import { formatTime } from '../machinery/time.ts';
import type { ObjectKey } from '../machinery/types.ts';
import type { Controller, ControllerContext } from './controller.ts';
import { ReconcileLoop } from './controller.ts';
import { removeFinalizer } from './finalizers.ts';

/** Who owns the condition that this controller applies. */
const applyManager = 'service-cidr-controller';
const finalizer = 'networking.k8s.io/service-cidr-finalizer';
/** A range that is free to go stays so long, for addresses that are being allocated in it (upstream: deletionGracePeriod). */
const deletionGraceMs = 10_000;

/**
 * Says that ranges of service addresses are ready, and holds one that is deleted until no Service has an address that no other
 * range has, too (upstream: pkg/controller/servicecidrs).
 */
export class ServiceCidrsController implements Controller {
  readonly name = 'service-cidrs-controller';
  readonly #client: ResourceClient<ServiceCIDR>;
  readonly #ranges: SharedInformer<ServiceCIDR>;
  readonly #addresses: SharedInformer<IPAddress>;
  readonly #loop: ReconcileLoop;

  constructor(readonly context: ControllerContext) {
    this.#client = context.clientFor(this.name).resource<ServiceCIDR>(refs.serviceCidrs);
    this.#ranges = context.informers.for<ServiceCIDR>(refs.serviceCidrs);
    this.#addresses = context.informers.for<IPAddress>(refs.ipAddresses);
    this.#loop = new ReconcileLoop('service-cidrs', context.env, (key) => this.#reconcile(key));
  }

  start(): void {
    // Ranges overlap: what one holds back may be freed by another one that comes or goes.
    const all = () => {
      for (const range of this.#ranges.lister.list()) this.#loop.enqueue(range);
    };
    const leaving = () => {
      for (const range of this.#ranges.lister.list()) if (range.metadata?.deletionTimestamp) this.#loop.enqueue(range);
    };
    this.#ranges.handle({ added: all, updated: all, deleted: all });
    this.#addresses.handle({ deleted: leaving });
    this.#loop.start([this.#ranges, this.#addresses] as SharedInformer<never>[]);
  }

  stop(): void {
    this.#loop.stop();
  }

  async #reconcile(key: ObjectKey): Promise<void> {
    const range = this.#ranges.lister.get(key);
    if (!range) return;
    if (range.metadata?.deletionTimestamp) return this.#letGo(range, range.metadata.deletionTimestamp);
    if (!range.metadata?.finalizers?.includes(finalizer)) {
      const written = await this.#client.patch(key, 'strategic', { metadata: { finalizers: [finalizer] } });
      this.#loop.expectWritten(range, this.#ranges as SharedInformer<never>, written);
      return;
    }
    await this.#setReady(range, { status: 'True', reason: '', message: 'Kubernetes Service CIDR is ready' });
  }

  async #letGo(range: Readonly<ServiceCIDR>, deleted: string): Promise<void> {
    if (!this.#mayGo(range)) {
      const message = 'There are still IPAddresses referencing the ServiceCIDR, please remove them or create a new ServiceCIDR';
      await this.#setReady(range, { status: 'False', reason: 'Terminating', message });
      return;
    }
    const leftMs = Date.parse(deleted) + deletionGraceMs - this.context.env.clock.now();
    if (leftMs > 0) this.#loop.enqueueAfter(range, leftMs);
    else await removeFinalizer(this.#client, range, finalizer);
  }

  /** Every range in it lies in another one, or nobody has an address that is in this range alone. */
  #mayGo(range: Readonly<ServiceCIDR>): boolean {
    const others = this.#ranges.lister.list().filter((one) => one.metadata?.name !== range.metadata?.name);
    const otherCidrs = others.flatMap((one) => one.spec?.cidrs ?? []);
    const own = range.spec?.cidrs ?? [];
    if (own.every((cidr) => otherCidrs.some((other) => contains(other, cidr)))) return true;
    return !this.#addresses.lister.list().some((address) => {
      if (!isAllocatedAddress(address)) return false;
      const name = address.metadata?.name ?? '';
      return own.some((cidr) => holds(cidr, name)) && !otherCidrs.some((cidr) => holds(cidr, name));
    });
  }

  async #setReady(range: Readonly<ServiceCIDR>, { status, reason, message }: { status: string; reason: string; message: string }): Promise<void> {
    const before = range.status?.conditions?.find((one) => one.type === 'Ready');
    if (before?.status === status && before.reason === reason && before.message === message) return;
    const condition = { type: 'Ready', status, ...(reason ? { reason } : {}), message, lastTransitionTime: formatTime(this.context.env.clock.now()) };
    const written = await this.#client.apply({ name: range.metadata?.name ?? '' }, applyManager, { status: { conditions: [condition] } }, 'status');
    this.#loop.expectWritten(range, this.#ranges as SharedInformer<never>, written);
  }
}

function contains(outer: string, inner: string): boolean {
  const [a, b] = [parseCidr(outer), parseCidr(inner)];
  return a !== undefined && b !== undefined && b.base >= a.base && b.base + b.size <= a.base + a.size;
}

function holds(cidr: string, address: string): boolean {
  const [range, value] = [parseCidr(cidr), parseIpv4(address)];
  return range !== undefined && value !== undefined && isHostOf(range, value);
}
