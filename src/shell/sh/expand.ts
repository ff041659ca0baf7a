import { HeldMemory } from '../kernel/held-memory.ts';
import type { Syscall } from '../kernel/types.ts';
import { ArithmeticError, evaluate } from './arithmetic.ts';
import { expandBraces } from './braces.ts';
import { glob } from './glob.ts';
import { constantWord, parseWord } from './parser.ts';
import type { Pattern } from './pattern.ts';
import { hasPattern, inPieces, patternOf, quotePattern, unquotePattern, widthAt } from './pattern.ts';
import { captureOutput } from './processes.ts';
import type { Shell } from './shell.ts';
import { isName, ShellFailure } from './shell.ts';
import type { ParameterOperation, Part, Word } from './syntax.ts';

/** Looking at some 2^8 characters takes as long as a step. */
const charactersPerStep = 8;
/** Some 2^6 parameters are joined in the time of a step. */
const parametersPerStep = 6;

type Parameter = Extract<Part, { kind: 'parameter' }>;

/** What a field takes besides its text. */
const fieldBytes = 128;
const fieldsPerPiece = 1024;
/** Fields that are made in the time of a step. */
const fieldsAtATime = 128;
/** Few fields are longer. */
const nearCharacters = 64;

/** A field of a word, in the pieces it was put together from. */
class Field {
  readonly #pieces: { readonly text: string; readonly kind: PieceKind }[] = [];
  text = '';

  add(text: string, kind: PieceKind): void {
    this.text += text;
    this.#pieces.push({ text, kind });
  }

  /** Whether anything in it that is not quoted is special in a pattern. */
  get isPattern(): boolean {
    return this.#pieces.some(({ text, kind }) => kind !== 'quoted' && /[*?[]/.test(text)) && hasPattern(this.pattern);
  }

  /** Its text with everything quoted escaped. Made when it is wanted: few fields are patterns, and a text may be long. */
  get pattern(): string {
    return this.#pieces
      .map(({ text, kind }) => (kind === 'quoted' ? quotePattern(text) : kind === 'literal' ? text : inPieces(text, escapeBackslashes)))
      .join('');
  }
}

/** In literal text a backslash quotes what follows; one that comes out of an expansion is an ordinary character. */
type PieceKind = 'quoted' | 'literal' | 'expanded';

const escapeBackslashes = (text: string) => text.replaceAll('\\', '\\\\');

/** Collects the fields of one word. */
class Fields {
  readonly done: Field[] = [];
  #field: Field | undefined;

  constructor(
    readonly ifs: string,
    /** Words of assignments and redirections are not split. */
    readonly splits: boolean,
    /** Told of the memory that many fields take. */
    readonly hold: (bytes: number) => void = () => {},
  ) {}

  quoted(text: string): void {
    this.#add(text, 'quoted');
  }

  literal(text: string): void {
    this.#add(text, 'literal');
  }

  /** The result of an unquoted expansion: split at IFS. Stops after many fields; returns where, to be called again from there. */
  expanded(text: string, from = 0): number {
    if (!this.splits || this.ifs === '') {
      if (text !== '') this.#add(text, 'expanded');
      return text.length;
    }
    let i = from;
    for (let fields = 0; i < text.length && fields < fieldsAtATime; fields += 1) {
      const start = i;
      i = nextSeparator(text, i, this.ifs);
      if (i > start) this.#add(text.slice(start, i), 'expanded');
      if (i < text.length) i = this.#separator(text, i);
    }
    return i;
  }

  /** Ends the field if one has begun; `always` makes an empty one too. */
  finish(always = false): void {
    if (!this.#field && !always) return;
    this.done.push(this.#field ?? new Field());
    if (this.done.length % fieldsPerPiece === 0) this.hold(fieldsPerPiece * fieldBytes);
    this.#field = undefined;
  }

  #add(text: string, kind: PieceKind): void {
    this.#field ??= new Field();
    this.#field.add(text, kind);
  }

  #separator(text: string, from: number): number {
    let i = from;
    const skipSpace = () => {
      while (i < text.length && ' \t\n'.includes(text[i] as string) && this.ifs.includes(text[i] as string)) i += 1;
    };
    skipSpace();
    if (i < text.length && this.ifs.includes(text[i] as string)) {
      this.finish(true);
      i += 1;
      skipSpace();
    } else this.finish();
    return i;
  }
}

/** Where the next character of IFS is; behind the text if there is none. */
function nextSeparator(text: string, from: number, ifs: string): number {
  let at = from;
  for (const end = Math.min(text.length, from + nearCharacters); at < end; at += 1) if (ifs.includes(text[at] as string)) return at;
  if (at === text.length) return at;
  const next = [...ifs].map((letter) => text.indexOf(letter, at)).filter((place) => place >= 0);
  return next.length === 0 ? text.length : Math.min(...next);
}

