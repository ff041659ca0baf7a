/** Variables as arithmetic sees them. */
export interface ArithmeticVariables {
  get(name: string): string | undefined;
  set(name: string, value: string): void;
}

/** What a shell's arithmetic has beyond the operators of POSIX. */
export interface ArithmeticDialect {
  /** `++`, `--`, `**`, the comma and numbers like `16#ff`. */
  readonly extended: boolean;
  /** Numbers that are too large become the largest one. */
  readonly clamps: boolean;
}

export class ArithmeticError extends Error {}

const operators = ['<<=', '>>=', '**', '++', '--', '<<', '>>', '<=', '>=', '==', '!=', '&&', '||', '+=', '-=', '*=', '/=', '%=', '&=', '|=', '^='];
const levels: readonly (readonly string[])[] = [
  ['||'],
  ['&&'],
  ['|'],
  ['^'],
  ['&'],
  ['==', '!='],
  ['<', '<=', '>', '>='],
  ['<<', '>>'],
  ['+', '-'],
  ['*', '/', '%'],
];
const nestingLimit = 200;
/** Variables are expressions of variables, which are expressions: the same few words may be read without end. */
const tokensMax = 20_000;
const lengthMax = 64 * 1024;

/** What one evaluation has read so far, that of variables included. */
interface Work {
  tokens: number;
}

/** Evaluates an arithmetic expression in 64-bit integers. Throws ArithmeticError with dash's words. */
export function evaluate(text: string, variables: ArithmeticVariables, dialect: ArithmeticDialect, depth = 0, work: Work = { tokens: 0 }): string {
  // The common case: a number or a sum of two, within what a double holds exactly.
  const trimmed = text.trim();
  if (trimmed === '') return '0';
  const simple = /^([A-Za-z_]\w*|[1-9]\d{0,14}|0)\s*(?:([-+*])\s*([A-Za-z_]\w*|[1-9]\d{0,14}|0))?$/.exec(trimmed);
  const quick = simple && quickly(simple[1] as string, simple[2], simple[3], variables);
  if (quick !== undefined && quick !== null) return quick;
  return new Evaluator(trimmed, variables, dialect, depth, work).run().toString();
}

function quickly(left: string, operator: string | undefined, right: string | undefined, variables: ArithmeticVariables): string | undefined {
  const a = small(left, variables);
  if (a === undefined) return undefined;
  if (operator === undefined) return String(a);
  const b = small(right as string, variables);
  if (b === undefined) return undefined;
  const result = operator === '+' ? a + b : operator === '-' ? a - b : a * b;
  return Number.isSafeInteger(result) ? String(result + 0) : undefined;
}

function small(token: string, variables: ArithmeticVariables): number | undefined {
  const first = token.charCodeAt(0);
  const value = first >= 48 && first <= 57 ? token : (variables.get(token) ?? '0');
  return /^(?:-?[1-9]\d{0,14}|0)$/.test(value) ? Number(value) : undefined;
}

class Evaluator {
  readonly #tokens: string[];
  #at = 0;
  /** Above zero in the branch not taken of `&&`, `||`, `?:`: nothing is assigned there, nothing divided. */
  #skipping = 0;
  #nesting = 0;

  constructor(
    text: string,
    readonly variables: ArithmeticVariables,
    readonly dialect: ArithmeticDialect,
    readonly depth: number,
    readonly work: Work,
  ) {
    if (depth > 20) throw new ArithmeticError('expression recursion level exceeded');
    if (text.length > lengthMax) throw new ArithmeticError('expression too long');
    this.#tokens = tokenize(text, dialect);
    work.tokens += this.#tokens.length;
    if (work.tokens > tokensMax) throw new ArithmeticError('expression too long');
  }

