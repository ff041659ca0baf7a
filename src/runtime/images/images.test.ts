import { expect, test } from 'vitest';
import { testNode } from '../testing/node.ts';
import { SimulatedVolumes } from '../volumes.ts';
import { privateCredentials } from './private.ts';

const get = (node: ReturnType<typeof testNode>, id: string, url: string) => node.exec(id, 'wget', '-qO-', url);

test('web servers answer and log', async () => {
  const node = testNode();
  const client = await node.start('busybox', { command: ['sleep', '36000'] });
  const page = async (image: string, path: string, change = {}) => {
    const server = await node.start(image, change);
    await node.advance(3000);
    return { ...server, ...(await get(node, client.id, `http://${server.ip}${path}`)) };
  };
  const httpd = await page('httpd:2.4', '/');
  expect(httpd.stdout).toBe('<html><body><h1>It works!</h1></body></html>\n');
  expect(node.log(httpd.id)).toMatch(/10\.244\.0\.\d+ - - \[01\/Jan\/2026:00:\d\d:\d\d \+0000\] "GET \/ HTTP\/1\.1" 200 45\n/);
  expect((await get(node, client.id, `http://${httpd.ip}/nosuch`)).exitCode).toBe(1);
  expect((await page('tomcat:9.0', ':8080/')).stderr).toContain('404');
  const python = await page('python:3.12-alpine', ':9000/', { command: ['python', '-m', 'http.server', '9000'], workingDir: '/etc' });
  expect(python.stdout).toContain('Directory listing for /');
  expect(node.log(python.id)).toContain('"GET / HTTP/1.1" 200 -');
  expect((await page('hashicorp/http-echo', ':5678/', { args: ['-text=hello'] })).stdout).toBe('hello\n');
  expect((await page('traefik/whoami', '/')).stdout).toMatch(/^Hostname: pod-\d\nIP: 127\.0\.0\.1\n/);
  expect((await page('gcr.io/google-samples/hello-app:2.0', ':8080/')).stdout).toMatch(/^Hello, world!\nVersion: 2\.0\.0\nHostname: pod-/);
  expect((await page('stefanprodan/podinfo', ':9898/healthz')).stdout).toContain('"status": "OK"');
  expect((await page('registry.k8s.io/echoserver:1.10', ':8080/x?a=b')).stdout).toContain('query=a=b');
  expect((await page('nginxdemos/hello:plain-text', '/')).stdout).toContain('Server name: pod-');
});

test('a server is one process, whatever it is made of; Apache has processes of its own', async () => {
  const node = testNode();
  const processes = async (image: string, change = {}) => {
    const server = await node.start(image, change);
    await node.advance(3000);
    return (await node.exec(server.id, 'sh', '-c', 'cat /proc/[0-9]*/comm')).stdout
      .split('\n')
      .filter((name) => name !== '' && name !== 'sh' && name !== 'cat');
  };
  expect(await processes('registry.k8s.io/e2e-test-images/agnhost:2.53', { args: ['netexec'] })).toEqual(['agnhost']);
  expect(await processes('redis:7')).toEqual(['redis-server']);
  expect(await processes('httpd:2.4')).toEqual(['httpd', 'httpd']);
  expect((await processes('nginx:1.27')).slice(0, 2)).toEqual(['nginx', 'nginx']);
});

test('the user of agnhost’s image is in a group that only the image tells of, unless the policy is Strict', async () => {
  const node = testNode();
  const start = (user: object) => node.start('registry.k8s.io/e2e-test-images/agnhost:2.45', { user: { uid: 1000, gid: 3000, groups: [4000], ...user } });
  const id = async (user: object) => (await node.exec((await start(user)).id, 'id')).stdout;
  expect(await id({})).toBe('uid=1000(user-defined-in-image) gid=3000 groups=3000,4000,50000(group-defined-in-image)\n');
  expect(await id({ groupsPolicy: 'Strict' })).toBe('uid=1000(user-defined-in-image) gid=3000 groups=3000,4000\n');
});

