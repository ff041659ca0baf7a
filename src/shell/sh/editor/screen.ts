/** How a line being edited is drawn: the bytes that busybox, or the readline library, send to the terminal. */
export interface Line {
  readonly characters: readonly string[];
  readonly cursor: number;
}

export type Change = 'insert' | 'move' | 'backspace' | 'delete' | 'replace';

export interface Screen {
  /** The prompt, at the beginning of a row. */
  begin(): string;
  /** From one state of the line to the next. */
  change(before: Line, after: Line, kind: Change): string;
  /** Prompt and line once more, below what was just printed (`fresh`) or on a cleared screen. */
  redraw(line: Line, fresh: boolean): string;
  /** Leaves the line for the row below it. */
  leave(line: Line): string;
}

/** How many columns a character takes. */
export function widthOf(character: string): number {
  const code = character.codePointAt(0) ?? 0;
  if (code < 32) return 2; // Shown as ^A.
  if (code < 0x300) return 1;
  if (/\p{Mn}|\p{Me}|\u200b|\u200d/u.test(character)) return 0;
  return /[\u1100-\u115f\u2e80-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6]|[\u{1f300}-\u{1faff}]|[\u{20000}-\u{3fffd}]/u.test(
    character,
  )
    ? 2
    : 1;
}

/** What a prompt takes of its last row: colours and titles count nothing. */
export function promptWidth(prompt: string): number {
  const visible = prompt.replaceAll(/\x1b\][^\x07]*\x07|\x1b\[[0-9;?]*[A-Za-z]/g, '');
  return [...visible.slice(visible.lastIndexOf('\n') + 1)].reduce((sum, character) => sum + widthOf(character), 0);
}

interface Position {
  readonly row: number;
  readonly column: number;
}

abstract class Layout {
  constructor(
    readonly prompt: string,
    /** Asked anew for each key: the window may have changed. */
    readonly columns: () => number,
  ) {}

  protected position(characters: readonly string[], index: number): Position {
    const width = Math.max(1, this.columns());
    let row = 0;
    let column = promptWidth(this.prompt);
    row += Math.floor(column / width);
    column %= width;
    for (let i = 0; i < index; i += 1) {
      const character = characters[i] as string;
      if (character === '\n') {
        row += 1;
        column = 0;
        continue;
      }
      column += widthOf(character);
      if (column >= width) {
        row += 1;
        column -= width;
      }
    }
    return { row, column };
  }
}

/** Busybox' own editor: prints what it moves over, and clears to the end of the screen. */
export class BusyboxScreen extends Layout implements Screen {
  begin(): string {
    return this.prompt;
  }

  change(before: Line, after: Line, kind: Change): string {
    switch (kind) {
      case 'insert':
        return this.#print(after, before.cursor) + this.#back(after, after.characters.length, after.cursor);
      case 'move':
        return after.cursor < before.cursor ? this.#back(after, before.cursor, after.cursor) : this.#print(after, before.cursor, after.cursor);
      case 'backspace':
        return this.#back(before, before.cursor, after.cursor) + this.#rest(after);
      case 'delete':
        return this.#rest(after);
      case 'replace':
        return this.#fromStart(this.position(before.characters, before.cursor).row, after);
    }
  }

  redraw(line: Line, fresh: boolean): string {
    return (fresh ? '' : '\x1b[H\x1b[J') + this.#fromStart(0, line);
  }

  leave(line: Line): string {
    return `${this.#print(line, line.cursor)}${this.position(line.characters, line.characters.length).column > 0 || line.characters.length === 0 ? '\n' : ''}`;
  }

  #fromStart(row: number, line: Line): string {
    const text = this.#print(line, 0);
    return `\r${row > 0 ? `\x1b[${row}A` : ''}${this.prompt}${text}\x1b[J${this.#back(line, line.characters.length, line.cursor)}`;
  }

  /** What is right of the cursor, with nothing after it. */
  #rest(line: Line): string {
    return `${this.#print(line, line.cursor)}\x1b[J${this.#back(line, line.characters.length, line.cursor)}`;
  }

  #print({ characters }: Line, from: number, to = characters.length): string {
    let text = '';
    for (let i = from; i < to; i += 1) {
      text += characters[i] ?? '';
      // At the end of a row the next one is begun at once, whatever the terminal does there.
      if (this.position(characters, i + 1).column === 0) text += '\r\n';
    }
    return text;
  }

  #back({ characters }: Line, from: number, to: number): string {
    if (from === to) return '';
    const start = this.position(characters, from);
    const end = this.position(characters, to);
    if (start.row !== end.row) return `\r\x1b[${start.row - end.row}A${end.column > 0 ? `\x1b[${end.column}C` : ''}`;
    const count = start.column - end.column;
    return count <= 4 ? '\b'.repeat(count) : `\x1b[${count}D`;
  }
}

