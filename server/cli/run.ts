import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { constants, tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Command } from 'commander';
import { exitCodes } from '../exit-codes.ts';
import type { CliDeps } from './context.ts';
import type { ClusterFlags } from './options.ts';
import { addClusterOptions, startOptions } from './options.ts';
import { withinLimit } from './start.ts';

const examples = `
Examples:
  paperkube run -- kubectl get nodes
  paperkube run --clock auto -- npm test
  paperkube run -- sh -c 'kubectl apply -f app.yaml && kubectl wait --for=condition=Ready pod --all'

The exit code is the command's own: 127 if it is not found, 128+N if signal N ended it.`;

/** `paperkube run -- CMD`: a cluster of its own for the time of one command. The user's kubeconfig is never touched. */
export function addRunCommand(program: Command, deps: CliDeps, done: (code: number) => void): void {
  const command = program
    .command('run')
    .description('start a cluster, run a command with KUBECONFIG set, and stop')
    .argument('<command...>', 'the command and its arguments, after --');
  addClusterOptions(command)
    .passThroughOptions()
    .addHelpText('after', examples)
    .action(async (words: string[], flags: ClusterFlags) => done(await run(words, flags, deps)));
}

async function run(words: readonly string[], flags: ClusterFlags, deps: CliDeps): Promise<number> {
  // Signals that arrive while the server starts are kept for the command.
  const early: NodeJS.Signals[] = [];
  let forward = (signal: NodeJS.Signals): void => {
    early.push(signal);
  };
  const forget = deps.onSignal((signal) => forward(signal));
  // Always the same name, since it is part of the nodes' names: nobody but the command can see this cluster, so it clashes with none.
  const running = await deps.startServer(startOptions(flags, { name: 'default', port: 0 }));
  const directory = mkdtempSync(join(tmpdir(), 'paperkube-'));
  try {
    const kubeconfig = join(directory, 'kubeconfig');
    writeFileSync(kubeconfig, running.kubeconfigText, { mode: 0o600 });
    if (early[0]) return 128 + constants.signals[early[0]];
    return await runChild(words, { ...deps.env, KUBECONFIG: kubeconfig }, deps, (send) => (forward = send));
  } finally {
    rmSync(directory, { recursive: true, force: true });
    await withinLimit(running.stop());
    forget();
  }
}

function runChild(
  [file, ...args]: readonly string[],
  env: Readonly<Record<string, string | undefined>>,
  deps: CliDeps,
  onStarted: (forward: (signal: NodeJS.Signals) => void) => void,
): Promise<number> {
  return new Promise((resolve) => {
    const child = spawn(file ?? '', args, { stdio: 'inherit', env: { ...env } });
    // On a terminal, Ctrl-C reaches the command by itself; a second one from us would look like an impatient user.
    onStarted((signal) => {
      if (signal !== 'SIGINT' || !process.stdin.isTTY) child.kill(signal);
    });
    child.once('error', (error: NodeJS.ErrnoException) => {
      const missing = error.code === 'ENOENT';
      deps.stderr.write(missing ? `paperkube: command not found: ${file}\n` : `paperkube: cannot run ${file}: ${error.message}\n`);
      resolve(missing ? exitCodes.commandNotFound : exitCodes.commandNotExecutable);
    });
    child.once('exit', (code, signal) => resolve(code ?? 128 + constants.signals[signal ?? 'SIGTERM']));
  });
}
