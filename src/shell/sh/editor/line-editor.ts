import type { Process, Syscall, Terminal } from '../../kernel/types.ts';
import { SystemError } from '../../kernel/types.ts';
import type { Completion } from './completion.ts';
import { quoteWord } from './completion.ts';
import type { History } from './history.ts';
import type { Key } from './keys.ts';
import { readKey, readPaste } from './keys.ts';
import type { Change, Line, Screen } from './screen.ts';
import { BusyboxScreen, ReadlineScreen, widthOf } from './screen.ts';

export interface EditorOptions {
  /** Whose keys and bytes: busybox' editor or bash's readline. */
  readonly style: 'busybox' | 'readline';
  readonly prompt: string;
  readonly history: History;
  complete(line: string): Completion;
  /** Whether the signal that has just come gives the line up. */
  isInterrupted(): boolean;
}

/** Characters that a line may have: busybox' limit, and for readline what a terminal can hold. */
const lineMax = { busybox: 1023, readline: 65_536 };

/** Beyond this many possibilities readline asks before it lists them. */
const listsUnasked = 100;

/** Edits one line at a terminal, which is put into the mode for it meanwhile. Gives the line, `interrupted` after ^C, undefined after ^D. */
export function* editLine(process: Process, terminal: Terminal, options: EditorOptions): Syscall<{ readonly text: string } | 'interrupted' | undefined> {
  const { echo, canonical, signals } = terminal;
  terminal.echo = false;
  terminal.signals = false;
  terminal.canonical = false;
  try {
    return yield* new LineEditor(process, terminal, options).edit();
  } finally {
    terminal.echo = echo;
    terminal.signals = signals;
    terminal.canonical = canonical;
  }
}

class LineEditor {
  #line: Line = { characters: [], cursor: 0 };
  readonly #screen: Screen;
  readonly #isBusybox: boolean;
  /** Where in the history; at its length stands the line being typed. */
  #place: number;
  /** What was typed before going back in history. */
  #typed = '';
  /** How the tab before went, if that was the last key. */
  #lastTab: 'ambiguous' | 'stuck' | 'done' | undefined;
  #out = '';
  /** A key that was read but not yet acted upon. */
  #ahead: Key | undefined;

