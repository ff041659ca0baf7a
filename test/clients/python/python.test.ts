/** Debian's python3-kubernetes against a server of this process. */
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { hasLibrary, runChecks } from '../support/client-script.ts';

const library = { interpreter: '/usr/bin/python3', probe: ['-c', 'import kubernetes, websocket'], packageName: 'python3-kubernetes' };

describe.skipIf(!hasLibrary(library))('the Python client', () => {
  let seen: Readonly<Record<string, unknown>>;
  beforeAll(async () => {
    seen = await runChecks('python', library, [join(import.meta.dirname, 'client_checks.py')]);
  }, 60_000);

  const status = (code: number, reason: string, message: string) => ({ http: code, kind: 'Status', status: 'Failure', reason, message, code });

  test('finds its way by the kubeconfig', () => {
    expect(seen.version_and_nodes).toEqual({ minor: '33', nodes: ['python-control-plane', 'python-worker'], created: true });
  });

  test('creates, reads, replaces and deletes, and is told of a stale version', () => {
    expect(seen.crud).toEqual({
      data: [{ colour: 'blue' }, { colour: 'red' }],
      sameUid: true,
      moved: true,
      stale: 'Conflict',
      deleted: 'Success',
      after: status(404, 'NotFound', 'configmaps "crud" not found'),
    });
  });

  test('lists in pages of one version, and deletes a collection', () => {
    const found = [0, 1, 2, 3, 4, 5, 6].map((number) => `page-${number}`);
    expect(seen.pages).toEqual({ found, sizes: [3, 3, 2], remaining: [5, 2, null], versions: 1, left: 0 });
  });

  test('goes on with a watch that the server has ended, and misses nothing', () => {
    const added = [0, 1, 2].map((number) => ['ADDED', `watched-${number}`]);
    expect(seen.watch_resumes).toEqual({ seen: [...added, ['DELETED', 'watched-0']], ended: 3 });
  });

  test('is told that a version is too old', () => {
    expect(seen.watch_expired).toEqual({ status: 410, reason: expect.stringMatching(/^Expired: too old resource version: 1 \(\d+\)$/) });
  });

  test('patches in every way', () => {
    expect(seen.patches).toEqual({
      json: { app: 'patched', step: 'json' },
      strategic: ['busybox:1.35', 'sh'],
      merge: { app: 'patched', merged: 'yes' },
      apply: [['python', 'Apply']],
    });
  });

  test('gets errors that carry a Status', () => {
    expect(seen.errors).toEqual({
      missing: status(404, 'NotFound', 'pods "nobody" not found'),
      twice: status(409, 'AlreadyExists', 'configmaps "twice" already exists'),
      invalid: status(
        422,
        'Invalid',
        expect.stringMatching(/^Pod "Wrong" is invalid: \[metadata.name: .*, spec.containers\[0\].image: Required value\]$/) as never,
      ),
      namespace: status(404, 'NotFound', 'namespaces "nowhere" not found'),
    });
  });

  test('reads and follows logs', () => {
    const lines = ['line 1', 'line 2', 'line 3'];
    const noContainer = status(400, 'BadRequest', 'container other is not valid for pod talker');
    expect(seen.logs).toEqual({ all: `${lines.join('\n')}\n`, tail: 'line 3\n', followed: lines, noContainer });
  });

  test('runs commands in a container over a WebSocket, and learns their exit codes', () => {
    expect(seen.execs).toEqual({ once: ['err', 'out'], quick: true, answer: 'hello from 42', code: 3 });
  });

  test('rolls a Deployment out and scales it', () => {
    expect(seen.rollout).toEqual({ pods: 2, owners: ['ReplicaSet'] });
  });

  test('calls from many threads at a time', () => {
    expect(seen.threads).toEqual({ made: 20 });
  });
});
