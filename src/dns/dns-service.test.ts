import { Buffer } from 'node:buffer';
import dnsPacket from 'dns-packet';
import { expect, test } from 'vitest';
import type { EndpointSlice, Namespace, Service, ServiceSpec } from '../../generated/types/index.ts';
import { FedInformer, simulatedEnv } from '../network/fixture.ts';
import { createDnsService, offlineUpstream } from './index.ts';

const zone = 'cluster.local';

function world() {
  const services = new FedInformer<Service>();
  const endpointSlices = new FedInformer<EndpointSlice>();
  const namespaces = new FedInformer<Namespace>();
  for (const name of ['default', 'kube-system']) namespaces.set({ metadata: { name } });
  const service = (name: string, spec: ServiceSpec, namespace = 'default') => services.set({ metadata: { name, namespace }, spec });
  service('kubernetes', { clusterIP: '10.96.0.1', ports: [{ name: 'https', port: 443, protocol: 'TCP' }] });
  service('kube-dns', { clusterIP: '10.96.0.10', ports: [{ name: 'dns', port: 53, protocol: 'UDP' }] }, 'kube-system');
  service('nginx', { clusterIP: 'None', ports: [{ name: 'web', port: 80, protocol: 'TCP' }] });
  service('db', { type: 'ExternalName', externalName: 'my.database.example.com' });
  service('alias', { type: 'ExternalName', externalName: 'kubernetes.default.svc.cluster.local' });
  service('empty', { clusterIP: 'None', ports: [{ port: 80 }] });
  endpointSlices.set({
    metadata: { name: 'nginx-x', namespace: 'default', labels: { 'kubernetes.io/service-name': 'nginx' } },
    addressType: 'IPv4',
    ports: [{ name: 'web', port: 80, protocol: 'TCP' }],
    endpoints: [
      { addresses: ['10.244.1.5'], hostname: 'web-0', conditions: { ready: true } },
      { addresses: ['10.244.1.6'], conditions: {} },
      { addresses: ['10.244.1.7'], conditions: { ready: false } },
    ],
  });
  const upstream = offlineUpstream({ 'my.database.example.com': ['203.0.113.7'] });
  const dns = createDnsService({ env: simulatedEnv(), informers: { services, endpointSlices, namespaces }, zone, upstream });
  return { dns, services };
}

type Asked = ReturnType<typeof dnsPacket.decode> & { rcode?: string; flag_aa?: boolean; flag_tc?: boolean };

async function ask(name: string, type = 'A', options: { edns?: number; transport?: 'udp' | 'tcp' } = {}, dns = world().dns): Promise<Asked> {
  const additionals = options.edns
    ? [{ type: 'OPT' as const, name: '.', udpPayloadSize: options.edns, flags: 0, options: [], extendedRcode: 0, ednsVersion: 0, flag_do: false }]
    : [];
  const message = dnsPacket.encode({ type: 'query', id: 7, flags: 0x100, questions: [{ name, type: type as 'A' }], additionals });
  return dnsPacket.decode(Buffer.from(await dns.answer(message, { transport: options.transport ?? 'udp' }))) as Asked;
}

const data = (reply: Asked) => (reply.answers ?? []).map((one) => ('data' in one ? one.data : undefined));

test('a service has its cluster address, authoritatively and for 30 seconds', async () => {
  const reply = await ask('Kubernetes.default.svc.cluster.local');
  expect(reply.answers).toEqual([{ name: 'Kubernetes.default.svc.cluster.local', type: 'A', class: 'IN', ttl: 30, flush: false, data: '10.96.0.1' }]);
  expect([reply.id, reply.rcode, reply.flag_aa, (reply as { flag_ra?: boolean }).flag_ra]).toEqual([7, 'NOERROR', true, false]);
});

test('what is missing is NXDOMAIN, what has no such record is NODATA, both with the SOA of the zone', async () => {
  const cases: [string, string, string][] = [
    ['myservice.default.svc.cluster.local', 'A', 'NXDOMAIN'],
    ['kubernetes.nowhere.svc.cluster.local', 'A', 'NXDOMAIN'],
    ['nowhere.svc.cluster.local', 'A', 'NXDOMAIN'],
    ['kubernetes.default.cluster.local', 'A', 'NXDOMAIN'],
    ['empty.default.svc.cluster.local', 'A', 'NXDOMAIN'],
    ['_grpc._tcp.kubernetes.default.svc.cluster.local', 'SRV', 'NXDOMAIN'],
    ['a.b.c.kubernetes.default.svc.cluster.local', 'A', 'NXDOMAIN'],
    ['kubernetes.default.svc.cluster.local', 'AAAA', 'NOERROR'],
    ['kubernetes.default.svc.cluster.local', 'MX', 'NOERROR'],
    ['default.svc.cluster.local', 'A', 'NOERROR'],
    ['svc.cluster.local', 'A', 'NOERROR'],
    ['cluster.local', 'A', 'NOERROR'],
  ];
  for (const [name, type, rcode] of cases) {
    const reply = await ask(name, type);
    expect([name, reply.rcode, reply.answers]).toEqual([name, rcode, []]);
    const soa = reply.authorities?.[0] as unknown as { name: string; data: { mname: string; rname: string; minimum: number } };
    expect([soa.name, soa.data.mname, soa.data.rname, soa.data.minimum]).toEqual([zone, 'ns.dns.cluster.local', 'hostmaster.cluster.local', 30]);
  }
});

test('a headless service has the addresses of its ready endpoints, in another order each time', async () => {
  const { dns } = world();
  expect(data(await ask('nginx.default.svc.cluster.local', 'A', {}, dns))).toEqual(['10.244.1.5', '10.244.1.6']);
  expect(data(await ask('nginx.default.svc.cluster.local', 'A', {}, dns))).toEqual(['10.244.1.6', '10.244.1.5']);
});

