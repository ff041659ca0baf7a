/**
 * Random pods, random failures: what a pod promises holds at every change of its life. `PAPERKUBE_LIFE_SECONDS` goes on for as long
 * as you like, `PAPERKUBE_LIFE_SEED` begins elsewhere.
 */
import { test } from 'vitest';
import { livePods, type Story } from './support/life-story.ts';

const seconds = Number(process.env.PAPERKUBE_LIFE_SECONDS ?? 0);
const firstSeed = Number(process.env.PAPERKUBE_LIFE_SEED ?? 1);
/** Without a time, so many stories are told. */
const runs = Number(process.env.PAPERKUBE_LIFE_RUNS ?? 12);
const linesShown = Number(process.env.PAPERKUBE_LIFE_LINES ?? 60);

test('whatever happens to pods and nodes, the promises of the pod life cycle hold', { timeout: seconds * 1000 + 240_000 }, async () => {
  const deadline = performance.now() + seconds * 1000;
  let seed = firstSeed;
  for (; seconds > 0 ? performance.now() < deadline : seed < firstSeed + runs; seed += 1) {
    const story: Story = { seed, lines: [] };
    try {
      await livePods(story);
    } catch (error) {
      throw new Error(report(story, error), { cause: error });
    }
  }
  if (seconds > 0) process.stderr.write(`seeds ${firstSeed} to ${seed - 1}\n`);
});

function report({ seed, lines, pod }: Story, error: unknown): string {
  const name = pod?.metadata?.name;
  const told = lines.filter((line) => !line.includes(' pod-') || name === undefined || line.includes(`${name} `) || line.includes(`${name}/`));
  return [
    error instanceof Error ? error.message : String(error),
    `replay: PAPERKUBE_LIFE_SEED=${seed} PAPERKUBE_LIFE_RUNS=1 npx vitest run test/simulation/pod-life-cycle.test.ts`,
    ...told.slice(-linesShown),
    ...(pod ? [JSON.stringify(pod.spec)] : []),
  ].join('\n');
}
