/** registry.k8s.io/e2e-test-images/agnhost: one program with a subcommand for each thing that Kubernetes' own tests need. */
import { dig, nslookup, pick } from '../../shell/applets/index.ts';
import { formatDate } from '../../shell/applets/lib/date-format.ts';
import { programEntries } from '../../shell/fs/index.ts';
import type { Process, Program, Syscall } from '../../shell/kernel/types.ts';
import { SystemError } from '../../shell/kernel/types.ts';
import type { ImageDefinition, ShellMaker } from './definition.ts';
import { busyboxLayer, mebibytes, remember, tagReader } from './definition.ts';
import { startHealthServer } from './grpc-server.ts';
import type { HttpAnswer, HttpHandler, HttpRequest } from './http-server.ts';
import { flagValue, hostPort, plainHandler, startHttpServer, untilGoEnds, untilSignal } from './http-server.ts';
import { mounttest } from './mounttest.ts';
import { serveConnections } from './server.ts';

type Subcommand = (process: Process, args: readonly string[]) => Syscall<number>;

/** klog's head of a line: `I0102 15:04:05.000000       1 log.go:245] `. */
export function klogHead(process: Process, place: string): string {
  const now = process.system.now();
  return `I${formatDate('%m%d %T', now)}.${String(now % 1000).padStart(3, '0')}000 ${String(process.pid).padStart(7)} ${place}] `;
}

function* say(process: Process, text: string): Syscall<void> {
  yield* process.write(2, `${klogHead(process, 'log.go:245')}${text}\n`);
}

/** Runs a command line with `sh`; what it wrote, and how it ended. */
function* shell(process: Process, line: string): Syscall<{ readonly output: string; readonly code: number }> {
  const [read, write] = process.pipe();
  const pid = process.spawn({
    argv: ['/bin/sh', '-c', line],
    fds: new Map([
      [0, 0],
      [1, write],
      [2, write],
    ]),
  });
  process.close(write);
  let output = '';
  for (let data = yield* process.read(read); data !== null; data = yield* process.read(read)) output += Buffer.from(data).toString();
  process.close(read);
  const ended = yield* process.wait(pid);
  return { output, code: ended?.status.code ?? 128 };
}

/** netexec: an HTTP and a UDP server that tell of themselves and do as they are told. */
const netexec: Subcommand = function* (process, args) {
  const http = Number(flagValue(args, 'http-port') ?? 8080);
  const udp = Number(flagValue(args, 'udp-port') ?? 8081);
  const delayMs = Number(flagValue(args, 'delay-shutdown') ?? 0) * 1000;
  // Either both files are named or neither; what is in them does not matter here.
  const tls = flagValue(args, 'tls-cert-file') !== undefined && flagValue(args, 'tls-private-key-file') !== undefined;
  startHttpServer(process, http, netexecHandler(process), { tls });
  yield* say(process, `Started ${tls ? 'HTTPS' : 'HTTP'} server on port ${http}`);
  if (udp >= 0) {
    process.spawn({ argv: process.argv, thread: true, program: (child) => serveUdp(child, udp) });
    yield* say(process, `Started UDP server on port ${udp}`);
  }
  const signal = yield* untilSignal(process, ['TERM', 'INT', 'USR1']);
  if (signal === 'USR1') return Number(process.env.get(exitVariable) ?? 0);
  if (delayMs > 0) yield* process.sleep(delayMs);
  return delayMs > 0 ? 0 : 2;
};

/** How a request's process tells the main one the exit code. */
const exitVariable = ' exit code';

