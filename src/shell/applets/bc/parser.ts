import type { Argument, Expression, FunctionDefinition, Name, Statement, Target } from './syntax.ts';

/** The text is no bc program. */
export class SyntaxFailure extends Error {}

/** Expressions and blocks may lie so deep in each other. */
const depthMax = 200;
const words = new Set('auto break continue define else for halt ibase if last length limits obase print quit read return scale sqrt while void'.split(' '));
const assignments = new Set(['=', '+=', '-=', '*=', '/=', '%=', '^=']);
const levels: readonly (readonly string[])[] = [['||'], ['&&'], ['==', '<=', '>=', '!=', '<', '>'], ['+', '-'], ['*', '/', '%']];
const notLevel = 2;

type Token = { readonly type: 'number' | 'name' | 'word' | 'operator' | 'string' | 'newline' | 'end'; readonly text: string };

const tokenForms =
  /(\\\n|[ \t]+|\/\*[\s\S]*?\*\/|#[^\n]*)|(\n)|"([^"]*)"|((?:[\dA-F]|\\\n)+(?:\.(?:[\dA-F]|\\\n)*)?|\.(?:[\dA-F]|\\\n)+)|([a-z][a-z\d_]*)|(\+\+|--|\|\||&&|[-+*/%^=<>!]=|[-+*/%^=<>!(){}[\];,.])/y;

function tokensOf(text: string): Token[] {
  const tokens: Token[] = [];
  tokenForms.lastIndex = 0;
  while (tokenForms.lastIndex < text.length) {
    const match = tokenForms.exec(text);
    if (!match) throw new SyntaxFailure();
    const [, blank, newline, string, number, name, operator] = match;
    if (blank !== undefined) continue;
    if (newline !== undefined) tokens.push({ type: 'newline', text: '\n' });
    else if (string !== undefined) tokens.push({ type: 'string', text: string });
    else if (number !== undefined) tokens.push({ type: 'number', text: number.replaceAll('\\\n', '') });
    else if (name !== undefined) tokens.push({ type: words.has(name) ? 'word' : 'name', text: name });
    else tokens.push({ type: 'operator', text: operator as string });
  }
  return tokens;
}

/** Whether a text may go on: it ends within a block, a string, a comment or after a backslash. Looked at line by line. */
export class Completeness {
  #depth = 0;
  #within: '' | '"' | '*' = '';

  /** True once what has come so far may be parsed. Throws SyntaxFailure for blocks too deep in each other. */
  take(line: string): boolean {
    for (let i = 0; i < line.length; i += 1) {
      const letter = line[i] as string;
      if (this.#within === '"') {
        if (letter === '"') this.#within = '';
      } else if (this.#within === '*') {
        if (letter === '*' && line[i + 1] === '/') this.#within = '';
      } else if (letter === '"') this.#within = '"';
      else if (letter === '/' && line[i + 1] === '*') this.#within = '*';
      else if (letter === '#') break;
      else if (letter === '{') this.#depth += 1;
      else if (letter === '}') this.#depth = Math.max(0, this.#depth - 1);
    }
    if (this.#depth > depthMax) throw new SyntaxFailure();
    return this.#depth === 0 && this.#within === '' && !line.endsWith('\\');
  }
}

/** The statements of a whole text. Throws SyntaxFailure. */
export function parseProgram(text: string): Statement[] {
  return new Parser(tokensOf(text)).program();
}

class Parser {
  #at = 0;
  #depth = 0;

  constructor(readonly tokens: readonly Token[]) {}

  program(): Statement[] {
    const statements: Statement[] = [];
    for (;;) {
      while (this.#takeSeparator());
      if (this.#isAtEnd) return statements;
      statements.push(this.#isWord('define') ? this.#define() : this.#statement());
      if (!this.#isAtEnd && !this.#takeSeparator()) throw new SyntaxFailure();
    }
  }

  get #isAtEnd(): boolean {
    return this.#at >= this.tokens.length;
  }

  get #peek(): Token {
    return this.tokens[this.#at] ?? { type: 'end', text: '' };
  }

  #isWord(text: string): boolean {
    return this.#peek.type === 'word' && this.#peek.text === text;
  }

  #is(operator: string): boolean {
    return this.#peek.type === 'operator' && this.#peek.text === operator;
  }

  #take(operator: string): boolean {
    const found = this.#is(operator);
    if (found) this.#at += 1;
    return found;
  }

  #takeWord(text: string): boolean {
    const found = this.#isWord(text);
    if (found) this.#at += 1;
    return found;
  }

  #expect(operator: string): void {
    if (!this.#take(operator)) throw new SyntaxFailure();
  }

  #takeSeparator(): boolean {
    if (this.#peek.type === 'newline') {
      this.#at += 1;
      return true;
    }
    return this.#take(';');
  }

  #skipNewlines(): void {
    while (this.#peek.type === 'newline') this.#at += 1;
  }

  #nested<T>(parse: () => T): T {
    this.#depth += 1;
    if (this.#depth > depthMax) throw new SyntaxFailure();
    const value = parse();
    this.#depth -= 1;
    return value;
  }

  #name(): string {
    const token = this.#peek;
    if (token.type !== 'name') throw new SyntaxFailure();
    this.#at += 1;
    return token.text;
  }

  #define(): Statement {
    this.#at += 1;
    this.#takeWord('void');
    const name = this.#name();
    this.#expect('(');
    const parameters = this.#is(')') ? [] : this.#names();
    this.#expect(')');
    this.#skipNewlines();
    this.#expect('{');
    while (this.#takeSeparator());
    const locals = this.#takeWord('auto') ? this.#names() : [];
    const definition: FunctionDefinition = { name, parameters, locals, body: this.#blockRest() };
    return { type: 'define', function: definition };
  }

  #names(): Name[] {
    const names: Name[] = [];
    do {
      const name = this.#name();
      const isArray = this.#take('[');
      if (isArray) this.#expect(']');
      names.push({ name, isArray });
    } while (this.#take(','));
    return names;
  }

  #blockRest(): Statement[] {
    return this.#nested(() => {
      const body: Statement[] = [];
      for (;;) {
        while (this.#takeSeparator());
        if (this.#take('}')) return body;
        body.push(this.#statement());
        if (!this.#is('}') && !this.#takeSeparator()) throw new SyntaxFailure();
      }
    });
  }

  #statement(): Statement {
    const token = this.#peek;
    if (this.#take('{')) return { type: 'block', body: this.#blockRest() };
    if (token.type === 'string') {
      this.#at += 1;
      return { type: 'string', text: token.text };
    }
    if (token.type === 'word') {
      const made = this.#wordStatement(token.text);
      if (made) return made;
    }
    const value = this.#expression();
    return { type: 'expression', value, silent: value.type === 'assign' };
  }

  #wordStatement(word: string): Statement | undefined {
    if (/^(?:break|continue|quit|halt)$/.test(word)) {
      this.#at += 1;
      return { type: word as 'break' };
    }
    if (this.#takeWord('return')) {
      const isEmpty = this.#peek.type === 'newline' || this.#peek.type === 'end' || this.#is(';') || this.#is('}');
      return { type: 'return', value: isEmpty ? undefined : this.#expression() };
    }
    if (this.#takeWord('print')) return { type: 'print', parts: this.#printed() };
    if (this.#takeWord('if')) return this.#if();
    if (this.#takeWord('while')) {
      const condition = this.#condition();
      return { type: 'while', condition, body: this.#body() };
    }
    return this.#takeWord('for') ? this.#for() : undefined;
  }

  #printed() {
    const parts: (Expression | { readonly type: 'string'; readonly text: string })[] = [];
    do {
      const token = this.#peek;
      if (token.type === 'string') {
        this.#at += 1;
        parts.push({ type: 'string', text: token.text });
      } else parts.push(this.#expression());
    } while (this.#take(','));
    return parts;
  }

  #condition(): Expression {
    this.#expect('(');
    const condition = this.#expression();
    this.#expect(')');
    return condition;
  }

  #body(): Statement {
    this.#skipNewlines();
    return this.#nested(() => (this.#is(';') ? { type: 'block', body: [] } : this.#statement()));
  }

  #if(): Statement {
    const condition = this.#condition();
    const then = this.#body();
    const before = this.#at;
    while (this.#takeSeparator());
    if (this.#takeWord('else')) return { type: 'if', condition, then, otherwise: this.#body() };
    this.#at = before;
    return { type: 'if', condition, then };
  }

  #for(): Statement {
    this.#expect('(');
    const first = this.#is(';') ? undefined : this.#expression();
    this.#expect(';');
    const condition = this.#is(';') ? undefined : this.#expression();
    this.#expect(';');
    const next = this.#is(')') ? undefined : this.#expression();
    this.#expect(')');
    return { type: 'for', first, condition, next, body: this.#body() };
  }

  /** Assignments bind from the right; before them come what `levels` lists, loosest first. */
  #expression(): Expression {
    return this.#nested(() => this.#level(0));
  }

  #level(level: number): Expression {
    const operators = levels[level];
    if (!operators) return this.#power();
    if (level === notLevel && this.#take('!')) return { type: 'not', value: this.#nested(() => this.#level(level)) };
    let left = this.#level(level + 1);
    while (this.#peek.type === 'operator' && operators.includes(this.#peek.text)) {
      const operator = this.#peek.text;
      this.#at += 1;
      left = { type: 'binary', operator, left, right: this.#level(level + 1) };
    }
    return left;
  }

  #power(): Expression {
    const base = this.#unary();
    if (!this.#take('^')) return base;
    return { type: 'binary', operator: '^', left: base, right: this.#nested(() => this.#power()) };
  }

  #unary(): Expression {
    if (this.#take('-')) return { type: 'negate', value: this.#nested(() => this.#unary()) };
    for (const [operator, by] of [
      ['++', 1],
      ['--', -1],
    ] as const) {
      if (this.#take(operator)) return { type: 'step', by, before: true, target: targetOf(this.#unary()) };
    }
    return this.#postfix(this.#primary());
  }

  #postfix(value: Expression): Expression {
    if (this.#peek.type !== 'operator') return value;
    const { text } = this.#peek;
    if (text === '++' || text === '--') {
      this.#at += 1;
      return { type: 'step', by: text === '++' ? 1 : -1, before: false, target: targetOf(value) };
    }
    if (!assignments.has(text)) return value;
    this.#at += 1;
    return { type: 'assign', operator: text.slice(0, -1), target: targetOf(value), value: this.#expression() };
  }

  #primary(): Expression {
    const token = this.#peek;
    if (token.type === 'number') {
      this.#at += 1;
      return { type: 'number', text: token.text };
    }
    if (this.#take('(')) {
      const value = this.#expression();
      this.#expect(')');
      // In brackets an assignment is a value like others, which is printed.
      return value.type === 'assign' ? { type: 'binary', operator: '+', left: value, right: { type: 'number', text: '0' } } : value;
    }
    if (this.#take('.')) return { type: 'register', name: 'last' };
    if (token.type === 'word') return this.#wordValue(token.text);
    const name = this.#name();
    if (this.#take('(')) return { type: 'call', name, args: this.#arguments() };
    if (!this.#take('[')) return { type: 'variable', name };
    const index = this.#expression();
    this.#expect(']');
    return { type: 'element', name, index };
  }

  #wordValue(word: string): Expression {
    this.#at += 1;
    if (word === 'ibase' || word === 'obase' || word === 'last') return { type: 'register', name: word };
    if (word === 'scale' && !this.#is('(')) return { type: 'register', name: word };
    if (word !== 'scale' && word !== 'length' && word !== 'sqrt') throw new SyntaxFailure();
    return { type: 'builtin', name: word, value: this.#condition() };
  }

  #arguments(): Argument[] {
    const args: Argument[] = [];
    if (this.#take(')')) return args;
    do {
      const [name, open, close] = [0, 1, 2].map((ahead) => this.tokens[this.#at + ahead]);
      if (name?.type === 'name' && open?.text === '[' && close?.text === ']') {
        this.#at += 3;
        args.push({ type: 'array', name: name.text });
      } else args.push(this.#expression());
    } while (this.#take(','));
    this.#expect(')');
    return args;
  }
}

function targetOf(expression: Expression): Target {
  if (expression.type === 'variable' || expression.type === 'element' || expression.type === 'register') return expression;
  throw new SyntaxFailure();
}
