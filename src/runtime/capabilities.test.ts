import { expect, test } from 'vitest';
import { testNode } from './testing/node.ts';
import type { ContainerConfig, SandboxConfig, SecurityConfig } from './types.ts';

const plain: SecurityConfig = { privileged: false, addCapabilities: [], dropCapabilities: [], noNewPrivileges: false, seccomp: false };
const idle = { command: ['sleep', '100000'] };

/** What a script prints, errors after output, in a container with this security context. */
async function shown(script: string, security: Partial<SecurityConfig> = {}, change: Partial<ContainerConfig> = {}, pod: Partial<SandboxConfig> = {}) {
  const node = testNode();
  const { id } = await node.start('busybox', { ...idle, security: { ...plain, ...security }, ...change }, pod);
  const { stdout, stderr } = await node.exec(id, 'sh', '-c', script);
  return stdout + stderr;
}
const drop = (...dropCapabilities: string[]) => ({ dropCapabilities });
const nobody = { user: { uid: 1000, gid: 1000 } };

test('root gives files away with CHOWN alone', async () => {
  const script = 'touch /tmp/f; chown 1000:1000 /tmp/f; stat -c %u:%g /tmp/f';
  expect(await shown(script)).toBe('1000:1000\n');
  expect(await shown(script, drop('CHOWN'))).toBe('0:0\nchown: /tmp/f: Operation not permitted\n');
  expect(await shown('touch /tmp/f; chown 0:0 /tmp/f; echo $?', drop('ALL'))).toBe('0\n');
});

test('root reads and writes what modes keep it from with DAC_OVERRIDE alone, and reads with DAC_READ_SEARCH', async () => {
  const script = 'echo secret > /tmp/f; chown 1000 /tmp/f; chmod 600 /tmp/f; cat /tmp/f; echo more >> /tmp/f; [ -r /tmp/f ]; echo $?';
  expect(await shown(script)).toBe('secret\n0\n');
  expect(await shown(script, drop('DAC_OVERRIDE'))).toBe("1\ncat: can't open '/tmp/f': Permission denied\nsh: can't create /tmp/f: Permission denied\n");
  expect(await shown(script, { ...drop('DAC_OVERRIDE'), addCapabilities: ['DAC_READ_SEARCH'] })).toBe(
    "secret\n0\nsh: can't create /tmp/f: Permission denied\n",
  );
});

test('modes and times of others change with FOWNER alone, and the sticky bit keeps their files', async () => {
  const script =
    'touch /tmp/f; chown 1000 /tmp/f; chmod 666 /tmp/f && echo mode; touch /tmp/f && echo now; touch -d @5 /tmp/f && echo then; rm /tmp/f && echo gone';
  const refusals = ['chmod: /tmp/f', 'touch: /tmp/f'].map((what) => `${what}: Operation not permitted\n`).join('');
  expect(await shown(script)).toBe('mode\nnow\nthen\ngone\n');
  // Root owns /tmp, so the sticky bit does not keep it; to set the time to now takes no more than the right to write.
  expect(await shown(script, drop('FOWNER'))).toBe(`now\ngone\n${refusals}`);
});

test('processes of others are ended with KILL alone', async () => {
  const script = 'su -s /bin/sh nobody -c "sleep 50" & sleep 1; kill $(pidof -s sleep | head -1) && echo killed';
  expect(await shown(script, {}, { command: ['tail', '-f', '/dev/null'] })).toBe('killed\n');
  expect(await shown(script, drop('KILL'), { command: ['tail', '-f', '/dev/null'] })).toMatch(/Operation not permitted/);
});

test('without SETUID and SETGID nobody becomes somebody else', async () => {
  expect(await shown('su -s /bin/sh nobody -c id')).toBe('uid=65534(nobody) gid=65534(nobody) groups=65534(nobody)\n');
  expect(await shown('su -s /bin/sh nobody -c id', drop('SETGID'))).toBe("su: can't set groups: Operation not permitted\n");
  expect(await shown('su -s /bin/sh nobody -c id', {}, nobody)).toBe('su: must be suid to work properly\n');
  const status = 'su -s /bin/sh nobody -c "grep CapEff /proc/self/status"';
  expect(await shown(status)).toBe('CapEff:\t0000000000000000\n');
});

