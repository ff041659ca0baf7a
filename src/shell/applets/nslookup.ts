import type { Answer, DecodedPacket, RecordType } from 'dns-packet';
import type { Program, Syscall } from '../kernel/types.ts';
import type { Call } from './lib/applet.ts';
import { applet, Failure } from './lib/applet.ts';
import { UsageError } from './lib/options.ts';
import { candidateNames, isAddress, query, readResolverConfig, resolveHost, responseCode, reverseLookup, reverseName } from './lib/resolver.ts';

/** Which nslookup: busybox before 1.29 (libc's resolver), busybox since (its own queries), or bind's. */
export type NslookupStyle = 'busybox-small' | 'busybox-big' | 'bind';

export function nslookup(style: NslookupStyle): Program {
  if (style === 'busybox-small') return small('busybox');
  return style === 'bind' ? bind('gnu') : big('busybox');
}

/** Busybox up to 1.28: libc's resolver with its search list, and reverse names of all it prints. */
const small = applet({ usage: 'HOST [SERVER]', short: '' }, function* (call) {
  const [name, server] = call.operands;
  if (name === undefined || call.operands.length > 2) throw new UsageError('');
  const address = server ?? (readResolverConfig(call.process.system.fs).servers[0] as string);
  yield* printSmall(call, 'Server:', address, [address]);
  yield* call.out.text('\n');
  const found = yield* resolveHost(call.process, name);
  if (!found) {
    yield* call.warn(`can't resolve '${name}'`);
    return 1;
  }
  yield* printSmall(call, 'Name:', name, found.addresses);
  return 0;
});

function* printSmall(call: Call, title: string, name: string, addresses: readonly string[]): Syscall<void> {
  yield* call.out.line(`${title.padEnd(10)} ${name}`);
  for (const [i, address] of addresses.entries()) {
    const reverse = yield* reverseLookup(call.process, address);
    yield* call.out.line(`Address ${i + 1}: ${address}${reverse ? ` ${reverse}` : ''}`);
  }
}

const types = ['SOA', 'NS', 'A', 'AAAA', 'CNAME', 'MX', 'TXT', 'PTR', 'SRV', 'ANY'] as const;

interface Settings {
  readonly type: string | undefined;
  readonly port: number | undefined;
  readonly operands: readonly string[];
}

/** nslookup's options are words: `-type=SRV`, `-query=a`, `-port=53`. */
function settingsOf(args: readonly string[], invalid: (type: string) => Failure): Settings {
  let type: string | undefined;
  let port: number | undefined;
  const operands: string[] = [];
  for (const arg of args) {
    const match = /^-([a-z]+)(?:=(.*))?$/.exec(arg);
    if (!match) operands.push(arg);
    else if (/^(?:ty|q)/.test(match[1] as string)) {
      type = (match[2] ?? '').toUpperCase();
      if (!(types as readonly string[]).includes(type)) throw invalid(match[2] ?? '');
    } else if ((match[1] as string).startsWith('po')) port = Number(match[2]);
  }
  return { type, port, operands };
}

/**
 * Busybox since 1.29: one A and one AAAA query per name of the search list if the name has no dot, else for the name alone.
 *
 * Differs from upstream: 1.30 and later end with 1 as soon as one name of the search list does not exist. Here it is 0 if any
 * query was answered with a record, so that `until nslookup myservice` ends when the Service is there, as the tutorials say.
 */
const big = applet({ usage: '[-type=QUERY_TYPE] [-debug] HOST [DNS_SERVER]', short: '', wordsOnly: true }, function* (call) {
  const { type, port, operands } = settingsOf(call.operands, (text) => new Failure(`invalid query type "${text}"`));
  const [name, server] = operands;
  if (name === undefined || operands.length > 2) throw new UsageError('');
  const config = readResolverConfig(call.process.system.fs);
  const servers = server === undefined ? config.servers : [yield* serverAddress(call, server)];
  const names = isAddress(name)
    ? [reverseName(name)]
    : name.includes('.') || config.search.length === 0
      ? [name.replace(/\.$/, '')]
      : config.search.map((domain) => `${name}.${domain}`);
  const kinds = (type ? [type] : isAddress(name) ? ['PTR'] : ['A', 'AAAA']) as RecordType[];
  for (const address of servers) {
    const heard = yield* askBig(
      call,
      address,
      kinds.flatMap((kind) => names.map((one) => ({ name: one, kind }))),
      port,
    );
    if (heard !== undefined) return heard;
  }
  yield* call.out.text(';; connection timed out; no servers could be reached\n\n');
  return 1;
});

function* serverAddress(call: Call, server: string): Syscall<string> {
  const found = yield* resolveHost(call.process, server);
  if (!found) throw new Failure(`bad address '${server}'`);
  return found.addresses[0] as string;
}

