import type { PortMapping } from '../runtime/types.ts';
import { isAnyAddress } from './address.ts';
import type { Protocol } from './flow.ts';

interface Rule extends PortMapping {
  readonly sandbox: string;
  readonly address: string;
}

/** Host ports of one node (upstream: the rules of the CNI plugin portmap). A pod's rules come and go with its sandbox. */
export class HostPorts {
  #rules: readonly Rule[] = [];

  add(sandbox: string, address: string, mappings: readonly PortMapping[]): void {
    this.#rules = [...this.#rules, ...mappings.map((mapping) => ({ ...mapping, sandbox, address }))];
  }

  remove(sandbox: string): void {
    this.#rules = this.#rules.filter((rule) => rule.sandbox !== sandbox);
  }

  /** Where a port of the node leads to; undefined if it is the node's own. The newest rule comes first, as portmap puts it. */
  target(protocol: Protocol, address: string, port: number): { readonly address: string; readonly port: number } | undefined {
    const rule = this.#rules.findLast((one) => one.port === port && one.protocol === protocol && (isAnyAddress(one.ip) || one.ip === address));
    return rule && { address: rule.address, port: rule.containerPort };
  }
}
