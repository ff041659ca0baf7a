import type { Process, Syscall } from '../../kernel/types.ts';

/** Characters that are looked at at a stretch. */
const pieceLength = 16_384;

/** The pieces of a text, one after the other; others run between them. No piece ends inside of a character. */
export function* eachPiece(process: Process, text: string, use: (piece: string) => void): Syscall<void> {
  for (let at = 0; at < text.length; ) {
    let end = Math.min(text.length, at + pieceLength);
    if (end < text.length && isHighSurrogate(text.charCodeAt(end - 1))) end += 1;
    use(text.slice(at, end));
    at = end;
    if (at < text.length) yield* process.step();
  }
}

/** Changes a text that may be long, piece by piece: for changes that look at one character at a time. */
export function* inPieces(process: Process, text: string, change: (piece: string) => string): Syscall<string> {
  if (text.length <= pieceLength) return change(text);
  const changed: string[] = [];
  yield* eachPiece(process, text, (piece) => changed.push(change(piece)));
  return changed.join('');
}

function isHighSurrogate(code: number): boolean {
  return code >= 0xd800 && code < 0xdc00;
}
