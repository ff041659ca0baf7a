/** nc, ping, ip, ifconfig and route: the network seen from a pod. */
import { holds } from '../kernel/capabilities.ts';
import type { Connection, Listener, Syscall } from '../kernel/types.ts';
import type { Call } from './lib/applet.ts';
import { applet, Failure, reason } from './lib/applet.ts';
import { UsageError } from './lib/options.ts';
import { resolveHost } from './lib/resolver.ts';
import { connectTo, receiveDatagram, send } from './lib/socket.ts';

function* addressOf(call: Call, name: string): Syscall<string> {
  const found = yield* resolveHost(call.process, name);
  if (!found) throw new Failure(`bad address '${name}'`);
  return found.addresses[0] as string;
}

/** nc: client, `-l` with `-p PORT`, `-z`, `-v`, `-w SECONDS`. */
export const nc = applet({ usage: '[-lvz] [-w SEC] [-p PORT] [IPADDR PORT]', short: 'lvzukNnw:p:i:' }, function* (call) {
  const { options, operands, process } = call;
  if (options.has('u')) return yield* datagrams(call);
  if (options.has('l')) {
    const port = Number(options.value('p') ?? operands[operands.length - 1]);
    const listener = listenOn(call, port);
    try {
      do {
        let connection = listener.accept();
        while (!connection) {
          yield (wake) => listener.onConnection(wake);
          connection = listener.accept();
        }
        yield* relay(call, connection);
      } while (options.has('k'));
      return 0;
    } finally {
      listener.close();
    }
  }
  const [host, portText] = operands;
  if (host === undefined || portText === undefined) throw new UsageError('');
  const port = Number(portText);
  const address = yield* addressOf(call, host);
  let connection: Connection;
  try {
    connection = yield* connectTo(process, address, port, options.has('w') ? Number(options.value('w')) * 1000 : 130_000);
  } catch (error) {
    if (options.has('z') && !options.has('v')) return 1;
    throw new Failure(
      call.flavour === 'gnu'
        ? `connect to ${host} port ${port} (tcp) failed: ${reason(error)}`
        : options.has('v')
          ? `${host} (${address}:${port}): ${reason(error)}`
          : `can't connect to remote host (${address}): ${reason(error)}`,
    );
  }
  if (options.has('v'))
    yield* process.write(2, call.flavour === 'gnu' ? `Connection to ${host} ${port} port [tcp/*] succeeded!\n` : `${host} (${address}:${port}) open\n`);
  if (options.has('z')) {
    connection.destroy();
    return 0;
  }
  yield* relay(call, connection);
  return 0;
});

function listenOn({ process, flavour }: Call, port: number): Listener {
  try {
    return process.system.network.listen('0.0.0.0', port);
  } catch (error) {
    throw new Failure(flavour === 'gnu' ? reason(error) : `bind: ${reason(error)}`);
  }
}

/** telnet: a line to a port, without telnet's own negotiation. */
export const telnet = applet({ usage: '[-a] [-l USER] HOST [PORT]', short: 'al:' }, function* (call) {
  const [host, port = '23'] = call.operands;
  if (host === undefined) throw new UsageError('');
  const address = yield* addressOf(call, host);
  let connection: Connection;
  try {
    connection = yield* connectTo(call.process, address, Number(port), 130_000);
  } catch (error) {
    throw new Failure(`can't connect to remote host (${address}): ${reason(error)}`);
  }
  yield* call.process.write(1, `Connected to ${host}\n`);
  yield* relay(call, connection);
  yield* call.process.write(1, 'Connection closed by foreign host\n');
  return 1;
});

/** Copies stdin to the connection and the connection to stdout until the other side ends. */
function* relay(call: Call, connection: Connection): Syscall<void> {
  const { process } = call;
  // The reader of stdin is a child, so that either side may wait.
  const reader = process.spawn({
    argv: ['nc'],
    *program(child) {
      for (let data = yield* child.read(0); data !== null; data = yield* child.read(0)) yield* send(connection, data);
      connection.end();
      return 0;
    },
  });
  try {
    for (;;) {
      const data = connection.read();
      if (data === null) break;
      if (data) yield* process.write(1, data);
      else yield (wake) => connection.onReadable(wake);
    }
  } finally {
    try {
      process.kill(reader, 'KILL');
    } catch {
      // It has ended by itself.
    }
    connection.destroy();
  }
  yield* process.wait(reader);
}

