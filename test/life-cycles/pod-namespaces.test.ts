import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Container, PodSpec } from '../../generated/types/index.ts';
import type { Cluster } from '../../src/cluster/index.ts';
import { simulatedCluster } from '../support/simulated-cluster.ts';

let cluster: Cluster;
beforeAll(async () => {
  cluster = await simulatedCluster({ nodes: 1 });
}, 60_000);
afterAll(() => cluster.stop());

let count = 0;
/** Runs a script beside other containers and returns what it left as its message. */
async function said(script: string, spec: Partial<PodSpec> = {}, others: readonly Container[] = []): Promise<string | undefined> {
  count += 1;
  const name = `p${count}`;
  const asking: Container = { name: 'ask', image: 'busybox', command: ['sh', '-c', `(${script}) > /dev/termination-log 2>&1`] };
  await cluster.admin.pods.create({ metadata: { name, namespace: 'default' }, spec: { restartPolicy: 'Never', containers: [...others, asking], ...spec } });
  await cluster.env.loop.advance(20_000);
  const { status } = await cluster.admin.pods.get({ namespace: 'default', name });
  return status?.containerStatuses?.find((one) => one.name === 'ask')?.state?.terminated?.message;
}
const sleeper: Container = { name: 'other', image: 'busybox', command: ['sleep', '100000'] };

test('containers that share their processes see each other, with the pause container as the first, and may signal each other', async () => {
  const seen = await said('sleep 1; ps -o pid,args; pkill sleep && sleep 1; ps -o args', { shareProcessNamespace: true }, [sleeper]);
  expect(seen).toMatch(/^PID {3}COMMAND\n {4}1 \/pause\n/);
  expect(seen?.match(/sleep 100000/g)).toHaveLength(1);
  expect(await said('sleep 1; ps -o args', {}, [sleeper])).not.toContain('sleep 100000');
});

test('through /proc/PID/root a container looks into another one whose processes it shares, volumes included, but writes to none that is read-only', async () => {
  await cluster.admin.configMaps.create({ metadata: { name: 'conf', namespace: 'default' }, data: { key: 'from the map' } });
  const other: Container = { ...sleeper, command: ['sh', '-c', 'echo mine > /own; sleep 100000'], volumeMounts: [{ name: 'conf', mountPath: '/conf' }] };
  const script = `sleep 1; cd /proc/2/root; pwd; cat own conf/key; echo; ls conf/../own; echo x > conf/key; echo new > made; cat /proc/2/root/made
    cat /own; readlink /proc/2/root; ls /proc/1/root; ls /proc/self/root/own; pkill sleep`;
  const volumes = [{ name: 'conf', configMap: { name: 'conf' } }];
  expect((await said(script, { shareProcessNamespace: true, volumes }, [other]))?.split('\n')).toEqual([
    '/proc/2/root',
    'mine',
    'from the map',
    'conf/../own',
    "sh: can't create conf/key: Read-only file system",
    'new',
    "cat: can't open '/own': No such file or directory",
    '/',
    'ls: /proc/1/root: Permission denied', // Pause is another user's.
    'ls: /proc/self/root/own: No such file or directory',
    '',
  ]);
  const roots = { ...other, securityContext: { runAsUser: 0 } };
  const asUser = { shareProcessNamespace: true, volumes, securityContext: { runAsUser: 1000 } };
  expect(await said('sleep 1; cat /proc/2/root/own', asUser, [roots])).toBe("cat: can't open '/proc/2/root/own': Permission denied\n");
});

test('who ends the pause process of a shared table ends the sandbox, and the pod is made anew', async () => {
  const busy: Container = { name: 'app', image: 'busybox', command: ['sleep', '100000'] };
  await cluster.admin.pods.create({ metadata: { name: 'again', namespace: 'default' }, spec: { shareProcessNamespace: true, containers: [busy] } });
  await cluster.env.loop.advance(10_000);
  const killer = { name: 'killer', image: 'busybox', command: ['kill', '1'], targetContainerName: 'app' };
  const key = { namespace: 'default', name: 'again' };
  await cluster.admin.pods.patch(key, 'strategic', { spec: { ephemeralContainers: [killer] } }, 'ephemeralcontainers');
  await cluster.env.loop.advance(30_000);
  const { status } = await cluster.admin.pods.get(key);
  expect(status?.containerStatuses?.[0]).toMatchObject({ ready: true, restartCount: 1, lastState: { terminated: { exitCode: 137 } } });
  const { items } = await cluster.admin.events.list({ namespace: 'default', fieldSelector: 'involvedObject.name=again,reason=SandboxChanged' });
  expect(items.map((one) => one.message)).toEqual(['Pod sandbox changed, it will be killed and re-created.']);
});

