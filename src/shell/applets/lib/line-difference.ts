type Edit = { readonly mark: ' ' | '-' | '+'; readonly line: string };

/** More cells than this are not compared one by one: the middle is then one change. */
const cellsMax = 4_000_000;

type Key = (line: string) => string;
const whole: Key = (line) => line;

/** The longest common subsequence as edits from left to right; lines are the same if their keys are. */
function edits(left: readonly string[], right: readonly string[], key: Key): Edit[] {
  const [leftKeys, rightKeys] = [left.map(key), right.map(key)];
  let head = 0;
  while (head < left.length && head < right.length && leftKeys[head] === rightKeys[head]) head += 1;
  let tail = 0;
  while (tail < left.length - head && tail < right.length - head && leftKeys[left.length - 1 - tail] === rightKeys[right.length - 1 - tail]) tail += 1;
  const same = (lines: readonly string[]) => lines.map((line): Edit => ({ mark: ' ', line }));
  const middle = between(left.slice(head, left.length - tail), right.slice(head, right.length - tail), key);
  return [...same(left.slice(0, head)), ...middle, ...same(left.slice(left.length - tail))];
}

function between(left: readonly string[], right: readonly string[], key: Key): Edit[] {
  const [leftKeys, rightKeys] = [left.map(key), right.map(key)];
  const remove = (lines: readonly string[]) => lines.map((line): Edit => ({ mark: '-', line }));
  const add = (lines: readonly string[]) => lines.map((line): Edit => ({ mark: '+', line }));
  if (left.length * right.length > cellsMax) return [...remove(left), ...add(right)];
  const width = right.length + 1;
  const lengths = new Uint32Array((left.length + 1) * width);
  const at = (i: number, j: number) => lengths[i * width + j] as number;
  for (let i = left.length - 1; i >= 0; i--)
    for (let j = right.length - 1; j >= 0; j--)
      lengths[i * width + j] = leftKeys[i] === rightKeys[j] ? at(i + 1, j + 1) + 1 : Math.max(at(i + 1, j), at(i, j + 1));
  const found: Edit[] = [];
  let [i, j] = [0, 0];
  while (i < left.length && j < right.length) {
    if (leftKeys[i] === rightKeys[j]) {
      found.push({ mark: ' ', line: left[i++] as string });
      j += 1;
    } else if (at(i + 1, j) >= at(i, j + 1)) found.push({ mark: '-', line: left[i++] as string });
    else found.push({ mark: '+', line: right[j++] as string });
  }
  return [...found, ...remove(left.slice(i)), ...add(right.slice(j))];
}

const noNewline = '\\ No newline at end of file';

/** Lines of a text, the last one marked if its newline is missing. */
function linesOf(text: string): string[] {
  if (text === '') return [];
  return text.endsWith('\n') ? text.slice(0, -1).split('\n') : text.split('\n').map((line, i, all) => (i === all.length - 1 ? `${line}\n${noNewline}` : line));
}

/** The hunks of a unified diff, heads and lines, with so many lines of context. */
export function unifiedHunks(left: string, right: string, context: number, key = whole): string[] {
  const all = edits(linesOf(left), linesOf(right), key);
  const result: string[] = [];
  let [leftLine, rightLine, at] = [1, 1, 0];
  const pass = (edit: Edit) => {
    if (edit.mark !== '+') leftLine += 1;
    if (edit.mark !== '-') rightLine += 1;
  };
  while (at < all.length) {
    let first = at;
    while (all[first]?.mark === ' ') first += 1;
    if (first >= all.length) break;
    const start = Math.max(at, first - context);
    for (; at < start; at++) pass(all[at] as Edit);
    let end = first;
    for (let i = first; i < all.length && i - end <= context * 2; i++) if (all[i]?.mark !== ' ') end = i;
    const hunk = all.slice(start, Math.min(end + context + 1, all.length));
    const range = (line: number, mark: '-' | '+') => {
      const count = hunk.filter((edit) => edit.mark === ' ' || edit.mark === mark).length;
      return count === 1 ? String(line) : `${count === 0 ? line - 1 : line},${count}`;
    };
    result.push(`@@ -${range(leftLine, '-')} +${range(rightLine, '+')} @@`);
    for (const { mark, line } of hunk) result.push(mark + line);
    for (const edit of hunk) pass(edit);
    at = start + hunk.length;
  }
  return result;
}

/** A diff in its oldest form: `2c2` and the lines, `<` of the left, `>` of the right. */
export function normalHunks(left: string, right: string, key = whole): string[] {
  const all = edits(linesOf(left), linesOf(right), key);
  const result: string[] = [];
  let [leftLine, rightLine] = [0, 0];
  for (let at = 0; at < all.length; ) {
    if (all[at]?.mark === ' ') {
      leftLine += 1;
      rightLine += 1;
      at += 1;
      continue;
    }
    let end = at;
    while (end < all.length && all[end]?.mark !== ' ') end += 1;
    const change = all.slice(at, end);
    const [removed, added] = [change.filter(({ mark }) => mark === '-'), change.filter(({ mark }) => mark === '+')];
    const range = (line: number, count: number) => (count === 0 ? String(line) : count === 1 ? String(line + 1) : `${line + 1},${line + count}`);
    const letter = removed.length === 0 ? 'a' : added.length === 0 ? 'd' : 'c';
    result.push(`${range(leftLine, removed.length)}${letter}${range(rightLine, added.length)}`);
    for (const { line } of removed) result.push(`< ${line}`);
    if (letter === 'c') result.push('---');
    for (const { line } of added) result.push(`> ${line}`);
    leftLine += removed.length;
    rightLine += added.length;
    at += change.length;
  }
  return result;
}