test('agnhost does what its subcommands are for', async () => {
  const node = testNode();
  const image = 'registry.k8s.io/e2e-test-images/agnhost:2.53';
  const server = await node.start(image, { args: ['netexec'] });
  const client = await node.start('busybox', { command: ['sleep', '36000'] });
  const ask = (path: string) => get(node, client.id, `http://${server.ip}:8080${path}`);
  expect((await ask('/hostname')).stdout).toBe('pod-1');
  expect((await ask('/echo?msg=hi')).stdout).toBe('hi');
  expect((await ask('/clientip')).stdout).toMatch(new RegExp(`^${client.ip}:\\d+$`));
  expect((await ask('/shell?cmd=echo%20a')).stdout).toBe('{"output":"a\\n"}');
  await ask('/exit?code=3');
  await node.advance(100);
  expect(node.status(server.id)).toMatchObject({ state: 'exited', exitCode: 3 });
  const live = await node.start('registry.k8s.io/e2e-test-images/agnhost:2.40', { args: ['liveness'] });
  expect((await get(node, client.id, `http://${live.ip}:8080/healthz`)).stdout).toBe('ok');
  await node.advance(11_000);
  expect((await get(node, client.id, `http://${live.ip}:8080/healthz`)).stderr).toContain('500');
  const suffix = await node.start(image, { args: ['dns-suffix'] });
  await node.advance(100);
  expect(node.log(suffix.id)).toBe('d.svc.cluster.local,svc.cluster.local\n');
  const tester = await node.start(image, { args: ['entrypoint-tester', 'a'] });
  await node.advance(100);
  expect(node.log(tester.id)).toBe('[/agnhost entrypoint-tester a]\n');
  const paused = await node.start(image);
  await node.advance(100);
  expect(node.log(paused.id)).toBe('Paused\n');
});

test('databases want a password, start after a while and refuse SQL kindly', async () => {
  const node = testNode();
  const bare = await node.start('postgres:16');
  await node.advance(100);
  expect(node.status(bare.id)).toMatchObject({ exitCode: 1 });
  expect(node.log(bare.id)).toMatch(/^Error: Database is uninitialized and superuser password is not specified\.\n/);
  const empty = await node.start('mysql:8.0');
  await node.advance(100);
  expect(node.log(empty.id)).toContain('Database is uninitialized and password option is not specified\n    You need to specify one of the following');
  const postgres = await node.start('postgres:16', { env: [{ name: 'POSTGRES_PASSWORD', value: 'x' }] });
  expect((await node.exec(postgres.id, 'pg_isready')).exitCode).toBe(2);
  await node.advance(5000);
  expect((await node.exec(postgres.id, 'pg_isready')).stdout).toBe('/var/run/postgresql:5432 - accepting connections\n');
  expect((await node.exec(postgres.id, 'psql', '-c', 'select 1')).stderr).toContain('SQL is not simulated');
  const mysql = await node.start('mysql:5.7', { env: [{ name: 'MYSQL_ROOT_PASSWORD', value: 'x' }] });
  expect((await node.exec(mysql.id, 'mysqladmin', 'ping')).exitCode).toBe(1);
  await node.advance(10_000);
  expect((await node.exec(mysql.id, 'mysqladmin', 'ping')).stdout).toBe('mysqld is alive\n');
  expect((await node.exec(mysql.id, 'mysql', '-h', '127.0.0.1', '-e', 'SELECT 1')).stdout).toBe('1\n1\n');
  expect((await node.exec(mysql.id, 'mysql', '-e', 'show tables')).exitCode).toBe(1);
});

test('the pi of the Job tutorial is computed, other programs of interpreters are refused by name', async () => {
  const node = testNode();
  const job = await node.start('perl:5.34.0', { command: ['perl', '-Mbignum=bpi', '-wle', 'print bpi(2000)'] });
  await node.advance(20_000);
  expect(node.status(job.id)).toMatchObject({ exitCode: 0 });
  expect(node.log(job.id)).toMatch(/^3\.14159265358979323846\d+275901\n$/);
  const refused = await node.start('node:20', { command: ['node', '-e', '1'] });
  await node.advance(100);
  expect(node.log(refused.id)).toBe('node: programs given with -e are not simulated\n');
});

test('private repositories ask for the credentials of their registry', async () => {
  const node = testNode();
  const image = 'registry.example.com/private/nginx:1.25';
  const registry = 'https://registry.example.com/v1/';
  await expect(node.pull(image)).rejects.toThrow('authorization failed: no basic auth credentials');
  await expect(node.pull(image, [{ registry, username: 'user', password: 'wrong' }])).rejects.toThrow('401 Unauthorized');
  expect((await node.pull(image, [{ registry, ...privateCredentials }])).repoTags).toEqual([image]);
});

