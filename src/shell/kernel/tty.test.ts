import { expect, test } from 'vitest';
import { Tty } from './tty.ts';

function openTty() {
  let screen = '';
  const tty = new Tty({
    data(data) {
      screen += Buffer.from(data).toString();
      return true;
    },
  });
  return { tty, screen: () => screen, read: () => Buffer.from(tty.read(100) ?? []).toString() };
}

test('a read gives one line, though more have been typed', () => {
  const { tty, read } = openTty();
  tty.input(Buffer.from('one\rtwo\r'));
  expect([read(), read(), tty.read(100)]).toEqual(['one\n', 'two\n', undefined]);
});

test('what was typed of a line can be read once lines are no longer collected', () => {
  const { tty, read, screen } = openTty();
  tty.input(Buffer.from('ab'));
  expect(tty.read(100)).toBeUndefined();
  tty.canonical = false;
  tty.echo = false;
  tty.input(Buffer.from('\x7f\x04'));
  expect(read()).toBe('ab\x7f\x04');
  expect(screen()).toBe('ab');
});

test('signal keys go to the foreground group, and arrive as bytes once that is turned off', () => {
  const { tty, read, screen } = openTty();
  const signals: string[] = [];
  tty.signalGroup = (group, signal) => signals.push(`${group} ${signal}`);
  tty.foregroundGroup = 7;
  tty.input(Buffer.from('lost\x03\x1a\x1c'));
  expect(signals).toEqual(['7 INT', '7 TSTP', '7 QUIT']);
  expect(screen()).toBe('lost^C^Z^\\');
  tty.signals = false;
  tty.canonical = false;
  tty.input(Buffer.from('\x03'));
  expect(read()).toBe('\x03');
});
