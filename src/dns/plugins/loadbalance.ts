import type { DnsPlugin } from '../chain.ts';
import type { ResourceRecord } from '../record.ts';

/**
 * Gives the addresses of an answer another order each time, so that clients which take the first one spread.
 * Differs from upstream: in turn instead of at random, so that the same questions get the same answers in every run.
 */
export function loadbalancePlugin(): DnsPlugin {
  let turn = 0;
  return {
    name: 'loadbalance',
    async answer(_question, next) {
      const reply = await next();
      const addresses = reply.answers.filter(isAddress);
      if (addresses.length < 2) return reply;
      const first = turn++ % addresses.length;
      const rest = reply.answers.filter((record) => !isAddress(record));
      return { ...reply, answers: [...rest, ...addresses.slice(first), ...addresses.slice(0, first)] }; // CNAMEs come first.
    },
  };
}

function isAddress(record: ResourceRecord): boolean {
  return record.type === 'A' || record.type === 'AAAA';
}