test('endpoints have names of their own: the hostname, or the address with dashes', async () => {
  expect(data(await ask('web-0.nginx.default.svc.cluster.local'))).toEqual(['10.244.1.5']);
  expect(data(await ask('10-244-1-6.nginx.default.svc.cluster.local'))).toEqual(['10.244.1.6']);
  expect((await ask('10-244-1-7.nginx.default.svc.cluster.local')).rcode).toBe('NXDOMAIN');
});

test('SRV names port and target, with the addresses beside', async () => {
  const one = await ask('_https._tcp.kubernetes.default.svc.cluster.local', 'SRV');
  expect(data(one)).toEqual([{ priority: 0, weight: 100, port: 443, target: 'kubernetes.default.svc.cluster.local' }]);
  expect(one.additionals?.map((record) => ('data' in record ? record.data : ''))).toEqual(['10.96.0.1']);
  const two = await ask('_web._tcp.nginx.default.svc.cluster.local', 'SRV');
  expect(data(two)).toEqual([
    { priority: 0, weight: 50, port: 80, target: 'web-0.nginx.default.svc.cluster.local' },
    { priority: 0, weight: 50, port: 80, target: '10-244-1-6.nginx.default.svc.cluster.local' },
  ]);
});

test('addresses lead back to services and endpoints', async () => {
  expect(data(await ask('1.0.96.10.in-addr.arpa', 'PTR'))).toEqual(['kubernetes.default.svc.cluster.local']);
  expect(data(await ask('5.1.244.10.in-addr.arpa', 'PTR'))).toEqual(['web-0.nginx.default.svc.cluster.local']);
  expect((await ask('9.9.9.10.in-addr.arpa', 'PTR')).rcode).toBe('NXDOMAIN');
});

test('an ExternalName is followed, inside the zone and outside', async () => {
  expect(data(await ask('db.default.svc.cluster.local'))).toEqual(['my.database.example.com', '203.0.113.7']);
  expect(data(await ask('alias.default.svc.cluster.local'))).toEqual(['kubernetes.default.svc.cluster.local', '10.96.0.1']);
  expect(data(await ask('db.default.svc.cluster.local', 'CNAME'))).toEqual(['my.database.example.com']);
});

test('pod names hold their address, in namespaces that exist', async () => {
  expect(data(await ask('10-244-9-9.default.pod.cluster.local'))).toEqual(['10.244.9.9']);
  expect((await ask('10-244-9-9.nowhere.pod.cluster.local')).rcode).toBe('NXDOMAIN');
  expect((await ask('web.default.pod.cluster.local')).rcode).toBe('NXDOMAIN');
});

test('the zone tells its version, its name server and its authority', async () => {
  expect(String(data(await ask('dns-version.cluster.local', 'TXT'))[0])).toBe('1.1.0');
  expect(data(await ask('cluster.local', 'NS'))).toEqual(['kube-dns.kube-system.svc.cluster.local']);
  expect(data(await ask('ns.dns.cluster.local'))).toEqual(['10.96.0.10']);
  expect((await ask('cluster.local', 'SOA')).answers?.[0]?.type).toBe('SOA');
});

test('outside the zone, names that exist nowhere are NXDOMAIN and others fail for want of a network', async () => {
  expect((await ask('myservice')).rcode).toBe('NXDOMAIN');
  expect((await ask('www.kubernetes.io')).rcode).toBe('SERVFAIL');
});

test('an answer that does not fit is cut and marked, over TCP and with EDNS it is whole', async () => {
  const { dns, services } = world();
  const ports = Array.from({ length: 40 }, (_, i) => ({ name: `p${i}`, port: 1000 + i, protocol: 'TCP' }));
  services.set({ metadata: { name: 'wide', namespace: 'default' }, spec: { clusterIP: '10.96.0.77', ports } });
  const name = 'wide.default.svc.cluster.local';
  const cut = await ask(name, 'SRV', {}, dns);
  expect(cut.flag_tc).toBe(true);
  expect(cut.answers?.length).toBeLessThan(40);
  expect((await ask(name, 'SRV', { transport: 'tcp' }, dns)).answers).toHaveLength(40);
  const wide = await ask(name, 'SRV', { edns: 4096 }, dns);
  expect([wide.flag_tc, wide.answers?.length]).toEqual([false, 40]);
  expect(wide.additionals?.some((one) => one.type === 'OPT')).toBe(true);
});

test('broken messages get the error they deserve, or nothing', async () => {
  const { dns } = world();
  const rcodeOf = async (bytes: Uint8Array) => ((await dns.answer(bytes))[3] ?? 99) & 0xf;
  const good = new Uint8Array(dnsPacket.encode({ type: 'query', id: 1, questions: [{ name: 'a.b', type: 'A' }] }));
  expect(await dns.answer(new Uint8Array(5))).toHaveLength(0);
  expect(await dns.answer(good.map((byte, index) => (index === 2 ? byte | 0x80 : byte)))).toHaveLength(0);
  expect(await rcodeOf(good.subarray(0, good.length - 3))).toBe(1);
  expect(await rcodeOf(good.map((byte, index) => (index === 2 ? byte | 0x28 : byte)))).toBe(4);
  const two = dnsPacket.encode({
    type: 'query',
    id: 1,
    questions: [
      { name: 'a.b', type: 'A' },
      { name: 'c.d', type: 'A' },
    ],
  });
  expect(await rcodeOf(two)).toBe(1);
  const chaos = dnsPacket.encode({ type: 'query', id: 1, questions: [{ name: 'version.bind', type: 'TXT', class: 'CH' }] });
  expect(await rcodeOf(chaos)).toBe(5);
});
