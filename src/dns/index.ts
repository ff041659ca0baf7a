export type { DnsPlugin, Lookup } from './chain.ts';
export type { DnsClient, DnsService, DnsServiceOptions } from './dns-service.ts';
export { createDnsService } from './dns-service.ts';
export type { Upstream } from './plugins/forward.ts';
export { offlineUpstream } from './plugins/forward.ts';
export type { Question, Rcode, Reply, ResourceRecord } from './record.ts';
export type { DnsInformers } from './service-index.ts';
