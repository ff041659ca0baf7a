import { expect, test } from 'vitest';
import { Storage } from '../fs/storage.ts';
import { HostRoom } from './host-room.ts';
import { MemoryAccount, NodeMemory } from './memory.ts';

const mi = 1024 ** 2;

test('file systems that grow without end leave room for one more of their size', () => {
  const room = new HostRoom();
  const storages = Array.from({ length: 8 }, (_, device) => new Storage(device, { room }));
  for (let grown = true; grown; ) {
    grown = false;
    for (const storage of storages) {
      const bytes = storage.room(mi);
      if (bytes === 0) continue;
      storage.resize(bytes);
      grown = true;
    }
  }
  for (const storage of storages) expect(storage.usedBytes / mi).toBeCloseTo(640 / 9, -1);
  const late = new Storage(9, { room });
  expect(late.room(20 * mi)).toBe(20 * mi);
});

test('files count as well as their contents, and what is released is free', () => {
  let released = 0;
  const room = new HostRoom(() => {
    released += 1;
  });
  const storage = new Storage(1, { room });
  for (let i = 0; i < 1000; i += 1) storage.addEntry();
  storage.resize(40 * mi);
  expect(room.filesBytes).toBe(40 * mi + 1000 * 512);
  storage.release();
  expect([room.filesBytes, released]).toEqual([0, 1]);
  storage.resize(-40 * mi);
  expect(room.filesBytes).toBe(0);
});

test('of programs that hold too much together, the one that holds most is killed, one at a time', () => {
  const room = new HostRoom();
  const killed: string[] = [];
  const holder = (name: string, heldBytes: number) => {
    const made = {
      heldBytes,
      isEnding: false,
      exceeded() {
        killed.push(name);
        made.isEnding = true;
      },
    };
    room.join(made);
    room.hold(heldBytes);
    return made;
  };
  holder('a', 50 * mi);
  const largest = holder('b', 60 * mi);
  holder('c', 30 * mi);
  holder('d', 10 * mi);
  expect(killed).toEqual(['b']);
  room.leave(largest);
  room.hold(-60 * mi);
  holder('e', 45 * mi);
  expect(killed).toEqual(['b', 'a']);
});

test('thousands of containers that do little cost each other nothing', () => {
  const room = new HostRoom();
  const node = new NodeMemory(Number.POSITIVE_INFINITY, room);
  const killed: number[] = [];
  const accounts = Array.from({ length: 10_000 }, (_, container) => {
    const account = new MemoryAccount({ node, limitBytes: undefined, files: [], oomScoreAdj: 0, onExceeded: () => killed.push(container) });
    for (const pid of [1, 2]) account.started({ pid, hostPid: pid, argv: ['sh'] });
    return account;
  });
  expect([killed, room.heldBytes]).toEqual([[], 0]);
  accounts[7]?.grow(1, 200 * mi);
  expect(killed).toEqual([7]);
  accounts[7]?.close();
  expect(room.heldBytes).toBe(0);
});
