/** One step from a list to another: an item stays, is changed, goes, or comes. */
export type Edit = '=' | '~' | '-' | '+';
export type Likeness = 'equal' | 'similar' | 'different';

/**
 * A good way from one list to another, not always the shortest: it is searched from both ends by turns, along diagonals, and takes the first
 * match (go-cmp's internal/diff, which begins at either end by chance; here always at the front). Takes time in proportion to the lengths.
 * @param like how an item of the one list compares with one of the other, by their places
 */
export function editScript(length: number, otherLength: number, like: (i: number, j: number) => Likeness): Edit[] {
  const front: Path = { x: 0, y: 0, edits: [] };
  const back: Path = { x: 0, y: 0, edits: [] };
  // Seen from the back both lists run the other way.
  const ends = [
    { path: front, like, other: back },
    { path: back, like: (i: number, j: number) => like(length - 1 - i, otherLength - 1 - j), other: front },
  ] as const;
  const frontiers = ends.map(() => ({ x: 0, y: 0 }));
  let budget = 4 * (length + otherLength);
  for (let turn = 0; ; turn = 1 - turn) {
    const [f, b] = frontiers as [Point, Point];
    if (f.x + b.x >= length || f.y + b.y >= otherLength || budget === 0) break;
    const { path, like: alike, other } = ends[turn]!;
    const frontier = frontiers[turn]!;
    const [right, bottom] = [length - other.x, otherLength - other.y];
    let [isOutRight, isOutBelow] = [false, false];
    for (let i = 0; !(isOutRight && isOutBelow) && budget > 0; i += 1) {
      const step = i % 2 === 1 ? -(i + 1) / 2 : i / 2;
      const [x, y] = [frontier.x + step, frontier.y - step];
      if (x >= right || y < path.y) isOutRight = true;
      else if (y >= bottom || x < path.x) isOutBelow = true;
      else if (alike(x, y) !== 'equal') budget -= 1;
      else {
        connect(path, x, y, alike, turn === 1);
        do append(path, '=');
        while (path.x < right && path.y < bottom && alike(path.x, path.y) === 'equal');
        [frontier.x, frontier.y] = [path.x, path.y];
        break;
      }
    }
    if (right - frontier.x >= bottom - frontier.y) frontier.x += 1;
    else frontier.y += 1;
  }
  connect(front, length - back.x, otherLength - back.y, like, false);
  return [...front.edits, ...back.edits.reverse()];
}

interface Point {
  x: number;
  y: number;
}
interface Path extends Point {
  readonly edits: Edit[];
}

function append(path: Path, edit: Edit): void {
  path.edits.push(edit);
  if (edit !== '+') path.x += 1;
  if (edit !== '-') path.y += 1;
}

/** Goes on to a place: items that have enough in common stay side by side. From the back it is rather the other list's that go alone. */
function connect(path: Path, x: number, y: number, like: (i: number, j: number) => Likeness, isBack: boolean): void {
  while (path.x < x && path.y < y) {
    const likeness = like(path.x, path.y);
    const [wide, high] = [x - path.x, y - path.y];
    const alone = isBack ? (high >= wide ? '+' : '-') : wide >= high ? '-' : '+';
    append(path, likeness === 'equal' ? '=' : likeness === 'similar' ? '~' : alone);
  }
  while (path.x < x) append(path, '-');
  while (path.y < y) append(path, '+');
}
