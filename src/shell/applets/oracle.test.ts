import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { constants, tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { programEntries } from '../fs/index.ts';
import { runScript } from '../sh/test-container.ts';
import { busyboxPrograms } from './index.ts';
import { appletDifferences, appletScripts } from './oracle-scripts.ts';

const busybox = spawnSync('sh', ['-c', 'command -v busybox'], { encoding: 'utf8' }).stdout.trim();
const folder = busybox ? mkdtempSync(join(tmpdir(), 'paperkube-busybox-')) : '';
const programs = join(folder, 'bin');
let scratch = 0;

if (busybox) {
  // Busybox' own applets are meant, not those of the host.
  mkdirSync(programs);
  const names = spawnSync(busybox, ['--list'], { encoding: 'utf8' }).stdout.split('\n').filter(Boolean);
  for (const name of names) symlinkSync(busybox, join(programs, name));
}

afterAll(() => {
  if (folder) rmSync(folder, { recursive: true, force: true });
});

function runOracle(script: string): { readonly stdout: string; readonly code: number } {
  const cwd = join(folder, `scratch-${(scratch += 1)}`);
  mkdirSync(cwd);
  const done = spawnSync(busybox, ['sh', '-c', script], {
    encoding: 'utf8',
    cwd,
    env: { PATH: programs, HOME: '/', TZ: 'UTC' },
    timeout: 10_000,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  return { stdout: done.stdout, code: done.signal ? 128 + constants.signals[done.signal] : (done.status ?? 255) };
}

describe.skipIf(!busybox)('applets give the output and the exit code of busybox', () => {
  test.each(appletScripts.filter((script) => !Object.hasOwn(appletDifferences, script)))('%s', async (script) => {
    const ours = await runScript(`mkdir /tmp/w; cd /tmp/w; ${script}`, 'ash', { extra: programEntries('/usr/bin', busyboxPrograms()) });
    expect({ stdout: ours.stdout, code: ours.code }).toEqual(runOracle(script));
  });
});
