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