/** Asks one server everything; undefined if it never answers. */
function* askBig(
  call: Call,
  server: string,
  questions: readonly { readonly name: string; readonly kind: RecordType }[],
  port = 53,
): Syscall<number | undefined> {
  const { out, process } = call;
  let replies = 0;
  let answered = false;
  let silent = 0;
  const unanswered: string[] = [];
  for (const { name, kind } of questions) {
    // All queries go out together upstream, so that a dead server costs five seconds in all.
    const packet = silent > 0 && replies === 0 ? undefined : yield* query(process, server, name, kind, { timeoutMs: 2500, attempts: 2, port });
    if (!packet) {
      silent += 1;
      unanswered.push(name);
      continue;
    }
    replies += 1;
    if (replies === 1) yield* out.text(`Server:\t\t${server}\nAddress:\t${server}:${port}\n\n`);
    const code = responseCode(packet);
    if (code !== 'NOERROR') yield* out.line(`** server can't find ${name}: ${code}`);
    else {
      if (!packet.flag_aa) yield* out.line('Non-authoritative answer:');
      for (const answer of packet.answers ?? []) yield* out.text(recordText(answer));
      if ((packet.answers ?? []).length > 0) answered = true;
    }
    yield* out.text('\n');
  }
  if (replies === 0) return undefined;
  for (const name of unanswered) yield* out.line(`*** Can't find ${name}: No answer`);
  if (unanswered.length > 0) yield* out.text('\n');
  const failed = unanswered.length > 0 || !answered;
  return failed && !answered ? 1 : 0;
}

function recordText(answer: Answer): string {
  const { name } = answer;
  switch (answer.type) {
    case 'A':
    case 'AAAA':
      return `Name:\t${name}\nAddress: ${answer.data}\n`;
    case 'CNAME':
      return `${name}\tcanonical name = ${answer.data}\n`;
    case 'NS':
      return `${name}\tnameserver = ${answer.data}\n`;
    case 'PTR':
      return `${name}\tname = ${answer.data}\n`;
    case 'MX':
      return `${name}\tmail exchanger = ${answer.data.preference} ${answer.data.exchange}\n`;
    case 'TXT':
      return `${name}\ttext = "${[answer.data].flat().join('')}"\n`;
    case 'SRV':
      return `${name}\tservice = ${answer.data.priority ?? 0} ${answer.data.weight ?? 0} ${answer.data.port} ${answer.data.target}\n`;
    case 'SOA': {
      const { mname, rname, serial, refresh, retry, expire, minimum } = answer.data;
      return `${name}\n\torigin = ${mname}\n\tmail addr = ${rname}\n\tserial = ${serial}\n\trefresh = ${refresh}\n\tretry = ${retry}\n\texpire = ${expire}\n\tminimum = ${minimum}\n`;
    }
    default:
      return '';
  }
}

/** bind 9.9's: the search list with ndots, one type (A by default), the last name in the message of a failure. */
const bind = applet({ usage: '[-opt ...] [name [server]]', short: '', wordsOnly: true }, function* (call) {
  const { type, port = 53, operands } = settingsOf(call.operands, (text) => new Failure(`unknown query type: ${text}`));
  const { out, process } = call;
  const [name, server] = operands;
  if (name === undefined) {
    yield* process.write(2, 'nslookup: interactive mode is not simulated; give a name\n');
    return 1;
  }
  const config = readResolverConfig(process.system.fs);
  const address = server === undefined ? (config.servers[0] as string) : yield* serverAddress(call, server);
  const reverse = isAddress(name);
  const kind = (type ?? (reverse ? 'PTR' : 'A')) as RecordType;
  let last: { name: string; packet: DecodedPacket } | undefined;
  let shown = false;
  for (const one of reverse ? [reverseName(name)] : candidateNames(name, config)) {
    const packet = yield* query(process, address, one, kind, { timeoutMs: 5000, attempts: 3, port });
    if (!packet) {
      yield* out.text(';; connection timed out; no servers could be reached\n\n');
      return 1;
    }
    if (!shown) yield* out.text(`Server:\t\t${server ?? address}\nAddress:\t${address}#${port}\n\n`);
    shown = true;
    last = { name: one, packet };
    if (responseCode(packet) !== 'NXDOMAIN') break;
  }
  if (!last) return 1;
  const code = responseCode(last.packet);
  const answers = last.packet.answers ?? [];
  if (code !== 'NOERROR') yield* out.line(`** server can't find ${reverse ? `${last.name}.` : code === 'NXDOMAIN' ? name : last.name}: ${code}`);
  else if (answers.length === 0) yield* out.line(`*** Can't find ${name}: No answer`);
  else {
    if (!last.packet.flag_aa) yield* out.line('Non-authoritative answer:');
    for (const answer of answers) yield* out.text(bindText(answer));
  }
  yield* out.text('\n');
  return code === 'NOERROR' ? 0 : 1;
});

function bindText(answer: Answer): string {
  if (answer.type === 'AAAA') return `${answer.name}\thas AAAA address ${answer.data}\n`;
  const text = recordText(answer);
  return /^(?:CNAME|NS|PTR|SRV)$/.test(answer.type) ? text.replace(/\n$/, '.\n') : text;
}
