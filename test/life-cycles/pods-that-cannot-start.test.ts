import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Container, Pod, PodSpec } from '../../generated/types/index.ts';
import { refs } from '../../src/client/index.ts';
import type { Cluster } from '../../src/cluster/index.ts';
import { simulatedCluster } from '../support/simulated-cluster.ts';

let cluster: Cluster;
beforeAll(async () => {
  cluster = await simulatedCluster({ nodes: 1 });
}, 60_000);
afterAll(() => cluster.stop());

let count = 0;
/** Creates a pod with one container, and tells after some seconds how it is and what was said about it. */
async function tried(change: Partial<Container>, spec: Partial<PodSpec> = {}) {
  count += 1;
  const name = `p${count}`;
  const container: Container = { name: 'c', image: 'busybox', command: ['sleep', '36000'], ...change };
  await cluster.admin.pods.create({ metadata: { name, namespace: 'default' }, spec: { containers: [container], ...spec } } as Pod);
  await cluster.env.loop.advance(12_000);
  const pod = await cluster.admin.pods.get({ namespace: 'default', name });
  const { items } = await cluster.admin.events.list({ namespace: 'default', fieldSelector: `involvedObject.name=${name}` });
  const warnings = items.filter((one) => one.type === 'Warning').map((one) => `${one.reason}: ${one.message}`);
  return { pod, waiting: pod.status?.containerStatuses?.[0]?.state?.waiting, status: pod.status, warnings };
}

test('a missing config map or key, or a root user where none may be, is CreateContainerConfigError', async () => {
  const missing = await tried({ envFrom: [{ configMapRef: { name: 'nosuch' } }] });
  expect(missing.waiting).toEqual({ reason: 'CreateContainerConfigError', message: 'configmap "nosuch" not found' });
  expect(missing.warnings).toEqual(['Failed: Error: configmap "nosuch" not found']);
  await cluster.admin.secrets.create({ metadata: { name: 'app', namespace: 'default' }, data: {} });
  const key = await tried({ env: [{ name: 'A', valueFrom: { secretKeyRef: { name: 'app', key: 'nosuch' } } }] });
  expect(key.waiting).toEqual({ reason: 'CreateContainerConfigError', message: "couldn't find key nosuch in Secret default/app" });
  const root = await tried({ securityContext: { runAsNonRoot: true } });
  expect(root.waiting?.message).toMatch(/^container has runAsNonRoot and image will run as root \(pod: "p\d+_default\([0-9a-f-]+\)", container: c\)$/);
});

test('a profile that the node does not have, of AppArmor or of system calls, is CreateContainerError', async () => {
  const appArmor = await tried({ securityContext: { appArmorProfile: { type: 'Localhost', localhostProfile: 'deny-write' } } });
  const message = 'failed to get container spec opts: failed to generate apparmor spec opts: apparmor profile not found deny-write';
  expect(appArmor.waiting).toEqual({ reason: 'CreateContainerError', message });
  expect(appArmor.warnings).toEqual([`Failed: Error: ${message}`]);
  const localhost = { seccompProfile: { type: 'Localhost', localhostProfile: 'profiles/audit.json' } };
  const file = '/var/lib/kubelet/seccomp/profiles/audit.json';
  expect((await tried({}, { securityContext: localhost })).waiting?.message).toBe(
    `failed to create containerd container: cannot load seccomp profile "${file}": open ${file}: no such file or directory`,
  );
  // Who may write to the node's files may bring one.
  const write = await tried(
    {
      command: ['sh', '-c', `mkdir -p /host/profiles; echo '{"defaultAction":"SCMP_ACT_LOG"}' >/host/profiles/audit.json; sleep 36000`],
      volumeMounts: [{ name: 'host', mountPath: '/host' }],
    },
    { volumes: [{ name: 'host', hostPath: { path: '/var/lib/kubelet/seccomp', type: 'DirectoryOrCreate' } }] },
  );
  const node = write.pod.spec?.nodeName ?? '';
  expect((await tried({}, { securityContext: localhost, nodeName: node })).status?.phase).toBe('Running');
});

test('a command that is not there is RunContainerError first, then a crash', async () => {
  const { status, warnings } = await tried({ command: ['/nosuch'] });
  expect(warnings[0]).toMatch(/^Failed: Error: failed to create containerd task: .*exec: "\/nosuch": stat \/nosuch: no such file or directory/);
  const last = status?.containerStatuses?.[0]?.lastState?.terminated ?? status?.containerStatuses?.[0]?.state?.terminated;
  expect(last).toMatchObject({ exitCode: 128, reason: 'StartError' });
});

test('an image name that is none is InvalidImageName, with the reason of the parser', async () => {
  const upper = await tried({ image: 'NGINX' });
  const message = `Failed to apply default image tag "NGINX": couldn't parse image name "NGINX": invalid reference format: repository name (library/NGINX) must be lowercase`;
  expect(upper.waiting).toEqual({ reason: 'InvalidImageName', message });
  expect(upper.warnings).toEqual([`InspectFailed: ${message}`, 'Failed: Error: InvalidImageName']);
  expect((await tried({ image: 'nginx:' })).waiting?.message).toMatch(/: invalid reference format$/);
});

test('an image that may never be pulled and is not there is ErrImageNeverPull', async () => {
  const { waiting, warnings } = await tried({ image: 'redis:7', imagePullPolicy: 'Never' });
  const message = 'Container image "redis:7" is not present with pull policy of Never';
  expect(waiting).toEqual({ reason: 'ErrImageNeverPull', message });
  expect(warnings).toEqual([`ErrImageNeverPull: ${message}`, 'Failed: Error: ErrImageNeverPull']);
});

