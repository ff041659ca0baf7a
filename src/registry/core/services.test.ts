import { expect, test } from 'vitest';
import type { Service } from '../../../generated/types/index.ts';
import type { RequestContext } from '../generic/strategy.ts';
import { IpAllocator } from './ip-allocator.ts';
import { PortAllocator } from './port-allocator.ts';
import { createServiceStrategy } from './services.ts';

const context: RequestContext = { user: { username: 'admin', groups: [] }, now: 0, dryRun: false, warn() {} };
const newStrategy = () => createServiceStrategy({ ips: new IpAllocator('10.96.0.0/16'), ports: new PortAllocator() });

function create(strategy: ReturnType<typeof newStrategy>, name: string, spec: Service['spec']): Service {
  const service: Service = { metadata: { name, namespace: 'default' }, spec };
  strategy.applyDefaults?.(service);
  strategy.prepareForCreate?.(service, context);
  const reservation = strategy.reserve?.(service, undefined, context) as { commit(): void };
  expect(strategy.validate(service)).toEqual([]);
  reservation.commit();
  return service;
}

test('a service gets the same address whatever was created before it', () => {
  const alone = create(newStrategy(), 'web', { ports: [{ port: 80 }] });
  const strategy = newStrategy();
  create(strategy, 'other', { ports: [{ port: 80 }] });
  expect(create(strategy, 'web', { ports: [{ port: 80 }] }).spec?.clusterIP).toBe(alone.spec?.clusterIP);
  expect(alone.spec).toMatchObject({
    clusterIPs: [alone.spec?.clusterIP],
    ipFamilies: ['IPv4'],
    ipFamilyPolicy: 'SingleStack',
    internalTrafficPolicy: 'Cluster',
  });
});

test('an address that is taken is refused, and free again when its service is gone', () => {
  const strategy = newStrategy();
  const dns = create(strategy, 'kube-dns', { clusterIP: '10.96.0.10', ports: [{ port: 53 }] });
  const second = (): Service => create(strategy, 'dns2', { clusterIP: '10.96.0.10', ports: [{ port: 53 }] });
  expect(second).toThrow(
    'Service "dns2" is invalid: spec.clusterIPs: Invalid value: []string{"10.96.0.10"}: failed to allocate IP 10.96.0.10: provided IP is already allocated',
  );
  strategy.released?.(dns);
  expect(second().spec?.clusterIP).toBe('10.96.0.10');
});

test('node ports are in their range, and one that is taken is refused', () => {
  const strategy = newStrategy();
  const [port] = create(strategy, 'web', { type: 'NodePort', ports: [{ port: 80 }] }).spec?.ports ?? [];
  expect(port?.nodePort).toBeGreaterThanOrEqual(30_086);
  expect(port?.nodePort).toBeLessThanOrEqual(32_767);
  const again = (): Service => create(strategy, 'x', { type: 'NodePort', ports: [{ port: 80, nodePort: port!.nodePort! }] });
  expect(again).toThrow(`Service "x" is invalid: spec.ports[0].nodePort: Invalid value: ${port?.nodePort}: provided port is already allocated`);
  const outside = (): Service => create(strategy, 'x', { type: 'NodePort', ports: [{ port: 80, nodePort: 80 }] });
  expect(outside).toThrow('provided port is not in the valid range. The range of valid ports is 30000-32767');
});

test('a service that is not kept is told neither what is taken nor what is out of range, but of ports twice, and sees what nobody has', () => {
  const strategy = newStrategy();
  const dry = (spec: Service['spec']): Service['spec'] => {
    const service: Service = { metadata: { name: 'dry', namespace: 'default' }, spec };
    strategy.applyDefaults?.(service);
    strategy.prepareForCreate?.(service, context);
    strategy.reserve?.(service, undefined, { ...context, dryRun: true });
    return service.spec;
  };
  const ports = [
    { name: 'a', port: 80 },
    { name: 'b', port: 81, nodePort: 5 },
    { name: 'c', port: 82 },
  ];
  create(strategy, 'dns', { clusterIP: '10.96.0.10', type: 'NodePort', ports: [{ port: 53, nodePort: 30_053 }] });
  const seen = dry({ type: 'LoadBalancer', externalTrafficPolicy: 'Local', ports: structuredClone(ports.filter(({ name }) => name !== 'b')) });
  expect(seen).toMatchObject({ clusterIP: '10.96.0.0', clusterIPs: ['10.96.0.0'], healthCheckNodePort: 32_771 });
  expect(seen?.ports?.map(({ nodePort }) => nodePort)).toEqual([32_769, 32_770]);
  expect(dry({ type: 'NodePort', clusterIP: '10.96.0.10', ports: structuredClone(ports) })?.ports?.[1]?.nodePort).toBe(5);
  expect(() => dry({ type: 'NodePort', ports: [{ port: 53, nodePort: 30_053 }] })).toThrow('provided port is already allocated');
  expect(() => dry({ clusterIP: '10.0.0.1', ports: [{ port: 53 }] })).toThrow(
    'the provided IP (10.0.0.1) is not in the valid range. The range of valid IPs is 10.96.0.0/16',
  );
});

