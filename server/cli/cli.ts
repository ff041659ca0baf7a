import { Command, CommanderError } from 'commander';
import { CliError, exitCodes, exitCodeTexts } from '../exit-codes.ts';
import { addClockCommand } from './clock.ts';
import type { CliDeps } from './context.ts';
import { addKubeconfigCommand } from './kubeconfig-command.ts';
import { addNodeCommand } from './node-command.ts';
import { coloursFor, printJson } from './output.ts';
import { addRunCommand } from './run.ts';
import { addStartCommand } from './start.ts';
import { addStatusCommand, addStopCommand } from './status.ts';
import { addVersionCommand } from './version.ts';

const help = `
Examples:
  paperkube                        start a cluster and use it: kubectl get nodes
  paperkube run -- kubectl get ns  a cluster for the time of one command
  paperkube clock advance 5m       let five minutes pass in the running cluster
  paperkube stop                   stop it from another terminal

Exit codes:
${exitCodeTexts.map(([code, meaning]) => `  ${String(code).padStart(3)}  ${meaning}`).join('\n')}`;

export interface Cli {
  /** Runs one command; `words` are the arguments without node and script. Resolves with the exit code, never rejects. */
  run(words: readonly string[]): Promise<number>;
}

/** The command line, with everything it touches passed in. */
export function createCli(deps: CliDeps): Cli {
  return {
    async run(words) {
      let code: number = exitCodes.ok;
      const program = createProgram(deps, (own) => (code = own));
      try {
        refuseUnknownCommand(program, words[0]);
        await program.parseAsync([...words], { from: 'user' });
        return code;
      } catch (error) {
        return report(error, words, deps);
      }
    },
  };
}

function createProgram(deps: CliDeps, done: (code: number) => void): Command {
  const program = new Command('paperkube')
    .description('A whole Kubernetes cluster in one Node.js process, on paper.')
    .version(deps.version, '-V, --version', 'print the version')
    .enablePositionalOptions()
    .showSuggestionAfterError()
    .addHelpText('after', help)
    .exitOverride()
    .configureOutput({
      writeOut: (text) => void deps.stdout.write(text),
      writeErr: (text) => void deps.stderr.write(text),
      getOutHasColors: () => false,
      getErrHasColors: () => false,
    });
  addStartCommand(program, deps, done); // First, since it is what a bare `paperkube` does.
  addRunCommand(program, deps, done);
  addNodeCommand(program, deps);
  addStatusCommand(program, deps);
  addStopCommand(program, deps);
  addKubeconfigCommand(program, deps);
  addClockCommand(program, deps);
  addVersionCommand(program, deps);
  return program;
}

/** Without this, a mistyped command would count as an argument of the default one. */
function refuseUnknownCommand(program: Command, word: string | undefined): void {
  const names = ['help', ...program.commands.map((command) => command.name())];
  if (word === undefined || word.startsWith('-') || names.includes(word)) return;
  const near = names.find((name) => sharedLetters(name, word) >= Math.max(2, word.length - 2));
  const hint = near ? `did you mean "paperkube ${near}"?` : 'see paperkube --help';
  throw new CliError(exitCodes.usage, 'UNKNOWN_COMMAND', `there is no command "${word}"`, hint);
}

/** How many letters two words have in common: enough to see that "strat" means "start". */
function sharedLetters(a: string, b: string): number {
  const rest = [...b];
  return [...a].filter((letter) => rest.includes(letter) && rest.splice(rest.indexOf(letter), 1)).length;
}

/** One message for the user, one exit code for the script. Only what nobody foresaw shows a stack. */
function report(error: unknown, words: readonly string[], deps: CliDeps): number {
  if (error instanceof CommanderError) return error.exitCode === 0 ? exitCodes.ok : exitCodes.usage; // Commander has printed it.
  const known = error instanceof CliError;
  const message = error instanceof Error ? error.message : String(error);
  const code = known ? error.code : exitCodes.failure;
  if (wantsJson(words))
    printJson(deps.stdout, { event: 'error', code, id: known ? error.id : 'INTERNAL', message, ...(known && error.hint ? { hint: error.hint } : {}) });
  const { red } = coloursFor(deps.stderr, deps.env);
  deps.stderr.write(`${red('error:')} ${known ? message : error instanceof Error ? error.stack : message}\n`);
  if (known && error.hint) deps.stderr.write(`hint: ${error.hint}\n`);
  return code;
}

function wantsJson(words: readonly string[]): boolean {
  const own = words.includes('--') ? words.slice(0, words.indexOf('--')) : words;
  return own.some((word, index) => word === '-ojson' || word === '--output=json' || ((word === '-o' || word === '--output') && own[index + 1] === 'json'));
}
