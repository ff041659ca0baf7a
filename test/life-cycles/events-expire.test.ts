import { expect, test } from 'vitest';
import type { Event } from '../../generated/types/index.ts';
import { refs } from '../../src/client/index.ts';
import { simulatedCluster } from '../support/simulated-cluster.ts';

const minute = 60_000;

test('an event goes an hour after it was last written, and watchers see it go', async () => {
  const cluster = await simulatedCluster({ components: ['api'] });
  const { admin, env } = cluster;
  const events = admin.resource<Event>(refs.events);
  const event = (name: string): Event => ({
    metadata: { name, namespace: 'default' },
    involvedObject: { kind: 'Pod', namespace: 'default', name: 'web' },
    reason: 'Started',
    type: 'Normal',
  });
  await events.create(event('once'));
  await events.create(event('again'));
  await env.loop.advance(30 * minute);
  await events.patch({ namespace: 'default', name: 'again' }, 'merge', { count: 2 });
  const seen: string[] = [];
  const stop = events.watch({ namespace: 'default' }, { event: (type, { metadata }) => void seen.push(`${type} ${metadata?.name}`), end() {} });
  await env.loop.advance(29 * minute);
  expect((await events.list({ namespace: 'default' })).items).toHaveLength(2);
  await env.loop.advance(2 * minute); // Those written in the same minute go together.
  expect((await events.list({ namespace: 'default' })).items.map(({ metadata }) => metadata?.name)).toEqual(['again']);
  expect(seen).toContain('DELETED once');
  stop();
  await env.loop.advance(30 * minute);
  expect((await events.list()).items).toEqual([]);
  await cluster.stop();
});
