/** The part of JavaScript's expressions that `posixSource` and `globSource` write, as a tree. */
export type ExpressionNode =
  | { readonly kind: 'character'; readonly matches: (code: number) => boolean }
  | { readonly kind: 'check'; readonly holds: (text: string, at: number) => boolean }
  | { readonly kind: 'back'; readonly group: number }
  | { readonly kind: 'sequence'; readonly parts: readonly ExpressionNode[] }
  | { readonly kind: 'choice'; readonly options: readonly ExpressionNode[] }
  /** Without a number its text is not kept. */
  | { readonly kind: 'group'; readonly number: number | undefined; readonly body: ExpressionNode }
  | { readonly kind: 'repeat'; readonly body: ExpressionNode; readonly min: number; readonly max: number; readonly lazy: boolean };

/** Groups in groups beyond this are refused. */
const depthMax = 200;

/** @param source one that `new RegExp` has accepted. @throws SyntaxError if groups lie too deep in each other */
export function parseExpression(source: string, flags: string): { readonly node: ExpressionNode; readonly groups: number } {
  const parser = new Parser(source, flags);
  const node = parser.choice();
  return { node, groups: parser.groups };
}

const isWord = (text: string, at: number): boolean => /\w/.test(text.charAt(at));
const atBoundary = (text: string, at: number): boolean => isWord(text, at - 1) !== isWord(text, at);

/** Looking around is done for one word character at most: that is all that `\<`, `\>` and `grep -w` need. */
const lookArounds: readonly { readonly source: string; readonly holds: (text: string, at: number) => boolean }[] = [
  { source: '(?=\\w)', holds: (text, at) => isWord(text, at) },
  { source: '(?!\\w)', holds: (text, at) => !isWord(text, at) },
  { source: '(?<=\\w)', holds: (text, at) => isWord(text, at - 1) },
  { source: '(?<!\\w)', holds: (text, at) => !isWord(text, at - 1) },
];

class Parser {
  groups = 0;
  #at = 0;
  #depth = 0;

  constructor(
    readonly source: string,
    readonly flags: string,
  ) {}

  choice(): ExpressionNode {
    if (++this.#depth > depthMax) throw new SyntaxError('Regular expression too big');
    const options = [this.#sequence()];
    while (this.#take('|')) options.push(this.#sequence());
    this.#depth -= 1;
    return options.length === 1 ? (options[0] as ExpressionNode) : { kind: 'choice', options };
  }

  #sequence(): ExpressionNode {
    const parts: ExpressionNode[] = [];
    while (this.#at < this.source.length && !'|)'.includes(this.source[this.#at] as string)) parts.push(this.#repeated(this.#atom()));
    return { kind: 'sequence', parts };
  }

  #repeated(body: ExpressionNode): ExpressionNode {
    const mark = /^(?:[*+?]|\{(\d+)(?:(,)(\d*))?\})(\??)/.exec(this.source.slice(this.#at, this.#at + 30));
    if (!mark) return body;
    this.#at += mark[0].length;
    const [, low, comma, high, lazy] = mark;
    const [min, max] =
      low !== undefined
        ? [Number(low), comma === undefined ? Number(low) : high === '' ? Number.POSITIVE_INFINITY : Number(high)]
        : [mark[0][0] === '+' ? 1 : 0, mark[0][0] === '?' ? 1 : Number.POSITIVE_INFINITY];
    return { kind: 'repeat', body, min, max, lazy: lazy === '?' };
  }

  #atom(): ExpressionNode {
    const look = lookArounds.find((one) => this.source.startsWith(one.source, this.#at));
    if (look) {
      this.#at += look.source.length;
      return { kind: 'check', holds: look.holds };
    }
    if (this.#take('(?:')) return this.#group(undefined);
    if (this.#take('(')) {
      this.groups += 1;
      return this.#group(this.groups);
    }
    const lines = this.flags.includes('m');
    if (this.#take('^')) return { kind: 'check', holds: (text, at) => at === 0 || (lines && text[at - 1] === '\n') };
    if (this.#take('$')) return { kind: 'check', holds: (text, at) => at === text.length || (lines && text[at] === '\n') };
    if (this.#take('\\b')) return { kind: 'check', holds: atBoundary };
    if (this.#take('\\B')) return { kind: 'check', holds: (text, at) => !atBoundary(text, at) };
    const back = /^\\([1-9])/.exec(this.source.slice(this.#at, this.#at + 2));
    if (back && Number(back[1]) <= this.#allGroups()) {
      this.#at += 2;
      return { kind: 'back', group: Number(back[1]) };
    }
    const one = /^(?:\[(?:\\.|[^\]\\])*\]|\\x[0-9a-f]{2}|\\.|.)/s.exec(this.source.slice(this.#at)) as RegExpExecArray;
    this.#at += one[0].length;
    return { kind: 'character', matches: characterTest(one[0], this.flags.includes('i')) };
  }

  #group(number: number | undefined): ExpressionNode {
    const body = this.choice();
    this.#take(')');
    return { kind: 'group', number, body };
  }

  #take(text: string): boolean {
    if (!this.source.startsWith(text, this.#at)) return false;
    this.#at += text.length;
    return true;
  }

  #allGroups(): number {
    return new RegExp(`${this.source}|`).exec('')?.length ?? 0;
  }
}

/** Whether a character is one of those that a single item (`a`, `\w`, `[a-z]`) stands for: a table for ASCII, JavaScript for the rest. */
function characterTest(item: string, ignoresCase: boolean): (code: number) => boolean {
  const expression = new RegExp(`^(?:${item === '{' || item === '}' || item === ']' ? `\\${item}` : item})$`, ignoresCase ? 'i' : '');
  let table: readonly boolean[] | undefined;
  return (code) => {
    if (code >= 128) return expression.test(String.fromCharCode(code));
    // Made on first use, since most expressions are matched natively.
    table ??= Array.from({ length: 128 }, (_, other) => expression.test(String.fromCharCode(other)));
    return table[code] as boolean;
  };
}
