import { badRequest } from '../status-error.ts';
import { labelValueErrors, qualifiedNameErrors } from './label-syntax.ts';
import type { LabelRequirement, LabelRequirements } from './labels.ts';
import { requirement } from './labels.ts';

type Token = 'identifier' | 'end' | ',' | '(' | ')' | '!' | '=' | '==' | '!=' | '>' | '<' | 'in' | 'notin' | 'error';

const symbols: Readonly<Record<string, Token>> = { ',': ',', '(': '(', ')': ')', '!': '!', '=': '=', '==': '==', '!=': '!=', '>': '>', '<': '<' };
const special = '=!(),><';
const operators = 'in, notin, =, ==, !=, gt, lt';

const cacheMax = 1000;
const cache = new Map<string, LabelRequirements>();

/**
 * Reads a label selector as text: `app=web,tier in (a,b),!old` (apimachinery/pkg/labels Parse).
 * @throws StatusError 400 with upstream's text
 */
export function parseLabelSelector(text: string): LabelRequirements {
  const known = cache.get(text);
  if (known) return known;
  const parsed = new Parser(text).parse();
  if (cache.size >= cacheMax) cache.clear(); // Clients repeat themselves; a few odd ones must not fill the memory.
  cache.set(text, parsed);
  return parsed;
}

interface Lexeme {
  readonly token: Token;
  readonly text: string;
}

function scan(input: string): Lexeme[] {
  const found: Lexeme[] = [];
  let at = 0;
  while (at < input.length) {
    const char = input[at] as string;
    if (char === ' ' || char === '\t' || char === '\r' || char === '\n') {
      at += 1;
      continue;
    }
    const start = at;
    if (special.includes(char)) {
      at += input[at + 1] === '=' && (char === '=' || char === '!') ? 2 : 1;
      const text = input.slice(start, at);
      found.push({ token: symbols[text] ?? 'error', text });
      continue;
    }
    while (at < input.length && !special.includes(input[at] as string) && !' \t\r\n'.includes(input[at] as string)) at += 1;
    const text = input.slice(start, at);
    found.push({ token: text === 'in' || text === 'notin' ? text : 'identifier', text });
  }
  return found;
}

class Parser {
  readonly #lexemes: Lexeme[];
  #at = 0;

  constructor(text: string) {
    this.#lexemes = scan(text);
  }

  parse(): LabelRequirements {
    const requirements: LabelRequirement[] = [];
    for (;;) {
      const first = this.#peek();
      if (first.token === 'end') return requirements;
      if (first.token !== 'identifier' && first.token !== '!') throw badRequest(`found '${first.text}', expected: !, identifier, or 'end of string'`);
      requirements.push(this.#requirement());
      const next = this.#take();
      if (next.token === 'end') return requirements;
      if (next.token !== ',') throw badRequest(`found '${next.text}', expected: ',' or 'end of string'`);
      const after = this.#peek();
      if (after.token !== 'identifier' && after.token !== '!') throw badRequest(`found '${after.text}', expected: identifier after ','`);
    }
  }

  /** `in` and `notin` are keywords only where an operator may stand. */
  #peek(asOperator = false): Lexeme {
    const lexeme = this.#lexemes[this.#at] ?? { token: 'end', text: '' };
    return !asOperator && (lexeme.token === 'in' || lexeme.token === 'notin') ? { token: 'identifier', text: lexeme.text } : lexeme;
  }

  #take(asOperator = false): Lexeme {
    const lexeme = this.#peek(asOperator);
    this.#at += 1;
    return lexeme;
  }

  #requirement(): LabelRequirement {
    let lexeme = this.#take();
    const negated = lexeme.token === '!';
    if (negated) lexeme = this.#take();
    if (lexeme.token !== 'identifier') throw unparsable(`found '${lexeme.text}', expected: identifier`);
    const key = lexeme.text;
    const keyErrors = qualifiedNameErrors(key);
    if (keyErrors.length > 0) throw unparsable(`<nil>: Invalid value: ${JSON.stringify(key)}: ${keyErrors.join('; ')}`);
    const following = this.#peek().token;
    if (negated) return requirement(key, 'DoesNotExist', []);
    if (following === 'end' || following === ',') return requirement(key, 'Exists', []);
    return this.#comparison(key);
  }

  #comparison(key: string): LabelRequirement {
    const { token, text } = this.#take(true);
    switch (token) {
      case 'in':
      case 'notin': {
        const values = this.#values();
        checkValues(key, values);
        if (values.length === 0) throw unparsable("values: Invalid value: []: for 'in', 'notin' operators, values set can't be empty");
        return requirement(key, token === 'in' ? 'In' : 'NotIn', values);
      }
      case '=':
      case '==':
      case '!=': {
        const value = this.#exactValue();
        checkValues(key, [value]);
        return { key, operator: token === '!=' ? 'NotIn' : 'In', values: [value], text: `${key}${token}${value}` };
      }
      case '>':
      case '<': {
        const value = this.#exactValue();
        if (!/^[+-]?\d+$/.test(value)) {
          throw unparsable(`values[0]: Invalid value: ${JSON.stringify(value)}: for 'Gt', 'Lt' operators, the value must be an integer`);
        }
        return requirement(key, token === '>' ? 'GreaterThan' : 'LessThan', [value]);
      }
      default:
        throw unparsable(`found '${text}', expected: ${operators}`);
    }
  }

  #values(): string[] {
    const open = this.#take();
    if (open.token !== '(') throw unparsable(`found '${open.text}' expected: '('`);
    const first = this.#peek();
    if (first.token === ')') {
      this.#take();
      return ['']; // Nothing between the brackets is an empty value.
    }
    if (first.token !== 'identifier' && first.token !== ',') throw unparsable(`found '${first.text}', expected: ',', ')' or identifier`);
    const values = this.#identifiers();
    if (this.#take().token !== ')') throw unparsable(`found '${first.text}', expected: ')'`);
    return [...values].sort();
  }

  #identifiers(): Set<string> {
    const values = new Set<string>();
    for (;;) {
      const { token, text } = this.#take();
      if (token === 'identifier') {
        values.add(text);
        const next = this.#peek();
        if (next.token === ')') return values;
        if (next.token !== ',') throw unparsable(`found '${next.text}', expected: ',' or ')'`);
      } else if (token === ',') {
        if (values.size === 0) values.add(''); // `(,x)` names the empty value.
        const next = this.#peek().token;
        if (next === ')') return values.add('');
        if (next === ',') {
          this.#take();
          values.add('');
        }
      } else throw unparsable(`found '${text}', expected: ',', or identifier`);
    }
  }

  #exactValue(): string {
    const next = this.#peek();
    if (next.token === 'end' || next.token === ',') return '';
    this.#take();
    if (next.token !== 'identifier') throw unparsable(`found '${next.text}', expected: identifier`);
    return next.text;
  }
}

function checkValues(key: string, values: readonly string[]): void {
  values.forEach((value, index) => {
    const errors = labelValueErrors(value);
    if (errors.length > 0) throw unparsable(`values[${index}][${key}]: Invalid value: ${JSON.stringify(value)}: ${errors.join('; ')}`);
  });
}

function unparsable(why: string): Error {
  return badRequest(`unable to parse requirement: ${why}`);
}
