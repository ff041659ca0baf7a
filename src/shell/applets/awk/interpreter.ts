import { HeldMemory, heldBytesMax, outOfMemory, wholeBytesMax } from '../../kernel/held-memory.ts';
import type { Process, Syscall } from '../../kernel/types.ts';
import { SystemError } from '../../kernel/types.ts';
import type { Call } from '../lib/applet.ts';
import { Failure } from '../lib/applet.ts';
import { BoundedExpression } from '../lib/bounded-expression.ts';
import { LineReader } from '../lib/input.ts';
import { Output } from '../lib/output.ts';
import { escapeLiteral, posixSource } from '../lib/pattern.ts';
import { sortInTurns } from '../lib/sort-in-turns.ts';
import { blanks, partBytes, split } from '../lib/split.ts';
import { substitute } from '../lib/substitute.ts';
import { unescapeAwk } from './parser.ts';
import type { AwkProgram, Expression, Rule, Statement } from './syntax.ts';
import type { Scalar } from './values.ts';
import { compareValues, fromInput, NumericText, sprintf, toNumber, toText, truthy } from './values.ts';

type Table = Map<string, Scalar>;
type Cell = { value: Scalar | Table | undefined };
type Flow = 'break' | 'continue' | 'next' | 'nextfile' | 'exit' | 'return' | undefined;

/** Calls may nest this deep: real awks run out of their stack. */
const depthMax = 300;
/** A record is put together from all its fields with each assignment to one of them; mawk has this limit, too. */
const fieldsMax = 32_767;

interface Stream {
  readonly output?: Output;
  readonly reader?: LineReader;
  readonly fd: number;
  readonly pid?: number;
}

/** Runs a program over its input. */
export class Interpreter {
  readonly #globals = new Map<string, Cell>();
  readonly #streams = new Map<string, Stream>();
  readonly #expressions = new Map<string, BoundedExpression>();
  readonly #inRange = new Set<Rule>();
  readonly #process: Process;
  readonly #memory: HeldMemory;
  #locals: Map<string, Cell> | undefined;
  #depth = 0;
  #fields: string[] = [''];
  #returned: Scalar | undefined;
  #exitCode = 0;
  #input: LineReader | undefined;
  #inputFd = 0;
  #operands: readonly string[];
  #nextOperand = 0;
  #readAny = false;
  #trouble = false;
  #seed = 1;

  constructor(
    readonly call: Call,
    readonly program: AwkProgram,
    operands: readonly string[],
  ) {
    this.#process = call.process;
    this.#memory = new HeldMemory(call.process, tablesBytesMax);
    this.#operands = operands;
    const defaults: readonly (readonly [string, Scalar])[] = [
      ['FS', ' '],
      ['OFS', ' '],
      ['ORS', '\n'],
      ['RS', '\n'],
      ['NR', 0],
      ['NF', 0],
      ['FNR', 0],
      ['SUBSEP', '\x1c'],
      ['CONVFMT', '%.6g'],
      ['OFMT', '%.6g'],
      ['RSTART', 0],
      ['RLENGTH', -1],
      ['FILENAME', ''],
    ];
    for (const [name, value] of defaults) this.set(name, value);
    this.set('ARGC', operands.length + 1);
    this.#globals.set('ARGV', { value: new Map(['awk', ...operands].map((text, i) => [String(i), fromInput(text)])) });
    this.#globals.set('ENVIRON', { value: new Map([...call.process.env].map(([name, text]) => [name, fromInput(text)])) });
  }

  set(name: string, value: Scalar): void {
    this.#cell(name).value = value;
  }

