import { HeldMemory, wholeBytesMax } from '../kernel/held-memory.ts';
import type { Process, Signal, Syscall, Terminal } from '../kernel/types.ts';
import { SystemError } from '../kernel/types.ts';
import type { Job } from './jobs.ts';
import type { SyntaxNode } from './syntax.ts';
import { treeBytes } from './tree-bytes.ts';
import type { Variable } from './variables.ts';
import { Variables } from './variables.ts';

/** Whose manners the shell has where shells differ: messages, `echo`, extensions. */
export type Flavour = 'ash' | 'dash' | 'bash';

/** An error that ends a shell which is not interactive. */
export class ShellFailure extends Error {
  constructor(
    message: string,
    readonly status = 2,
    /** Ends the shell also where a mistake of a regular built-in would not. */
    readonly fatal = false,
  ) {
    super(message);
    this.name = 'ShellFailure';
  }
}

/** The user of an interactive shell has typed ^C: the line is given up. */
export class Interrupted extends Error {
  constructor() {
    super('interrupted');
    this.name = 'Interrupted';
  }
}

/** Why commands are being skipped. */
export type Flow = { readonly kind: 'break' | 'continue'; count: number } | { readonly kind: 'return' } | { readonly kind: 'exit' };

/** Function calls may nest this deep. Real shells crash at some depth; here it is an error of the script. */
export const functionDepthLimit = 400;

/** The state of one shell: what a subshell copies. */
export class Shell {
  process: Process;
  readonly flavour: Flavour;
  /** $0 */
  name = 'sh';
  parameters: string[] = [];
  variables: Variables;
  private memory: HeldMemory | undefined;
  private functionBytes = 0;
  /** What has been told of the memory of variables and functions. */
  private counted = 0;
  functions = new Map<string, SyntaxNode>();
  aliases = new Map<string, string>();
  /** What `ulimit` was told, by letter. */
  limits: ReadonlyMap<string, string> = new Map();
  /** Letters of `set`, and `pipefail`. */
  options = new Set<string>();
  status = 0;
  flow: Flow | undefined;
  line = 1;
  /** Lines read before the text that is run: numbers in messages count from there. */
  firstLine = 0;
  /** Signal name or EXIT to the command; empty ignores. */
  traps = new Map<string, string>();
  pendingTraps: Signal[] = [];
  inTrap = false;
  /** The current job comes first. */
  jobs: Job[] = [];
  /** Jobs have process groups of their own, and the terminal one after the other. */
  jobControl = false;
  /** The terminal that job control hands around. */
  terminal: Terminal | undefined;
  /** ^C has come since the line was begun. */
  interrupted = false;
  /** Above zero right after the user has been told of stopped jobs. */
  stoppedWarning = 0;
  lastBackground: number | undefined;
  loopDepth = 0;
  functionDepth = 0;
  /** The function that runs. */
  functionName: string | undefined;
  /** Levels of syntax and calls being run. */
  nesting = 0;
  /** Above zero where `set -e` does not apply: conditions, `!`, all but the last of `&&`. */
  tested = 0;
  interactive = false;
  /** The name that messages of a script file carry. */
  scriptFile = false;
  isSubshell = false;
  /** The shell's own pid, also in subshells: $$ */
  rootPid: number;
  substitutionStatus: number | undefined;
  optionIndex = 1;
  /** Where commands were found; shared with subshells until PATH changes. */
  commandPaths = new Map<string, string>();