test('a runtime handler that no runtime has leaves the pod without a sandbox, with its overhead counted', async () => {
  const overhead = { podFixed: { cpu: '250m', memory: '120Mi' } };
  await cluster.admin.resource(refs.runtimeClasses).create({ metadata: { name: 'kata' }, handler: 'kata-fc', overhead } as never);
  await cluster.admin.resource(refs.runtimeClasses).create({ metadata: { name: 'plain' }, handler: 'runc' } as never);
  const kata = await tried({}, { runtimeClassName: 'kata' });
  expect(kata.pod.spec?.overhead).toEqual(overhead.podFixed);
  expect(kata.waiting).toEqual({ reason: 'ContainerCreating' });
  expect(kata.warnings).toEqual([
    'FailedCreatePodSandBox: Failed to create pod sandbox: rpc error: code = Unknown desc = failed to get sandbox runtime: no runtime for "kata-fc" is configured',
  ]);
  expect((await tried({}, { runtimeClassName: 'plain' })).status?.phase).toBe('Running');
});

test('a host port leads from its node to the pod; a second pod that wants it waits, or is refused once it is bound', async () => {
  const node = cluster.nodes[0];
  const ports = [{ containerPort: 80, hostPort: 8088 }];
  const web = await tried({ image: 'nginx', command: [], ports });
  expect(web.status?.phase).toBe('Running');
  const fetch = `wget -qO /dev/null http://${node?.address}:8088/`;
  const client = await tried({ command: ['sh', '-c', `${fetch} && sleep 36000`] }, { restartPolicy: 'Never' });
  expect(client.status?.phase).toBe('Running');
  const second = await tried({ image: 'nginx', command: [], ports });
  expect(second.pod.status?.conditions?.[0]?.message).toMatch(/^0\/1 nodes are available: 1 node\(s\) didn't have free ports for the requested pod ports\./);
  const bound = await tried({ image: 'nginx', command: [], ports }, { nodeName: node?.name ?? '' });
  expect(bound.status).toMatchObject({
    phase: 'Failed',
    reason: 'NodePorts',
    message: "Pod was rejected: Predicate NodePorts failed: node(s) didn't have free ports for the requested pod ports",
  });
  expect(bound.status?.containerStatuses).toBeUndefined();
  expect(bound.warnings).toEqual(["NodePorts: Predicate NodePorts failed: node(s) didn't have free ports for the requested pod ports"]);
  await cluster.admin.pods.delete({ namespace: 'default', name: web.pod.metadata?.name ?? '' }, { gracePeriodSeconds: 0 });
  await cluster.env.loop.advance(1000);
  const after = await tried({ command: ['sh', '-c', fetch] }, { restartPolicy: 'Never' });
  // The pod that waited has the port now.
  expect(after.status?.phase).toBe('Succeeded');
  expect((await cluster.admin.pods.get({ namespace: 'default', name: second.pod.metadata?.name ?? '' })).status?.phase).toBe('Running');
});

test('a kernel parameter that is not safe is forbidden by the node; a safe one shows in /proc/sys, where nobody can write', async () => {
  const sysctls = (name: string, value: string) => ({ securityContext: { sysctls: [{ name, value }] } });
  const unsafe = await tried({}, sysctls('kernel.msgmax', '65536'));
  expect(unsafe.status).toMatchObject({
    phase: 'Failed',
    reason: 'SysctlForbidden',
    message: 'Pod was rejected: forbidden sysctl: "kernel.msgmax" not allowlisted',
  });
  expect(unsafe.warnings).toEqual(['SysctlForbidden: forbidden sysctl: "kernel.msgmax" not allowlisted']);
  const script = 'cd /proc/sys/net/ipv4; cat ip_local_port_range; sysctl -n net.ipv4.tcp_syncookies; sysctl no.such; sysctl -w net.ipv4.tcp_syncookies=0';
  const safe = await tried(
    { command: ['sh', '-c', `(${script}) > /dev/termination-log 2>&1`] },
    { restartPolicy: 'Never', ...sysctls('net/ipv4/ip_local_port_range', '1024  65000') },
  );
  expect(safe.status?.containerStatuses?.[0]?.state?.terminated?.message).toBe(
    "1024\t65000\n1\nsysctl: error: 'no/such' is an unknown key\nsysctl: error setting key 'net.ipv4.tcp_syncookies': Read-only file system\n",
  );
});

test('a subPath that a link leads out of its volume is refused without a word of where to; one that stays inside is followed', async () => {
  const through = async (target: string) => {
    const mount = { name: 'v', mountPath: '/v' };
    const init: Container = {
      name: 'i',
      image: 'busybox',
      command: ['sh', '-c', `mkdir /v/real; echo inside > /v/real/f; ln -s ${target} /v/link`],
      volumeMounts: [mount],
    };
    const change = { command: ['sh', '-c', 'cat /sub/f; sleep 36000'], volumeMounts: [{ name: 'v', mountPath: '/sub', subPath: 'link' }] };
    return await tried(change, { initContainers: [init], volumes: [{ name: 'v', emptyDir: {} }] });
  };
  const out = await through('/etc');
  const message = 'failed to prepare subPath for volumeMount "v" of container "c"';
  expect(out.waiting).toEqual({ reason: 'CreateContainerConfigError', message });
  expect(out.warnings).toEqual([`Failed: Error: ${message}`]);
  expect((await through('../../..')).waiting?.message).toBe(message);
  expect((await through('nosuch')).waiting?.message).toBe('failed to create subPath directory for volumeMount "v" of container "c"');
  expect((await through('real')).status?.phase).toBe('Running');
});
