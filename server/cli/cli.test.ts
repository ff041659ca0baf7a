import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import type { Server } from 'node:http';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import express from 'express';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { createEnv, nodeMachine, silentLog } from '../../src/env/index.ts';
import { controlPrefix, createControlRouter } from '../control.ts';
import { CliError } from '../exit-codes.ts';
import { renderKubeconfig } from '../kubeconfig.ts';
import { parseConfig } from './config-file.ts';
import type { CliDeps, RunningServer, StartOptions, StopSignal } from './index.ts';
import { createCli, listenOn } from './index.ts';
import { writeState } from './state.ts';

let home: string;
beforeEach(() => (home = mkdtempSync(join(tmpdir(), 'paperkube-test-'))));
afterEach(() => rmSync(home, { recursive: true, force: true }));

/** A command line whose server is a bare control API on a free port. */
function world() {
  const started: StartOptions[] = [];
  const seen = { out: '', err: '', stops: 0, exits: [] as number[] };
  let signal: (one: StopSignal) => void = () => {};
  let announceStart = () => {};
  const ready = new Promise<void>((resolve) => (announceStart = resolve));
  const deps: CliDeps = {
    env: { ...process.env, HOME: home, PAPERKUBE_HOME: join(home, 'state'), KUBECONFIG: '', NO_COLOR: '1' },
    stdout: {
      write: (text: string) => {
        seen.out += text;
        if (text.includes('Ready.') || text.includes('"ready"')) announceStart();
      },
    },
    stderr: { write: (text: string) => (seen.err += text) },
    version: '1.2.3',
    kubernetesVersion: 'v1.33.0+paperkube',
    exit: (code) => seen.exits.push(code),
    onExit: () => () => {},
    onSignal(callback) {
      signal = callback;
      return () => {};
    },
    async startServer(options) {
      started.push(options);
      return bareServer(options, () => (seen.stops += 1));
    },
  };
  return { cli: createCli(deps), seen, started, ready, deps, signal: (one: StopSignal) => signal(one) };
}

async function bareServer(options: StartOptions, onStop: () => void): Promise<RunningServer> {
  const env = createEnv({ machine: nodeMachine, log: silentLog, seed: 1, start: Date.parse('2026-01-01T00:00:00Z'), mode: 'manual' });
  const app = express();
  const http: Server = createServer(app);
  await new Promise<void>((resolve) => http.listen(0, '127.0.0.1', resolve));
  const { port } = http.address() as AddressInfo;
  const server = `http://127.0.0.1:${port}`;
  const kubeconfig = { name: options.name, server };
  const kubeconfigText = renderKubeconfig(kubeconfig);
  let request = () => {};
  const shutdownRequested = new Promise<void>((resolve) => (request = resolve));
  const info = { version: '1.2.3', kubernetesVersion: 'v1.33.0+paperkube' };
  app.use(
    controlPrefix,
    createControlRouter({
      ...info,
      env,
      name: options.name,
      token: 't',
      kubeconfig: () => kubeconfigText,
      ready: () => true,
      cluster: { nodes: [], dataPlane: undefined },
      shutdown: request,
    }),
  );
  const stop = async () => {
    onStop();
    http.closeAllConnections();
    await new Promise((resolve) => http.close(resolve));
  };
  const rest = { dnsPort: undefined, readyMs: 12.3, nodes: options.nodes.map((node) => node.name), warnings: [], shutdownRequested, stop };
  return { ...info, ...rest, name: options.name, server, port, kubeconfig, kubeconfigText, controlUrl: server + controlPrefix, controlToken: 't' };
}

test('start says where it is in six lines, and a signal puts everything back', async () => {
  const { cli, seen, started, ready, signal } = world();
  const ended = cli.run([]);
  await ready;
  const lines = seen.out.trimEnd().split('\n');
  expect(lines.length).toBeLessThanOrEqual(6);
  expect(lines[0]).toBe('paperkube 1.2.3: Kubernetes v1.33.0+paperkube, 3 nodes, 12 ms');
  expect(lines.at(-1)).toBe('Ready.');
  expect(started[0]?.nodes.map((node) => node.name)).toEqual(['default-control-plane', 'default-worker', 'default-worker2']);
  expect(started[0]).toMatchObject({ port: undefined, host: '127.0.0.1', http: false, clock: 'real', seed: 1, logLevel: 'warn' });
  const file = join(home, '.kube', 'config');
  expect(readFileSync(file, 'utf8')).toContain('current-context: paperkube-default');
  signal('SIGINT');
  signal('SIGINT');
  expect(await ended).toBe(130);
  expect([existsSync(file), seen.stops, seen.exits]).toEqual([false, 1, [130]]);
});