test('the address may not change, and a PUT without it keeps it', () => {
  const strategy = newStrategy();
  const previous = create(strategy, 'web', { ports: [{ port: 80 }] });
  previous.metadata!.resourceVersion = '1';
  const update = (spec: Service['spec']): string[] => {
    const next: Service = { metadata: { ...previous.metadata }, spec };
    strategy.applyDefaults?.(next);
    strategy.prepareForUpdate?.(next, previous, context);
    strategy.reserve?.(next, previous, context);
    return (strategy.validateUpdate?.(next, previous) ?? []).map(String);
  };
  expect(update({ ports: [{ port: 81 }] })).toEqual([]);
  expect(update({ clusterIP: '10.96.0.9', clusterIPs: ['10.96.0.9'], ports: [{ port: 80 }] })).toEqual([
    'spec.clusterIPs[0]: Invalid value: []string{"10.96.0.9"}: may not change once set',
  ]);
});

/** What a PUT of `spec` over `previous` would store, and what validation says of it. */
function replace(strategy: ReturnType<typeof newStrategy>, previous: Service, spec: Service['spec']): { readonly next: Service; readonly mistakes: string[] } {
  const next: Service = { metadata: { ...previous.metadata, resourceVersion: '1' }, spec };
  strategy.applyDefaults?.(next);
  strategy.prepareForUpdate?.(next, previous, context);
  strategy.reserve?.(next, previous, context);
  return { next, mistakes: (strategy.validateUpdate?.(next, previous) ?? []).map(String) };
}

test('an old client that changes only clusterIP is told that it may not change, even to an address out of range or from none', () => {
  const strategy = newStrategy();
  const ports = [{ port: 80 }];
  const refusal = (ip: string) => [`spec.clusterIPs[0]: Invalid value: []string{"${ip}"}: may not change once set`];
  const web = create(strategy, 'web', { ports });
  expect(replace(strategy, web, { clusterIP: '192.168.1.1', ports }).mistakes).toEqual(refusal('192.168.1.1'));
  const selector = { app: 'web' };
  const headless = create(strategy, 'headless', { clusterIP: 'None', selector, ports });
  expect(replace(strategy, headless, { clusterIP: '192.168.1.1', selector, ports }).mistakes).toEqual(refusal('192.168.1.1'));
  expect(replace(strategy, headless, { clusterIP: '10.96.0.77', selector, ports }).mistakes).toEqual(refusal('10.96.0.77'));
  // Without a selector it was of both families, which this cluster has no addresses for.
  const loose = create(strategy, 'loose', { clusterIP: 'None', ports });
  expect(() => replace(strategy, loose, { clusterIP: '10.96.0.77', ports })).toThrow(
    'Service "loose" is invalid: spec.ipFamilyPolicy: Invalid value: "RequireDualStack": this cluster is not configured for dual-stack services',
  );
  // Nothing was taken for what was refused.
  expect(create(strategy, 'other', { clusterIP: '10.96.0.77', ports }).spec?.clusterIP).toBe('10.96.0.77');
  expect(() => replace(strategy, web, { clusterIPs: ['10.96.0.200'], ports })).toThrow(
    'Service "web" is invalid: spec.clusterIPs: Invalid value: []string{"10.96.0.200"}: first value must match `clusterIP`',
  );
});

test('a port keeps its node port by its name, whatever number and protocol it gets', () => {
  const strategy = newStrategy();
  const before = create(strategy, 'web', {
    type: 'NodePort',
    ports: [
      { name: 'a', port: 80, nodePort: 30_111 },
      { name: 'b', port: 81, nodePort: 30_112 },
    ],
  });
  const renumbered = [
    { name: 'a', port: 8080, protocol: 'UDP' },
    { name: 'b', port: 82 },
  ];
  expect(replace(strategy, before, { type: 'NodePort', ports: renumbered }).next.spec?.ports?.map((port) => port.nodePort)).toEqual([30_111, 30_112]);
  const taken = [
    { name: 'a', port: 80 },
    { name: 'b', port: 81, nodePort: 30_111 },
  ];
  const [a, b] = replace(strategy, before, { type: 'NodePort', ports: taken }).next.spec?.ports ?? [];
  expect(b?.nodePort).toBe(30_111);
  expect(a?.nodePort).not.toBe(30_111);
});

test('a Service that becomes ClusterIP lets go of its node ports, unless the client asks for another one', () => {
  const strategy = newStrategy();
  const ports = [
    { name: 'a', port: 80, nodePort: 30_111 },
    { name: 'b', port: 81, nodePort: 30_112 },
  ];
  const before = create(strategy, 'web', { type: 'NodePort', ports: structuredClone(ports) });
  const swapped = ports.map((port, i) => ({ ...port, nodePort: ports[1 - i]!.nodePort }));
  expect(replace(strategy, before, { type: 'ClusterIP', ports: swapped })).toMatchObject({ mistakes: [] });
  expect(replace(strategy, before, { type: 'ClusterIP', ports: [ports[0]!, { ...ports[1]!, nodePort: 30_999 }] }).mistakes).toEqual(
    [0, 1].map((i) => `spec.ports[${i}].nodePort: Forbidden: may not be used when \`type\` is 'ClusterIP'`),
  );
});

test('what a load balancer said is gone from the status once the Service is of another type', () => {
  const strategy = newStrategy();
  const before = create(strategy, 'web', { type: 'LoadBalancer', ports: [{ port: 80 }] });
  const condition = { type: 'X', status: 'True', reason: 'A', message: '', lastTransitionTime: '2020-01-01T00:00:00Z' };
  before.status = { loadBalancer: { ingress: [{ ip: '1.2.3.4', ipMode: 'VIP' }] }, conditions: [condition] };
  expect(replace(strategy, before, { type: 'LoadBalancer', ports: [{ port: 80 }] }).next.status).toEqual(before.status);
  expect(replace(strategy, before, { type: 'ClusterIP', ports: [{ port: 80 }] }).next.status).toEqual({ loadBalancer: {}, conditions: [condition] });
});
