import { Resolver } from 'node:dns/promises';
import { connect } from 'node:net';
import dnsPacket from 'dns-packet';
import { expect, test } from 'vitest';
import { startDnsServer } from './dns-server.ts';

/** Answers every question with one address, and long ones over TCP. */
const dns = {
  async answer(message: Uint8Array) {
    const { id, questions } = dnsPacket.decode(Buffer.from(message));
    const name = questions?.[0]?.name ?? '';
    return dnsPacket.encode({ id: id ?? 0, type: 'response', questions: questions ?? [], answers: [{ type: 'A', name, data: '10.96.0.1', ttl: 30 }] });
  },
};

test('a resolver outside gets its answers by UDP, and by TCP in pieces', async () => {
  const server = await startDnsServer({ dns, host: '127.0.0.1', port: 0 });
  try {
    const resolver = new Resolver();
    resolver.setServers([`127.0.0.1:${server.port}`]);
    expect(await resolver.resolve4('kubernetes.default.svc.cluster.local')).toEqual(['10.96.0.1']);
    const query = dnsPacket.streamEncode({ type: 'query', id: 9, questions: [{ name: 'a.b', type: 'A' }] });
    const socket = connect(server.port, '127.0.0.1');
    const reply = new Promise<Buffer>((resolve) => socket.once('data', resolve));
    socket.write(query.subarray(0, 5));
    socket.write(query.subarray(5));
    expect(dnsPacket.streamDecode(await reply).id).toBe(9);
  } finally {
    await server.close();
  }
});

test('a port in use is an error', async () => {
  const first = await startDnsServer({ dns, host: '127.0.0.1', port: 0 });
  await expect(startDnsServer({ dns, host: '127.0.0.1', port: first.port })).rejects.toThrow('EADDRINUSE');
  await first.close();
});
