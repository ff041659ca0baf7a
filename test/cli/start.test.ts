/** `paperkube start` and the commands that talk to it, as a user runs them: the built program in processes of its own. */
import { mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { kubectl, User } from './support/program.ts';

let user: User;
beforeEach(() => (user = new User()));
afterEach(() => user.leave());

const kubeconfigBefore = `apiVersion: v1
kind: Config
clusters:
- cluster:
    server: https://elsewhere.example.com
  name: work
contexts:
- context:
    cluster: work
    user: work
  name: work
current-context: work
users:
- name: work
  user: {}
`;

const kubeconfigFile = () => join(user.home, '.kube', 'config');
const stateFile = (name: string) => join('.local', 'state', 'paperkube', name);
const currentContext = () => /^current-context: (.*)$/m.exec(readFileSync(kubeconfigFile(), 'utf8'))?.[1];

function haveKubeconfig(): void {
  mkdirSync(join(user.home, '.kube'));
  writeFileSync(kubeconfigFile(), kubeconfigBefore, { mode: 0o600 });
}

test('start says where it is in six lines at most, and Ctrl-C puts the context back', async () => {
  haveKubeconfig();
  const server = user.spawn(['start', '--port', '0']);
  await server.line(/^Ready\.$/);
  expect(currentContext()).toBe('paperkube-default');
  server.kill('SIGINT');
  const { code, stdout, stderr } = await server.ended;
  const lines = stdout.trimEnd().split('\n');
  expect(lines.length).toBeLessThanOrEqual(6);
  expect(lines[0]).toMatch(/^paperkube \S+: Kubernetes v1\.33\.\d+, 3 nodes, \d+ ms$/);
  expect(lines).toContain(`  Context  paperkube-default (was work) in ${kubeconfigFile()}`);
  expect(lines.at(-1)).toBe('Ready.');
  expect([code, stderr]).toEqual([130, '']);
  expect(currentContext()).toBe('work');
  expect(readFileSync(kubeconfigFile(), 'utf8')).not.toContain('paperkube');
  expect(user.files()).toEqual([join('.kube', 'config')]);
});

test('the ready event of -o json names a kubeconfig that programs can use, which goes with the cluster', async () => {
  const { server, ready } = await user.start('--no-merge', '--name', 'ci');
  expect(ready).toEqual({
    event: 'ready',
    name: 'ci',
    server: expect.stringMatching(/^https:\/\/127\.0\.0\.1:\d+$/),
    kubeconfig: join(user.home, stateFile('ci.kubeconfig')),
    context: 'paperkube-ci',
    control: `${ready.server}/_paperkube/v1`,
    pid: server.pid,
    version: expect.any(String),
    kubernetesVersion: expect.stringMatching(/^v1\.33\.\d+$/),
    readyMs: expect.any(Number),
  });
  expect(statSync(ready.kubeconfig).mode & 0o777).toBe(0o600);
  expect(readFileSync(ready.kubeconfig, 'utf8')).toContain(`server: ${ready.server}\n`);
  expect(user.files()).toEqual([stateFile('ci.json'), stateFile('ci.kubeconfig')]);
  server.kill('SIGTERM');
  const { code, stdout } = await server.ended;
  expect([code, stdout.trimEnd().split('\n').at(-1)]).toEqual([143, '{"event":"stopped","name":"ci"}']);
  expect(user.files()).toEqual([]);
});

test('the other commands find the cluster: status, kubeconfig, clock, a second start, stop', async () => {
  const { server, ready } = await user.start('--clock', 'manual');
  const [status, kubeconfig, version, second] = await Promise.all([
    user.run('status', '-o', 'json'),
    user.run('kubeconfig'),
    user.run('version', '-o', 'json'),
    user.run('start', '--port', '0'),
  ]);
  expect(JSON.parse(status.stdout)).toMatchObject({ name: 'default', status: 'ok', pid: server.pid, server: ready.server, control: ready.control });
  expect(kubeconfig.stdout).toContain('current-context: paperkube-default');
  expect(JSON.parse(version.stdout)).toEqual({ version: ready.version, kubernetesVersion: ready.kubernetesVersion, node: process.versions.node });
  expect([second.code, second.stdout]).toEqual([5, '']);
  expect(second.stderr).toContain(`error: a cluster named "default" is running already (process ${server.pid}, ${ready.server})`);
  expect(second.stderr).toContain('hint: choose another --name, or stop it: paperkube stop --name default');
  const stopped = await user.run('stop');
  expect([stopped.code, stopped.stdout, stopped.stderr]).toEqual([0, '', 'stopped "default"\n']);
  expect((await server.ended).code).toBe(0);
  const [again, gone] = await Promise.all([user.run('stop'), user.run('status')]);
  expect([again.code, gone.code]).toEqual([0, 3]);
  expect(gone.stderr).toContain('no cluster named "default" is running');
  expect(user.files()).toEqual([]);
});

test('the clock of a manual start stands still until it is moved', async () => {
  const { server } = await user.start('--clock', 'manual');
  const clock = async (...words: string[]) => {
    const { code, stdout, stderr } = await user.run('clock', ...words, '-o', 'json');
    expect([words, code, stderr]).toEqual([words, 0, '']);
    return JSON.parse(stdout) as { now: string; mode: string; paused: boolean; speed: number; advancedMs?: number; stepped?: { at: string } };
  };
  const before = await clock('status');
  expect(before).toMatchObject({ mode: 'manual', paused: true, speed: 0 });
  const advanced = await clock('advance', '1m');
  expect(advanced.advancedMs).toBe(60_000);
  expect(Date.parse(advanced.now) - Date.parse(before.now)).toBe(60_000);
  const stepped = await clock('step');
  expect(stepped.stepped?.at).toBe(stepped.now);
  expect(Date.parse(stepped.now)).toBeGreaterThan(Date.parse(advanced.now));
  expect(await clock('speed', 'x50')).toMatchObject({ mode: 'x50', speed: 50, paused: false });
  expect(await clock('pause')).toMatchObject({ mode: 'manual', paused: true });
  expect(await clock('resume')).toMatchObject({ mode: 'x50', paused: false });
  server.kill('SIGTERM');
  await server.ended;
});

test('what a killed process has left behind is cleaned up by the next start, the context before included', async () => {
  haveKubeconfig();
  const first = await user.start();
  first.server.kill('SIGKILL');
  await first.server.ended;
  expect(user.files()).toEqual([join('.kube', 'config'), stateFile('default.json')]);
  expect(currentContext()).toBe('paperkube-default');
  const second = await user.start();
  expect(second.ready.pid).toBe(second.server.pid);
  expect(currentContext()).toBe('paperkube-default');
  second.server.kill('SIGTERM');
  await second.server.ended;
  expect(currentContext()).toBe('work');
  expect(user.files()).toEqual([join('.kube', 'config')]);
});

test('a port that is taken is exit code 5, says so, and leaves nothing behind', async () => {
  const other = createServer();
  await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve));
  const { port } = other.address() as { port: number };
  const { code, stdout, stderr } = await user.run('start', '--port', String(port));
  other.close();
  expect([code, stdout]).toEqual([5, '']);
  expect(stderr).toContain(`error: port ${port} on 127.0.0.1 is in use`);
  expect(user.files()).toEqual([]);
});

