import { expect, test } from 'vitest';
import { Tty } from '../kernel/index.ts';
import { createTestContainer, runScript } from './test-container.ts';

test('an unknown command is reported in the words of each flavour', async () => {
  expect((await runScript('foo', 'ash')).stderr).toBe('sh: foo: not found\n');
  expect((await runScript('foo', 'dash')).stderr).toBe('sh: 1: foo: not found\n');
  expect((await runScript('foo', 'ash')).code).toBe(127);
});

test('a syntax error has the words of each flavour and status 2', async () => {
  expect(await runScript('echo a; fi', 'dash')).toEqual({ stdout: '', stderr: 'sh: 1: Syntax error: "fi" unexpected\n', code: 2 });
  expect(await runScript('if true; then', 'dash')).toMatchObject({ code: 2 });
  expect((await runScript('echo a; fi', 'ash')).stderr).toBe('sh: syntax error: unexpected "fi"\n');
});

test('a function that calls itself for ever ends the script, not the host', async () => {
  const result = await runScript('f() { f; }; f; echo no');
  expect(result).toMatchObject({ stdout: '', code: 2 });
});

test('a recursion through subshells ends at the process limit', async () => {
  const result = await runScript('f() { (f); }; f; echo "status $?"', 'dash', { limitMs: 60_000 });
  expect(result.code).toBeDefined();
});

test('a busy loop does not keep the loop from settling, and simulated time passes for it', async () => {
  const { env, system } = createTestContainer('ash');
  const handle = system.start({ argv: ['sh', '-c', 'while :; do :; done'], env: { PATH: '/bin' } });
  await env.loop.settle();
  await env.loop.advance(100);
  expect(handle.exit).toBeUndefined();
  expect(handle.cpuMs).toBeGreaterThan(90);
  expect(handle.cpuMs).toBeLessThan(130);
  handle.kill('KILL');
  expect(handle.exit).toMatchObject({ exitCode: 137 });
});

test('PID 1 ignores TERM without a trap and obeys KILL', async () => {
  const { env, system } = createTestContainer('ash');
  const handle = system.start({ argv: ['sh', '-c', 'sleep 3600'], env: { PATH: '/bin' } });
  await env.loop.settle();
  handle.kill('TERM');
  await env.loop.settle();
  expect(handle.exit).toBeUndefined();
  handle.kill('KILL');
  expect(handle.exit?.exitCode).toBe(137);
});

test('a trap runs after the foreground command, but at once during wait', async () => {
  const { env, system } = createTestContainer('ash');
  const start = (script: string) => system.start({ argv: ['sh', '-c', script], env: { PATH: '/bin' } });
  start('while :; do sleep 1000; done');
  const foreground = start('trap "exit 5" TERM; sleep 10; echo x');
  const waiting = start('trap "exit 6" TERM; sleep 10 & wait; echo x');
  await env.loop.settle();
  foreground.kill('TERM');
  waiting.kill('TERM');
  await env.loop.settle();
  expect(waiting.exit?.exitCode).toBe(6);
  expect(foreground.exit).toBeUndefined();
  await env.loop.advance(10_000);
  expect(foreground.exit?.exitCode).toBe(5);
});

test('an interactive shell on a terminal echoes, edits, interrupts and ends at ^D', async () => {
  const { env, system } = createTestContainer('ash');
  let screen = '';
  const tty = new Tty({
    data(data) {
      screen += Buffer.from(data).toString();
      return true;
    },
  });
  const handle = system.start({ argv: ['sh'], env: { PATH: '/bin' }, tty });
  const type = async (text: string) => {
    tty.input(Buffer.from(text));
    await env.loop.settle();
  };
  await env.loop.settle();
  await type('echo hix\x7f\r');
  await type('sleep 100\r');
  await type('\x03');
  await type('echo $?\r');
  await type('if true\r');
  await type('then echo multi; fi\r');
  await type('\x04');
  expect(screen).toBe('/ # echo hix\b\x1b[J\r\nhi\r\n/ # sleep 100\r\n^C\r\n/ # echo $?\r\n130\r\n/ # if true\r\n> then echo multi; fi\r\nmulti\r\n/ # \r\n');
  expect(handle.exit?.exitCode).toBe(0);
});

test('a full pipe makes the writer wait and a closed one ends it', async () => {
  const result = await runScript('while :; do echo y; done | { read a; read b; echo $a$b; }');
  expect(result).toMatchObject({ stdout: 'yy\n', code: 0 });
});

test('a script with #! is run by its interpreter', async () => {
  const result = await runScript('printf "#!/bin/sh\\necho \\$0 \\$1\\n" > /tmp/s; /tmp/s 2>/dev/null; echo $?; umask 0; cat /tmp/s > /tmp/t; sh /tmp/t arg');
  expect(result.stdout).toBe('126\n/tmp/t arg\n');
});

test('output to /dev/stdout and /proc/1/fd/1 reaches the descriptor behind', async () => {
  expect((await runScript('echo a > /dev/stdout; echo b > /proc/self/fd/1; echo c > /dev/null')).stdout).toBe('a\nb\n');
});
