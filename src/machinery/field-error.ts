/** The machine-readable kind of a mistake: the `reason` of a Status cause (apimachinery/pkg/util/validation/field). */
export type FieldErrorType =
  | 'FieldValueRequired'
  | 'FieldValueInvalid'
  | 'FieldValueTypeInvalid'
  | 'FieldValueNotSupported'
  | 'FieldValueDuplicate'
  | 'FieldValueForbidden'
  | 'FieldValueNotFound'
  | 'FieldValueTooLong'
  | 'FieldValueTooMany'
  | 'InternalError';

const titles: Record<FieldErrorType, string> = {
  FieldValueRequired: 'Required value',
  FieldValueInvalid: 'Invalid value',
  FieldValueTypeInvalid: 'Invalid value',
  FieldValueNotSupported: 'Unsupported value',
  FieldValueDuplicate: 'Duplicate value',
  FieldValueForbidden: 'Forbidden',
  FieldValueNotFound: 'Not found',
  FieldValueTooLong: 'Too long',
  FieldValueTooMany: 'Too many',
  InternalError: 'Internal error',
};

const withoutValue = new Set<FieldErrorType>(['FieldValueRequired', 'FieldValueForbidden', 'FieldValueTooLong', 'InternalError', 'FieldValueTypeInvalid']);

/** More mistakes than this are not looked for: an answer tells the first thousand (see `invalid`). */
const foundMax = 10_000;

/** What the validation that is going on has found, if it is one that ends early. */
let found: FieldError[] | undefined;

class EnoughFound extends Error {}

/** What a validation has found; `isCut` where there may be more. */
export interface FoundMistakes {
  readonly mistakes: readonly FieldError[];
  readonly isCut: boolean;
}

/**
 * Validates until all mistakes are found, or ten thousand. A body has room for a million, and each costs a microsecond and a
 * hundred bytes, while everybody else waits.
 * @param validate makes no mistakes that it does not return, and lets what is thrown pass
 */
export function findMistakes(validate: () => readonly FieldError[]): FoundMistakes {
  const before = found;
  const own: FieldError[] = [];
  found = own;
  try {
    return { mistakes: validate(), isCut: false };
  } catch (error) {
    if (!(error instanceof EnoughFound)) throw error;
    return { mistakes: own, isCut: true };
  } finally {
    found = before;
  }
}

/** A value in Go's own syntax, printed as it is: upstream prints what is no text, number or flag with `%#v` (with 1.34 it became JSON). */
export class GoText {
  constructor(readonly text: string) {}

  toString(): string {
    return this.text;
  }
}

/** Stands for a value that says nothing: `Invalid value: must not be both`. */
export const omitted = Symbol('omitted');

/** One mistake in one field. Validation returns lists of these and never throws. */
export class FieldError {
  constructor(
    readonly type: FieldErrorType,
    /** `spec.containers[0].name` */
    readonly field: string,
    readonly value: unknown,
    readonly detail: string,
  ) {
    if (!found) return;
    if (found.length === foundMax) throw new EnoughFound();
    found.push(this);
  }

  /** The text without the field: `Invalid value: "A": must be lower case`. */
  body(): string {
    const title = titles[this.type];
    const head = withoutValue.has(this.type) || this.value === omitted ? title : `${title}: ${formatValue(this.value)}`;
    return this.detail ? `${head}: ${this.detail}` : head;
  }

  toString(): string {
    return `${this.field}: ${this.body()}`;
  }
}

/**
 * A pointer to nothing is the text "null", as upstream has it.
 * Differs from upstream: structs that hold pointers are printed as JSON, since Go would print where in memory they lie.
 */
function formatValue(value: unknown): string {
  if (value === undefined || value === null) return '"null"';
  if (value instanceof GoText) return value.text;
  if (typeof value === 'string') return JSON.stringify(value);
  if (typeof value === 'object') return JSON.stringify(value);
  return String(value);
}

export const required = (field: string, detail = ''): FieldError => new FieldError('FieldValueRequired', field, '', detail);
export const invalidValue = (field: string, value: unknown, detail: string): FieldError => new FieldError('FieldValueInvalid', field, value, detail);
export const duplicate = (field: string, value: unknown): FieldError => new FieldError('FieldValueDuplicate', field, value, '');
export const forbiddenField = (field: string, detail: string): FieldError => new FieldError('FieldValueForbidden', field, '', detail);
export const notFoundField = (field: string, value: unknown): FieldError => new FieldError('FieldValueNotFound', field, value, '');
export const tooLong = (field: string, maxLength: number): FieldError =>
  new FieldError('FieldValueTooLong', field, '', maxLength >= 0 ? `may not be more than ${maxLength} bytes` : 'value is too long');
export const tooMany = (field: string, actual: number, max: number): FieldError =>
  new FieldError('FieldValueTooMany', field, actual, `must have at most ${max} items`);

/** `supported` is printed in the order given: upstream's callers sort some lists and leave others alone. */
export function notSupported(field: string, value: unknown, supported: readonly string[]): FieldError {
  const list = supported.map((one) => JSON.stringify(one));
  return new FieldError('FieldValueNotSupported', field, value, list.length > 0 ? `supported values: ${list.join(', ')}` : '');
}

/** A path to fields: `path('spec').child('containers').index(0).child('name').text`. */
export class FieldPath {
  readonly #parent: FieldPath | undefined;
  /** What the parent's text is followed by; a number is an index, and `key` a key in brackets. */
  readonly #part: string | number;
  readonly #isKey: boolean;
  #text: string | undefined;

  constructor(text: string);
  constructor(part: string | number, parent: FieldPath, isKey?: boolean);
  constructor(part: string | number, parent?: FieldPath, isKey = false) {
    this.#part = part;
    this.#parent = parent;
    this.#isKey = isKey;
    if (!parent) this.#text = part as string;
  }

  /** Put together when somebody asks: most paths are of fields with nothing wrong. */
  get text(): string {
    this.#text ??= this.#join();
    return this.#text;
  }

  /** From the nearest path above whose text is known: schemas are nested thousands of times, which is too deep for a recursion. */
  #join(): string {
    const below: FieldPath[] = [];
    let at: FieldPath = this;
    for (; at.#text === undefined; at = at.#parent!) below.push(at);
    let text = at.#text;
    for (let next = below.pop(); next; next = below.pop()) text = next.#after(text);
    return text;
  }

  #after(before: string): string {
    if (this.#isKey || typeof this.#part === 'number') return `${before}[${this.#part}]`;
    return before === '' ? this.#part : `${before}.${this.#part}`;
  }

  child(name: string, ...more: string[]): FieldPath {
    const below = name === '' ? this : new FieldPath(name, this);
    return more.length === 0 ? below : more.reduce<FieldPath>((at, one) => at.child(one), below);
  }

  index(position: number): FieldPath {
    return new FieldPath(position, this);
  }

  key(key: string): FieldPath {
    return new FieldPath(key, this, true);
  }

  toString(): string {
    return this.text;
  }
}

export function path(...names: string[]): FieldPath {
  return new FieldPath(names.join('.'));
}
