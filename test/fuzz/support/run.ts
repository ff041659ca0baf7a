import fc from 'fast-check';

/** Set by `npm run fuzz`; without them a test is short and always the same. */
const seconds = Number(process.env.PAPERKUBE_FUZZ_SECONDS ?? 0);
export const fuzzSeed = Number(process.env.PAPERKUBE_FUZZ_SEED ?? 1);

/** How long a test may take, in milliseconds. */
export const fuzzTimeoutMs = seconds * 1000 + 120_000;

/**
 * Holds a property against what `arbitrary` makes: `runs` times, or for as long as was asked for.
 * A failure names the seed and the command that repeats it.
 */
export async function check<T>(arbitrary: fc.Arbitrary<T>, runs: number, property: (value: T) => Promise<void>): Promise<void> {
  const details = await fc.check(fc.asyncProperty(arbitrary, property), {
    seed: fuzzSeed,
    numRuns: seconds > 0 ? Number.MAX_SAFE_INTEGER : runs,
    ...(seconds > 0 ? { interruptAfterTimeLimit: seconds * 1000, markInterruptAsFailure: false } : {}),
  });
  if (!details.failed) {
    if (seconds > 0) process.stderr.write(`${details.numRuns} runs\n`);
    return;
  }
  const example = JSON.stringify(
    details.counterexample,
    (_, value) => (value instanceof Uint8Array ? `bytes:${Buffer.from(value).toString('hex')}` : value),
    1,
  );
  const text = `${details.errorInstance instanceof Error ? details.errorInstance.message : String(details.errorInstance)}
after ${details.numRuns} runs, shortest example: ${example?.slice(0, 4000)}
replay: npm run fuzz -- --seed ${details.seed} --seconds ${seconds || 60}  (path ${details.counterexamplePath})`;
  throw new Error(text, { cause: details.errorInstance });
}
