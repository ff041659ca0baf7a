import { type ExpressionNode, parseExpression } from './expression-syntax.ts';

/** Longer programs (from counted repetitions of counted repetitions) are refused, as regcomp refuses what is too big. */
const instructionsMax = 10_000;
/** A bit per split and place in the text. */
const memoBitsMax = 2 ** 28;
/** What is still to be tried may take so many numbers. */
const pendingMax = 2 ** 22;
/** Steps (about a millisecond) after which a match lets others run. */
const pauseSteps = 2 ** 15;

type Instruction =
  | { readonly kind: 'character'; readonly matches: (code: number) => boolean }
  | { readonly kind: 'split'; first: number; second: number; readonly number: number }
  | { readonly kind: 'jump'; to: number }
  | { readonly kind: 'save'; readonly slot: number }
  /** Goes on if the place is not the one that was saved: a repetition of nothing would not end. */
  | { readonly kind: 'progress'; readonly slot: number }
  | { readonly kind: 'check'; readonly holds: (text: string, at: number) => boolean }
  | { readonly kind: 'back'; readonly group: number }
  | { readonly kind: 'match' };

interface Risk {
  /** Repetitions without an upper bound. */
  loops: number;
  /** Choices outside of repetitions. */
  branches: number;
  /** Repetitions with choices or repetitions in them, and references to groups: no bound is known. */
  unbounded: boolean;
}

export interface Found {
  /** Those that no yield has told of. */
  readonly steps: number;
  /** Start and end of the whole match, then of each group; -1 for a group that took no part. Absent if nothing matches. */
  readonly places?: readonly number[] | undefined;
}

/** An expression as instructions for a machine that tries one alternative after the other, and none twice at the same place. */
export interface ExpressionProgram {
  /** How many steps backtracking may take for a text of that length; infinite if there is no small bound. */
  worstSteps(length: number): number;
  match(text: string, from: number, onlyThere: boolean, stepsMax: number): Found | 'given up';
  /** The same in portions: yields how many steps it has taken since it last did. */
  matching(text: string, from: number, onlyThere: boolean, stepsMax: number): Generator<number, Found | 'given up'>;
}

/** @param source JavaScript's, as far as `parseExpression` reads it. @throws SyntaxError if it is too big */
export function compileExpression(source: string, flags: string): ExpressionProgram {
  const { node, groups } = parseExpression(source, flags);
  const memoizes = !hasReferences(node);
  const assembler = new Assembler(2 * (groups + 1), !memoizes);
  assembler.add({ kind: 'save', slot: 0 });
  assembler.node(node);
  assembler.add({ kind: 'save', slot: 1 });
  assembler.add({ kind: 'match' });
  const risk: Risk = { loops: 0, branches: 0, unbounded: false };
  assess(node, risk, false);
  return new Program(assembler, memoizes, groups, risk, flags.includes('i'));
}

function assess(node: ExpressionNode, risk: Risk, repeated: boolean): void {
  const choices = (count: number): void => {
    if (repeated && count > 0) risk.unbounded = true;
    risk.branches += count;
  };
  switch (node.kind) {
    case 'sequence':
      for (const one of node.parts) assess(one, risk, repeated);
      return;
    case 'choice':
      choices(node.options.length - 1);
      for (const one of node.options) assess(one, risk, repeated);
      return;
    case 'group':
      assess(node.body, risk, repeated);
      return;
    case 'repeat':
      if (node.max === Number.POSITIVE_INFINITY) {
        if (repeated) risk.unbounded = true;
        risk.loops += 1;
      } else choices(node.max - node.min);
      assess(node.body, risk, repeated || node.max > 1);
      return;
    case 'back':
      risk.unbounded = true;
  }
}

class Assembler {
  readonly instructions: Instruction[] = [];
  splits = 0;

  /**
   * @param slots those of the groups; repetitions take further ones
   * @param checksProgress whether repetitions see to it that they do not repeat nothing; with a memo they come to an end without
   */
  constructor(
    public slots: number,
    readonly checksProgress: boolean,
  ) {}

  add<T extends Instruction>(instruction: T): T {
    if (this.instructions.length >= instructionsMax) throw new SyntaxError('Regular expression too big');
    this.instructions.push(instruction);
    return instruction;
  }

  node(node: ExpressionNode): void {
    switch (node.kind) {
      case 'character':
      case 'check':
      case 'back':
        this.add(node);
        return;
      case 'sequence':
        for (const one of node.parts) this.node(one);
        return;
      case 'group':
        if (node.number !== undefined) this.add({ kind: 'save', slot: 2 * node.number });
        this.node(node.body);
        if (node.number !== undefined) this.add({ kind: 'save', slot: 2 * node.number + 1 });
        return;
      case 'choice':
        this.#choice(node.options);
        return;
      case 'repeat':
        for (let count = 0; count < node.min; count += 1) this.node(node.body);
        if (node.max === Number.POSITIVE_INFINITY) this.#loop(node.body, node.lazy);
        else this.#optional(node.body, node.max - node.min, node.lazy);
    }
  }

