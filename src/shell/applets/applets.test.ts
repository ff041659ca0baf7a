import { execFileSync, spawnSync } from 'node:child_process';
import { expect, test } from 'vitest';
import { createEnv, nodeMachine, silentLog } from '../../env/index.ts';
import { ContainerFs, createImageLayer, programEntries } from '../fs/index.ts';
import type { NetworkStack } from '../kernel/index.ts';
import { HostOutput, Kernel } from '../kernel/index.ts';
import { shellProgram } from '../sh/index.ts';
import { busyboxPrograms } from './index.ts';

/** Scripts whose output and exit code must be those of a real busybox. */
const scripts = [
  'printf "b\\na\\nc\\na\\n" | sort -u; printf "3\\n20\\n1\\n" | sort -n -r',
  'seq 1 5 | head -n 2; seq 5 | tail -n 2; seq 1 10 | tail -n +8; seq -w 8 11; seq 3 -1 1; seq 1 0.5 2',
  'echo hello world | wc; echo hello | wc -c; printf "a b\\nc" | wc -lw',
  'printf "a:b:c\\nd\\n" | cut -d: -f1,3; printf "abcdef\\n" | cut -c2-4; printf "a:b\\nd\\n" | cut -s -d: -f2',
  'echo hello | tr a-z A-Z; echo "a,b,c" | tr "," " "; echo aabbcc | tr -s a-c; echo a1b2 | tr -d 0-9; echo abc | tr -c "b\\n" x',
  'printf "foo\\nbar\\nFoo\\n" | grep -i foo; printf "foo\\nbar\\n" | grep -vn foo; printf "a\\n" | grep -q b; echo $?; printf "foobar\\n" | grep -o "o*b"; printf "x\\ny\\nx\\n" | grep -c x; echo "a+b" | grep -F "a+b"; printf "ab\\nabab\\n" | grep -E "^(ab){2}$"; echo "foo-bar" | grep -w foo; printf "1\\n2\\n3\\n4\\n" | grep -A1 2',
  'echo "hello world" | sed "s/o/0/g"; printf "1\\n2\\n3\\n" | sed -n "2p"; printf "1\\n2\\n3\\n" | sed "2d"; printf "a\\nb\\nc\\n" | sed "/b/,\\$s/^/x/"; echo abc | sed -E "s/(a)(b)/\\2\\1/"; echo a/b | sed "s|/|-|"; printf "1\\n2\\n3\\n" | sed "\\$!N;s/\\n/,/"; echo aXbXc | sed "s/X/-/2"; printf "a\\n" | sed "a b"; echo Hello | sed "s/h/J/I"',
  'printf "a\\na\\nb\\n" | uniq -c; printf "a\\na\\nb\\n" | uniq -d',
  'basename /a/b.txt .txt; dirname /a/b; dirname a; basename /; dirname /a',
  'expr 1 + 2 \\* 3; expr abc : "a\\(.\\)"; expr 3 \\> 2; expr length hello; expr 0; echo $?',
  'printf "%5d|%-5s|%05.1f|%x|%c|%%\\n" 42 ab 3.14159 255 xyz; printf "%s\\n" a b c; printf "%b" "a\\tb\\n"',
  'echo hi | md5sum; echo hi | sha256sum; echo hi | base64; echo aGkK | base64 -d; echo hi | od; echo hi | od -c; echo "hello hexdump 16+" | hexdump -C; echo hi | hexdump',
  'mkdir -p d/e; touch d/f d/e/g; find d | sort; find d -name g; find d -type d | sort; find d -type f -exec basename {} \\; | sort; rm -r d; ls d; echo $?',
  'echo a > x; cp x y; mv y z; cat z; ln -s z l; readlink l; cat l; rm x z l; ls',
  'echo "a b c" | xargs -n1 echo; printf "1\\n2\\n" | xargs -I{} echo "<{}>"; echo "x y" | xargs',
  'cat nosuch; echo $?; rm nosuch; rmdir nosuch; cp nosuch x; mv nosuch x; ls nosuch; head nosuch; touch no/such; grep x nosuch; echo $?; sleep x; chmod 999 .; stat nosuch; wc nosuch; sort nosuch',
  'test 1 -lt 2 && echo lt; [ -d / ] && echo dir; test a = b || echo ne; [ ! -e nosuch ] && echo no; test -z "" -a -n x && echo and',
  'touch -d "2020-01-02 03:04:05" f; stat -c "%s %a %F %Y %n" f; chmod 640 f; stat -c %a f; chmod u+x,g-r f; stat -c %A f; ls -l f; rm f',
  'date -u -d @0 "+%Y-%m-%d %H:%M:%S %j %a %b %e"; date -d @86400 +%s; date -u -d @0',
  'printf "a\\tb\\n" | cat -A; printf "x\\n\\ny\\n" | cat -n; printf "1\\n2\\n" | tac; echo abc | rev; printf "a\\n\\nb\\n" | nl',
  'echo hi | tee f g; cat f g; dd if=f of=h bs=1 count=1; cat h; rm f g h; which nosuch; echo $?; env -i A=b env; timeout 1 true; echo $?',
  'echo aaa > f; sed -i "s/a/b/" f; cat f; rm f; yes | head -n 3; id -u; whoami; readlink -f /tmp/../tmp; nosuchcommand; echo $?',
];

