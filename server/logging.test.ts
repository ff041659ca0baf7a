import { expect, test } from 'vitest';
import { parseDuration } from './duration.ts';
import { createLog } from './logging.ts';

test('log lines are JSON with level, component and simulated time, in order', async () => {
  const lines: string[] = [];
  let written = () => {};
  const done = new Promise<void>((resolve) => (written = resolve));
  const write = (line: string) => {
    lines.push(line);
    if (lines.length === 2) written();
  };
  const log = createLog({ level: 'info', clusterTime: () => Date.parse('2026-01-01T00:00:00Z'), write });
  log.child('kubelet').warn('first', { pod: 'web' });
  log.debug('too fine');
  log.info('second');
  await done;
  const [first, second] = lines.map((line) => JSON.parse(line) as Record<string, unknown>);
  expect(first).toMatchObject({ level: 'warn', component: 'kubelet', pod: 'web', msg: 'first', clusterTime: '2026-01-01T00:00:00.000Z' });
  expect(second).toMatchObject({ level: 'info', msg: 'second' });
});

test('durations are read as people write them', () => {
  expect(['30s', '5m', '1h30m', '500ms', '1.5s', '2d'].map(parseDuration)).toEqual([30_000, 300_000, 5_400_000, 500, 1_500, 172_800_000]);
  expect(['', '5', 's', '-5s', '5 s', '0s', '1h-3m', 'five'].map(parseDuration)).toEqual(Array(8).fill(undefined));
});
