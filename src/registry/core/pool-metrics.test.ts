import { expect, test } from 'vitest';
import { Metrics } from '../../env/index.ts';
import { IpAllocator } from './ip-allocator.ts';
import { PortAllocator } from './port-allocator.ts';

async function told(metrics: Metrics): Promise<Record<string, number>> {
  const all: Record<string, number> = {};
  for (const { name, samples } of metrics.families()) {
    for (const { labels, value } of await samples()) all[[name.replace('kube_apiserver_', ''), ...Object.values(labels)].join(' ')] = value;
  }
  return all;
}

test('addresses are counted by range; those that are chosen from the first one are then asked for by name, as upstream does', async () => {
  const [metrics, ips] = [new Metrics(), new IpAllocator('10.0.0.0/30')];
  ips.meter(metrics);
  ips.takeAny('a');
  ips.takeAny('b');
  expect(ips.take('10.0.0.1')).toBe('provided IP is already allocated');
  ips.addRange('10.1.0.0/24');
  ips.takeAny('c');
  ips.take('10.1.0.3');
  expect(ips.take('10.1.0.3')).toBe('provided IP is already allocated');
  expect(await told(metrics)).toEqual({
    'clusterip_allocator_allocated_ips 10.0.0.0/30': 2,
    'clusterip_allocator_available_ips 10.0.0.0/30': 0,
    'clusterip_allocator_allocation_total 10.0.0.0/30 static': 2,
    'clusterip_allocator_allocation_duration_seconds 10.0.0.0/30': 2,
    'clusterip_allocator_allocated_ips 10.1.0.0/24': 2,
    'clusterip_allocator_available_ips 10.1.0.0/24': 252,
    'clusterip_allocator_allocation_total 10.1.0.0/24 dynamic': 1,
    'clusterip_allocator_allocation_total 10.1.0.0/24 static': 1,
    'clusterip_allocator_allocation_errors_total 10.1.0.0/24 static': 1,
    'clusterip_allocator_allocation_duration_seconds 10.1.0.0/24': 2,
  });
});

test('node ports are counted, given or refused', async () => {
  const [metrics, ports] = [new Metrics(), new PortAllocator(30_000, 30_001)];
  ports.meter(metrics);
  ports.take(30_001);
  ports.take(30_001);
  ports.take(1);
  ports.takeAny('a');
  ports.takeAny('b');
  expect(await told(metrics)).toEqual({
    nodeport_allocator_allocated_ports: 2,
    nodeport_allocator_available_ports: 0,
    'nodeport_allocator_allocation_total static': 1,
    'nodeport_allocator_allocation_total dynamic': 1,
    'nodeport_allocator_allocation_errors_total static': 2,
    'nodeport_allocator_allocation_errors_total dynamic': 1,
  });
});
