/**
 * `npm run compare -- --against URL [--kubeconfig FILE] [--ours URL] [--whole] [--reasons] [--random COUNT --seed N] [--only TEXT]`: the same requests to ours and to another API server,
 * and every difference outside the documented list on stdout; with --reasons also how many are documented, and why. Ours runs in this process, without controllers (with them if it is --whole), unless a
 * URL is given. With --random that many made-up cases (`random-cases.ts`) instead of the written ones, of the kinds that --only names.
 * Exits with 1 if there are differences.
 */
import { randomBytes } from 'node:crypto';
import { parseArgs } from 'node:util';
import { cases } from './cases/index.ts';
import { readKubeconfig } from './kubeconfig.ts';
import { ourServer } from './our-server.ts';
import { randomCases } from './random-cases.ts';
import { compareServers, distinct, formatFindings, formatReasons } from './run.ts';
import type { Credentials } from './targets.ts';
import { handlerTarget, urlTarget } from './targets.ts';

const { values } = parseArgs({
  args: process.argv.slice(2),
  options: {
    against: { type: 'string' },
    kubeconfig: { type: 'string' },
    ours: { type: 'string' },
    only: { type: 'string' },
    random: { type: 'string' },
    seed: { type: 'string' },
    whole: { type: 'boolean', default: false },
    reasons: { type: 'boolean', default: false },
    help: { type: 'boolean', short: 'h', default: false },
  },
});
const known = values.kubeconfig ? readKubeconfig(values.kubeconfig) : undefined;
const against = values.against ?? known?.server;
if (values.help || !against) {
  process.stderr.write('npm run compare -- --against URL [--kubeconfig FILE] [--ours URL] [--whole] [--reasons] [--random COUNT [--seed N]] [--only TEXT]\n');
  process.exit(values.help ? 0 : 2);
}
const credentials: Credentials = known?.credentials ?? {};
const seed = Number(values.seed ?? Date.now() % 1_000_000);
if (values.random) process.stderr.write(`seed ${seed}\n`);
const all = await compareServers({
  ours: values.ours ? urlTarget('ours', values.ours) : handlerTarget('ours', await ourServer(values.whole)),
  theirs: urlTarget(against, against, credentials),
  cases: values.random ? take(randomCases(seed, values.only ?? ''), Number(values.random)) : cases.filter((one) => one.name.includes(values.only ?? '')),
  namespace: `compare-${randomBytes(3).toString('hex')}`,
});
const findings = values.random ? distinct(all) : all;
if (values.reasons) process.stdout.write(`${formatReasons(findings)}\n`);
process.stdout.write(formatFindings(findings));
process.exit(findings.some((one) => one.because === undefined) ? 1 : 0);

function* take<T>(from: Iterable<T>, count: number): Generator<T> {
  let taken = 0;
  for (const one of from) {
    if (taken++ >= count) return;
    yield one;
  }
}
