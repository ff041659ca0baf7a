import { Failure } from '../lib/applet.ts';
import type { AwkFunction, AwkProgram, Expression, Rule, Statement } from './syntax.ts';

interface Token {
  readonly type: 'number' | 'string' | 'regex' | 'name' | 'call' | 'builtin' | 'keyword' | 'operator' | 'newline' | 'end';
  readonly text: string;
}

const keywords = new Set('BEGIN END function func if else while for do break continue next nextfile exit return delete in getline print printf'.split(' '));
export const builtinNames = new Set(
  'length substr index split sub gsub match tolower toupper sprintf int sqrt exp log sin cos atan2 rand srand system close fflush'.split(' '),
);
const operators = /^(?:\*\*=|\*\*|\+\+|--|\+=|-=|\*=|\/=|%=|\^=|==|<=|>=|!=|!~|&&|\|\||>>|[-+*/%^!<>|?:~$=,;(){}[\]])/;
const escapes: Readonly<Record<string, string>> = { n: '\n', t: '\t', r: '\r', '\\': '\\', '"': '"', '/': '/', a: '\x07', b: '\b', f: '\f', v: '\v' };

/** Backslash escapes of awk's strings and of `-v` values. */
export function unescapeAwk(text: string): string {
  return text.replace(/\\([0-7]{1,3}|[\s\S])/g, (whole, code: string) =>
    /^[0-7]/.test(code) ? String.fromCharCode(Number.parseInt(code, 8)) : (escapes[code] ?? (code === '\n' ? '' : whole)),
  );
}

function tokenize(text: string): Token[] {
  const tokens: Token[] = [];
  let at = 0;
  const take = (type: Token['type'], length: number, shown = text.slice(at, at + length)) => {
    tokens.push({ type, text: shown });
    at += length;
  };
  while (at < text.length) {
    const rest = text.slice(at, at + 4096);
    const blank = /^(?:[ \t\r]+|\\\r?\n|#[^\n]*)/.exec(rest);
    if (blank) {
      at += blank[0].length;
      continue;
    }
    const number = /^(?:0[xX][0-9a-fA-F]+|(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?)/.exec(rest);
    const name = /^[A-Za-z_]\w*/.exec(rest);
    if (rest[0] === '\n') take('newline', 1);
    else if (number) take('number', number[0].length);
    else if (name) {
      const word = name[0];
      const type = keywords.has(word) ? 'keyword' : builtinNames.has(word) ? 'builtin' : text[at + word.length] === '(' ? 'call' : 'name';
      take(type, word.length);
    } else if (rest[0] === '"') {
      const string = /^"(?:\\[\s\S]|[^"\\\n])*"/.exec(text.slice(at));
      if (!string) throw new Failure('unterminated string');
      take('string', string[0].length, unescapeAwk(string[0].slice(1, -1)));
    } else if (rest[0] === '/' && regexMayStart(tokens[tokens.length - 1])) {
      const regex = /^\/((?:\\[\s\S]|\[\^?\]?(?:\[:\w+:\]|[^\]\n])*\]|[^/\\\n[])*)\//.exec(text.slice(at));
      if (!regex) throw new Failure('unterminated regex');
      take('regex', regex[0].length, (regex[1] as string).replace(/\\\//g, '/'));
    } else {
      const operator = operators.exec(rest);
      if (!operator) throw new Failure(`cmd. line:${text.slice(0, at).split('\n').length}: Unexpected token`);
      take('operator', operator[0].length);
    }
  }
  tokens.push({ type: 'end', text: '' });
  return tokens;
}

/** A slash divides after a value. */
function regexMayStart(before: Token | undefined): boolean {
  if (!before) return true;
  if (before.type === 'operator') return !/^(?:[)\]$]|\+\+|--)$/.test(before.text);
  return before.type === 'newline' || (before.type === 'keyword' && before.text !== 'getline');
}

/** Reads a program. Throws Failure with a syntax error. */
export function parseAwk(text: string): AwkProgram {
  return new Parser(tokenize(text)).program();
}

class Parser {
  #at = 0;
  /** Inside `for (x in y)` heads and print lists, `in` and `>` mean something else. */
  #noIn = false;
  #noGreater = false;

  constructor(readonly tokens: readonly Token[]) {}

  get #token(): Token {
    return this.tokens[this.#at] as Token;
  }

