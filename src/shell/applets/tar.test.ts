import { execFileSync, spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { createEnv, nodeMachine, silentLog } from '../../env/index.ts';
import { ContainerFs, createImageLayer, programEntries } from '../fs/index.ts';
import type { NetworkStack } from '../kernel/index.ts';
import { HostInput, HostOutput, Kernel } from '../kernel/index.ts';
import { shellProgram } from '../sh/index.ts';
import { busyboxPrograms } from './index.ts';

const available = spawnSync('tar', ['--version']).status === 0;
const layer = createImageLayer([
  ['/etc/passwd', { data: 'root:x:0:0:root:/root:/bin/sh\n' }],
  ['/etc/group', { data: 'root:x:0:\n' }],
  ['/work', { directory: true }],
  ...programEntries('/bin', [...busyboxPrograms(), ['sh', shellProgram({ flavour: 'ash' })]]),
]);

/** Runs a script in a container; `stdin` is what it reads. */
async function run(script: string, stdin: Uint8Array = new Uint8Array(0)): Promise<{ stdout: Buffer; stderr: string; code: number | undefined }> {
  const env = createEnv({ machine: nodeMachine, log: silentLog, seed: 1, start: Date.parse('2026-01-01T00:00:00Z'), mode: 'manual' });
  const system = new Kernel(env).createContainerSystem({ hostname: 'h', fs: new ContainerFs({ layer }), network: {} as NetworkStack });
  const [stdout, stderr]: Uint8Array[][] = [[], []];
  const output = (parts: Uint8Array[]) => new HostOutput({ data: (data) => parts.push(data) > 0 });
  const input = new HostInput();
  const process = system.start({
    argv: ['sh', '-c', script],
    cwd: '/work',
    env: { PATH: '/bin' },
    stdin: input.file,
    stdout: output(stdout as Uint8Array[]),
    stderr: output(stderr as Uint8Array[]),
  });
  input.write(stdin);
  input.end();
  await env.loop.advance(60_000);
  return { stdout: Buffer.concat(stdout as Uint8Array[]), stderr: Buffer.concat(stderr as Uint8Array[]).toString(), code: process.exit?.exitCode };
}

const longName = `${'folder-with-a-long-name/'.repeat(6)}${'f'.repeat(120)}`;

test.skipIf(!available)('a real tar reads what this one writes, long names and links included', async () => {
  const { stdout } = await run(
    `mkdir -p d/e "$(dirname "${longName}")"; echo hello > d/e/f; chmod 640 d/e/f; ln -s f d/e/link; : > d/empty; echo x > "${longName}"; tar cf - d ${longName}`,
  );
  expect(stdout.length % 10_240).toBe(0);
  const listing = execFileSync('tar', ['tf', '-'], { input: stdout }).toString();
  expect(listing.split('\n').sort()).toEqual(['', 'd/', 'd/e/', 'd/e/f', 'd/e/link', 'd/empty', longName].sort());
  expect(execFileSync('tar', ['xOf', '-', 'd/e/f'], { input: stdout }).toString()).toBe('hello\n');
  expect(execFileSync('tar', ['tvf', '-', 'd/e/f'], { input: stdout }).toString()).toMatch(/^-rw-r----- root\/root +6 2026-01-01 .* d\/e\/f\n$/);
});

test.skipIf(!available).each(['ustar', 'gnu', 'pax'])('this tar reads what a real one writes in format %s', async (format) => {
  const folder = mkdtempSync(join(tmpdir(), 'paperkube-tar-'));
  try {
    const name = format === 'ustar' ? 'plain' : longName;
    mkdirSync(join(folder, 'd', name, '..'), { recursive: true });
    writeFileSync(join(folder, 'd', name), Buffer.alloc(100_000, 'x'));
    writeFileSync(join(folder, 'd', 'run'), 'echo hi\n', { mode: 0o755 });
    symlinkSync('run', join(folder, 'd', 'link'));
    const archive = execFileSync('tar', ['cf', '-', `--format=${format}`, '-C', folder, 'd'], { maxBuffer: 10 ** 7 });
    const { stdout, stderr, code } = await run(`mkdir to; tar xmf - -C to; cd to/d; wc -c < ${name}; ./link; stat -c %a run; readlink link`, archive);
    expect([stdout.toString(), stderr, code]).toEqual(['100000\nhi\n755\nrun\n', '', 0]);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});

test('an archive never leaves the folder it is unpacked in', async () => {
  const { stdout, stderr } = await run(
    'mkdir in out; echo a > in/x; echo secret > outside; tar cf a.tar /work/in/x ../work/outside; tar tf a.tar; tar xf a.tar -C out; find out -type f | sort',
  );
  expect(stdout.toString()).toBe('work/in/x\nwork/outside\nout/work/in/x\nout/work/outside\n');
  expect(stderr).toContain("tar: removing leading '/' from member names\n");
});

test('gzip, one member, standard output, a missing file, and what is no archive', async () => {
  const { stdout, stderr } = await run(
    'mkdir d; echo one > d/1; echo two > d/2; tar -czf a.tgz d; tar -xzOf a.tgz d/2; tar c nosuch > b.tar; echo $?; echo no archive, though it is long enough to be one > c; head -c 600 /dev/zero | tr "\\000" x > c; tar xf c; echo $?; tar x -C nowhere < b.tar; echo $?',
  );
  expect(stdout.toString()).toBe('two\n1\n1\n1\n');
  expect(stderr).toBe(
    "tar: nosuch: No such file or directory\ntar: error exit delayed from previous errors\ntar: invalid tar magic\ntar: can't change directory to 'nowhere': No such file or directory\n",
  );
});
