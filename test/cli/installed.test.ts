/** The program as npm installs it, and the code that V8 has compiled of it, which a start leaves for those after it. */
import { spawnSync } from 'node:child_process';
import { chmodSync, cpSync, mkdtempSync, readdirSync, rmSync, statSync, symlinkSync, truncateSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { builtProgram, User } from './support/program.ts';

const isCompiled = (path: string) => path.endsWith('.cache');

let folder: string;
let user: User;
beforeEach(() => {
  const installed = mkdtempSync(join(tmpdir(), 'paperkube-installed-'));
  folder = join(installed, 'dist');
  cpSync(dirname(builtProgram), folder, { recursive: true, filter: (path) => !isCompiled(path) && !path.endsWith('.map') });
  symlinkSync(join(dirname(builtProgram), '../generated'), join(installed, 'generated'), 'dir');
  user = new User(join(folder, 'main.js'));
});
afterEach(async () => {
  await user.leave();
  rmSync(dirname(folder), { recursive: true, force: true });
});

const compiled = () => readdirSync(folder).filter(isCompiled);
const start = (...words: string[]) => user.run('run', ...words, '--', process.execPath, '-e', '');

test('a start leaves it, one of the API alone leaves its own, and a command that starts nothing leaves none', async () => {
  expect((await user.run('version')).code).toBe(0);
  expect(compiled()).toEqual([]);
  expect((await start('--components', 'api')).code).toBe(0);
  expect(compiled()).toEqual([expect.stringMatching(/^program-api-/)]);
  expect((await start('--nodes', '1')).code).toBe(0);
  expect(compiled()).toEqual([expect.stringMatching(/^program-all-/), expect.stringMatching(/^program-api-/)]);
});

test('a start after one that left it reads it and leaves it alone, and makes anew what is damaged', async () => {
  await start('--components', 'api');
  const [file = ''] = compiled();
  const first = statSync(join(folder, file));
  expect(await start('--components', 'api')).toMatchObject({ code: 0, stderr: '' });
  expect(statSync(join(folder, file)).ino).toBe(first.ino);
  truncateSync(join(folder, file), first.size / 2);
  expect(await start('--components', 'api')).toMatchObject({ code: 0, stderr: '' });
  expect(statSync(join(folder, file)).size).toBeGreaterThan(first.size / 2);
});

test('the program runs under its own name, as npm links it', () => {
  const linked = join(dirname(folder), 'paperkube');
  symlinkSync(join(folder, 'main.js'), linked);
  chmodSync(join(folder, 'main.js'), 0o755);
  const { status, stdout, stderr } = spawnSync(linked, ['version'], { encoding: 'utf8' });
  expect([status, stdout.split(' ')[0], stderr]).toEqual([0, 'paperkube', '']);
});
