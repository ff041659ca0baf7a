import { expect, test } from 'vitest';
import { type ContainerSession, internalError, type RemoteCommandUpgrade, type Status } from '../../src/machinery/index.ts';
import { errorStreamText, type RemoteClient, RemoteCommandBridge } from './remote-command.ts';

/** A process that takes `room` writes and then waits, and that ends when it is told to. */
class Session implements ContainerSession {
  readonly log: string[] = [];
  drainListeners = new Set<() => void>();
  listener: ((stream: 'stdout' | 'stderr', data: Uint8Array) => boolean) | undefined;
  exited = Promise.resolve({ exitCode: 0 });

  constructor(public room = Number.POSITIVE_INFINITY) {}
  writeStdin(data: Uint8Array): boolean {
    this.log.push(Buffer.from(data).toString());
    this.room -= 1;
    return this.room > 0;
  }
  onStdinDrain(callback: () => void): () => void {
    this.drainListeners.add(callback);
    return () => this.drainListeners.delete(callback);
  }
  endStdin(): void {
    this.log.push('(end)');
  }
  resize(columns: number, rows: number): void {
    this.log.push(`(${columns}x${rows})`);
  }
  onOutput(listener: (stream: 'stdout' | 'stderr', data: Uint8Array) => boolean): void {
    this.listener = listener;
  }
  resumeOutput(): void {
    this.log.push('(resumed)');
  }
  detach(): void {
    this.log.push('(detached)');
  }
}

function conversation(session: Session, streams: Partial<RemoteCommandUpgrade['streams']> = {}) {
  let end: (status: Status) => void = () => {};
  const ended = new Promise<Status>((resolve) => (end = resolve));
  const upgrade: RemoteCommandUpgrade = {
    type: 'remote-command',
    streams: { stdin: true, stdout: true, stderr: true, tty: false, ...streams },
    start: async () => ({ session, ended }),
  };
  const seen = { output: [] as string[], statuses: [] as Status[], held: 0 };
  const client: RemoteClient = {
    output: (stream, data) => seen.output.push(`${stream} ${Buffer.from(data)}`) < 2,
    finish: (status) => seen.statuses.push(status),
    holdInput() {
      seen.held += 1;
      return () => (seen.held -= 1);
    },
  };
  return { bridge: new RemoteCommandBridge(upgrade, client), seen, end };
}

const success = { metadata: {}, status: 'Success' } as Status;
const bytes = (text: string) => Buffer.from(text);

test('what comes before the command runs reaches it in order', async () => {
  const session = new Session();
  const { bridge } = conversation(session);
  bridge.resize('{"Width":80,"Height":24}');
  bridge.stdin(bytes('a'));
  bridge.stdin(bytes('b'));
  bridge.stdinEnd();
  await bridge.begin();
  expect(session.log).toEqual(['(80x24)', 'a', 'b', '(end)']);
});

test('a process that does not read holds the client back until it does', async () => {
  const session = new Session(1);
  const { bridge, seen } = conversation(session);
  await bridge.begin();
  bridge.stdin(bytes('a'));
  expect([seen.held, session.drainListeners.size]).toEqual([1, 1]);
  for (const drained of session.drainListeners) drained();
  expect(seen.held).toBe(0);
});

test('a client that does not read pauses the process, and streams it did not ask for are dropped', async () => {
  const session = new Session();
  const { bridge, seen } = conversation(session, { stderr: false });
  await bridge.begin();
  expect(session.listener?.('stderr', bytes('x'))).toBe(true);
  expect(session.listener?.('stdout', bytes('1'))).toBe(true);
  expect(session.listener?.('stdout', bytes('2'))).toBe(false);
  bridge.drained();
  expect([seen.output, session.log]).toEqual([['stdout 1', 'stdout 2'], ['(resumed)']]);
});

test('a client that vanishes leaves no listener behind, and the end is told to nobody', async () => {
  const session = new Session(1);
  const { bridge, seen, end } = conversation(session);
  await bridge.begin();
  bridge.stdin(bytes('a'));
  bridge.gone();
  expect([session.drainListeners.size, session.log.at(-1)]).toEqual([0, '(detached)']);
  end(success);
  bridge.stdin(bytes('b'));
  await Promise.resolve();
  expect([seen.statuses, session.log]).toEqual([[], ['a', '(detached)']]);
});

test('a client that vanishes before the command runs finds it detached', async () => {
  const session = new Session();
  const { bridge } = conversation(session);
  const begun = bridge.begin();
  bridge.gone();
  await begun;
  expect(session.log).toEqual(['(detached)']);
});

test('a command that cannot start is a Status', async () => {
  const { bridge, seen } = conversation(new Session());
  Object.assign(bridge.upgrade, { start: () => Promise.reject(internalError('no such command')) });
  await bridge.begin();
  expect(seen.statuses.map((one) => one.message)).toEqual(['Internal error occurred: no such command']);
});

test('the error stream carries JSON since v4, text before', () => {
  expect(errorStreamText(success, 'v4.channel.k8s.io')).toBe('{"metadata":{},"status":"Success"}');
  expect(errorStreamText(internalError('no').status, 'v5.channel.k8s.io')).toBe(
    '{"metadata":{},"status":"Failure","message":"Internal error occurred: no","reason":"InternalError","details":{"causes":[{"message":"no"}]},"code":500}',
  );
  expect(errorStreamText(success, 'channel.k8s.io')).toBe('');
  expect(errorStreamText({ ...success, status: 'Failure', message: 'no' }, 'v3.channel.k8s.io')).toBe('no');
});
