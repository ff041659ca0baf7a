import { expect, test } from 'vitest';
import type { Pod, PodSpec } from '../../../generated/types/index.ts';
import { podWarnings, setPodDefaults, validatePod } from '../../api/index.ts';
import { clone } from '../../machinery/deep.ts';
import { shareWithLast, shareWithStored } from './alike-specs.ts';

function spec(change: Partial<PodSpec> = {}): PodSpec {
  const pod: Pod = { spec: { containers: [{ name: 'c', image: 'nginx:1.25', env: [{ name: 'A', value: '1' }] }], ...change } };
  setPodDefaults(pod);
  return pod.spec!;
}

const pod = (name: string, shared: PodSpec, annotations = {}): Pod => ({ metadata: { name, namespace: 'default', annotations }, spec: shared });

test('pods made one after another share what says the same in their specs', () => {
  const first = shareWithLast(spec());
  expect(shareWithLast(spec())).toBe(first);
  const other = shareWithLast(spec({ hostname: 'other' }));
  expect(other).toEqual(spec({ hostname: 'other' }));
  expect(other.containers).toBe(first.containers);
  expect(Object.isFrozen(other)).toBe(true);
  expect(shareWithLast(first)).toBe(first); // As a second attempt with another name has it.
});

test('a changed spec shares with the stored one what has not changed, and an equal one is that one', () => {
  const stored = shareWithLast(spec());
  expect(shareWithStored(spec(), stored)).toBe(stored);
  const next = shareWithStored(spec({ activeDeadlineSeconds: 5 }), stored);
  expect(next).toEqual(spec({ activeDeadlineSeconds: 5 }));
  expect([next.containers === stored.containers, Object.isFrozen(next)]).toEqual([true, false]);
  const reordered = shareWithStored(Object.fromEntries(Object.entries(spec()).reverse()) as unknown as PodSpec, stored);
  expect(Object.keys(reordered)).toEqual(Object.keys(stored).reverse());
});

test('a shared spec is as good, and as bad, in every pod as in the first', () => {
  const good = shareWithLast(spec());
  const bad = shareWithLast(spec({ dnsPolicy: 'Sometimes' }));
  for (const name of ['a', 'b', 'c']) {
    expect(validatePod(pod(name, good))).toEqual([]);
    expect(validatePod(pod(name, bad)).map(({ field }) => field)).toEqual(['spec.dnsPolicy']);
    expect(validatePod(pod(`${name}_`, good)).map(({ field }) => field)).toEqual(['metadata.name']);
  }
});

test('claims of ephemeral volumes are called after the pod, so that a shared spec is looked at for each name', () => {
  const claim = { volumeClaimTemplate: { spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } } } } };
  const shared = shareWithLast(spec({ volumes: [{ name: 'v', ephemeral: clone(claim) }] }));
  const fields = (name: string) => validatePod(pod(name, shared)).map(({ field }) => field);
  expect(fields('a')).toEqual([]);
  expect(fields('a')).toEqual([]);
  expect(fields(`${'a'.repeat(63)}.${'b'.repeat(63)}.${'c'.repeat(63)}.${'d'.repeat(61)}`)).toEqual(['spec.volumes[0].name']);
});

test('a spec that nobody is warned of does not silence annotations, and one that is warned of is so every time', () => {
  const quiet = shareWithLast(spec());
  const seccomp = 'seccomp.security.alpha.kubernetes.io/pod';
  for (let turn = 0; turn < 2; turn += 1) {
    expect(podWarnings(pod('a', quiet))).toEqual([]);
    expect(podWarnings(pod('a', quiet, { [seccomp]: 'x' }))).toHaveLength(1);
    expect(podWarnings(pod('a.b', quiet))).toHaveLength(1);
  }
  const loud = shareWithLast(spec({ nodeSelector: { 'beta.kubernetes.io/os': 'linux' } }));
  for (let turn = 0; turn < 2; turn += 1) expect(podWarnings(pod('a', loud))).toHaveLength(1);
});