test('a signal that comes before the cluster is ready ends it without a word, and nothing is merged', async () => {
  const { deps, seen, signal } = world();
  const startServer: CliDeps['startServer'] = async (options) => {
    signal('SIGTERM');
    return deps.startServer(options);
  };
  expect(await createCli({ ...deps, startServer }).run(['start'])).toBe(143);
  expect([seen.out, seen.err, seen.stops, existsSync(join(home, '.kube')), existsSync(join(home, 'state'))]).toEqual(['', '', 1, false, false]);
});

test('with -o json there is one event per line', async () => {
  const { cli, seen, ready, signal } = world();
  const ended = cli.run(['start', '--name', 'ci', '--no-merge', '-o', 'json']);
  await ready;
  signal('SIGTERM');
  expect(await ended).toBe(143);
  const events = seen.out
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Record<string, unknown>);
  expect(events[0]).toMatchObject({
    event: 'ready',
    name: 'ci',
    context: 'paperkube-ci',
    kubeconfig: join(home, 'state', 'ci.kubeconfig'),
    pid: process.pid,
    readyMs: 12,
  });
  expect(events[1]).toEqual({ event: 'stopped', name: 'ci' });
  expect(existsSync(join(home, '.kube'))).toBe(false);
});

test('other commands find the running cluster: its clock, its kubeconfig, its end', async () => {
  const { cli, seen, ready, deps } = world();
  const ended = cli.run(['start', '--quiet']);
  await ready;
  const run = async (...words: string[]) => {
    seen.out = '';
    const code = await createCli(deps).run(words);
    return [code, seen.out] as const;
  };
  expect(await run('clock')).toEqual([0, 'Time  2026-01-01T00:00:00.000Z\nMode  manual (paused)\n']);
  expect((await run('clock', 'advance', '1h30m'))[1]).toContain('2026-01-01T01:30:00.000Z');
  expect(JSON.parse((await run('clock', 'step', '-o', 'json'))[1])).toMatchObject({ stepped: null });
  expect((await run('kubeconfig'))[1]).toContain('current-context: paperkube-default');
  expect((await run('status'))[1]).toContain('Status   ok');
  expect((await run('start'))[0]).toBe(5);
  expect(seen.err).toContain('a cluster named "default" is running already');
  expect((await run('stop'))[0]).toBe(0);
  expect(await ended).toBe(0);
  expect((await run('clock', 'pause'))[0]).toBe(3);
  expect((await run('stop'))[0]).toBe(0); // Stopping what is not running is no error.
});

test('the number of a process that was killed may be another one by now: nobody listens, so the name is free', async () => {
  const { cli, seen, ready, deps, signal } = world();
  const [server, controlUrl] = ['http://127.0.0.1:1', 'http://127.0.0.1:1/_paperkube/v1'];
  writeState(deps.env, { name: 'default', pid: process.pid, server, controlUrl, controlToken: 't', version: '1.2.3' });
  const ended = cli.run(['start', '--no-merge']);
  await ready;
  signal('SIGINT');
  expect([await ended, seen.err]).toEqual([130, '']);
});

test('run gives its command a kubeconfig of its own, passes the exit code on and cleans up', async () => {
  const { cli, seen, started, deps } = world();
  const note = join(home, 'note');
  const script = `require('fs').writeFileSync(${JSON.stringify(note)}, process.env.KUBECONFIG); process.exit(require('fs').readFileSync(process.env.KUBECONFIG, 'utf8').includes('paperkube-default') ? 42 : 1)`;
  expect(await cli.run(['run', '--nodes', '1', '--', process.execPath, '-e', script])).toBe(42);
  expect(existsSync(readFileSync(note, 'utf8'))).toBe(false);
  expect(started[0]).toMatchObject({ port: 0, nodes: [{ role: 'control-plane', taints: [] }] });
  expect(await createCli(deps).run(['run', '--', 'no-such-command-here'])).toBe(127);
  expect(await createCli(deps).run(['run', '--', process.execPath, '-e', 'process.kill(process.pid, "SIGTERM"); setTimeout(() => {}, 5000)'])).toBe(143);
  expect([seen.stops, existsSync(join(home, '.kube'))]).toEqual([3, false]);
});

