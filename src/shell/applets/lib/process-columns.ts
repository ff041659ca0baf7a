import type { Flavour } from './applet.ts';

interface Column {
  readonly header: string;
  readonly width: number;
  /** Numbers stand at the right; in busybox their headers do not. */
  readonly right?: boolean;
}

const text = (header: string, width: number): Column => ({ header, width });
const number = (header: string, width: number): Column => ({ header, width, right: true });

/** The columns of `ps -o`, as wide as busybox and procps make them. */
const columns: Readonly<Record<Flavour, Readonly<Record<string, Column>>>> = {
  busybox: {
    user: text('USER', 8),
    comm: text('COMMAND', 16),
    args: text('COMMAND', 256),
    pid: number('PID', 5),
    ppid: number('PPID', 5),
    pgid: number('PGID', 5),
    etime: number('ELAPSED', 7),
    time: number('TIME', 5),
    vsz: number('VSZ', 4),
    stat: text('STAT', 4),
    rss: number('RSS', 4),
  },
  gnu: {
    user: text('USER', 8),
    uid: number('UID', 5),
    comm: text('COMMAND', 15),
    args: text('COMMAND', 27),
    cmd: text('CMD', 27),
    command: text('COMMAND', 27),
    pid: number('PID', 7),
    ppid: number('PPID', 7),
    pgid: number('PGID', 7),
    etime: number('ELAPSED', 11),
    time: number('TIME', 8),
    vsz: number('VSZ', 6),
    stat: text('STAT', 4),
    rss: number('RSS', 5),
  },
};

export interface ProcessColumn extends Column {
  readonly key: string;
}

/** Reads one word of `-o`, KEY or KEY=HEADER; undefined for a key that there is not. */
export function processColumn(word: string, flavour: Flavour): ProcessColumn | undefined {
  const [key = '', header] = word.split(/=(.*)/s);
  const known = Object.hasOwn(columns[flavour], key) ? columns[flavour][key] : undefined;
  if (!known) return undefined;
  return { ...known, key, header: header ?? known.header, width: header && flavour === 'busybox' ? header.length : known.width };
}

/** A line of the table; the last cell is as long as it is. Without `values` the headers; undefined if none of them has a text. */
export function processLine(list: readonly ProcessColumn[], flavour: Flavour, values?: readonly string[]): string | undefined {
  if (!values && list.every((column) => column.header === '')) return undefined;
  return list
    .map(({ header, width, right }, index) => {
      const cell = values ? (values[index] ?? '') : header;
      if (right && (values || flavour === 'gnu')) return cell.padStart(width);
      return index === list.length - 1 && (values || flavour === 'gnu' || width > 16) ? cell : cell.padEnd(width);
    })
    .join(' ');
}

/** The keys that busybox names when it refuses one. */
export const processKeys = (flavour: Flavour): string => Object.keys(columns[flavour]).join(',');
