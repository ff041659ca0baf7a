import { HeldMemory } from '../../kernel/held-memory.ts';
import type { Process, Syscall } from '../../kernel/types.ts';
import { Failure } from '../lib/applet.ts';
import type { Output } from '../lib/output.ts';
import type { Decimal } from './number.ts';
import {
  add,
  compare,
  divide,
  formatDecimal,
  fromInteger,
  lengthOf,
  multiply,
  negate,
  one,
  parseDecimal,
  power,
  remainder,
  squareRoot,
  ten,
  zero,
} from './number.ts';
import { isSeries, seriesValue } from './series.ts';
import type { Argument, Expression, FunctionDefinition, Name, Statement, Target } from './syntax.ts';

/** Lines are cut after so many characters, as busybox does; the backslash is not counted. */
const lineLength = 68;
/** Functions may call each other so deep. */
const callsMax = 1000;
const scaleMax = 10_000;
const indexMax = 16_777_215;
const escapes: Readonly<Record<string, string>> = { a: '\x07', b: '\b', f: '\f', n: '\n', r: '\r', t: '\t', q: '"', '\\': '\\' };

type Flow = { readonly type: 'break' | 'continue' | 'quit' } | { readonly type: 'return'; readonly value: Decimal };
type Arrays = Map<string, Map<number, Decimal>>;

/** Runs bc's statements; what they leave (variables, functions, registers) stays for the next. */
export class Interpreter {
  readonly #variables = new Map<string, Decimal>();
  readonly #arrays: Arrays = new Map();
  readonly #functions = new Map<string, FunctionDefinition>();
  readonly #registers = { scale: zero, ibase: fromInteger(10), obase: fromInteger(10), last: zero };
  readonly #memory: HeldMemory;
  #calls = 0;

  constructor(
    readonly process: Process,
    readonly out: Output,
    /** Has the functions of `-l`. */
    readonly withSeries: boolean,
  ) {
    this.#memory = new HeldMemory(process);
    if (withSeries) this.#registers.scale = fromInteger(20);
  }

  /** True if the program has ended by `quit` or `halt`. Throws Failure for a runtime error. */
  *run(statements: readonly Statement[]): Syscall<boolean> {
    return (yield* this.#all(statements))?.type === 'quit';
  }

  *#all(statements: readonly Statement[]): Syscall<Flow | undefined> {
    for (const statement of statements) {
      const flow = yield* this.#statement(statement);
      if (flow) return flow;
    }
    return undefined;
  }

