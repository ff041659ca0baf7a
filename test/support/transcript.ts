import { type ChildProcess, spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { createCli } from '../../server/cli/index.ts';
import { type ClusterState, writeState } from '../../server/cli/state.ts';
import { kubernetesVersion, paperkubeVersion } from '../../server/versions.ts';
import type { NodeState } from '../../src/cluster/index.ts';
import type { Kubectl } from './kubectl.ts';

/**
 * A transcript is a text of commands and what they print, run on a cluster whose clock stands still:
 *
 *     # a remark
 *     $ kubectl get pods              a command of sh; its output, stderr too, follows
 *     $ paperkube clock advance 30s   our own command line, in this process: plain words, no sh
 *     $ kubectl get pods --watch &    goes on in the background until `@ stop`, which prints its output
 *     @ advance 30s                   lets simulated time pass
 *     @ node NAME down                a node falls `silent`, goes `down` or is `running` again
 *     @ meanwhile 30s                 right after a command that waits: time passes once it does
 *     @ stop                          the server ends the background command's watches
 */
export interface Step {
  readonly kind: 'remark' | 'command' | 'background' | 'advance' | 'node' | 'stop';
  /** The line as it stands in the transcript. */
  readonly line: string;
  readonly argument: string;
  /** Time that passes while the command runs. */
  readonly meanwhile?: string | undefined;
}

/** What a transcript needs of a cluster. */
export interface TranscriptCluster {
  readonly kubeconfig: string;
  /** By which the command line finds the cluster. */
  readonly state: ClusterState;
  advance(duration: string): Promise<void>;
  settle(): Promise<void>;
  setNodeState(name: string, state: NodeState): void;
  /** Resolves when a watch is open that was not open when `mark` was taken. */
  watchOpened(mark: number): Promise<void>;
  watchMark(): number;
  /** Ends all watches from the server's side, after what was sent on them. */
  endWatches(): void;
  close(): Promise<void>;
}

export function parseTranscript(text: string): Step[] {
  const steps: Step[] = [];
  const lines = text.split('\n');
  for (const [at, line] of lines.entries()) {
    if (line.startsWith('# ')) steps.push({ kind: 'remark', line, argument: '' });
    else if (line.startsWith('$ ')) {
      const background = line.endsWith(' &');
      const next = lines[at + 1] ?? '';
      const meanwhile = next.startsWith('@ meanwhile ') ? next.slice('@ meanwhile '.length) : undefined;
      steps.push({ kind: background ? 'background' : 'command', line, argument: background ? line.slice(2, -2) : line.slice(2), meanwhile });
    } else if (line.startsWith('@ advance ')) steps.push({ kind: 'advance', line, argument: line.slice('@ advance '.length) });
    else if (line.startsWith('@ node ')) steps.push({ kind: 'node', line, argument: line.slice('@ node '.length) });
    else if (line === '@ stop') steps.push({ kind: 'stop', line, argument: '' });
  }
  return steps;
}

/** Runs a transcript's commands and returns the whole text as it came out. */
export async function runTranscript(text: string, cluster: TranscriptCluster, kubectl: Kubectl, cwd: string): Promise<string> {
  const home = mkdtempSync(join(tmpdir(), 'paperkube-transcript-'));
  try {
    return await new Session(cluster, commandEnvironment(home, cluster, kubectl), cwd).run(parseTranscript(text));
  } finally {
    rmSync(home, { recursive: true, force: true });
  }
}

function commandEnvironment(home: string, cluster: TranscriptCluster, kubectl: Kubectl): NodeJS.ProcessEnv {
  const bin = join(home, 'bin');
  mkdirSync(bin);
  symlinkSync(kubectl.path, join(bin, 'kubectl'));
  const kubeconfig = join(home, 'kubeconfig');
  writeFileSync(kubeconfig, cluster.kubeconfig, { mode: 0o600 });
  writeState({ HOME: home }, cluster.state);
  return { PATH: `${bin}${delimiter}${process.env.PATH ?? ''}`, HOME: home, KUBECONFIG: kubeconfig, TZ: 'UTC', LC_ALL: 'C' };
}

class Session {
  readonly #out: string[] = [];
  #background: Running | undefined;

  constructor(
    readonly cluster: TranscriptCluster,
    readonly environment: NodeJS.ProcessEnv,
    readonly cwd: string,
  ) {}

  async run(steps: readonly Step[]): Promise<string> {
    try {
      for (const step of steps) {
        this.#out.push(step.line);
        await this.#step(step);
      }
    } finally {
      this.#background?.kill();
    }
    return `${this.#out.join('\n')}\n`;
  }

  async #step(step: Step): Promise<void> {
    switch (step.kind) {
      case 'remark':
        return;
      case 'advance':
        await this.cluster.advance(step.argument);
        return;
      case 'node': {
        const [name = '', state] = step.argument.split(' ');
        this.cluster.setNodeState(name, state as NodeState);
        await this.cluster.settle();
        return;
      }
      case 'background': {
        const mark = this.cluster.watchMark();
        this.#background = new Running(step.argument, this.environment, this.cwd);
        await Promise.race([this.cluster.watchOpened(mark), this.#background.ended]);
        return;
      }
      case 'stop': {
        const running = this.#background;
        if (!running) throw new Error('@ stop without a command in the background');
        this.cluster.endWatches();
        await running.ended;
        this.#background = undefined;
        this.#print(running);
        return;
      }
      case 'command':
        await this.#command(step);
    }
  }

  async #command(step: Step): Promise<void> {
    if (step.argument.startsWith('paperkube ')) {
      const { code, output } = await runPaperkube(step.argument.split(' ').slice(1), this.environment);
      this.#print({ command: step.argument, output });
      if (code !== 0) this.#out.push(`[exit code ${code}]`);
      return;
    }
    const mark = this.cluster.watchMark();
    const running = new Running(step.argument, this.environment, this.cwd);
    if (step.meanwhile) {
      this.#out.push(`@ meanwhile ${step.meanwhile}`);
      const waiting = await Promise.race([this.cluster.watchOpened(mark).then(() => true), running.ended.then(() => false)]);
      if (waiting) await this.cluster.advance(step.meanwhile);
    }
    const code = await running.ended;
    this.#print(running);
    if (code !== 0) this.#out.push(`[exit code ${code}]`);
    await this.cluster.settle();
  }

  #print({ command, output }: Pick<Running, 'command' | 'output'>): void {
    const text = maskClientClock(command, output);
    if (text !== '') this.#out.push(text.endsWith('\n') ? text.slice(0, -1) : text);
  }
}