test('wrong usage is exit code 2, and says what is right', async () => {
  const cases: [string[], string][] = [
    [['strat'], 'did you mean "paperkube start"?'],
    [['start', '--prot', '1'], "unknown option '--prot'"],
    [['start', '--port', '99999'], 'use a number from 0 to 65535'],
    [['start', '--clock', 'fast'], 'use real, manual, auto or xN'],
    [['start', '--nodes', '0'], 'use a number from 1 to 1000'],
    [['start', '--name', 'Bad_Name'], 'use lower case letters'],
    [['clock', 'advance', 'soon'], 'write it like 30s, 5m, 1h30m or 500ms'],
    [['run'], "missing required argument 'command'"],
  ];
  for (const [words, message] of cases) {
    const { cli, seen } = world();
    expect([words, await cli.run(words)]).toEqual([words, 2]);
    expect(seen.err).toContain(message);
  }
});

test('help and version go to standard output', async () => {
  const { cli, seen } = world();
  expect(await cli.run(['--help'])).toBe(0);
  expect(seen.out).toContain('paperkube clock advance 5m');
  expect(seen.out).toContain('  6  invalid configuration');
  expect(await cli.run(['version', '-o', 'json'])).toBe(0);
  expect(seen.out).toContain('{"version":"1.2.3"');
  expect(seen.err).toBe('');
});

test('a kubeconfig that cannot be used stops the start, and is left alone', async () => {
  const { cli, seen } = world();
  const file = join(home, 'broken');
  writeFileSync(file, 'a: [');
  expect(await cli.run(['start', '--kubeconfig', file])).toBe(6);
  expect([seen.stops, readFileSync(file, 'utf8')]).toEqual([1, 'a: [']);
  expect(seen.err).toContain('--no-merge');
});

test('a configuration file is read, and flags win over it', async () => {
  const { cli, started, ready, signal } = world();
  const file = join(home, 'cluster.yaml');
  writeFileSync(
    file,
    'apiVersion: paperkube.dev/v1alpha1\nkind: Cluster\nname: demo\nseed: 7\nclock: {mode: manual, start: "2026-01-01T00:00:00Z"}\nnodes:\n- role: control-plane\n- {role: worker, labels: {disk: ssd}, capacity: {cpu: 2}}\n',
  );
  const ended = cli.run(['start', '--config', file, '--seed', '9', '--no-merge']);
  await ready;
  signal('SIGTERM');
  await ended;
  expect(started[0]).toMatchObject({ name: 'demo', seed: 9, clock: 'manual', clockStart: Date.parse('2026-01-01T00:00:00Z') });
  expect(started[0]?.nodes[1]).toEqual({ name: 'demo-worker', role: 'worker', labels: { disk: 'ssd' }, taints: [], capacity: { cpu: '2' } });
});

test('a configuration that cannot be read, or is no YAML, is exit code 6 and says what to do', async () => {
  const { cli, seen } = world();
  const broken = join(home, 'broken.yaml');
  writeFileSync(broken, 'nodes: [');
  for (const file of [join(home, 'absent.yaml'), home, broken]) expect(await cli.run(['start', '--no-merge', '--config', file])).toBe(6);
  expect(seen.err).toMatch(
    /^error: cannot read the configuration .*absent.yaml: ENOENT.*\nhint: .*\nerror: cannot read .*EISDIR.*\nhint: .*\nerror: .*broken.yaml is no YAML: .*\nhint: .*\n$/,
  );
});

test('every mistake of a configuration is named with its field and how to mend it', () => {
  const text =
    'apiVersion: v2\nkind: Cluster\nregistry: {}\nseed: -1\nclock: fast\nnodes:\n- {role: master}\n- {role: worker, capacity: {memory: lots}, taints: [{key: a, effect: Never}]}\n';
  let error: unknown;
  try {
    parseConfig(text, 'x.yaml');
  } catch (caught) {
    error = caught;
  }
  expect(error).toBeInstanceOf(CliError);
  expect((error as CliError).code).toBe(6);
  for (const field of [
    'registry: there is no such field',
    'apiVersion: "v2" will not do; write apiVersion: paperkube.dev/v1alpha1',
    'seed: -1',
    'clock.mode: "fast"',
    'nodes[0].role: "master" will not do; use control-plane or worker',
    'nodes[1].capacity.memory',
    'nodes[1].taints[0].effect',
  ]) {
    expect((error as CliError).message).toContain(field);
  }
});

test('a port that was asked for and is busy is exit code 5; the default moves on', async () => {
  const first = createServer();
  const port = await listenOn(first, '127.0.0.1', 0);
  await expect(listenOn(createServer(), '127.0.0.1', port)).rejects.toMatchObject({ code: 5, id: 'PORT_IN_USE' });
  const [a, b] = [createServer(), createServer()];
  const ports = [await listenOn(a, '127.0.0.1', undefined), await listenOn(b, '127.0.0.1', undefined)];
  expect(ports[1]).toBeGreaterThan(ports[0] as number);
  for (const server of [first, a, b]) server.close();
});