  *#statement(statement: Statement): Syscall<Flow | undefined> {
    yield* this.process.step();
    switch (statement.type) {
      case 'expression': {
        const value = yield* this.#value(statement.value);
        if (statement.silent) return undefined;
        this.#registers.last = value;
        yield* this.out.line(this.#wrapped(value));
        return undefined;
      }
      case 'string':
        yield* this.out.text(statement.text);
        return undefined;
      case 'print':
        for (const part of statement.parts) {
          if (part.type === 'string') yield* this.out.text(part.text.replace(/\\(.)/g, (whole, letter: string) => escapes[letter] ?? whole));
          else yield* this.out.text(this.#wrapped(yield* this.#value(part)));
        }
        return undefined;
      case 'if': {
        const branch = (yield* this.#holds(statement.condition)) ? statement.then : statement.otherwise;
        return branch && (yield* this.#statement(branch));
      }
      case 'while':
        return yield* this.#loop(statement.condition, undefined, statement.body);
      case 'for':
        if (statement.first) yield* this.#value(statement.first);
        return yield* this.#loop(statement.condition, statement.next, statement.body);
      case 'block':
        return yield* this.#all(statement.body);
      case 'return':
        return { type: 'return', value: statement.value ? yield* this.#value(statement.value) : zero };
      case 'define':
        this.#functions.set(statement.function.name, statement.function);
        return undefined;
      case 'halt':
        return { type: 'quit' };
      default:
        return { type: statement.type };
    }
  }

  *#loop(condition: Expression | undefined, next: Expression | undefined, body: Statement): Syscall<Flow | undefined> {
    while (!condition || (yield* this.#holds(condition))) {
      const flow = yield* this.#statement(body);
      if (flow?.type === 'break') return undefined;
      if (flow && flow.type !== 'continue') return flow;
      if (next) yield* this.#value(next);
      yield* this.process.step();
    }
    return undefined;
  }

  *#holds(condition: Expression): Syscall<boolean> {
    return (yield* this.#value(condition)).digits !== 0n;
  }

  *#value(expression: Expression): Syscall<Decimal> {
    switch (expression.type) {
      case 'number':
        return parseDecimal(expression.text, Number(this.#registers.ibase.digits));
      case 'variable':
      case 'element':
      case 'register':
        return yield* this.#read(expression);
      case 'negate':
        return negate(yield* this.#value(expression.value));
      case 'not':
        return (yield* this.#holds(expression.value)) ? zero : one;
      case 'binary':
        return yield* this.#binary(expression.operator, expression.left, expression.right);
      case 'assign': {
        const value = yield* this.#value(expression.value);
        const result = expression.operator === '' ? value : this.#operate(expression.operator, yield* this.#read(expression.target), value);
        yield* this.#write(expression.target, result);
        return result;
      }
      case 'step': {
        const before = yield* this.#read(expression.target);
        const after = add(before, fromInteger(expression.by));
        yield* this.#write(expression.target, after);
        return expression.before ? after : before;
      }
      case 'builtin': {
        const value = yield* this.#value(expression.value);
        if (expression.name === 'length') return fromInteger(lengthOf(value));
        return expression.name === 'scale' ? fromInteger(value.scale) : squareRoot(value, this.#scale);
      }
      case 'call':
        return yield* this.#call(expression.name, expression.args);
    }
  }

  get #scale(): number {
    return Number(this.#registers.scale.digits);
  }

  *#binary(operator: string, left: Expression, right: Expression): Syscall<Decimal> {
    const a = yield* this.#value(left);
    if (operator === '&&' && a.digits === 0n) return zero;
    if (operator === '||' && a.digits !== 0n) return one;
    const b = yield* this.#value(right);
    if (operator === '&&' || operator === '||') return b.digits === 0n ? zero : one;
    return this.#operate(operator, a, b);
  }

  #operate(operator: string, a: Decimal, b: Decimal): Decimal {
    // What is done with long numbers takes time that grows faster than they do.
    this.process.charge((lengthInWords(a) * lengthInWords(b)) >> 8);
    switch (operator) {
      case '+':
        return add(a, b);
      case '-':
        return add(a, negate(b));
      case '*':
        return multiply(a, b, this.#scale);
      case '/':
        return divide(a, b, this.#scale);
      case '%':
        return remainder(a, b, this.#scale);
      case '^':
        return power(a, b, this.#scale);
      default: {
        const order = compare(a, b);
        const holds = { '==': order === 0, '!=': order !== 0, '<': order < 0, '<=': order <= 0, '>': order > 0, '>=': order >= 0 }[operator];
        return holds ? one : zero;
      }
    }
  }

  *#read(target: Target): Syscall<Decimal> {
    if (target.type === 'register') return this.#registers[target.name];
    if (target.type === 'variable') return this.#variables.get(target.name) ?? zero;
    return this.#array(target.name).get(yield* this.#index(target.index)) ?? zero;
  }

  *#write(target: Target, value: Decimal): Syscall<void> {
    if (target.type === 'register') this.#setRegister(target.name, value);
    else if (target.type === 'variable') this.#variables.set(target.name, value);
    else {
      const array = this.#array(target.name);
      const index = yield* this.#index(target.index);
      if (!array.has(index)) this.#memory.add(64 + lengthInWords(value) * 8);
      array.set(index, value);
    }
  }

  #array(name: string): Map<number, Decimal> {
    const known = this.#arrays.get(name);
    if (known) return known;
    const made = new Map<number, Decimal>();
    this.#arrays.set(name, made);
    return made;
  }

  *#index(expression: Expression): Syscall<number> {
    const { digits, scale } = yield* this.#value(expression);
    const index = Number(digits / ten(scale));
    if (index < 0 || index > indexMax) throw new Failure('array too long');
    return index;
  }

  #setRegister(name: 'scale' | 'ibase' | 'obase' | 'last', value: Decimal): void {
    if (name === 'last') {
      this.#registers.last = value;
      return;
    }
    const number = Number(value.digits / ten(value.scale));
    const [least, most] = { scale: [0, scaleMax], ibase: [2, 16], obase: [2, 999_999_999] }[name] as [number, number];
    if (number < least || number > most) throw new Failure(`bad ${name}; must be [${least}, ${most}]`);
    this.#registers[name] = fromInteger(number);
  }

  *#call(name: string, args: readonly Argument[]): Syscall<Decimal> {
    const definition = this.#functions.get(name);
    if (!definition) return yield* this.#series(name, args);
    if (args.length !== definition.parameters.length) throw new Failure('mismatched parameters');
    if (this.#calls >= callsMax) throw new Failure('functions call each other too deep');
    const given: (Decimal | Map<number, Decimal>)[] = [];
    for (const arg of args) given.push(arg.type === 'array' ? new Map(this.#array(arg.name)) : yield* this.#value(arg));
    const undo = this.#bind(definition, given);
    this.#calls += 1;
    const flow = yield* this.#all(definition.body);
    this.#calls -= 1;
    undo();
    return flow?.type === 'return' ? flow.value : zero;
  }

  *#series(name: string, args: readonly Argument[]): Syscall<Decimal> {
    const [x] = args;
    if (!this.withSeries || !isSeries(name)) throw new Failure(this.withSeries && name === 'j' ? 'j() is not simulated' : 'undefined function');
    if (!x || x.type === 'array' || args.length > 1) throw new Failure('mismatched parameters');
    return yield* seriesValue(this.process, name, yield* this.#value(x), this.#scale);
  }

  /** Gives parameters and locals their values; what is returned gives the names back what they had. */
  #bind({ parameters, locals }: FunctionDefinition, given: readonly (Decimal | Map<number, Decimal>)[]): () => void {
    const undo: (() => void)[] = [];
    const set = ({ name, isArray }: Name, value: Decimal | Map<number, Decimal> | undefined) => {
      if (isArray !== value instanceof Map && value !== undefined) throw new Failure('variable in wrong type');
      const table = (isArray ? this.#arrays : this.#variables) as Map<string, unknown>;
      const before = table.get(name);
      undo.push(() => (before === undefined ? table.delete(name) : table.set(name, before)));
      table.set(name, value ?? (isArray ? new Map() : zero));
    };
    parameters.forEach((one, index) => {
      set(one, given[index]);
    });
    for (const local of locals) set(local, undefined);
    return () => {
      for (const step of undo.reverse()) step();
    };
  }

  #wrapped(value: Decimal): string {
    const text = formatDecimal(value, Number(this.#registers.obase.digits));
    if (text.length <= lineLength) return text;
    const lines: string[] = [];
    for (let at = 0; at < text.length; at += lineLength) lines.push(text.slice(at, at + lineLength));
    return lines.join('\\\n');
  }
}

const oneWord = 2n ** 64n;
const lengthInWords = ({ digits }: Decimal): number => (digits > -oneWord && digits < oneWord ? 1 : digits.toString(16).length >> 4);
