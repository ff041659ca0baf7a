import type { Process } from '../kernel/types.ts';
import type { Applet } from './lib/applet.ts';
import { nameOf } from './lib/applet.ts';

class BadExpression extends Error {}

/** test and `[`: POSIX's tests with `-a -o ! ( )`. Exit code 2 for what it cannot read. The shell uses `evaluateTest` for its built-in. */
export const test: Applet = (flavour) =>
  function* (process) {
    const name = nameOf(process);
    const args = process.argv.slice(1);
    if (name === '[' && args.pop() !== ']') {
      yield* process.write(2, flavour === 'gnu' ? "[: missing ']'\n" : '[: missing ]\n');
      return 2;
    }
    const result = evaluateTest(process, args);
    if (typeof result === 'boolean') return result ? 0 : 1;
    yield* process.write(2, `${name}: ${result.error}\n`);
    return 2;
  };

/** The truth of a test's arguments (without `[` and `]`), or what is wrong with them. */
export function evaluateTest(process: Process, args: readonly string[]): boolean | { readonly error: string } {
  try {
    return new TestParser(process, args).parse();
  } catch (error) {
    if (error instanceof BadExpression) return { error: error.message };
    throw error;
  }
}

const binary = new Set(['=', '==', '!=', '<', '>', '-eq', '-ne', '-lt', '-le', '-gt', '-ge', '-nt', '-ot', '-ef']);

class TestParser {
  #at = 0;
  constructor(
    readonly process: Process,
    readonly args: readonly string[],
  ) {}

  /** POSIX decides short forms by the number of arguments, so that operands may look like operators. */
  parse(): boolean {
    const { args } = this;
    if (args.length === 0) return false;
    if (args.length === 1) return args[0] !== '';
    if (args.length === 3 && binary.has(args[1] as string)) return this.#compare(args[0] as string, args[1] as string, args[2] as string);
    if (args[0] === '!' && args.length <= 4) return !new TestParser(this.process, args.slice(1)).parse();
    const result = this.#or();
    if (this.#at < args.length) throw new BadExpression(`${args[this.#at]}: unknown operand`);
    return result;
  }

  #or(): boolean {
    let result = this.#and();
    while (this.args[this.#at] === '-o') {
      this.#at += 1;
      const right = this.#and();
      result = result || right;
    }
    return result;
  }

  #and(): boolean {
    let result = this.#not();
    while (this.args[this.#at] === '-a') {
      this.#at += 1;
      const right = this.#not();
      result = result && right;
    }
    return result;
  }

  #not(): boolean {
    if (this.args[this.#at] !== '!') return this.#primary();
    this.#at += 1;
    return !this.#not();
  }

  #primary(): boolean {
    const word = this.args[this.#at];
    if (word === undefined) throw new BadExpression('argument expected');
    const operator = this.args[this.#at + 1];
    if (operator !== undefined && binary.has(operator)) {
      const right = this.args[this.#at + 2];
      if (right === undefined) throw new BadExpression('argument expected');
      this.#at += 3;
      return this.#compare(word, operator, right);
    }
    if (word === '(') {
      this.#at += 1;
      const result = this.#or();
      if (this.args[this.#at] !== ')') throw new BadExpression('closing paren expected');
      this.#at += 1;
      return result;
    }
    if (/^-[a-zA-Z]$/.test(word) && operator !== undefined) {
      this.#at += 2;
      return this.#unary(word, operator);
    }
    this.#at += 1;
    return word !== '';
  }

  #compare(left: string, operator: string, right: string): boolean {
    switch (operator) {
      case '=':
      case '==':
        return left === right;
      case '!=':
        return left !== right;
      case '<':
        return left < right;
      case '>':
        return left > right;
      case '-nt':
        return this.#time(left) > this.#time(right);
      case '-ot':
        return this.#time(left) < this.#time(right);
      case '-ef':
        return this.#same(left, right);
    }
    const [a, b] = [integer(left), integer(right)];
    const results: Readonly<Record<string, boolean>> = { '-eq': a === b, '-ne': a !== b, '-lt': a < b, '-le': a <= b, '-gt': a > b, '-ge': a >= b };
    return results[operator] as boolean;
  }

  #unary(operator: string, word: string): boolean {
    if (operator === '-n') return word !== '';
    if (operator === '-z') return word === '';
    if (operator === '-t') return this.process.isTty(integer(word));
    const { fs } = this.process.system;
    const { cwd } = this.process;
    try {
      const stat = operator === '-h' || operator === '-L' ? fs.lstat(word, cwd) : fs.stat(word, cwd);
      switch (operator) {
        case '-e':
          return true;
        case '-f':
          return stat.type === 'file';
        case '-d':
          return stat.type === 'directory';
        case '-h':
        case '-L':
          return stat.type === 'symlink';
        case '-p':
          return stat.type === 'pipe';
        case '-c':
          return stat.type === 'character';
        case '-s':
          return stat.size > 0;
        case '-r':
          return this.#allowed(stat, 4);
        case '-w':
          return this.#allowed(stat, 2);
        case '-x':
          return this.process.uid === 0 ? (stat.mode & 0o111) !== 0 || stat.type === 'directory' : this.#allowed(stat, 1);
        case '-b':
        case '-S':
          return false;
        case '-u':
          return (stat.mode & 0o4000) !== 0;
        case '-g':
          return (stat.mode & 0o2000) !== 0;
        case '-k':
          return (stat.mode & 0o1000) !== 0;
        case '-O':
          return stat.uid === this.process.uid;
        case '-G':
          return stat.gid === this.process.gid;
      }
    } catch {
      return false;
    }
    throw new BadExpression(`${operator}: unknown operand`);
  }

  #allowed(stat: { readonly mode: number; readonly uid: number; readonly gid: number }, bit: number): boolean {
    const { uid, gid, groups } = this.process;
    if (uid === 0) return true;
    const shift = stat.uid === uid ? 6 : stat.gid === gid || groups.includes(stat.gid) ? 3 : 0;
    return ((stat.mode >> shift) & bit) !== 0;
  }

  #time(path: string): number {
    const { fs } = this.process.system;
    return fs.exists(path, this.process.cwd) ? fs.stat(path, this.process.cwd).mtimeMs : Number.NEGATIVE_INFINITY;
  }

  #same(left: string, right: string): boolean {
    const { fs } = this.process.system;
    if (!fs.exists(left, this.process.cwd) || !fs.exists(right, this.process.cwd)) return false;
    const [a, b] = [fs.stat(left, this.process.cwd), fs.stat(right, this.process.cwd)];
    return a.inode === b.inode && a.device === b.device;
  }
}

function integer(text: string): number {
  if (!/^\s*[-+]?\d+\s*$/.test(text)) throw new BadExpression(`${text}: bad number`);
  return Number(text);
}
