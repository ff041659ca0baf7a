/** "Bad input" from inside containers: it harms its own container, never the server, the host or other pods. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Cluster } from '../../src/cluster/index.ts';
import { simulatedCluster } from '../support/simulated-cluster.ts';
import { WireServer } from './support.ts';

let cluster: Cluster;
let server: WireServer;
const pods = '/api/v1/namespaces/default/pods';

interface ContainerState {
  readonly exitCode?: number;
  readonly reason?: string;
  readonly message?: string;
}

interface PodStatus {
  readonly phase: string;
  readonly containerStatuses?: readonly {
    readonly restartCount: number;
    readonly state: { waiting?: ContainerState; running?: object; terminated?: ContainerState };
    readonly lastState: { terminated?: ContainerState };
  }[];
}

beforeAll(async () => {
  cluster = await simulatedCluster();
  server = new WireServer(cluster);
  await server.listen();
}, 60_000);

afterAll(async () => {
  server.close();
  await cluster.stop();
});

async function run(name: string, command: readonly string[], spec: object = {}, container: object = {}): Promise<void> {
  const containers = [{ name: 'main', image: 'busybox:1.36', command, ...container }];
  const made = await server.send('POST', pods, JSON.stringify({ metadata: { name }, spec: { restartPolicy: 'Never', containers, ...spec } }));
  expect(made.status, made.message).toBe(201);
}

const script = (name: string, text: string, spec: object = {}, container: object = {}) => run(name, ['sh', '-c', text], spec, container);

async function statusOf(name: string): Promise<PodStatus> {
  return (JSON.parse((await server.send('GET', `${pods}/${name}`)).text) as { status: PodStatus }).status;
}

async function ended(name: string, withinSeconds = 60): Promise<{ code: number | undefined; log: string }> {
  for (let seconds = 0; seconds < withinSeconds; seconds += 5) {
    await cluster.env.loop.advance(5000);
    const { containerStatuses } = await statusOf(name);
    if (containerStatuses?.[0]?.state.terminated) break;
  }
  const { containerStatuses } = await statusOf(name);
  return { code: containerStatuses?.[0]?.state.terminated?.exitCode, log: (await server.send('GET', `${pods}/${name}/log`)).text };
}

const missing =
  'failed to create containerd task: failed to create shim task: OCI runtime create failed: runc create failed: unable to start container process: error during container init: exec: "nosuch": executable file not found in $PATH: unknown';

test('a command that does not exist is a StartError with exit code 128, tells it in an event, and backs off', async () => {
  await run('no-command', ['nosuch'], { restartPolicy: 'Always' });
  await cluster.env.loop.advance(5000);
  const [first] = (await statusOf('no-command')).containerStatuses ?? [];
  expect(first?.state.waiting).toMatchObject({ reason: 'RunContainerError', message: missing });
  expect(first?.lastState.terminated ?? {}).toMatchObject({ exitCode: 128, reason: 'StartError', message: missing });
  await cluster.env.loop.advance(60_000);
  const [later] = (await statusOf('no-command')).containerStatuses ?? [];
  expect(later?.state.waiting?.reason).toBe('CrashLoopBackOff');
  expect(later?.restartCount).toBeGreaterThan(1);
  const events = (await server.send('GET', '/api/v1/namespaces/default/events?fieldSelector=involvedObject.name=no-command')).text;
  expect(events).toContain(`"message":${JSON.stringify(`Error: ${missing}`)}`);
  expect(events).toContain('"reason":"BackOff"');
});

test('a script that calls what does not exist ends with 127, a script that is none with 2', async () => {
  await script('not-found', 'nosuch');
  await script('no-script', 'if true; then echo a; fi; fi');
  expect(await ended('not-found')).toEqual({ code: 127, log: 'sh: nosuch: not found\n' });
  expect(await ended('no-script')).toEqual({ code: 2, log: 'sh: syntax error: unexpected "fi"\n' });
});

test('twenty endless loops leave the server, the clock and other pods alone', async () => {
  for (let index = 0; index < 20; index += 1) await script(`busy-${index}`, 'while :; do :; done');
  await script('modest', 'for i in 1 2 3; do echo $i; sleep 1; done');
  expect(await ended('modest')).toEqual({ code: 0, log: '1\n2\n3\n' });
  for (let index = 0; index < 20; index += 1) {
    expect((await statusOf(`busy-${index}`)).phase).toBe('Running');
    await server.send('DELETE', `${pods}/busy-${index}?gracePeriodSeconds=0`);
  }
  await cluster.env.loop.advance(2000);
});

test('endless output is kept to the newest 10 MiB', async () => {
  await run('yes', ['yes'], {});
  await cluster.env.loop.advance(20_000);
  const { text } = await server.send('GET', `${pods}/yes/log`);
  expect(text.length).toBeGreaterThan(100_000);
  expect(text.length).toBeLessThan(10 * 1024 * 1024);
  expect(text.startsWith('y\ny\n')).toBe(true);
  await server.send('DELETE', `${pods}/yes?gracePeriodSeconds=0`);
  await cluster.env.loop.advance(2000);
});

test('a fork bomb meets the limit of its own container', async () => {
  await script('bomb', 'b() { b | b & }; b; sleep 1000');
  await script('neighbour', 'sleep 2; echo alive');
  expect(await ended('neighbour')).toEqual({ code: 0, log: 'alive\n' });
  expect((await server.send('GET', `${pods}/bomb/log`)).text).toContain("sh: can't fork: Resource temporarily unavailable");
  await server.send('DELETE', `${pods}/bomb?gracePeriodSeconds=0`);
  await cluster.env.loop.advance(2000);
  expect((await server.send('GET', `${pods}/bomb`)).status).toBe(404);
});

test('files that outgrow the disk fail with ENOSPC, in the container and in a volume', async () => {
  const volume = { volumes: [{ name: 'v', emptyDir: {} }] };
  const mounted = { volumeMounts: [{ name: 'v', mountPath: '/v' }] };
  await script('flood', 'dd if=/dev/zero of=/big bs=1M count=10240 2>&1; echo $?; rm /big; echo small > /small && cat /small', volume, mounted);
  await script('volume', 'dd if=/dev/zero of=/v/big bs=1M seek=1000000 count=1 2>&1; echo $?', volume, mounted);
  const flood = await ended('flood', 900);
  expect(flood).toEqual({ code: 0, log: "dd: error writing '/big': No space left on device\n257+0 records in\n256+0 records out\n1\nsmall\n" });
  expect((await ended('volume')).log).toMatch(/^dd: error writing '\/v\/big': No space left on device\n1\+0 records in\n0\+0 records out\n1\n$/);
});

test('recursion without end is the end of the script alone', async () => {
  await script('recursion', 'f() { f; }; f; echo not reached');
  expect(await ended('recursion')).toEqual({ code: 2, log: 'sh: maximum function nesting level exceeded\n' });
});

test('a text that doubles and an input that does not end are killed for want of memory, without a limit too', async () => {
  await script('doubling', 'x=aaaaaaaaaaaaaaaa; while :; do x=$x$x; done');
  await script('held', 'head -c 70M /dev/zero | sort | wc -l');
  await script('block', 'dd if=/dev/zero of=/dev/null bs=10G count=1');
  for (const name of ['doubling', 'held']) {
    expect(await ended(name, 600)).toEqual({ code: 137, log: '' });
    expect((await statusOf(name)).containerStatuses?.[0]?.state.terminated).toMatchObject({ reason: 'OOMKilled' });
  }
  expect(await ended('block')).toEqual({ code: 1, log: 'dd: out of memory\n' });
});

test('a pattern against a long text takes long, but takes it from its own container alone', async () => {
  const long = {
    pattern: `x=$(head -c 300k /dev/zero | tr "\\0" a); echo \${x%%*b}`,
    sed: 'yes | tr -d "\\n" | head -c 1M | sed s/y/xx/g',
    awk: `yes | tr -d "\\n" | head -c 1M | awk '{ gsub(/y/, "xx"); print }'`,
  };
  for (const [name, text] of Object.entries(long)) await script(name, text);
  await script('beside', 'sleep 1');
  await cluster.env.loop.advance(2500);
  expect((await statusOf('beside')).phase).toBe('Succeeded');
  for (const name of Object.keys(long)) {
    expect((await statusOf(name)).phase).toBe('Running');
    await server.send('DELETE', `${pods}/${name}?gracePeriodSeconds=0`);
  }
  await cluster.env.loop.advance(2000);
});

test('words and names without number are killed for want of memory', async () => {
  await script('fields', 'x=$(yes | head -c 8M); set -- $x; echo $#');
  await script('paths', 'echo /*/../*/../*/../*/../*/../*/../*/../*');
  await script('variables', 'i=0; while :; do eval "v$i="; eval "f$i() { echo aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa; }"; i=$((i+1)); done');
  for (const name of ['fields', 'paths', 'variables']) expect(await ended(name, 600)).toEqual({ code: 137, log: '' });
});

test('what containers held of files and memory is free when they have gone', async () => {
  const held = () => cluster.dataPlane?.room;
  const before = { files: held()?.filesBytes, memory: held()?.heldBytes };
  const volume = { volumes: [{ name: 'v', emptyDir: {} }] };
  const mounted = { volumeMounts: [{ name: 'v', mountPath: '/v' }] };
  await script(
    'holder',
    'x=$(head -c 5M /dev/zero | tr "\\0" a); dd if=/dev/zero of=/v/a bs=1M count=5; dd if=/dev/zero of=/a bs=1M count=6; sleep 1000; :',
    volume,
    mounted,
  );
  await cluster.env.loop.advance(10_000);
  expect((held()?.filesBytes ?? 0) - (before.files ?? 0)).toBeGreaterThan(11 * 1024 ** 2);
  expect((held()?.heldBytes ?? 0) - (before.memory ?? 0)).toBeGreaterThan(4 * 1024 ** 2);
  await server.send('DELETE', `${pods}/holder?gracePeriodSeconds=0`);
  await cluster.env.loop.advance(5000);
  expect({ files: held()?.filesBytes, memory: held()?.heldBytes }).toEqual(before);
});

test('a process that ignores TERM is killed when its grace period is over', async () => {
  await script('stubborn', "trap '' TERM; while :; do sleep 1; done", { terminationGracePeriodSeconds: 5 });
  await cluster.env.loop.advance(5000);
  await server.send('PATCH', `${pods}/stubborn`, '{"metadata":{"finalizers":["example.com/wait"]}}', 'application/merge-patch+json');
  await server.send('DELETE', `${pods}/stubborn`);
  await cluster.env.loop.advance(4000);
  expect((await statusOf('stubborn')).containerStatuses?.[0]?.state.running).toBeDefined();
  await cluster.env.loop.advance(4000);
  expect((await statusOf('stubborn')).containerStatuses?.[0]?.state.terminated).toMatchObject({ exitCode: 137, reason: 'Error' });
  await server.send('PATCH', `${pods}/stubborn`, '{"metadata":{"finalizers":null}}', 'application/merge-patch+json');
});

test('no link, path or variable leads to the machine outside', async () => {
  process.env.PAPERKUBE_TEST_SECRET = 'of the host';
  const links =
    'cd /v; ln -s ../../../../../../etc/hostname up; cat up; ln -s a b; ln -s b a; cat a; cat /proc/1/environ /proc/self/environ; env; ls /work /proc/1/root/work';
  await script(
    `outside`,
    `${links}; cat ${import.meta.filename} ../../../../../../..${import.meta.filename}`,
    { volumes: [{ name: 'v', emptyDir: {} }] },
    { volumeMounts: [{ name: 'v', mountPath: '/v' }] },
  );
  const { log } = await ended('outside');
  delete process.env.PAPERKUBE_TEST_SECRET;
  expect(log).toMatch(/^outside\n/);
  expect(log).toContain("cat: can't open 'a': Too many levels of symbolic links");
  expect(log).toContain(`cat: can't open '${import.meta.filename}': No such file or directory`);
  expect(log).not.toContain('PAPERKUBE_TEST_SECRET=');
  expect(log).not.toContain('import');
});

test('names that JavaScript knows are names like any other, of files, variables and functions', async () => {
  const env = [
    { name: '__proto__', value: 'p' },
    { name: 'constructor', value: 'c' },
  ];
  const text =
    'echo $__proto__ $constructor "$toString"; echo f > __proto__; echo g > constructor; cat __proto__ constructor; ls -d __proto__ constructor; hasOwnProperty; valueOf=1; unset __proto__; echo "[$__proto__]"';
  await script('names', `cd /tmp; ${text}`, {}, { env });
  expect(await ended('names')).toEqual({ code: 0, log: 'p c \nf\ng\n__proto__\nconstructor\nsh: hasOwnProperty: not found\n[]\n' });
});