/** nc -u: each read of standard input is a datagram; what comes back is printed until `-w SEC` pass without any. `-l` listens. */
function* datagrams(call: Call): Syscall<number> {
  const { options, operands, process } = call;
  const listening = options.has('l');
  const port = Number(options.value('p') ?? (listening ? operands[operands.length - 1] : 0)) || 0;
  const socket = process.system.network.bindDatagram('0.0.0.0', port);
  const waitMs = options.has('w') ? Number(options.value('w')) * 1000 : Number.POSITIVE_INFINITY;
  try {
    if (!listening) {
      const [host, portText] = operands;
      if (host === undefined || portText === undefined) throw new UsageError('');
      const address = yield* addressOf(call, host);
      for (let data = yield* process.read(0); data !== null; data = yield* process.read(0)) socket.send(data.slice(), address, Number(portText));
      if (options.has('z')) return 0;
    }
    for (;;) {
      const data = yield* receiveDatagram(process, socket, waitMs);
      if (data === undefined) return 0;
      yield* process.write(1, data);
    }
  } finally {
    socket.close();
  }
}

/** ping: `-c N -i S -W S -w S -q -s SIZE`. Differs from upstream: without -c it goes on until a signal, without the closing statistics. */
export const ping = applet({ usage: '[-c CNT] [-i SECS] [-W SEC] [-w SEC] [-q] HOST', short: '46c:s:i:t:W:w:qnI:A' }, function* (call) {
  const { options, process, out } = call;
  const host = call.operands[0];
  if (host === undefined) throw new UsageError('');
  const address = yield* addressOf(call, host);
  const size = Number(options.value('s') ?? 56);
  const limit = Number(options.value('c') ?? Number.POSITIVE_INFINITY);
  const deadline = process.system.now() + Number(options.value('w') ?? Number.POSITIVE_INFINITY) * 1000;
  const gnu = call.flavour === 'gnu';
  if (limit > 0) echo(call, address); // Who may not send one is told so before anything else.
  yield* out.line(`PING ${host} (${address})${gnu ? ` ${size}(${size + 28}) bytes of data.` : `: ${size} data bytes`}`);
  const times: number[] = [];
  let sent = 0;
  while (sent < limit && process.system.now() < deadline) {
    if (sent > 0) yield* process.sleep(Number(options.value('i') ?? 1) * 1000);
    const answer = echo(call, address);
    sent += 1;
    if (answer.reachable) {
      times.push(answer.roundTripMs);
      if (!options.has('q'))
        yield* out.line(
          `${size + 8} bytes from ${address}: ${gnu ? 'icmp_seq' : 'seq'}=${gnu ? sent : sent - 1} ttl=64 time=${answer.roundTripMs.toFixed(3)} ms`,
        );
    }
    yield* out.flush();
  }
  if (times.length < sent) yield* process.sleep(Number(options.value('W') ?? 10) * 1000);
  const loss = sent === 0 ? 0 : Math.round(((sent - times.length) * 100) / sent);
  yield* out.text(
    `\n--- ${host} ping statistics ---\n${sent} packets transmitted, ${times.length} ${gnu ? 'received' : 'packets received'}, ${loss}% packet loss\n`,
  );
  if (times.length > 0) {
    const average = times.reduce((sum, ms) => sum + ms, 0) / times.length;
    yield* out.line(`round-trip min/avg/max = ${Math.min(...times).toFixed(3)}/${average.toFixed(3)}/${Math.max(...times).toFixed(3)} ms`);
  }
  return times.length > 0 ? 0 : 1;
});

/** Asks for one echo. Throws Failure in the program's words for who may not. */
function echo({ process, flavour }: Call, address: string): { readonly reachable: boolean; readonly roundTripMs: number } {
  try {
    return process.system.network.ping(address);
  } catch (error) {
    if (flavour === 'busybox') throw new Failure('permission denied (are you root?)');
    throw new Failure(`socktype: SOCK_RAW\nping: socket: ${reason(error)}\nping: => missing cap_net_raw+p capability or setuid?`, 2);
  }
}

/** A hardware address made from the IP address, as CNI bridges make theirs. */
const hardwareAddress = (address: string) => ['0a:58', ...address.split('.').map((part) => Number(part).toString(16).padStart(2, '0'))].join(':');

