/** dig, host and getent: other ways to ask for names. */
import type { Answer, DecodedPacket, RecordType } from 'dns-packet';
import type { Program } from '../kernel/types.ts';
import { applet } from './lib/applet.ts';
import { formatDate } from './lib/date-format.ts';
import { candidateNames, isAddress, query, readResolverConfig, resolveHost, responseCode, reverseLookup, reverseName } from './lib/resolver.ts';
import { findGroup, findUser } from './lib/users.ts';

function dataText(answer: Answer): string {
  switch (answer.type) {
    case 'SRV':
      return `${answer.data.priority ?? 0} ${answer.data.weight ?? 0} ${answer.data.port} ${answer.data.target}.`;
    case 'MX':
      return `${answer.data.preference ?? 0} ${answer.data.exchange}.`;
    case 'TXT':
      return `"${[answer.data].flat().join('')}"`;
    case 'SOA':
      return `${answer.data.mname}. ${answer.data.rname}. ${answer.data.serial} ${answer.data.refresh} ${answer.data.retry} ${answer.data.expire} ${answer.data.minimum}`;
    case 'CNAME':
    case 'NS':
    case 'PTR':
      return `${answer.data}.`;
    case 'A':
    case 'AAAA':
      return answer.data;
    default:
      return '';
  }
}

const recordLine = (answer: Answer) => `${answer.name}.\t${'ttl' in answer ? (answer.ttl ?? 0) : 0}\tIN\t${answer.type}\t${dataText(answer)}\n`;

/** dig: `@server name type -x ADDR -p PORT +short +search +noall +answer +time +tries`. */
export const dig: Program = function* (process) {
  let [server, name, type, port, reverse] = [readResolverConfig(process.system.fs).servers[0] as string, '', '', 53, false];
  const flags = new Set<string>();
  const args = process.argv.slice(1);
  for (let arg = args.shift(); arg !== undefined; arg = args.shift()) {
    if (arg.startsWith('@')) server = arg.slice(1);
    else if (arg.startsWith('+')) flags.add(arg.slice(1));
    else if (arg === '-x') [name, reverse] = [args.shift() ?? '', true];
    else if (arg === '-p') port = Number(args.shift());
    else if (arg === '-t') type = (args.shift() ?? '').toUpperCase();
    else if (/^(?:A|AAAA|CNAME|MX|NS|PTR|SOA|SRV|TXT|ANY)$/i.test(arg)) type = arg.toUpperCase();
    else if (!/^(?:IN|-4|-6)$/i.test(arg)) name = arg;
  }
  const kind = (type || (reverse ? 'PTR' : name ? 'A' : 'NS')) as RecordType;
  if (!isAddress(server)) server = (yield* resolveHost(process, server))?.addresses[0] ?? server;
  const names = reverse ? [reverseName(name)] : flags.has('search') ? candidateNames(name, readResolverConfig(process.system.fs)) : [name.replace(/\.$/, '')];
  let packet: DecodedPacket | undefined;
  let asked = '';
  for (asked of names) {
    packet = yield* query(process, server, asked, kind, { timeoutMs: 5000, attempts: 3, port });
    if (!packet || responseCode(packet) !== 'NXDOMAIN') break;
  }
  const banner = `\n; <<>> DiG 9.9.5-3ubuntu0.2-Ubuntu <<>> ${process.argv.slice(1).join(' ')}\n`;
  if (!packet) {
    yield* process.write(1, `${flags.has('short') ? '' : `${banner};; global options: +cmd\n`};; connection timed out; no servers could be reached\n`);
    return 9;
  }
  const answers = packet.answers ?? [];
  if (flags.has('short')) {
    yield* process.write(1, answers.map((answer) => `${dataText(answer)}\n`).join(''));
    return 0;
  }
  if (flags.has('noall')) {
    yield* process.write(1, flags.has('answer') ? answers.map(recordLine).join('') : '');
    return 0;
  }
  const set = [
    ['qr', true],
    ['aa', packet.flag_aa],
    ['tc', packet.flag_tc],
    ['rd', packet.flag_rd],
    ['ra', packet.flag_ra],
  ]
    .filter(([, on]) => on)
    .map(([flag]) => flag)
    .join(' ');
  const authorities = packet.authorities ?? [];
  const additionals = (packet.additionals ?? []).filter((one) => one.type !== 'OPT');
  const section = (title: string, list: readonly Answer[]) => (list.length > 0 ? `\n;; ${title} SECTION:\n${list.map(recordLine).join('')}` : '');
  yield* process.write(
    1,
    `${banner};; global options: +cmd\n;; Got answer:\n;; ->>HEADER<<- opcode: QUERY, status: ${responseCode(packet)}, id: ${packet.id}\n` +
      `;; flags: ${set}; QUERY: 1, ANSWER: ${answers.length}, AUTHORITY: ${authorities.length}, ADDITIONAL: ${additionals.length}\n\n` +
      `;; QUESTION SECTION:\n;${asked}.\t\tIN\t${kind}\n${section('ANSWER', answers)}${section('AUTHORITY', authorities)}${section('ADDITIONAL', additionals)}\n` +
      `;; Query time: 1 msec\n;; SERVER: ${server}#${port}(${server})\n;; WHEN: ${formatDate('%a %b %d %T %Z %Y', process.system.now())}\n;; MSG SIZE  rcvd: ${12 + asked.length + 6 + answers.length * 16}\n\n`,
  );
  return 0;
};