  constructor(process: Process, flavour: Flavour) {
    this.process = process;
    this.flavour = flavour;
    this.rootPid = process.pid;
    this.variables = new Variables(
      [...process.env].filter(([name]) => isName(name)).map(([name, value]) => [name, { value, exported: true, readonly: false }]),
    );
    const defaults: (readonly [string, string])[] = [
      ['IFS', ' \t\n'],
      ['OPTIND', '1'],
      ['PS1', defaultPrompt(flavour, process.uid)],
      ['PS2', '> '],
      ['PS4', '+ '],
      ...(flavour === 'bash' ? [['BASH_VERSION', '5.2.15(1)-release'] as const] : []),
    ];
    for (const [name, value] of defaults) {
      if (name === 'IFS' || name === 'OPTIND' || this.variables.get(name) === undefined) {
        this.variables.put(name, { value, exported: false, readonly: false });
      }
    }
    this.variables.put('PPID', { value: String(process.ppid), exported: false, readonly: false });
    this.variables.put('PWD', { value: process.cwd, exported: true, readonly: false });
    if (flavour !== 'dash') {
      const level = Number.parseInt(this.variables.get('SHLVL') ?? '0', 10) || 0;
      this.variables.put('SHLVL', { value: String(level + 1), exported: true, readonly: false });
    }
    if (this.variables.get('PATH') === undefined) {
      this.variables.put('PATH', { value: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin', exported: false, readonly: false });
    }
  }

  /** A copy for a subshell; its traps are gone, ignored signals stay ignored. */
  copy(): Shell {
    const copy: Shell = Object.create(Shell.prototype);
    Object.assign(copy, this);
    copy.variables = this.variables.copy();
    copy.functions = new Map(this.functions);
    copy.aliases = new Map(this.aliases);
    copy.options = new Set(this.options);
    copy.parameters = [...this.parameters];
    copy.traps = new Map([...this.traps].filter(([, command]) => command === ''));
    copy.jobs = [];
    copy.jobControl = false;
    copy.terminal = undefined;
    copy.interrupted = false;
    copy.isSubshell = true;
    copy.interactive = false;
    copy.flow = undefined;
    copy.pendingTraps = [];
    return copy;
  }

  // Variables

  get(name: string): string | undefined {
    return this.variables.get(name);
  }

  /** Sets a variable. Throws ShellFailure if it is read-only. */
  set(name: string, value: string, attributes: { readonly exported?: boolean; readonly readonly?: boolean } = {}): void {
    const before = this.variables.variable(name);
    if (before?.readonly) throw new ShellFailure(`${name}: is read only`, 2);
    this.variables.put(name, this.changed(before, value, attributes));
    this.countMemory();
    if (name === 'PATH') this.commandPaths = new Map();
    if (name === 'OPTIND') this.optionIndex = 1;
  }

  /** A subshell shares what it was forked with, and is counted for what it adds. Throws ENOMEM. */
  private countMemory(): void {
    if (this.memory?.process !== this.process) this.memory = new HeldMemory(this.process, wholeBytesMax);
    const bytes = this.variables.bytes + this.functionBytes;
    const growth = bytes - this.counted;
    this.counted = bytes;
    this.memory.add(growth);
  }

  /** Defines a function, or with no body forgets it. Throws ENOMEM. */
  defineFunction(name: string, body: SyntaxNode | undefined): void {
    const before = this.functions.get(name);
    if (body) this.functions.set(name, body);
    else this.functions.delete(name);
    this.functionBytes += (body ? treeBytes(body) : 0) - (before ? treeBytes(before) : 0);
    this.countMemory();
  }

  private changed(before: Variable | undefined, value: string, attributes: { readonly exported?: boolean; readonly readonly?: boolean }): Variable {
    return {
      value,
      exported: attributes.exported ?? (before?.exported || this.options.has('a')),
      readonly: attributes.readonly ?? false,
    };
  }

  unset(name: string): void {
    const before = this.variables.variable(name);
    if (before?.readonly) throw new ShellFailure(`${name}: is read only`, 2);
    this.variables.put(name, undefined);
    this.countMemory();
    if (name === 'PATH') this.commandPaths = new Map();
  }

  // Messages

  /** Writes to standard error, if anybody listens. */
  *complain(message: string, command?: string): Syscall<void> {
    yield* this.writeError(`${this.prefix(command)}${message}\n`);
  }

  *writeError(text: string): Syscall<void> {
    try {
      yield* this.process.write(2, text);
    } catch (error) {
      if (!(error instanceof SystemError)) throw error;
    }
  }

  private prefix(command?: string): string {
    const named = command ? `${command}: ` : '';
    if (this.flavour === 'dash') return `${this.name}: ${this.line}: ${named}`;
    const line = (command || this.scriptFile) && !this.interactive ? `line ${this.line}: ` : '';
    if (this.flavour === 'bash') return `${this.name}: ${this.interactive ? '' : `line ${this.line}: `}${named}`;
    return `${this.name}: ${named}${line}`;
  }

  // Commands

  /** Finds a command on PATH, remembering where. Undefined if there is none; EACCES is thrown if it may not be run. */
  findCommand(name: string, path = this.get('PATH') ?? ''): string | undefined {
    if (name.includes('/')) return name;
    const { fs } = this.process.system;
    const known = this.commandPaths.get(name);
    if (known && fs.exists(known)) return known;
    let denied = false;
    for (const folder of path.split(':')) {
      const candidate = `${folder === '' ? '.' : folder}/${name}`;
      if (!fs.exists(candidate, this.process.cwd)) continue;
      const stat = fs.stat(candidate, this.process.cwd);
      if (stat.type !== 'file') continue;
      if ((stat.mode & 0o111) === 0) {
        denied = true;
        continue;
      }
      if (folder.startsWith('/')) this.commandPaths.set(name, candidate);
      return candidate;
    }
    if (denied) throw new SystemError('EACCES');
    return undefined;
  }

  // Traps

  /** Sets what happens on a signal: undefined restores the default. */
  trap(signal: string, command: string | undefined): void {
    if (command === undefined) this.traps.delete(signal);
    else this.traps.set(signal, command);
    if (signal === 'EXIT') return;
    const name = signal as Signal;
    if (command === undefined) this.resetSignal(name);
    else if (command === '') this.process.onSignal(name, 'ignore');
    else this.process.onSignal(name, () => this.pendingTraps.push(name));
  }

  resetSignal(signal: Signal): void {
    if (this.interactive && signal === 'INT') {
      this.process.onSignal(signal, () => {
        this.interrupted = true;
      });
    } else if (this.interactive && (signal === 'TERM' || signal === 'QUIT')) this.process.onSignal(signal, () => {});
    else this.process.onSignal(signal, 'default');
  }
}

/** Dash decides once whose prompt it is; the others do when they show it. */
function defaultPrompt(flavour: Flavour, uid: number): string {
  if (flavour === 'dash') return uid === 0 ? '# ' : '$ ';
  return flavour === 'ash' ? '\\w \\$ ' : '\\s-\\v\\$ ';
}

export function isName(text: string): boolean {
  return /^[A-Za-z_][A-Za-z0-9_]*$/.test(text);
}
