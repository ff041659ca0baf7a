// biome-ignore-all lint/suspicious/noTemplateCurlyInString: these are shell scripts.
import { expect, test } from 'vitest';
import { openTerminal } from './test-container.ts';

test('busybox writes each line to the history file, and a later shell recalls it', async () => {
  const one = await openTerminal('ash');
  await one.type('mkdir /root; HISTFILE=/root/.ash_history exec sh\r');
  await one.type('echo first\r');
  await one.type('echo first\r');
  await one.type('sh\r');
  expect(await one.type('\x1b[A\x1b[A')).toContain('$ echo first');
  await one.type('\x03');
  expect(await one.type('cat /root/.ash_history\r')).toContain('\r\necho first\r\nsh\r\ncat /root/.ash_history\r\n');
});

test('a folder that cannot be written to costs the history, nothing else', async () => {
  const { type } = await openTerminal('ash', { env: { HISTFILE: '/nosuch/history' } });
  expect(await type('echo a\r')).toBe('echo a\r\na\r\n$ ');
  expect(await type('\x1b[A')).toBe('\r$ echo a\x1b[J');
});

test('bash keeps its history until it ends', async () => {
  const bash = await openTerminal('bash', { env: { HISTFILE: '/w/history' } });
  await bash.type('echo a\r');
  const files = bash.fs.view({ pid: 0, uid: 0, gid: 0, groups: [], umask: 0, cwd: '/', capabilities: 0n });
  expect(files.exists('/w/history')).toBe(false);
  await bash.type('exit\r');
  expect(files.readText('/w/history')).toBe('echo a\nexit\n');
});

test('^Z has no effect on a program that no shell could continue', async () => {
  const { handle, type, env } = await openTerminal('ash', { argv: ['sleep', '10'] });
  expect(await type('\x1a')).toBe('^Z');
  await env.loop.advance(10_000);
  expect(handle.exit?.exitCode).toBe(0);
});

test('stopped jobs do not outlive their shell', async () => {
  const { handle, type } = await openTerminal('ash', { argv: ['sh', '-c', 'sh; ps -o stat,args | grep -c "sleep 100$"'] });
  await type('sleep 100\r');
  await type('\x1a');
  await type('exit\r');
  expect(await type('exit\r')).toBe('exit\r\n0\r\n');
  expect(handle.exit).toBeDefined();
});

test('a shell that loses its terminal ends, and its foreground job with it', async () => {
  const { handle, type, tty, env } = await openTerminal('ash');
  await type('sleep 1000\r');
  tty.hangup();
  await env.loop.settle();
  expect(handle.exit).toBeDefined();
});

test('`sh -i` without a terminal says that there is no job control', async () => {
  const { type } = await openTerminal('ash');
  expect(await type('echo "echo hi" | sh -i 2>&1 | cat\r')).toContain("sh: can't access tty; job control turned off\r\n");
});

test('prompts know their escapes and expand parameters', async () => {
  const ash = await openTerminal('ash', { env: { PS1: '\\u@\\h:\\w \\$ ', USER: 'me' } });
  expect(ash.first).toBe('me@test:/w # ');
  expect(await ash.type("PS1='$PWD $((1+1))> '\r")).toBe("PS1='$PWD $((1+1))> '\r\n/w 2> ");
  const dash = await openTerminal('dash', { env: { PS1: '$PWD \\w ' } });
  expect(dash.first).toBe('/w \\w ');
});

test('typing ahead while a command runs is echoed, and read by the shell afterwards', async () => {
  const { type, env } = await openTerminal('ash');
  expect(await type('sleep 1\r', 0)).toBe('sleep 1\r\n');
  expect(await type('echo later\r', 0)).toBe('echo later\r\n');
  await env.loop.advance(1000);
  expect(await type('')).toBe('$ echo later\r\nlater\r\n$ ');
});

test('a paste in brackets is one line to edit until Enter is pressed', async () => {
  const { type } = await openTerminal('bash');
  expect(await type('\x1b[200~echo a\necho b\x1b[201~')).toBe('echo a\r\necho b');
  expect(await type('\r')).toBe('\r\n\x1b[?2004l\ra\r\nb\r\n\x1b[?2004h$ ');
});

test('a line has a limit, and sequences that are no keys do nothing', async () => {
  const { type } = await openTerminal('ash');
  expect(await type('\x1b[24;80R\x1b[5~\x1b[>0;276;0c')).toBe('');
  await type('x'.repeat(5000));
  await type('\x01: \r');
  expect(await type('echo $?\r')).toBe('echo $?\r\n127\r\n$ ');
});

test('bash expands braces, and gives up on too many', async () => {
  const { type } = await openTerminal('bash', { env: { TERM: 'dumb' } });
  expect(await type('echo {a,b{1,2}}{x,y} {01..3} {c..a} {1..10..4} "{a,b}" a{b} ${x:-{a,b}}\r')).toContain(
    '\r\nax ay b1x b1y b2x b2y 01 02 03 c b a 1 5 9 {a,b} a{b} {a,b}\r\n',
  );
  expect(await type('echo {1..99999999}\r')).toContain('brace expansion: cannot allocate memory');
});

test('stty changes the size of the window, and a running program hears of it', async () => {
  const { type } = await openTerminal('ash');
  expect(await type('stty rows 40 cols 120; stty size\r')).toContain('40 120\r\n');
});

test.each(['ash', 'dash', 'bash'] as const)('a signal with a trap does not disturb the line being typed in %s, except ^C', async (flavour) => {
  const { type, tty } = await openTerminal(flavour, { env: { TERM: 'dumb' } });
  await type('trap "echo resized" WINCH; trap "echo int" INT\r');
  await type('echo a');
  tty.resize(100, 50);
  expect(await type('b\r')).toContain('ab\r\nresized\r\n');
  expect(await type('echo c\x03')).toContain('^C');
  expect(await type('echo d\r')).toContain('\r\nd\r\n');
});