test('pods ping without a capability and listen below 1024, as containerd 2 lets them; on the host network both take one', async () => {
  const script = 'ping -qc1 127.0.0.1 | grep -c packets; timeout 1 nc -l -p 80; echo $?';
  expect(await shown(script, drop('ALL'), nobody)).toBe('1\n143\n');
  const host = { hostNetwork: true };
  expect(await shown(script, {}, {}, host)).toBe('1\n143\n');
  expect(await shown(script, drop('ALL'), {}, host)).toBe('0\n1\nping: permission denied (are you root?)\nnc: bind: Permission denied\n');
  expect(await shown(script, drop('ALL'), {}, { sysctls: { 'net.ipv4.ip_unprivileged_port_start': '81', 'net.ipv4.ping_group_range': '5 10' } })).toBe(
    '0\n1\nping: permission denied (are you root?)\nnc: bind: Permission denied\n',
  );
});

test('the clock of the node is set with SYS_TIME alone, and timers go on as before', async () => {
  const script = 'date -s "2030-05-06 07:08:09"; date +%Y; sleep 2; date +%T';
  expect(await shown(script, { addCapabilities: ['SYS_TIME'] })).toBe('Mon May  6 07:08:09 UTC 2030\n2030\n07:08:11\n');
  expect(await shown('date -s "2030-05-06 07:08:09"; date +%Y')).toBe("Mon May  6 07:08:09 UTC 2030\n2026\ndate: can't set date: Operation not permitted\n");
});

test('the host name, mounts and the network are changed by nobody without the capability, and what is not simulated says so to who has it', async () => {
  const script = 'hostname new; hostname; mount -t tmpfs tmpfs /mnt; ip link add d0 type dummy';
  expect(await shown(script)).toBe(
    'pod-1\nhostname: sethostname: Operation not permitted\nmount: permission denied (are you root?)\nip: RTNETLINK answers: Operation not permitted\n',
  );
  expect(await shown(script, { privileged: true })).toBe('new\nmount: /mnt: to mount something is not simulated\nip: to change the network is not simulated\n');
});

test('a privileged container sets kernel parameters: those of the network for its pod, others for the node', async () => {
  const node = testNode();
  const security = { ...plain, privileged: true };
  const first = await node.start('busybox', { ...idle, security });
  const set = await node.exec(first.id, 'sysctl', '-w', 'vm.max_map_count=262144', 'net.core.somaxconn=65535');
  expect(set.stdout).toBe('vm.max_map_count = 262144\nnet.core.somaxconn = 65535\n');
  const image = await node.pull('busybox');
  const sibling = await node.runtime.createContainer(first.sandbox, {
    ...(await import('./testing/node.ts')).plainContainer('busybox', image.id),
    ...idle,
    name: 'sibling',
    security: plain,
  });
  await node.runtime.startContainer(sibling);
  const other = await node.start('busybox', { ...idle, security: plain });
  const values = async (id: string) => (await node.exec(id, 'sysctl', '-n', 'vm.max_map_count', 'net.core.somaxconn')).stdout;
  expect(await values(sibling)).toBe('262144\n65535\n');
  expect(await values(other.id)).toBe('262144\n4096\n');
  const refused = await node.exec(other.id, 'sh', '-c', 'echo 1 > /proc/sys/vm/max_map_count; sysctl -w net.core.somaxconn=1');
  expect(refused.stderr).toBe(
    "sh: can't create /proc/sys/vm/max_map_count: Read-only file system\nsysctl: error setting key 'net.core.somaxconn': Read-only file system\n",
  );
  const wrong = await node.exec(first.id, 'sh', '-c', 'echo many > /proc/sys/vm/max_map_count; cat /proc/sys/vm/max_map_count');
  expect(wrong.stdout).toBe('262144\n');
});

test('who looks into a process of another user needs SYS_PTRACE, and everybody sees into their own', async () => {
  const node = testNode();
  const own = await node.start('busybox', { ...idle, ...nobody, security: plain, env: [{ name: 'TOKEN', value: 'x' }] });
  expect((await node.exec(own.id, 'sh', '-c', 'tr "\\0" "\\n" < /proc/1/environ | grep TOKEN')).stdout).toBe('TOKEN=x\n');
  const look = async (security: SecurityConfig) => {
    const { id } = await node.start('busybox', { ...idle, security });
    const { stdout, stderr } = await node.exec(
      id,
      'sh',
      '-c',
      'su -s /bin/sh nobody -c "sleep 100" & sleep 1; grep -c HOME /proc/$(pidof sleep | cut -d" " -f1)/environ',
    );
    return stdout + stderr;
  };
  expect(await look(plain)).toMatch(/^grep: \/proc\/\d+\/environ: Permission denied\n$/);
  expect(await look({ ...plain, addCapabilities: ['SYS_PTRACE'] })).toBe('1\n');
});