test.skipIf(!kubectl)('a watch that is open when the cluster ends ends cleanly', async () => {
  const { server, ready } = await user.start('--no-merge');
  const watching = user.kubectl('--kubeconfig', ready.kubeconfig, 'get', 'nodes', '-w', '-L', 'seen');
  await watching.line(/default-control-plane/);
  const events = user.kubectl('--kubeconfig', ready.kubeconfig, 'get', 'configmaps', '-A', '-w', '-o', 'name');
  await events.line(/configmap\/coredns/);
  // What is listed has been printed before the watch is open: a change that arrives says that it is.
  const change = (...words: string[]) => user.kubectl('--kubeconfig', ready.kubeconfig, ...words).ended;
  await Promise.all([change('label', 'node', 'default-control-plane', 'seen=by-now'), change('create', 'configmap', 'late')]);
  await Promise.all([watching.line(/by-now/), events.line(/configmap\/late/)]);
  server.kill('SIGINT');
  expect((await server.ended).code).toBe(130);
  for (const { code, stderr } of await Promise.all([watching.ended, events.ended])) expect([code, stderr]).toEqual([0, '']);
});

test.skipIf(!kubectl)('with --http kubectl needs no credentials', async () => {
  const { server, ready } = await user.start('--http');
  expect(ready.server).toMatch(/^http:\/\/127\.0\.0\.1:\d+$/);
  const [byContext, bare] = await Promise.all([
    user.kubectl('get', 'nodes', '-o', 'name').ended,
    user.kubectl('--kubeconfig', '/dev/null', '--server', ready.server, 'get', 'nodes', '-o', 'name').ended,
  ]);
  expect([byContext.stdout, byContext.stderr]).toEqual(['node/default-control-plane\n', '']);
  expect([bare.stdout, bare.stderr]).toEqual(['node/default-control-plane\n', '']);
  server.kill('SIGTERM');
  await server.ended;
});
