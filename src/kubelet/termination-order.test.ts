import { expect, test } from 'vitest';
import type { Pod } from '../../generated/types/index.ts';
import { createEnv, nodeMachine, silentLog } from '../env/index.ts';
import { TerminationOrder } from './termination-order.ts';

const sidecar = (name: string) => ({ name, restartPolicy: 'Always' });
const pod: Pod = { spec: { initContainers: [sidecar('first'), { name: 'setup' }, sidecar('second')], containers: [{ name: 'app' }] } };

function order(running: readonly string[]) {
  const env = createEnv({ machine: nodeMachine, log: silentLog, seed: 1, start: 0, mode: 'manual' });
  const made = new TerminationOrder(env, pod, running);
  const turns: string[] = [];
  for (const name of running) {
    void made.waitForTurn(name, 30).then((waited) => turns.push(`${name} after ${waited} s`));
  }
  return { made, turns, advance: (ms: number) => env.loop.advance(ms) };
}

test('sidecars wait for the app containers, and for those that came after them', async () => {
  const { made, turns, advance } = order(['first', 'second', 'app']);
  await advance(5000);
  expect(turns).toEqual(['app after 0 s']);
  made.ended('app');
  await advance(3000);
  expect(turns.slice(1)).toEqual(['second after 5 s']);
  made.ended('second');
  await advance(0);
  expect(turns.slice(2)).toEqual(['first after 8 s']);
});

test('nobody waits for what does not run, nor longer than the grace period', async () => {
  const { turns, advance } = order(['first', 'app']);
  await advance(29_000);
  expect(turns).toEqual(['app after 0 s']);
  await advance(1000);
  expect(turns.slice(1)).toEqual(['first after 30 s']);
});
