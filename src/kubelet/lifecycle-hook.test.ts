import { expect, test } from 'vitest';
import type { LifecycleHandler } from '../../generated/types/index.ts';
import { testNode } from '../runtime/testing/node.ts';
import { runHook } from './lifecycle-hook.ts';

test('a hook that fails says so in the words that its container waits with', async () => {
  const node = testNode([]);
  const { id: containerId, sandbox: sandboxId, ip } = await node.start('busybox', { command: ['sleep', '1000'] });
  const target = { pod: { metadata: { name: 'p', namespace: 'd', uid: 'u' } }, container: { name: 'c' }, containerId, sandboxId, ip };
  const run = async (handler: LifecycleHandler) => {
    const said = runHook(node.env, node.runtime, handler, target, 60_000).then(
      () => 'fine',
      (error: Error) => error.message,
    );
    await node.advance(3000);
    return await said;
  };
  const where = 'for Container "c" in Pod "p_d(u)" failed - error:';
  expect(await run({ exec: { command: ['sh', '-c', 'echo out; echo "no" >&2; exit 3'] } })).toBe(
    `Exec lifecycle hook ([sh -c echo out; echo "no" >&2; exit 3]) ${where} command 'sh -c echo out; echo "no" >&2; exit 3' exited with 3: no\n, message: "out\\nno\\n"`,
  );
  expect(await run({ exec: { command: ['nosuch'] } })).toMatch(/ error: rpc error: code = Unknown desc = failed to exec in container: .*, message: ""$/);
  expect(await run({ httpGet: { port: 9999, path: '/x' } })).toBe(
    `HTTP lifecycle hook (/x) ${where} Get "http://${ip}:9999/x": dial tcp ${ip}:9999: connect: connection refused`,
  );
  expect(await run({ tcpSocket: { port: 80 } })).toBe(
    'Cannot run handler: invalid handler: &LifecycleHandler{Exec:nil,HTTPGet:nil,TCPSocket:&TCPSocketAction{Port:{0 80 },Host:,},Sleep:nil,}',
  );
  expect(await run({ sleep: { seconds: 2 } })).toBe('fine');
});