test('memory beyond the limit kills the container: files in memory, buffers and what programs say they take', async () => {
  const node = testNode();
  const resources = { memoryLimitBytes: 100 * 1024 ** 2 };
  const volume = new SimulatedVolumes(node.env).createTmpfs({ inMemory: true });
  const mounts = [{ containerPath: '/cache', volume, readOnly: false }];
  const run = async (script: string, change = {}) => {
    const { id } = await node.start('busybox', { command: ['sh', '-c', script], resources, ...change });
    await node.advance(5000);
    return node.status(id);
  };
  expect(await run('dd if=/dev/zero of=/cache/x bs=1M count=200; echo on', { mounts })).toMatchObject({ exitCode: 137, reason: 'OOMKilled' });
  expect(await run('dd if=/dev/zero of=/dev/null bs=120M count=1')).toMatchObject({ exitCode: 137, reason: 'OOMKilled' });
  expect(await run('dd if=/dev/zero of=/dev/shm/x bs=1M count=50')).toMatchObject({ exitCode: 0, reason: 'Completed' });
  expect(await run('dd if=/dev/zero of=/tmp/x bs=1M count=150')).toMatchObject({ exitCode: 0 });
});

test('what scripts and applets hold is memory: past the limit the container is killed, whatever held it', async () => {
  const node = testNode();
  const run = async (script: string, memoryLimitBytes: number | undefined, seconds = 20) => {
    const { id } = await node.start('busybox', { command: ['sh', '-c', script], resources: memoryLimitBytes ? { memoryLimitBytes } : {} });
    await node.advance(seconds * 1000);
    expect(node.log(id)).toBe('');
    return [node.status(id)?.exitCode, node.status(id)?.reason];
  };
  const killed = [137, 'OOMKilled'];
  const limit = 16 * 1024 ** 2;
  expect(await run('x=a; while true; do x=$x$x; done', limit)).toEqual(killed);
  expect(await run('x=a; while true; do x=$x$x; done', undefined)).toEqual(killed);
  expect(await run('x=$(cat /dev/zero)', limit)).toEqual(killed);
  expect(await run('tail /dev/zero', limit)).toEqual(killed);
  expect(await run('tail /dev/zero', undefined, 60)).toEqual(killed);
  expect(await run('cat /dev/zero | sort >/dev/null', limit)).toEqual(killed);
  expect(await run('head -c 30M /dev/zero | tail -c 20M | wc -c >/dev/null', limit)).toEqual(killed);
  expect(await run("yes | awk '{ a[NR] = $0 $0 $0 $0 $0 $0 $0 $0 }'", limit / 8, 60)).toEqual(killed);
  // What is let go is free again.
  expect(await run('for i in 1 2 3 4; do x=$(head -c 6M /dev/zero | tr "\\0" a); x=; done', limit)).toEqual([0, 'Completed']);
  expect(await run('yes | head -c 40M | tail -n 1 >/dev/null', limit)).toEqual([0, 'Completed']);
});

test('a container sees its limits in its control group', async () => {
  const node = testNode();
  const command = ['sh', '-c', 'x=$(head -c 1M /dev/zero | tr "\\0" a); cd /sys/fs/cgroup; cat memory.max cpu.max; test $(cat memory.current) -ge 1048576'];
  const limited = await node.start('busybox', { command, resources: { memoryLimitBytes: 64 * 1024 ** 2, cpuLimitMilli: 250 } });
  const free = await node.start('busybox', { command });
  await node.advance(2000);
  expect([node.log(limited.id), node.status(limited.id)?.exitCode]).toEqual(['67108864\n25000 100000\n', 0]);
  expect([node.log(free.id), node.status(free.id)?.exitCode]).toEqual(['max\nmax 100000\n', 0]);
});

test('an image can be described in words', async () => {
  const node = testNode([
    { name: 'registry.example.com/shop/cart:1.0', script: 'echo started "$0"; exec sleep 1000' },
    {
      name: 'shop/api',
      tags: ['2.0', '1.0'],
      behaviour: {
        startSeconds: 2,
        ports: [8080],
        logs: [{ text: 'ready' }, { text: 'tick', everySeconds: 1 }],
        failEvery: 2,
        exitAfterSeconds: 5,
        exitCode: 9,
      },
    },
    { name: 'shop/leak', behaviour: { memory: [{ atSeconds: 3, bytes: 200 * 1024 ** 2 }] } },
  ]);
  const cart = await node.start('registry.example.com/shop/cart:1.0');
  const api = await node.start('shop/api:2.0');
  await node.advance(2500);
  expect(node.log(cart.id)).toBe('started /entrypoint.sh\n');
  expect(node.log(api.id)).toBe('ready\ntick\n');
  expect((await get(node, cart.id, `http://${api.ip}:8080/`)).stdout).toBe('shop/api on pod-2\n');
  expect((await get(node, cart.id, `http://${api.ip}:8080/`)).stderr).toContain('500');
  await node.advance(5000);
  expect(node.status(api.id)).toMatchObject({ exitCode: 9 });
  const leak = await node.start('shop/leak', { resources: { memoryLimitBytes: 100 * 1024 ** 2 } });
  await node.advance(4000);
  expect(node.status(leak.id)).toMatchObject({ exitCode: 137, reason: 'OOMKilled' });
  await expect(node.pull('shop/api:3.0')).rejects.toThrow('not found');
});

