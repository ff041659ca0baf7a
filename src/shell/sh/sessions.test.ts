import { describe, expect, test } from 'vitest';
import { sessions } from './sessions.ts';
import { openTerminal } from './test-container.ts';

/** Numbers of processes are of no interest. */
const masked = (text: string) => text.replaceAll(/\[(\d)\] \d+\r/g, '[$1] PID\r');

describe('a session at a terminal looks as with the real shell', () => {
  test.each(sessions)('$flavour: $title', async ({ flavour, steps }) => {
    const { first, type } = await openTerminal(flavour);
    const shown: (readonly [string, string])[] = [];
    for (const [typed] of steps) shown.push([typed, masked(typed === '' ? first : await type(typed))]);
    expect(shown).toEqual(steps);
  });
});
