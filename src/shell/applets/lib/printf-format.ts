/** Expands backslash escapes as printf and `echo -e` do; `stop` is set by `\c`. */
export function unescapeText(text: string): { readonly text: string; readonly stop: boolean } {
  let stop = false;
  const simple: Readonly<Record<string, string>> = { n: '\n', t: '\t', r: '\r', a: '\x07', b: '\b', f: '\f', v: '\v', e: '\x1b', '\\': '\\', '"': '"' };
  const cut = /(?:^|[^\\])(?:\\\\)*\\c/.exec(text);
  let body = text;
  if (cut) {
    stop = true;
    body = text.slice(0, cut.index + cut[0].length - 2);
  }
  const result = body.replace(/\\(x[0-9a-fA-F]{1,2}|0?[0-7]{1,3}|[ntrabfve\\"])/g, (_, code: string) => {
    if (code.startsWith('x') && code.length > 1) return String.fromCharCode(Number.parseInt(code.slice(1), 16));
    if (/^[0-7]/.test(code)) return String.fromCharCode(Number.parseInt(code, 8) & 255);
    return simple[code] as string;
  });
  return { text: result, stop };
}

export interface Formatted {
  readonly text: string;
  /** Operands that were no numbers where one was wanted. */
  readonly invalid: readonly string[];
}

/** printf(1): repeats the format until all operands are used. */
export function formatText(format: string, operands: readonly string[]): Formatted {
  const invalid: string[] = [];
  const queue = [...operands];
  let text = '';
  for (;;) {
    const before = queue.length;
    const once = formatOnce(format, queue, invalid);
    text += once.text;
    if (once.stop || queue.length === 0 || queue.length === before) return { text, invalid };
  }
}

function formatOnce(format: string, queue: string[], invalid: string[]): { text: string; stop: boolean } {
  let stop = false;
  let text = '';
  let last = 0;
  const literal = (part: string) => {
    const plain = unescapeText(part);
    stop ||= plain.stop;
    return plain.text;
  };
  for (const match of format.matchAll(/%([-+ 0#]*)(\*|\d*)(?:\.(\*|\d*))?([a-zA-Z%])/g)) {
    text += literal(format.slice(last, match.index));
    last = match.index + match[0].length;
    if (stop) return { text, stop };
    const letter = match[4] as string;
    if (letter === '%') {
      text += '%';
      continue;
    }
    const width = match[2] === '*' ? (queue.shift() ?? '0') : (match[2] as string);
    const precision = match[3] === '*' ? (queue.shift() ?? '0') : match[3];
    if (letter === 'b') {
      const plain = unescapeText(queue.shift() ?? '');
      text += pad(plain.text, match[1] as string, Number(width));
      if (plain.stop) return { text, stop: true };
    } else text += convert(letter, match[1] as string, Number(width), precision, queue.shift(), invalid);
  }
  text += literal(format.slice(last));
  return { text, stop };
}

function convert(letter: string, flags: string, width: number, precision: string | undefined, operand: string | undefined, invalid: string[]): string {
  if (letter === 's') return pad(precision === undefined ? (operand ?? '') : (operand ?? '').slice(0, Number(precision)), flags, width);
  if (letter === 'c') return pad((operand ?? '').slice(0, 1), flags, width);
  const value = numeric(operand, invalid);
  const sign = value < 0 ? '-' : flags.includes('+') ? '+' : flags.includes(' ') ? ' ' : '';
  if ('di'.includes(letter)) {
    const digits = String(Math.abs(Math.trunc(value))).padStart(Number(precision ?? 0), '0');
    return pad(sign + digits, flags, width, precision === undefined);
  }
  if (letter === 'u') return pad(String(Math.trunc(value)), flags, width, true);
  if ('xX'.includes(letter)) {
    const digits =
      (flags.includes('#') ? '0x' : '') +
      Math.trunc(value)
        .toString(16)
        .padStart(Number(precision ?? 0), '0');
    return pad(letter === 'X' ? digits.toUpperCase() : digits, flags, width, true);
  }
  if (letter === 'o') return pad(Math.trunc(value).toString(8), flags, width, true);
  if (letter === 'f' || letter === 'F') return pad(sign + Math.abs(value).toFixed(Number(precision ?? 6)), flags, width, true);
  if (letter === 'e')
    return pad(
      sign +
        Math.abs(value)
          .toExponential(Number(precision ?? 6))
          .replace(/e([-+])(\d)$/, 'e$10$2'),
      flags,
      width,
      true,
    );
  if (letter === 'g') return pad(String(Number(value.toPrecision(Number(precision ?? 6)))), flags, width, true);
  invalid.push(`%${letter}`);
  return '';
}

function numeric(operand: string | undefined, invalid: string[]): number {
  if (operand === undefined || operand === '') return 0;
  const quoted = /^['"](.)/su.exec(operand);
  if (quoted) return quoted[1]?.codePointAt(0) ?? 0;
  const match = /^\s*[-+]?(?:0[xX][0-9a-fA-F]+|\d+(?:\.\d*)?(?:e[-+]?\d+)?|\.\d+)/.exec(operand);
  if (match?.[0].length !== operand.length) invalid.push(operand);
  if (!match) return 0;
  const text = match[0].trim();
  if (/^[-+]?0[0-7]+$/.test(text)) return Number.parseInt(text, 8);
  return text.startsWith('-0x') ? -Number(text.slice(1)) : Number(text);
}

function pad(text: string, flags: string, width: number, numberLike = false): string {
  const target = Math.abs(width);
  if (flags.includes('-') || width < 0) return text.padEnd(target);
  if (!flags.includes('0') || !numberLike) return text.padStart(target);
  const sign = /^[-+ ]/.exec(text)?.[0] ?? '';
  return sign + text.slice(sign.length).padStart(target - sign.length, '0');
}
