import { expect, test } from 'vitest';
import { LogLines } from './log-lines.ts';

test('lines read as they were written, in whatever pieces they are kept, and the oldest go first', () => {
  const lines = new LogLines();
  const texts = Array.from({ length: 5000 }, (_, index) => `${index}${'x'.repeat(index % 7 === 0 ? (index * 37) % 9000 : index % 5)}\n`);
  for (const [index, text] of texts.entries()) lines.push({ time: index / 2, stream: index % 3 === 0 ? 'stderr' : 'stdout', data: Buffer.from(text) });
  let dropped = 0;
  for (let i = 0; i < 3000; i += 1) dropped += lines.drop();
  expect(dropped).toBe(texts.slice(0, 3000).join('').length);
  expect([lines.first, lines.count]).toEqual([3000, 5000]);
  expect([lines.at(2999), lines.at(5000)]).toEqual([undefined, undefined]);
  for (let index = 3000; index < 5000; index += 1) {
    const line = lines.at(index);
    expect(Buffer.from(line?.data ?? []).toString()).toBe(texts[index]);
    expect([line?.time, line?.stream]).toEqual([index / 2, index % 3 === 0 ? 'stderr' : 'stdout']);
  }
  while (lines.first < lines.count) lines.drop();
  lines.push({ time: 1, stream: 'stdout', data: Buffer.from('last\n') });
  expect(Buffer.from(lines.at(5000)?.data ?? []).toString()).toBe('last\n');
});