test('nginx tells what it is not allowed to do, as it does where all capabilities are dropped or it is not root', async () => {
  const node = testNode();
  const told = async (change: Partial<ContainerConfig>) => {
    const { id } = await node.start('nginx', change);
    await node.advance(3000);
    return node
      .log(id)
      .split('\n')
      .filter((line) => /\[(?:warn|emerg|alert)\]/.test(line))
      .map((line) => line.replace(/^\S+ \S+ /, ''));
  };
  expect(await told({ security: { ...plain, dropCapabilities: ['ALL'] } })).toEqual([
    '[emerg] 1#1: chown("/var/cache/nginx/client_temp", 101) failed (1: Operation not permitted)',
    'chown("/var/cache/nginx/client_temp", 101) failed (1: Operation not permitted)',
  ]);
  expect(await told({ security: { ...plain, dropCapabilities: ['ALL'], addCapabilities: ['CHOWN'] } })).toEqual([
    expect.stringMatching(/^\[emerg\] (\d+)#\1: setgid\(101\) failed \(1: Operation not permitted\)$/),
    expect.stringMatching(/^\[alert\] 1#1: worker process \d+ exited with fatal code 2 and cannot be respawned$/),
  ]);
  expect((await told({ ...nobody }))[2]).toBe('[emerg] 1#1: mkdir() "/var/cache/nginx/client_temp" failed (13: Permission denied)');
  expect((await told({ readOnlyRootFilesystem: true }))[0]).toBe('[emerg] 1#1: mkdir() "/var/cache/nginx/client_temp" failed (30: Read-only file system)');
  expect(await told({})).toEqual([]);
});

test('a program that shows another title is still found by its name, and a script by its own', async () => {
  const node = testNode();
  const nginx = await node.start('nginx');
  await node.advance(1000);
  const { stdout } = await node.exec(
    nginx.id,
    'sh',
    '-c',
    'cat /proc/1/comm; tr "\\0" "\\n" < /proc/1/cmdline | head -1; cat /proc/[2-9]/comm | sort -u | head -1',
  );
  expect(stdout).toBe('nginx\nnginx: master process nginx -g daemon off;\ncat\n');
  const { id } = await node.start('busybox', { command: ['sh', '-c', 'printf "#!/bin/sh\\nsleep 100; :\\n" > /job; chmod +x /job; /job & sleep 1000'] });
  await node.advance(1000);
  const found = await node.exec(id, 'sh', '-c', 'pidof job >/dev/null && echo found; ps -o comm,args | grep "^job"; pkill job && echo killed');
  expect(found.stdout).toBe('found\njob              {job} /bin/sh /job\nkilled\n');
});

test('a process tells its profile of AppArmor, where nothing or Unconfined is asked for and in privileged containers', async () => {
  const script = 'cat /proc/self/attr/current /proc/1/attr/apparmor/current';
  const confined = 'cri-containerd.apparmor.d (enforce)\n';
  expect(await shown(script)).toBe(confined + confined);
  expect(await shown(script, { appArmor: 'unconfined' })).toBe('unconfined\nunconfined\n');
  expect(await shown(script, { privileged: true })).toBe('unconfined\nunconfined\n');
});

test('/proc tells of mounts by number, of the file that runs, and whose a process is', async () => {
  const lines = (await shown('cat /proc/self/mountinfo')).trim().split('\n');
  expect(lines[0]).toBe('600 599 0:40 / / rw,relatime - overlay overlay rw');
  expect(lines.find((line) => line.includes(' /dev/shm '))).toMatch(/^\d+ 603 0:41 \/ \/dev\/shm rw,relatime - tmpfs shm rw$/);
  expect(lines.find((line) => line.includes(' /etc/hosts '))).toMatch(/^\d+ 600 0:\d+ \/ \/etc\/hosts rw,relatime - ext4 \/dev\/vda1 rw$/);
  expect(await shown('readlink /proc/1/exe; readlink /proc/self/exe; stat -c %u:%g /proc/1 /proc/1/status', {}, nobody)).toBe(
    '/bin/sleep\n/bin/readlink\n1000:1000\n1000:1000\n',
  );
  expect(await shown('find /proc/1/task -name task | wc -l')).toBe('1\n');
  expect(await shown('head -1 /proc/thread-self/status; ls -d /proc/self/task/*/status | wc -l')).toBe('Name:\thead\n1\n');
});
