/** The official JavaScript client's Exec and PortForward. */
import { connect, createServer } from 'node:net';
import { PassThrough } from 'node:stream';
import { Exec, KubeConfig, PortForward, type V1Status } from '@kubernetes/client-node';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type SimulatedServer, simulatedServer } from './support/simulated-server.ts';

let server: SimulatedServer;
const config = new KubeConfig();
beforeAll(async () => {
  server = await simulatedServer();
  config.loadFromOptions({
    clusters: [{ name: 'c', server: server.url, skipTLSVerify: true }],
    users: [{ name: 'u' }],
    contexts: [{ name: 'x', cluster: 'c', user: 'u' }],
    currentContext: 'x',
  });
});
afterAll(() => server.close());

test('Exec sends input and its end, and tells the exit code', async () => {
  const [stdin, stdout, stderr] = [new PassThrough(), new PassThrough(), new PassThrough()];
  const text: string[] = [];
  stdout.on('data', (chunk: Buffer) => text.push(chunk.toString()));
  const status = new Promise<V1Status>((resolve, reject) => {
    const command = ['sh', '-c', 'read line; echo "got $line"; exit 9'];
    new Exec(config).exec('default', 'box', 'main', command, stdout, stderr, stdin, false, resolve).catch(reject);
  });
  stdin.end('a line\n');
  expect((await status).details?.causes).toEqual([{ reason: 'ExitCode', message: '9' }]);
  expect(text.join('')).toBe('got a line\n');
});

test('PortForward reaches a pod', async () => {
  const forward = new PortForward(config);
  const local = createServer((socket) => {
    void forward.portForward('default', 'web', [80], socket, null, socket);
  });
  await new Promise<void>((resolve) => local.listen(0, '127.0.0.1', resolve));
  const { port } = local.address() as { port: number };
  const socket = connect(port, '127.0.0.1', () => socket.write('GET / HTTP/1.0\r\n\r\n'));
  let text = '';
  await new Promise<void>((resolve) => {
    socket.setEncoding('utf8').on('data', (chunk: string) => {
      text += chunk;
      if (text.includes('</html>')) resolve();
    });
  });
  socket.destroy();
  local.close();
  expect(text).toContain('Welcome to nginx!');
});
