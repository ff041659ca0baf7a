/** env, printenv, nohup, timeout, time, xargs, find, which: applets that look for or start other programs. */
import { HeldMemory } from '../kernel/held-memory.ts';
import { exitCodeOf, parseSignal } from '../kernel/signals.ts';
import type { FileStat, Signal, Syscall } from '../kernel/types.ts';
import { SystemError } from '../kernel/types.ts';
import type { Call } from './lib/applet.ts';
import { applet, Failure, reason } from './lib/applet.ts';
import { BoundedExpression } from './lib/bounded-expression.ts';
import { findCommand, runOrExplain, spawnCommand } from './lib/command.ts';
import { parseDurationMs } from './lib/duration.ts';
import { withoutSlashes } from './lib/ends.ts';
import { LineReader } from './lib/input.ts';
import { UsageError } from './lib/options.ts';
import { globSource } from './lib/pattern.ts';

export const env = applet(
  { usage: '[-i0] [-u NAME]... [NAME=VALUE]... [PROG ARGS]', short: '+i0u:', long: { 'ignore-environment': 'i', 'unset=': 'u' } },
  function* (call) {
    const variables = new Map(call.options.has('i') ? [] : call.process.env);
    for (const name of call.options.values('u')) variables.delete(name);
    const operands = [...call.operands];
    if (operands[0] === '-') {
      variables.clear();
      operands.shift();
    }
    while (operands[0]?.includes('=')) {
      const [name, ...rest] = (operands.shift() as string).split('=');
      variables.set(name as string, rest.join('='));
    }
    if (operands.length > 0) {
      const path = findCommand(call.process, operands[0] as string, variables.get('PATH'));
      if (path === undefined) {
        yield* call.warn(call.flavour === 'gnu' ? `'${operands[0]}': No such file or directory` : `can't execute '${operands[0]}': No such file or directory`);
        return 127;
      }
      return yield* call.process.exec([path, ...operands.slice(1)], variables);
    }
    for (const [name, value] of variables) yield* call.out.text(`${name}=${value}${call.options.has('0') ? '\0' : '\n'}`);
    return 0;
  },
);

export const printenv = applet({ usage: '[VARIABLE]...', short: '' }, function* (call) {
  if (call.operands.length === 0) {
    for (const [name, value] of call.process.env) yield* call.out.line(`${name}=${value}`);
    return 0;
  }
  let code = 0;
  for (const name of call.operands) {
    const value = call.process.env.get(name);
    if (value === undefined) code = 1;
    else yield* call.out.line(value);
  }
  return code;
});

export const nohup = applet({ usage: 'PROG ARGS', short: '+' }, function* (call) {
  if (call.operands.length === 0) throw new UsageError(call.flavour === 'gnu' ? 'missing operand' : '', 125);
  call.process.onSignal('HUP', 'ignore');
  return yield* runOrExplain(call.process, 'nohup', call.operands);
});

/** nice: runs the program as it is, for the simulated processor knows no priorities. */
export const nice = applet({ usage: '[-n ADJUST] [PROG ARGS]', short: '+n:', long: { 'adjustment=': 'n' } }, function* (call) {
  if (call.operands.length > 0) return yield* runOrExplain(call.process, 'nice', call.operands);
  yield* call.out.line('0');
  return 0;
});

/** setsid: runs the program in a process group of its own; it keeps its terminal. */
export const setsid = applet({ usage: '[-c] PROG ARGS', short: '+cfw' }, function* (call) {
  if (call.operands.length === 0) throw new UsageError(call.flavour === 'gnu' ? 'no command specified' : '');
  const path = findCommand(call.process, call.operands[0] as string);
  if (path === undefined) {
    yield* call.warn(
      call.flavour === 'gnu'
        ? `failed to execute ${call.operands[0]}: No such file or directory`
        : `can't execute '${call.operands[0]}': No such file or directory`,
    );
    return 127;
  }
  call.process.setProcessGroup(0, 0);
  return yield* call.process.exec([path, ...call.operands.slice(1)]);
});

