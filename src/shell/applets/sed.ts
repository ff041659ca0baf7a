import type { Syscall } from '../kernel/types.ts';
import type { Call } from './lib/applet.ts';
import { applet, Failure } from './lib/applet.ts';
import { BoundedExpression } from './lib/bounded-expression.ts';
import { LineReader, openInput } from './lib/input.ts';
import { UsageError } from './lib/options.ts';
import { posixSource } from './lib/pattern.ts';
import { inPieces } from './lib/pieces.ts';
import { substitute } from './lib/substitute.ts';

type Address = { readonly line: number } | { readonly last: true } | { readonly expression: BoundedExpression } | { readonly plus: number };

interface Command {
  readonly name: string;
  readonly from?: Address | undefined;
  readonly to?: Address | undefined;
  readonly negated: boolean;
  readonly expression?: BoundedExpression;
  readonly replacement?: string;
  readonly flags?: string;
  readonly text?: string;
  readonly label?: string;
  readonly file?: string;
  block?: Command[];
  /** Whether a range is open, and since which line. */
  since?: number | undefined;
}

/** sed: `s y p d q Q n N D P g G h H x a i c = b t : { } w`, addresses with `!`, `,+N` and `$`; `-n -e -f -i[SUFFIX] -E -r -s`. */
export const sed = applet(
  {
    usage: '[-i[SFX]] [-nrE] [-f FILE]... [-e CMD]... [FILE]...',
    short: 'nrEsuzi::e:f:',
    long: { quiet: 'n', 'regexp-extended': 'E', 'expression=': 'e', 'in-place': 'i' },
  },
  function* (call) {
    const { options } = call;
    const operands = [...call.operands];
    const scripts = [...options.values('e')];
    for (const path of options.values('f')) scripts.push(call.process.system.fs.readText(path, call.process.cwd).replace(/\n$/, ''));
    if (scripts.length === 0) {
      const script = operands.shift();
      if (script === undefined) throw new UsageError('');
      scripts.push(script);
    }
    const commands = new ScriptParser(call, scripts.join('\n')).parse();
    if (!options.has('i')) return (yield* new Editor(call, commands).run(operands.length > 0 ? operands : ['-'], (text) => call.out.text(text))).code;
    return yield* inPlace(call, commands, operands);
  },
);

function* inPlace(call: Call, commands: Command[], paths: readonly string[]): Syscall<number> {
  const { fs } = call.process.system;
  const { cwd } = call.process;
  let code = 0;
  for (const path of paths) {
    const parts: string[] = [];
    // biome-ignore lint/correctness/useYield: collects only.
    const result = yield* new Editor(call, commands).run([path], function* (text) {
      parts.push(text);
    });
    code ||= result.code;
    if (result.missing) continue;
    const suffix = call.options.value('i');
    if (suffix) fs.writeFile(`${path}${suffix}`, fs.readFile(path, cwd), { cwd });
    fs.writeFile(path, parts.join(''), { cwd });
  }
  return code;
}

class ScriptParser {
  #at = 0;
  constructor(
    readonly call: Call,
    readonly text: string,
  ) {}

