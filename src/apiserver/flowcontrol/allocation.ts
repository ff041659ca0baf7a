/** A claim on a number of seats. */
export interface Claim {
  readonly target: number;
  readonly least: number;
  readonly most: number;
}

export interface Allocation {
  /** In the order of the claims; together they are all there is. */
  readonly seats: readonly number[];
  /** What each got of its target, where neither of its bounds was in the way. */
  readonly fairFraction: number;
}

/** Nobody's target is less than this, so that all of them can be compared. */
const targetMin = 0.001;
const epsilon = 1e-7;

/**
 * Gives all seats out so that everybody gets the same fraction of their target, but for those whose bounds forbid it (the task of
 * util/flowcontrol computeConcurrencyAllocation). Undefined if the bounds leave no way to do so.
 */
export function allocate(total: number, claims: readonly Claim[]): Allocation | undefined {
  const sum = (pick: (claim: Claim) => number) => claims.reduce((all, claim) => all + pick(claim), 0);
  const possible = claims.every(({ target, least, most }) => least >= 0 && target >= least && most >= least);
  if (!possible || total < sum(({ least }) => least) - epsilon || total > sum(({ most }) => most) + epsilon) return undefined;
  if (total === 0) return { seats: claims.map(() => 0), fairFraction: 0 };
  const wanted = claims.map(({ target }) => Math.max(target, targetMin));
  const share = (fraction: number) => claims.map(({ least, most }, index) => clamp(fraction * (wanted[index] as number), least, most));
  const given = (fraction: number) => share(fraction).reduce((all, seats) => all + seats, 0);
  // What is given out grows with the fraction, in a straight line between any two fractions where a bound begins or ends to matter.
  const bounds = claims.flatMap(({ least, most }, index) => [least / (wanted[index] as number), most / (wanted[index] as number)]);
  let [below, above] = [Math.min(...bounds), Math.max(...bounds)];
  for (const bound of [...new Set(bounds)].sort((one, other) => one - other)) {
    if (given(bound) <= total) below = Math.max(below, bound);
    else {
      above = bound;
      break;
    }
  }
  const [low, high] = [given(below), given(above)];
  const fairFraction = high - low > epsilon ? below + ((above - below) * (total - low)) / (high - low) : below;
  return { seats: share(fairFraction), fairFraction };
}

function clamp(value: number, least: number, most: number): number {
  return Math.max(least, Math.min(most, value));
}