  get #here(): number {
    return this.instructions.length;
  }

  #split() {
    return this.add({ kind: 'split' as const, first: 0, second: 0, number: this.splits++ });
  }

  #choice(options: readonly ExpressionNode[]): void {
    const jumps = options.slice(0, -1).map((option) => {
      const split = this.#split();
      split.first = this.#here;
      this.node(option);
      const jump = this.add({ kind: 'jump' as const, to: 0 });
      split.second = this.#here;
      return jump;
    });
    this.node(options.at(-1) as ExpressionNode);
    for (const jump of jumps) jump.to = this.#here;
  }

  #loop(body: ExpressionNode, lazy: boolean): void {
    const start = this.#here;
    const split = this.#split();
    const into = this.#here;
    if (this.checksProgress && canBeEmpty(body)) {
      const slot = this.slots++;
      this.add({ kind: 'save', slot });
      this.node(body);
      this.add({ kind: 'progress', slot });
    } else this.node(body);
    this.add({ kind: 'jump', to: start });
    [split.first, split.second] = lazy ? [this.#here, into] : [into, this.#here];
  }

  #optional(body: ExpressionNode, times: number, lazy: boolean): void {
    const splits = Array.from({ length: times }, () => {
      const split = this.#split();
      const into = this.#here;
      this.node(body);
      return { split, into };
    });
    for (const { split, into } of splits) [split.first, split.second] = lazy ? [this.#here, into] : [into, this.#here];
  }
}

function hasReferences(node: ExpressionNode): boolean {
  switch (node.kind) {
    case 'sequence':
      return node.parts.some(hasReferences);
    case 'choice':
      return node.options.some(hasReferences);
    case 'group':
    case 'repeat':
      return hasReferences(node.body);
    default:
      return node.kind === 'back';
  }
}

function canBeEmpty(node: ExpressionNode): boolean {
  switch (node.kind) {
    case 'character':
      return false;
    case 'sequence':
      return node.parts.every(canBeEmpty);
    case 'choice':
      return node.options.some(canBeEmpty);
    case 'group':
      return canBeEmpty(node.body);
    case 'repeat':
      return node.min === 0 || canBeEmpty(node.body);
    default:
      return true;
  }
}

/** Which splits were tried where, in pages, so that a short match in a long text costs little. */
class Memo {
  readonly #pages: Uint32Array[] = [];

  /** Whether it is the first time; remembers it. */
  isNew(bit: number): boolean {
    const page = (this.#pages[bit >>> 13] ??= new Uint32Array(256));
    const word = (bit >>> 5) & 255;
    const mask = 1 << (bit & 31);
    const before = page[word] as number;
    page[word] = before | mask;
    return (before & mask) === 0;
  }
}

class Program implements ExpressionProgram {
  readonly #instructions: readonly Instruction[];
  readonly #splits: number;
  readonly #slots: number;

  constructor(
    { instructions, splits, slots }: Assembler,
    /** Without references to groups, what cannot lead to a match from one place never will, however it was reached. */
    readonly memoizes: boolean,
    readonly groups: number,
    readonly risk: Readonly<Risk>,
    readonly ignoresCase: boolean,
  ) {
    this.#instructions = instructions;
    this.#splits = splits;
    this.#slots = slots;
  }

  worstSteps(length: number): number {
    const { loops, branches, unbounded } = this.risk;
    return unbounded ? Number.POSITIVE_INFINITY : (length + 1) ** (loops + 1) * 2 ** branches;
  }

  match(text: string, from: number, onlyThere: boolean, stepsMax: number): Found | 'given up' {
    const matching = this.matching(text, from, onlyThere, stepsMax);
    let steps = 0;
    for (;;) {
      const { done, value } = matching.next();
      if (!done) steps += value;
      else return value === 'given up' ? value : { ...value, steps: steps + value.steps };
    }
  }

  *matching(text: string, from: number, onlyThere: boolean, stepsMax: number): Generator<number, Found | 'given up'> {
    if (this.#splits * (text.length - from + 1) > memoBitsMax) return 'given up';
    const memo = this.memoizes ? new Memo() : undefined;
    const places = new Array<number>(this.#slots).fill(-1);
    // What is still to be tried: an instruction and a place, or (negative) a slot and what it held before.
    const pending: number[] = [];
    let steps = 0;
    let told = 0;
    for (let start = from; start <= (onlyThere ? from : text.length); start += 1) {
      pending.push(0, start);
      while (pending.length > 0) {
        let at = pending.pop() as number;
        let counter = pending.pop() as number;
        if (counter < 0) {
          places[-counter - 1] = at;
          continue;
        }
        for (let going = true; going; ) {
          if (++steps - told >= pauseSteps) {
            if (steps > stepsMax || pending.length > pendingMax) return 'given up';
            yield steps - told;
            told = steps;
          }
          const instruction = this.#instructions[counter] as Instruction;
          counter += 1;
          switch (instruction.kind) {
            case 'character':
              going = at < text.length && instruction.matches(text.charCodeAt(at));
              at += 1;
              break;
            case 'jump':
              counter = instruction.to;
              break;
            case 'save':
              pending.push(-instruction.slot - 1, places[instruction.slot] as number);
              places[instruction.slot] = at;
              break;
            case 'progress':
              going = places[instruction.slot] !== at;
              break;
            case 'check':
              going = instruction.holds(text, at);
              break;
            case 'back': {
              const [begin = -1, end = -1] = [places[2 * instruction.group], places[2 * instruction.group + 1]];
              const wanted = begin < 0 || end < 0 ? '' : text.slice(begin, end);
              going = this.#same(text.slice(at, at + wanted.length), wanted);
              steps += wanted.length;
              at += wanted.length;
              break;
            }
            case 'split':
              going = memo === undefined || memo.isNew((at - from) * this.#splits + instruction.number);
              if (going) pending.push(instruction.second, at);
              counter = instruction.first;
              break;
            case 'match':
              return { steps: steps - told, places: places.slice(0, 2 * (this.groups + 1)) };
          }
        }
      }
    }
    return { steps: steps - told };
  }

  #same(a: string, b: string): boolean {
    return this.ignoresCase ? a.toLowerCase() === b.toLowerCase() : a === b;
  }
}