const netexecHandler = (main: Process): HttpHandler =>
  function* (request, process) {
    const { path, query, connection } = request;
    yield* say(process, `${request.method} ${path}`);
    switch (path) {
      case '/':
        return { status: 200, body: `NOW: ${formatDate('%Y-%m-%d %H:%M:%S %z %Z', process.system.now())}` };
      case '/clientip':
        return { status: 200, body: hostPort(connection.remoteAddress, connection.remotePort) };
      case '/header':
        return { status: 200, body: request.headers.find(([name]) => name.toLowerCase() === (query.get('key') ?? '').toLowerCase())?.[1] ?? '' };
      case '/hostName':
      case '/hostname':
        return { status: 200, body: process.system.hostname };
      case '/echo':
        return { status: Number(query.get('code') ?? 200) || 200, body: query.get('msg') ?? '' };
      case '/healthz':
        return { status: 200, body: '' };
      case '/redirect':
        return { status: Number(query.get('code') ?? 302) || 302, headers: [['Location', query.get('location') ?? '/']] };
      case '/shell':
        return yield* runShell(request, process);
      case '/exit': {
        main.env = new Map(main.env).set(exitVariable, String(Number(query.get('code') ?? 0) || 0));
        const waitMs = goDurationMs(query.get('wait') ?? '0s');
        if (waitMs > 0) yield* process.sleep(waitMs);
        process.kill(main.pid, 'USR1');
        return { status: 200, body: '' };
      }
      case '/shutdown':
        main.env = new Map(main.env).set(exitVariable, '0');
        process.kill(main.pid, 'USR1');
        return { status: 200, body: '' };
      case '/dial':
      case '/upload':
        return { status: 501, body: `${path} is not simulated\n` };
      default:
        return { status: 404, body: '404 page not found\n' };
    }
  };

function* runShell(request: HttpRequest, process: Process): Syscall<HttpAnswer> {
  const line = request.query.get('shellCommand') ?? request.query.get('cmd') ?? '';
  const { output, code } = yield* shell(process, line);
  const body = JSON.stringify(code === 0 ? { output } : { error: `exit status ${code}`, output });
  return { status: 200, body };
}

/** `1.5s`, `200ms`, `2m` in milliseconds; 0 for what cannot be read. */
function goDurationMs(text: string): number {
  const units: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000 };
  return [...text.matchAll(/([\d.]+)(ms|s|m|h)/g)].reduce((sum, match) => sum + Number(match[1]) * (units[match[2] as string] as number), 0);
}

function* serveUdp(process: Process, port: number): Syscall<number> {
  const socket = process.system.network.bindDatagram('0.0.0.0', port);
  for (;;) {
    const message = socket.receive();
    if (!message) {
      yield (wake) => socket.onReadable(wake);
      continue;
    }
    yield* process.step();
    const [command = '', rest = ''] = Buffer.from(message.data).toString().trim().split(/ (.*)/s);
    const answers: Readonly<Record<string, string>> = {
      hostname: process.system.hostname,
      echo: rest,
      clientip: hostPort(message.address, message.port),
    };
    const answer = answers[command.toLowerCase()];
    if (answer !== undefined) socket.send(Buffer.from(answer), message.address, message.port);
  }
}

const serveHostname: Subcommand = function* (process, args) {
  const port = Number(flagValue(args, 'port') ?? 9376);
  const name = process.system.hostname;
  if (args.includes('--tcp') || args.includes('--udp')) {
    const listener = process.system.network.listen('0.0.0.0', port);
    process.spawn({
      argv: process.argv,
      thread: true,
      program: (child) =>
        // biome-ignore lint/correctness/useYield: a write this small never waits.
        serveConnections(child, listener, function* (_, connection) {
          connection.write(Buffer.from(`${name}\n`));
          connection.end();
        }),
    });
  } else {
    startHttpServer(
      process,
      port,
      plainHandler(() => ({ status: 200, body: name })),
    );
  }
  yield* say(process, `Serving on port ${port}.`);
  yield* untilSignal(process, ['TERM']);
  return 0;
};

/** The liveness tutorial's server: well for ten seconds, then ill. */
export const liveness: Subcommand = function* (process) {
  const started = process.system.now();
  const seconds = (one: Process) => (one.system.now() - started) / 1000;
  startHttpServer(
    process,
    8080,
    plainHandler((request, one) => {
      if (request.path === '/started') return { status: 200, body: `${seconds(one)}s` };
      if (request.path === '/redirect') {
        const location = request.query.get('loc');
        return location ? { status: 302, headers: [['Location', location]] } : { status: 400, body: 'invalid redirect' };
      }
      if (request.path !== '/healthz') return { status: 404, body: '404 page not found\n' };
      return seconds(one) > 10 ? { status: 500, body: `error: ${seconds(one)}` } : { status: 200, body: 'ok' };
    }),
  );
  return yield* untilGoEnds(process);
};