  #is(text: string): boolean {
    const { type } = this.#token;
    return this.#token.text === text && (type === 'operator' || type === 'keyword');
  }

  #accept(...texts: readonly string[]): string | undefined {
    const found = texts.find((text) => this.#is(text));
    if (found !== undefined) this.#at += 1;
    return found;
  }

  #expect(text: string): void {
    if (!this.#accept(text)) throw this.#unexpected();
  }

  #unexpected(): Failure {
    const line = this.tokens.slice(0, this.#at).filter(({ type }) => type === 'newline').length + 1;
    return new Failure(`cmd. line:${line}: Unexpected token`);
  }

  #skipNewlines(semicolons = false): void {
    while (this.#token.type === 'newline' || (semicolons && this.#is(';'))) this.#at += 1;
  }

  #name(): string {
    const { type, text } = this.#token;
    if (type !== 'name' && type !== 'call') throw this.#unexpected();
    this.#at += 1;
    return text;
  }

  program(): AwkProgram {
    const rules: Rule[] = [];
    const functions = new Map<string, AwkFunction>();
    for (this.#skipNewlines(true); this.#token.type !== 'end'; this.#skipNewlines(true)) {
      if (this.#accept('function', 'func')) functions.set(...this.#function());
      else rules.push(this.#rule());
    }
    return { rules, functions };
  }

  #function(): [string, AwkFunction] {
    const name = this.#name();
    const parameters: string[] = [];
    this.#expect('(');
    while (!this.#accept(')')) {
      parameters.push(this.#name());
      if (!this.#is(')')) this.#expect(',');
    }
    this.#skipNewlines();
    return [name, { parameters, body: this.#block() }];
  }

  #rule(): Rule {
    const special = this.#accept('BEGIN', 'END');
    if (special) return { when: special === 'BEGIN' ? 'begin' : 'end', body: this.#block() };
    if (this.#is('{')) return { when: 'always', body: this.#block() };
    const test = this.#expression();
    let until: Expression | undefined;
    if (this.#accept(',')) {
      this.#skipNewlines();
      until = this.#expression();
    }
    return { when: { test, ...(until ? { until } : {}) }, ...(this.#is('{') ? { body: this.#block() } : {}) };
  }

  #block(): Statement {
    this.#expect('{');
    const body: Statement[] = [];
    for (this.#skipNewlines(true); !this.#accept('}'); this.#skipNewlines(true)) body.push(this.#statement());
    return { kind: 'block', body };
  }

  /** A statement's end: `;`, a new line, or before `}`. */
  #finish(statement: Statement): Statement {
    if (this.#accept(';')) return statement;
    if (this.#token.type === 'newline') this.#at += 1;
    else if (!this.#is('}') && this.#token.type !== 'end') throw this.#unexpected();
    return statement;
  }

  #statement(): Statement {
    this.#skipNewlines();
    if (this.#is('{')) return this.#block();
    if (this.#accept(';')) return { kind: 'block', body: [] };
    if (this.#accept('if')) return this.#if();
    if (this.#accept('while')) {
      const test = this.#condition();
      if (this.#accept(';')) return { kind: 'while', test, body: { kind: 'block', body: [] }, first: false };
      return { kind: 'while', test, body: this.#statement(), first: false };
    }
    if (this.#accept('do')) {
      const body = this.#statement();
      this.#skipNewlines(true);
      this.#expect('while');
      return this.#finish({ kind: 'while', test: this.#condition(), body, first: true });
    }
    if (this.#accept('for')) return this.#for();
    return this.#finish(this.#simple());
  }

  #condition(): Expression {
    this.#expect('(');
    const test = this.#expression();
    this.#expect(')');
    return test;
  }

  #if(): Statement {
    const test = this.#condition();
    const yes = this.#statement();
    const before = this.#at;
    this.#skipNewlines(true);
    if (this.#accept('else')) return { kind: 'if', test, yes, no: this.#statement() };
    this.#at = before;
    return { kind: 'if', test, yes };
  }

  #for(): Statement {
    this.#expect('(');
    const [name, word, array, close] = this.tokens.slice(this.#at, this.#at + 4);
    if (name?.type === 'name' && word?.text === 'in' && array?.type === 'name' && close?.text === ')') {
      this.#at += 4;
      return { kind: 'each', name: name.text, array: array.text, body: this.#statement() };
    }
    const start = this.#is(';') ? undefined : this.#simple();
    this.#expect(';');
    this.#skipNewlines();
    const test = this.#is(';') ? undefined : this.#expression();
    this.#expect(';');
    this.#skipNewlines();
    const next = this.#is(')') ? undefined : this.#simple();
    this.#expect(')');
    const body: Statement = this.#accept(';') ? { kind: 'block', body: [] } : this.#statement();
    return { kind: 'for', ...(start ? { start } : {}), ...(test ? { test } : {}), ...(next ? { next } : {}), body };
  }

  #simple(): Statement {
    const jump = this.#accept('break', 'continue', 'next', 'nextfile');
    if (jump) return { kind: 'jump', to: jump as 'next' };
    const leave = this.#accept('exit', 'return');
    if (leave) {
      const bare = this.#token.type === 'newline' || this.#token.type === 'end' || this.#is(';') || this.#is('}');
      return { kind: 'leave', how: leave as 'exit', ...(bare ? {} : { value: this.#expression() }) };
    }
    if (this.#accept('delete')) {
      const name = this.#name();
      return { kind: 'delete', name, ...(this.#is('[') ? { keys: this.#keys() } : {}) };
    }
    const print = this.#accept('print', 'printf');
    if (print) return this.#print(print === 'printf');
    return { kind: 'expression', value: this.#expression() };
  }

  #keys(): Expression[] {
    this.#expect('[');
    const keys = this.#list(']');
    return keys;
  }

  #list(end: string): Expression[] {
    const [noIn, noGreater] = [this.#noIn, this.#noGreater];
    this.#noIn = false;
    this.#noGreater = false;
    const items: Expression[] = [];
    this.#skipNewlines();
    while (!this.#accept(end)) {
      items.push(this.#expression());
      this.#skipNewlines();
      if (!this.#is(end)) this.#expect(',');
      this.#skipNewlines();
    }
    this.#noIn = noIn;
    this.#noGreater = noGreater;
    return items;
  }

  #print(formatted: boolean): Statement {
    const args: Expression[] = [];
    const ends = () => this.#token.type === 'newline' || this.#token.type === 'end' || [';', '}', '>', '>>', '|'].some((text) => this.#is(text));
    this.#noGreater = true;
    while (!ends()) {
      args.push(this.#expression());
      if (!this.#accept(',')) break;
      this.#skipNewlines();
    }
    const only = args[0];
    const list = args.length === 1 && only?.kind === 'group' ? only.items : args;
    const operator = this.#accept('>', '>>', '|');
    const to = operator ? { operator, target: this.#concatenation() } : undefined;
    this.#noGreater = false;
    return { kind: 'print', formatted, args: list, ...(to ? { to } : {}) };
  }

  #expression(): Expression {
    const left = this.#choice();
    const operator = this.#accept('=', '+=', '-=', '*=', '/=', '%=', '^=', '**=');
    if (!operator) return left;
    if (left.kind !== 'name' && left.kind !== 'field' && left.kind !== 'element') throw this.#unexpected();
    this.#skipNewlines();
    return { kind: 'assign', operator: operator.slice(0, -1).replace('**', '^'), target: left, value: this.#expression() };
  }

  #choice(): Expression {
    const test = this.#or();
    if (!this.#accept('?')) return test;
    this.#skipNewlines();
    const yes = this.#expression();
    this.#skipNewlines();
    this.#expect(':');
    this.#skipNewlines();
    return { kind: 'choice', test, yes, no: this.#expression() };
  }

  #or(): Expression {
    let left = this.#and();
    while (this.#accept('||')) {
      this.#skipNewlines();
      left = { kind: 'binary', operator: '||', left, right: this.#and() };
    }
    return left;
  }

  #and(): Expression {
    let left = this.#in();
    while (this.#accept('&&')) {
      this.#skipNewlines();
      left = { kind: 'binary', operator: '&&', left, right: this.#in() };
    }
    return left;
  }

  #in(): Expression {
    let left = this.#match();
    while (!this.#noIn && this.#accept('in')) left = { kind: 'in', keys: left.kind === 'group' ? left.items : [left], name: this.#name() };
    return left;
  }

  #match(): Expression {
    let left = this.#comparison();
    for (let operator = this.#accept('~', '!~'); operator; operator = this.#accept('~', '!~'))
      left = { kind: 'binary', operator, left, right: this.#comparison() };
    return left;
  }

  #comparison(): Expression {
    let left = this.#concatenation();
    for (;;) {
      if (this.#is('|') && this.tokens[this.#at + 1]?.text === 'getline') {
        this.#at += 2;
        left = { kind: 'getline', from: 'command', source: left, ...this.#getlineTarget() };
        continue;
      }
      const operator = this.#noGreater ? this.#accept('<', '<=', '==', '!=', '>=') : this.#accept('<', '<=', '==', '!=', '>', '>=');
      if (!operator) return left;
      left = { kind: 'binary', operator, left, right: this.#concatenation() };
    }
  }

  #concatenation(): Expression {
    let left = this.#sum();
    while (this.#startsValue()) left = { kind: 'binary', operator: ' ', left, right: this.#sum() };
    return left;
  }

  #startsValue(): boolean {
    const { type, text } = this.#token;
    if (type === 'number' || type === 'string' || type === 'regex' || type === 'name' || type === 'call' || type === 'builtin') return true;
    return type === 'operator' && ['$', '!', '(', '-', '+', '++', '--'].includes(text);
  }

  #sum(): Expression {
    let left = this.#product();
    for (let operator = this.#accept('+', '-'); operator; operator = this.#accept('+', '-')) left = { kind: 'binary', operator, left, right: this.#product() };
    return left;
  }

  #product(): Expression {
    let left = this.#unary();
    for (let operator = this.#accept('*', '/', '%'); operator; operator = this.#accept('*', '/', '%'))
      left = { kind: 'binary', operator, left, right: this.#unary() };
    return left;
  }

  #unary(): Expression {
    const operator = this.#accept('!', '-', '+');
    return operator ? { kind: 'unary', operator, operand: this.#unary() } : this.#power();
  }

  #power(): Expression {
    const left = this.#postfix();
    if (!this.#accept('^', '**')) return left;
    // It binds to the right, and tighter than a sign in front.
    const sign = this.#accept('-', '+', '!');
    const right = this.#power();
    return { kind: 'binary', operator: '^', left, right: sign ? { kind: 'unary', operator: sign, operand: right } : right };
  }

  #postfix(): Expression {
    const target = this.#primary();
    if (target.kind !== 'name' && target.kind !== 'field' && target.kind !== 'element') return target;
    const step = this.#accept('++', '--');
    return step ? { kind: 'step', by: step === '++' ? 1 : -1, prefix: false, target } : target;
  }

  #getlineTarget(): { target?: Expression } {
    const { type } = this.#token;
    return type === 'name' || this.#is('$') ? { target: this.#primary() } : {};
  }

  #primary(): Expression {
    const token = this.#token;
    this.#at += 1;
    switch (token.type) {
      case 'number':
        return { kind: 'number', value: Number(token.text) };
      case 'string':
        return { kind: 'string', value: token.text };
      case 'regex':
        return { kind: 'regex', source: token.text };
      case 'name':
        return this.#is('[') ? { kind: 'element', name: token.text, keys: this.#keys() } : { kind: 'name', name: token.text };
      case 'call':
        this.#at += 1;
        return { kind: 'call', name: token.text, args: this.#list(')'), own: true };
      case 'builtin':
        return { kind: 'call', name: token.text, args: this.#accept('(') ? this.#list(')') : [], own: false };
    }
    if (token.type === 'keyword' && token.text === 'getline') {
      const target = this.#getlineTarget();
      if (this.#accept('<')) return { kind: 'getline', from: 'file', source: this.#primary(), ...target };
      return { kind: 'getline', from: 'main', ...target };
    }
    if (token.type === 'operator') {
      if (token.text === '$') {
        const step = this.#accept('++', '--');
        const target = this.#primary();
        return { kind: 'field', index: step ? { kind: 'step', by: step === '++' ? 1 : -1, prefix: true, target } : target };
      }
      if (token.text === '++' || token.text === '--') return { kind: 'step', by: token.text === '++' ? 1 : -1, prefix: true, target: this.#primary() };
      if (token.text === '-' || token.text === '+' || token.text === '!') return { kind: 'unary', operator: token.text, operand: this.#primary() };
      if (token.text === '(') return { kind: 'group', items: this.#list(')') };
    }
    this.#at -= 1;
    throw this.#unexpected();
  }
}