/** Runs our own command line in this process, so that a transcript needs no build. */
async function runPaperkube(words: readonly string[], environment: NodeJS.ProcessEnv): Promise<{ code: number; output: string }> {
  let output = '';
  const stream = { write: (text: string) => (output += text) };
  const cli = createCli({
    env: { HOME: environment.HOME },
    stdout: stream,
    stderr: stream,
    version: paperkubeVersion,
    kubernetesVersion,
    startServer: () => Promise.reject(new Error('a transcript has its cluster already')),
    onSignal: () => () => {},
    onExit: () => () => {},
    exit: () => {},
  });
  const code = await cli.run(words);
  return { code, output };
}

/** One command of a transcript, under sh. */
class Running {
  output = '';
  readonly ended: Promise<number>;
  readonly #child: ChildProcess;

  constructor(
    readonly command: string,
    environment: NodeJS.ProcessEnv,
    cwd: string,
  ) {
    this.#child = spawn('/bin/sh', ['-c', `exec 2>&1\n${command}`], { env: environment, cwd, stdio: ['ignore', 'pipe', 'inherit'] });
    this.#child.stdout?.setEncoding('utf8').on('data', (chunk: string) => {
      this.output += chunk;
    });
    this.ended = new Promise((resolve, reject) => {
      this.#child.on('error', reject);
      this.#child.on('close', (code, signal) => resolve(code ?? (signal ? 128 : 1)));
    });
  }

  kill(): void {
    this.#child.kill('SIGKILL');
  }
}

/**
 * Hides what kubectl computes from its own clock instead of the server's: the ages in `describe` and in `kubectl events`.
 * Columns that such an age has widened are closed up.
 */
export function maskClientClock(command: string, text: string): string {
  if (/\bkubectl events\b/.test(command)) {
    return text
      .replace(/^LAST SEEN +/gm, 'LAST SEEN  ')
      .replace(/^\S+(?: \((x\d+) over \S+\))? +(Normal|Warning)/gm, (_line, times: string | undefined, type: string) => `${masked(times)}  ${type}`);
  }
  if (!/\bkubectl describe\b/.test(command)) return text;
  return text
    .replace(
      /^( {2}(?:Normal|Warning) +\S+ +)\S+(?: \((x\d+) over \S+\))? +/gm,
      (_line, head: string, times: string | undefined) => `${head}${masked(times)}  `,
    )
    .replace(/^( {2}Type +Reason +)Age +/gm, '$1Age  ')
    .replace(/^( {2}-{4} +-{6} +)-{4} +/gm, '$1----  ')
    .replace(/(\(\d+%\) +)\d+[smhdy]\S*$/gm, '$1<age>');
}

function masked(times: string | undefined): string {
  return times ? `<age> (${times} over <age>)` : '<age>';
}
