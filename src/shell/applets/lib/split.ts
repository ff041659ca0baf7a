import { HeldMemory } from '../../kernel/held-memory.ts';
import type { Process, Syscall } from '../../kernel/types.ts';
import { BoundedExpression } from './bounded-expression.ts';

/** What a part of a text costs the host, its text included where it is short. */
export const partBytes = 40;
/** Stands for any number of blanks and newlines; what is before the first and after the last does not count. */
export const blanks = Symbol('blanks');
/** Parts that are made in the time of a step. */
const partsPerStep = 64;

/** Collects the parts of a text: they are memory of the process, and others run meanwhile. */
class Parts {
  readonly list: string[] = [];
  readonly #memory: HeldMemory;
  #held = 0;

  constructor(readonly process: Process) {
    this.#memory = new HeldMemory(process);
  }

  *add(part: string): Syscall<void> {
    this.list.push(part);
    if (this.list.length % partsPerStep !== 0) return;
    this.#held += partsPerStep * partBytes;
    this.#memory.add(partsPerStep * partBytes);
    yield* this.process.step();
  }

  /** From now on it is the caller who counts them. */
  done(): string[] {
    this.#memory.add(-this.#held);
    return this.list;
  }
}

/**
 * Parts a text, as JavaScript's `split` does: a line of some MiB may have millions of parts. An empty separator parts all characters; an
 * expression has the flag `g` alone, and what its groups match is left out.
 */
export function* split(process: Process, text: string, separator: string | BoundedExpression | typeof blanks): Syscall<string[]> {
  const parts = new Parts(process);
  if (separator instanceof BoundedExpression) yield* splitAt(parts, text, separator);
  else if (separator === blanks) for (const [word] of text.matchAll(/[^ \t\n]+/g)) yield* parts.add(word);
  else if (separator === '') for (const letter of text) yield* parts.add(letter);
  else {
    let from = 0;
    for (let at = text.indexOf(separator); at >= 0; at = text.indexOf(separator, from)) {
      yield* parts.add(text.slice(from, at));
      from = at + separator.length;
    }
    yield* parts.add(text.slice(from));
  }
  return parts.done();
}

function* splitAt(parts: Parts, text: string, expression: BoundedExpression): Syscall<void> {
  let begin = 0;
  expression.lastIndex = 0;
  for (let match = yield* expression.find(text); match; match = yield* expression.find(text)) {
    const end = match.index + match[0].length;
    if (match[0] === '') expression.lastIndex += 1;
    // An empty match parts two characters; it does not part anything from an end of the text.
    if (end === begin || match.index >= text.length) continue;
    yield* parts.add(text.slice(begin, match.index));
    begin = end;
  }
  expression.lastIndex = 0;
  yield* parts.add(text.slice(begin));
}
