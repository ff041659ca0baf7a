import type { Process } from '../../kernel/types.ts';
import { Failure } from './applet.ts';
import { compileExpression, type ExpressionProgram } from './expression-program.ts';

/** Native matching is left to what takes at most about so many steps, even in the worst case (a fraction of a millisecond). */
const nativeStepsMax = 20_000;
/** What takes more steps of our own matching (some 100 ms) is given up. */
const stepsMax = 5_000_000;
/** Steps of our own matching that take as long as one step of a simulated processor. */
const stepsPerProcessorStep = 300;

/**
 * A regular expression whose matching cannot hold up the process: V8 may need time exponential in the text, as for `(a+)+$`. An exec that
 * might is done by our own matching, in time linear in text times pattern and charged to the simulated process. The same texts match the same
 * way, the first alternative that leads on being the best.
 *
 * Differs from upstream: what needs a huge table for a huge line, or looks back (`\1`) too often, fails as if memory was exhausted.
 */
export class BoundedExpression extends RegExp {
  readonly #program: ExpressionProgram;
  readonly #process: Pick<Process, 'charge'>;

  /** @param source JavaScript's, made by `posixSource` or `globSource`. Throws SyntaxError. */
  constructor(source: string, flags: string, process: Pick<Process, 'charge'>) {
    super(source, flags);
    this.#program = compileExpression(source, flags);
    this.#process = process;
  }

  /** Never made by JavaScript's own methods: what they would make is a native expression. */
  static override get [Symbol.species](): RegExpConstructor {
    throw new TypeError('a bounded expression is not copied');
  }

  override exec(text: string): RegExpExecArray | null {
    const from = this.global || this.sticky ? this.lastIndex : 0;
    if (from <= text.length && this.#program.worstSteps(text.length - from) <= nativeStepsMax) return super.exec(text);
    const found = from > text.length ? undefined : this.#program.match(text, from, this.sticky, stepsMax);
    if (found === 'given up') throw new Failure('memory exhausted', 2);
    if (found) this.#process.charge(Math.floor(found.steps / stepsPerProcessorStep));
    const places = found?.places;
    if (this.global || this.sticky) this.lastIndex = places?.[1] ?? 0;
    if (!places) return null;
    const groups = Array.from({ length: places.length / 2 }, (_, group) => {
      const [start = -1, end = -1] = [places[2 * group], places[2 * group + 1]];
      return start < 0 || end < 0 ? (undefined as unknown as string) : text.slice(start, end);
    }) as [string, ...string[]];
    return Object.assign(groups, { index: places[0] as number, input: text, groups: undefined });
  }

  override test(text: string): boolean {
    return this.exec(text) !== null;
  }

  override *[Symbol.matchAll](text: string): RegExpStringIterator<RegExpExecArray> {
    this.lastIndex = 0;
    for (let match = this.exec(text); match; match = this.exec(text)) {
      yield match;
      if (match[0] === '') this.lastIndex += 1;
    }
    return undefined;
  }

  /** As JavaScript splits, without what groups have matched. Takes expressions with the flag `g` alone. */
  override [Symbol.split](text: string): string[] {
    const parts: string[] = [];
    let begin = 0;
    for (const match of this[Symbol.matchAll](text)) {
      const end = match.index + match[0].length;
      // An empty match parts two characters; it does not part anything from an end of the text.
      if (end === begin || match.index >= text.length) continue;
      parts.push(text.slice(begin, match.index));
      begin = end;
    }
    return [...parts, text.slice(begin)];
  }
}
