/** One clause of an Accept header. */
export interface AcceptClause {
  readonly type: string;
  readonly subtype: string;
  readonly quality: number;
  readonly parameters: ReadonlyMap<string, string>;
}

/** The clauses of an Accept header, the most wanted first; what is no media type is left out (github.com/munnerz/goautoneg). */
export function parseAccept(header: string): AcceptClause[] {
  const clauses = header.split(',').flatMap((text) => parseClause(text) ?? []);
  if (clauses.length > comparedMax) return clauses.sort((a, b) => b.quality - a.quality);
  // Go's sort of a few clauses, whose order is not consistent in itself: a wildcard goes behind all others whatever its quality.
  for (let at = 1; at < clauses.length; at++) {
    for (let place = at; place > 0 && before(clauses[place]!, clauses[place - 1]!); place--) {
      [clauses[place], clauses[place - 1]] = [clauses[place - 1]!, clauses[place]!];
    }
  }
  return clauses;
}

/** From here on Go compares in another order. */
const comparedMax = 12;

function before(a: AcceptClause, b: AcceptClause): boolean {
  return a.quality > b.quality || (a.type !== '*' && b.type === '*') || (a.subtype !== '*' && b.subtype === '*');
}

function parseClause(text: string): AcceptClause | undefined {
  const [media = '', ...rest] = text.split(';').map(trimSpaces);
  const [type = '', subtype, more] = media.split('/').map(trimSpaces);
  if (more !== undefined || (!subtype && type !== '*')) return undefined;
  const parameters = new Map<string, string>();
  let quality = 1;
  for (const part of rest) {
    const equals = part.indexOf('=');
    if (equals < 0) continue;
    const [name, value] = [trimSpaces(part.slice(0, equals)), trimSpaces(part.slice(equals + 1))];
    if (name === 'q') quality = Number(value) || 0;
    else parameters.set(name, value);
  }
  return { type, subtype: subtype || '*', quality, parameters };
}

/** Without the blanks at both ends; other white space stays, as with Go's strings.Trim(text, " "). */
export function trimSpaces(text: string): string {
  let [start, end] = [0, text.length];
  while (start < end && text[start] === ' ') start += 1;
  while (end > start && text[end - 1] === ' ') end -= 1;
  return text.slice(start, end);
}

/** Whether a media type is one of those that a clause stands for. */
export function accepts({ type, subtype }: AcceptClause, mediaType: string): boolean {
  return type === '*' ? subtype === '*' : mediaType === `${type}/${subtype}` || (subtype === '*' && mediaType.startsWith(`${type}/`));
}

/** The first of `mediaTypes` that the most wanted clause stands for. */
export function acceptedType(header: string, mediaTypes: readonly string[]): string | undefined {
  for (const clause of parseAccept(header)) {
    const found = mediaTypes.find((one) => accepts(clause, one));
    if (found) return found;
  }
  return undefined;
}
