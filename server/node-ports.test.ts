import type { AddressInfo } from 'node:net';
import { connect, createServer } from 'node:net';
import { expect, test } from 'vitest';
import type { EndpointSlice, Service } from '../generated/types/index.ts';
import { createEnv, nodeMachine, silentLog } from '../src/env/index.ts';
import { FedInformer } from '../src/network/fixture.ts';
import { createDialer, createNodeNetwork, createServiceProxy, Fabric } from '../src/network/index.ts';
import type { NetworkStack } from '../src/shell/kernel/types.ts';
import { serveNodePorts } from './node-ports.ts';

/** Sends everything back in upper case, and ends when the other side has. */
function echo(stack: NetworkStack): void {
  const listener = stack.listen('0.0.0.0', 80);
  listener.onConnection(() => {
    const connection = listener.accept();
    connection?.onReadable(() => {
      for (;;) {
        const bytes = connection.read();
        if (bytes === undefined) return;
        if (bytes === null) {
          connection.end();
          return;
        }
        connection.write(new TextEncoder().encode(new TextDecoder().decode(bytes).toUpperCase()));
      }
    });
  });
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

test('a node port is reachable on the host while its service exists', async () => {
  const env = createEnv({ machine: nodeMachine, log: silentLog, seed: 1, start: 0, mode: 'real' });
  const fabric = new Fabric(env);
  const node = createNodeNetwork({ fabric, nodeName: 'worker', nodeAddress: '172.18.0.3', podCidr: '10.244.1.0/24' });
  const services = new FedInformer<Service>();
  const endpointSlices = new FedInformer<EndpointSlice>();
  fabric.setTranslator(createServiceProxy({ env, services, endpointSlices, nodeAddress: () => '172.18.0.3' }));
  echo((await node.attach({ id: 'a', hostNetwork: false })).stack);
  const port = await freePort();
  const service = {
    metadata: { name: 'web', namespace: 'default' },
    spec: { type: 'NodePort', clusterIP: '10.96.0.9', ports: [{ port: 80, nodePort: port }] },
  };
  services.set(service);
  endpointSlices.set({
    metadata: { name: 'web-a', namespace: 'default', labels: { 'kubernetes.io/service-name': 'web' } },
    addressType: 'IPv4',
    ports: [{ name: '', port: 80, protocol: 'TCP' }],
    endpoints: [{ addresses: ['10.244.1.2'], conditions: { ready: true } }],
  });
  const stop = serveNodePorts({
    services,
    dialer: createDialer(fabric, '172.18.0.1'),
    nodeAddress: '172.18.0.3',
    host: '127.0.0.1',
    loop: env.loop,
    log: silentLog,
  });
  await new Promise((resolve) => setImmediate(resolve));
  const text = 'hello '.repeat(50_000); // More than the buffers on the way hold.
  const answer = await new Promise<string>((resolve, reject) => {
    let received = '';
    const socket = connect({ port, host: '127.0.0.1', allowHalfOpen: true }, () => socket.end(text));
    socket.on('data', (chunk) => (received += String(chunk)));
    socket.on('end', () => resolve(received));
    socket.on('error', reject);
  });
  expect(answer).toBe(text.toUpperCase());
  services.remove(service);
  await new Promise((resolve) => setImmediate(resolve));
  await expect(new Promise((resolve, reject) => connect({ port, host: '127.0.0.1' }, () => resolve('open')).on('error', reject))).rejects.toThrow(
    'ECONNREFUSED',
  );
  stop();
  env.loop.stop();
});
