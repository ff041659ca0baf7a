import type { Counters, Histograms, Metrics } from '../../env/index.ts';

/** Upstream's default buckets (client_golang DefBuckets), in seconds. */
const bounds = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];

/** Whether a Service has asked for what it gets, or takes what it is given. */
export type Scope = 'static' | 'dynamic';

/** How much of a pool is in use. */
export interface PoolUse {
  readonly allocated: number;
  readonly available: number;
}

/** What is counted of the addresses of Services, by range (pkg/registry/core/service/ipallocator metrics.go). */
export class AddressMetrics {
  readonly #allocations: Counters;
  readonly #errors: Counters;
  readonly #seconds: Histograms;

  constructor(metrics: Metrics, use: () => ReadonlyMap<string, PoolUse>) {
    const name = (end: string) => `kube_apiserver_clusterip_allocator_${end}`;
    const samples = (read: (one: PoolUse) => number) => () => Array.from(use(), ([cidr, one]) => ({ labels: { cidr }, value: read(one) }));
    metrics.gauge(
      name('allocated_ips'),
      '[ALPHA] Addresses that Services have.',
      samples(({ allocated }) => allocated),
    );
    metrics.gauge(
      name('available_ips'),
      '[ALPHA] Addresses that are left for Services.',
      samples(({ available }) => available),
    );
    this.#allocations = metrics.counters(name('allocation_total'), '[ALPHA] Addresses given to Services.', ['cidr', 'scope']);
    this.#errors = metrics.counters(name('allocation_errors_total'), '[ALPHA] Addresses that could not be given.', ['cidr', 'scope']);
    this.#seconds = metrics.histograms(name('allocation_duration_seconds'), '[ALPHA] How long that took.', ['cidr'], bounds);
  }

  /** Noted as done in no time: simulated time does not pass meanwhile. */
  allocated(cidr: string, scope: Scope): void {
    this.#allocations.add(1, cidr, scope);
    this.#seconds.observe(0, cidr);
  }

  failed(cidr: string, scope: Scope): void {
    this.#errors.add(1, cidr, scope);
  }
}

/** What is counted of node ports (pkg/registry/core/service/portallocator metrics.go). */
export class PortMetrics {
  readonly #allocations: Counters;
  readonly #errors: Counters;

  constructor(metrics: Metrics, use: () => PoolUse) {
    const name = (end: string) => `kube_apiserver_nodeport_allocator_${end}`;
    metrics.gauge(name('allocated_ports'), '[ALPHA] Node ports that Services have.', () => [{ labels: {}, value: use().allocated }]);
    metrics.gauge(name('available_ports'), '[ALPHA] Node ports that are left.', () => [{ labels: {}, value: use().available }]);
    this.#allocations = metrics.counters(name('allocation_total'), '[ALPHA] Node ports given to Services.', ['scope']);
    this.#errors = metrics.counters(name('allocation_errors_total'), '[ALPHA] Node ports that could not be given.', ['scope']);
  }

  allocated(scope: Scope): void {
    this.#allocations.add(1, scope);
  }

  failed(scope: Scope): void {
    this.#errors.add(1, scope);
  }
}
