import type { FileStat, Process } from '../kernel/types.ts';
import { patternOf } from './pattern.ts';
import type { Shell } from './shell.ts';

/** Who asks: a shell for its built-in, or the program `test` for itself. */
export interface TestContext {
  readonly process: Process;
  /** Whose words to use for mistakes. */
  readonly flavour: Shell['flavour'];
}

/** A malformed expression: `test` gives 2. */
export class TestError extends Error {}

const binaryOperators = new Set(['=', '==', '!=', '<', '>', '-eq', '-ne', '-lt', '-le', '-gt', '-ge', '-nt', '-ot', '-ef', '=~']);
const unaryOperators = new Set([...'bcdefghkLnOprsStuwxzG'].map((letter) => `-${letter}`));

/** `test`, `[` and `[[` on their arguments. Throws TestError. */
export function evaluateTest(context: TestContext, args: readonly string[], extended: boolean): boolean {
  if (args.length === 0) return false;
  const reader = new TestReader(context, args, extended);
  const result = reader.expression();
  if (reader.rest.length > 0) throw new TestError(context.flavour === 'ash' ? `${reader.rest[0]}: unknown operand` : `${reader.rest[0]}: unexpected operator`);
  return result;
}

class TestReader {
  #at = 0;

  constructor(
    readonly context: TestContext,
    readonly args: readonly string[],
    readonly extended: boolean,
  ) {}

  get rest(): readonly string[] {
    return this.args.slice(this.#at);
  }

  expression(): boolean {
    let value = this.#and();
    while (this.args[this.#at] === '-o') {
      this.#at += 1;
      const right = this.#and();
      value = value || right;
    }
    return value;
  }

  #and(): boolean {
    let value = this.#not();
    while (this.args[this.#at] === '-a') {
      this.#at += 1;
      const right = this.#not();
      value = value && right;
    }
    return value;
  }

  #not(): boolean {
    if (this.args[this.#at] === '!' && this.rest.length > 1 && !(this.rest.length === 3 && this.#isBinary(this.rest[1] as string))) {
      this.#at += 1;
      return !this.#not();
    }
    return this.#primary();
  }

  #primary(): boolean {
    const [first, second, third] = this.rest;
    if (first === undefined) throw new TestError('argument expected');
    if (second !== undefined && third !== undefined && this.#isBinary(second)) {
      this.#at += 3;
      return this.#binary(first, second, third);
    }
    if (first === '(' && this.rest.length > 2) {
      this.#at += 1;
      const value = this.expression();
      if (this.args[this.#at] !== ')') throw new TestError('closing paren expected');
      this.#at += 1;
      return value;
    }
    if (second !== undefined && unaryOperators.has(first)) {
      this.#at += 2;
      return this.#unary(first, second);
    }
    this.#at += 1;
    return first !== '';
  }

  #isBinary(word: string): boolean {
    return binaryOperators.has(word) && (word !== '==' || this.context.flavour !== 'dash');
  }

  #binary(left: string, operator: string, right: string): boolean {
    switch (operator) {
      case '=':
      case '==':
        return this.extended ? patternOf(right).matches(left) : left === right;
      case '!=':
        return this.extended ? !patternOf(right).matches(left) : left !== right;
      case '<':
        return left < right;
      case '>':
        return left > right;
      case '-nt':
        return this.#isNewer(left, right);
      case '-ot':
        return this.#isNewer(right, left);
      case '-ef': {
        const [a, b] = [this.#stat(left), this.#stat(right)];
        return a !== undefined && b !== undefined && a.inode === b.inode && a.device === b.device;
      }
      case '=~':
        throw new TestError('=~: not supported');
      default:
        return compareNumbers(this.#number(left), operator, this.#number(right));
    }
  }

  #isNewer(left: string, right: string): boolean {
    const [a, b] = [this.#stat(left), this.#stat(right)];
    // Only bash takes a missing file for the oldest of all.
    if (!a || !b) return this.context.flavour === 'bash' && a !== undefined;
    return a.mtimeMs > b.mtimeMs;
  }

  #number(text: string): bigint {
    const trimmed = text.trim();
    if (!/^[-+]?\d+$/.test(trimmed)) throw new TestError(this.context.flavour === 'ash' ? `${text}: bad number` : `Illegal number: ${text}`);
    const value = BigInt(trimmed.replace(/^\+/, ''));
    if (BigInt.asIntN(64, value) !== value) throw new TestError(`${text}: out of range`);
    return value;
  }

  #unary(operator: string, operand: string): boolean {
    if (operator === '-n') return operand !== '';
    if (operator === '-z') return operand === '';
    if (operator === '-t') return /^\d+$/.test(operand) && this.context.process.isTty(Number(operand));
    if (operator === '-h' || operator === '-L') return this.#lstat(operand)?.type === 'symlink';
    const stat = this.#stat(operand);
    return stat !== undefined && this.#fileTest(operator, operand, stat);
  }

  #fileTest(operator: string, path: string, stat: FileStat): boolean {
    const { process } = this.context;
    switch (operator) {
      case '-f':
        return stat.type === 'file';
      case '-d':
        return stat.type === 'directory';
      case '-p':
        return stat.type === 'pipe';
      case '-c':
        return stat.type === 'character';
      case '-b':
      case '-S':
        return false;
      case '-s':
        return stat.size > 0;
      case '-r':
        return process.system.fs.access(path, 4, process.cwd);
      case '-w':
        return process.system.fs.access(path, 2, process.cwd);
      case '-x':
        return process.system.fs.access(path, 1, process.cwd);
      case '-u':
        return (stat.mode & 0o4000) !== 0;
      case '-g':
        return (stat.mode & 0o2000) !== 0;
      case '-k':
        return (stat.mode & 0o1000) !== 0;
      case '-O':
        return stat.uid === process.uid;
      case '-G':
        return stat.gid === process.gid;
      default:
        return true;
    }
  }

  #stat(path: string): FileStat | undefined {
    try {
      return this.context.process.system.fs.stat(path, this.context.process.cwd);
    } catch {
      return undefined;
    }
  }

  #lstat(path: string): FileStat | undefined {
    try {
      return this.context.process.system.fs.lstat(path, this.context.process.cwd);
    } catch {
      return undefined;
    }
  }
}

function compareNumbers(a: bigint, operator: string, b: bigint): boolean {
  switch (operator) {
    case '-eq':
      return a === b;
    case '-ne':
      return a !== b;
    case '-lt':
      return a < b;
    case '-le':
      return a <= b;
    case '-gt':
      return a > b;
    default:
      return a >= b;
  }
}
