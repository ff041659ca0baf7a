/** Reads the escapes of `printf` formats and of dash's `echo`. `stopped` is set by `\c`. */
export function readEscapes(text: string, style: 'format' | 'argument'): { readonly text: string; readonly stopped: boolean } {
  let out = '';
  for (let i = 0; i < text.length; i += 1) {
    if (text[i] !== '\\' || i + 1 >= text.length) {
      out += text[i];
      continue;
    }
    i += 1;
    const letter = text[i] as string;
    if (letter === 'c' && style === 'argument') return { text: out, stopped: true };
    const octal = (style === 'argument' ? /^0[0-7]{0,3}|^[1-7][0-7]{0,2}/ : /^[0-7]{1,3}/).exec(text.slice(i, i + 4))?.[0];
    const hex = /^x[\da-fA-F]{1,2}/.exec(text.slice(i, i + 3))?.[0];
    if (octal !== undefined) {
      out += String.fromCharCode(Number.parseInt(octal, 8) & 0xff);
      i += octal.length - 1;
    } else if (hex !== undefined) {
      out += String.fromCharCode(Number.parseInt(hex.slice(1), 16));
      i += hex.length - 1;
    } else out += simpleEscapes[letter] ?? `\\${letter}`;
  }
  return { text: out, stopped: false };
}

const simpleEscapes: Readonly<Record<string, string>> = { a: '\x07', b: '\b', f: '\f', n: '\n', r: '\r', t: '\t', v: '\v', '\\': '\\', '"': '"', e: '\x1b' };

/** Formats as `printf` does, again and again until the arguments are used up. `bad` names an argument that is no number. */
export function formatPrintf(format: string, args: readonly string[]): { readonly text: string; readonly bad?: string } {
  let text = '';
  let bad: string | undefined;
  let at = 0;
  let stopped = false;
  const next = () => args[at++];
  const toNumber = (word: string | undefined): bigint => {
    const value = numberOf(word ?? '0');
    if (value === undefined) bad ??= word;
    return value ?? BigInt(Number.parseInt(word ?? '', 10) || 0);
  };
  do {
    const before = at;
    for (const piece of format.matchAll(/%%|%([-+ 0#]*)(\*|\d+)?(?:\.(\*|\d+)?)?([a-zA-Z])|[^%]+|%/g)) {
      if (stopped) break;
      const conversion = piece[4];
      if (piece[0] === '%%') text += '%';
      else if (conversion === undefined) text += piece[0] === '%' ? '%' : readEscapes(piece[0], 'format').text;
      else {
        const flags = piece[1] ?? '';
        const width = piece[2] === '*' ? Number(toNumber(next())) : Number(piece[2] ?? 0);
        const hasPrecision = piece[0].includes('.');
        const precision = hasPrecision ? (piece[3] === '*' ? Number(toNumber(next())) : Number(piece[3] ?? 0)) : undefined;
        const done = convert(conversion, next(), flags, precision, toNumber);
        stopped = done.stopped ?? false;
        text += pad(done.text, width, flags, conversion);
      }
    }
    if (at === before) break;
  } while (at < args.length && !stopped);
  return bad === undefined ? { text } : { text, bad };
}

function convert(
  conversion: string,
  word: string | undefined,
  flags: string,
  precision: number | undefined,
  toNumber: (word: string | undefined) => bigint,
): { text: string; stopped?: boolean } {
  const sign = (value: bigint | number, body: string) => (value < 0 ? body : flags.includes('+') ? `+${body}` : flags.includes(' ') ? ` ${body}` : body);
  switch (conversion) {
    case 's':
      return { text: precision === undefined ? (word ?? '') : (word ?? '').slice(0, precision) };
    case 'b':
      return readEscapes(word ?? '', 'argument');
    case 'c':
      return { text: (word ?? '').slice(0, 1) };
    case 'd':
    case 'i': {
      const value = toNumber(word);
      const digits = (value < 0n ? -value : value).toString().padStart(precision ?? 1, '0');
      return { text: sign(value, value < 0n ? `-${digits}` : digits) };
    }
    case 'u':
      return { text: BigInt.asUintN(64, toNumber(word)).toString() };
    case 'o':
      return { text: (flags.includes('#') ? '0' : '') + BigInt.asUintN(64, toNumber(word)).toString(8) };
    case 'x':
    case 'X': {
      const digits = BigInt.asUintN(64, toNumber(word))
        .toString(16)
        .padStart(precision ?? 1, '0');
      const text = (flags.includes('#') ? '0x' : '') + digits;
      return { text: conversion === 'X' ? text.toUpperCase() : text };
    }
    case 'f':
    case 'F': {
      const value = Number.parseFloat(word ?? '0') || 0;
      return { text: sign(value, value.toFixed(Math.min(precision ?? 6, 100))) };
    }
    case 'e':
    case 'g': {
      const value = Number.parseFloat(word ?? '0') || 0;
      return {
        text: conversion === 'g' ? String(Number(value.toPrecision(precision ?? 6))) : value.toExponential(precision ?? 6).replace(/e([-+])(\d)$/, 'e$10$2'),
      };
    }
    default:
      return { text: `%${conversion}` };
  }
}

function numberOf(word: string): bigint | undefined {
  if (/^["']./.test(word)) return BigInt(word.codePointAt(1) ?? 0);
  const match = /^\s*([-+]?)(0[xX][\da-fA-F]+|0[0-7]*|[1-9]\d*)$/.exec(word);
  if (!match) return undefined;
  const digits = match[2] as string;
  const value = /^0[0-7]+$/.test(digits) ? BigInt(`0o${digits.slice(1)}`) : BigInt(digits);
  return match[1] === '-' ? -value : value;
}

function pad(text: string, width: number, flags: string, conversion: string): string {
  const size = Math.min(Math.abs(width), 10_000);
  if (flags.includes('-') || width < 0) return text.padEnd(size);
  if (!flags.includes('0') || 'scb'.includes(conversion)) return text.padStart(size);
  const sign = /^[-+ ]/.exec(text)?.[0] ?? '';
  return sign + text.slice(sign.length).padStart(size - sign.length, '0');
}
