import { expect, test } from 'vitest';
import { createEnv, nodeMachine, silentLog } from '../env/index.ts';
import { createNodeNetwork, Fabric } from '../network/index.ts';
import { Kernel } from '../shell/kernel/index.ts';
import { createCatalogue } from './images/catalogue.ts';
import { SimulatedRuntime } from './runtime.ts';

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