  run(): bigint {
    const value = this.#comma();
    if (this.#at < this.#tokens.length) throw new ArithmeticError('expecting EOF');
    return value;
  }

  #comma(): bigint {
    this.#nesting += 1;
    if (this.#nesting > nestingLimit) throw new ArithmeticError('expression nested too deeply');
    let value = this.#assignment();
    while (this.dialect.extended && this.#take(',')) value = this.#assignment();
    this.#nesting -= 1;
    return value;
  }

  #assignment(): bigint {
    const name = this.#tokens[this.#at];
    const operator = this.#tokens[this.#at + 1];
    if (name && operator && isName(name) && /^(?:[-+*/%&|^]|<<|>>)?=$/.test(operator)) {
      this.#at += 2;
      const right = this.#assignment();
      const value = operator === '=' ? right : this.#apply(operator.slice(0, -1), this.#variable(name), right);
      return this.#store(name, value);
    }
    return this.#conditional();
  }

  #conditional(): bigint {
    const test = this.#binary(0);
    if (!this.#take('?')) return test;
    const yes = this.#unless(test === 0n, () => this.#comma());
    if (!this.#take(':')) throw this.#syntax();
    const no = this.#unless(test !== 0n, () => this.#assignment());
    return test !== 0n ? yes : no;
  }

  #binary(level: number): bigint {
    const known = levels[level];
    if (!known) return this.#power();
    let left = this.#binary(level + 1);
    for (;;) {
      const operator = this.#tokens[this.#at];
      if (operator === undefined || !known.includes(operator)) return left;
      this.#at += 1;
      if (operator === '&&' || operator === '||') {
        const decided = operator === '&&' ? left === 0n : left !== 0n;
        const right = this.#unless(decided, () => this.#binary(level + 1));
        left = decided ? (operator === '||' ? 1n : 0n) : truth(right !== 0n);
      } else left = this.#apply(operator, left, this.#binary(level + 1));
    }
  }

  /** Groups to the right, and binds closer than a sign to its left. */
  #power(): bigint {
    const base = this.#unary();
    if (!this.#take('**')) return base;
    const exponent = this.#power();
    if (exponent < 0n) throw new ArithmeticError('exponent less than 0');
    return raise(base, exponent);
  }

  #unary(): bigint {
    const token = this.#tokens[this.#at];
    this.#at += 1;
    switch (token) {
      case '-':
        return wrap(-this.#unary());
      case '+':
        return this.#unary();
      case '!':
        return truth(this.#unary() === 0n);
      case '~':
        return wrap(~this.#unary());
      case '(': {
        const value = this.#comma();
        if (!this.#take(')')) throw this.#syntax();
        return value;
      }
      case '++':
      case '--': {
        const name = this.#tokens[this.#at] ?? '';
        if (!isName(name)) throw this.#syntax();
        this.#at += 1;
        return this.#store(name, wrap(this.#variable(name) + (token === '++' ? 1n : -1n)));
      }
      default:
        return this.#primary(token);
    }
  }

  #primary(token: string | undefined): bigint {
    if (token === undefined) throw this.#syntax();
    if (!isName(token)) return number(token, this.dialect, () => this.#syntax());
    const value = this.#variable(token);
    const after = this.#tokens[this.#at];
    if (after === '++' || after === '--') {
      this.#at += 1;
      this.#store(token, wrap(value + (after === '++' ? 1n : -1n)));
    }
    return value;
  }

  #variable(name: string): bigint {
    const text = this.variables.get(name)?.trim() ?? '';
    if (text === '') return 0n;
    return /^[-+]?\d/.test(text) && !/[^\dxXa-fA-F+-]/.test(text)
      ? new Evaluator(text, this.variables, this.dialect, this.depth + 1, this.work).run()
      : BigInt(evaluate(text, this.variables, this.dialect, this.depth + 1, this.work));
  }

  #store(name: string, value: bigint): bigint {
    if (this.#skipping === 0) this.variables.set(name, value.toString());
    return value;
  }

  #unless(skip: boolean, compute: () => bigint): bigint {
    if (skip) this.#skipping += 1;
    const value = compute();
    if (skip) this.#skipping -= 1;
    return value;
  }

  #apply(operator: string, a: bigint, b: bigint): bigint {
    if ((operator === '/' || operator === '%') && b === 0n) {
      if (this.#skipping > 0) return 0n;
      throw new ArithmeticError('division by zero');
    }
    return wrap(compute(operator, a, b));
  }

  #take(token: string): boolean {
    if (this.#tokens[this.#at] !== token) return false;
    this.#at += 1;
    return true;
  }

  #syntax(): ArithmeticError {
    return new ArithmeticError(this.#at < this.#tokens.length ? `expecting primary` : 'expecting EOF');
  }
}

function compute(operator: string, a: bigint, b: bigint): bigint {
  switch (operator) {
    case '+':
      return a + b;
    case '-':
      return a - b;
    case '*':
      return a * b;
    case '/':
      return a / b;
    case '%':
      return a % b;
    case '<<':
      return a << (b & 63n);
    case '>>':
      return a >> (b & 63n);
    case '&':
      return a & b;
    case '|':
      return a | b;
    case '^':
      return a ^ b;
    case '==':
      return truth(a === b);
    case '!=':
      return truth(a !== b);
    case '<':
      return truth(a < b);
    case '<=':
      return truth(a <= b);
    case '>':
      return truth(a > b);
    default:
      return truth(a >= b);
  }
}

function truth(value: boolean): bigint {
  return value ? 1n : 0n;
}

function wrap(value: bigint): bigint {
  return BigInt.asIntN(64, value);
}

function isName(token: string): boolean {
  return /^[A-Za-z_]\w*$/.test(token);
}

function number(token: string, dialect: ArithmeticDialect, fail: () => Error): bigint {
  const based = dialect.extended ? /^(\d+)#([0-9a-zA-Z]+)$/.exec(token) : null;
  if (based) return wrap(withBase(Number(based[1]), based[2] as string, fail));
  const size = (value: bigint) => (dialect.clamps && value > largest ? largest : wrap(value));
  if (/^0[0-7]+$/.test(token)) return size(BigInt(`0o${token.slice(1)}`));
  if (/^(?:\d+|0[xX][\da-fA-F]+)$/.test(token) && !/^0\d/.test(token)) return size(BigInt(token));
  throw fail();
}

const largest = 2n ** 63n - 1n;

function withBase(base: number, digits: string, fail: () => Error): bigint {
  if (base < 2 || base > 36) throw fail();
  let value = 0n;
  for (const digit of digits) {
    const one = Number.parseInt(digit, 36);
    if (one >= base) throw fail();
    value = value * BigInt(base) + BigInt(one);
  }
  return value;
}

/** A power in 64 bits, in as many steps as the exponent has binary digits. */
function raise(base: bigint, exponent: bigint): bigint {
  let result = 1n;
  let factor = base;
  for (let left = exponent; left > 0n; left >>= 1n) {
    if (left & 1n) result = wrap(result * factor);
    factor = wrap(factor * factor);
  }
  return result;
}

function tokenize(text: string, { extended }: ArithmeticDialect): string[] {
  const tokens: string[] = [];
  const known = extended ? operators : operators.filter((operator) => !/^(?:\*\*|\+\+|--)$/.test(operator));
  for (let i = 0; i < text.length; ) {
    const rest = /^(?:\s+|\d+#\w+|\w+)/.exec(text.slice(i, i + 256))?.[0];
    const token = rest ?? known.find((operator) => text.startsWith(operator, i)) ?? (text[i] as string);
    if (rest === undefined || !/^\s/.test(rest)) tokens.push(token);
    i += token.length;
  }
  return tokens;
}
