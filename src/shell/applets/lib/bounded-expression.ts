import type { Process, Syscall } from '../../kernel/types.ts';
import { Failure } from './applet.ts';
import { compileExpression, type ExpressionProgram, type Found } from './expression-program.ts';

/** Native matching is left to what takes at most about so many steps, even in the worst case (a fraction of a millisecond). */
const nativeStepsMax = 20_000;
/** What takes more steps of our own matching (some 10 ms) at a stretch is given up. */
const stretchStepsMax = 250_000;
/** The same where others run meanwhile: some seconds. */
const stepsMax = 200_000_000;
/** A longer expression is too big for regcomp, too, or nearly. */
const sourceMax = 64 * 1024;
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
  readonly #process: Pick<Process, 'charge' | 'step'>;

  /** @param source JavaScript's, made by `posixSource` or `globSource`. Throws SyntaxError. */
  constructor(source: string, flags: string, process: Pick<Process, 'charge' | 'step'>) {
    if (source.length > sourceMax) throw new SyntaxError('Regular expression too big');
    super(source, flags);
    this.#program = compileExpression(source, flags);
    this.#process = process;
  }

  /** Never made by JavaScript's own methods: what they would make is a native expression. */
  static override get [Symbol.species](): RegExpConstructor {
    throw new TypeError('a bounded expression is not copied');
  }

  /** What `exec` does, with others running meanwhile. For texts that may be long. */
  *find(text: string): Syscall<RegExpExecArray | null> {
    const from = this.#from;
    if (this.#isQuick(text, from)) return super.exec(text);
    const matching = this.#program.matching(text, from, this.sticky, stepsMax);
    for (;;) {
      const { done, value } = matching.next();
      if (done) return this.#result(text, value);
      this.#process.charge(Math.floor(value / stepsPerProcessorStep));
      yield* this.#process.step();
    }
  }

  /** @throws Failure for what takes too long at a stretch */
  override exec(text: string): RegExpExecArray | null {
    const from = this.#from;
    return this.#isQuick(text, from) ? super.exec(text) : this.#result(text, this.#program.match(text, from, this.sticky, stretchStepsMax));
  }

  get #from(): number {
    return this.global || this.sticky ? this.lastIndex : 0;
  }

  #isQuick(text: string, from: number): boolean {
    return from > text.length || this.#program.worstSteps(text.length - from) <= nativeStepsMax;
  }

  #result(text: string, found: Found | 'given up'): RegExpExecArray | null {
    if (found === 'given up') throw new Failure('memory exhausted', 2);
    this.#process.charge(Math.floor(found.steps / stepsPerProcessorStep));
    const { places } = found;
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
}
