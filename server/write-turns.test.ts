import { Writable } from 'node:stream';
import { expect, test } from 'vitest';
import { WriteTurns } from './write-turns.ts';

/** A socket that keeps what it is sent, one string per write. */
function socket() {
  const sent: string[] = [];
  const writable = new Writable({
    write(chunk, _encoding, done) {
      sent.push(String(chunk));
      done();
    },
  });
  return { writable, sent };
}

const turn = () => new Promise((resolve) => setImmediate(resolve));

test('a few sockets are written to at once, the others in turns, and who waits gets all in one piece and in order', async () => {
  const turns = new WriteTurns();
  const sockets = Array.from({ length: 100 }, socket);
  const lines = sockets.map(({ writable }) => turns.line(writable));
  const tell = (text: string) => {
    const chunk = Buffer.from(text);
    for (const line of lines) line.write(chunk);
  };
  const counts = () => [0, 1, 2].map((writes) => sockets.filter(({ sent }) => sent.length === writes).length);
  tell('a');
  expect(counts()).toEqual([68, 32, 0]);
  expect(lines.at(-1)?.waitingBytes).toBe(1);
  tell('b');
  expect(counts()).toEqual([68, 32, 0]);
  await turn();
  expect(counts()).toEqual([36, 64, 0]);
  for (let more = 0; more < 3; more += 1) await turn();
  expect(counts()).toEqual([0, 68, 32]);
  expect(sockets.map(({ sent }) => sent.join('')).every((text) => text === 'ab')).toBe(true);
  expect(sockets.at(-1)?.sent).toEqual(['ab']);
  expect(lines.at(-1)?.waitingBytes).toBe(0);
});

test('what waits goes out when it is asked for, and is dropped with its socket', async () => {
  const turns = new WriteTurns();
  const sockets = Array.from({ length: 40 }, socket);
  const lines = sockets.map(({ writable }) => turns.line(writable));
  for (const line of lines) line.write(Buffer.from('x'));
  lines[35]?.flush();
  expect(sockets[35]?.sent).toEqual(['x']);
  sockets[36]?.writable.destroy();
  await turn();
  expect([35, 36, 37].map((index) => sockets[index]?.sent)).toEqual([['x'], [], ['x']]);
});

test('much that waits goes out in portions, in as many turns', async () => {
  const turns = new WriteTurns();
  const sockets = Array.from({ length: 33 }, socket);
  const lines = sockets.map(({ writable }) => turns.line(writable));
  const last = sockets[32];
  for (let event = 0; event < 7; event += 1) for (const line of lines) line.write(Buffer.alloc(10_000, String(event)));
  const sizes = () => last?.sent.map(({ length }) => length);
  expect(sizes()).toEqual([]);
  await turn();
  expect(lines[32]?.waitingBytes).toBe(40_000);
  for (let more = 0; more < 5; more += 1) await turn();
  expect(sizes()).toEqual([30_000, 30_000, 10_000]);
  expect(last?.sent.join('')).toBe(Array.from('0123456', (digit) => digit.repeat(10_000)).join(''));
});