/** Expands words to fields: parameters, commands, arithmetic, splitting, file names, quotes. */
export function* expandWords(shell: Shell, words: readonly Word[]): Syscall<string[]> {
  const result: string[] = [];
  for (const word of shell.flavour === 'bash' ? withoutBraces(words) : words) {
    if (word.constant !== undefined) {
      result.push(word.constant);
      continue;
    }
    let memory: HeldMemory | undefined;
    let held = 0;
    const fields = new Fields(shell.get('IFS') ?? ' \t\n', true, (bytes) => {
      memory ??= new HeldMemory(shell.process);
      held += bytes;
      memory.add(bytes);
    });
    yield* expandParts(shell, word.parts, fields);
    fields.finish();
    memory?.add(-held);
    for (const field of fields.done) {
      if (shell.options.has('f') || !field.isPattern) result.push(field.text);
      else for (const name of yield* glob(shell, field.pattern, field.text)) result.push(name);
      if (result.length % fieldsAtATime === 0) yield* shell.process.step();
    }
  }
  return result;
}

/** Brace expansion, which only bash has. Throws ShellFailure if it gives too many words. */
function withoutBraces(words: readonly Word[]): readonly Word[] {
  if (!words.some(({ braces }) => braces !== undefined)) return words;
  try {
    return words.flatMap((word) => {
      if (word.braces === undefined) return [word];
      return expandBraces(word.braces).map((text) => (/^[\w./:=@%+-]+$/.test(text) ? constantWord(text) : parseWord(text)));
    });
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    throw new ShellFailure('brace expansion: cannot allocate memory', 1);
  }
}

/** Expands a word to one string: assignments, here-documents, `case`. */
export function* expandText(shell: Shell, word: Word): Syscall<string> {
  if (word.constant !== undefined) return word.constant;
  return (yield* expandJoined(shell, word.parts)).text;
}

/** Expands a word to a pattern, in which what was quoted is escaped. */
export function* expandPattern(shell: Shell, word: Word): Syscall<string> {
  const { pattern } = yield* expandJoined(shell, word.parts);
  // To dash a bracket that begins with ^ is one that contains it.
  return shell.flavour === 'dash' ? pattern.replaceAll('[^', '[\\^') : pattern;
}

function* expandJoined(shell: Shell, parts: readonly Part[]): Syscall<{ readonly text: string; readonly pattern: string }> {
  const fields = new Fields('', false);
  yield* expandParts(shell, parts, fields);
  fields.finish(true);
  if (fields.done.length === 1) return fields.done[0] as Field;
  return { text: fields.done.map(({ text }) => text).join(' '), pattern: fields.done.map(({ pattern }) => pattern).join(' ') };
}

function* expandParts(shell: Shell, parts: readonly Part[], fields: Fields): Syscall<void> {
  for (const part of parts) {
    switch (part.kind) {
      case 'text':
        if (part.quoted) fields.quoted(part.text);
        else fields.literal(part.text);
        break;
      case 'parameter':
        yield* expandParameter(shell, part, fields);
        break;
      case 'flavoured':
        fields.quoted(part[shell.flavour]);
        break;
      case 'command':
        yield* add(shell, fields, part.quoted, yield* captureOutput(shell, part.script));
        break;
      case 'arithmetic':
        yield* add(shell, fields, part.quoted, yield* expandArithmetic(shell, part.parts));
        break;
    }
  }
}

function* add(shell: Shell, fields: Fields, quoted: boolean, text: string): Syscall<void> {
  if (quoted) fields.quoted(text);
  else for (let at = fields.expanded(text); at < text.length; at = fields.expanded(text, at)) yield* shell.process.step();
}

function* expandArithmetic(shell: Shell, parts: readonly Part[]): Syscall<string> {
  const first = parts[0];
  const text = parts.length === 1 && first?.kind === 'text' ? first.text : (yield* expandJoined(shell, parts)).text;
  return calculate(shell, text);
}

/** Evaluates `$((text))` with the shell's variables. */
export function calculate(shell: Shell, text: string): string {
  shell.process.charge(text.length >> charactersPerStep);
  try {
    return evaluate(
      text,
      {
        get: (name) => {
          const value = shell.get(name);
          if (value === undefined && shell.options.has('u')) throw new ShellFailure(`${name}: parameter not set`);
          // Only dash insists that a variable holds a plain number; others evaluate what it holds.
          if (shell.flavour === 'dash' && value && !/^\s*[-+]?(?:\d+|0[xX][\da-fA-F]+)\s*$/.test(value)) throw new ShellFailure(`Illegal number: ${value}`);
          return value;
        },
        set: (name, value) => shell.set(name, value),
      },
      { extended: shell.flavour !== 'dash', clamps: shell.flavour === 'dash' },
    );
  } catch (error) {
    if (!(error instanceof ArithmeticError)) throw error;
    if (shell.flavour === 'ash') throw new ShellFailure(error.message === 'division by zero' ? 'divide by zero' : 'arithmetic syntax error');
    throw new ShellFailure(`arithmetic expression: ${error.message}: "${text}"`);
  }
}

