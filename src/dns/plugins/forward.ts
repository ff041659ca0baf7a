import type { DnsPlugin } from '../chain.ts';
import type { Question, Reply, ResourceRecord } from '../record.ts';
import { inZone, isIpv6 } from '../record.ts';

/** Answers what lies outside the cluster. */
export type Upstream = (question: Question) => Promise<Reply>;

/** Hands everything that came this far to the upstream resolver. */
export function forwardPlugin(upstream: Upstream): DnsPlugin {
  return { name: 'forward', answer: (question) => upstream(question) };
}

/** Names that no resolver of the world would find: the root zone does not hold them (RFC 6761, RFC 6762, RFC 9476). */
const nowhere = ['local', 'localdomain', 'internal', 'invalid', 'test', 'example', 'alt', 'lan', 'home.arpa', 'in-addr.arpa', 'ip6.arpa'];

const offlineTtlSeconds = 30;

/**
 * A world without network. Names that exist nowhere (one label, reserved ends, reverse names) are NXDOMAIN, as any real upstream
 * would say; other names end as in a CoreDNS that cannot reach its upstream: SERVFAIL. `hosts` adds names that do resolve.
 * @param hosts addresses (A, AAAA) by name in lower case
 */
export function offlineUpstream(hosts: Readonly<Record<string, readonly string[]>> = {}): Upstream {
  return async ({ name, type }) => {
    const asked = name.toLowerCase();
    const known = Object.hasOwn(hosts, asked) ? hosts[asked] : undefined;
    if (known) return { rcode: 'NOERROR', authoritative: false, recursionAvailable: true, answers: addresses(name, type, known) };
    if (asked === 'localhost')
      return { rcode: 'NOERROR', authoritative: false, recursionAvailable: true, answers: addresses(name, type, ['127.0.0.1', '::1']) };
    const unknown = !asked.includes('.') || nowhere.some((zone) => inZone(asked, zone));
    return { rcode: unknown ? 'NXDOMAIN' : 'SERVFAIL', authoritative: false, recursionAvailable: unknown, answers: [] };
  };
}

function addresses(name: string, type: string, all: readonly string[]): ResourceRecord[] {
  return all.flatMap((data): ResourceRecord[] => {
    const own = isIpv6(data) ? 'AAAA' : 'A';
    return own === type ? [{ name, type: own, ttl: offlineTtlSeconds, data }] : [];
  });
}
