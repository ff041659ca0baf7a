import { expect, test } from 'vitest';
import { createEnv, nodeMachine, silentLog } from '../env/index.ts';
import { createNodeNetwork, Fabric } from '../network/index.ts';
import { Kernel } from '../shell/kernel/index.ts';
import { createCatalogue } from './images/catalogue.ts';
import { SimulatedRuntime } from './runtime.ts';
import { plainContainer, testNode } from './testing/node.ts';

test('pods reach nginx and redis over the network, and nginx logs each request', async () => {
  const env = createEnv({ machine: nodeMachine, log: silentLog, seed: 1, start: Date.parse('2026-01-01T00:00:00Z'), mode: 'manual' });
  const network = createNodeNetwork({ fabric: new Fabric(env), nodeName: 'node', nodeAddress: '172.18.0.2', podCidr: '10.244.0.0/24' });
  const runtime = new SimulatedRuntime({ env, kernel: new Kernel(env), network, catalogue: createCatalogue() });
  const within = async <T>(promise: Promise<T>, ms = 20_000) => {
    promise.catch(() => {});
    await env.loop.advance(ms);
    return await promise;
  };
  const start = async (image: string, command?: string[]) => {
    const record = await within(runtime.pullImage(image));
    const sandbox = await within(
      runtime.runPodSandbox({
        podName: 'p',
        podNamespace: 'd',
        podUid: image,
        attempt: 0,
        hostname: 'p',
        hostNetwork: false,
        dns: { servers: [], searches: [], options: [] },
      }),
    );
    const id = await within(
      runtime.createContainer(sandbox, {
        name: 'c',
        attempt: 0,
        imageId: record.id,
        imageReference: image,
        command,
        env: [],
        mounts: [],
        stdin: false,
        stdinOnce: false,
        tty: false,
        readOnlyRootFilesystem: false,
        resources: {},
        terminationMessagePath: '/dev/termination-log',
      }),
    );
    await within(runtime.startContainer(id));
    return { id, ip: runtime.sandboxStatus(sandbox)?.ips[0] as string };
  };
  const [web, db, client] = [await start('nginx'), await start('redis'), await start('busybox', ['sleep', '3600'])];
  const page = await within(runtime.execSync(client.id, ['wget', '-qO-', `http://${web.ip}/`], 5000));
  expect(page.stdout.toString()).toContain('Welcome to nginx!');
  const missing = await within(runtime.execSync(client.id, ['wget', '-q', '-O-', `http://${web.ip}/nosuch`], 5000));
  expect(missing.stderr.toString()).toBe('wget: server returned error: HTTP/1.1 404 Not Found\n');
  const log = (runtime.containerLog(web.id)?.lines() ?? []).map((line) => Buffer.from(line.data).toString()).join('');
  expect(log).toMatch(/10\.244\.0\.\d+ - - \[01\/Jan\/2026:00:\d\d:\d\d \+0000\] "GET \/nosuch HTTP\/1\.1" 404 153 "-" "Wget" "-"/);
  const pong = await within(runtime.execSync(db.id, ['redis-cli', 'ping'], 5000));
  expect(pong.stdout.toString()).toBe('PONG\n');
});

test('a server that is started again in its pod has its port again', async () => {
  const node = testNode();
  const image = 'registry.k8s.io/e2e-test-images/agnhost:2.53';
  const first = await node.start(image, { args: ['netexec'] });
  await node.advance(1000);
  const client = await node.start('busybox', { command: ['sleep', '36000'] });
  const ask = () => node.exec(client.id, 'wget', '-qO-', `http://${first.ip}:8080/hostname`);
  expect((await ask()).stdout).toBe('pod-1');
  const stopped = node.runtime.stopContainer(first.id, 0);
  await node.advance(100);
  await stopped;
  expect((await ask()).exitCode).toBe(1);
  const { imageId } = node.status(first.id) ?? { imageId: '' };
  const second = await node.runtime.createContainer(first.sandbox, { ...plainContainer(image, imageId), attempt: 1, args: ['netexec'] });
  await node.runtime.startContainer(second);
  await node.advance(1000);
  expect(node.log(second)).toContain('Started UDP server on port 8081');
  expect((await ask()).stdout).toBe('pod-1');
});

test('a command whose client has gone stops at a full pipe, while what its end has left behind writes on', async () => {
  const node = testNode();
  const { id } = await node.start('busybox', { command: ['sleep', '100000'] });
  const session = await node.runtime.exec(id, {
    command: ['sh', '-c', 'i=0; while :; do i=$((i+1)); echo $i > /count; echo $i; done'],
    stdin: false,
    tty: false,
  });
  session.onOutput(() => true);
  await node.env.loop.advance(1_000);
  session.detach();
  await node.env.loop.advance(5_000);
  const stopped = (await node.exec(id, 'cat', '/count')).stdout;
  await node.env.loop.advance(5_000);
  expect(Number(stopped)).toBeGreaterThan(0);
  expect((await node.exec(id, 'cat', '/count')).stdout).toBe(stopped);
  const parent = await node.runtime.exec(id, { command: ['sh', '-c', '(sleep 1; yes | head -c 300000; echo done > /left) &'], stdin: false, tty: false });
  parent.onOutput(() => true);
  await node.env.loop.advance(100);
  parent.detach();
  await node.env.loop.advance(20_000);
  expect((await node.exec(id, 'cat', '/left')).stdout).toBe('done\n');
});

test('httpd, telnet, pidof, watch and stty do in busybox what a first try asks of them', async () => {
  const node = testNode();
  const server = await node.start('busybox', { command: ['sh', '-c', 'mkdir /www; echo hello > /www/index.html; exec httpd -f -v -p 8080 -h /www'] });
  const client = await node.start('busybox', { command: ['sleep', '100000'] });
  const run = (script: string) => node.exec(client.id, 'sh', '-c', script);
  expect((await run(`wget -qO- http://${server.ip}:8080/`)).stdout).toBe('hello\n');
  expect((await run(`wget -qO- http://${server.ip}:8080/none`)).stderr).toBe('wget: server returned error: HTTP/1.1 404 Not Found\n');
  expect(node.log(server.id)).toMatch(/url:\/\n.*response:200\n.*url:\/none\n.*response:404\n$/);
  expect((await run(`telnet ${server.ip} 8080 < /dev/null`)).stdout).toBe(`Connected to ${server.ip}\nConnection closed by foreign host\n`);
  expect((await run(`telnet ${server.ip} 81`)).stderr).toBe(`telnet: can't connect to remote host (${server.ip}): Connection refused\n`);
  expect(await node.exec(server.id, 'pidof', 'httpd')).toMatchObject({ stdout: expect.stringMatching(/^[\d ]*1\n$/), exitCode: 0 });
  expect((await run('pidof nosuch')).exitCode).toBe(1);
  expect((await run('timeout 3 watch -n 1 echo tick')).stdout.match(/tick\n/g)).toHaveLength(3);
  expect(await run('stty size; tty')).toMatchObject({ stdout: 'not a tty\n', stderr: 'stty: standard input: Inappropriate ioctl for device\n' });
  expect((await run('groups; usleep 1000; nice echo nice')).stdout).toBe('root wheel\nnice\n');
  const alpine = await node.start('alpine', { command: ['sleep', '100000'] });
  expect((await node.exec(alpine.id, 'apk', 'add', 'curl')).stderr).toBe('apk: installing packages is not simulated; use an image that has the program\n');
});
