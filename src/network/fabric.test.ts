import { expect, test } from 'vitest';
import { SystemError } from '../shell/kernel/types.ts';
import { simulatedEnv } from './fixture.ts';
import { createDialer, createNodeNetwork, Fabric } from './index.ts';

const text = (bytes: Uint8Array | null | undefined) => (bytes ? new TextDecoder().decode(bytes) : bytes);
const bytes = (value: string) => new TextEncoder().encode(value);

async function twoPods() {
  const env = simulatedEnv();
  const fabric = new Fabric(env);
  const one = createNodeNetwork({ fabric, nodeName: 'worker', nodeAddress: '172.18.0.3', podCidr: '10.244.1.0/24' });
  const two = createNodeNetwork({ fabric, nodeName: 'worker2', nodeAddress: '172.18.0.4', podCidr: '10.244.2.0/24' });
  const a = (await one.attach({ id: 'a', hostNetwork: false })).stack;
  const b = (await two.attach({ id: 'b', hostNetwork: false })).stack;
  return { env, fabric, one, two, a, b };
}

async function outcome(promise: Promise<unknown>): Promise<string> {
  return promise.then(
    () => 'connected',
    (error: unknown) => (error instanceof SystemError ? error.code : String(error)),
  );
}

async function connected() {
  const world = await twoPods();
  const listener = world.b.listen('0.0.0.0', 80);
  const client = await world.a.connect('10.244.2.2', 80);
  const server = listener.accept();
  if (!server) throw new Error('no connection arrived');
  return { ...world, listener, client, server };
}

test('two pods talk, and each side ends on its own', async () => {
  const { env, client, server } = await connected();
  expect([client.localAddress, client.localPort, server.remoteAddress, server.localPort]).toEqual(['10.244.1.2', 32768, '10.244.1.2', 80]);
  client.write(bytes('GET /'));
  client.end();
  expect(server.read()).toBeUndefined(); // It travels in a task of the Loop.
  await env.loop.settle();
  expect(text(server.read())).toBe('GET /');
  expect(server.read()).toBeNull();
  server.write(bytes('hello'));
  server.end();
  await env.loop.settle();
  expect(text(client.read(3))).toBe('hel');
  expect(text(client.read())).toBe('lo');
  expect(client.read()).toBeNull();
  expect(() => client.write(bytes('more'))).toThrow('Broken pipe');
});

test('a writer is told to wait when 64 KiB are unread, and when it may go on', async () => {
  const { env, client, server } = await connected();
  let drained = 0;
  client.onDrain(() => (drained += 1));
  expect(client.write(new Uint8Array(64 * 1024))).toBe(true);
  expect(client.write(new Uint8Array(1))).toBe(false);
  await env.loop.settle();
  server.read(16 * 1024);
  await env.loop.settle();
  expect(drained).toBe(0);
  server.read(48 * 1024);
  await env.loop.settle();
  expect(drained).toBe(1);
});

test('a reset is told once, after the bytes that came before it', async () => {
  const { env, client, server } = await connected();
  client.write(bytes('never read'));
  await env.loop.settle();
  server.write(bytes('bye'));
  server.destroy(); // Bytes are thrown away: not an end but a reset.
  await env.loop.settle();
  expect(text(client.read())).toBe('bye');
  expect(() => client.read()).toThrow('Connection reset by peer');
  expect(client.read()).toBeNull();
  expect(() => client.write(bytes('x'))).toThrow('Broken pipe');
});

test('bytes for a closed socket are answered by a reset', async () => {
  const { env, client, server } = await connected();
  server.write(bytes('bye'));
  server.destroy();
  await env.loop.settle();
  expect([text(client.read()), client.read()]).toEqual(['bye', null]);
  client.write(bytes('too late'));
  await env.loop.settle();
  expect(() => client.write(bytes('again'))).toThrow('Connection reset by peer');
});

test('a port where nobody listens refuses at once', async () => {
  const { env, a } = await twoPods();
  const before = env.clock.now();
  expect(await outcome(a.connect('10.244.2.2', 81))).toBe('ECONNREFUSED');
  expect(await outcome(a.connect('127.0.0.1', 81))).toBe('ECONNREFUSED');
  expect(env.clock.now()).toBe(before);
});

