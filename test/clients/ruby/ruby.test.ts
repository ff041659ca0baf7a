/** Debian's ruby-kubeclient against a server of this process. */
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { hasLibrary, runChecks } from '../support/client-script.ts';

const library = { interpreter: '/usr/bin/ruby', probe: ['-e', 'require "kubeclient"'], packageName: 'ruby-kubeclient' };

describe.skipIf(!hasLibrary(library))('the Ruby client', () => {
  let seen: Readonly<Record<string, unknown>>;
  beforeAll(async () => {
    seen = await runChecks('ruby', library, ['-W0', join(import.meta.dirname, 'client_checks.rb')]);
  }, 60_000);

  const status = (code: number, reason: string, message: string) => {
    const name = code === 404 ? 'ResourceNotFoundError' : 'HttpError';
    return { class: `Kubeclient::${name}`, http: code, kind: 'Status', reason, code, message };
  };

  test('finds its way by the kubeconfig and by discovery', () => {
    expect(seen.discovery).toEqual({ pod: true, valid: true, nodes: ['ruby-control-plane', 'ruby-worker'] });
  });

  test('creates, reads, replaces and deletes, and is told of a stale version', () => {
    const data = [{ colour: 'blue' }, { colour: 'red' }];
    expect(seen.crud).toEqual({ data, sameUid: true, stale: 'Conflict', deleted: 'Success', after: status(404, 'NotFound', 'configmaps "crud" not found') });
  });

  test('lists in pages', () => {
    expect(seen.pages).toEqual({ found: [0, 1, 2, 3, 4, 5, 6].map((number) => `page-${number}`), sizes: [3, 3, 2] });
  });

  test('goes on with a watch that the server has ended, and misses nothing', () => {
    expect(seen.watch_resumes).toEqual({ seen: [0, 1, 2].map((number) => ['ADDED', `watched-${number}`]) });
  });

  test('watches one object by name at the old path', () => {
    expect(seen.watch_one).toEqual({ seen: ['ADDED', 'page-0'] });
  });

  test('is told that a version is too old, as an event', () => {
    const message = expect.stringMatching(/^too old resource version: 1 \(\d+\)$/) as string;
    expect(seen.watch_expired).toEqual({ type: 'ERROR', code: 410, reason: 'Expired', message });
  });

  test('patches in every way', () => {
    expect(seen.patches).toEqual({
      json: { app: 'patched', step: 'json' },
      merge: { app: 'patched', merged: 'yes' },
      strategic: ['busybox:1.35', 'sh'],
      apply: [['ruby', 'Apply']],
    });
  });

  test('gets errors that carry a Status', () => {
    expect(seen.errors).toEqual({
      missing: status(404, 'NotFound', 'pods "nobody" not found'),
      twice: status(409, 'AlreadyExists', 'configmaps "twice" already exists'),
      invalid: status(422, 'Invalid', expect.stringMatching(/^Pod "Wrong" is invalid: metadata.name: Invalid value: "Wrong": /) as never),
    });
  });

  test('reads and follows logs', () => {
    const lines = ['line 1', 'line 2', 'line 3'];
    expect(seen.logs).toEqual({ all: `${lines.join('\n')}\n`, tail: 'line 3\n', followed: lines });
  });

  test('rolls a Deployment out', () => {
    expect(seen.rollout).toEqual({ pods: 2, owners: ['ReplicaSet'] });
  });
});
