import { expect, test } from 'vitest';
import { programEntries } from '../fs/index.ts';
import { runScript } from '../sh/test-container.ts';
import { busyboxPrograms, debianPrograms } from './index.ts';

async function busybox(script: string): Promise<string> {
  const { stdout, stderr } = await runScript(`mkdir /tmp/w; cd /tmp/w; ${script}`, 'ash', { extra: programEntries('/usr/bin', busyboxPrograms()) });
  return stdout + stderr;
}
async function debian(script: string): Promise<string> {
  const { stdout, stderr } = await runScript(`mkdir /tmp/w; cd /tmp/w; ${script}`, 'dash', { extra: programEntries('/usr/bin', debianPrograms()) });
  return stdout + stderr;
}

test('install copies with a mode and an owner, and makes folders', async () => {
  expect(await busybox('echo a > f; install f g; stat -c %a g; install -m 600 -o 5 f h; stat -c "%a %u" h; install -d x/y; ls x')).toBe('755\n600 5\ny\n');
  expect(await busybox('echo a > f; mkdir d; install -m 644 f d; cat d/f; install -D f n/e/w/g; ls n/e/w; install nosuch g; echo $?')).toBe(
    "a\ng\n1\ncp: can't stat 'nosuch': No such file or directory\n",
  );
});

test('mountpoint and umount tell of what is mounted, and what may not be unmounted', async () => {
  expect(await busybox('mountpoint /proc; mountpoint .; echo $?; mountpoint -q /nosuch; echo $?; umount /proc')).toBe(
    "/proc is a mountpoint\n. is not a mountpoint\n1\n1\numount: can't unmount /proc: Operation not permitted\n",
  );
  expect(await debian('umount /proc; echo $?')).toBe('32\numount: /proc: must be superuser to unmount.\n');
});

test('what takes a capability that containers do not have is refused in the words of each', async () => {
  expect(await busybox('dmesg; nsenter -t 1 -m sh; unshare -m')).toBe(
    'dmesg: klogctl: Operation not permitted\nnsenter: setns(mnt): Operation not permitted\nunshare: unshare(0x0): Operation not permitted\n',
  );
  expect(await debian('dmesg; mount -t tmpfs none /mnt; hostname other')).toBe(
    'dmesg: read kernel buffer failed: Operation not permitted\nmount: /mnt: permission denied.\nhostname: you must be root to change the host name\n',
  );
});

test('setpriv drops to another user with the groups that are asked for', async () => {
  const status = 'sh -c "id -u; id -g; grep CapEff /proc/self/status"';
  expect(await debian(`setpriv --reuid=1000 --regid=1000 --clear-groups ${status}`)).toBe('1000\n1000\nCapEff:\t0000000000000000\n');
  expect(await debian('setpriv --regid=5 true; echo $?; setpriv --reuid=nobodyelse true; echo $?')).toBe(
    "127\n127\nsetpriv: --[re]gid requires --keep-groups, --clear-groups, --init-groups, or --groups\nsetpriv: failed to parse: 'nobodyelse'\n",
  );
});

test('a number of bc that would be too large for anybody to wait for is refused, and so are blocks too deep in each other', async () => {
  expect(await busybox('echo "9^9^9" | bc; echo $?')).toBe('1\nbc: numbers of more than 50000 digits are not simulated\n');
  expect(await busybox('echo "obase=2; 3^6000" | bc; (echo "ibase=16"; yes F | head -n 3000 | tr -d "\\n"; echo) | bc')).toBe(
    'bc: numbers of more than 2000 digits in other bases are not simulated\n'.repeat(2),
  );
  expect(await busybox('yes "{" | head -c 2000 | bc; echo $?; yes "(" | head -c 3000 | tr -d "\\n" | bc; echo $?')).toBe(
    '1\n1\nbc: parse error\nbc: parse error\n',
  );
});
