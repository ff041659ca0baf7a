/**
 * `npm run bench [-- [--quick] [--out FILE] [QUESTION ...]]`: measures, prints a table on stdout with the goals beside the figures,
 * and writes every single value as JSON. Figures are for reading; no test asserts them.
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { dirname, join } from 'node:path';
import { parseArgs } from 'node:util';
import { create } from './create.ts';
import { deleteCollection } from './delete-collection.ts';
import { execQuestion } from './exec.ts';
import { get } from './get.ts';
import { hostile } from './hostile.ts';
import { hour } from './hour.ts';
import { list } from './list.ts';
import { loops } from './loops.ts';
import { memory } from './memory.ts';
import { patch } from './patch.ts';
import { pods } from './pods.ts';
import { start } from './start.ts';
import { busySeconds, calibrate, describeMachine } from './support/machine.ts';
import type { Question, Row } from './support/measure.ts';
import { formatRows } from './support/table.ts';
import { transfer } from './transfer.ts';
import { update } from './update.ts';
import { watch } from './watch.ts';

// The API server's questions first, then those of the kubelet and the runtime.
const questions = [start, create, get, list, patch, update, watch, deleteCollection, memory, pods, loops, hour, execQuestion, hostile, transfer];

interface Answer {
  readonly question: string;
  readonly seconds: number;
  /** How busy all processors were meanwhile, server and client included: 0 to 1. */
  readonly machineBusy: number;
  readonly rows: readonly Row[];
  /** Why there are no rows. */
  readonly failed?: string;
}

const { values, positionals } = parseArgs({
  args: process.argv.slice(2),
  options: { quick: { type: 'boolean', default: false }, out: { type: 'string' }, help: { type: 'boolean', short: 'h', default: false } },
  allowPositionals: true,
});
const unknown = positionals.filter((name) => !questions.some((one) => one.name === name));
if (values.help || unknown.length > 0) {
  const list = questions.map((one) => `  ${one.name.padEnd(10)}${one.about}\n`).join('');
  const mistake = unknown.length > 0 ? `unknown question "${unknown[0]}"\n\n` : '';
  process.stderr.write(`${mistake}npm run bench [-- [--quick] [--out FILE] [QUESTION ...]]\n\nquestions:\n${list}`);
  process.exit(values.help ? 0 : 2);
}
const wanted = questions.filter((one) => positionals.length === 0 || positionals.includes(one.name));

// A signal lets the exit handlers run, which end the servers.
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => process.exit(130));

const machine = { ...describeMachine(), calibration: [await calibrate()] };
const answers: Answer[] = [];
for (const question of wanted) {
  process.stderr.write(`${question.name}: ${question.about} ...\n`);
  answers.push(await ask(question));
}
machine.calibration.push(await calibrate());
process.stdout.write(`${formatRows(answers.flatMap((answer) => answer.rows))}\n`);

const root = process.env.PAPERKUBE_ROOT ?? process.cwd();
const file = values.out ?? join(root, 'bench/results/latest.json');
mkdirSync(dirname(file), { recursive: true });
writeFileSync(file, `${JSON.stringify({ date: new Date().toISOString(), quick: values.quick, machine, answers }, undefined, 2)}\n`);
process.stderr.write(`all values: ${file}\n`);
process.exit(answers.some((answer) => answer.failed !== undefined) ? 1 : 0);

/** One that fails is told of, and the others go on. */
async function ask(question: Question): Promise<Answer> {
  const began = performance.now();
  const busyBefore = busySeconds();
  let rows: Row[] = [];
  let failed: string | undefined;
  try {
    rows = await question.run({ quick: values.quick });
  } catch (error) {
    failed = error instanceof Error ? error.message : String(error);
    process.stderr.write(`${question.name} failed: ${error instanceof Error ? error.stack : failed}\n`);
  }
  const seconds = (performance.now() - began) / 1000;
  const machineBusy = Number(((busySeconds() - busyBefore) / (seconds * cpus().length)).toFixed(2));
  process.stderr.write(`  ${seconds.toFixed(1)} s, processors ${(100 * machineBusy).toFixed(0)} % busy\n`);
  return { question: question.name, seconds: Number(seconds.toFixed(1)), machineBusy, rows, ...(failed === undefined ? {} : { failed }) };
}
