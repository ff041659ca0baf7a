import { expect, test } from 'vitest';
import type { PodLogOptions } from '../machinery/index.ts';
import { testNode } from '../runtime/testing/node.ts';
import type { ContainerLog } from '../runtime/types.ts';
import { streamLog } from './container-logs.ts';

const options: PodLogOptions = { container: 'c', follow: true, previous: false, timestamps: false };

/** Lines of `yes` in what a client is handed at a time. */
const pieceLines = (32 * 1024) / 2;

/** A client that takes so many bytes, rounded up to what it is handed at a time, and then none until it is let go on. */
function slowReader(room: number) {
  let text = '';
  let left = room;
  let ended = false;
  let wake: (() => void) | undefined;
  return {
    text: () => text,
    ended: () => ended,
    /** Takes so many bytes more. */
    take(bytes: number) {
      left = bytes;
      const callback = wake;
      wake = undefined;
      callback?.();
    },
    data(chunk: Uint8Array) {
      text += Buffer.from(chunk).toString();
      left -= chunk.length;
    },
    end() {
      ended = true;
    },
    full: () => left <= 0,
    onRoom(callback: () => void) {
      wake = callback;
    },
  };
}

async function counting(script: string) {
  const node = testNode();
  const { id } = await node.start('busybox', { command: ['sh', '-c', script] });
  return { node, id, log: node.runtime.containerLog(id) as ContainerLog };
}

test('a client that does not read holds nothing up and nothing is kept for it: it goes on where it was, without what was dropped meanwhile', async () => {
  const { node, id, log } = await counting('yes | head -n 1000000; echo last; sleep 1000000');
  const [slow, quick] = [slowReader(10), slowReader(Number.POSITIVE_INFINITY)];
  const stop = streamLog(node.env, log, options, slow);
  streamLog(node.env, log, { ...options, tailLines: 0 }, quick);
  await node.advance(120_000);
  expect(slow.text()).toBe('y\n'.repeat(pieceLines));
  expect(quick.text()).toMatch(/last\n$/); // The container was not held up, nor was the other client.
  expect(log.first).toBeGreaterThan(500_000);
  const kept = log.count - log.first;
  slow.take(20);
  await node.advance(0);
  expect(slow.text()).toBe('y\n'.repeat(2 * pieceLines));
  slow.take(Number.POSITIVE_INFINITY);
  await node.advance(0);
  expect(slow.text()).toBe(`${'y\n'.repeat(pieceLines + kept - 1)}last\n`);
  await node.runtime.stopContainer(id, 0);
  await node.advance(0);
  expect([slow.ended(), quick.ended()]).toEqual([true, true]);
  stop();
});

test('the end of a container reaches a slow client after all that it still has to read', async () => {
  const { node, log } = await counting('echo one; echo two; echo three');
  const slow = slowReader(0);
  streamLog(node.env, log, options, slow);
  await node.advance(5000);
  expect([slow.text(), slow.ended()]).toEqual(['', false]);
  slow.take(100);
  await node.advance(0);
  expect([slow.text(), slow.ended()]).toEqual(['one\ntwo\nthree\n', true]);
});

test('what is there already comes in few pieces, and a limit of bytes cuts the last one', async () => {
  const { node, log } = await counting('yes | head -n 40000');
  await node.advance(5000);
  const pieces: number[] = [];
  let ended = false;
  streamLog(node.env, log, { ...options, limitBytes: 70_001 }, { data: (piece) => pieces.push(piece.length), end: () => (ended = true) });
  await node.advance(0);
  expect([pieces, ended]).toEqual([[32_768, 32_768, 4465], true]);
});

test('a client that has gone is sent nothing more', async () => {
  const { node, log } = await counting('while echo tick; do sleep 1; done');
  const reader = slowReader(Number.POSITIVE_INFINITY);
  const stop = streamLog(node.env, log, options, reader);
  await node.advance(2500);
  stop();
  const before = reader.text();
  await node.advance(10_000);
  expect(reader.text()).toBe(before);
});
