import { expect, test } from 'vitest';
import { dealHand, entropyBits, flowHash, handMistake } from './shuffle-sharding.ts';

test('a hand has different cards, the same ones for the same hash, and every card has its turn', () => {
  expect(dealHand(0n, 128, 6)).toEqual([0, 1, 2, 3, 4, 5]);
  const seen = new Map<number, number>();
  for (let user = 0; user < 2000; user += 1) {
    const hash = flowHash('global-default', `user-${user}`);
    const hand = dealHand(hash, 16, 4);
    expect(new Set(hand).size).toBe(4);
    expect(hand).toEqual(dealHand(hash, 16, 4));
    for (const card of hand) seen.set(card, (seen.get(card) ?? 0) + 1);
  }
  expect([...seen.keys()].sort((one, other) => one - other)).toEqual(Array.from({ length: 16 }, (_, card) => card));
  for (const times of seen.values()) expect(Math.abs(times - 500)).toBeLessThan(100);
});

test('all hands of a small deck can be dealt, each by as many hashes', () => {
  const hands = Array.from({ length: 12 }, (_, hash) => dealHand(BigInt(hash), 4, 2).join());
  expect(new Set(hands).size).toBe(12);
});

test('a hand that cannot be dealt is known by why', () => {
  expect(handMistake(64, 8)).toBeUndefined();
  expect(handMistake(0, 1)).toBe('deckSize 0 or handSize 1 is not positive');
  expect(handMistake(4, 5)).toBe('handSize 5 is greater than deckSize 4');
  expect(handMistake(2 ** 26 + 1, 1)).toContain('impractically large');
  expect(entropyBits(512, 8)).toBe(72);
  expect(handMistake(512, 8)).toBe('required entropy bits of deckSize 512 and handSize 8 is greater than 60');
});