  /** What each key does in both editors. */
  readonly #keys: Readonly<Record<string, () => void>> = {
    left: () => this.#move(this.#line.cursor - 1),
    'ctrl-b': () => this.#move(this.#line.cursor - 1),
    right: () => this.#move(this.#line.cursor + 1),
    'ctrl-f': () => this.#move(this.#line.cursor + 1),
    home: () => this.#moveQuietly(0),
    'ctrl-a': () => this.#moveQuietly(0),
    end: () => this.#moveQuietly(this.#line.characters.length),
    'ctrl-e': () => this.#moveQuietly(this.#line.characters.length),
    'alt-b': () => this.#move(wordLeft(this.#line)),
    'alt-f': () => this.#move(wordRight(this.#line)),
    backspace: () => this.#eraseBack(Math.max(0, this.#line.cursor - 1)),
    delete: () => this.#eraseForward(Math.min(this.#line.cursor + 1, this.#line.characters.length)),
    'ctrl-d': () => this.#eraseForward(Math.min(this.#line.cursor + 1, this.#line.characters.length)),
    up: () => this.#recall(-1),
    'ctrl-p': () => this.#recall(-1),
    down: () => this.#recall(1),
    'ctrl-n': () => this.#recall(1),
    'ctrl-l': () => this.#redraw(),
    'ctrl-u': () => this.#discard(),
    'ctrl-k': () => this.#killToEnd(),
    'ctrl-w': () => this.#killWord(spaceLeft(this.#line)),
    'alt-backspace': () => this.#killWord(wordLeft(this.#line)),
    'alt-d': () => this.#kill(this.#line.cursor, wordRight(this.#line)),
  };
  /** Keys that busybox does not know. Differs from upstream: ^R, ^V, undo and numeric arguments are left out. */
  readonly #readlineKeys: Readonly<Record<string, () => void>> = {
    'ctrl-y': () => this.#insert(this.options.history.killed),
    'ctrl-t': () => this.#swap(),
  };

  constructor(
    readonly process: Process,
    readonly terminal: Terminal,
    readonly options: EditorOptions,
  ) {
    this.#isBusybox = options.style === 'busybox';
    const columns = () => terminal.columns || 80;
    this.#screen = this.#isBusybox ? new BusyboxScreen(options.prompt, columns) : new ReadlineScreen(options.prompt, columns);
    this.#place = options.history.lines.length;
  }

  *edit(): Syscall<'interrupted' | undefined | { readonly text: string }> {
    const brackets = !this.#isBusybox && (this.process.env.get('TERM') ?? 'dumb') !== 'dumb';
    this.#out = `${brackets ? '\x1b[?2004h' : ''}${this.#screen.begin()}`;
    const leave = brackets ? '\x1b[?2004l\r' : '';
    for (;;) {
      yield* this.#flush();
      const key = yield* this.#nextKey();
      if (key === 'interrupted' || ('name' in key && key.name === 'ctrl-c')) {
        // Readline sets its modes once more before it gives the line up.
        this.#out += this.#isBusybox ? '^C' : `^C${leave}${brackets ? `\x1b[?2004h${leave}` : ''}`;
        yield* this.#flush();
        return 'interrupted';
      }
      if ('name' in key && (key.name === 'end-of-input' || (key.name === 'ctrl-d' && this.#line.characters.length === 0))) {
        this.#out += leave;
        yield* this.#flush();
        return undefined;
      }
      if ('name' in key && (key.name === 'enter' || (key.name === 'ctrl-o' && !this.#isBusybox))) {
        this.#out += this.#screen.leave(this.#line) + leave;
        yield* this.#flush();
        return { text: this.#text() };
      }
      if ('text' in key) this.#insert(key.text);
      else if (key.name === 'paste') this.#insert(yield* readPaste(this.process, 0));
      else if (key.name === 'tab') yield* this.#complete();
      else this.#press(key.name);
      if (!('name' in key) || key.name !== 'tab') this.#lastTab = undefined;
    }
  }

  *#nextKey(): Syscall<Key | 'interrupted'> {
    const ahead = this.#ahead;
    this.#ahead = undefined;
    if (ahead) return ahead;
    for (;;) {
      try {
        const key = (yield* readKey(this.process, 0)) ?? { name: 'end-of-input' };
        return 'text' in key && !this.#isBusybox ? yield* this.#withMore(key.text) : key;
      } catch (error) {
        if (!(error instanceof SystemError) || error.code !== 'EINTR') throw error;
        if (this.options.isInterrupted()) return 'interrupted';
      }
    }
  }

  /** Readline inserts what was typed at once in one go. */
  *#withMore(first: string): Syscall<Key> {
    let text = first;
    while (this.process.readable(0)) {
      const next = (yield* readKey(this.process, 0)) ?? { name: 'end-of-input' };
      if ('text' in next) text += next.text;
      else {
        this.#ahead = next;
        break;
      }
    }
    return { text };
  }

  *#flush(): Syscall<void> {
    const text = this.#out;
    this.#out = '';
    if (text === '') return;
    try {
      yield* this.process.write(2, text);
    } catch (error) {
      if (!(error instanceof SystemError)) throw error;
    }
  }

  #text(): string {
    return this.#line.characters.join('');
  }

  #become(characters: readonly string[], cursor: number, kind: Change): void {
    const next = { characters, cursor };
    this.#out += this.#screen.change(this.#line, next, kind);
    this.#line = next;
  }

  #bell(times = 1): void {
    this.#out += '\x07'.repeat(times);
  }

  #insert(text: string): void {
    const { characters, cursor } = this.#line;
    const added = [...text].slice(0, lineMax[this.options.style] - characters.length);
    if (added.length === 0) return;
    this.#become([...characters.slice(0, cursor), ...added, ...characters.slice(cursor)], cursor + added.length, 'insert');
  }

  #move(to: number): void {
    const { characters, cursor } = this.#line;
    const next = Math.max(0, Math.min(characters.length, to));
    if (next !== cursor) this.#become(characters, next, 'move');
    else if (to !== cursor) this.#bell();
  }

  /** To where it may be already. */
  #moveQuietly(to: number): void {
    if (to !== this.#line.cursor) this.#move(to);
  }

  #redraw(): void {
    this.#out += this.#screen.redraw(this.#line, false);
  }

  /** Removes what is left of the cursor down to `from`: busybox one by one, readline at once. */
  #eraseBack(from: number): void {
    const { characters, cursor } = this.#line;
    if (from >= cursor) {
      if (!this.#isBusybox) this.#bell();
      return;
    }
    const target = this.#isBusybox ? cursor - 1 : from;
    this.#become([...characters.slice(0, target), ...characters.slice(cursor)], target, 'backspace');
    if (target > from) this.#eraseBack(from);
  }

  #eraseForward(to: number): void {
    const { characters, cursor } = this.#line;
    if (to <= cursor) {
      if (!this.#isBusybox) this.#bell();
      return;
    }
    const end = this.#isBusybox ? cursor + 1 : to;
    this.#become([...characters.slice(0, cursor), ...characters.slice(end)], cursor, 'delete');
    if (to > end) this.#eraseForward(to - 1);
  }

  #kill(from: number, to: number): void {
    if (from === to) return;
    this.options.history.killed = this.#line.characters.slice(from, to).join('');
    if (from < this.#line.cursor) this.#eraseBack(from);
    else this.#eraseForward(to);
  }

  #replace(text: string): void {
    const characters = [...text];
    this.#become(characters, characters.length, 'replace');
  }

  #press(name: string): void {
    if (Object.hasOwn(this.#keys, name)) this.#keys[name]?.();
    else if (Object.hasOwn(this.#readlineKeys, name) && !this.#isBusybox) this.#readlineKeys[name]?.();
  }

  #discard(): void {
    const { characters, cursor } = this.#line;
    if (!this.#isBusybox) {
      if (cursor > 0) this.#kill(0, cursor);
      else this.#bell();
    } else if (cursor > 0) this.#become(characters.slice(cursor), 0, 'replace');
  }

  #killToEnd(): void {
    const { characters, cursor } = this.#line;
    this.options.history.killed = characters.slice(cursor).join('');
    if (this.#isBusybox) {
      this.#line = { characters: characters.slice(0, cursor), cursor };
      this.#out += '\x1b[J';
    } else if (cursor < characters.length) this.#become(characters.slice(0, cursor), cursor, 'delete');
  }

  #killWord(from: number): void {
    if (from < this.#line.cursor) this.#kill(from, this.#line.cursor);
  }

  #swap(): void {
    const { characters, cursor } = this.#line;
    if (characters.length < 2 || cursor === 0) {
      this.#bell();
      return;
    }
    const at = Math.min(cursor, characters.length - 1);
    const swapped = [...characters];
    swapped[at - 1] = characters[at] as string;
    swapped[at] = characters[at - 1] as string;
    this.#become(swapped, at + 1, 'replace');
  }

  #recall(step: -1 | 1): void {
    const { lines } = this.options.history;
    const next = this.#place + step;
    if (next < 0 || next > lines.length) {
      this.#bell(this.#isBusybox && step < 0 ? 2 : 1);
      return;
    }
    if (this.#place === lines.length) this.#typed = this.#text();
    this.#place = next;
    this.#replace(next === lines.length ? this.#typed : (lines[next] ?? ''));
  }

  *#complete(): Syscall<void> {
    const { characters, cursor } = this.#line;
    const before = characters.slice(0, cursor).join('');
    const { start, matches } = this.options.complete(before);
    const last = this.#lastTab;
    if (matches.length === 0 || last === 'done') {
      if (!this.#isBusybox || last === undefined || last === 'done') this.#bell();
      this.#lastTab = matches.length === 0 ? 'stuck' : 'done';
      return;
    }
    const [only = ''] = matches;
    const common = quoteWord(commonPrefix(matches));
    const word = matches.length > 1 || only.endsWith('/') ? common : `${common} `;
    const grows = word.length > before.length - start;
    if (matches.length > 1) {
      if (!grows && (this.#isBusybox ? last === 'ambiguous' : last === 'stuck')) return yield* this.#list(matches);
      this.#bell();
    }
    this.#lastTab = matches.length === 1 && !only.endsWith('/') ? 'done' : grows || this.#isBusybox ? 'ambiguous' : 'stuck';
    if (!grows) return;
    const head = [...before.slice(0, start), ...word];
    this.#become([...head, ...characters.slice(cursor)], head.length, this.#isBusybox ? 'replace' : 'insert');
  }

  *#list(matches: readonly string[]): Syscall<void> {
    const names = matches.map((one) => one.slice(one.replace(/\/$/, '').lastIndexOf('/') + 1));
    if (!this.#isBusybox && names.length >= listsUnasked) {
      this.#out += `\nDisplay all ${names.length} possibilities? (y or n)`;
      yield* this.#flush();
      const key = yield* this.#nextKey();
      if (key === 'interrupted' || !('text' in key) || !/^[yY ]$/.test(key.text)) {
        this.#out += `\n${this.#screen.redraw(this.#line, true)}`;
        return;
      }
    }
    this.#out += `\n${this.#table(names)}${this.#screen.redraw(this.#line, true)}`;
  }

  /** Names in columns, downwards first. */
  #table(names: readonly string[]): string {
    const width = Math.max(...names.map(columnsOf)) + 2;
    const perRow = Math.max(1, Math.floor((this.terminal.columns || 80) / width));
    const rows = Math.ceil(names.length / perRow);
    let text = '';
    for (let row = 0; row < rows; row += 1) {
      const cells: string[] = [];
      for (let at = row; at < names.length; at += rows) cells.push(names[at] as string);
      const last = cells.length - 1;
      text += `${cells.map((cell, index) => (index === last && this.#isBusybox ? cell : cell + ' '.repeat(width - columnsOf(cell)))).join('')}\n`;
    }
    return text;
  }
}

function columnsOf(text: string): number {
  return [...text].reduce((sum, character) => sum + widthOf(character), 0);
}

function commonPrefix(words: readonly string[]): string {
  let prefix = words[0] ?? '';
  for (const word of words) while (!word.startsWith(prefix)) prefix = prefix.slice(0, -1);
  return prefix;
}

const isWordCharacter = (character: string | undefined) => character !== undefined && /[\p{L}\p{N}_]/u.test(character);

function wordLeft({ characters, cursor }: Line): number {
  let at = cursor;
  while (at > 0 && !isWordCharacter(characters[at - 1])) at -= 1;
  while (at > 0 && isWordCharacter(characters[at - 1])) at -= 1;
  return at;
}

function wordRight({ characters, cursor }: Line): number {
  let at = cursor;
  while (at < characters.length && !isWordCharacter(characters[at])) at += 1;
  while (at < characters.length && isWordCharacter(characters[at])) at += 1;
  return at;
}

/** Where the word begins that ^W removes: words are what stands between blanks. */
function spaceLeft({ characters, cursor }: Line): number {
  let at = cursor;
  while (at > 0 && characters[at - 1] === ' ') at -= 1;
  while (at > 0 && characters[at - 1] !== ' ') at -= 1;
  return at;
}