/** Bash's readline in the C locale, which containers have: sends what differs, inserts and deletes in place. */
export class ReadlineScreen extends Layout implements Screen {
  begin(): string {
    return this.prompt;
  }

  change(before: Line, after: Line): string {
    const old = before.characters;
    const { characters, cursor } = after;
    let same = 0;
    while (same < old.length && same < characters.length && old[same] === characters[same]) same += 1;
    if (same === old.length && same === characters.length) return this.#move(characters, before.cursor, cursor);
    const start = this.#move(old, before.cursor, same);
    const added = characters.length - old.length;
    if (this.#isOneRow(old) && this.#isOneRow(characters)) {
      // Printing one character more is cheaper than making room.
      if (added > 0 && same < old.length - 1 && sameFrom(characters, same + added, old, same)) {
        return `${start}\x1b[${added}@${show(characters.slice(same, same + added))}${this.#move(characters, same + added, cursor)}`;
      }
      if (added < 0 && same < characters.length && sameFrom(old, same - added, characters, same)) {
        return `${start}\x1b[${-added}P${this.#move(characters, same, cursor)}`;
      }
      if (added === -1 && same === characters.length) return `${start} \b${this.#move(characters, same, cursor)}`;
    }
    const clear = this.#isShorter(old, characters) ? (this.#isOneRow(old) ? '\x1b[K' : '\x1b[J') : '';
    return start + this.#print(characters, same, characters.length) + clear + this.#move(characters, characters.length, cursor);
  }

  redraw(line: Line, fresh: boolean): string {
    const { characters, cursor } = line;
    const text = this.#print(characters, 0, characters.length) + this.#move(characters, characters.length, cursor);
    return `${fresh ? '' : '\x1b[H\x1b[2J'}${this.prompt}${text}`;
  }

  leave(line: Line): string {
    const end = this.position(line.characters, line.characters.length).row;
    return '\n'.repeat(end - this.position(line.characters, line.cursor).row + 1);
  }

  /** A terminal stays on the last column until one character more has come: so that one is sent, and the row begun again. */
  #print(characters: readonly string[], from: number, to: number): string {
    let text = '';
    for (let i = from; i < to; i += 1) {
      text += show([characters[i] as string]);
      const wraps = characters[i] !== '\n' && this.position(characters, i + 1).column === 0;
      if (wraps) text += `${characters[i + 1] === undefined || characters[i + 1] === '\n' ? ' ' : show([characters[i + 1] as string])}\r`;
    }
    return text;
  }

  #isOneRow(characters: readonly string[]): boolean {
    return this.position(characters, characters.length).row === this.position(characters, 0).row;
  }

  #isShorter(old: readonly string[], now: readonly string[]): boolean {
    const before = this.position(old, old.length);
    const after = this.position(now, now.length);
    return after.row < before.row || (after.row === before.row && after.column < before.column);
  }

  #move(characters: readonly string[], from: number, to: number): string {
    const start = this.position(characters, from);
    const end = this.position(characters, to);
    if (start.row !== end.row) {
      const vertical = end.row < start.row ? '\x1b[A'.repeat(start.row - end.row) : '\n'.repeat(end.row - start.row);
      return `${vertical}\r${this.#rowUpTo(characters, to)}`;
    }
    const distance = start.column - end.column;
    if (distance <= 0) return show(characters.slice(from, to));
    if (end.column === 0 || end.column + 1 < distance) return `\r${this.#rowUpTo(characters, to)}`;
    return '\b'.repeat(distance);
  }

  /** What stands in the row of an index, left of it. */
  #rowUpTo(characters: readonly string[], index: number): string {
    const { row } = this.position(characters, index);
    let from = index;
    while (from > 0 && this.position(characters, from - 1).row === row) from -= 1;
    const prompt = from === 0 && row === this.position(characters, 0).row ? this.prompt.slice(this.prompt.lastIndexOf('\n') + 1) : '';
    return prompt + show(characters.slice(from, index));
  }
}

function sameFrom(one: readonly string[], from: number, other: readonly string[], otherFrom: number): boolean {
  for (let i = 0; otherFrom + i < other.length; i += 1) if (one[from + i] !== other[otherFrom + i]) return false;
  return true;
}

/** Control characters in a line are shown as ^A; a pasted newline breaks the row. */
function show(characters: readonly string[]): string {
  return characters.map((one) => (one >= ' ' || one === '\n' ? one : `^${String.fromCharCode((one.codePointAt(0) ?? 0) + 64)}`)).join('');
}
