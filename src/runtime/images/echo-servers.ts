/** Small HTTP servers that demonstrations use: echoserver, nginxdemos/hello, http-echo, whoami, hello-app, podinfo, multitool. */
import { dig, nslookup, pick } from '../../shell/applets/index.ts';
import { formatDate } from '../../shell/applets/lib/date-format.ts';
import { header } from '../../shell/applets/lib/http.ts';
import { programEntries } from '../../shell/fs/index.ts';
import type { Process, Program, Syscall } from '../../shell/kernel/types.ts';
import type { ImageDefinition, ShellMaker } from './definition.ts';
import type { HttpAnswer, HttpRequest } from './http-server.ts';
import { flagValue, hostPort, plainHandler, startHttpServer, untilSignal } from './http-server.ts';
import { goServer, goStamp, type ServerImage, serverImage } from './server-image.ts';

/** registry.k8s.io/echoserver: the request as text. */
const echoserver: Program = function* (process) {
  const answer = (request: HttpRequest, one: Process): HttpAnswer => {
    const { connection } = request;
    const host = header(request, 'host') ?? '';
    const headers = request.headers.map(([name, value]) => `\t${name.toLowerCase()}=${value}  \n`).sort();
    const body = [
      `\n\nHostname: ${one.system.hostname}\n\nPod Information:\n\t-no pod information available-\n\n`,
      'Server values:\n\tserver_version=nginx: 1.14.2 - lua: 10015\n\n',
      `Request Information:\n\tclient_address=${connection.remoteAddress}\n\tmethod=${request.method}\n\treal path=${request.target}\n\tquery=${request.target.split('?')[1] ?? ''}\n\trequest_version=${request.first.endsWith('1.0') ? '1.0' : '1.1'}\n\trequest_scheme=http\n\trequest_uri=http://${host}:8080${request.target}\n\n`,
      `Request Headers:\n${headers.join('')}\n`,
      `Request Body:\n${request.body.length > 0 ? Buffer.from(request.body).toString() : '\t-no body in request-'}\n\n`,
    ];
    return { status: 200, body: body.join(''), type: 'text/plain' };
  };
  startHttpServer(process, 8080, plainHandler(answer), { server: 'echoserver' });
  yield* untilSignal(process, ['TERM', 'INT', 'QUIT']);
  return 0;
};

/** nginxdemos/hello; its `plain-text` tag answers with the same facts as text. */
const nginxHello = (version: string): Program =>
  function* (process) {
    let served = 0;
    const answer = (request: HttpRequest, one: Process): HttpAnswer => {
      served += 1;
      const rows: readonly (readonly [string, string])[] = [
        ['Server address', `${request.connection.localAddress}:80`],
        ['Server name', one.system.hostname],
        ['Date', formatDate('%d/%b/%Y:%T %z', one.system.now())],
        ['URI', request.target],
        ['Request ID', `${served.toString(16).padStart(32, '0')}`],
      ];
      if (version.includes('plain-text')) return { status: 200, body: rows.map(([name, value]) => `${name}: ${value}\n`).join(''), type: 'text/plain' };
      const cells = rows.map(([name, value]) => `<p><span>${name}:</span> <span>${value.replace(/[<&]/g, '')}</span></p>\n`).join('');
      return {
        status: 200,
        type: 'text/html',
        body: `<!DOCTYPE html>\n<html>\n<head>\n<title>Hello World</title>\n</head>\n<body>\n<div class="info">\n${cells}</div>\n</body>\n</html>\n`,
      };
    };
    startHttpServer(process, 80, plainHandler(answer), { server: 'nginx/1.27.4' });
    yield* untilSignal(process, ['TERM', 'INT', 'QUIT']);
    return 0;
  };

/** hashicorp/http-echo: `-text`, `-listen`, `-status-code`; ECHO_TEXT stands in for `-text`. */
const httpEcho = (version: string): Program =>
  function* (process) {
    const args = process.argv.slice(1);
    const text = flagValue(args, 'text') ?? process.env.get('ECHO_TEXT') ?? (version.startsWith('0') ? undefined : 'hello-world');
    if (text === undefined) {
      yield* process.write(2, 'Missing -text option!\n');
      return 127;
    }
    const port = Number(/:(\d+)$/.exec(flagValue(args, 'listen') ?? ':5678')?.[1] ?? 5678);
    const status = Number(flagValue(args, 'status-code') ?? 200);
    const answer = ({ path }: HttpRequest): HttpAnswer =>
      path === '/health'
        ? { status: 200, body: '{"status":"ok"}\n', type: 'application/json; charset=utf-8' }
        : {
            status,
            body: `${text}\n`,
            headers: [
              ['X-App-Name', 'http-echo'],
              ['X-App-Version', version],
            ],
          };
    const log = function* (one: Process, request: HttpRequest, given: HttpAnswer, sent: number): Syscall<void> {
      if (request.path === '/health') return;
      const peer = hostPort(request.connection.remoteAddress, request.connection.remotePort);
      yield* one.write(
        1,
        `${goStamp(one)} ${header(request, 'host') ?? ''} ${peer} "${request.first}" ${given.status} ${sent} "${header(request, 'user-agent') ?? ''}" 0s\n`,
      );
    };
    startHttpServer(process, port, plainHandler(answer), { log });
    yield* process.write(2, `${goStamp(process)} [INFO] server is listening on :${port}\n`);
    yield* untilSignal(process, ['TERM', 'INT']);
    return 0;
  };