/** A gRPC health service that turns ill after a while, or when it is told over HTTP. */
const grpcHealthChecking: Subcommand = function* (process, args) {
  const port = Number(flagValue(args, 'port') ?? 5000);
  const httpPort = Number(flagValue(args, 'http-port') ?? 8080);
  const service = flagValue(args, 'service') ?? '';
  const unhealthyAfter = Number(flagValue(args, 'delay-unhealthy-sec') ?? -1);
  const started = process.system.now();
  const secondsSince = (one: Process) => (one.system.now() - started) / 1000;
  let forced: boolean | undefined;
  const mark = function* (one: Process, unhealthy: boolean): Syscall<HttpAnswer> {
    yield* say(one, `Mark as ${unhealthy ? 'unhealthy' : 'healthy'}`);
    forced = unhealthy;
    return { status: 200, body: `${secondsSince(one)}s` };
  };
  yield* say(process, `Http server starting to listen on :${httpPort}`);
  startHttpServer(process, httpPort, function* (request, one) {
    if (request.path === '/make-not-serving') return yield* mark(one, true);
    if (request.path === '/make-serving') return yield* mark(one, false);
    return { status: 404, body: '404 page not found\n' };
  });
  startHealthServer(process, port, function* (asked, one) {
    yield* say(one, `Serving the Check request for health check, started at ${formatDate('%Y-%m-%d %T +0000 UTC', started)}`);
    if (asked !== service) return undefined;
    const ill = forced || (unhealthyAfter >= 0 && secondsSince(one) >= unhealthyAfter);
    return ill ? 'NOT_SERVING' : 'SERVING';
  });
  yield* say(process, `gRPC server starting to listen on :${port}`);
  return yield* untilGoEnds(process);
};

const pauseCommand: Subcommand = function* (process) {
  yield* process.write(1, 'Paused\n');
  return (yield* untilSignal(process, ['INT', 'TERM'])) === 'INT' ? 1 : 2;
};

const verbs = ['GET', 'PUT', 'POST'];
const kinds = ['pods', 'services', 'endpoints'];
const logsGenerator: Subcommand = function* (process, args) {
  const total = Number(flagValue(args, 'log-lines-total', 't') ?? 0);
  const durationMs = goDurationMs(flagValue(args, 'run-duration', 'd') ?? '0s');
  if (!(total > 0) || !(durationMs > 0)) {
    yield* process.write(2, `Invalid total number of lines or duration: ${total}, ${durationMs}\n`);
    return 255;
  }
  for (let i = 0; i < total; i++) {
    const pick = <T>(list: readonly T[]) => list[Math.floor(process.system.random() * list.length)] as T;
    const name = Array.from({ length: 4 }, () => pick([...'abcdefghijklmnopqrstuvwxyz0123456789'])).join('');
    const [namespace, verb, kind] = [pick(['kube-system', 'default', 'ns']), pick(verbs), pick(kinds)];
    const code = 200 + Math.floor(process.system.random() * 400);
    yield* process.write(2, `${klogHead(process, 'logs_generator.go:76')}${i} ${verb} /api/v1/namespaces/${namespace}/${kind}/${name} ${code}\n`);
    yield* process.sleep(durationMs / total);
  }
  return 0;
};

const entrypointTester: Subcommand = function* (process) {
  yield* process.write(1, `[${process.argv.join(' ')}]\n`);
  return 0;
};

/** porter: serves the value of each `SERVE_PORT_N` at port N. */
const porter: Subcommand = function* (process) {
  for (const [name, value] of process.env) {
    const match = /^SERVE_(TLS_)?PORT_(\d+)$/.exec(name);
    if (!match) continue;
    startHttpServer(
      process,
      Number(match[2]),
      plainHandler(() => ({ status: 200, body: value })),
      { tls: match[1] !== undefined },
    );
  }
  return yield* untilGoEnds(process);
};

const resolvers = (keyword: 'search' | 'nameserver'): Subcommand =>
  function* (process) {
    const lines = process.system.fs.readText('/etc/resolv.conf').split('\n');
    const found = lines.filter((line) => line.startsWith(`${keyword} `)).flatMap((line) => line.split(/\s+/).slice(1));
    yield* process.write(1, `${found.filter(Boolean).join(',')}\n`);
    return 0;
  };