/** ip: `addr`, `route`, `link`, reading only. */
export const ip = applet({ usage: '[OPTIONS] {address|route|link} [COMMAND]', short: '46obrs' }, function* (call) {
  const [object = '', action = 'show'] = call.operands;
  const { addresses } = call.process.system.network;
  if (!/^(?:s|show|l|ls|list|lst)$/.test(action)) {
    // Differs from upstream: who may change the network is told that nobody can here.
    if (holds(call.process, 'NET_ADMIN')) throw new Failure('to change the network is not simulated', 2);
    yield* call.out.flush();
    yield* call.process.write(2, `${call.flavour === 'gnu' ? '' : 'ip: '}RTNETLINK answers: Operation not permitted\n`);
    return 2;
  }
  const eth0 = addresses.find((address) => address.includes('.'));
  if (/^r/.test(object)) {
    if (eth0) yield* call.out.text(`default via ${gateway(eth0)} dev eth0 \n${gateway(eth0).replace(/\.1$/, '.0')}/24 dev eth0 scope link  src ${eth0} \n`);
    return 0;
  }
  if (!/^[al]/.test(object)) throw new UsageError('');
  const withAddresses = object.startsWith('a');
  yield* call.out.text('1: lo: <LOOPBACK,UP,LOWER_UP> mtu 65536 qdisc noqueue qlen 1000\n    link/loopback 00:00:00:00:00:00 brd 00:00:00:00:00:00\n');
  if (withAddresses) yield* call.out.text('    inet 127.0.0.1/8 scope host lo\n       valid_lft forever preferred_lft forever\n');
  if (!eth0) return 0;
  yield* call.out.text(
    `2: eth0@if3: <BROADCAST,MULTICAST,UP,LOWER_UP,M-DOWN> mtu 1500 qdisc noqueue \n    link/ether ${hardwareAddress(eth0)} brd ff:ff:ff:ff:ff:ff\n`,
  );
  if (withAddresses)
    yield* call.out.text(`    inet ${eth0}/24 brd ${eth0.replace(/\.\d+$/, '.255')} scope global eth0\n       valid_lft forever preferred_lft forever\n`);
  return 0;
});

const gateway = (address: string) => address.replace(/\.\d+$/, '.1');

/** route: the table, `-n` with numbers; changes take a capability. */
export const route = applet({ usage: '[-ne]', short: 'neA:' }, function* (call) {
  if (call.operands.length > 0) {
    throw new Failure(holds(call.process, 'NET_ADMIN') ? 'to change the network is not simulated' : 'ioctl 0x890b failed: Operation not permitted');
  }
  const eth0 = call.process.system.network.addresses.find((address) => address.includes('.'));
  yield* call.out.text('Kernel IP routing table\nDestination     Gateway         Genmask         Flags Metric Ref    Use Iface\n');
  if (!eth0) return 0;
  const isNumeric = call.options.has('n');
  const row = (destination: string, via: string, mask: string, flags: string) =>
    `${destination.padEnd(15)} ${via.padEnd(15)} ${mask.padEnd(16)}${flags.padEnd(6)}0      0        0 eth0\n`;
  yield* call.out.text(row(isNumeric ? '0.0.0.0' : 'default', gateway(eth0), '0.0.0.0', 'UG'));
  yield* call.out.text(row(gateway(eth0).replace(/\.1$/, '.0'), isNumeric ? '0.0.0.0' : '*', '255.255.255.0', 'U'));
  return 0;
});

export const ifconfig = applet({ usage: '[-a] [IFACE]', short: 'a' }, function* (call) {
  const eth0 = call.process.system.network.addresses.find((address) => address.includes('.'));
  const wanted = call.operands[0];
  if (eth0 && (wanted === undefined || wanted === 'eth0')) {
    yield* call.out.text(
      `eth0      Link encap:Ethernet  HWaddr ${hardwareAddress(eth0).toUpperCase()}  \n          inet addr:${eth0}  Bcast:${eth0.replace(/\.\d+$/, '.255')}  Mask:255.255.255.0\n          UP BROADCAST RUNNING MULTICAST  MTU:1500  Metric:1\n\n`,
    );
  }
  if (wanted === undefined || wanted === 'lo')
    yield* call.out.text(
      'lo        Link encap:Local Loopback  \n          inet addr:127.0.0.1  Mask:255.0.0.0\n          UP LOOPBACK RUNNING  MTU:65536  Metric:1\n\n',
    );
  if (wanted !== undefined && wanted !== 'lo' && wanted !== 'eth0') throw new Failure(`${wanted}: error fetching interface information: Device not found`);
  return 0;
});