/** host: A, AAAA and MX of a name, or the name of an address; `-t TYPE`. */
export const host = applet({ usage: '[-t TYPE] NAME [SERVER]', short: 'at:vW:' }, function* (call) {
  const [name = '', server] = call.operands;
  const config = readResolverConfig(call.process.system.fs);
  const address = server ?? (config.servers[0] as string);
  if (server) yield* call.out.text(`Using domain server:\nName: ${server}\nAddress: ${server}#53\nAliases: \n\n`);
  const reverse = isAddress(name);
  const kinds = (call.options.has('t') ? [(call.options.value('t') as string).toUpperCase()] : reverse ? ['PTR'] : ['A', 'AAAA', 'MX']) as RecordType[];
  for (const one of reverse ? [reverseName(name)] : candidateNames(name, config)) {
    const first = yield* query(call.process, address, one, kinds[0] as RecordType, { timeoutMs: 5000, attempts: 2 });
    if (!first) {
      yield* call.out.line(';; connection timed out; no servers could be reached');
      return 1;
    }
    if (responseCode(first) === 'NXDOMAIN') continue;
    const answers = [...(first.answers ?? [])];
    for (const kind of kinds.slice(1)) answers.push(...((yield* query(call.process, address, one, kind, { timeoutMs: 5000, attempts: 2 }))?.answers ?? []));
    for (const answer of answers) yield* call.out.line(hostText(answer));
    if (answers.length === 0) yield* call.out.line(`${one} has no ${kinds[0]} record`);
    return answers.length > 0 ? 0 : 1;
  }
  yield* call.out.line(`Host ${reverse ? `${reverseName(name)}.` : name} not found: 3(NXDOMAIN)`);
  return 1;
});

function hostText(answer: Answer): string {
  const phrases: Readonly<Record<string, string>> = {
    A: 'has address',
    AAAA: 'has IPv6 address',
    CNAME: 'is an alias for',
    PTR: 'domain name pointer',
    MX: 'mail is handled by',
    SRV: 'has SRV record',
  };
  return `${answer.name} ${phrases[answer.type] ?? `${answer.type} record`} ${dataText(answer)}`;
}

/** getent: the `hosts`, `ahosts`, `passwd` and `group` databases. Exit code 2 for a key that is not there. */
export const getent = applet({ usage: 'database [key ...]', short: '' }, function* (call) {
  const [database, ...keys] = call.operands;
  const { fs } = call.process.system;
  if (database === 'passwd' || database === 'group') {
    const lines = fs.exists(`/etc/${database}`) ? fs.readText(`/etc/${database}`).split('\n').filter(Boolean) : [];
    if (keys.length === 0) for (const line of lines) yield* call.out.line(line);
    let code = 0;
    for (const key of keys) {
      const id = database === 'passwd' ? findUser(fs, key)?.uid : findGroup(fs, key);
      const found = lines.find((line) => line.split(':')[2] === String(id));
      if (found) yield* call.out.line(found);
      else code = 2;
    }
    return code;
  }
  if (database !== 'hosts' && database !== 'ahosts' && database !== 'ahostsv4') {
    yield* call.process.write(2, `Unknown database: ${database ?? ''}\n`);
    return 1;
  }
  let code = 0;
  for (const key of keys) {
    const name = isAddress(key) ? yield* reverseLookup(call.process, key) : undefined;
    const found = isAddress(key) ? (name ? { addresses: [key], canonicalName: name } : undefined) : yield* resolveHost(call.process, key);
    if (!found) code = 2;
    else if (database === 'hosts') for (const address of found.addresses) yield* call.out.line(`${address.padEnd(15)} ${found.canonicalName}`);
    else
      for (const address of found.addresses)
        for (const kind of ['STREAM', 'DGRAM', 'RAW'])
          yield* call.out.line(`${address.padEnd(15)} ${kind.padEnd(6)} ${kind === 'STREAM' ? found.canonicalName : ''}`.trimEnd());
  }
  return code;
});
