/** A mistake in the arguments: prints its text, then how to use the applet, and exits with 1 (or `exitCode`). */
export class UsageError extends Error {
  constructor(
    message: string,
    readonly exitCode = 1,
  ) {
    super(message);
    this.name = 'UsageError';
  }
}

/** What was given before and between the operands. */
export class Options {
  readonly #values = new Map<string, string[]>();
  readonly #order: [name: string, value: string][] = [];

  add(name: string, value = ''): void {
    this.#order.push([name, value]);
    const found = this.#values.get(name);
    if (found) found.push(value);
    else this.#values.set(name, [value]);
  }
  /** True if any of these was given. */
  has(...names: readonly string[]): boolean {
    return names.some((name) => this.#values.has(name));
  }
  /** The last value given. */
  value(...names: readonly string[]): string | undefined {
    for (const name of names) {
      const found = this.#values.get(name);
      if (found) return found[found.length - 1];
    }
    return undefined;
  }
  /** In the order they were given. */
  each(use: (name: string, value: string) => void): void {
    for (const [name, value] of this.#order) use(name, value);
  }
  values(name: string): readonly string[] {
    return this.#values.get(name) ?? [];
  }
}

export interface OptionSpec {
  /** As getopt's: letters, `:` after those that take a value, a leading `+` to stop at the first operand. */
  readonly short: string;
  /** Long names: to a letter of `short`, or to themselves. `=` at the end of the key means that a value follows. */
  readonly long?: Readonly<Record<string, string>>;
}

/** Splits arguments as getopt_long does. Throws UsageError for unknown ones. */
export function parseOptions(spec: OptionSpec, args: readonly string[]): { readonly options: Options; readonly operands: string[] } {
  const options = new Options();
  const operands: string[] = [];
  const inOrder = spec.short.startsWith('+');
  // The next one last: taking the first of many out of an array moves all others.
  const queue = [...args].reverse();
  while (queue.length > 0) {
    const arg = queue.pop() as string;
    if (arg === '--') break;
    if (arg.startsWith('--')) parseLong(spec, arg.slice(2), queue, options);
    else if (arg.length > 1 && arg.startsWith('-')) parseShort(spec.short, arg.slice(1), queue, options);
    else {
      operands.push(arg);
      if (inOrder) break;
    }
  }
  return { options, operands: [...operands, ...queue.reverse()] };
}

function parseShort(short: string, letters: string, queue: string[], options: Options): void {
  for (let i = 0; i < letters.length; i++) {
    const letter = letters[i] as string;
    const at = letter === ':' || letter === '+' ? -1 : short.indexOf(letter);
    if (at < 0) throw new UsageError(`invalid option -- '${letter}'`);
    if (short[at + 1] !== ':') {
      options.add(letter);
      continue;
    }
    const rest = letters.slice(i + 1);
    // Two colons: the value, if any, must be attached (as in `sed -i.bak`).
    if (short[at + 2] === ':') options.add(letter, rest);
    else {
      const value = rest || queue.pop();
      if (value === undefined) throw new UsageError(`option requires an argument -- '${letter}'`);
      options.add(letter, value);
    }
    return;
  }
}

function parseLong(spec: OptionSpec, text: string, queue: string[], options: Options): void {
  const equals = text.indexOf('=');
  const name = equals < 0 ? text : text.slice(0, equals);
  const long = spec.long ?? {};
  if (Object.hasOwn(long, `${name}=`)) {
    const value = equals < 0 ? queue.pop() : text.slice(equals + 1);
    if (value === undefined) throw new UsageError(`option '--${name}' requires an argument`);
    options.add(long[`${name}=`] as string, value);
  } else if (Object.hasOwn(long, name)) options.add(long[name] as string, equals < 0 ? '' : text.slice(equals + 1));
  else throw new UsageError(`unrecognized option '--${name}'`);
}