/** timeout: exit code 124 (coreutils) or 143 (busybox, which reports the signal) when time is up. */
export const timeout = applet(
  { usage: '[-s SIG] [-k KILL_SECS] SECS PROG ARGS', short: '+s:k:t:', long: { 'signal=': 's', 'kill-after=': 'k', foreground: 'F', 'preserve-status': 'P' } },
  function* (call) {
    const [text, ...argv] = call.operands;
    const limitMs = text === undefined ? undefined : parseDurationMs(text);
    if (argv.length === 0) throw new UsageError(call.flavour === 'gnu' ? 'missing operand' : '', call.flavour === 'gnu' ? 125 : 1);
    if (limitMs === undefined)
      throw new Failure(call.flavour === 'gnu' ? `invalid time interval '${text}'` : `invalid number '${text}'`, call.flavour === 'gnu' ? 125 : 1);
    const signal = parseSignal(call.options.value('s') ?? 'TERM') ?? ('TERM' as Signal);
    let pid: number;
    try {
      pid = spawnCommand(call.process, argv);
    } catch (error) {
      yield* call.warn(call.flavour === 'gnu' ? `failed to run command '${argv[0]}': ${reason(error)}` : `can't execute '${argv[0]}': ${reason(error)}`);
      return 127;
    }
    const limit = limitMs === 0 ? Number.POSITIVE_INFINITY : limitMs;
    const ended = yield* waitUntil(call, pid, limit);
    if (ended !== undefined) return ended;
    call.process.kill(pid, signal);
    const grace = parseDurationMs(call.options.value('k') ?? 'infinity') ?? Number.POSITIVE_INFINITY;
    let code = yield* waitUntil(call, pid, grace);
    if (code === undefined) {
      call.process.kill(pid, 'KILL');
      code = yield* waitUntil(call, pid, Number.POSITIVE_INFINITY);
    }
    return call.flavour === 'gnu' && !call.options.has('P') ? 124 : (code ?? 1);
  },
);

/** The child's exit code, undefined if it still runs after `ms`. */
function* waitUntil(call: Call, pid: number, ms: number): Syscall<number | undefined> {
  const { process } = call;
  const until = process.system.now() + ms;
  // The child's end comes as a signal, which interrupts the sleep.
  process.onSignal('CHLD', () => {});
  for (;;) {
    const ended = yield* process.wait(pid, { nohang: true });
    if (ended) return exitCodeOf(ended.status);
    const left = until - process.system.now();
    if (left <= 0) return undefined;
    try {
      yield* process.sleep(left);
    } catch (error) {
      if (!(error instanceof SystemError && error.code === 'EINTR')) throw error;
    }
  }
}

export const time = applet({ usage: '[-p] PROG ARGS', short: '+pvo:a' }, function* (call) {
  const start = call.process.system.now();
  const code = yield* runOrExplain(call.process, 'time', call.operands);
  const seconds = (call.process.system.now() - start) / 1000;
  const clock = (value: number) => `${Math.floor(value / 60)}m ${(value % 60).toFixed(2)}s`;
  const lines = call.options.has('p')
    ? [`real ${seconds.toFixed(2)}`, 'user 0.00', 'sys 0.00']
    : [`real\t${clock(seconds)}`, 'user\t0m 0.00s', 'sys\t0m 0.00s'];
  yield* call.process.write(2, `${lines.join('\n')}\n`);
  return code;
});

export const which = applet({ usage: '[-a] COMMAND...', short: 'a' }, function* (call) {
  let code = 0;
  for (const name of call.operands) {
    const path = findCommand(call.process, name);
    if (path === undefined) code = 1;
    else yield* call.out.line(path);
  }
  return code;
});