/** traefik/whoami: the request and the host; `--port`, WHOAMI_PORT_NUMBER, WHOAMI_NAME. */
const whoami: Program = function* (process) {
  const args = process.argv.slice(1);
  const port = Number(flagValue(args, 'port') ?? process.env.get('WHOAMI_PORT_NUMBER') ?? 80);
  const name = flagValue(args, 'name') ?? process.env.get('WHOAMI_NAME');
  let health = 200;
  const answer = (request: HttpRequest, one: Process): HttpAnswer => {
    const { hostname, network } = one.system;
    const ips = ['127.0.0.1', '::1', ...network.addresses];
    if (request.path === '/health') {
      if (request.method === 'POST') health = Number(Buffer.from(request.body).toString()) || 200;
      return { status: request.method === 'POST' ? 200 : health };
    }
    if (request.path === '/api') {
      const headers: Record<string, string[]> = {};
      for (const [key, value] of request.headers) headers[key] = [value];
      const { connection, method, target } = request;
      const remoteAddr = hostPort(connection.remoteAddress, connection.remotePort);
      const body = { hostname, ip: ips, headers, url: target, host: header(request, 'host') ?? '', method, ...(name ? { name } : {}), remoteAddr };
      return { status: 200, body: `${JSON.stringify(body)}\n`, type: 'application/json' };
    }
    const lines = [
      ...(name ? [`Name: ${name}`] : []),
      `Hostname: ${hostname}`,
      ...ips.map((ip) => `IP: ${ip}`),
      `RemoteAddr: ${hostPort(request.connection.remoteAddress, request.connection.remotePort)}`,
      request.first,
      ...request.headers.filter(([key]) => key.toLowerCase() === 'host').map(([, value]) => `Host: ${value}`),
      ...request.headers.filter(([key]) => key.toLowerCase() !== 'host').map(([key, value]) => `${key}: ${value}`),
    ];
    return { status: 200, body: `${lines.join('\n')}\n\n` };
  };
  return yield* goServer(process, port, answer, `${goStamp(process)} Starting up on port ${port}\n`);
};

/** google-samples' hello-app: its version is its tag. */
const helloApp = (version: string): Program =>
  function* (process) {
    const port = Number(process.env.get('PORT') ?? 8080);
    const answer = (_: HttpRequest, one: Process): HttpAnswer => ({
      status: 200,
      body: `Hello, world!\nVersion: ${version.replace(/^(\d+\.\d+)$/, '$1.0')}\nHostname: ${one.system.hostname}\n`,
    });
    return yield* goServer(process, port, answer, `${goStamp(process)} Server listening on port ${port}\n`);
  };

/** podinfo: `/`, `/version`, `/healthz`, `/readyz` (switched by `/readyz/enable` and `/disable`), `/env`, `/echo`, `/status/CODE`, `/delay/S`. */
const podinfo = (version: string): Program =>
  function* (process) {
    const port = Number(flagValue(process.argv.slice(1), 'port') ?? process.env.get('PODINFO_PORT') ?? 9898);
    let [ready, healthy] = [true, true];
    const json = (value: unknown, status = 200): HttpAnswer => ({ status, body: JSON.stringify(value, null, 2), type: 'application/json; charset=utf-8' });
    const handler = function* (request: HttpRequest, one: Process): Syscall<HttpAnswer> {
      const [, first = '', second = ''] = request.path.split('/');
      switch (first) {
        case '':
          return json({
            hostname: one.system.hostname,
            version,
            revision: 'unknown',
            color: one.env.get('PODINFO_UI_COLOR') ?? '#34577c',
            logo: 'https://raw.githubusercontent.com/stefanprodan/podinfo/gh-pages/cuddle_clap.gif',
            message: one.env.get('PODINFO_UI_MESSAGE') ?? `greetings from podinfo v${version}`,
            goos: 'linux',
            goarch: 'amd64',
            runtime: 'go1.24.3',
            num_goroutine: '8',
            num_cpu: '4',
          });
        case 'version':
          return json({ commit: 'unknown', version });
        case 'healthz':
          return healthy ? json({ status: 'OK' }) : { status: 503 };
        case 'readyz':
          if (second === 'enable' || second === 'disable') {
            ready = second === 'enable';
            return { status: 202 };
          }
          return ready ? json({ status: 'OK' }) : { status: 503 };
        case 'env':
          return json([...one.env].map(([name, value]) => `${name}=${value}`));
        case 'headers':
          return json(Object.fromEntries(request.headers.map(([name, value]) => [name, [value]])));
        case 'echo':
          return { status: 202, body: request.body };
        case 'status':
          return json({ status: Number(second) }, Number(second) || 400);
        case 'delay':
          yield* one.sleep((Number(second) || 0) * 1000);
          return json({ delay: Number(second) || 0 });
        case 'panic':
          healthy = false;
          one.kill(process.pid, 'USR1');
          return { status: 500 };
        default:
          return { status: 404, body: '404 page not found\n' };
      }
    };
    startHttpServer(process, port, handler);
    const stamp = `${formatDate('%Y-%m-%dT%T', process.system.now())}.000Z`;
    const entry = { level: 'info', ts: stamp, caller: 'podinfo/main.go:154', msg: 'Starting podinfo', version, revision: 'unknown', port: String(port) };
    yield* process.write(1, `${JSON.stringify(entry)}\n`);
    return (yield* untilSignal(process, ['TERM', 'INT', 'USR1'])) === 'USR1' ? 255 : 0;
  };

