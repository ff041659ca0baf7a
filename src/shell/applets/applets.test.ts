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
  `printf "a b c\\nd e f\\n" | awk '{print $2, NF, NR}'; printf "a:b\\nc:d\\n" | awk -F: '{print $2 "-" $1}'; printf "1\\n2\\n3\\n" | awk '{s+=$1} END {print s, s/2, NR}'`,
  `printf "x 1\\ny 2\\nx 3\\n" | awk '{a[$1]+=$2} END {print a["x"], a["y"], length(a); if ("x" in a) print "in"; delete a["x"]; if (!("x" in a)) print "out"}'`,
  `awk 'BEGIN {printf "%5.2f|%-5s|%05d|%x|%c|%e|%g|%s%%\\n", 3.14159, "ab", 42, 255, "hello", 12345.678, 0.0001, "z"; print 1e6, 0.1+0.2, 100000000, 1/3, -7%3}'`,
  `awk 'BEGIN {s="hello world"; print length(s), substr(s,1,5), substr(s,7), index(s,"o"), toupper(s), tolower("ABC"); n=split("a,b,c",p,","); print n,p[1],p[3]; t=s; sub(/o/,"0",t); print t; gsub(/o/,"[&]",s); print s; print match("foobar",/o+/), RSTART, RLENGTH}'`,
  `awk 'function f(n) {return n<2?1:n*f(n-1)} BEGIN {print f(5); i=0; while(i<3) {i++; if(i==2) continue; print i} do {i--} while(i>0); for(;;) {if(++i>2) break}; print i}'`,
  `printf "a\\nb\\nc\\nd\\n" | awk '/b/,/c/'; printf "a\\nb\\n" | awk 'NR==1'; printf "1 2\\n" | awk '{$2="x"; print; $5="y"; print; print NF; NF=2; print}' ; printf "a b\\n" | awk -v OFS=- '{$1=$1; print}'`,
  `printf "a\\nb\\n" > f; awk 'BEGIN {while ((getline l < "f") > 0) print "got", l; close("f"); "echo hi" | getline x; print x; print "z" | "cat"; close("cat"); system("echo sys"); exit 3}'; echo $?`,
  `printf "a b\\nc\\n\\nd e\\n" | awk 'BEGIN {RS=""} {print NR": "$1"-"NF}'; printf "10\\n9\\nabc\\n" | awk '$1 > 9 {print "gt", $1} $1 == "9" {print "eq"}'; echo "a1b22c" | awk -F'[0-9]+' '{print $1,$2,$3}'; echo x | awk '{print > "out"}'; cat out`,
  `awk 'BEGIN {print 1==1.0, "a"<"b", "10"<"9", 10<9, !0, !"a", 1 " " 2, -1 " " -1; x["a"]; print length(x); print substr("hello",0), substr("hello",-1,3), substr("hello",2,100) }'; awk 'BEGIN {print 1/0}'; echo $?; awk '{'; echo $?`,
  `echo hello | gzip | gunzip; echo hi > f; gzip f; ls; zcat f.gz; gunzip f.gz; cat f; gzip nosuch; echo $?; echo x | gunzip; echo $?; gunzip f; echo $?`,
  `echo "the quick brown fox" | fold -w 5; echo "the quick brown fox" | fold -s -w 8; printf "a\\nb\\n" > x; printf "b\\nc\\n" > y; comm x y; comm -12 x y; comm -3 x y`,
  `printf "1\\n2\\n3\\n4\\n5\\n" > f; split -l 2 f p; ls; cat pac; split -b 4 f q; cat qab; echo abc | cksum; cksum f; printf "ab\\0hello\\0world123\\n" | strings`,
  `getopt -o ab:c -l long,value: -n prog -- -a -b x --long --value=y rest more; getopt ab: -a -b x rest`,
  `seq 1 30 > a; sed "s/^3$/three/;s/^25$/x/" a > b; diff a b; echo $?; diff a a; echo $?; echo 1 > c; diff a c | head -4; printf "a" > n; printf "a\\n" > m; diff n m; cmp a b; echo $?; cmp n m; echo $?; cmp a a; echo $?; cmp -s a b; echo $?`,
  `mkdir d; touch d/a d/b d/c; find d -type f -exec echo {} + | tr " " "\\n" | sort; find d -name a -exec false {} +; echo $?; find d -type f | sort | xargs echo`,
  `printf "b 2\\na 10\\nc 1\\n" | sort -k2 -n; printf "b:2\\na:10\\n" | sort -t: -k2n; printf "a\\nb\\n" | sort -r; printf "b 1\\na 1\\nb 2\\n" | sort -k1,1 -k2,2nr`,
  `seq 1 20 | grep -B1 -A2 "^10$"; seq 1 20 | grep -C1 -e "^5$" -e "^15$"; seq 3 | grep -m1 .; printf "abc\\n" | grep -o .; grep -l a nosuch; echo $?; printf "a.b\\naxb\\n" | grep "a\\.b"; echo x | grep -e a -e x`,
  `printf "a b\\nc d\\n" > x; printf "1\\n2\\n" > y; paste x y; paste -d, x y; paste -s x; printf "a\\n\\nb\\n" | nl -b a; printf "a 1\\nb 2\\n" > l; printf "a x\\nb y\\n" > r; seq 3 | paste -s -d+ -`,
  `date -u -d @86399 "+%H:%M:%S %p %y %U %V %G %u %w %e %k %l"; date -u -d "2024-02-29 12:30" "+%F %T"; date -u -d "2024-02-29 12:30:45" +%s; date -d nonsense; echo $?`,
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
    const wrapped = `mkdir bin; busybox --install -s bin 2>/dev/null; PATH=$PWD/bin:/usr/bin:/bin; mkdir w; cd w; exec 2>&1; ${script}`;
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

test('tail -F waits for a file to appear, and follows what takes its place', async () => {
  const script = `tail -F log & sleep 2; echo one > log; sleep 2; echo two > new; mv new log; sleep 2; rm log; sleep 1; echo three > log; sleep 2; echo 4 > log; sleep 2; kill $!`;
  expect((await simulated(script)).replace(/exit \d+\n/, '')).toBe(
    [
      "tail: can't open 'log': No such file or directory",
      'tail: log has appeared; following end of new file',
      'one',
      'tail: log has been replaced; following end of new file',
      'two',
      'tail: log has been renamed or deleted: No such file or directory',
      'tail: log has been replaced; following end of new file',
      'three',
      '4',
      '',
    ].join('\n'),
  );
});
