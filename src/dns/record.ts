/** Resource records and questions, apart from their encoding. Names carry no final dot; `name` of a Question is as it was asked. */
export type RecordType = 'A' | 'AAAA' | 'CNAME' | 'NS' | 'PTR' | 'SOA' | 'SRV' | 'TXT' | 'MX';

export interface Question {
  /** As asked: answers repeat its upper and lower case. */
  readonly name: string;
  /** `A`, `SRV`, … or `UNKNOWN_65`. */
  readonly type: string;
}

interface Base {
  readonly name: string;
  readonly ttl: number;
}

export interface SoaData {
  readonly mname: string;
  readonly rname: string;
  readonly serial: number;
  readonly refresh: number;
  readonly retry: number;
  readonly expire: number;
  readonly minimum: number;
}

export interface SrvData {
  readonly priority: number;
  readonly weight: number;
  readonly port: number;
  readonly target: string;
}

export type ResourceRecord =
  | (Base & { readonly type: 'A' | 'AAAA' | 'CNAME' | 'NS' | 'PTR'; readonly data: string })
  | (Base & { readonly type: 'TXT'; readonly data: string })
  | (Base & { readonly type: 'SOA'; readonly data: SoaData })
  | (Base & { readonly type: 'SRV'; readonly data: SrvData });

/** Response codes of RFC 1035 that we answer with. */
export const rcodes = { NOERROR: 0, FORMERR: 1, SERVFAIL: 2, NXDOMAIN: 3, NOTIMP: 4, REFUSED: 5 } as const;
export type Rcode = keyof typeof rcodes;

export interface Reply {
  readonly rcode: Rcode;
  readonly authoritative: boolean;
  /** Set by a forwarder: the zone's own data needs no recursion. */
  readonly recursionAvailable?: boolean;
  readonly answers: readonly ResourceRecord[];
  readonly authorities?: readonly ResourceRecord[];
  readonly additionals?: readonly ResourceRecord[];
}

/** Whether `name` lies in `zone` or is the zone itself; both in lower case without final dot. */
export function inZone(name: string, zone: string): boolean {
  return zone === '' || name === zone || name.endsWith(`.${zone}`);
}

export function isIpv6(address: string): boolean {
  return address.includes(':');
}
