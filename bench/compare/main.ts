/**
 * `npm run compare -- --against URL [--kubeconfig FILE] [--ours URL] [--whole] [--reasons]`: the same requests to ours and to another API server,
 * and every difference outside the documented list on stdout; with --reasons also how many are documented, and why. Ours runs in this process, without controllers (with them if it is --whole), unless a
 * URL is given.
 * Exits with 1 if there are differences.
 */
import { randomBytes } from 'node:crypto';
import { parseArgs } from 'node:util';
import { cases } from './cases/index.ts';
import { readKubeconfig } from './kubeconfig.ts';
import { ourServer } from './our-server.ts';
import { compareServers, formatFindings, formatReasons } from './run.ts';
import type { Credentials } from './targets.ts';
import { handlerTarget, urlTarget } from './targets.ts';

const { values } = parseArgs({
  args: process.argv.slice(2),
  options: {
    against: { type: 'string' },
    kubeconfig: { type: 'string' },
    ours: { type: 'string' },
    only: { type: 'string' },
    whole: { type: 'boolean', default: false },
    reasons: { type: 'boolean', default: false },
    help: { type: 'boolean', short: 'h', default: false },
  },
});
const known = values.kubeconfig ? readKubeconfig(values.kubeconfig) : undefined;
const against = values.against ?? known?.server;
if (values.help || !against) {
  process.stderr.write('npm run compare -- --against URL [--kubeconfig FILE] [--ours URL] [--whole] [--reasons] [--only TEXT]\n');
  process.exit(values.help ? 0 : 2);
}
const credentials: Credentials = known?.credentials ?? {};
const findings = await compareServers({
  ours: values.ours ? urlTarget('ours', values.ours) : handlerTarget('ours', await ourServer(values.whole)),
  theirs: urlTarget(against, against, credentials),
  cases: cases.filter((one) => one.name.includes(values.only ?? '')),
  namespace: `compare-${randomBytes(3).toString('hex')}`,
});
if (values.reasons) process.stdout.write(`${formatReasons(findings)}\n`);
process.stdout.write(formatFindings(findings));
process.exit(findings.some((one) => one.because === undefined) ? 1 : 0);
