import { expect, test } from 'vitest';
import type { EndpointSlice, Service, ServiceSpec } from '../../generated/types/index.ts';
import { FedInformer, simulatedEnv } from './fixture.ts';
import { createDialer, createNodeNetwork, createServiceProxy, Fabric, HostLocalIpam } from './index.ts';

function service(name: string, spec: ServiceSpec): Service {
  return { metadata: { name, namespace: 'default' }, spec: { clusterIP: '10.96.0.50', ports: [{ port: 80, protocol: 'TCP' }], ...spec } };
}

function slice(
  name: string,
  endpoints: { ip: string; node?: string; ready?: boolean; serving?: boolean; terminating?: boolean }[],
  port = 8080,
): EndpointSlice {
  return {
    metadata: { name: `${name}-abcde`, namespace: 'default', labels: { 'kubernetes.io/service-name': name } },
    addressType: 'IPv4',
    ports: [{ name: '', port, protocol: 'TCP' }],
    endpoints: endpoints.map(({ ip, node, ...conditions }) => ({
      addresses: [ip],
      conditions: { ready: true, ...conditions },
      ...(node ? { nodeName: node } : {}),
    })),
  };
}

async function world() {
  const env = simulatedEnv();
  const fabric = new Fabric(env);
  const node = createNodeNetwork({ fabric, nodeName: 'worker', nodeAddress: '172.18.0.3', podCidr: '10.244.1.0/24' });
  const services = new FedInformer<Service>();
  const endpointSlices = new FedInformer<EndpointSlice>();
  const nodeAddress = (name: string) => (name === 'worker' ? '172.18.0.3' : undefined);
  fabric.setTranslator(createServiceProxy({ env, services, endpointSlices, nodeAddress, flows: fabric.flows }));
  const pods = [];
  for (const id of ['a', 'b', 'c']) pods.push((await node.attach({ id, hostNetwork: false })).stack);
  return { env, fabric, services, endpointSlices, pods, node };
}

const pod = (number: number) => ({ ip: `10.244.1.${number}`, node: 'worker' });

test('a service leads to its ready endpoints in turn', async () => {
  const { services, endpointSlices, pods } = await world();
  services.set(service('web', {}));
  endpointSlices.set(slice('web', [pod(2), pod(3), { ...pod(4), ready: false }]));
  const counts = [0, 0, 0];
  const listeners = pods.map((stack) => stack.listen('0.0.0.0', 8080));
  for (let i = 0; i < 6; i += 1) {
    const connection = await pods[2]?.connect('10.96.0.50', 80);
    expect([connection?.remoteAddress, connection?.remotePort]).toEqual(['10.96.0.50', 80]);
  }
  listeners.forEach((listener, index) => {
    while (listener.accept()) counts[index] = (counts[index] ?? 0) + 1;
  });
  expect(counts).toEqual([3, 3, 0]);
});

test('without endpoints a service refuses; with only ending ones that still serve, those are used', async () => {
  const { services, endpointSlices, pods } = await world();
  services.set(service('web', {}));
  await expect(pods[2]?.connect('10.96.0.50', 80)).rejects.toThrow('Connection refused');
  pods[0]?.listen('0.0.0.0', 8080);
  endpointSlices.set(slice('web', [{ ...pod(2), ready: false, serving: true, terminating: true }]));
  await expect(pods[2]?.connect('10.96.0.50', 80)).resolves.toBeDefined();
});

test('a node port is reached from outside and shows the node as the sender, or the client with externalTrafficPolicy Local', async () => {
  const { fabric, services, endpointSlices, pods } = await world();
  const ports = [{ port: 80, nodePort: 30080, protocol: 'TCP' }];
  services.set(service('web', { type: 'NodePort', ports }));
  endpointSlices.set(slice('web', [pod(2)]));
  const listener = pods[0]?.listen('0.0.0.0', 8080);
  const dialer = createDialer(fabric, '172.18.0.1');
  await dialer.dial('172.18.0.3', 30080);
  expect(listener?.accept()?.remoteAddress).toBe('172.18.0.3');
  services.set(service('web', { type: 'NodePort', ports, externalTrafficPolicy: 'Local' }));
  await dialer.dial('172.18.0.3', 30080);
  expect(listener?.accept()?.remoteAddress).toBe('172.18.0.1');
});

test('session affinity keeps a client at its endpoint until the time is over', async () => {
  const { env, services, endpointSlices, pods } = await world();
  services.set(service('web', { sessionAffinity: 'ClientIP', sessionAffinityConfig: { clientIP: { timeoutSeconds: 10 } } }));
  endpointSlices.set(slice('web', [pod(2), pod(3)]));
  const listeners = pods.slice(0, 2).map((stack) => stack.listen('0.0.0.0', 8080));
  const connect = async () => {
    await pods[2]?.connect('10.96.0.50', 80);
    return listeners.findIndex((one) => one.accept());
  };
  expect([await connect(), await connect(), await connect()]).toEqual([0, 0, 0]);
  await env.loop.advance(11_000);
  expect(await connect()).toBe(1);
});

test('an answer to a datagram comes from the service address that was asked', async () => {
  const { env, services, endpointSlices, pods } = await world();
  services.set(service('dns', { clusterIP: '10.96.0.10', ports: [{ port: 53, protocol: 'UDP' }] }));
  endpointSlices.set({ ...slice('dns', [pod(2)]), ports: [{ name: '', port: 53, protocol: 'UDP' }] });
  const server = pods[0]?.bindDatagram('0.0.0.0', 53);
  const client = pods[1]?.bindDatagram('0.0.0.0', 0);
  client?.send(new Uint8Array([1]), '10.96.0.10', 53);
  await env.loop.settle();
  const question = server?.receive();
  expect(question?.address).toBe('10.244.1.3');
  server?.send(new Uint8Array([2]), question?.address ?? '', question?.port ?? 0);
  await env.loop.settle();
  expect(client?.receive()).toEqual({ data: new Uint8Array([2]), address: '10.96.0.10', port: 53 });
});

test('a pod that reaches itself by its service sees the node as the sender', async () => {
  const { services, endpointSlices, pods } = await world();
  services.set(service('web', {}));
  endpointSlices.set(slice('web', [pod(2)]));
  const listener = pods[0]?.listen('0.0.0.0', 8080);
  await pods[0]?.connect('10.96.0.50', 80);
  expect(listener?.accept()?.remoteAddress).toBe('172.18.0.3');
});

test('addresses are given out round and round, and none is left when all are taken', () => {
  const ipam = new HostLocalIpam('10.244.1.0/29');
  expect(['a', 'b', 'c'].map((id) => ipam.allocate(id))).toEqual(['10.244.1.2', '10.244.1.3', '10.244.1.4']);
  ipam.release('a');
  expect(['d', 'e', 'f'].map((id) => ipam.allocate(id))).toEqual(['10.244.1.5', '10.244.1.6', '10.244.1.2']);
  expect(() => ipam.allocate('g')).toThrow('no IP addresses available in range set: 10.244.1.1-10.244.1.6');
});
