import type { Socket as UdpSocket } from 'node:dgram';
import { createSocket } from 'node:dgram';
import type { AddressInfo, Socket } from 'node:net';
import { createServer } from 'node:net';
import type { DnsService } from '../src/dns/index.ts';

export interface DnsServerOptions {
  readonly dns: Pick<DnsService, 'answer'>;
  readonly host: string;
  /** 0 takes a free one, the same for UDP and TCP. */
  readonly port: number;
}

export interface DnsServer {
  readonly port: number;
  close(): Promise<void>;
}

const tcpConnectionsMax = 100;
const tcpIdleMs = 10_000;
/** Questions of one connection that may be under way; the socket is not read beyond that. */
const tcpPendingMax = 64;
const portAttempts = 10;

/** Serves the cluster's DNS to tools outside (`dig @127.0.0.1 -p PORT name`), by UDP and TCP on the same port. Rejects with EADDRINUSE. */
export async function startDnsServer(options: DnsServerOptions): Promise<DnsServer> {
  for (let attempt = 1; ; attempt += 1) {
    const tcp = createServer((socket) => serveTcp(options.dns, socket));
    tcp.maxConnections = tcpConnectionsMax;
    await new Promise<void>((resolve, reject) => tcp.once('error', reject).listen(options.port, options.host, resolve));
    const { port } = tcp.address() as AddressInfo;
    const sockets = new Set<Socket>();
    tcp.on('connection', (socket) => {
      sockets.add(socket);
      socket.once('close', () => sockets.delete(socket));
    });
    try {
      const udp = await bindUdp(options, port);
      return { port, close: () => close(tcp, sockets, udp) };
    } catch (error) {
      await new Promise((resolve) => tcp.close(resolve));
      // A port that is free for TCP may be taken for UDP: where any port will do, another one is tried.
      if (options.port !== 0 || attempt >= portAttempts) throw error;
    }
  }
}

async function close(tcp: ReturnType<typeof createServer>, sockets: ReadonlySet<Socket>, udp: UdpSocket): Promise<void> {
  for (const socket of sockets) socket.destroy();
  await Promise.all([new Promise<void>((resolve) => tcp.close(() => resolve())), new Promise<void>((resolve) => udp.close(resolve))]);
}

async function bindUdp(options: DnsServerOptions, port: number): Promise<UdpSocket> {
  const socket = createSocket({ type: options.host.includes(':') ? 'udp6' : 'udp4' });
  await new Promise<void>((resolve, reject) => {
    socket.once('error', reject);
    socket.bind(port, options.host, () => {
      socket.off('error', reject);
      resolve();
    });
  });
  socket.on('error', () => {}); // A client's closed port comes back as an error of ours; nobody is left to tell.
  let closed = false;
  socket.once('close', () => (closed = true));
  socket.on('message', (message, from) => {
    void options.dns.answer(message, { transport: 'udp', address: from.address }).then((reply) => {
      if (reply.length > 0 && !closed) socket.send(reply, from.port, from.address);
    });
  });
  return socket;
}

/** Messages with their length in front (RFC 1035 4.2.2). Answers may overtake each other, as RFC 7766 allows. */
function serveTcp(dns: Pick<DnsService, 'answer'>, socket: Socket): void {
  let waiting = Buffer.alloc(0);
  let pending = 0;
  socket.setTimeout(tcpIdleMs, () => socket.destroy());
  socket.on('error', () => socket.destroy());
  const take = () => {
    while (pending < tcpPendingMax && waiting.length >= 2 && waiting.length >= 2 + waiting.readUInt16BE(0)) {
      const end = 2 + waiting.readUInt16BE(0);
      const message = waiting.subarray(2, end);
      waiting = waiting.subarray(end);
      pending += 1;
      void dns.answer(message, { transport: 'tcp', address: socket.remoteAddress ?? '' }).then((reply) => {
        pending -= 1;
        if (reply.length === 0) socket.destroy();
        else if (!socket.destroyed) socket.write(framed(reply));
        take();
      });
    }
    if (pending >= tcpPendingMax) socket.pause();
    else socket.resume();
  };
  socket.on('data', (chunk) => {
    waiting = Buffer.concat([waiting, chunk]);
    take();
  });
}

function framed(message: Uint8Array): Buffer {
  const out = Buffer.alloc(2 + message.length);
  out.writeUInt16BE(message.length, 0);
  out.set(message, 2);
  return out;
}
