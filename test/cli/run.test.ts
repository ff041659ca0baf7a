/** `paperkube run -- CMD` as a pipeline uses it: the built program in a process of its own. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { kubectl, User } from './support/program.ts';

let user: User;
beforeEach(() => (user = new User()));
afterEach(() => user.leave());

test.skipIf(!kubectl)('run gives kubectl a cluster of three Ready nodes and returns its exit code', async () => {
  const { code, stdout, stderr } = await user.run('run', '--name', 'ci', '--', 'kubectl', 'get', 'nodes', '--no-headers');
  const nodes = stdout
    .trimEnd()
    .split('\n')
    .map((line) => line.split(/\s+/).slice(0, 3));
  expect(nodes).toEqual([
    ['ci-control-plane', 'Ready', 'control-plane'],
    ['ci-worker', 'Ready', '<none>'],
    ['ci-worker2', 'Ready', '<none>'],
  ]);
  expect([code, stderr]).toEqual([0, '']);
  expect(user.files()).toEqual([]);
});

test('run returns what its command returns, and 127 for one that is not there', async () => {
  const [failed, missing] = await Promise.all([user.run('run', '--nodes', '1', '--', 'false'), user.run('run', '--nodes', '1', '--', 'nosuchcommand')]);
  expect([failed.code, failed.stderr]).toEqual([1, '']);
  expect([missing.code, missing.stderr]).toEqual([127, 'paperkube: command not found: nosuchcommand\n']);
  expect(user.files()).toEqual([]);
});

test('a signal goes to the command, whose answer counts; nothing is left behind and nothing else is ended', async () => {
  const bystander = user.spawn([
    'run',
    '--nodes',
    '1',
    '--',
    process.execPath,
    '-e',
    'console.log("up"); process.stdin.on("end", () => {}); setInterval(() => {}, 1000)',
  ]);
  const script = 'process.on("SIGTERM", () => process.exit(9)); console.log(process.pid, process.env.KUBECONFIG); setInterval(() => {}, 1000)';
  const running = user.spawn(['run', '--nodes', '1', '--', process.execPath, '-e', script]);
  const [pid, kubeconfig = ''] = (await running.line(/^\d+ /)).split(' ');
  expect(existsSync(kubeconfig)).toBe(true);
  await bystander.line(/up/);
  running.kill('SIGTERM');
  expect((await running.ended).code).toBe(9);
  expect(() => process.kill(Number(pid), 0)).toThrow('ESRCH');
  expect(existsSync(kubeconfig)).toBe(false);
  expect(() => process.kill(bystander.pid, 0)).not.toThrow();
  bystander.kill('SIGINT');
  expect((await bystander.ended).code).toBe(130);
  expect(user.files()).toEqual([]);
});

test('run leaves the kubeconfig of its user alone', async () => {
  const { code, stdout } = await user.run('run', '--nodes', '1', '--', process.execPath, '-p', 'process.env.KUBECONFIG');
  expect(code).toBe(0);
  expect(stdout.startsWith(join(user.home, 'tmp'))).toBe(true);
  expect(existsSync(join(user.home, '.kube'))).toBe(false);
});