const available = spawnSync('busybox', ['true']).status === 0;
const stack: NetworkStack = {
  addresses: [],
  listen: () => {
    throw new Error('no network');
  },
  connect: () => Promise.reject(new Error('no network')),
  bindDatagram: () => {
    throw new Error('no network');
  },
  ping: () => ({ reachable: false, roundTripMs: 0 }),
};

const layer = createImageLayer([
  ['/etc/passwd', { data: 'root:x:0:0:root:/root:/bin/sh\n' }],
  ['/etc/group', { data: 'root:x:0:\n' }],
  ['/tmp', { directory: true, mode: 0o1777 }],
  ['/work', { directory: true }],
  ...programEntries('/bin', [...busyboxPrograms(), ['sh', shellProgram({ flavour: 'ash' })]]),
]);

async function simulated(script: string): Promise<string> {
  const env = createEnv({ machine: nodeMachine, log: silentLog, seed: 1, start: Date.parse('2026-01-01T00:00:00Z'), mode: 'manual' });
  const system = new Kernel(env).createContainerSystem({ hostname: 'h', fs: new ContainerFs({ layer }), network: stack });
  const parts: Uint8Array[] = [];
  const output = () =>
    new HostOutput({
      data: (data) => {
        parts.push(data);
        return true;
      },
    });
  const process = system.start({ argv: ['sh', '-c', script], cwd: '/work', env: { PATH: '/bin' }, stdout: output(), stderr: output() });
  await env.loop.advance(20_000);
  return `${Buffer.concat(parts).toString()}exit ${process.exit?.exitCode}\n`;
}

function real(script: string): string {
  const folder = execFileSync('mktemp', ['-d']).toString().trim();
  try {
    const wrapped = `mkdir bin; busybox --install -s bin 2>/dev/null; PATH=$PWD/bin; mkdir w; cd w; exec 2>&1; ${script}`;
    const { stdout, status } = spawnSync('busybox', ['sh', '-c', wrapped], { cwd: folder, env: { PATH: '/bin:/usr/bin' } });
    return `${stdout.toString()}exit ${status}\n`;
  } finally {
    execFileSync('rm', ['-rf', folder]);
  }
}

/** Usage texts, times of the test run and the like differ by build. */
function comparable(text: string): string {
  return text
    .replace(/BusyBox v[^\n]*\n/g, '')
    .replace(/\n?Usage: [\s\S]*?(?=\n\S+: |\nexit |$)/g, '')
    .replace(/^sh: (?:line \d+: )?/gm, 'sh: ')
    .trim();
}

test.skipIf(!available).each(scripts)('prints what busybox prints: %s', async (script) => {
  expect(comparable(await simulated(script))).toBe(comparable(real(script)));
});
