import { expect, test } from 'vitest';
import { createEnv, nodeMachine, silentLog } from '../../env/index.ts';
import { ContainerFs, createImageLayer, programEntries } from '../fs/index.ts';
import type { NetworkStack, Program } from '../kernel/index.ts';
import { HostOutput, Kernel } from '../kernel/index.ts';
import { shellProgram } from '../sh/program.ts';
import { busyboxPrograms } from './index.ts';

/** Runs a script, and counts the steps of all its processes together. */
async function stepsOf(script: string): Promise<{ readonly out: string; readonly steps: number; readonly code: number | undefined }> {
  const env = createEnv({ machine: nodeMachine, log: silentLog, seed: 1, start: 0, mode: 'manual' });
  const layer = createImageLayer([
    ['/bin/sh', { program: shellProgram({ flavour: 'ash' }) }],
    ...programEntries('/bin', busyboxPrograms()),
    ['/tmp', { directory: true, mode: 0o1777 }],
  ]);
  const system = new Kernel(env).createContainerSystem({ hostname: 'test', fs: new ContainerFs({ layer }), network: {} as NetworkStack });
  const idle: Program = function* (process) {
    for (;;) yield* process.sleep(3_600_000);
  };
  system.start({ argv: ['idle'], program: idle });
  let out = '';
  const data = (bytes: Uint8Array) => {
    out += Buffer.from(bytes).toString();
    return true;
  };
  const handle = system.start({ argv: ['sh', '-c', script], stdout: new HostOutput({ data }), stderr: new HostOutput({ data }) });
  for (let seconds = 0; seconds < 600 && !handle.exit; seconds += 1) await env.loop.advance(1000);
  const steps = Math.round(system.cpuUsedMs / 0.005);
  env.loop.stop();
  return { out, steps, code: handle.exit?.exitCode };
}

const long = "yes | tr -d '\\n' | head -c 200k";

/**
 * Between two steps nobody else runs, the API server included. So work that grows with what a script hands over must take steps in
 * proportion; what follows took a handful, each of them seconds for an input of some MiB.
 */
test.each([
  ['for (k in a) of awk', `awk 'BEGIN { for (i = 0; i < 20000; i++) a[i]; for (k in a) n++; print n }'`, '20000\n', 60_000],
  ['split of awk', `${long} | awk '{ print split($0, parts, /y/) }'`, '204801\n', 5_000],
  ['fields of awk', `yes a | tr '\\n' ' ' | head -c 200k | awk '{ print NF }'`, '102400\n', 1_500],
  ['sort', 'seq 1 50000 | sort -r | head -n 1', '9999\n', 20_000],
  ['y of sed', `${long} | sed y/y/z/ | wc -c`, '204800\n', 200],
  ['rev', `${long} | rev | wc -c`, '204801\n', 200],
  ['grep of a pattern that is slow', `${long} | grep -c -E '(y|yy)+x'; :`, '0\n', 2_000],
  ['touch of many files', 'cd /tmp; touch $(seq 1 5000); ls | wc -l', '5000\n', 10_000],
  ['$@ of many parameters', 'set -- $(seq 1 50000); set -- "$@"; echo $#', '50000\n', 1_000],
  ['printf of many arguments', 'printf "%s\\n" $(seq 1 20000) | wc -l', '20000\n', 20_000],
  ['case of a long text', `x=$(${long}); case $x in *y*y*y*x) echo found ;; *) echo none ;; esac`, 'none\n', 500],
  ['a block of dd', 'dd if=/dev/zero of=/dev/null bs=10M count=1 status=none; echo $?', '0\n', 5_000],
  ['xargs', 'seq 1 20000 | xargs -n 20000 echo | wc -w', '20000\n', 1_500],
])('%s lets others run', async (_, script, out, least) => {
  const ran = await stepsOf(script);
  expect(ran).toMatchObject({ out, code: 0 });
  expect(ran.steps).toBeGreaterThan(least);
});

test.each([
  [
    'words of an arithmetic expression that is read again and again',
    'a=1+1; b=a+a+a+a; c=b+b+b+b; d=c+c+c+c; e=d+d+d+d; f=e+e+e+e; g=f+f+f+f; h=g+g+g+g; i=h+h+h+h; echo $((i+i+i+i))',
    'arithmetic syntax error',
  ],
  ['an argument that execve does not take', 'x=$(head -c 200k /dev/zero | tr "\\0" a); cat $x', 'cat: Argument list too long'],
  ['newlines in front of the end', 'x=$(yes "" | head -c 300k; echo x); echo "$x" | wc -c', '307202'],
  ['a number that is none at its end', `yes 1 | tr -d '\\n' | head -c 300k | awk '{ print ($1 == 1) }'`, '0'],
  ['slashes of a path', 'basename $(yes / | tr -d "\\n" | head -c 100k)x', 'x'],
  ['zeros of a printf format', 'printf "%$(yes 0 | tr -d "\\n" | head -c 60k)d\\n" 1', '1'],
  ['a script whose mistake is far from its beginning', '(echo "{"; yes : | head -n 2000; echo ")") > /tmp/s; sh /tmp/s', 'unexpected ")"'],
])(
  '%s: no square of the length',
  async (_, script, out) => {
    expect((await stepsOf(script)).out).toContain(out);
  },
  10_000,
);

test('a long script is read in parts, as it runs, and lines keep their numbers', async () => {
  const script = `i=0; while [ $i -lt 3000 ]; do echo "n=$i; if :; then"; echo "  m=$LINENO_"; echo fi; i=$((i+1)); done > /tmp/s; echo 'echo $n $LINENO' >> /tmp/s; echo 'if' >> /tmp/s; sh /tmp/s`;
  const { out } = await stepsOf(script);
  expect(out).toMatch(/^2999 9001\n/);
  expect(out).toContain('syntax error');
});

test('what gzip and tar compress in portions, they expand again', async () => {
  const script = `cd /tmp; seq 1 60000 > a; md5sum < a; gzip -c a | zcat | md5sum; tar czf a.tgz a; rm a; tar xzf a.tgz; md5sum < a; gzip a; gunzip a.gz; md5sum < a; : > b; gzip b; zcat b.gz | wc -c`;
  const { out } = await stepsOf(script);
  const lines = out.split('\n');
  expect(new Set(lines.slice(0, 4)).size).toBe(1);
  expect(lines[4]).toBe('0');
});

test('df -i tells how many files there may be, and are', async () => {
  const { out } = await stepsOf('cd /tmp; df -i / | tail -n 1; touch a b c; df -i / | tail -n 1');
  const used = [...out.matchAll(/ (\d+) +\d+ +\d+% \/$/gm)].map((match) => Number(match[1]));
  expect(out).toContain(' 100000 ');
  expect((used[1] as number) - (used[0] as number)).toBe(3);
});
