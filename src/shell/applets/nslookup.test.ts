import { decode, encode } from 'dns-packet';
import { expect, test } from 'vitest';
import { createEnv, nodeMachine, silentLog } from '../../env/index.ts';
import { ContainerFs, createImageLayer } from '../fs/index.ts';
import type { NetworkStack } from '../kernel/index.ts';
import { HostOutput, Kernel } from '../kernel/index.ts';
import type { NslookupStyle } from './nslookup.ts';
import { nslookup } from './nslookup.ts';

/** A name server that knows one Service. */
const stack: NetworkStack = {
  addresses: ['10.244.0.5'],
  listen: () => {
    throw new Error('not used');
  },
  connect: () => Promise.reject(new Error('not used')),
  ping: () => ({ reachable: false, roundTripMs: 0 }),
  bindDatagram: () => {
    const waiting: { data: Uint8Array; address: string; port: number }[] = [];
    return {
      port: 40_000,
      send(data, address, port) {
        const { id, questions = [] } = decode(Buffer.from(data));
        const { name = '', type } = questions[0] ?? {};
        const known = name === 'web.default.svc.cluster.local';
        const answers = known && type === 'A' ? [{ name, type: 'A' as const, ttl: 30, data: '10.96.1.2' }] : [];
        waiting.push({ data: encode({ type: 'response', id: id ?? 0, flags: (1 << 10) | (known ? 0 : 3), questions, answers }), address, port });
      },
      receive: () => waiting.shift(),
      onReadable: () => () => {},
      close: () => {},
    };
  },
};

async function run(style: NslookupStyle, name: string): Promise<{ text: string; code: number | undefined }> {
  const env = createEnv({ machine: nodeMachine, log: silentLog, seed: 1, start: 0, mode: 'manual' });
  const layer = createImageLayer([
    ['/etc/resolv.conf', { data: 'search default.svc.cluster.local svc.cluster.local cluster.local\nnameserver 10.96.0.10\noptions ndots:5\n' }],
  ]);
  const system = new Kernel(env).createContainerSystem({ hostname: 'h', fs: new ContainerFs({ layer }), network: stack });
  let text = '';
  const output = () =>
    new HostOutput({
      data: (data) => {
        text += Buffer.from(data).toString();
        return true;
      },
    });
  const process = system.start({ argv: ['nslookup', name], program: nslookup(style), stdout: output(), stderr: output() });
  await env.loop.advance(30_000);
  return { text, code: process.exit?.exitCode };
}

test('busybox since 1.29 asks for each name of the search list', async () => {
  const { text, code } = await run('busybox-big', 'nosuch');
  const once = ['default.svc.cluster.local', 'svc.cluster.local', 'cluster.local']
    .map((domain) => `** server can't find nosuch.${domain}: NXDOMAIN\n\n`)
    .join('');
  expect(text).toBe(`Server:\t\t10.96.0.10\nAddress:\t10.96.0.10:53\n\n${once}${once}`);
  expect(code).toBe(1);
});

test('busybox since 1.29 succeeds when one name of the search list exists', async () => {
  const { text, code } = await run('busybox-big', 'web');
  expect(text).toContain('Name:\tweb.default.svc.cluster.local\nAddress: 10.96.1.2\n');
  expect(code).toBe(0);
});

test('busybox 1.28 uses the resolver and its search list', async () => {
  expect(await run('busybox-small', 'web')).toEqual({
    text: 'Server:    10.96.0.10\nAddress 1: 10.96.0.10\n\nName:      web\nAddress 1: 10.96.1.2\n',
    code: 0,
  });
  const missing = await run('busybox-small', 'nosuch');
  expect(missing.text).toContain("nslookup: can't resolve 'nosuch'\n");
  expect(missing.code).toBe(1);
});

test('bind names the server with its port and only the name asked for', async () => {
  expect(await run('bind', 'nosuch')).toEqual({ text: "Server:\t\t10.96.0.10\nAddress:\t10.96.0.10#53\n\n** server can't find nosuch: NXDOMAIN\n\n", code: 1 });
  expect(await run('bind', 'web')).toEqual({
    text: 'Server:\t\t10.96.0.10\nAddress:\t10.96.0.10#53\n\nName:\tweb.default.svc.cluster.local\nAddress: 10.96.1.2\n\n',
    code: 0,
  });
});
