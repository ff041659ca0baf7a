import type { Service } from '../../../generated/types/index.ts';
import { count } from './amounts.ts';
import type { QuotaEvaluator } from './evaluator.ts';

const names = ['count/services', 'services', 'services.nodeports', 'services.loadbalancers'];

/** pkg/quota/v1/evaluator/core/services.go. */
export const serviceEvaluator: QuotaEvaluator = {
  tracks: (name) => names.includes(name),
  handles: (operation, subresource) => subresource === '' && (operation === 'CREATE' || operation === 'UPDATE'),
  inScope: () => false,
  usage(object) {
    const service = object as Readonly<Service>;
    const balanced = service.spec?.type === 'LoadBalancer';
    const amounts = [1, 1, nodePortsOf(service), balanced ? 1 : 0];
    return new Map(names.map((name, index) => [name, count(amounts[index] as number)]));
  },
  frees: (service, previous) => nodePortsOf(service) < nodePortsOf(previous) || typeOf(service) !== typeOf(previous),
};

const typeOf = (service: Readonly<Service>): string => service.spec?.type ?? '';

/** Node ports as they are meant: not all of them are allocated when they are counted. */
function nodePortsOf({ spec }: Readonly<Service>): number {
  const ports = spec?.ports ?? [];
  if (spec?.type === 'NodePort') return ports.length;
  if (spec?.type !== 'LoadBalancer') return 0;
  return spec.allocateLoadBalancerNodePorts === false ? ports.filter((port) => port.nodePort).length : ports.length;
}
