/** A block between `-----BEGIN TYPE-----` and its end. */
export interface PemBlock {
  readonly type: string;
  /** Lines such as `Proc-Type: 4,ENCRYPTED` in front of the data. */
  readonly hasHeaders: boolean;
  readonly bytes: Buffer;
}

const begin = '-----BEGIN ';
const end = '-----END ';
const dashes = '-----';
const headers = /^(?:[^:\n]+:[^\n]*\n)+\r?\n?/;
/** White space is looked for in one place at a time: a text of nothing else is read once, not once for each blank. */
const base64 = /^[A-Za-z0-9+/\s]*(?:=\s*){0,2}$/;

/** The blocks of a text in order, as Go's encoding/pem finds them: what stands around and between them does not count. */
export function* pemBlocks(text: string): Generator<PemBlock> {
  for (let at = lineAt(text, begin, 0); at >= 0; ) {
    const stop = lineAt(text, end, at + begin.length);
    if (stop < 0) return;
    // The last beginning in front of the end: one that was cut off before it does not count.
    const start = text.lastIndexOf(begin, stop);
    const block = blockIn(text.slice(start, stop), text, stop + end.length);
    if (block) yield block;
    at = lineAt(text, begin, stop + end.length);
  }
}

/** The next line that begins with these words. */
function lineAt(text: string, words: string, from: number): number {
  for (let at = text.indexOf(words, from); at >= 0; at = text.indexOf(words, at + 1)) {
    if (at === 0 || text[at - 1] === '\n') return at;
  }
  return -1;
}

/** The block of a beginning with its data, which ends with a type at `endAt`. */
function blockIn(head: string, text: string, endAt: number): PemBlock | undefined {
  const lineEnd = head.indexOf('\n');
  const first = head.slice(0, lineEnd).trimEnd();
  if (lineEnd < 0 || !first.endsWith(dashes)) return undefined;
  const type = first.slice(begin.length, -dashes.length);
  if (!text.startsWith(type + dashes, endAt) || !isLineEnd(text, endAt + type.length + dashes.length)) return undefined;
  const content = head.slice(lineEnd + 1);
  const named = headers.exec(content)?.[0] ?? '';
  const data = content.slice(named.length);
  return base64.test(data) ? { type, hasHeaders: named !== '', bytes: Buffer.from(data, 'base64') } : undefined;
}

/** Whether nothing but blanks is left of a line. */
function isLineEnd(text: string, from: number): boolean {
  let at = from;
  while (text[at] === ' ' || text[at] === '\t' || text[at] === '\r') at += 1;
  return at >= text.length || text[at] === '\n';
}
