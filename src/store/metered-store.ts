import type { Metrics } from '../env/index.ts';
import type { Store } from './store.ts';

const bounds = [0.005, 0.025, 0.05, 0.1, 0.2, 0.4, 0.6, 0.8, 1, 1.25, 1.5, 2, 3, 4, 5, 6, 8, 10, 15, 20, 30, 45, 60];

/**
 * The same store, with its calls counted under the names that upstream has for its own to etcd (apiserver/pkg/storage/etcd3/metrics).
 * They are all noted as done in no time: simulated time does not pass while a store answers.
 * @param type what is stored there: `pods`, `deployments.apps`
 */
export function meteredStore(store: Store, type: string, metrics: Metrics): Store {
  const requests = metrics.counters('etcd_requests_total', '[ALPHA] Calls to the store.', ['operation', 'type']);
  const seconds = metrics.histograms('etcd_request_duration_seconds', '[ALPHA] How long calls to the store take.', ['operation', 'type'], bounds);
  const counting = (operation: string) => {
    const [count, observe] = [requests.adder(operation, type), seconds.observer(operation, type)];
    return () => {
      count(1);
      observe(0);
    };
  };
  const [get, list, create, update, remove] = [counting('get'), counting('list'), counting('create'), counting('update'), counting('delete')];
  return {
    revision: () => store.revision(),
    get(key) {
      get();
      return store.get(key);
    },
    list(prefix, options) {
      list();
      return store.list(prefix, options);
    },
    create(key, object) {
      create();
      return store.create(key, object);
    },
    update(key, object, expectedRevision) {
      update();
      return store.update(key, object, expectedRevision);
    },
    delete(key, expectedRevision) {
      remove();
      return store.delete(key, expectedRevision);
    },
    watch: (prefix, fromRevision, sink) => store.watch(prefix, fromRevision, sink),
    compact: (revision) => store.compact(revision),
    close: () => store.close(),
  };
}