  parse(nested = false): Command[] {
    const commands: Command[] = [];
    for (;;) {
      this.#skip(/[\s;]*/y);
      if (this.#at >= this.text.length) {
        if (nested) throw new Failure('unmatched {');
        return commands;
      }
      if (this.text[this.#at] === '#') {
        this.#skip(/[^\n]*/y);
        continue;
      }
      if (this.text[this.#at] === '}') {
        if (!nested) throw new Failure(this.call.flavour === 'gnu' ? "-e expression #1, char 1: unexpected `}'" : 'unexpected }');
        this.#at += 1;
        return commands;
      }
      commands.push(this.#command());
    }
  }

  #skip(expression: RegExp): string {
    expression.lastIndex = this.#at;
    const found = expression.exec(this.text)?.[0] ?? '';
    this.#at += found.length;
    return found;
  }

  #command(): Command {
    const from = this.#address();
    let to: Address | undefined;
    if (from && this.text[this.#at] === ',') {
      this.#at += 1;
      to = this.#address();
    }
    this.#skip(/\s*/y);
    const negated = this.#skip(/!\s*/y) !== '';
    const name = this.text[this.#at] ?? '';
    this.#at += 1;
    const base = { name, from, to, negated };
    if (name === 's') return { ...base, ...this.#substitution() };
    if (name === 'y') {
      const separator = this.text[this.#at++] as string;
      return { ...base, text: this.#until(separator), replacement: this.#until(separator) };
    }
    if (name === '{') return { ...base, block: this.parse(true) };
    if ('aic'.includes(name) && name !== '') {
      this.#skip(/[ \t]*\\?\n?[ \t]*/y);
      return { ...base, text: this.#skip(/(?:\\\n|[^\n])*/y).replace(/\\(.|\n)/gs, '$1') };
    }
    if (name === ':' || name === 'b' || name === 't') return { ...base, label: this.#skip(/[^;\n}]*/y).trim() };
    if (name === 'w' || name === 'r') return { ...base, file: this.#skip(/[^\n]*/y).trim() };
    if (name === 'q' || name === 'Q') return { ...base, text: this.#skip(/\s*\d*/y).trim() };
    if ('pdnNDPgGhHx=l'.includes(name) && name !== '') return base;
    throw new Failure(
      this.call.flavour === 'gnu'
        ? `-e expression #1, char ${this.#at}: unknown command: \`${name}'`
        : name === ''
          ? 'missing command'
          : `unsupported command ${name}`,
    );
  }

  #address(): Address | undefined {
    const number = this.#skip(/\d+/y);
    if (number) return { line: Number(number) };
    const plus = this.#skip(/\+\d+/y);
    if (plus) return { plus: Number(plus) };
    if (this.text[this.#at] === '$') {
      this.#at += 1;
      return { last: true };
    }
    let separator = this.text[this.#at];
    if (separator !== '/' && separator !== '\\') return undefined;
    this.#at += 1;
    if (separator === '\\') separator = this.text[this.#at++] as string;
    const source = this.#until(separator);
    return { expression: this.#compile(source, this.#skip(/I/y) ? 'i' : '') };
  }

  #substitution(): Pick<Command, 'expression' | 'replacement' | 'flags' | 'file'> {
    const separator = this.text[this.#at++] ?? '';
    const source = this.#until(separator);
    const replacement = this.#until(separator, true);
    const flags = this.#skip(/[gpiIme0-9]*/y);
    const file = this.#skip(/w[^\n]*/y)
      .slice(1)
      .trim();
    return { expression: this.#compile(source, /[iI]/.test(flags) ? 'gi' : 'g'), replacement, flags, ...(file ? { file } : {}) };
  }

  /** Text up to an unescaped separator, which is passed. */
  #until(separator: string, keepEscapes = false): string {
    let text = '';
    let inSet = false;
    for (; this.#at < this.text.length; this.#at++) {
      const letter = this.text[this.#at] as string;
      if (letter === '\\') {
        const next = this.text[this.#at + 1] ?? '';
        text += next === separator && !keepEscapes ? next : next === separator ? next : `\\${next}`;
        this.#at += 1;
        continue;
      }
      if (!keepEscapes && letter === '[') inSet = true;
      if (letter === ']') inSet = false;
      if (letter === separator && !inSet) {
        this.#at += 1;
        return text;
      }
      text += letter;
    }
    throw new Failure(this.call.flavour === 'gnu' ? `-e expression #1, char ${this.text.length}: unterminated \`s' command` : 'unterminated s');
  }

  #compile(source: string, flags: string): BoundedExpression {
    try {
      return new BoundedExpression(posixSource(source, this.call.options.has('E', 'r')).replaceAll('[^\\n]', '[^]'), flags, this.call.process);
    } catch {
      throw new Failure(`bad regex '${source}'`);
    }
  }
}

class Editor {
  #number = 0;
  #hold = '';
  #space = '';
  #lines: { text: string; terminated: boolean }[] = [];
  #reader: LineReader | undefined;
  #paths: string[] = [];
  #substituted = false;
  #append: string[] = [];
  #missing = false;
  #terminated = true;
  #print: (text: string) => Syscall<void> = function* () {};

  constructor(
    readonly call: Call,
    readonly commands: Command[],
  ) {}

  *run(paths: readonly string[], print: (text: string) => Syscall<void>): Syscall<{ code: number; missing: boolean }> {
    this.#paths = [...paths];
    this.#print = print;
    let exit: number | undefined;
    while (exit === undefined && (yield* this.#advance())) {
      const outcome = yield* this.#cycle();
      if (outcome.exit !== undefined) exit = outcome.exit;
    }
    return { code: exit ?? (this.#missing ? 1 : 0), missing: this.#missing };
  }

  *#cycle(): Syscall<{ exit?: number }> {
    this.#substituted = false;
    const end = yield* this.#execute(this.commands);
    if (!this.call.options.has('n') && end.autoprint !== false) yield* this.#line(this.#space);
    for (const text of this.#append.splice(0)) yield* this.#print(`${text}\n`);
    return end.exit === undefined ? {} : { exit: end.exit };
  }

  *#line(text: string): Syscall<void> {
    yield* this.#print(text + (this.#terminated || this.#lines.length > 0 ? '\n' : ''));
  }

  /** Takes the next line into the pattern space; false at the end. One line is read ahead so that `$` is known. */
  *#advance(): Syscall<boolean> {
    yield* this.#fill(1);
    const next = this.#lines.shift();
    if (!next) return false;
    this.#space = next.text;
    this.#terminated = next.terminated;
    this.#number += 1;
    yield* this.call.process.step();
    return true;
  }

  *#fill(wanted: number): Syscall<void> {
    while (this.#lines.length < wanted) {
      if (!this.#reader) {
        const path = this.#paths.shift();
        if (path === undefined) return;
        const fd = yield* openInput(this.call, path);
        if (fd === undefined) {
          this.#missing = true;
          continue;
        }
        this.#reader = new LineReader(this.call.process, fd, this.call.out);
      }
      const line = yield* this.#reader.next();
      if (line === null) this.#reader = undefined;
      else this.#lines.push({ text: line, terminated: this.#reader.terminated });
    }
  }

  *#isLast(): Syscall<boolean> {
    yield* this.#fill(1);
    return this.#lines.length === 0;
  }

  *#matches(address: Address): Syscall<boolean> {
    if ('line' in address) return this.#number === address.line;
    if ('last' in address) return yield* this.#isLast();
    if ('plus' in address) return false;
    address.expression.lastIndex = 0;
    return (yield* address.expression.find(this.#space)) !== null;
  }

  *#selected(command: Command): Syscall<boolean> {
    if (!command.from) return true;
    if (!command.to) return yield* this.#matches(command.from);
    if (command.since === undefined) {
      if (!(yield* this.#matches(command.from))) return false;
      command.since = this.#number;
      const { to } = command;
      // A range whose end is a line already passed is one line long.
      if (('line' in to && to.line <= this.#number) || ('plus' in to && to.plus === 0)) command.since = undefined;
      return true;
    }
    const { to } = command;
    const closes = 'plus' in to ? this.#number >= command.since + to.plus : 'line' in to ? this.#number >= to.line : yield* this.#matches(to);
    if (closes) command.since = undefined;
    return true;
  }

  *#execute(commands: Command[]): Syscall<{ autoprint?: boolean; exit?: number; branch?: string; ended?: boolean }> {
    for (let at = 0; at < commands.length; at++) {
      const command = commands[at] as Command;
      if ((yield* this.#selected(command)) === command.negated) continue;
      const result = yield* this.#one(command);
      if (!result) continue;
      if (result.branch !== undefined) {
        const target = commands.findIndex((one) => one.name === ':' && one.label === result.branch);
        if (target < 0) return result.branch === '' ? { ended: true } : result;
        at = target;
        yield* this.call.process.step();
        continue;
      }
      return result;
    }
    return {};
  }

  *#one(command: Command): Syscall<{ autoprint?: boolean; exit?: number; branch?: string; ended?: boolean } | undefined> {
    switch (command.name) {
      case 's':
        yield* this.#substitute(command);
        return undefined;
      case 'y': {
        const [from, to] = [[...(command.text as string)], [...(command.replacement as string)]];
        const changed = new Map(from.map((letter, i) => [letter, to[i] ?? letter]).reverse() as [string, string][]);
        this.#space = yield* inPieces(this.call.process, this.#space, (piece) => Array.from(piece, (letter) => changed.get(letter) ?? letter).join(''));
        return undefined;
      }
      case 'p':
        yield* this.#print(`${this.#space}\n`);
        return undefined;
      case 'P':
        yield* this.#print(`${this.#space.slice(0, `${this.#space}\n`.indexOf('\n'))}\n`);
        return undefined;
      case 'd':
        return { autoprint: false };
      case 'D':
        return { autoprint: false };
      case '=':
        yield* this.#print(`${this.#number}\n`);
        return undefined;
      case 'l':
        yield* this.#print(`${JSON.stringify(this.#space).slice(1, -1)}$\n`);
        return undefined;
      case 'q':
        return { exit: Number(command.text || 0) };
      case 'Q':
        return { exit: Number(command.text || 0), autoprint: false };
      case 'n':
        if (yield* this.#isLast()) return { exit: 0 };
        if (!this.call.options.has('n')) yield* this.#line(this.#space);
        yield* this.#advance();
        return undefined;
      case 'N': {
        if (yield* this.#isLast()) return { exit: 0 };
        const before = this.#space;
        yield* this.#advance();
        this.#space = `${before}\n${this.#space}`;
        return undefined;
      }
      case 'g':
        this.#space = this.#hold;
        return undefined;
      case 'G':
        this.#space += `\n${this.#hold}`;
        return undefined;
      case 'h':
        this.#hold = this.#space;
        return undefined;
      case 'H':
        this.#hold += `\n${this.#space}`;
        return undefined;
      case 'x':
        [this.#space, this.#hold] = [this.#hold, this.#space];
        return undefined;
      case 'a':
        this.#append.push(command.text as string);
        return undefined;
      case 'r': {
        const { fs } = this.call.process.system;
        if (fs.exists(command.file as string, this.call.process.cwd))
          this.#append.push(fs.readText(command.file as string, this.call.process.cwd).replace(/\n$/, ''));
        return undefined;
      }
      case 'i':
        yield* this.#print(`${command.text}\n`);
        return undefined;
      case 'c':
        if (!command.to || command.since === undefined) yield* this.#print(`${command.text}\n`);
        return { autoprint: false };
      case 'w':
        this.#write(command.file as string);
        return undefined;
      case '{':
        return yield* this.#block(command.block as Command[]);
      case 'b':
        return { branch: command.label as string };
      case 't':
        if (!this.#substituted) return undefined;
        this.#substituted = false;
        return { branch: command.label as string };
    }
    return undefined;
  }

  *#block(commands: Command[]): Syscall<{ autoprint?: boolean; exit?: number; branch?: string; ended?: boolean } | undefined> {
    const result = yield* this.#execute(commands);
    return Object.keys(result).length === 0 ? undefined : result;
  }

  #write(path: string): void {
    this.call.process.system.fs.writeFile(path, `${this.#space}\n`, { append: true, cwd: this.call.process.cwd });
  }

  *#substitute(command: Command): Syscall<void> {
    const flags = command.flags as string;
    const nth = Number(/\d+/.exec(flags)?.[0] ?? 1);
    const all = flags.includes('g');
    let seen = 0;
    let changed = false;
    let end = -1;
    const expression = command.expression as BoundedExpression;
    this.#space = yield* substitute(this.call.process, this.#space, expression, (match) => {
      const { 0: matched, index: at } = match;
      // Nothing matches right behind a match.
      if (matched === '' && at === end) return '';
      end = at + matched.length;
      seen += 1;
      if (seen < nth || (!all && seen > nth)) return matched;
      changed = true;
      return fillReplacement(command.replacement as string, match);
    });
    if (!changed) return;
    this.#substituted = true;
    if (flags.includes('p')) yield* this.#print(`${this.#space}\n`);
    if (command.file) this.#write(command.file);
  }
}

function fillReplacement(template: string, groups: readonly string[]): string {
  return template.replace(/\\([0-9])|\\n|\\t|\\(.|\n)|&/gs, (whole, digit: string | undefined, escaped: string | undefined) => {
    if (whole === '&') return groups[0] as string;
    if (digit !== undefined) return typeof groups[Number(digit)] === 'string' ? (groups[Number(digit)] as string) : '';
    return whole === '\\n' ? '\n' : whole === '\\t' ? '\t' : (escaped as string);
  });
}
