import { createHash } from 'node:crypto';

/** Bits of the hash that a hand may use up; with more of them the last cards would not be dealt evenly. */
const hashBitsMax = 60;
const deckSizeMax = 2 ** 26;

/** Why no hand of this size can be dealt, if so (util/shufflesharding). */
export function handMistake(deckSize: number, handSize: number): string | undefined {
  if (deckSize <= 0 || handSize <= 0) return `deckSize ${deckSize} or handSize ${handSize} is not positive`;
  if (handSize > deckSize) return `handSize ${handSize} is greater than deckSize ${deckSize}`;
  if (deckSize > deckSizeMax) return `deckSize ${deckSize} is impractically large`;
  if (entropyBits(deckSize, handSize) > hashBitsMax) {
    return `required entropy bits of deckSize ${deckSize} and handSize ${handSize} is greater than ${hashBitsMax}`;
  }
  return undefined;
}

/** How much of a hash a hand uses up. */
export function entropyBits(deckSize: number, handSize: number): number {
  return Math.ceil(Math.log2(deckSize) * handSize);
}

/**
 * The queues that a flow may use: `handSize` different numbers below `deckSize`, always the same ones for the same hash. Flows
 * that share one queue seldom share all of their hands.
 */
export function dealHand(hash: bigint, deckSize: number, handSize: number): readonly number[] {
  let rest = hash;
  const drawn = Array.from({ length: handSize }, (_, index) => {
    const left = BigInt(deckSize - index);
    const card = Number(rest % left);
    rest /= left;
    return card;
  });
  // Each was drawn from what the ones before it had left.
  return drawn.map((first, index) => {
    let card = first;
    for (let before = index - 1; before >= 0; before -= 1) if (card >= (drawn[before] as number)) card += 1;
    return card;
  });
}

/** Of all requests of one schema that are not told apart (util/flowcontrol hashFlowID). */
export function flowHash(flowSchema: string, distinguisher: string): bigint {
  return createHash('sha256').update(`${flowSchema}\0${distinguisher}`).digest().readBigUInt64LE();
}
