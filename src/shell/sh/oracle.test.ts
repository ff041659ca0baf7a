import { spawnSync } from 'node:child_process';
import { constants } from 'node:os';
import { describe, expect, test } from 'vitest';
import { busyboxPrograms } from '../applets/index.ts';
import { programEntries } from '../fs/index.ts';
import { oracleCases } from './oracle-cases.ts';
import { runScript } from './test-container.ts';

const oracles = [
  { flavour: 'dash', command: ['dash'] },
  { flavour: 'ash', command: ['busybox', 'sh'] },
] as const;

/** Real shells find `sh` under that name: the oracle itself is meant. */
function runOracle(command: readonly string[], script: string): { readonly stdout: string; readonly code: number } {
  const [program = '', ...args] = command;
  const prefix = command[0] === 'busybox' ? 'sh() { busybox sh "$@"; }\n' : '';
  const done = spawnSync(program, [...args, '-c', prefix + script], { encoding: 'utf8', cwd: '/', env: { PATH: '/usr/bin:/bin', HOME: '/' }, timeout: 10_000 });
  return { stdout: done.stdout, code: done.signal ? 128 + constants.signals[done.signal] : (done.status ?? 255) };
}

for (const { flavour, command } of oracles) {
  const present = spawnSync(command[0], [...command.slice(1), '-c', 'exit 0']).status === 0;
  describe.skipIf(!present)(`scripts give the output and the exit code of ${command.join(' ')}`, () => {
    test.each(oracleCases.filter((one) => !one.differs?.[flavour]))('$script', async ({ script }) => {
      const ours = await runScript(script, flavour, { extra: programEntries('/usr/bin', busyboxPrograms()) });
      expect({ stdout: ours.stdout, code: ours.code }).toEqual(runOracle(command, script));
    });
  });
}
