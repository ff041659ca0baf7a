import type { Command } from 'commander';
import { InvalidArgumentError, Option } from 'commander';
import { humanDuration } from '../../src/machinery/index.ts';
import { durationHint, parseDuration } from '../duration.ts';
import type { CliDeps } from './context.ts';
import { callControl } from './control-client.ts';
import { addNameOption } from './options.ts';
import { columns } from './output.ts';
import { findCluster } from './state.ts';

interface ClockFlags {
  readonly name?: string;
  readonly output?: 'json';
}

interface ClockAnswer {
  readonly now: string;
  readonly mode: string;
  readonly upcoming: readonly { readonly task: string; readonly at: string; readonly inMs: number }[];
  readonly stepped?: { readonly task: string; readonly at: string } | null;
}

const examples = `
Examples:
  paperkube clock                     what time it is in the cluster, and what comes next
  paperkube clock pause               time stands still
  paperkube clock advance 5m          five minutes pass at once
  paperkube clock step                on to the next event
  paperkube clock speed 10            ten times as fast
  paperkube clock resume              time runs again`;

/** `paperkube clock ...`: the simulated time of a running cluster. */
export function addClockCommand(program: Command, deps: CliDeps): void {
  const clock = program.command('clock').description('see and move the simulated time of a running cluster').addHelpText('after', examples);
  const add = (words: string, description: string, isDefault = false) =>
    addNameOption(clock.command(words, { isDefault }).description(description)).addOption(new Option('-o, --output <format>', 'print JSON').choices(['json']));
  add('status', 'print the time and the next events', true).action((flags: ClockFlags) => call(deps, flags, 'GET', '/clock'));
  add('pause', 'let time stand still').action((flags: ClockFlags) => call(deps, flags, 'POST', '/clock/pause'));
  add('resume', 'let time run as before the pause').action((flags: ClockFlags) => call(deps, flags, 'POST', '/clock/resume'));
  add('step', 'go on to the next event').action((flags: ClockFlags) => call(deps, flags, 'POST', '/clock/step'));
  add('speed', 'let time run so many times as fast')
    .argument('<factor>', 'such as 10 or x10', speedArgument)
    .action((speed: number, flags: ClockFlags) => call(deps, flags, 'POST', '/clock/speed', { speed }));
  add('advance', 'let a span of time pass at once')
    .argument('<duration>', 'such as 30s, 5m or 1h30m', durationArgument)
    .action((duration: string, flags: ClockFlags) => call(deps, flags, 'POST', '/clock/advance', { duration }));
}

async function call(deps: CliDeps, flags: ClockFlags, method: 'GET' | 'POST', path: string, body?: object): Promise<void> {
  const text = await callControl(findCluster(deps.env, flags.name), method, path, body);
  if (flags.output === 'json') deps.stdout.write(`${text.trim()}\n`);
  else deps.stdout.write(describe(JSON.parse(text) as ClockAnswer, method === 'GET'));
}

function describe(answer: ClockAnswer, whole: boolean): string {
  const rows: [string, string][] = [
    ['Time', answer.now],
    ['Mode', answer.mode === 'manual' ? 'manual (paused)' : answer.mode],
  ];
  if (answer.stepped) rows.push(['Event', answer.stepped.task]);
  if (answer.stepped === null) rows.push(['Event', 'none is left']);
  if (whole) for (const { task, inMs } of answer.upcoming) rows.push(['Next', `${task} in ${inMs < 1000 ? `${inMs}ms` : humanDuration(inMs)}`]);
  return columns(rows);
}

function durationArgument(text: string): string {
  if (parseDuration(text) === undefined) throw new InvalidArgumentError(`${durationHint}.`);
  return text;
}

function speedArgument(text: string): number {
  const speed = Number(text.replace(/^x/, ''));
  if (!(speed > 0)) throw new InvalidArgumentError('use a number above 0, such as 10.');
  return speed;
}