/** xargs: `-n N -I STR -0 -r -t -P N` (always one at a time) `-d C`. */
export const xargs = applet(
  { usage: '[OPTIONS] [PROG ARGS]', short: '+0rtpxn:I:i::L:P:s:E:d:a:', long: { null: '0', 'no-run-if-empty': 'r' } },
  function* (call) {
    const { options } = call;
    const command = call.operands.length > 0 ? call.operands : ['echo'];
    const placeholder = options.value('I') ?? (options.has('i') ? options.value('i') || '{}' : undefined);
    const separator = options.has('0') ? '\0' : options.value('d');
    const byLine = placeholder !== undefined || options.has('L');
    const memory = new HeldMemory(call.process);
    const reader = new LineReader(call.process, 0, undefined, separator?.slice(0, 1) || '\n');
    const items: string[] = [];
    for (let line = yield* reader.next(); line !== null; line = yield* reader.next()) {
      memory.add(line.length + itemBytes);
      if (separator !== undefined) items.push(line);
      else for (const item of itemsOf(line, byLine)) items.push(item);
    }
    if (items.length === 0 && (options.has('r') || placeholder !== undefined)) return 0;
    const size = placeholder !== undefined ? 1 : Number(options.value('n', 'L') ?? 4096);
    let code = 0;
    for (let at = 0; at === 0 || at < items.length; at += size) {
      const group = items.slice(at, at + size);
      const argv = placeholder !== undefined ? command.map((word) => word.replaceAll(placeholder, group[0] as string)) : [...command, ...group];
      if (options.has('t')) yield* call.process.write(2, `${argv.join(' ')}\n`);
      const one = yield* runOrExplain(call.process, 'xargs', argv);
      if (one === 126 || one === 127) return one;
      if (one === 255) return 124;
      if (one !== 0) code = 123;
    }
    return code;
  },
);

/** What an item takes besides its text. */
const itemBytes = 32;

/** The items of a line: all of it without blanks around, or its words. */
function itemsOf(line: string, whole: boolean): readonly string[] {
  const open = openQuote(line);
  if (open !== undefined) throw new Failure(`unmatched ${open === '"' ? 'double' : 'single'} quote`);
  return whole ? [line.trim()].filter(Boolean) : words(line);
}

