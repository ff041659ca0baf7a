import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Failure } from './applet.ts';
import { BoundedExpression } from './bounded-expression.ts';
import { compileExpression } from './expression-program.ts';
import { globSource, posixSource } from './pattern.ts';

const idle = { charge() {}, *step() {} };
/** What `find` says when nobody else wants to run. */
function found(expression: BoundedExpression, text: string): boolean {
  const finding = expression.find(text);
  for (;;) {
    const { done, value } = finding.next();
    if (done) return value !== null;
  }
}

const bounded = (pattern: string, flags = '') => new BoundedExpression(posixSource(pattern, true), flags, idle);

describe('an expression that V8 would need ages for', () => {
  const letters = 'a'.repeat(5_000);

  test.each([
    ['(a+)+$', false],
    ['(a|aa)+$', false],
    ['(.*)*b', false],
    ['a*a*a*a*a*a*a*b', false],
    ['(a?){20}a{20}!', true],
  ])('%s is answered soon', (pattern, expected) => {
    expect(found(bounded(pattern), `${letters}!`)).toBe(expected);
  });

  test('a shell pattern of many stars, too', () => {
    expect(found(new BoundedExpression(globSource('*a'.repeat(20)), '', idle), `${letters}b`)).toBe(false);
    expect(found(new BoundedExpression(globSource(`${'*a'.repeat(20)}*`), '', idle), `${letters}b`)).toBe(true);
  });

  test('its work is charged to the process', () => {
    let steps = 0;
    new BoundedExpression('(a+)+$', '', { ...idle, charge: (more) => (steps += more) }).test(`${letters}!`);
    expect(steps).toBeGreaterThan(50);
  });

  test('one that looks back without end fails, as if memory was exhausted', () => {
    const expression = new BoundedExpression(posixSource('\\(a*\\)\\(a*\\)\\(a*\\)\\1\\2\\3b', false), '', idle);
    expect(() => expression.test(letters)).toThrow(new Failure('memory exhausted', 2));
    expect(new BoundedExpression(posixSource('^\\(.*\\)\\1$', false), '', idle).exec('abcabc')?.[1]).toBe('abc');
  });

  test('what is too big or too deep is refused', () => {
    expect(() => bounded('((a{99}){99}){99}')).toThrow(SyntaxError);
    expect(() => bounded('('.repeat(1000) + ')'.repeat(1000))).toThrow(SyntaxError);
  });
});

const isPlace = (atom: string): boolean => /^(?:\^|\$|\\b.*)$/.test(atom);

/**
 * Expressions as scripts write them, in JavaScript's words. `?` stands behind characters alone: JavaScript looks for another way where what is
 * optional has matched nothing, and ours is content.
 */
const sources = fc.letrec<{ node: string; atom: string }>((tie) => ({
  atom: fc.oneof(
    { maxDepth: 3 },
    fc.constantFrom('a', 'b', 'c', '[ab]', '[^a]', '[^\\n]', '\\w', '^', '$', '\\b(?=\\w)'),
    tie('node').map((node) => `(${node})`),
    fc.tuple(tie('node'), tie('node')).map(([one, other]) => `(?:${one}|${other})`),
  ),
  node: fc
    .array(fc.tuple(tie('atom'), fc.constantFrom('', '', '*', '+', '?', '{2}', '{1,2}')), { minLength: 1, maxLength: 3 })
    .map((parts) => parts.map(([atom, mark]) => (isPlace(atom) || (atom.startsWith('(') && /\?|,/.test(mark)) ? atom : atom + mark)).join('')),
})).node;

test('finds what JavaScript finds, where it finds it', () => {
  fc.assert(
    fc.property(sources, fc.string({ unit: fc.constantFrom('a', 'b', 'c', ' '), maxLength: 12 }), fc.constantFrom('', 'i', 'm'), (source, text, flags) => {
      const native = new RegExp(source, flags).exec(text);
      const own = compileExpression(source, flags).match(text, 0, false, 1_000_000);
      if (own === 'given up') throw new Error('given up');
      expect(own.places?.slice(0, 2)).toEqual(native ? [native.index, native.index + native[0].length] : undefined);
    }),
    { seed: 1, numRuns: 3_000 },
  );
});

test('replaces what JavaScript replaces, also where it is not left to do so', () => {
  for (const [source, text] of [
    [',', 'a,b,,c,'],
    ['x*', 'axbxxc'],
    ['(?:)', 'abc'],
    ['(?:[0-9]+)+', `a1b22c${'3'.repeat(50)}`],
    ['(?:a|b)*', 'abcab'],
  ] as const) {
    const own = () => new BoundedExpression(source, 'g', idle);
    const native = new RegExp(source, 'g');
    expect(text.replace(own(), '<$&>')).toBe(text.replace(native, '<$&>'));
  }
});
