type Interval = readonly [first: number, last: number];

/** How many indexes `1,3-5` names, or what is wrong with the text (pkg/apis/batch/validation validateIndexesFormat). */
export function countIndexes(text: string, completions: number): number | string {
  let [total, last] = [0, -1];
  for (const part of partsOf(text)) {
    const interval = parseInterval(part, completions);
    if (typeof interval === 'string') return interval;
    const [first, final] = interval;
    if (first <= last) return `non-increasing order, previous: ${last}, current: ${first}`;
    total += final - first + 1;
    last = final;
  }
  return total;
}

/** The first index that both texts name; parts that are wrong name none. */
export function firstSharedIndex(one: string, other: string, completions: number): number | undefined {
  const intervals = (text: string): Interval[] =>
    partsOf(text)
      .map((part) => parseInterval(part, completions))
      .filter((interval) => typeof interval !== 'string');
  const [left, right] = [intervals(one), intervals(other)];
  for (let [i, j] = [0, 0]; i < left.length && j < right.length; ) {
    const [[a, b], [c, d]] = [left[i]!, right[j]!];
    if (a <= d && c <= b) return Math.max(a, c);
    if (a <= c) i++;
    else j++;
  }
  return undefined;
}

const partsOf = (text: string): string[] => (text === '' ? [] : text.split(','));

function parseInterval(part: string, completions: number): Interval | string {
  const ends = part.split('-');
  if (ends.length > 2)
    return `the fragment ${JSON.stringify(part)} violates the requirement that an index interval can have at most two parts separated by '-'`;
  for (const end of ends) {
    if (!/^\+?\d+$/.test(end)) return `cannot convert string to integer for index: ${JSON.stringify(end)}`;
    if (Number(end) >= completions) return `too large index: ${JSON.stringify(end)}`;
  }
  const [first, last] = [Number(ends[0]), Number(ends.at(-1))];
  return ends.length === 2 && last <= first ? `non-increasing order, previous: ${first}, current: ${last}` : [first, last];
}