function* expandParameter(shell: Shell, part: Parameter, fields: Fields): Syscall<void> {
  const { operation } = part;
  if ((part.name === '@' || part.name === '*') && !part.length && !operation) return yield* expandAll(shell, part, fields);
  if (operation?.type === 'bad' || ((operation?.type === 'replace' || operation?.type === 'slice') && shell.flavour === 'dash')) {
    throw new ShellFailure(shell.flavour === 'ash' ? 'syntax error: bad substitution' : 'Bad substitution');
  }
  const value = parameterValue(shell, part.name);
  if (operation?.type === 'default') return yield* applyDefault(shell, part, operation, value, fields);
  if (value === undefined && shell.options.has('u')) throw new ShellFailure(`${part.name}: parameter not set`);
  // Containers have the C locale: a character is a byte.
  if (part.length) return yield* add(shell, fields, part.quoted, String(Buffer.byteLength(value ?? '')));
  yield* add(shell, fields, part.quoted, operation ? yield* transform(shell, operation, value ?? '') : (value ?? ''));
}

/** `$@` and `$*`: in quotes one gives a field for each parameter, the other one field joined by the first character of IFS. */
function* expandAll(shell: Shell, part: Parameter, fields: Fields): Syscall<void> {
  const ifs = shell.get('IFS') ?? ' ';
  shell.process.charge(shell.parameters.length >> parametersPerStep);
  if (part.quoted && (part.name === '*' || !fields.splits)) {
    fields.quoted(shell.parameters.join(part.name === '*' ? ifs.slice(0, 1) : ' '));
    return;
  }
  for (const [index, parameter] of shell.parameters.entries()) {
    if (index > 0) {
      if (fields.splits) fields.finish(part.quoted);
      else fields.quoted(part.name === '*' ? ifs.slice(0, 1) : ' ');
    }
    yield* add(shell, fields, part.quoted, parameter);
    if (index % fieldsAtATime === fieldsAtATime - 1) yield* shell.process.step();
  }
}

/** The value of a parameter, undefined if it is not set. */
export function parameterValue(shell: Shell, name: string): string | undefined {
  switch (name) {
    case '@':
    case '*':
      return shell.parameters.length > 0 ? shell.parameters.join(name === '*' ? (shell.get('IFS') ?? ' ').slice(0, 1) : ' ') : undefined;
    case '#':
      return String(shell.parameters.length);
    case '?':
      return String(shell.status);
    case '$':
      return String(shell.rootPid);
    case '!':
      return shell.lastBackground === undefined ? undefined : String(shell.lastBackground);
    case '-':
      return optionLetters(shell);
    case '0':
      return shell.name;
    case 'RANDOM':
      return shell.flavour === 'dash' ? shell.get(name) : (shell.get(name) ?? String(Math.floor(shell.process.system.random() * 32_768)));
    case 'FUNCNAME':
      return shell.flavour === 'dash' ? shell.get(name) : (shell.get(name) ?? shell.functionName);
    case 'LINENO':
      return shell.get(name) ?? String(shell.line);
    default:
      if (/^\d+$/.test(name)) return shell.parameters[Number(name) - 1];
      return name.startsWith('~') ? homeOf(shell, name.slice(1)) : shell.get(name);
  }
}

/** `$-`, in the order of each shell. Bash counts what it always does, too. */
function optionLetters(shell: Shell): string {
  if (shell.flavour !== 'bash') return [...'ubaCEVvxcsnmiIfe'].filter((letter) => shell.options.has(letter)).join('');
  return [...'abefhimnuvxBCEHs']
    .filter((letter) => shell.options.has(letter) || letter === 'h' || letter === 'B' || (letter === 'H' && shell.interactive))
    .join('');
}

function homeOf(shell: Shell, user: string): string {
  if (user === '') return shell.get('HOME') ?? '~';
  const { fs } = shell.process.system;
  if (!fs.exists('/etc/passwd')) return `~${user}`;
  const line = fs
    .readText('/etc/passwd')
    .split('\n')
    .find((entry) => entry.startsWith(`${user}:`));
  return line?.split(':')[5] ?? `~${user}`;
}

