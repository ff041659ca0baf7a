/** A shell variable. `value` is undefined for one that is exported or read-only but not set. */
export interface Variable {
  readonly value: string | undefined;
  readonly exported: boolean;
  readonly readonly: boolean;
}

/** A shell's variables, with the frames of `local`. */
export class Variables {
  readonly #all: Map<string, Variable>;
  #frames: Map<string, Variable | undefined>[] = [];
  #environment: ReadonlyMap<string, string> | undefined;
  #bytes = 0;

  constructor(from: Iterable<readonly [string, Variable]> = []) {
    this.#all = new Map(from);
  }

  copy(): Variables {
    const copy = new Variables(this.#all);
    copy.#bytes = this.#bytes;
    copy.#frames = this.#frames.map((frame) => new Map(frame));
    return copy;
  }

  /** What all of them take, names included. */
  get bytes(): number {
    return this.#bytes;
  }

  get(name: string): string | undefined {
    return this.#all.get(name)?.value;
  }

  variable(name: string): Variable | undefined {
    return this.#all.get(name);
  }

  /** Puts a variable as it is, read-only or not. */
  put(name: string, variable: Variable | undefined): void {
    const before = this.#all.get(name);
    if (variable?.exported || before?.exported) this.#environment = undefined;
    this.#bytes += bytesOf(name, variable) - bytesOf(name, before);
    if (variable) this.#all.set(name, variable);
    else this.#all.delete(name);
  }

  names(): string[] {
    return [...this.#all.keys()].sort();
  }

  /** What children get: shared by all of them until an exported variable changes. */
  environment(): ReadonlyMap<string, string> {
    if (this.#environment) return this.#environment;
    const environment = new Map<string, string>();
    for (const [name, { value, exported }] of this.#all) if (exported && value !== undefined) environment.set(name, value);
    this.#environment = environment;
    return environment;
  }

  enterFunction(): void {
    this.#frames.push(new Map());
  }

  leaveFunction(): void {
    for (const [name, variable] of this.#frames.pop() ?? []) this.put(name, variable);
  }

  /** Remembers a variable until the function ends. False outside functions. */
  makeLocal(name: string): boolean {
    const frame = this.#frames.at(-1);
    if (!frame) return false;
    if (!frame.has(name)) frame.set(name, this.#all.get(name));
    return true;
  }
}

/** What a variable takes besides its name and its value. */
const variableBytes = 128;

function bytesOf(name: string, variable: Variable | undefined): number {
  return variable ? name.length + (variable.value?.length ?? 0) + variableBytes : 0;
}