/** network-multitool: a page that tells who answers, on 80 (HTTP_PORT). */
const multitool: Program = function* (process) {
  const port = Number(process.env.get('HTTP_PORT') ?? 80);
  const answer = (_: HttpRequest, one: Process): HttpAnswer => ({
    status: 200,
    type: 'text/html',
    body: `WBITT Network MultiTool (with NGINX) - ${one.system.hostname} - ${one.system.network.addresses[0] ?? ''} - HTTP: ${port} , HTTPS: 443 . (Formerly praqma/network-multitool)\n`,
  });
  startHttpServer(process, port, plainHandler(answer), { server: 'nginx' });
  yield* untilSignal(process, ['TERM', 'INT', 'QUIT']);
  return 0;
};

const small: readonly ServerImage[] = [
  {
    repository: 'registry.k8s.io/echoserver',
    versions: ['1.10', '1.9', '1.8', '1.4'],
    sizeMebibytes: 42,
    config: { command: ['/usr/local/bin/run.sh'], exposedPorts: [8080] },
    path: '/usr/local/bin/run.sh',
    program: () => echoserver,
    around: 'busybox',
  },
  {
    repository: 'docker.io/nginxdemos/hello',
    versions: ['0.4', 'plain-text', '0.3', '0.4-plain-text'],
    sizeMebibytes: 20,
    config: { command: ['nginx-hello'], exposedPorts: [80], stopSignal: 'SIGQUIT' },
    path: '/usr/bin/nginx-hello',
    program: nginxHello,
    around: 'busybox',
  },
  {
    repository: 'docker.io/hashicorp/http-echo',
    versions: ['1.0.0', '0.2.3', '0.2.1'],
    sizeMebibytes: 4,
    config: { entrypoint: ['/http-echo'], exposedPorts: [5678] },
    path: '/http-echo',
    program: httpEcho,
    endings: ['alpine'],
  },
  {
    repository: 'docker.io/traefik/whoami',
    versions: ['v1.11', 'v1.10', 'v1.9', 'v1.8'],
    sizeMebibytes: 3,
    config: { entrypoint: ['/whoami'], exposedPorts: [80] },
    path: '/whoami',
    program: () => whoami,
  },
  {
    repository: 'gcr.io/google-samples/hello-app',
    versions: ['2.0', '1.0'],
    sizeMebibytes: 11,
    config: { command: ['./hello-app'], env: { PORT: '8080' }, workingDir: '/', exposedPorts: [8080] },
    path: '/hello-app',
    program: helloApp,
    around: 'busybox',
  },
  {
    repository: 'docker.io/stefanprodan/podinfo',
    versions: ['6.8.0', '6.7.1', '6.6.3', '6.5.4', '6.4.1', '6.3.6'],
    sizeMebibytes: 25,
    config: { command: ['./podinfo'], workingDir: '/home/app', exposedPorts: [9898] },
    path: '/home/app/podinfo',
    program: podinfo,
    around: 'busybox',
  },
  {
    repository: 'docker.io/wbitt/network-multitool',
    versions: ['latest', 'alpine-extra', 'alpine-minimal', 'extra', 'minimal'],
    sizeMebibytes: 24,
    config: { command: ['/usr/local/bin/multitool'], exposedPorts: [80] },
    path: '/usr/local/bin/multitool',
    program: () => multitool,
    around: 'busybox',
    files: programEntries('/usr/bin', [...pick('gnu', ['curl', 'host']), ['dig', dig], ['nslookup', nslookup('bind')]]),
  },
];

/** The same image under further names. */
const aliases: Readonly<Record<string, readonly string[]>> = {
  'gcr.io/google-samples/hello-app': ['us-docker.pkg.dev/google-samples/containers/gke/hello-app'],
  'docker.io/stefanprodan/podinfo': ['ghcr.io/stefanprodan/podinfo'],
  'docker.io/wbitt/network-multitool': ['docker.io/praqma/network-multitool'],
  'docker.io/traefik/whoami': ['docker.io/containous/whoami'],
};

export function echoServerImages(shell: ShellMaker): ImageDefinition[] {
  return small.flatMap((one) => serverImage(one, shell, aliases[one.repository]));
}