test('shells tell their children where they are, and busybox and bash how deep', async () => {
  const node = testNode();
  const said = async (image: string, ...shell: string[]) => {
    const { id } = await node.start(image, { command: [...shell, 'sleep 1000; :'] });
    const { stdout } = await node.exec(id, ...shell, `cd /tmp; env | grep -E "PWD|SHLVL" | sort; ${shell.join(' ')} 'env | grep SHLVL; :'`);
    return stdout.split('\n').slice(0, -1);
  };
  expect(await said('busybox', 'sh', '-c')).toEqual(['OLDPWD=/', 'PWD=/tmp', 'SHLVL=1', 'SHLVL=2']);
  expect(await said('debian', 'bash', '-c')).toEqual(['OLDPWD=/', 'PWD=/tmp', 'SHLVL=1', 'SHLVL=2']);
  expect(await said('debian', 'sh', '-c')).toEqual(['OLDPWD=/', 'PWD=/tmp']);
});

test('busybox is a program of its own that runs the others, and tells its version and theirs', async () => {
  const node = testNode();
  const { id } = await node.start('busybox:1.36', { command: ['sleep', '36000'] });
  const run = (...command: string[]) => node.exec(id, ...command);
  expect((await run('busybox', 'echo', 'a', 'b')).stdout).toBe('a b\n');
  expect((await run('busybox', 'sh', '-c', 'echo $0; exit 3')).exitCode).toBe(3);
  expect((await run('sh', '-c', 'busybox | head -1')).stdout).toBe('BusyBox v1.36.1 multi-call binary.\n');
  expect((await run('busybox', '--list')).stdout.split('\n')).toEqual(expect.arrayContaining(['ash', 'busybox', 'httpd', 'nslookup', 'wget']));
  expect(await run('busybox', 'nosuch')).toMatchObject({ exitCode: 127, stderr: 'nosuch: applet not found\n' });
  const alpine = await node.start('alpine:3.22', { command: ['sleep', '36000'] });
  expect((await node.exec(alpine.id, 'sh', '-c', 'busybox | head -1')).stdout).toBe('BusyBox v1.37.0 multi-call binary.\n');
});

test('a program that the real image has is refused by name; one that it has not is not found', async () => {
  const node = testNode();
  const said = async (image: string, command: string) => {
    const { id } = await node.start(image, { command: ['sleep', '36000'] });
    const { stderr, exitCode } = await node.exec(id, 'sh', '-c', command);
    return [stderr, exitCode];
  };
  expect(await said('busybox', 'pstree')).toEqual(['pstree: paperkube does not simulate this program\n', 126]);
  expect(await said('busybox', 'tree')).toEqual(['sh: tree: not found\n', 127]);
  expect(await said('debian', 'flock /tmp/lock true')).toEqual(['flock: paperkube does not simulate this program\n', 126]);
  expect(await said('debian', 'pstree')).toEqual(['sh: 1: pstree: not found\n', 127]);
});

test('ps shows the name of a script before its interpreter, and names as long as their column', async () => {
  const node = testNode();
  const image = 'registry.k8s.io/e2e-test-images/agnhost:2.53';
  const script = 'cd /tmp; printf "#!/bin/sh\\nsleep 500\\n" >s.sh; chmod +x s.sh; ./s.sh & sleep 1; ps; ps -o user,args | grep [s].sh';
  const { id } = await node.start(image, { command: ['sleep', '36000'], user: { uid: 1000, gid: 1000 } });
  const { stdout } = await node.exec(id, 'sh', '-c', script);
  expect(stdout).toMatch(/^ +\d+ user-def {2}0:00 \{s\.sh\} \/bin\/sh \.\/s\.sh$/m);
  expect(stdout).toMatch(/^user-def \{s\.sh\} \/bin\/sh \.\/s\.sh$/m);
});
