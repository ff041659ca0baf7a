import { expect, test } from 'vitest';
import { AdmissionChain, covers } from './chain.ts';
import { standingEnv } from './testing/fixture.ts';
import type { AdmissionAttributes, AdmissionPlugin } from './types.ts';

const attributes = (subresource = ''): AdmissionAttributes => ({
  operation: 'CREATE',
  resource: { group: '', version: 'v1', resource: 'pods' },
  subresource,
  kind: { group: '', version: 'v1', kind: 'Pod' },
  namespace: 'default',
  name: 'web',
  object: { metadata: { name: 'web' } },
  oldObject: undefined,
  user: { username: 'admin', groups: [] },
  dryRun: false,
  warn: () => {},
});

test('plugins run in the order of the list, each only where its rules say so', async () => {
  const ran: string[] = [];
  const plugin = (name: string, resource: string, wait = false): AdmissionPlugin => ({
    name,
    rules: [{ resource, operations: ['CREATE'] }],
    admit: () => {
      ran.push(`admit ${name}`);
      return wait ? Promise.resolve() : undefined;
    },
    validate: () => void ran.push(`validate ${name}`),
  });
  const chain = new AdmissionChain([plugin('slow', 'pods', true), plugin('binding', 'pods/binding'), plugin('all', '*')], standingEnv());
  await chain.admit(attributes());
  await chain.validate(attributes());
  expect(ran).toEqual(['admit slow', 'admit all', 'validate slow', 'validate all']);
  ran.length = 0;
  await chain.admit(attributes('binding'));
  expect(ran).toEqual(['admit binding']);
});

test('a rule without a group is about the core group, an asterisk about all', () => {
  const apps = { group: 'apps', resource: 'deployments' };
  expect(covers({ resource: 'deployments', operations: ['UPDATE'] }, 'UPDATE', apps, '')).toBe(false);
  expect(covers({ resource: 'deployments', group: 'apps', operations: ['UPDATE'] }, 'UPDATE', apps, '')).toBe(true);
  expect(covers({ resource: '*', operations: ['UPDATE'] }, 'UPDATE', apps, '')).toBe(true);
  expect(covers({ resource: '*', operations: ['UPDATE'] }, 'UPDATE', apps, 'scale')).toBe(false);
  expect(covers({ resource: '*/*', operations: ['UPDATE'] }, 'UPDATE', apps, 'scale')).toBe(true);
});

test('how long plugins take is counted by name, apart for those that refuse', async () => {
  const env = standingEnv();
  const slow: AdmissionPlugin = { name: 'slow', rules: [{ resource: 'pods', operations: ['CREATE'] }], admit: () => void (env.clock.now = () => 2000) };
  const strict: AdmissionPlugin = {
    name: 'strict',
    rules: [{ resource: 'pods', operations: ['CREATE'] }],
    admit: () => {
      throw new Error('no');
    },
  };
  await expect(new AdmissionChain([slow, strict], env).admit(attributes())).rejects.toThrow('no');
  const samples = (await Promise.all(env.metrics.families().map((one) => one.samples()))).flat();
  const sums = samples.flatMap(({ labels, histogram }) => (histogram ? [[labels.name ?? 'all', labels.rejected, histogram.sum]] : []));
  expect(sums).toEqual([
    ['slow', 'false', 2],
    ['strict', 'true', 0],
    ['all', 'true', 2],
  ]);
});
