import type { FileStat } from '../../kernel/types.ts';

const typeLetters = { file: '-', directory: 'd', symlink: 'l', pipe: 'p', character: 'c' } as const;

/** `drwxr-xr-t` */
export function modeText(stat: Pick<FileStat, 'type' | 'mode'>): string {
  const { mode } = stat;
  const triple = (shift: number, special: number, set: string, unset: string) => {
    const bits = (mode >> shift) & 7;
    const last = mode & special ? (bits & 1 ? set : unset) : bits & 1 ? 'x' : '-';
    return `${bits & 4 ? 'r' : '-'}${bits & 2 ? 'w' : '-'}${last}`;
  };
  return typeLetters[stat.type] + triple(6, 0o4000, 's', 'S') + triple(3, 0o2000, 's', 'S') + triple(0, 0o1000, 't', 'T');
}

/** What `change` (`755`, `u+x,go-w`, `a=r`) makes of a mode; undefined if it cannot be read. */
export function changedMode(change: string, mode: number, isDirectory: boolean, umask = 0): number | undefined {
  if (/^[0-7]+$/.test(change)) return Number.parseInt(change, 8) <= 0o7777 ? Number.parseInt(change, 8) : undefined;
  let result = mode & 0o7777;
  for (const clause of change.split(',')) {
    const parts = /^([ugoa]*)((?:[-+=][rwxXstugo]*)+)$/.exec(clause);
    if (!parts) return undefined;
    const who = parts[1] as string;
    for (const [, operator, letters] of (parts[2] as string).matchAll(/([-+=])([rwxXstugo]*)/g)) {
      result = applyClause(result, who, operator as string, letters as string, isDirectory, who === '' ? umask : 0);
    }
  }
  return result;
}

function applyClause(mode: number, who: string, operator: string, letters: string, isDirectory: boolean, masked: number): number {
  const all = who === '' || who.includes('a');
  let bits = 0;
  let affected = 0;
  for (const [letter, shift] of [
    ['u', 6],
    ['g', 3],
    ['o', 0],
  ] as const) {
    if (!all && !who.includes(letter)) continue;
    affected |= 7 << shift;
    let triple = 0;
    if (letters.includes('r')) triple |= 4;
    if (letters.includes('w')) triple |= 2;
    if (letters.includes('x') || (letters.includes('X') && (isDirectory || mode & 0o111))) triple |= 1;
    if (letters.includes('u')) triple |= (mode >> 6) & 7;
    if (letters.includes('g')) triple |= (mode >> 3) & 7;
    if (letters.includes('o')) triple |= mode & 7;
    bits |= triple << shift;
    if (letters.includes('s') && shift > 0) bits |= shift === 6 ? 0o4000 : 0o2000;
  }
  if (letters.includes('t')) bits |= 0o1000;
  bits &= ~masked;
  if (operator === '+') return mode | bits;
  if (operator === '-') return mode & ~bits;
  return (mode & ~affected) | bits;
}