const subcommands: Readonly<Record<string, Subcommand>> = {
  'dns-server-list': resolvers('nameserver'),
  'dns-suffix': resolvers('search'),
  'entrypoint-tester': entrypointTester,
  help: function* (process) {
    yield* process.write(
      1,
      `Usage:\n  app [command]\n\nAvailable Commands:\n${Object.keys(subcommands)
        .sort()
        .map((name) => `  ${name}\n`)
        .join('')}`,
    );
    return 0;
  },
  'grpc-health-checking': grpcHealthChecking,
  liveness,
  'logs-generator': logsGenerator,
  mounttest,
  netexec,
  pause: pauseCommand,
  porter,
  'serve-hostname': serveHostname,
};

/** Upstream has these too; they need what is not simulated. */
const refused = [
  'audit-proxy',
  'connect',
  'crd-conversion-webhook',
  'fake-gitserver',
  'fakeregistryserver',
  'guestbook',
  'inclusterclient',
  'metadata-concealment',
  'mtlsclient',
  'mtlsserver',
  'net',
  'no-snat-test',
  'no-snat-test-proxy',
  'nettest',
  'nosnat',
  'openidmetadata',
  'resource-consumer-controller',
  'sample-device-plugin',
  'stress',
  'tcp-reset',
  'test-webserver',
  'webhook',
];

const agnhost: Program = function* (process) {
  const [name = 'help', ...args] = process.argv.slice(1);
  const command = Object.hasOwn(subcommands, name) ? subcommands[name] : undefined;
  if (command) {
    try {
      return yield* command(process, args);
    } catch (error) {
      if (!(error instanceof SystemError)) throw error;
      yield* process.write(2, `${error.message}\n`);
      return 1;
    }
  }
  const text = refused.includes(name) ? `agnhost ${name} is not simulated` : `Error: unknown command "${name}" for "app"\nRun 'app --help' for usage.`;
  yield* process.write(2, `${text}\n`);
  return 1;
};

const versions = ['2.57', '2.56', '2.53', '2.52', '2.47', '2.45', '2.43', '2.41', '2.40', '2.39', '2.38', '2.36', '2.33', '2.32', '2.21'];

/** For tests and lessons on groups, since 2.41: the user is in a group that only the image tells of. */
const userInImage = {
  users: ['user-defined-in-image:x:1000:1000::/home/user-defined-in-image:/bin/sh'],
  groups: ['group-defined-in-image:x:50000:user-defined-in-image'],
};

export function agnhostImages(shellMaker: ShellMaker): ImageDefinition[] {
  const layer = remember((version) =>
    busyboxLayer(
      shellMaker,
      [
        ['/agnhost', { program: agnhost, mode: 0o755 }],
        // bind-tools are there for tutorials on DNS.
        ...programEntries('/bin', [['nslookup', nslookup('bind')]]),
        ...programEntries('/usr/bin', [['dig', dig], ['bash', shellMaker({ flavour: 'bash' })], ...pick('gnu', ['curl', 'host'])]),
      ],
      version < '2.41' ? {} : userInImage,
    ),
  );
  const tutorial = remember(() => busyboxLayer(shellMaker, [['/server', { program: (process) => liveness(process, []), mode: 0o755 }]]));
  const livenessImage = (repository: string): ImageDefinition => ({
    repository,
    versions: ['latest'],
    versionOf: tagReader(['latest']),
    image: () => ({ sizeBytes: mebibytes(3), config: { entrypoint: ['/server'], exposedPorts: [8080] }, layer: () => tutorial('') }),
  });
  return [
    {
      repository: 'registry.k8s.io/e2e-test-images/agnhost',
      versions,
      versionOf: tagReader(versions),
      image: (version) => ({
        sizeBytes: mebibytes(51),
        config: { entrypoint: ['/agnhost'], command: ['pause'], exposedPorts: [80, 8080, 8081, 9376, 5000] },
        layer: () => layer(version),
      }),
    },
    livenessImage('registry.k8s.io/liveness'),
  ];
}
