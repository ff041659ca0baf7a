/** What client libraries do, message by message: python's client, the JS client and browsers all speak these protocols. */
import { request as httpRequest } from 'node:http';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { WebSocket } from 'ws';
import { createClient } from '../../src/client/index.ts';
import { type SimulatedServer, simulatedServer } from './support/simulated-server.ts';

let server: SimulatedServer;
beforeAll(async () => {
  server = await simulatedServer();
});
afterAll(() => server.close());

const channelOf = { stdin: 0, stdout: 1, stderr: 2, error: 3, resize: 4 } as const;
const exec = (query: string, ...command: string[]): string =>
  `/api/v1/namespaces/default/pods/box/exec?${query}&${command.map((word) => `command=${encodeURIComponent(word)}`).join('&')}`;

/** A conversation over channels: what came on each, and the code of the close. */
class Channels {
  readonly received = new Map<number, Buffer>();
  readonly opened: Promise<void>;
  readonly closed: Promise<number>;
  #waiting: (() => void)[] = [];

  constructor(
    readonly socket: WebSocket,
    readonly base64 = false,
  ) {
    socket.on('message', (raw: Buffer) => {
      const channel = (raw[0] as number) - (base64 ? 0x30 : 0);
      const data = base64 ? Buffer.from(raw.toString('latin1', 1), 'base64') : raw.subarray(1);
      this.received.set(channel, Buffer.concat([this.received.get(channel) ?? Buffer.alloc(0), data]));
      for (const wake of this.#waiting.splice(0)) wake();
    });
    this.opened = new Promise((resolve, reject) => {
      socket.once('open', () => resolve());
      socket.once('error', reject);
    });
    this.closed = new Promise((resolve) => socket.once('close', resolve));
  }

  text(channel: number): string {
    return this.received.get(channel)?.toString() ?? '';
  }

  async waitFor(channel: number, pattern: RegExp): Promise<string> {
    while (!pattern.test(this.text(channel))) await new Promise<void>((resolve) => this.#waiting.push(resolve));
    return this.text(channel);
  }

  send(channel: number, data: string | Buffer): void {
    const bytes = Buffer.from(data);
    this.socket.send(this.base64 ? `${channel}${bytes.toString('base64')}` : Buffer.concat([Buffer.of(channel), bytes]));
  }

  get status(): { status: string; reason?: string; message?: string; details?: unknown } {
    return JSON.parse(this.text(channelOf.error));
  }
}

function openChannels(path: string, protocol: string | string[]): Channels {
  return new Channels(new WebSocket(server.url.replace('http', 'ws') + path, protocol), String(protocol).includes('base64'));
}

/** The answer to a handshake that is refused. */
function refusal(path: string, headers: Readonly<Record<string, string>>, method = 'GET'): Promise<{ status: number; body: string }> {
  return new Promise((resolve, reject) => {
    const request = httpRequest(server.url + path, { method, headers: { connection: 'Upgrade', ...headers } }, (answer) => {
      let body = '';
      answer.setEncoding('utf8').on('data', (chunk: string) => {
        body += chunk;
      });
      answer.on('end', () => resolve({ status: answer.statusCode ?? 0, body }));
    });
    request.on('upgrade', (_answer, socket) => {
      socket.destroy();
      reject(new Error('the request was upgraded'));
    });
    request.on('error', reject);
    request.end();
  });
}

const websocket = (protocol: string) => ({
  upgrade: 'websocket',
  'sec-websocket-version': '13',
  'sec-websocket-key': 'dGhlIHNhbXBsZSBub25jZQ==',
  'sec-websocket-protocol': protocol,
});
const spdy = { upgrade: 'SPDY/3.1', 'x-stream-protocol-version': 'v4.channel.k8s.io' };

describe('exec', () => {
  test('v5 sends output, takes the end of input, and closes with 1000 after the Status', async () => {
    const channels = openChannels(exec('stdin=1&stdout=1&stderr=1', 'sh', '-c', 'cat; echo err >&2; exit 3'), 'v5.channel.k8s.io');
    await channels.opened;
    expect(channels.socket.protocol).toBe('v5.channel.k8s.io');
    channels.send(channelOf.stdin, 'one ');
    channels.send(channelOf.stdin, 'two');
    channels.socket.send(Buffer.of(255, channelOf.stdin));
    expect(await channels.closed).toBe(1000);
    expect([channels.text(channelOf.stdout), channels.text(channelOf.stderr)]).toEqual(['one two', 'err\n']);
    expect(channels.status).toEqual({
      metadata: {},
      status: 'Failure',
      message: 'command terminated with non-zero exit code: command terminated with exit code 3',
      reason: 'NonZeroExitCode',
      details: { causes: [{ reason: 'ExitCode', message: '3' }] },
    });
  });

  test('v4 takes text messages as well, and says what the kubelet says', async () => {
    const channels = openChannels(exec('stdin=True&stdout=True&stderr=False', 'head', '-n', '1'), 'v4.channel.k8s.io');
    await channels.opened;
    channels.socket.send('\0line\n');
    expect(await channels.closed).toBe(1000);
    expect(channels.text(channelOf.stdout)).toBe('line\n');
    expect(channels.status).toEqual({ metadata: {}, status: 'Success' });
    const failing = openChannels(exec('stdout=1', 'sh', '-c', 'exit 9'), 'v4.channel.k8s.io');
    await failing.closed;
    expect(failing.status.message).toBe('command terminated with non-zero exit code: error executing command [sh -c exit 9], exit code 9');
  });

  test('base64 and the unversioned protocol have text for a failure and nothing for success', async () => {
    const channels = openChannels(exec('stdin=1&stdout=1', 'head', '-n', '1'), 'base64.channel.k8s.io');
    await channels.opened;
    channels.send(channelOf.stdin, 'line\n');
    expect(await channels.closed).toBe(1000);
    expect([channels.text(channelOf.stdout), channels.text(channelOf.error)]).toEqual(['line\n', '']);
    const failing = openChannels(exec('stdout=1', 'false'), 'channel.k8s.io');
    await failing.closed;
    expect(failing.text(channelOf.error)).toContain('exit code 1');
  });

  test('a terminal has one output, and a size', async () => {
    const channels = openChannels(exec('stdin=1&stdout=1&stderr=1&tty=1', 'sh'), 'v5.channel.k8s.io');
    await channels.waitFor(channelOf.stdout, /\/ # $/);
    channels.send(channelOf.resize, '{"Width":101,"Height":43}');
    channels.send(channelOf.stdin, 'nosuch\r');
    await channels.waitFor(channelOf.stdout, /nosuch: not found\r\n\/ # $/);
    channels.send(channelOf.stdin, 'exit 6\r');
    expect(await channels.closed).toBe(1000);
    expect([channels.text(channelOf.stderr), (channels.status.details as { causes: { message: string }[] }).causes[0]?.message]).toEqual(['', '6']);
  });

  test('10 MB go in and out, as fast as the process takes them', async () => {
    const channels = openChannels(exec('stdin=1&stdout=1', 'cat'), 'v5.channel.k8s.io');
    await channels.opened;
    let bytes = 0;
    channels.socket.removeAllListeners('message');
    channels.socket.on('message', (raw: Buffer) => {
      if (raw[0] === channelOf.stdout) bytes += raw.length - 1;
    });
    const chunk = Buffer.alloc(100_001);
    for (let count = 0; count < 100; count += 1) channels.socket.send(chunk);
    channels.socket.send(Buffer.of(255, channelOf.stdin));
    // A process may use so much processor time per simulated second.
    let open = true;
    const closed = channels.closed.finally(() => (open = false));
    while (open) await server.cluster.env.loop.advance(100);
    expect(await closed).toBe(1000);
    expect(bytes).toBe(10_000_000);
  });

  test('a command that does not exist is a Status on the error channel', async () => {
    const channels = openChannels(exec('stdout=1', 'nosuch'), 'v4.channel.k8s.io');
    expect(await channels.closed).toBe(1000);
    expect(channels.status).toMatchObject({ status: 'Failure', reason: 'InternalError' });
    expect(channels.status.message).toMatch(
      /^Internal error occurred: error executing command in container: failed to exec in container: failed to start exec /,
    );
  });

  test('a client that vanishes while time stands still leaves no stream behind', async () => {
    const channels = openChannels(exec('stdin=1&stdout=1', 'sh', '-c', 'echo started; sleep 60; echo late; echo done > /tmp/left'), 'v5.channel.k8s.io');
    await channels.waitFor(channelOf.stdout, /started/);
    channels.socket.terminate();
    await channels.closed;
    await server.gone();
    await server.cluster.env.loop.advance(61_000);
    const look = openChannels(exec('stdout=1', 'cat', '/tmp/left'), 'v5.channel.k8s.io');
    await look.closed;
    expect(look.text(channelOf.stdout)).toBe('done\n');
  });
});

describe('attach', () => {
  test('shows what the container writes from now on, and is over with it', async () => {
    await server.run('short', 'echo before; sleep 10; echo after; sleep 1; exit 5');
    const channels = openChannels('/api/v1/namespaces/default/pods/short/attach?stdout=1&stderr=1', 'v5.channel.k8s.io');
    await channels.opened;
    await server.cluster.env.loop.advance(30_000);
    expect(await channels.closed).toBe(1000);
    expect(channels.text(channelOf.stdout)).toBe('after\n');
    expect(channels.status).toEqual({ metadata: {}, status: 'Success' });
    const late = openChannels('/api/v1/namespaces/default/pods/short/attach?stdout=1', 'v5.channel.k8s.io');
    await late.closed;
    expect(late.status.message).toBe('Internal error occurred: unable to upgrade connection: container main not found in pod short_default');
  });
});

describe('a client that does not read', () => {
  const finished = async (): Promise<string> => {
    const look = openChannels('/api/v1/namespaces/default/pods/flood/exec?stdout=1&command=cat&command=/tmp/finished', 'v5.channel.k8s.io');
    await look.closed;
    return look.text(channelOf.stdout);
  };

  test('holds the container back that it is attached to, until it goes', async () => {
    await server.run('flood', 'sleep 10; head -c 40000000 /dev/zero; echo yes > /tmp/finished; sleep 1000000');
    const channels = openChannels('/api/v1/namespaces/default/pods/flood/attach?stdout=1', 'v5.channel.k8s.io');
    await channels.opened;
    channels.socket.pause();
    await server.cluster.env.loop.advance(120_000);
    expect(await finished()).toBe('');
    channels.socket.terminate();
    await channels.closed;
    await server.gone();
    await server.cluster.env.loop.advance(120_000);
    expect(await finished()).toBe('yes\n');
  });
});

describe('a log', () => {
  const log = (pod: string, query = ''): string => `/api/v1/namespaces/default/pods/${pod}/log?${query}`;

  test.each(['', 'binary.k8s.io', 'base64.binary.k8s.io'])('comes in messages, as dashboards follow it, to its end (subprotocol "%s")', async (protocol) => {
    const pod = `logged-${protocol.length}`;
    await server.run(pod, 'echo one; sleep 10; echo two; sleep 1');
    const socket = new WebSocket(server.url.replace('http', 'ws') + log(pod, 'follow=true'), protocol ? [protocol] : []);
    const messages: string[] = [];
    socket.on('message', (data, isBinary) => {
      expect(isBinary).toBe(protocol !== 'base64.binary.k8s.io');
      messages.push(isBinary ? String(data) : Buffer.from(String(data), 'base64').toString());
    });
    const closed = new Promise<number>((resolve) => socket.on('close', resolve));
    await new Promise((resolve) => socket.on('open', resolve));
    expect(socket.protocol).toBe(protocol);
    await server.cluster.env.loop.advance(30_000);
    expect(await closed).toBe(1000);
    expect([messages[0], messages.join('')]).toEqual(['', 'one\ntwo\n']);
  });

  test('is refused by an unknown subprotocol, and as over plain HTTP where there is none', async () => {
    expect((await refusal(log('box'), websocket('v4.channel.k8s.io'))).status).toBe(403);
    const none = await refusal(log('nopod'), websocket('binary.k8s.io'));
    expect([none.status, JSON.parse(none.body)]).toMatchObject([404, { message: 'pods "nopod" not found' }]);
  });
});

describe('port-forward', () => {
  test('v4 has two channels per port, which begin with its number', async () => {
    const channels = openChannels('/api/v1/namespaces/default/pods/web/portforward?ports=80&ports=81', 'v4.channel.k8s.io');
    await channels.opened;
    channels.send(0, 'GET / HTTP/1.0\r\n\r\n');
    await channels.waitFor(0, /Welcome to nginx!/);
    await channels.waitFor(3, /failed to connect to localhost:81/);
    expect(await channels.closed).toBe(1000);
    expect([0, 1, 2, 3].map((channel) => channels.received.get(channel)?.readUInt16LE(0))).toEqual([80, 80, 81, 81]);
  });
});

describe('a refusal', () => {
  const both = async (path: string) => {
    const [first, second] = [await refusal(path, websocket('v5.channel.k8s.io')), await refusal(path, spdy, 'POST')];
    expect(second).toEqual(first);
    return JSON.parse(first.body) as { message: string; code: number };
  };

  test('is the same Status over both protocols', async () => {
    expect((await both(exec('stdout=1&container=nope', 'ls'))).message).toBe('container nope is not valid for pod box');
    expect((await both('/api/v1/namespaces/default/pods/nopod/exec?stdout=1&command=ls')).code).toBe(404);
    await createClient(server.cluster.handler, { username: 'admin', groups: ['system:masters'] }).pods.create({
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name: 'nowhere', namespace: 'default' },
      spec: { nodeSelector: { no: 'such' }, containers: ['a', 'b'].map((name) => ({ name, image: 'busybox' })) },
    });
    const nowhere = '/api/v1/namespaces/default/pods/nowhere/exec?stdout=1&command=ls';
    expect((await both(nowhere)).message).toBe('a container name must be specified for pod nowhere, choose one of: [a b]');
    expect(await both(`${nowhere}&container=a`)).toMatchObject({ code: 400, message: 'pod nowhere does not have a host assigned' });
  });

  test('of a plain request asks for an upgrade', async () => {
    const answer = await fetch(server.url + exec('stdout=1', 'ls'), { method: 'POST' });
    expect([answer.status, ((await answer.json()) as { message: string }).message]).toEqual([400, 'Upgrade request required']);
  });

  test('of an unknown protocol is 403', async () => {
    expect((await refusal(exec('stdout=1', 'ls'), websocket('v9.channel.k8s.io'))).status).toBe(403);
    const answer = await refusal(exec('stdout=1', 'ls'), { ...spdy, 'x-stream-protocol-version': 'v9.channel.k8s.io' }, 'POST');
    expect(answer.status).toBe(403);
    expect(answer.body).toContain('client supports [v9.channel.k8s.io], server accepts [v4.channel.k8s.io');
  });

  test('by the kubelet is text', async () => {
    const none = await refusal(exec('stdout=0', 'ls'), spdy, 'POST');
    expect(none).toEqual({ status: 400, body: 'you must specify at least 1 of stdin, stdout, stderr' });
  });
});
