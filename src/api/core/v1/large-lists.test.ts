import { expect, test } from 'vitest';
import type { Volume } from '../../../../generated/types/index.ts';
import { path } from '../../../machinery/field-error.ts';
import { Mistakes } from '../../meta/mistakes.ts';
import { podWarnings } from './pod-warnings.ts';
import { validateTopologySpread } from './scheduling-validation.ts';
import { overlappingPathWarnings } from './volume-warnings.ts';

const many = 50_000;

/** Work that grew with the square of a list took minutes at this length. */
test('long lists of equal and of different items are looked at once', () => {
  const mistakes = new Mistakes();
  validateTopologySpread(
    mistakes,
    Array.from({ length: many }, () => ({ maxSkew: 1, topologyKey: 'a', whenUnsatisfiable: 'DoNotSchedule' })),
    path('s'),
  );
  expect(mistakes.list.filter((one) => one.type === 'FieldValueDuplicate')).toHaveLength(many - 1);
  const sources = Array.from({ length: many }, (_, i) => ({ serviceAccountToken: { path: `a/${i}` } }));
  expect(overlappingPathWarnings([{ name: 'v', projected: { sources } }])).toEqual([]);
  const ports = Array.from({ length: many }, (_, i) => ({ containerPort: 80, protocol: 'TCP', hostPort: i + 1 }));
  expect(podWarnings({ spec: { containers: [{ name: 'c', image: 'i', ports }] } }).filter((text) => text.includes('port'))).toEqual([]);
});

test('every file that is in the way of another one is told, with where both come from', () => {
  const items = (...paths: string[]) => paths.map((one) => ({ key: 'k', path: one }));
  const volume: Volume = {
    name: 'v',
    projected: { sources: [{ configMap: { name: 'c', items: items('a', 'b/c') } }, { secret: { name: 's', items: items('b', 'a/') } }] },
  };
  expect(overlappingPathWarnings([volume, { name: 'w', configMap: { name: 'c', items: items('x/y', 'x', 'z') } }])).toEqual([
    'volume "v" (Projected): overlapping paths: "b" (Secret "s") with "b/c" (ConfigMap "c")',
    'volume "v" (Projected): overlapping paths: "a" (Secret "s") with "a" (ConfigMap "c")',
    'volume "w" (ConfigMap "c"): overlapping paths: "x" with "x/y"',
  ]);
});

test('of ports that share a number only those are told that can meet on a host', () => {
  const port = (hostPort?: number, hostIP?: string) => ({
    containerPort: 80,
    protocol: 'TCP',
    ...(hostPort ? { hostPort } : {}),
    ...(hostIP ? { hostIP } : {}),
  });
  const ports = [port(1, '10.0.0.1'), port(1, '10.0.0.2'), port(1), port(2), port(1, '10.0.0.1'), port()];
  const at = (i: number): string => `spec.containers[0].ports[${i}]`;
  expect(podWarnings({ spec: { containers: [{ name: 'c', image: 'i', ports }] } }).filter((text) => text.includes('port definition'))).toEqual([
    `${at(2)}: dangerously ambiguous port definition with ${at(0)}`,
    `${at(2)}: dangerously ambiguous port definition with ${at(1)}`,
    `${at(4)}: duplicate port definition with ${at(0)}`,
    `${at(4)}: dangerously ambiguous port definition with ${at(2)}`,
    ...[0, 1, 2, 3, 4].map((i) => `${at(5)}: overlapping port definition with ${at(i)}`),
  ]);
});
