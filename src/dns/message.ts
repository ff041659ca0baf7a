import { Buffer } from 'node:buffer';
import type { Packet, Question as WireQuestion } from 'dns-packet';
import dnsPacket from 'dns-packet';
import type { Rcode, Reply, ResourceRecord } from './record.ts';
import { rcodes } from './record.ts';

/** A question as it came off the wire. */
export interface Query {
  readonly id: number;
  readonly opcode: number;
  readonly recursionDesired: boolean;
  readonly question: WireQuestion;
  /** Present if the client speaks EDNS. */
  readonly edns?: { readonly udpPayloadSize: number; readonly version: number; readonly dnssecOk: boolean };
}

const headerBytes = 12;
const flags = { response: 0x8000, authoritative: 0x0400, truncated: 0x0200, recursionDesired: 0x0100, recursionAvailable: 0x0080 };
/** What RFC 1035 allows without EDNS. */
export const plainUdpBytes = 512;

/**
 * Reads a query. What is none gives the answer it deserves: `ignore` for answers and scraps, FORMERR for bad packets and
 * for any number of questions but one, NOTIMP for other operations (as the Go library under CoreDNS decides).
 */
export function decodeQuery(message: Uint8Array): Query | 'ignore' | Rcode {
  if (message.length < headerBytes) return 'ignore';
  const bytes = Buffer.from(message.buffer, message.byteOffset, message.byteLength);
  const head = bytes.readUInt16BE(2);
  if (head & flags.response) return 'ignore';
  const opcode = (head >> 11) & 0xf;
  if (opcode !== 0) return 'NOTIMP';
  const [questions, answers, authorities, additionals] = [4, 6, 8, 10].map((at) => bytes.readUInt16BE(at)) as [number, number, number, number];
  if (questions !== 1 || answers > 1 || authorities > 1 || additionals > 2) return 'FORMERR';
  try {
    return toQuery(dnsPacket.decode(bytes), opcode);
  } catch {
    return 'FORMERR';
  }
}

function toQuery(packet: Packet, opcode: number): Query | Rcode {
  const question = packet.questions?.[0];
  if (!question) return 'FORMERR';
  const opt = packet.additionals?.find((one) => one.type === 'OPT');
  return {
    id: packet.id ?? 0,
    opcode,
    recursionDesired: ((packet.flags ?? 0) & flags.recursionDesired) !== 0,
    question,
    ...(opt?.type === 'OPT' ? { edns: { udpPayloadSize: Math.max(plainUdpBytes, opt.udpPayloadSize), version: opt.ednsVersion, dnssecOk: opt.flag_do } } : {}),
  };
}

/** An answer without content, for packets that could not be read: same id, same question bytes left out. */
export function encodeFailure(message: Uint8Array, rcode: Rcode): Uint8Array {
  const out = Buffer.alloc(headerBytes);
  Buffer.from(message.buffer, message.byteOffset, 2).copy(out);
  const asked = ((message[2] ?? 0) << 8) | (message[3] ?? 0);
  out.writeUInt16BE(flags.response | (asked & (0x7800 | flags.recursionDesired)) | rcodes[rcode], 2);
  return out;
}

/** Writes a reply. What exceeds `bytesMax` loses its additional records first, then answers, and is marked as truncated. */
export function encodeReply(query: Query, reply: Reply, bytesMax: number): Uint8Array {
  const whole = encode(query, reply, false);
  if (whole.length <= bytesMax) return whole;
  const bare = encode(query, { ...reply, additionals: [] }, false);
  if (bare.length <= bytesMax) return bare;
  let keep = reply.answers.length;
  for (;;) {
    keep = Math.floor(keep * 0.75);
    const cut = encode(
      query,
      { ...reply, answers: reply.answers.slice(0, keep), additionals: [], authorities: keep === 0 ? [] : (reply.authorities ?? []) },
      true,
    );
    if (cut.length <= bytesMax || keep === 0) return cut;
  }
}

function encode(query: Query, reply: Reply, truncated: boolean): Uint8Array {
  const additionals = [...(reply.additionals ?? [])].map(toWire);
  if (query.edns) additionals.push(optRecord(query.edns.udpPayloadSize, query.edns.dnssecOk));
  return dnsPacket.encode({
    id: query.id,
    type: 'response',
    flags:
      (reply.authoritative ? flags.authoritative : 0) |
      (truncated ? flags.truncated : 0) |
      (query.recursionDesired ? flags.recursionDesired : 0) |
      (reply.recursionAvailable ? flags.recursionAvailable : 0) |
      rcodes[reply.rcode],
    questions: [query.question],
    answers: reply.answers.map(toWire),
    authorities: (reply.authorities ?? []).map(toWire),
    additionals,
  });
}

type WireRecord = NonNullable<Packet['answers']>[number];

function toWire(record: ResourceRecord): WireRecord {
  const base = { name: record.name, ttl: record.ttl, class: 'IN' as const };
  if (record.type === 'TXT') return { ...base, type: 'TXT', data: [record.data] };
  return { ...base, type: record.type, data: record.data } as WireRecord;
}

function optRecord(udpPayloadSize: number, dnssecOk: boolean): WireRecord {
  return { type: 'OPT', name: '.', udpPayloadSize, flags: dnssecOk ? 0x8000 : 0, options: [], extendedRcode: 0, ednsVersion: 0, flag_do: dnssecOk };
}
