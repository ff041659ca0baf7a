import type { Metrics } from '../../env/index.ts';
import type { GroupResource } from '../../machinery/types.ts';

/**
 * How much is read for lists, and how much of it is told (apiserver/pkg/storage/etcd3/metrics).
 *
 * Differs from upstream: there is no cache between the server and its storage, so that all lists count here and none as served from one.
 */
export class ListMetrics {
  readonly #lists: (amount: number) => void;
  readonly #fetched: (amount: number) => void;
  readonly #evaluated: (amount: number) => void;
  readonly #returned: (amount: number) => void;

  constructor(metrics: Metrics, { group, resource }: GroupResource) {
    const type = group ? `${resource}.${group}` : resource;
    const adder = (end: string, help: string) => metrics.counters(`apiserver_storage_list_${end}`, `[ALPHA] ${help}`, ['resource']).adder(type);
    this.#lists = adder('total', 'Lists that storage was asked for.');
    this.#fetched = adder('fetched_objects_total', 'Objects read for lists.');
    this.#evaluated = adder('evaluated_objects_total', 'Objects that lists were tried on.');
    this.#returned = adder('returned_objects_total', 'Objects that were told in lists.');
  }

  listed(fetched: number, evaluated: number, returned: number): void {
    this.#lists(1);
    this.#fetched(fetched);
    this.#evaluated(evaluated);
    this.#returned(returned);
  }
}
