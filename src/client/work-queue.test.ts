import { expect, test } from 'vitest';
import { createEnv, nodeMachine, silentLog } from '../env/index.ts';
import { runWorkers, WorkQueue } from './work-queue.ts';

const makeEnv = () => createEnv({ machine: nodeMachine, log: silentLog, seed: 1, start: 0, mode: 'manual' });

test('a key is queued once, and comes back if it was added while it was worked on', () => {
  const queue = new WorkQueue('test', makeEnv());
  queue.add('a');
  queue.add('b');
  queue.add('a');
  expect([queue.take(), queue.length]).toEqual(['a', 1]);
  queue.add('a');
  expect([queue.take(), queue.take()]).toEqual(['b', undefined]);
  queue.done('a');
  expect(queue.take()).toBe('a');
});

test('the earliest of several delays counts', async () => {
  const env = makeEnv();
  const queue = new WorkQueue('test', env);
  queue.addAfter('a', 1000);
  queue.addAfter('a', 100);
  queue.addAfter('a', 500);
  await env.loop.advance(100);
  expect([queue.take(), env.loop.upcoming(1)]).toEqual(['a', []]);
});

test('a failing key is tried again after 5 ms, 10 ms, 20 ms, and starts small again once it worked', async () => {
  const env = makeEnv();
  const queue = new WorkQueue('test', env);
  const at: number[] = [];
  runWorkers(queue, 2, async () => {
    at.push(env.clock.now());
    if (at.length < 4) throw new Error('no');
  });
  queue.add('a');
  await env.loop.advance(100);
  expect(at).toEqual([0, 5, 15, 35]);
  expect(queue.requeues('a')).toBe(0);
});

test('no more workers than allowed run at a time', async () => {
  const env = makeEnv();
  const queue = new WorkQueue('test', env);
  let [running, most] = [0, 0];
  runWorkers(queue, 3, async () => {
    running += 1;
    most = Math.max(most, running);
    await env.loop.sleep(10, 'work');
    running -= 1;
  });
  for (let i = 0; i < 10; i += 1) queue.add(`${i}`);
  await env.loop.advance(100);
  expect([most, running, queue.length]).toEqual([3, 0, 0]);
});