/** The quote that no other one closes. */
function openQuote(text: string): string | undefined {
  return /['"]/.exec(text.replaceAll(/\\.|'[^'\n]*'|"[^"\n]*"/gs, ''))?.[0];
}

/** Blank-separated words with quotes and backslashes. */
function words(text: string): string[] {
  return [...text.matchAll(/(?:'[^']*'|"[^"]*"|\\.|[^\s'"\\])+/gs)].map((match) =>
    match[0].replace(/'([^']*)'|"([^"]*)"|\\(.)/gs, (_, a, b, c) => a ?? b ?? c),
  );
}

interface Visit {
  readonly path: string;
  readonly stat: FileStat;
  readonly depth: number;
}
type Test = (visit: Visit) => Syscall<boolean>;

/** find: `-name -iname -path -type -size -empty -mtime -mmin -newer -perm -user -maxdepth -mindepth -print -print0 -exec -delete -prune ! -a -o ( )`.  */
export const find = applet({ usage: '[-HL] [PATH]... [OPTIONS] [ACTIONS]', short: '', wordsOnly: true }, function* (call) {
  const args = call.operands.filter((arg) => arg !== '-H' && arg !== '-L');
  const start = args.findIndex((arg) => arg.startsWith('-') || arg === '!' || arg === '(');
  const paths = start < 0 ? args : args.slice(0, start);
  const search = new Search(call, start < 0 ? [] : args.slice(start));
  let code = 0;
  for (const path of paths.length > 0 ? paths : ['.']) if (!(yield* search.visit(path, 0))) code = 1;
  yield* search.finish();
  return code || search.code;
});

class Search {
  code = 0;
  #at = 0;
  #maxDepth = Number.POSITIVE_INFINITY;
  #minDepth = 0;
  #acts = false;
  #pruned = false;
  #depthFirst = false;
  readonly #test: Test;
  /** What `-exec … +` runs at the end, with the files gathered. */
  readonly #gathered: { readonly template: readonly string[]; readonly paths: string[] }[] = [];

  constructor(
    readonly call: Call,
    readonly args: readonly string[],
  ) {
    const test = args.length > 0 ? this.#or() : undefined;
    if (this.#at < args.length)
      throw new Failure(call.flavour === 'gnu' ? `paths must precede expression: \`${args[this.#at]}'` : `unrecognized: ${args[this.#at]}`);
    const { out } = call;
    const acts = this.#acts;
    this.#test = function* (visit) {
      if (test && !(yield* test(visit))) return false;
      if (!acts) yield* out.line(visit.path);
      return true;
    };
  }

  /** Runs the commands that take all files at once. */
  *finish(): Syscall<void> {
    const { out, process, name } = this.call;
    yield* out.flush();
    for (const { template, paths } of this.#gathered) {
      if (paths.length === 0) continue;
      if ((yield* runOrExplain(process, name, [...template.slice(0, -1), ...paths])) !== 0) this.code = 1;
    }
  }

  *visit(path: string, depth: number): Syscall<boolean> {
    const { fs } = this.call.process.system;
    const { cwd } = this.call.process;
    yield* this.call.process.step();
    let stat: FileStat;
    try {
      stat = fs.lstat(path, cwd);
    } catch (error) {
      yield* this.call.warn(this.call.flavour === 'gnu' ? `'${path}': ${reason(error)}` : `${path}: ${reason(error)}`);
      return false;
    }
    this.#pruned = false;
    if (!this.#depthFirst && depth >= this.#minDepth) yield* this.#test({ path, stat, depth });
    if (stat.type === 'directory' && depth < this.#maxDepth && !this.#pruned) {
      for (const name of [...fs.readdir(path, cwd)]) if (!(yield* this.visit(`${path === '/' ? '' : withoutSlashes(path)}/${name}`, depth + 1))) this.code = 1;
    }
    if (this.#depthFirst && depth >= this.#minDepth) yield* this.#test({ path, stat, depth });
    return true;
  }

  #or(): Test {
    let left = this.#and();
    while (this.args[this.#at] === '-o' || this.args[this.#at] === '-or') {
      this.#at += 1;
      const [a, b] = [left, this.#and()];
      left = function* (visit) {
        return (yield* a(visit)) || (yield* b(visit));
      };
    }
    return left;
  }

  #and(): Test {
    let left = this.#primary();
    for (;;) {
      const next = this.args[this.#at];
      if (next === '-a' || next === '-and') this.#at += 1;
      else if (next === undefined || next === '-o' || next === '-or' || next === ')') return left;
      const [a, b] = [left, this.#primary()];
      left = function* (visit) {
        return (yield* a(visit)) && (yield* b(visit));
      };
    }
  }

  #value(name: string): string {
    const value = this.args[this.#at++];
    if (value === undefined) throw new Failure(this.call.flavour === 'gnu' ? `missing argument to \`${name}'` : `option requires an argument -- ${name}`);
    return value;
  }

  #primary(): Test {
    const word = this.args[this.#at++] ?? '';
    const { out, process } = this.call;
    const { fs } = process.system;
    const when = (holds: (visit: Visit) => boolean): Test =>
      // biome-ignore lint/correctness/useYield: tests that never wait.
      function* (visit) {
        return holds(visit);
      };
    switch (word) {
      case '!':
      case '-not': {
        const inner = this.#primary();
        return function* (visit) {
          return !(yield* inner(visit));
        };
      }
      case '(': {
        const inner = this.#or();
        this.#at += 1;
        return inner;
      }
      case '-name':
      case '-iname': {
        const expression = new BoundedExpression(globSource(this.#value(word)), word === '-iname' ? 'i' : '', process);
        return when(({ path }) => expression.test(withoutSlashes(path, 1).replace(/^.*\/(?=.)/s, '')));
      }
      case '-path':
      case '-wholename': {
        const expression = new BoundedExpression(globSource(this.#value(word)), '', process);
        return when(({ path }) => expression.test(path));
      }
      case '-type': {
        const types = this.#value(word).split(',');
        return when(({ stat }) => types.some((type) => ({ f: 'file', d: 'directory', l: 'symlink', p: 'pipe', c: 'character' })[type] === stat.type));
      }
      case '-empty':
        return when(({ path, stat }) => (stat.type === 'directory' ? fs.readdir(path, process.cwd).length === 0 : stat.type === 'file' && stat.size === 0));
      case '-size': {
        const match = /^([-+]?)(\d+)([ckMGb]?)$/.exec(this.#value(word));
        const unit = { c: 1, k: 1024, M: 1_048_576, G: 1_073_741_824, b: 512, '': 512 }[match?.[3] ?? ''] as number;
        return when(({ stat }) => compareSigned(match?.[1] ?? '', Math.ceil(stat.size / unit), Number(match?.[2])));
      }
      case '-mtime':
      case '-mmin': {
        const match = /^([-+]?)(\d+)$/.exec(this.#value(word));
        const unit = word === '-mtime' ? 86_400_000 : 60_000;
        return when(({ stat }) => compareSigned(match?.[1] ?? '', Math.floor((process.system.now() - stat.mtimeMs) / unit), Number(match?.[2])));
      }
      case '-newer': {
        const than = fs.stat(this.#value(word), process.cwd).mtimeMs;
        return when(({ stat }) => stat.mtimeMs > than);
      }
      case '-perm': {
        const text = this.#value(word);
        const bits = Number.parseInt(text.replace(/^[-/]/, ''), 8);
        return when(({ stat }) =>
          text.startsWith('-') ? (stat.mode & bits) === bits : text.startsWith('/') ? (stat.mode & bits) !== 0 : (stat.mode & 0o7777) === bits,
        );
      }
      case '-user': {
        const text = this.#value(word);
        return when(({ stat }) => String(stat.uid) === text || (text === 'root' && stat.uid === 0));
      }
      case '-maxdepth':
        this.#maxDepth = Number(this.#value(word));
        return when(() => true);
      case '-mindepth':
        this.#minDepth = Number(this.#value(word));
        return when(() => true);
      case '-depth':
        this.#depthFirst = true;
        return when(() => true);
      case '-xdev':
      case '-true':
        return when(() => true);
      case '-prune':
        return when(() => {
          this.#pruned = true;
          return true;
        });
      case '-print':
      case '-print0':
        this.#acts = true;
        return function* ({ path }) {
          yield* out.text(path + (word === '-print' ? '\n' : '\0'));
          return true;
        };
      case '-delete':
        this.#acts = true;
        this.#depthFirst = true;
        return when(({ path, stat }) => {
          if (stat.type === 'directory') fs.rmdir(path, process.cwd);
          else fs.unlink(path, process.cwd);
          return true;
        });
      case '-exec':
        return this.#execute();
    }
    throw new Failure(this.call.flavour === 'gnu' ? `unknown predicate \`${word}'` : `unrecognized: ${word}`);
  }

  /** `-exec … ;` runs at once for each file, `+` at the end for all. */
  #execute(): Test {
    this.#acts = true;
    const from = this.#at;
    while (this.#at < this.args.length && this.args[this.#at] !== ';' && !(this.args[this.#at] === '+' && this.args[this.#at - 1] === '{}')) this.#at += 1;
    if (this.#at >= this.args.length) throw new Failure(this.call.flavour === 'gnu' ? "missing argument to `-exec'" : 'unterminated exec');
    const atOnce = this.args[this.#at] === '+';
    const template = this.args.slice(from, this.#at++);
    if (atOnce) {
      const paths: string[] = [];
      this.#gathered.push({ template, paths });
      // biome-ignore lint/correctness/useYield: gathers only.
      return function* ({ path }) {
        paths.push(path);
        return true;
      };
    }
    const { out, process, name } = this.call;
    return function* ({ path }) {
      yield* out.flush();
      return (
        (yield* runOrExplain(
          process,
          name,
          template.map((word) => word.replaceAll('{}', path)),
        )) === 0
      );
    };
  }
}

function compareSigned(sign: string, actual: number, wanted: number): boolean {
  return sign === '+' ? actual > wanted : sign === '-' ? actual < wanted : actual === wanted;
}
