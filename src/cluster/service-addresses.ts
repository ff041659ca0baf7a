import type { IPAddress, Service, ServiceCIDR } from '../../generated/types/index.ts';
import { addressAllocatorName, isAllocatedAddress, managedByLabel } from '../api/index.ts';
import type { Client, InformerFactory, SharedInformer } from '../client/index.ts';
import { refs } from '../client/index.ts';
import { ReconcileLoop } from '../controllers/controller.ts';
import type { Env } from '../env/index.ts';
import { semanticEqual } from '../machinery/deep.ts';
import { ignoreNotFound, isAlreadyExists } from '../machinery/status-error.ts';
import type { ObjectKey } from '../machinery/types.ts';
import type { IpAllocator } from '../registry/core/index.ts';

const familyLabel = 'ipaddress.kubernetes.io/ip-family';

export interface ServiceAddressesOptions {
  readonly env: Env;
  /** Acts as the API server, which upstream keeps these objects itself. */
  readonly client: Client;
  readonly informers: InformerFactory;
  readonly ips: IpAllocator;
}

/**
 * Keeps an IPAddress for every address of a Service, and tells the allocator of the ranges and addresses that others have made
 * objects for (pkg/registry/core/service/ipallocator, controller/repairip).
 *
 * Differs from upstream: the allocator's own memory decides which address is free, and the objects follow it a moment later. Theirs
 * are the objects that decide.
 */
export class ServiceAddresses {
  readonly #addresses: SharedInformer<IPAddress>;
  readonly #services: SharedInformer<Service>;
  readonly #ranges: SharedInformer<ServiceCIDR>;
  readonly #loop: ReconcileLoop;
  /** Which Services hold an address: one, but for a moment between two of them. */
  readonly #holders = new Map<string, Readonly<Service>>();

  constructor(readonly options: ServiceAddressesOptions) {
    const { env, informers } = options;
    this.#addresses = informers.for<IPAddress>(refs.ipAddresses);
    this.#services = informers.for<Service>(refs.services);
    this.#ranges = informers.for<ServiceCIDR>(refs.serviceCidrs);
    this.#loop = new ReconcileLoop('service-ip-repair', env, (key) => this.#reconcile(key));
  }

  start(): void {
    this.#services.handle({
      added: (service) => this.#held(service, undefined),
      updated: (service, previous) => this.#held(service, previous),
      deleted: (service) => this.#held(undefined, service),
    });
    const seen = (address: Readonly<IPAddress>) => {
      if (!isAllocatedAddress(address)) this.options.ips.reserve(address.metadata?.name ?? '', true);
      this.#loop.enqueue(address);
    };
    const gone = (address: Readonly<IPAddress>) => {
      this.options.ips.reserve(address.metadata?.name ?? '', false);
      this.#loop.enqueue(address);
    };
    this.#addresses.handle({ added: seen, updated: seen, deleted: gone });
    const offer = (range: Readonly<ServiceCIDR>) => this.#offer(range);
    this.#ranges.handle({ added: offer, updated: offer, deleted: (range) => this.#withdraw(range) });
    this.#loop.start([this.#services, this.#addresses] as SharedInformer<never>[]);
  }

  stop(): void {
    this.#loop.stop();
  }

  #held(service: Readonly<Service> | undefined, previous: Readonly<Service> | undefined): void {
    const now = addressesOf(service);
    for (const ip of addressesOf(previous)) {
      if (now.includes(ip) || !isSame(this.#holders.get(ip), previous)) continue;
      this.#holders.delete(ip);
      this.#loop.enqueueKey({ name: ip });
    }
    for (const ip of now) {
      this.#holders.set(ip, service as Readonly<Service>);
      this.#loop.enqueueKey({ name: ip });
    }
  }

  /** Only what is ready, and not about to go, gives addresses; the range that the server was started with does from the start. */
  #offer(range: Readonly<ServiceCIDR>): void {
    const ready = range.status?.conditions?.some(({ type, status }) => type === 'Ready' && status === 'True');
    if (!ready || range.metadata?.deletionTimestamp) this.#withdraw(range);
    else for (const cidr of range.spec?.cidrs ?? []) this.options.ips.addRange(cidr);
  }

  #withdraw({ metadata, spec }: Readonly<ServiceCIDR>): void {
    const others = this.#ranges.lister.list().filter((one) => one.metadata?.name !== metadata?.name && !one.metadata?.deletionTimestamp);
    const offered = new Set(others.flatMap((one) => one.spec?.cidrs ?? []));
    for (const cidr of spec?.cidrs ?? []) if (!offered.has(cidr)) this.options.ips.removeRange(cidr);
  }

  async #reconcile({ name }: ObjectKey): Promise<void> {
    const client = this.options.client.resource<IPAddress>(refs.ipAddresses);
    const service = this.#holders.get(name);
    const address = this.#addresses.lister.get({ name });
    if (!service) {
      if (address && isAllocatedAddress(address)) await client.delete({ name }).catch(ignoreNotFound);
      return;
    }
    const wanted = ipAddressOf(name, service);
    if (address && isAllocatedAddress(address) && !semanticEqual(address.spec?.parentRef, wanted.spec?.parentRef)) {
      await client.delete({ name }).catch(ignoreNotFound); // Its end brings the key back, and a new one.
      return;
    }
    if (address) return;
    try {
      const written = await client.create(wanted);
      this.#loop.expectWritten(wanted, this.#addresses as SharedInformer<never>, written);
    } catch (error) {
      if (!isAlreadyExists(error)) throw error;
    }
  }
}

const isSame = (a: Readonly<Service> | undefined, b: Readonly<Service> | undefined): boolean => a?.metadata?.uid === b?.metadata?.uid;

function addressesOf(service: Readonly<Service> | undefined): readonly string[] {
  if (!service || service.spec?.type === 'ExternalName') return [];
  return (service.spec?.clusterIPs ?? []).filter((ip) => ip !== 'None');
}

function ipAddressOf(name: string, { metadata }: Readonly<Service>): IPAddress {
  return {
    apiVersion: 'networking.k8s.io/v1',
    kind: 'IPAddress',
    metadata: { name, labels: { [familyLabel]: 'IPv4', [managedByLabel]: addressAllocatorName } },
    spec: { parentRef: { resource: 'services', namespace: metadata?.namespace ?? '', name: metadata?.name ?? '' } },
  };
}
