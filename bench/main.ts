/**
 * `npm run bench [-- [--quick] [--out FILE] [QUESTION ...]]`: measures the budgets that exist by now, prints a table on stdout
 * and writes every single value as JSON. Figures are for reading; no test asserts them.
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { dirname, join } from 'node:path';
import { parseArgs } from 'node:util';
import { api } from './api.ts';
import { pods } from './pods.ts';
import { start } from './start.ts';
import { formatRows, type Row } from './support/measure.ts';

const questions = [start, pods, api];

const { values, positionals } = parseArgs({
  args: process.argv.slice(2),
  options: { quick: { type: 'boolean', default: false }, out: { type: 'string' }, help: { type: 'boolean', short: 'h', default: false } },
  allowPositionals: true,
});
if (values.help || positionals.some((name) => !questions.some((one) => one.name === name))) {
  process.stderr.write(
    `npm run bench [-- [--quick] [--out FILE] [QUESTION ...]]\n\nquestions:\n${questions.map((one) => `  ${one.name.padEnd(8)}${one.about}\n`).join('')}`,
  );
  process.exit(values.help ? 0 : 2);
}

process.on('unhandledRejection', (error) => {
  process.stderr.write(`${error instanceof Error ? error.stack : String(error)}\n`);
  process.exit(1);
});

const rows: Row[] = [];
for (const question of questions) {
  if (positionals.length > 0 && !positionals.includes(question.name)) continue;
  process.stderr.write(`measuring ${question.name}: ${question.about} ...\n`);
  rows.push(...(await question.run({ quick: values.quick })));
}
process.stdout.write(`${formatRows(rows)}\n`);
const root = process.env.PAPERKUBE_ROOT ?? process.cwd();
const file = values.out ?? join(root, 'bench/results/latest.json');
mkdirSync(dirname(file), { recursive: true });
const machine = { cores: cpus().length, model: cpus()[0]?.model ?? '', node: process.version };
writeFileSync(file, `${JSON.stringify({ date: new Date().toISOString(), quick: values.quick, machine, rows }, undefined, 2)}\n`);
process.stderr.write(`all values: ${file}\n`);
