import { expect, test } from 'vitest';
import { createEnv } from './env.ts';
import { logTo, silentLog } from './log.ts';
import { nodeMachine } from './machine.ts';

const start = Date.parse('2026-01-01T00:00:00Z');
const manual = (seed = 1) => createEnv({ machine: nodeMachine, log: silentLog, seed, start, mode: 'manual' });

test('tasks run in the order they arrived, and what they add runs before settle returns', async () => {
  const { loop } = manual();
  const seen: string[] = [];
  loop.defer('a', () => {
    seen.push('a');
    loop.defer('c', () => void seen.push('c'));
  });
  loop.defer('b', () => void seen.push('b'));
  await loop.settle();
  expect(seen).toEqual(['a', 'b', 'c']);
});

test('where time stands still, the order of things and the time are the same on a slow machine', async () => {
  const storyOn = async (msPerLook: number) => {
    let machineMs = 0;
    const machine = { ...nodeMachine, monotonic: () => (machineMs += msPerLook) };
    const { loop, clock } = createEnv({ machine, log: silentLog, seed: 1, start, mode: 'manual' });
    const seen: string[] = [];
    for (const name of ['a', 'b']) {
      loop.defer(name, async () => {
        seen.push(name);
        await undefined;
        seen.push(`${name} went on`);
      });
    }
    await loop.settle();
    return [clock.now(), ...seen];
  };
  expect(await storyOn(0)).toEqual([start, 'a', 'b', 'a went on', 'b went on']);
  expect(await storyOn(1000)).toEqual(await storyOn(0));
});

test('settle lets chains of promises finish, but does not wait for timers', async () => {
  const { loop } = manual();
  const seen: string[] = [];
  loop.defer('chain', async () => {
    for (let i = 0; i < 50; i += 1) await Promise.resolve();
    seen.push('chained');
    await loop.sleep(1000, 'later');
    seen.push('slept');
  });
  await loop.settle();
  expect(seen).toEqual(['chained']);
  await loop.advance(1000);
  expect(seen).toEqual(['chained', 'slept']);
});

test('settle waits for work outside that was tracked', async () => {
  const { loop } = manual();
  let done = false;
  loop.track(new Promise<void>((resolve) => nodeMachine.wakeAfter(5, resolve))).then(() => {
    done = true;
  });
  await loop.settle();
  expect(done).toBe(true);
});

test('advance stops at each timer in turn, by due time and then by arrival', async () => {
  const { loop, clock } = manual();
  const seen: [string, number][] = [];
  const note = (name: string) => () => void seen.push([name, clock.now() - start]);
  loop.after(2000, 'late', note('late'));
  loop.after(1000, 'first', () => {
    note('first')();
    loop.after(500, 'nested', note('nested'));
  });
  loop.after(1000, 'second', note('second'));
  await loop.advance(1999);
  expect(seen).toEqual([
    ['first', 1000],
    ['second', 1000],
    ['nested', 1500],
  ]);
  expect(clock.now() - start).toBe(1999);
  await loop.advance(1);
  expect(seen.at(-1)).toEqual(['late', 2000]);
});

test('a cancelled timer does not run and is not listed', async () => {
  const { loop } = manual();
  const kept = loop.after(20, 'kept', () => {});
  loop.after(10, 'gone', () => expect.unreachable()).cancel();
  expect(loop.upcoming(10).map((timer) => timer.name)).toEqual(['kept']);
  await loop.advance(30);
  kept.cancel();
  expect(loop.upcoming(10)).toEqual([]);
});

test('step jumps to the next timer', async () => {
  const { loop, clock } = manual();
  loop.after(60_000, 'minute', () => {});
  expect(await loop.step()).toBe(start + 60_000);
  expect(clock.now()).toBe(start + 60_000);
  expect(await loop.step()).toBeUndefined();
});

test('a failing task is logged and does not stop the others', async () => {
  const lines: string[] = [];
  const env = createEnv({
    machine: nodeMachine,
    log: logTo((record) => lines.push(`${record.message} ${record.fields.task}`)),
    seed: 1,
    start,
    mode: 'manual',
  });
  let ran = false;
  env.loop.defer('throws', () => {
    throw new Error('no');
  });
  env.loop.defer('rejects', () => Promise.reject(new Error('no')));
  env.loop.defer('good', () => {
    ran = true;
  });
  await env.loop.settle();
  expect(ran).toBe(true);
  expect(lines).toEqual(['background task failed throws', 'background task failed rejects']);
});

test('in auto mode time jumps from timer to timer, but never while a client waits', async () => {
  const { loop, clock } = manual();
  const release = loop.hold();
  loop.setMode('auto');
  const hour = loop.sleep(3_600_000, 'hour');
  await loop.settle();
  expect(clock.now()).toBe(start);
  release();
  await hour;
  expect(clock.now()).toBe(start + 3_600_000);
  loop.stop();
});

test('a faster clock counts more simulated time, and a switch of mode loses none', () => {
  let machineMs = 0;
  const env = createEnv({
    machine: { monotonic: () => machineMs, nextTurn: () => {}, wakeAfter: () => () => {} },
    log: silentLog,
    seed: 1,
    start,
    mode: 'x10',
  });
  machineMs = 100;
  expect(env.clock.now()).toBe(start + 1000);
  env.loop.setMode('manual');
  machineMs = 200;
  expect(env.clock.now()).toBe(start + 1000);
  env.loop.setMode('real');
  machineMs = 250;
  expect(env.clock.now()).toBe(start + 1050);
});

test('one seed gives the same names, another seed others, and streams do not disturb each other', () => {
  const [a, b, c] = [manual(7), manual(7), manual(8)];
  b.random.stream('elsewhere').next();
  expect(a.ids.uid()).toBe(b.ids.uid());
  expect(a.ids.nameSuffix()).toMatch(/^[bcdfghjklmnpqrstvwxz2456789]{5}$/);
  expect(a.ids.uid()).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
  expect(manual(7).ids.containerId()).not.toBe(c.ids.containerId());
});

test('timers that are set and cancelled for ever do not pile up', () => {
  const { loop } = manual();
  for (let i = 0; i < 100_000; i += 1) loop.after(1000 + i, 'probe', () => {}).cancel();
  loop.after(5, 'real', () => {});
  expect(loop.upcoming(5).map((timer) => timer.name)).toEqual(['real']);
});

test('a timer that time has jumped close to is not left to its old wake-up', async () => {
  const env = createEnv({ machine: nodeMachine, log: silentLog, seed: 1, start, mode: 'real' });
  let ran = false;
  env.loop.after(3_600_000, 'hour', () => {
    ran = true;
  });
  await env.loop.advance(3_599_990);
  expect(ran).toBe(false);
  await env.loop.track(new Promise<void>((resolve) => nodeMachine.wakeAfter(30, resolve)));
  await env.loop.settle();
  expect(ran).toBe(true);
  env.loop.stop();
});

test('a task sees that it has had its share of real time, and never does where time stands still', async () => {
  const seenIn = async (mode: 'real' | 'manual') => {
    let machineMs = 0;
    const { loop } = createEnv({ machine: { ...nodeMachine, monotonic: () => machineMs }, log: silentLog, seed: 1, start, mode });
    const seen: boolean[] = [];
    loop.defer('long', () => {
      for (let i = 0; i < 3; i += 1) {
        seen.push(loop.isSliceOver());
        machineMs += 1.5;
      }
    });
    await loop.settle();
    loop.stop();
    return seen;
  };
  expect(await seenIn('real')).toEqual([false, false, true]);
  expect(await seenIn('manual')).toEqual([false, false, false]);
});
