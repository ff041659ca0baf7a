import { HeldMemory } from '../../kernel/held-memory.ts';
import type { Process, Syscall } from '../../kernel/types.ts';
import type { BoundedExpression } from './bounded-expression.ts';

/** So many pieces of a result are joined before they become too many. */
const piecesMax = 4096;

/**
 * Replaces what an expression matches: once, or with the flag `g` everywhere. JavaScript's own `replace` keeps all matches until the last
 * is found, and nothing else runs meanwhile: a line of some MiB would hold the server up for minutes.
 */
export function* substitute(process: Process, text: string, expression: BoundedExpression, by: (match: RegExpExecArray) => string): Syscall<string> {
  const memory = new HeldMemory(process);
  const joined: string[] = [];
  let pieces: string[] = [];
  let held = 0;
  const join = () => {
    const piece = pieces.join('');
    pieces = [];
    joined.push(piece);
    held += piece.length;
    memory.add(piece.length);
  };
  let begin = 0;
  expression.lastIndex = 0;
  for (let match = yield* expression.find(text); match; match = yield* expression.find(text)) {
    pieces.push(text.slice(begin, match.index), by(match));
    begin = match.index + match[0].length;
    if (!expression.global) break;
    if (match[0] === '') expression.lastIndex += expression.unicode && (text.codePointAt(begin) ?? 0) > 0xffff ? 2 : 1;
    if (pieces.length >= piecesMax) join();
    yield* process.step();
  }
  expression.lastIndex = 0;
  if (begin === 0 && pieces.length === 0 && joined.length === 0) return text;
  pieces.push(text.slice(begin));
  join();
  memory.add(-held);
  return joined.join('');
}