function* applyDefault(
  shell: Shell,
  part: Parameter,
  operation: Extract<ParameterOperation, { type: 'default' }>,
  value: string | undefined,
  fields: Fields,
): Syscall<void> {
  const { operator, word } = operation;
  const missing = value === undefined || (operator.startsWith(':') && value === '');
  const action = operator.at(-1);
  if (action === '+') {
    if (!missing) yield* expandOperand(shell, part, word, fields);
    else if (part.quoted) fields.quoted('');
    return;
  }
  if (!missing) {
    if (part.name === '@' || part.name === '*') return yield* expandAll(shell, part, fields);
    return yield* add(shell, fields, part.quoted, value);
  }
  if (action === '-') return yield* expandOperand(shell, part, word, fields);
  const text = yield* expandText(shell, word);
  if (action === '?') throw new ShellFailure(`${part.name}: ${text || (operator === ':?' ? 'parameter not set or null' : 'parameter not set')}`);
  if (!isName(part.name)) throw new ShellFailure(shell.flavour === 'ash' ? 'syntax error: bad substitution' : 'Bad substitution');
  shell.set(part.name, text);
  yield* add(shell, fields, part.quoted, text);
}

/** Unquoted text of `${x-word}` is split as the expansion it stands for. */
function* expandOperand(shell: Shell, part: Parameter, word: Word, fields: Fields): Syscall<void> {
  if (part.quoted) fields.quoted('');
  for (const piece of word.parts) {
    if (piece.kind === 'text' && !piece.quoted) yield* add(shell, fields, part.quoted, piece.text);
    else if (part.quoted && !(piece.kind === 'parameter' && piece.name === '@')) yield* expandParts(shell, [{ ...piece, quoted: true }], fields);
    else yield* expandParts(shell, [piece], fields);
  }
}

function* transform(shell: Shell, operation: ParameterOperation, value: string): Syscall<string> {
  if (operation.type === 'remove') return yield* removeMatch(shell, value, operation.operator, yield* expandPattern(shell, operation.word));
  if (operation.type === 'replace') {
    const pattern = yield* expandPattern(shell, operation.pattern);
    return yield* replaceMatches(shell, value, operation.operator, pattern, yield* expandText(shell, operation.word));
  }
  if (operation.type !== 'slice') return value;
  const offset = Number(calculate(shell, yield* expandText(shell, operation.offset)));
  const start = offset < 0 ? lengthOf(value) + offset : offset;
  if (start < 0) return '';
  if (!operation.length) return value.slice(indexOf(value, start));
  const length = Number(calculate(shell, yield* expandText(shell, operation.length)));
  const end = length < 0 ? lengthOf(value) + length : start + length;
  return end <= start ? '' : value.slice(indexOf(value, start), indexOf(value, end));
}

/** Characters of a text; one beyond the first 65,536 of Unicode is two code units. */
function lengthOf(text: string): number {
  let count = 0;
  for (let at = 0; at < text.length; at += widthAt(text, at)) count += 1;
  return count;
}

/** Where a character begins. */
function indexOf(text: string, character: number): number {
  let at = 0;
  for (let count = 0; count < character && at < text.length; count += 1) at += widthAt(text, at);
  return at;
}

function* removeMatch(shell: Shell, value: string, operator: string, text: string): Syscall<string> {
  if (!hasPattern(text)) {
    const plain = unquotePattern(text);
    if (operator.startsWith('#')) return value.startsWith(plain) ? value.slice(plain.length) : value;
    return plain !== '' && value.endsWith(plain) ? value.slice(0, -plain.length) : value;
  }
  const pattern = patternOf(text);
  const fromStart = operator.startsWith('#');
  const longest = operator.length === 2;
  for (let i = 0; i <= value.length; i += 1) {
    const size = longest ? value.length - i : i;
    const piece = fromStart ? value.slice(0, size) : value.slice(value.length - size);
    if (yield* matches(shell, pattern, piece)) return fromStart ? value.slice(size) : value.slice(0, value.length - size);
  }
  return value;
}

/** Looks whether a piece of a text matches. A text has so many pieces that others must get their turn meanwhile. */
export function* matches(shell: Shell, pattern: Pattern, piece: string): Syscall<boolean> {
  const matching = pattern.matching(piece);
  for (;;) {
    yield* shell.process.step();
    const { done, value } = matching.next();
    if (done) return value;
    shell.process.charge(1 << charactersPerStep);
  }
}

function* replaceMatches(shell: Shell, value: string, operator: string, text: string, replacement: string): Syscall<string> {
  if (text === '') return value;
  const pattern = patternOf(text);
  let result = '';
  for (let i = 0; i < value.length; ) {
    let size = value.length - i;
    // At the end only what reaches it counts.
    while (size > 0 && !(yield* matches(shell, pattern, value.slice(i, i + size)))) size = operator === '/%' ? 0 : size - 1;
    if (size === 0) {
      if (operator === '/#') return value;
      result += value[i];
      i += 1;
      continue;
    }
    result += replacement;
    i += size;
    if (operator !== '//') return result + value.slice(i);
  }
  return result;
}
