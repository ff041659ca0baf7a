import { expect, test } from 'vitest';
import { testNode } from './testing/node.ts';

/** A terminal of 40 columns and 8 rows with a shell in a busybox: what it shows after keys and a while. */
async function terminal() {
  const node = testNode();
  const { id } = await node.start('busybox', { command: ['tail', '-f', '/dev/null'] });
  const session = await node.runtime.exec(id, { command: ['sh'], stdin: true, tty: true });
  session.resize(40, 8);
  let shown = '';
  session.onOutput((_stream, data) => {
    shown += Buffer.from(data).toString();
    return true;
  });
  const after = async (keys: string, ms: number) => {
    shown = '';
    session.writeStdin(Buffer.from(keys));
    await node.advance(ms);
    return shown;
  };
  await after('', 500);
  return { after, node, id };
}

test('top fills the screen again every five seconds, as far as it is wide and high, until q; the terminal is then as before', async () => {
  const { after, node, id } = await terminal();
  const first = await after('top\r', 1000);
  expect(first).toMatch(/\x1b\[H\x1b\[JMem: \d+K used/);
  expect(first).toContain('\x1b[7m  PID  PPID USER     STAT   VSZ %VSZ CPU\x1b[m');
  const [, screen = ''] = first.split('\x1b[H');
  expect(screen.split('\n').length).toBeLessThanOrEqual(7);
  expect(await after('', 3000)).toBe('');
  expect((await after('', 11_000)).split('\x1b[H')).toHaveLength(4);
  expect(await after('x', 500)).toBe('');
  expect(await after('q', 500)).toBe('\r\n/ # ');
  expect(await after('echo back; ps | grep -c "[t]op"\r', 500)).toBe('echo back; ps | grep -c "[t]op"\r\nback\r\n0\r\n/ # ');
  await after('top\r', 500);
  expect(await after('\x03', 500)).toMatch(/\/ # $/);
  expect(await after('echo $?\r', 500)).toBe('echo $?\r\n130\r\n/ # ');
  expect((await node.exec(id, 'sh', '-c', 'ps | grep -c "[t]op"')).stdout).toBe('0\n');
});

test('vi says kindly that it is not there', async () => {
  const { after } = await terminal();
  expect(await after('vi x\r', 500)).toContain('full-screen programs are not simulated');
});