test('an unused pod address is unreachable after three seconds, an unknown one times out after 127', async () => {
  const { env, a } = await twoPods();
  const start = env.clock.now();
  const ends: string[] = [];
  void outcome(a.connect('10.244.2.77', 80)).then((code) => ends.push(`${code} ${env.clock.now() - start}`));
  void outcome(a.connect('10.96.44.44', 80)).then((code) => ends.push(`${code} ${env.clock.now() - start}`));
  await env.loop.advance(200_000);
  expect(ends).toEqual(['EHOSTUNREACH 3000', 'ETIMEDOUT 127000']);
});

test('a lost node loses packets, and its connections go on when it comes back', async () => {
  const { env, fabric, a, client, server } = await connected();
  fabric.setNodeUp('worker2', false);
  client.write(bytes('are you there'));
  let late = '';
  void outcome(a.connect('10.244.2.2', 80)).then((code) => (late = code));
  await env.loop.advance(10_000);
  expect(server.read()).toBeUndefined();
  expect(late).toBe('');
  fabric.setNodeUp('worker2', true);
  await env.loop.settle();
  expect(text(server.read())).toBe('are you there');
  await env.loop.advance(5_000);
  expect(late).toBe('connected'); // The SYN of second 15.
});

test('a deleted pod breaks its connections and its address can be used again later', async () => {
  const { env, two, client } = await connected();
  two.detach('b');
  await env.loop.settle();
  expect(() => client.read()).toThrow('Connection reset by peer');
  const next = await two.attach({ id: 'c', hostNetwork: false });
  expect(next.ips).toEqual(['10.244.2.3']);
});

test('listening twice on a port fails, on different addresses it does not', async () => {
  const { a } = await twoPods();
  const first = a.listen('127.0.0.1', 80);
  a.listen('10.244.1.2', 80);
  expect(() => a.listen('0.0.0.0', 80)).toThrow('Address already in use');
  expect(() => a.listen('10.9.9.9', 80)).toThrow('Address not available');
  first.close();
  expect(() => a.listen('127.0.0.1', 80)).not.toThrow();
});

test('datagrams arrive in order and carry the sender', async () => {
  const { env, a, b } = await twoPods();
  const server = b.bindDatagram('0.0.0.0', 53);
  const client = a.bindDatagram('0.0.0.0', 0);
  client.send(bytes('one'), '10.244.2.2', 53);
  client.send(bytes('two'), '10.244.2.2', 53);
  client.send(bytes('lost'), '10.244.2.2', 54);
  await env.loop.settle();
  const first = server.receive();
  expect([text(first?.data), first?.address, first?.port]).toEqual(['one', '10.244.1.2', 32768]);
  expect(text(server.receive()?.data)).toBe('two');
  expect(server.receive()).toBeUndefined();
});

test('the host side reaches pods, and a ping tells who is there', async () => {
  const { env, fabric, a, b } = await twoPods();
  const listener = b.listen('0.0.0.0', 80);
  const connection = await createDialer(fabric, '172.18.0.1').dial('10.244.2.2', 80);
  connection.write(bytes('hi'));
  await env.loop.settle();
  expect(text(listener.accept()?.read())).toBe('hi');
  expect(a.ping('10.244.2.2').reachable).toBe(true);
  expect(a.ping('10.96.0.1').reachable).toBe(false);
});

test('with a latency, bytes take that long', async () => {
  const env = simulatedEnv();
  const fabric = new Fabric(env, { latencyMs: 20 });
  const a = fabric.addHost({ addresses: ['10.0.0.1'], node: 'a', kind: 'pod' });
  const b = fabric.addHost({ addresses: ['10.0.0.2'], node: 'b', kind: 'pod' });
  b.listen('::', 80);
  let at = 0;
  void a.connect('10.0.0.2', 80).then(() => (at = env.clock.now()));
  const start = env.clock.now();
  await env.loop.advance(1_000);
  expect(at - start).toBe(40);
});
