import { randomBytes } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { get } from 'node:http';
import { connect } from 'node:net';
import { delimiter, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { fetchedKubectls, findKubectls, isAtLeast, type Kubectl, oldestAndNewest } from '../support/kubectl.ts';
import { pods } from './support/pods.ts';
import { StreamingServer } from './support/streaming-server.ts';

const kubectls = [...fetchedKubectls(), ...(process.env.PAPERKUBE_ALL_KUBECTL === '1' ? findKubectls() : oldestAndNewest())];
const newest = kubectls.at(-1) as Kubectl;
const hasTerminal = (process.env.PATH ?? '').split(delimiter).some((folder) => exists(join(folder, 'script')));
const big = 20_000_000;

function exists(path: string): boolean {
  try {
    readFileSync(path);
    return true;
  } catch {
    return false;
  }
}

describe.skipIf(kubectls.length === 0)('kubectl', () => {
  let server: StreamingServer;
  const binary = randomBytes(1_000_000);

  beforeAll(async () => {
    server = await StreamingServer.start();
    await server.text(newest, ['apply', '-f', '-'], pods);
    await server.text(newest, ['wait', '--for=condition=Ready', 'pod', '--all', '--timeout=600s']);
    await server.text(newest, ['exec', 'web', '--', 'sh', '-c', `head -c ${big} /dev/zero > /usr/share/nginx/html/big`]);
    writeFileSync(join(server.folder, 'binary'), binary);
  });
  afterAll(() => server.close());

  describe.each(kubectls)('$version', (kubectl) => {
    const run = (args: string[], input?: Buffer | string) => server.run(kubectl, args, input);

    test('exec hands on the exit code', async () => {
      const { code, stderr } = await run(['exec', 'box', '--', 'sh', '-c', 'exit 42']);
      expect([code, stderr]).toEqual([42, 'command terminated with exit code 42\n']);
    });

    test('exec keeps stdout and stderr apart', async () => {
      const { code, stdout, stderr } = await run(['exec', 'box', '--', 'sh', '-c', 'echo out; echo err >&2']);
      expect([code, stdout.toString(), stderr]).toEqual([0, 'out\n', 'err\n']);
    });

    test('exec -i sends a megabyte and the end of input', async () => {
      expect(await server.text(kubectl, ['exec', '-i', 'box', '--', 'wc', '-c'], binary)).toBe('1000000\n');
    });

    test('exec brings 20 MB of output', async () => {
      const { stdout } = await run(['exec', 'box', '--', 'head', '-c', String(big), '/dev/zero']);
      expect(stdout.length).toBe(big);
    });

    test('exec -i hands binary data there and back', async () => {
      const { stdout } = await run(['exec', '-i', 'box', '--', 'cat'], binary);
      expect(stdout.equals(binary)).toBe(true);
    });

    test.skipIf(!hasTerminal)('exec -it has a prompt, an echo, ^C and an exit code', async () => {
      const shell = server.terminal(kubectl, ['exec', '-it', 'box', '--', 'sh']);
      await shell.waitFor(/\/ # $/);
      shell.type('echo sum $((40+2))\n');
      await shell.waitFor(/echo sum \$\(\(40\+2\)\)\r\nsum 42\r\n\/ # $/);
      shell.type('sleep 1000000\n');
      await shell.waitFor(/sleep 1000000\r\n$/);
      shell.type('\x03');
      await shell.waitFor(/\^C\r\n\/ # $/);
      shell.type('exit 7\n');
      expect(await shell.ended).toBe(7);
    });

    test('exec says that a command does not exist', async () => {
      const { code, stderr } = await run(['exec', 'box', '--', 'nosuch']);
      expect(code).toBe(1);
      expect(stderr).toMatch(
        /^error: (Internal error occurred: ){1,2}error executing command in container: failed to exec in container: failed to start exec "[0-9a-f]{64}": OCI runtime exec failed: exec failed: unable to start container process: exec: "nosuch": executable file not found in \$PATH: unknown\n$/,
      );
    });

    test('exec says that a container or a pod does not exist', async () => {
      const wrong = await run(['exec', 'box', '-c', 'nope', '--', 'ls']);
      expect([wrong.code, wrong.stderr]).toEqual([1, 'Error from server (BadRequest): container nope is not valid for pod box\n']);
      const missing = await run(['exec', 'nopod', '--', 'ls']);
      expect([missing.code, missing.stderr]).toEqual([1, 'Error from server (NotFound): pods "nopod" not found\n']);
    });

    test('cp copies both ways', async () => {
      const folder = `/tmp/cp-${kubectl.version}`;
      await server.text(kubectl, ['exec', 'box', '--', 'mkdir', '-p', folder]);
      await server.text(kubectl, ['cp', 'binary', `box:${folder}/there`]);
      await server.text(kubectl, ['cp', `box:${folder}/there`, `back-${kubectl.version}`]);
      expect(readFileSync(join(server.folder, `back-${kubectl.version}`)).equals(binary)).toBe(true);
    });

    test('port-forward answers a GET, one of 20 MB, and 30 at once', async () => {
      const { port, command } = await server.forward(kubectl, 'web', 80);
      expect((await fetchBytes(port, '/')).toString()).toContain('Welcome to nginx!');
      expect((await fetchBytes(port, '/big')).length).toBe(big);
      const answers = await Promise.all(Array.from({ length: 30 }, () => fetchBytes(port, '/')));
      expect(answers.every((answer) => answer.includes('Welcome to nginx!'))).toBe(true);
      await command.kill();
    });

    test('port-forward takes 20 MB', async () => {
      await server.text(kubectl, ['exec', 'sink', '--', 'rm', '-f', '/tmp/got']);
      const { port, command } = await server.forward(kubectl, 'sink', 9000);
      await send(port, Buffer.alloc(big));
      const waiting = 'until [ -s /tmp/got ]; do sleep 1; done; cat /tmp/got';
      expect(await server.text(kubectl, ['exec', 'sink', '--', 'sh', '-c', waiting])).toBe(`${big}\n`);
      await command.kill();
    });

    test('port-forward says that nobody listens', async () => {
      const { port, command } = await server.forward(kubectl, 'box', 81);
      await expect(fetchBytes(port, '/')).rejects.toThrow();
      await command.waitFor(/failed to connect to localhost:81 inside namespace .*, IPv4: dial tcp4 127\.0\.0\.1:81: connect: connection refused/);
      await command.kill();
    });

    test('logs -f follows', async () => {
      const command = server.start(kubectl, ['logs', '-f', 'ticker']);
      const before = Number(/tick (\d+)\n/.exec(await command.waitFor(/tick \d+\n/))?.[1]);
      await command.waitFor(new RegExp(`tick ${before + 2}\n`));
      await command.kill();
    });

    test('get -w sees a new label', async () => {
      const command = server.start(kubectl, ['get', 'pod', 'box', '-w', '-L', 'seen']);
      await command.waitFor(/^box /m);
      await server.text(kubectl, ['label', 'pod', 'box', `seen=v${kubectl.version}`, '--overwrite']);
      await command.waitFor(new RegExp(`v${kubectl.version}$`, 'm'));
      await command.kill();
    });

    test('attach shows output as it comes', async () => {
      const command = server.start(kubectl, ['attach', 'ticker']);
      await command.waitFor(/(tick \d+\n.*){2}/s);
      await command.kill();
    });

    test.skipIf(!hasTerminal)('attach -it talks to the container itself', async () => {
      const shell = server.terminal(kubectl, ['attach', '-it', 'shell']);
      await shell.waitFor(/press(ing)? enter/);
      shell.type(`echo version${kubectl.version}-$((1+1))\n`);
      await shell.waitFor(new RegExp(`version${kubectl.version}-2\r\n`));
      await shell.kill();
    });

    test.skipIf(!hasTerminal)('run -it --rm gives a shell, hands on its exit code and deletes the pod', async () => {
      const name = `tty-${kubectl.version.replace('.', '-')}`;
      const shell = server.terminal(kubectl, ['run', name, '-it', '--rm', '--restart=Never', '--image=busybox', '--', 'sh']);
      await shell.waitFor(/press(ing)? enter/);
      shell.type('echo in $((2+3))\n');
      await shell.waitFor(/in 5\r\n/);
      shell.type('exit 4\n');
      expect(await shell.ended).toBe(4);
      expect((await run(['get', 'pod', name])).stderr).toContain('not found');
    });

    test('run -i --rm passes piped input through', async () => {
      const name = `pipe-${kubectl.version.replace('.', '-')}`;
      const { code, stdout } = await run(['run', name, '-i', '--rm', '--restart=Never', '--image=busybox', '--', 'cat'], 'through the pipe\n');
      expect(code).toBe(0);
      expect(stdout.toString()).toContain('through the pipe\n');
    });

    // Before 1.22, debug sent an alpha kind that no server knows any more.
    test.skipIf(!hasTerminal || !isAtLeast(kubectl, '1.22'))('debug attaches an ephemeral container that sees the target', async () => {
      const shell = server.terminal(kubectl, ['debug', '-it', 'debugged', '--image=busybox', '--target=main', '--', 'sh']);
      await shell.waitFor(/press(ing)? enter/);
      shell.type('ps | grep 1000000; exit 3\n');
      await shell.waitFor(/ 1 root .*sleep 1000000\r\n/);
      await shell.ended;
    });

    test('proxy serves a GET and a watch', async () => {
      const command = server.start(kubectl, ['proxy', '--port=0']);
      const port = Number(/Starting to serve on 127\.0\.0\.1:(\d+)/.exec(await command.waitFor(/Starting to serve on .*\n/))?.[1]);
      expect(JSON.parse((await fetchBytes(port, '/api/v1/namespaces/default/pods/box')).toString()).kind).toBe('Pod');
      expect((await fetchBytes(port, '/api/v1/namespaces/default/pods?watch=1&timeoutSeconds=1')).toString()).toContain('"type":"ADDED"');
      await command.kill();
    });

    test('get --raw reaches a pod through its proxy, and says when nobody listens', async () => {
      const path = (name: string): string => `/api/v1/namespaces/default/pods/${name}/proxy/`;
      expect(await server.text(kubectl, ['get', '--raw', path('web')])).toContain('Welcome to nginx!');
      const refused = await run(['get', '--raw', path('web:81')]);
      expect(refused.stderr).toMatch(
        /^Error from server \(ServiceUnavailable\): error trying to reach service: dial tcp 10\.244\.\d+\.\d+:81: connect: connection refused\n$/,
      );
    });
  });

  describe('when a client vanishes', () => {
    test.skipIf(!hasTerminal)('a command on a terminal gets the hang-up', async () => {
      const script = 'trap "echo gone > /tmp/hangup; exit" HUP; echo ready; while true; do sleep 1; done';
      const shell = server.terminal(newest, ['exec', '-it', 'box', '--', 'sh', '-c', script]);
      await shell.waitFor(/ready/);
      await shell.kill();
      const waiting = 'until [ -s /tmp/hangup ]; do sleep 1; done; cat /tmp/hangup';
      expect(await server.text(newest, ['exec', 'box', '--', 'sh', '-c', waiting])).toBe('gone\n');
    });

    test.each(kubectls)('a command without one goes on to its own end ($version)', async (kubectl) => {
      const file = `/tmp/finished-${kubectl.version}`;
      const command = server.start(kubectl, ['exec', 'box', '--', 'sh', '-c', `echo ready; sleep 5; echo more; echo finished > ${file}`]);
      await command.waitFor(/ready/);
      await command.kill();
      const waiting = `until [ -s ${file} ]; do sleep 1; done; cat ${file}`;
      expect(await server.text(newest, ['exec', 'box', '--', 'sh', '-c', waiting])).toBe('finished\n');
    });

    test.each(kubectls)('endless output that nobody reads stops nobody else ($version)', async (kubectl) => {
      const command = server.spawn(kubectl.path, ['exec', 'box', '--', 'yes']);
      await new Promise<void>((resolve) => command.stdout?.once('readable', () => resolve()));
      expect(await server.text(newest, ['exec', 'box', '--', 'echo', 'alive'])).toBe('alive\n');
      command.kill('SIGKILL');
      expect(await server.text(newest, ['exec', 'box', '--', 'sh', '-c', 'pkill yes; echo ended'])).toBe('ended\n');
    });
  });
});

describe.skipIf(kubectls.length === 0)('over plain HTTP', () => {
  let server: StreamingServer;
  beforeAll(async () => {
    server = await StreamingServer.start({ http: true });
    await server.text(newest, ['apply', '-f', '-'], pods);
    await server.text(newest, ['wait', '--for=condition=Ready', 'pod', 'box', 'web', '--timeout=600s']);
  });
  afterAll(() => server.close());

  test.each(kubectls)('exec and port-forward work ($version)', async (kubectl) => {
    expect(await server.text(kubectl, ['exec', '-i', 'box', '--', 'cat'], 'hello')).toBe('hello');
    const { port, command } = await server.forward(kubectl, 'web', 80);
    expect((await fetchBytes(port, '/')).toString()).toContain('Welcome to nginx!');
    await command.kill();
  });
});

/** The content of an HTTP answer. Rejects when the connection is cut. */
function fetchBytes(port: number, path: string): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const request = get({ host: '127.0.0.1', port, path, agent: false }, (answer) => {
      const parts: Buffer[] = [];
      answer.on('data', (chunk: Buffer) => parts.push(chunk));
      answer.on('end', () => resolve(Buffer.concat(parts)));
      answer.on('error', reject);
    });
    request.on('error', reject);
  });
}

/** Sends bytes over TCP, then the end, and waits until the other side has closed. */
function send(port: number, data: Buffer): Promise<void> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, '127.0.0.1', () => socket.end(data));
    socket.on('error', reject);
    socket.on('close', () => resolve());
    socket.resume();
  });
}
