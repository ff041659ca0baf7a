import type { EndpointSlice, Namespace, Service } from '../../generated/types/index.ts';
import type { Informer } from '../client/types.ts';

export interface DnsInformers {
  readonly services: Informer<Service>;
  readonly endpointSlices: Informer<EndpointSlice>;
  readonly namespaces: Informer<Namespace>;
}

export interface EndpointRecord {
  readonly service: string;
  readonly namespace: string;
  readonly address: string;
  /** The pod's hostname if its spec names one and the service is its subdomain, else the address with dashes. */
  readonly hostname: string;
  readonly ports: readonly { readonly name: string; readonly protocol: string; readonly port: number }[];
}

/** What the zone is made of: the informers' caches, with endpoints found by service. */
export class ServiceIndex {
  readonly #slices = new Map<string, Map<string, Readonly<EndpointSlice>>>();
  /** Simulated seconds of the last change: the zone's serial number. */
  #modifiedSeconds: number;

  constructor(
    readonly informers: DnsInformers,
    readonly nowMs: () => number,
  ) {
    this.#modifiedSeconds = Math.floor(nowMs() / 1000);
    const touched = () => (this.#modifiedSeconds = Math.floor(nowMs() / 1000));
    informers.services.handle({ added: touched, updated: touched, deleted: touched });
    const set = (slice: Readonly<EndpointSlice>) => {
      touched();
      const key = serviceOf(slice);
      const slices = this.#slices.get(key) ?? new Map<string, Readonly<EndpointSlice>>();
      this.#slices.set(key, slices.set(slice.metadata?.name ?? '', slice));
    };
    informers.endpointSlices.handle({
      added: set,
      updated: set,
      deleted: (slice) => {
        touched();
        this.#slices.get(serviceOf(slice))?.delete(slice.metadata?.name ?? '');
        if (this.#slices.get(serviceOf(slice))?.size === 0) this.#slices.delete(serviceOf(slice));
      },
    });
  }

  get serial(): number {
    return this.#modifiedSeconds;
  }

  get synced(): boolean {
    const { services, endpointSlices, namespaces } = this.informers;
    return services.synced && endpointSlices.synced && namespaces.synced;
  }

  namespaceExists(name: string): boolean {
    return this.informers.namespaces.lister.get({ name }) !== undefined;
  }

  service(namespace: string, name: string): Readonly<Service> | undefined {
    return this.informers.services.lister.get({ namespace, name });
  }

  /** Ready endpoints of a service, by slice name, then as the slice lists them. */
  endpoints(namespace: string, name: string): readonly EndpointRecord[] {
    const slices = this.#slices.get(`${namespace}/${name}`);
    if (!slices) return [];
    return [...slices.keys()].sort().flatMap((key) => endpointsOf(slices.get(key) as EndpointSlice, namespace, name));
  }

  serviceWithAddress(address: string): Readonly<Service> | undefined {
    return this.informers.services.lister.list().find((one) => clusterAddresses(one).includes(address));
  }

  endpointsWithAddress(address: string): readonly EndpointRecord[] {
    const keys = [...this.#slices.keys()].sort();
    return keys.flatMap((key) => {
      const slash = key.indexOf('/');
      return this.endpoints(key.slice(0, slash), key.slice(slash + 1)).filter((one) => one.address === address);
    });
  }
}

/** The addresses of a service itself; none for headless and ExternalName ones. */
export function clusterAddresses(service: Readonly<Service>): readonly string[] {
  const spec = service.spec;
  if (!spec?.clusterIP || spec.clusterIP === 'None' || spec.type === 'ExternalName') return [];
  return spec.clusterIPs ?? [spec.clusterIP];
}

export function isHeadless(service: Readonly<Service>): boolean {
  return service.spec?.clusterIP === 'None';
}

function serviceOf(slice: Readonly<EndpointSlice>): string {
  return `${slice.metadata?.namespace}/${slice.metadata?.labels?.['kubernetes.io/service-name'] ?? ''}`;
}

function endpointsOf(slice: Readonly<EndpointSlice>, namespace: string, service: string): EndpointRecord[] {
  if (slice.addressType === 'FQDN') return [];
  const ports = (slice.ports ?? []).flatMap((one) =>
    one.port === undefined ? [] : [{ name: one.name ?? '', protocol: one.protocol ?? 'TCP', port: one.port }],
  );
  return (slice.endpoints ?? [])
    .filter((one) => one.conditions?.ready !== false)
    .flatMap((one) => one.addresses.map((address) => ({ service, namespace, address, hostname: one.hostname || address.replaceAll(/[.:]/g, '-'), ports })));
}
