import type { Process, Syscall } from '../../kernel/types.ts';

/** What a user has pressed: characters to insert, or a key by name (`left`, `ctrl-a`, `alt-b`, `paste`). */
export type Key = { readonly text: string } | { readonly name: string };

const controlNames: Readonly<Record<number, string>> = { 8: 'backspace', 9: 'tab', 10: 'enter', 13: 'enter', 127: 'backspace' };

/** Sequences after ESC [ or ESC O, as terminals of the xterm kind send them. */
const sequenceNames: Readonly<Record<string, string>> = {
  A: 'up',
  B: 'down',
  C: 'right',
  D: 'left',
  H: 'home',
  F: 'end',
  '1~': 'home',
  '7~': 'home',
  '3~': 'delete',
  '4~': 'end',
  '8~': 'end',
  '1;5C': 'alt-f',
  '1;5D': 'alt-b',
  '1;3C': 'alt-f',
  '1;3D': 'alt-b',
  '200~': 'paste',
};

/** A sequence longer than this is no key. */
const sequenceMax = 16;

/** The next key; null at the end of input. Reads byte by byte: what follows is for whoever reads next. Throws EINTR. */
export function* readKey(process: Process, fd: number): Syscall<Key | null> {
  const byte = yield* readByte(process, fd);
  if (byte === null) return null;
  if (byte === 27) return yield* escapeSequence(process, fd);
  const named = controlNames[byte];
  if (named) return { name: named };
  if (byte < 32) return { name: `ctrl-${String.fromCharCode(byte + 96)}` };
  return { text: yield* character(process, fd, byte) };
}

/** Everything up to the end of a bracketed paste. */
export function* readPaste(process: Process, fd: number): Syscall<string> {
  const end = '\x1b[201~';
  const bytes: number[] = [];
  for (;;) {
    const byte = yield* readByte(process, fd);
    if (byte === null) break;
    bytes.push(byte);
    if (byte === 126 && Buffer.from(bytes.slice(-end.length)).toString('latin1') === end) {
      bytes.length -= end.length;
      break;
    }
  }
  return Buffer.from(bytes).toString().replaceAll(/\r\n?/g, '\n');
}

function* readByte(process: Process, fd: number): Syscall<number | null> {
  const data = yield* process.read(fd, 1);
  return data === null ? null : (data[0] as number);
}

function* character(process: Process, fd: number, first: number): Syscall<string> {
  const length = first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : first >= 0xc0 ? 2 : 1;
  const bytes = [first];
  while (bytes.length < length) {
    const next = yield* readByte(process, fd);
    if (next === null) break;
    bytes.push(next);
  }
  return Buffer.from(bytes).toString();
}

function* escapeSequence(process: Process, fd: number): Syscall<Key | null> {
  const next = yield* readByte(process, fd);
  if (next === null) return null;
  const letter = String.fromCharCode(next);
  if (next === 127 || next === 8) return { name: 'alt-backspace' };
  if (letter !== '[' && letter !== 'O') return { name: `alt-${letter}` };
  let sequence = '';
  while (sequence.length < sequenceMax) {
    const byte = yield* readByte(process, fd);
    if (byte === null) return null;
    sequence += String.fromCharCode(byte);
    if (byte >= 64 && byte <= 126) break;
  }
  return { name: Object.hasOwn(sequenceNames, sequence) ? (sequenceNames[sequence] as string) : 'unknown' };
}