test('a subdomain gives a pod a full name in /etc/hosts, and its host name too if that is asked for', async () => {
  const script = 'hostname; hostname -f; tail -n 1 /etc/hosts; cat /etc/hostname';
  const lines = async (spec: Partial<PodSpec>) =>
    (await said(script, { hostname: 'me', ...spec }))
      ?.replace(/10\.244\.\d+\.\d+/, 'IP')
      .split('\n')
      .slice(0, -1);
  const full = 'me.team.default.svc.cluster.local';
  expect(await lines({})).toEqual(['me', 'me', 'IP\tme', 'me']);
  expect(await lines({ subdomain: 'team' })).toEqual(['me', full, `IP\t${full}\tme`, 'me']);
  expect(await lines({ subdomain: 'team', setHostnameAsFQDN: true })).toEqual([full, full, `IP\t${full}\tme`, full]);
});

test('a full name that the kernel does not take leaves the pod without a sandbox', async () => {
  const subdomain = 'a-subdomain-that-is-much-too-long-for-it';
  expect(await said('true', { subdomain, setHostnameAsFQDN: true })).toBeUndefined();
  const { items } = await cluster.admin.events.list({ namespace: 'default', fieldSelector: 'reason=FailedCreatePodSandBox' });
  expect(items.map((one) => one.message)).toEqual([
    `Failed to create pod sandbox: failed to construct FQDN from pod hostname and cluster domain, FQDN p${count}.${subdomain}.default.svc.cluster.local is too long (64 characters is the max, 69 characters requested)`,
  ]);
});

test("a pod of the host's network has the host's own /etc/hosts, marked as such", async () => {
  const hosts = await said('cat /etc/hosts', { hostNetwork: true, hostAliases: [{ ip: '10.1.2.3', hostnames: ['foo', 'bar'] }] });
  const node = cluster.nodes[0];
  expect(hosts?.split('\n')[0]).toBe('# Kubernetes-managed hosts file (host network).');
  expect(hosts).toContain(`\n${node?.address}\t${node?.name}\n\n# Entries added by HostAliases.\n10.1.2.3\tfoo\tbar\n`);
});

test('/proc/PID/status tells of the capabilities that the security context leaves, of which users other than root have none', async () => {
  const caps = async (securityContext: Container['securityContext'], pod: PodSpec['securityContext'] = {}) => {
    const asking: Container = {
      name: 'ask',
      image: 'busybox',
      command: ['sh', '-c', 'grep -E "Cap(Prm|Bnd)|NoNew|Seccomp:" /proc/1/status > /dev/termination-log'],
    };
    const text = await said('', { securityContext: pod, containers: [{ ...asking, ...(securityContext ? { securityContext } : {}) }] });
    return text?.split('\n').flatMap((line) => line.split('\t')[1] ?? []);
  };
  expect(await caps(undefined)).toEqual(['00000000a80425fb', '00000000a80425fb', '0', '0']);
  expect(await caps({ capabilities: { add: ['NET_ADMIN', 'SYS_TIME'] } })).toEqual(['00000000aa0435fb', '00000000aa0435fb', '0', '0']);
  expect(await caps({ capabilities: { drop: ['ALL'], add: ['NET_BIND_SERVICE'] }, allowPrivilegeEscalation: false })).toEqual([
    '0000000000000400',
    '0000000000000400',
    '1',
    '0',
  ]);
  expect(await caps({ runAsUser: 1000 }, { seccompProfile: { type: 'RuntimeDefault' } })).toEqual(['0000000000000000', '00000000a80425fb', '0', '2']);
  expect(await caps({ privileged: true }, { seccompProfile: { type: 'RuntimeDefault' } })).toEqual(['000001ffffffffff', '000001ffffffffff', '0', '0']);
});

test('a pod with users of its own has a range of the node’s that no other pod has; others have the node’s', async () => {
  const script = 'readlink /proc/self/ns/user; cat /proc/self/uid_map /proc/1/gid_map';
  expect(await said(script)).toBe(`user:[4026531837]\n${'         0          0 4294967295\n'.repeat(2)}`);
  const own = (await said(script, { hostUsers: false }))?.split('\n');
  expect(own?.[0]).toMatch(/^user:\[\d{10}\]$/);
  expect(own?.[0]).not.toBe('user:[4026531837]');
  expect(own?.slice(1)).toEqual(['         0      65536      65536', '         0      65536      65536', '']);
  expect((await said('cat /proc/self/uid_map', { hostUsers: false }))?.trim()).toBe('0     131072      65536');
});

test('containers of a pod are in one network, and each in its own tree of files', async () => {
  const script =
    'cd /proc/1/ns; ls | tr "\\n" " "; echo; for one in net ipc uts mnt pid; do [ $(readlink $one) = $(readlink /proc/2/ns/$one) ] && echo $one; done';
  expect(await said(`sleep 1; ${script}`, { shareProcessNamespace: true }, [sleeper])).toBe(
    'cgroup ipc mnt net pid pid_for_children time time_for_children user uts \nnet\nipc\nuts\npid\n',
  );
});