  /** The exit code. */
  *run(): Syscall<number> {
    const { rules } = this.program;
    let flow: Flow;
    for (const rule of rules) if (rule.when === 'begin' && rule.body && flow !== 'exit') flow = yield* this.#execute(rule.body);
    const reads = rules.some(({ when }) => when !== 'begin');
    while (reads && flow !== 'exit') {
      const record = yield* this.#nextRecord();
      if (record === undefined) break;
      yield* this.#setRecord(record);
      yield* this.#process.step();
      flow = undefined;
      for (const rule of rules) {
        if (!(yield* this.#applies(rule))) continue;
        flow = rule.body ? yield* this.#execute(rule.body) : yield* this.#print([], false, undefined);
        if (flow === 'nextfile') this.#closeInput();
        if (flow !== undefined) break;
      }
    }
    // END runs after exit too, as busybox and gawk have it; only an exit in END itself ends the program.
    for (const rule of rules) if (rule.when === 'end' && rule.body && (yield* this.#execute(rule.body)) === 'exit') break;
    for (const name of [...this.#streams.keys()]) yield* this.#close(name);
    return this.#exitCode || (this.#trouble ? 2 : 0);
  }

  *#applies(rule: Rule): Syscall<boolean> {
    const { when } = rule;
    if (when === 'always') return true;
    if (typeof when === 'string') return false;
    if (!when.until) return truthy(yield* this.#evaluate(when.test));
    if (!this.#inRange.has(rule)) {
      if (!truthy(yield* this.#evaluate(when.test))) return false;
      this.#inRange.add(rule);
    }
    if (truthy(yield* this.#evaluate(when.until))) this.#inRange.delete(rule);
    return true;
  }

  // Input

  *#nextRecord(): Syscall<string | undefined> {
    for (;;) {
      if (!this.#input && !(yield* this.#openNext())) return undefined;
      const text = yield* this.#readRecord(this.#input as LineReader);
      if (text === null) {
        this.#closeInput();
        continue;
      }
      this.set('NR', toNumber(this.#scalar('NR')) + 1);
      this.set('FNR', toNumber(this.#scalar('FNR')) + 1);
      return text;
    }
  }

  *#readRecord(reader: LineReader): Syscall<string | null> {
    const separator = this.#text('RS');
    if (separator !== '') return yield* reader.next();
    // Paragraphs: blank lines part records.
    let line = yield* reader.next();
    while (line === '') line = yield* reader.next();
    const lines: string[] = [];
    const memory = new HeldMemory(this.#process);
    for (; line !== null && line !== ''; line = yield* reader.next()) {
      memory.add(line.length);
      lines.push(line);
    }
    memory.add(-lines.reduce((sum, one) => sum + one.length, 0));
    return lines.length === 0 ? null : lines.join('\n');
  }

  *#openNext(): Syscall<boolean> {
    for (;;) {
      const operand = this.#operands[this.#nextOperand];
      if (operand === undefined) {
        if (this.#readAny) return false;
        this.#readAny = true;
        this.#useInput(0, '');
        return true;
      }
      this.#nextOperand += 1;
      const assignment = /^([A-Za-z_]\w*)=(.*)$/s.exec(operand);
      if (assignment) {
        this.set(assignment[1] as string, fromInput(unescapeAwk(assignment[2] as string)));
        continue;
      }
      this.#readAny = true;
      try {
        this.#useInput(operand === '-' ? 0 : this.#process.open(operand, { read: true }), operand);
        return true;
      } catch (error) {
        if (!(error instanceof SystemError)) throw error;
        yield* this.call.warn(error.message);
        this.#trouble = true;
      }
    }
  }

  #useInput(fd: number, name: string): void {
    const separator = this.#text('RS');
    this.#inputFd = fd;
    this.#input = new LineReader(this.#process, fd, this.call.out, separator === '' ? '\n' : separator.slice(0, 1));
    this.set('FILENAME', name);
    this.set('FNR', 0);
  }

  #closeInput(): void {
    if (this.#inputFd !== 0) this.#process.close(this.#inputFd);
    this.#input = undefined;
    this.#inputFd = 0;
  }

  *#setRecord(text: string): Syscall<void> {
    const fields = yield* this.#split(text, this.#scalar('FS'));
    this.#useFields([text, ...fields]);
    this.set('NF', fields.length);
  }

  /** The record, then its fields. */
  #useFields(fields: string[]): void {
    this.#memory.add((fields.length - this.#fields.length) * partBytes);
    this.#fields = fields;
  }

  *#split(text: string, separator: Scalar | BoundedExpression | undefined): Syscall<string[]> {
    if (text === '') return [];
    if (separator instanceof BoundedExpression) return yield* split(this.#process, text, separator);
    const shown = toText(separator, '%.6g');
    const alsoLines = this.#text('RS') === '';
    if (shown === ' ') return yield* split(this.#process, text, blanks);
    if (shown === '' || (shown.length === 1 && !alsoLines)) return yield* split(this.#process, text, shown);
    const source = shown.length === 1 ? (shown === '\\' ? '\\\\' : escapeLiteral(shown)) : posixSource(shown, true);
    return yield* split(this.#process, text, this.#compiled(alsoLines ? `(?:${source})|\\n` : source));
  }

  #compiled(source: string): BoundedExpression {
    let found = this.#expressions.get(source);
    if (!found) {
      // Groups would turn up in what `split` returns.
      found = new BoundedExpression(source.replace(/(^|[^\\])((?:\\\\)*)\((?!\?)/g, '$1$2(?:'), 'g', this.#process);
      this.#expressions.set(source, found);
    }
    return found;
  }

  #regex(source: string): BoundedExpression {
    const key = `/${source}`;
    let found = this.#expressions.get(key);
    if (!found) {
      try {
        found = new BoundedExpression(posixSource(source, true), '', this.#process);
      } catch {
        throw new Failure(`bad regex '${source}': Invalid regexp`);
      }
      this.#expressions.set(key, found);
    }
    return found;
  }

  /** The same for every match in a text instead of the first. */
  #everywhere({ source }: BoundedExpression): BoundedExpression {
    const key = `g/${source}`;
    const found = this.#expressions.get(key) ?? new BoundedExpression(source, 'g', this.#process);
    this.#expressions.set(key, found);
    return found;
  }

  // Variables

  #cell(name: string): Cell {
    const cell = this.#locals?.get(name) ?? this.#globals.get(name);
    if (cell) return cell;
    const made: Cell = { value: undefined };
    this.#globals.set(name, made);
    return made;
  }

  #scalar(name: string): Scalar | undefined {
    const { value } = this.#cell(name);
    if (value instanceof Map) throw new Failure(`'${name}' is an array`);
    return value;
  }

  #text(name: string): string {
    return toText(this.#scalar(name), '%.6g');
  }

  #table(name: string): Table {
    const cell = this.#cell(name);
    cell.value ??= new Map();
    if (cell.value instanceof Map) return cell.value;
    throw new Failure(`'${name}' is not an array`);
  }

  #shown(value: Scalar | undefined): string {
    return toText(value, this.#text('CONVFMT'));
  }

  *#key(keys: readonly Expression[]): Syscall<string> {
    const parts: string[] = [];
    for (const key of keys) parts.push(this.#shown(yield* this.#evaluate(key)));
    return parts.join(this.#text('SUBSEP'));
  }

  #put(table: Table, key: string, value: Scalar): void {
    this.#memory.add(sizeOf(value) - sizeOf(table.get(key)) + (table.has(key) ? 0 : key.length + elementBytes));
    table.set(key, value);
  }

  /** Takes one element away, or all. */
  #delete(table: Table, key: string | undefined): void {
    let freed = 0;
    if (key === undefined) {
      for (const [one, value] of table) freed += sizeOf(value) + one.length + elementBytes;
      table.clear();
    } else if (table.has(key)) {
      freed = sizeOf(table.get(key)) + key.length + elementBytes;
      table.delete(key);
    }
    this.#memory.add(-freed);
  }

  *#assign(target: Expression, value: Scalar): Syscall<void> {
    if (target.kind === 'name') {
      this.#memory.add(sizeOf(value) - sizeOf(this.#cell(target.name).value));
      this.set(target.name, value);
      if (target.name === 'NF') this.#resize(toNumber(value));
    } else if (target.kind === 'element') {
      const table = this.#table(target.name);
      const key = yield* this.#key(target.keys);
      this.#put(table, key, value);
    } else if (target.kind === 'field') yield* this.#setField(Math.trunc(toNumber(yield* this.#evaluate(target.index))), this.#shown(value));
    else throw new Failure('assignment to what is no variable');
  }

  *#setField(index: number, text: string): Syscall<void> {
    if (index < 0 || index > fieldsMax) throw new Failure('trying to access out of range field');
    if (index === 0) {
      yield* this.#setRecord(text);
      return;
    }
    const fields = [...this.#fields];
    while (fields.length <= index) fields.push('');
    fields[index] = text;
    this.#useFields(fields);
    this.#resize(fields.length - 1);
  }

  /** Makes the record of so many fields again. */
  #resize(count: number): void {
    const fields = this.#fields.slice(1, count + 1);
    while (fields.length < count && fields.length < fieldsMax) fields.push('');
    this.#process.charge(fields.length >> 8);
    this.#useFields([fields.join(this.#text('OFS')), ...fields]);
    this.#cell('NF').value = fields.length;
  }

  // Statements

  *#execute(statement: Statement): Syscall<Flow> {
    switch (statement.kind) {
      case 'block':
        for (const one of statement.body) {
          const flow = yield* this.#execute(one);
          if (flow !== undefined) return flow;
        }
        return undefined;
      case 'expression':
        yield* this.#evaluate(statement.value);
        return undefined;
      case 'print':
        return yield* this.#print(statement.args, statement.formatted, statement.to);
      case 'if':
        if (truthy(yield* this.#evaluate(statement.test))) return yield* this.#execute(statement.yes);
        return statement.no ? yield* this.#execute(statement.no) : undefined;
      case 'while':
        if (statement.first) {
          const flow = yield* this.#execute(statement.body);
          if (flow === 'break') return undefined;
          if (flow !== undefined && flow !== 'continue') return flow;
        }
        return yield* this.#loop(statement.test, statement.body, undefined);
      case 'for':
        if (statement.start) yield* this.#execute(statement.start);
        return yield* this.#loop(statement.test, statement.body, statement.next);
      case 'each':
        for (const key of yield* this.#orderedKeys(this.#table(statement.array))) {
          this.set(statement.name, fromInput(key));
          yield* this.#process.step();
          const flow = yield* this.#execute(statement.body);
          if (flow === 'break') return undefined;
          if (flow !== undefined && flow !== 'continue') return flow;
        }
        return undefined;
      case 'jump':
        return statement.to;
      case 'leave': {
        const value = statement.value ? yield* this.#evaluate(statement.value) : undefined;
        if (statement.how === 'return') this.#returned = value;
        else if (statement.value) this.#exitCode = Math.trunc(toNumber(value)) & 255;
        return statement.how;
      }
      case 'delete':
        this.#delete(this.#table(statement.name), statement.keys && (yield* this.#key(statement.keys)));
        return undefined;
    }
  }

  /** Numbers first, in order, then texts as they came. Differs from upstream: awks walk their hash tables. */
  *#orderedKeys(table: Table): Syscall<readonly string[]> {
    const numbers: string[] = [];
    const texts: string[] = [];
    for (const key of table.keys()) {
      (/^-?\d+$/.test(key) ? numbers : texts).push(key);
      if ((numbers.length + texts.length) % elementsPerStep === 0) yield* this.#process.step();
    }
    return [...(yield* sortInTurns(this.#process, numbers, (a, b) => Number(a) - Number(b))), ...texts];
  }

  *#loop(test: Expression | undefined, body: Statement, next: Statement | undefined): Syscall<Flow> {
    while (!test || truthy(yield* this.#evaluate(test))) {
      yield* this.#process.step();
      const flow = yield* this.#execute(body);
      if (flow === 'break') return undefined;
      if (flow !== undefined && flow !== 'continue') return flow;
      if (next) yield* this.#execute(next);
    }
    return undefined;
  }

  *#print(args: readonly Expression[], formatted: boolean, to: { readonly operator: string; readonly target: Expression } | undefined): Syscall<Flow> {
    const values: (Scalar | undefined)[] = [];
    for (const arg of args) values.push(yield* this.#evaluate(arg));
    const format = this.#text('OFMT');
    const text = formatted
      ? sprintf(this.#shown(values[0]), values.slice(1))
      : (values.length === 0 ? (this.#fields[0] as string) : values.map((value) => toText(value, format)).join(this.#text('OFS'))) + this.#text('ORS');
    if (!to) yield* this.call.out.text(text);
    else {
      const target = this.#shown(yield* this.#evaluate(to.target));
      const stream = yield* this.#openOutput(to.operator, target);
      yield* (stream.output as Output).text(text);
    }
    return undefined;
  }

  // Streams

  *#openOutput(operator: string, target: string): Syscall<Stream> {
    const found = this.#streams.get(target);
    if (found?.output) return found;
    let stream: Stream;
    if (operator === '|') {
      yield* this.call.out.flush();
      const [read, write] = this.#process.pipe();
      const pid = this.#spawnShell(
        target,
        new Map([
          [0, read],
          [1, 1],
          [2, 2],
        ]),
      );
      this.#process.close(read);
      stream = { output: new Output(this.#process, write), fd: write, pid };
    } else if (target === '/dev/stderr' || target === '/dev/stdout') {
      stream = { output: target === '/dev/stdout' ? this.call.out : new Output(this.#process, 2), fd: target === '/dev/stdout' ? 1 : 2 };
    } else {
      const append = operator === '>>';
      const fd = this.#process.open(target, { write: true, create: true, append, truncate: !append, mode: 0o666 });
      stream = { output: new Output(this.#process, fd), fd };
    }
    this.#streams.set(target, stream);
    return stream;
  }

  #spawnShell(command: string, fds: ReadonlyMap<number, number>): number {
    return this.#process.spawn({ argv: ['/bin/sh', '-c', command], fds });
  }

  *#openReader(from: 'file' | 'command', source: string): Syscall<LineReader | undefined> {
    const found = this.#streams.get(source)?.reader;
    if (found) return found;
    let stream: Stream;
    if (from === 'command') {
      yield* this.call.out.flush();
      const [read, write] = this.#process.pipe();
      const pid = this.#spawnShell(
        source,
        new Map([
          [0, 0],
          [1, write],
          [2, 2],
        ]),
      );
      this.#process.close(write);
      stream = { reader: new LineReader(this.#process, read), fd: read, pid };
    } else {
      if (!this.#process.system.fs.exists(source, this.#process.cwd)) return undefined;
      const fd = source === '-' ? 0 : this.#process.open(source, { read: true });
      stream = { reader: new LineReader(this.#process, fd), fd };
    }
    this.#streams.set(source, stream);
    return stream.reader;
  }

  *#close(name: string): Syscall<number> {
    const stream = this.#streams.get(name);
    if (!stream) return -1;
    this.#streams.delete(name);
    if (stream.output) yield* stream.output.flush();
    if (stream.fd > 2) this.#process.close(stream.fd);
    if (stream.pid === undefined) return 0;
    const ended = yield* this.#process.wait(stream.pid);
    return ended?.status.code ?? 1;
  }

  *#getline(expression: Expression & { readonly kind: 'getline' }): Syscall<number> {
    let text: string | null | undefined;
    if (expression.from === 'main') text = yield* this.#nextRecord();
    else {
      const source = this.#shown(yield* this.#evaluate(expression.source as Expression));
      const reader = yield* this.#openReader(expression.from, source);
      if (!reader) return -1;
      text = yield* reader.next();
      if (text !== null && expression.from === 'command') this.set('NR', toNumber(this.#scalar('NR')) + 1);
    }
    if (text === null || text === undefined) return 0;
    if (expression.target) yield* this.#assign(expression.target, fromInput(text));
    else yield* this.#setRecord(text);
    return 1;
  }

  // Expressions

  *#evaluate(expression: Expression): Syscall<Scalar | undefined> {
    switch (expression.kind) {
      case 'number':
      case 'string':
        return expression.value;
      case 'regex':
        return (yield* this.#regex(expression.source).find(this.#fields[0] as string)) ? 1 : 0;
      case 'name':
        return this.#scalar(expression.name);
      case 'field': {
        const index = Math.trunc(toNumber(yield* this.#evaluate(expression.index)));
        if (index < 0) throw new Failure('trying to access out of range field -1');
        const text = this.#fields[index];
        return text === undefined ? undefined : fromInput(text);
      }
      case 'element': {
        const table = this.#table(expression.name);
        const key = yield* this.#key(expression.keys);
        if (!table.has(key)) this.#put(table, key, new NumericText(''));
        return table.get(key);
      }
      case 'group':
        return expression.items.length === 1 ? yield* this.#evaluate(expression.items[0] as Expression) : yield* this.#key(expression.items);
      case 'assign': {
        const value = yield* this.#evaluate(expression.value);
        const result =
          expression.operator === '' ? (value ?? '') : arithmetic(expression.operator, toNumber(yield* this.#evaluate(expression.target)), toNumber(value));
        yield* this.#assign(expression.target, result);
        return result;
      }
      case 'step': {
        const before = toNumber(yield* this.#evaluate(expression.target));
        yield* this.#assign(expression.target, before + expression.by);
        return expression.prefix ? before + expression.by : before;
      }
      case 'unary': {
        const value = yield* this.#evaluate(expression.operand);
        if (expression.operator === '!') return truthy(value) ? 0 : 1;
        return expression.operator === '-' ? -toNumber(value) : toNumber(value);
      }
      case 'binary':
        return yield* this.#binary(expression);
      case 'choice':
        return yield* this.#evaluate(truthy(yield* this.#evaluate(expression.test)) ? expression.yes : expression.no);
      case 'in':
        return this.#table(expression.name).has(yield* this.#key(expression.keys)) ? 1 : 0;
      case 'getline':
        return yield* this.#getline(expression);
      case 'call':
        return expression.own ? yield* this.#callOwn(expression.name, expression.args) : yield* this.#callBuiltin(expression.name, expression.args);
    }
  }

  *#binary({ operator, left, right }: Expression & { readonly kind: 'binary' }): Syscall<Scalar> {
    if (operator === '&&') return truthy(yield* this.#evaluate(left)) && truthy(yield* this.#evaluate(right)) ? 1 : 0;
    if (operator === '||') return truthy(yield* this.#evaluate(left)) || truthy(yield* this.#evaluate(right)) ? 1 : 0;
    const a = yield* this.#evaluate(left);
    if (operator === '~' || operator === '!~') {
      const matched = (yield* (yield* this.#pattern(right)).find(this.#shown(a))) !== null;
      return matched === (operator === '~') ? 1 : 0;
    }
    const b = yield* this.#evaluate(right);
    if (operator === ' ') return this.#joined(this.#shown(a), this.#shown(b));
    if ('<>=!'.includes(operator[0] as string)) {
      const order = compareValues(a, b, this.#text('CONVFMT'));
      const holds = { '<': order < 0, '<=': order <= 0, '==': order === 0, '!=': order !== 0, '>': order > 0, '>=': order >= 0 }[operator];
      return holds ? 1 : 0;
    }
    return arithmetic(operator, toNumber(a), toNumber(b));
  }

  /** Whoever looks at a text looks at all of it, so there is a longest one. */
  #joined(a: string, b: string): string {
    if (a.length + b.length > wholeBytesMax) outOfMemory(this.#process);
    return a + b;
  }

  *#pattern(expression: Expression): Syscall<BoundedExpression> {
    if (expression.kind === 'regex') return this.#regex(expression.source);
    return this.#regex(this.#shown(yield* this.#evaluate(expression)));
  }

  *#callOwn(name: string, args: readonly Expression[]): Syscall<Scalar | undefined> {
    const called = this.program.functions.get(name);
    if (!called) throw new Failure('cmd. line:1: Call to undefined function');
    if (this.#depth >= depthMax) throw new Failure('function calls nest too deep');
    const locals = new Map<string, Cell>();
    for (const [index, parameter] of called.parameters.entries()) {
      const arg = args[index];
      if (arg?.kind === 'name' && this.#passesArray(arg.name)) locals.set(parameter, this.#cell(arg.name));
      else locals.set(parameter, { value: arg ? yield* this.#evaluate(arg) : undefined });
    }
    const before = this.#locals;
    this.#locals = locals;
    this.#depth += 1;
    this.#returned = undefined;
    yield* this.#process.step();
    yield* this.#execute(called.body);
    this.#depth -= 1;
    this.#locals = before;
    const result = this.#returned;
    this.#returned = undefined;
    return result;
  }

  /** Arrays are handed over themselves, and so is what may yet become one. */
  #passesArray(name: string): boolean {
    const { value } = this.#cell(name);
    return value instanceof Map || value === undefined;
  }

  *#callBuiltin(name: string, args: readonly Expression[]): Syscall<Scalar | undefined> {
    const [first, second] = args;
    if (name === 'length') {
      if (first?.kind === 'name' && this.#cell(first.name).value instanceof Map) return this.#table(first.name).size;
      return (first ? this.#shown(yield* this.#evaluate(first)) : (this.#fields[0] as string)).length;
    }
    if (name === 'split') return yield* this.#splitInto(args);
    if (name === 'sub' || name === 'gsub') return yield* this.#substitute(args, name === 'gsub');
    if (name === 'match' && first && second) {
      const found = yield* (yield* this.#pattern(second)).find(this.#shown(yield* this.#evaluate(first)));
      this.set('RSTART', found ? found.index + 1 : 0);
      this.set('RLENGTH', found ? found[0].length : -1);
      return found ? found.index + 1 : 0;
    }
    const values: (Scalar | undefined)[] = [];
    for (const arg of args) values.push(yield* this.#evaluate(arg));
    const text = (i: number) => this.#shown(values[i]);
    const number = (i: number) => toNumber(values[i]);
    switch (name) {
      case 'substr': {
        const start = Math.round(number(1));
        // busybox takes a start before the text as its beginning, without shortening what is taken.
        if (this.call.flavour === 'busybox')
          return text(0)
            .slice(Math.max(start, 1) - 1)
            .slice(0, values.length > 2 ? Math.max(0, Math.round(number(2))) : undefined);
        const end = values.length > 2 ? start + Math.round(number(2)) : Number.POSITIVE_INFINITY;
        return text(0).slice(Math.max(start, 1) - 1, Math.max(end - 1, 0));
      }
      case 'index':
        return text(1) === '' ? 0 : text(0).indexOf(text(1)) + 1;
      case 'tolower':
        return text(0).toLowerCase();
      case 'toupper':
        return text(0).toUpperCase();
      case 'sprintf':
        return sprintf(text(0), values.slice(1));
      case 'int':
        return Math.trunc(number(0));
      case 'sqrt':
      case 'exp':
      case 'log':
      case 'sin':
      case 'cos':
        return Math[name](number(0));
      case 'atan2':
        return Math.atan2(number(0), number(1));
      case 'rand':
        return this.#process.system.random();
      case 'srand': {
        const before = this.#seed;
        this.#seed = values.length > 0 ? number(0) : Math.floor(this.#process.system.now() / 1000);
        return before;
      }
      case 'close':
        return yield* this.#close(text(0));
      case 'system': {
        yield* this.call.out.flush();
        const ended = yield* this.#process.wait(
          this.#spawnShell(
            text(0),
            new Map([
              [0, 0],
              [1, 1],
              [2, 2],
            ]),
          ),
        );
        return ended?.status.code ?? 1;
      }
      default:
        yield* this.call.out.flush();
        for (const { output } of this.#streams.values()) if (output) yield* output.flush();
        return 0;
    }
  }

  *#splitInto([source, array, separator]: readonly Expression[]): Syscall<number> {
    if (!source || array?.kind !== 'name') throw new Failure('Too few arguments');
    const text = this.#shown(yield* this.#evaluate(source));
    const by = !separator
      ? this.#scalar('FS')
      : separator.kind === 'regex'
        ? this.#compiled(posixSource(separator.source, true))
        : ((yield* this.#evaluate(separator)) ?? '');
    const parts = yield* this.#split(text, by);
    const table = this.#table(array.name);
    this.#delete(table, undefined);
    for (const [index, part] of parts.entries()) {
      this.#put(table, String(index + 1), fromInput(part));
      if (index % elementsPerStep === 0) yield* this.#process.step();
    }
    return parts.length;
  }

  *#substitute([pattern, replacement, target]: readonly Expression[], all: boolean): Syscall<number> {
    if (!pattern || !replacement) throw new Failure('Too few arguments');
    const expression = yield* this.#pattern(pattern);
    const by = this.#shown(yield* this.#evaluate(replacement));
    const place: Expression = target ?? { kind: 'field', index: { kind: 'number', value: 0 } };
    const text = this.#shown(yield* this.#evaluate(place));
    let count = 0;
    const result = yield* substitute(this.#process, text, all ? this.#everywhere(expression) : expression, ([matched]) => {
      count += 1;
      return by.replace(/\\\\|\\&|&/g, (mark) => (mark === '&' ? matched : mark.slice(1)));
    });
    if (count > 0) yield* this.#assign(place, result);
    return count;
  }
}

function arithmetic(operator: string, a: number, b: number): number {
  if ((operator === '/' || operator === '%') && b === 0) throw new Failure('cmd. line:1: Division by zero');
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
    default:
      return a ** b;
  }
}

/** What an element of an array costs besides its texts, in bytes. */
const elementBytes = 128;
const elementsPerStep = 64;
/** Half a million elements. */
const tablesBytesMax = 2 * heldBytesMax;

/** What a value takes, in bytes. */
function sizeOf(value: Scalar | Table | undefined): number {
  if (typeof value === 'string') return value.length;
  return value instanceof NumericText ? value.text.length : 0;
}
