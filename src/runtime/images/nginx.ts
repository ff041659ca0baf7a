import { formatDate } from '../../shell/applets/lib/date-format.ts';
import { header, MessageReader } from '../../shell/applets/lib/http.ts';
import { send } from '../../shell/applets/lib/socket.ts';
import type { ImageEntry } from '../../shell/fs/index.ts';
import type { Connection, Process, Program, Signal, Syscall } from '../../shell/kernel/types.ts';
import { SystemError } from '../../shell/kernel/types.ts';
import type { ImageDefinition, ShellMaker } from './definition.ts';
import { debianLayer, mebibytes, remember, tagReader } from './definition.ts';
import { serveConnections } from './server.ts';

const pidFile = '/run/nginx.pid';
const root = '/usr/share/nginx/html';
const keepAliveMs = 65_000;
const signals: Readonly<Record<string, Signal>> = { stop: 'TERM', quit: 'QUIT', reload: 'HUP', reopen: 'USR1' };
const types: Readonly<Record<string, string>> = {
  html: 'text/html',
  htm: 'text/html',
  css: 'text/css',
  js: 'application/javascript',
  json: 'application/json',
  txt: 'text/plain',
  xml: 'text/xml',
  svg: 'image/svg+xml',
  png: 'image/png',
  jpg: 'image/jpeg',
  gif: 'image/gif',
  ico: 'image/x-icon',
};
const reasons: Readonly<Record<number, string>> = {
  200: 'OK',
  301: 'Moved Permanently',
  304: 'Not Modified',
  400: 'Bad Request',
  403: 'Forbidden',
  404: 'Not Found',
  405: 'Not Allowed',
};

/** nginx: serves static files on port 80, logs in the combined format; `-v -V -t -s SIGNAL -g DIRECTIVES`. The configuration's `listen` and `root` are read. */
function nginxProgram(version: string): Program {
  return function* (process) {
    const args = process.argv.slice(1);
    if (args.includes('-v') || args.includes('-V')) {
      yield* process.write(2, `nginx version: nginx/${version}\n`);
      return 0;
    }
    if (args.includes('-t')) {
      yield* process.write(
        2,
        'nginx: the configuration file /etc/nginx/nginx.conf syntax is ok\nnginx: configuration file /etc/nginx/nginx.conf test is successful\n',
      );
      return 0;
    }
    if (args.includes('-s')) return yield* signalMaster(process, args[args.indexOf('-s') + 1] ?? '');
    return yield* master(process, version);
  };
}

function* signalMaster(process: Process, name: string): Syscall<number> {
  const signal = Object.hasOwn(signals, name) ? signals[name as keyof typeof signals] : undefined;
  const fail = function* (text: string): Syscall<number> {
    yield* process.write(2, `nginx: ${text}\n`);
    return 1;
  };
  if (!signal) return yield* fail(`invalid option: "-s ${name}"`);
  const stamp = formatDate('%Y/%m/%d %T', process.system.now());
  const { fs } = process.system;
  const pid = fs.exists(pidFile) ? Number.parseInt(fs.readText(pidFile), 10) : Number.NaN;
  if (!fs.exists(pidFile)) return yield* fail(`[error] open() "${pidFile}" failed (2: No such file or directory)`);
  if (Number.isNaN(pid)) return yield* fail(`[error] invalid PID number "" in "${pidFile}"`);
  yield* process.write(2, `${stamp} [notice] ${process.pid}#${process.pid}: signal process started\n`);
  try {
    process.kill(pid, signal);
    return 0;
  } catch {
    return yield* fail(`[alert] kill(${pid}, ${signal}) failed (3: No such process)`);
  }
}

function listenPort(process: Process): number {
  const { fs } = process.system;
  const path = '/etc/nginx/conf.d/default.conf';
  const match = fs.exists(path) ? /listen\s+(?:[\d.]+:)?(\d+)/.exec(fs.readText(path)) : null;
  return match ? Number(match[1]) : 80;
}

function rootFolder(process: Process): string {
  const { fs } = process.system;
  const path = '/etc/nginx/conf.d/default.conf';
  return (fs.exists(path) ? /^\s*root\s+([^;]+);/m.exec(fs.readText(path))?.[1] : undefined) ?? root;
}

function* notice(process: Process, text: string, level = 'notice'): Syscall<void> {
  yield* process.write(2, `${formatDate('%Y/%m/%d %T', process.system.now())} [${level}] ${process.pid}#${process.pid}: ${text}\n`);
}

function* master(process: Process, version: string): Syscall<number> {
  const { network, fs } = process.system;
  const port = listenPort(process);
  let listener: ReturnType<typeof network.listen>;
  try {
    listener = network.listen('0.0.0.0', port);
  } catch (error) {
    if (!(error instanceof SystemError)) throw error;
    yield* notice(process, `bind() to 0.0.0.0:${port} failed (98: Address already in use)`, 'emerg');
    yield* process.write(2, `nginx: [emerg] bind() to 0.0.0.0:${port} failed (98: Address already in use)\n`);
    return 1;
  }
  fs.writeFile(pidFile, `${process.pid}\n`);
  for (const text of [
    'using the "epoll" event method',
    `nginx/${version}`,
    'built by gcc 12.2.0 (Debian 12.2.0-14) ',
    `OS: ${process.system.uname.system} ${process.system.uname.release}`,
    'getrlimit(RLIMIT_NOFILE): 1048576:1048576',
    'start worker processes',
  ])
    yield* notice(process, text);
  let wanted: { signal: Signal; number: number } | undefined;
  for (const [signal, number] of [
    ['TERM', 15],
    ['INT', 2],
    ['QUIT', 3],
    ['HUP', 1],
  ] as const) {
    process.onSignal(signal, () => {
      wanted = { signal, number };
    });
  }
  const startWorker = () =>
    process.spawn({
      argv: ['nginx: worker process'],
      program: (child) => serveConnections(child, listener, (one, connection) => serveRequests(one, connection, version)),
    });
  let worker = startWorker();
  yield* notice(process, `start worker process ${worker}`);
  process.argv = ['nginx: master process nginx -g daemon off;'];
  for (;;) {
    try {
      yield* process.sleep(Number.POSITIVE_INFINITY);
    } catch {
      // A signal woke it; `wanted` says which.
    }
    if (!wanted) continue;
    const { signal, number } = wanted;
    wanted = undefined;
    yield* notice(
      process,
      `signal ${number} (SIG${signal}) received${signal === 'QUIT' ? ', shutting down' : signal === 'HUP' ? ', reconfiguring' : ', exiting'}`,
    );
    process.kill(worker, 'KILL');
    yield* process.wait(worker);
    if (signal === 'HUP') {
      worker = startWorker();
      yield* notice(process, `start worker process ${worker}`);
      continue;
    }
    listener.close();
    fs.unlink(pidFile);
    yield* notice(process, 'exit');
    return 0;
  }
}

interface Answer {
  readonly status: number;
  readonly body: Uint8Array;
  readonly headers: readonly (readonly [string, string])[];
  readonly error?: string;
}

function* serveRequests(process: Process, connection: Connection, version: string): Syscall<void> {
  const reader = new MessageReader(process, connection, keepAliveMs);
  for (;;) {
    let head: { readonly first: string; readonly headers: readonly (readonly [string, string])[] } | undefined;
    try {
      head = yield* reader.head();
    } catch {
      break;
    }
    if (!head) break;
    const [method = '', target = '/'] = head.first.split(' ');
    const length = header(head, 'content-length');
    if (length) yield* reader.body(Number(length));
    const answer = /^[A-Z]+ \S+ HTTP\/1\.[01]$/.test(head.first)
      ? answerTo(process, method, target, header(head, 'if-modified-since'), version)
      : errorPage(400, version);
    const keep = !/ HTTP\/1\.0$/.test(head.first) && header(head, 'connection')?.toLowerCase() !== 'close' && answer.status !== 400;
    const now = process.system.now();
    const lines = [
      `HTTP/1.1 ${answer.status} ${reasons[answer.status]}`,
      `Server: nginx/${version}`,
      `Date: ${formatDate('%a, %d %b %Y %T GMT', now)}`,
      ...answer.headers.map(([name, value]) => `${name}: ${value}`),
      `Connection: ${keep ? 'keep-alive' : 'close'}`,
    ];
    try {
      yield* send(connection, Buffer.concat([Buffer.from(`${lines.join('\r\n')}\r\n\r\n`), method === 'HEAD' ? Buffer.alloc(0) : answer.body]));
    } catch {
      break;
    }
    const [peer, sent] = [connection.remoteAddress, method === 'HEAD' ? 0 : answer.body.length];
    if (answer.error)
      yield* notice(
        process,
        `*1 ${answer.error}, client: ${peer}, server: localhost, request: "${head.first}", host: "${header(head, 'host') ?? ''}"`,
        'error',
      );
    const quote = (name: string) => header(head, name) ?? '-';
    yield* process.write(
      1,
      `${peer} - - [${formatDate('%d/%b/%Y:%T %z', now)}] "${head.first}" ${answer.status} ${sent} "${quote('referer')}" "${quote('user-agent')}" "${quote('x-forwarded-for')}"\n`,
    );
    if (!keep) break;
  }
  connection.end();
}

function errorPage(status: number, version: string, error?: string): Answer {
  const title = `${status} ${reasons[status]}`;
  const body = Buffer.from(
    `<html>\r\n<head><title>${title}</title></head>\r\n<body>\r\n<center><h1>${title}</h1></center>\r\n<hr><center>nginx/${version}</center>\r\n</body>\r\n</html>\r\n`,
  );
  return {
    status,
    body,
    headers: [
      ['Content-Type', 'text/html'],
      ['Content-Length', String(body.length)],
    ],
    ...(error ? { error } : {}),
  };
}

function answerTo(process: Process, method: string, target: string, since: string | undefined, version: string): Answer {
  if (method !== 'GET' && method !== 'HEAD') return errorPage(405, version);
  const { fs } = process.system;
  let path: string;
  try {
    path = decodeURIComponent(target.replace(/[?#].*/s, ''));
  } catch {
    return errorPage(400, version);
  }
  if (!path.startsWith('/') || path.split('/').includes('..')) return errorPage(400, version);
  const folder = rootFolder(process);
  let file = `${folder}${path}`;
  try {
    if (fs.stat(file).type === 'directory') {
      if (!path.endsWith('/')) {
        const moved = errorPage(301, version);
        return { ...moved, headers: [...moved.headers, ['Location', `${path}/`]] };
      }
      if (!fs.exists(`${file}index.html`)) return errorPage(403, version, `directory index of "${file}" is forbidden`);
      file = `${file}index.html`;
    }
    const stat = fs.stat(file);
    const body = fs.readFile(file);
    const modified = formatDate('%a, %d %b %Y %T GMT', stat.mtimeMs);
    if (since === modified) return { status: 304, body: new Uint8Array(0), headers: [] };
    const etag = `"${Math.floor(stat.mtimeMs / 1000).toString(16)}-${stat.size.toString(16)}"`;
    const type = types[file.split('.').pop() ?? ''] ?? 'application/octet-stream';
    return {
      status: 200,
      body,
      headers: [
        ['Content-Type', type],
        ['Content-Length', String(body.length)],
        ['Last-Modified', modified],
        ['ETag', etag],
        ['Accept-Ranges', 'bytes'],
      ],
    };
  } catch (error) {
    if (!(error instanceof SystemError)) throw error;
    if (error.code === 'EACCES') return errorPage(403, version, `open() "${file}" failed (13: Permission denied)`);
    return errorPage(404, version, `open() "${file}" failed (2: No such file or directory)`);
  }
}

const welcome = `<!DOCTYPE html>
<html>
<head>
<title>Welcome to nginx!</title>
<style>
html { color-scheme: light dark; }
body { width: 35em; margin: 0 auto;
font-family: Tahoma, Verdana, Arial, sans-serif; }
</style>
</head>
<body>
<h1>Welcome to nginx!</h1>
<p>This is the page of a simulated nginx. It serves the files under
${root}.</p>

<p><em>Thank you for using nginx.</em></p>
</body>
</html>
`;

const entrypoint = `#!/bin/sh
# Prints what the image's own start-up scripts print, then becomes the command.
if [ "$1" = "nginx" ] || [ "$1" = "nginx-debug" ]; then
  echo "/docker-entrypoint.sh: /docker-entrypoint.d/ is not empty, will attempt to perform configuration"
  echo "/docker-entrypoint.sh: Looking for shell scripts in /docker-entrypoint.d/"
  echo "/docker-entrypoint.sh: Launching /docker-entrypoint.d/10-listen-on-ipv6-by-default.sh"
  echo "10-listen-on-ipv6-by-default.sh: info: Getting the checksum of /etc/nginx/conf.d/default.conf"
  echo "10-listen-on-ipv6-by-default.sh: info: Enabled listen on IPv6 in /etc/nginx/conf.d/default.conf"
  echo "/docker-entrypoint.sh: Sourcing /docker-entrypoint.d/15-local-resolvers.envsh"
  echo "/docker-entrypoint.sh: Launching /docker-entrypoint.d/20-envsubst-on-templates.sh"
  echo "/docker-entrypoint.sh: Launching /docker-entrypoint.d/30-tune-worker-processes.sh"
  echo "/docker-entrypoint.sh: Configuration complete; ready for start up"
fi
exec "$@"
`;

const configuration = `server {
    listen       80;
    listen  [::]:80;
    server_name  localhost;

    location / {
        root   ${root};
        index  index.html index.htm;
    }
}
`;

const mainConfiguration = `user  nginx;
worker_processes  auto;
error_log  /var/log/nginx/error.log notice;
pid        ${pidFile};
events {
    worker_connections  1024;
}
http {
    include       /etc/nginx/conf.d/*.conf;
}
`;

// Old tags stay, so that tutorials which roll from 1.7.9 to 1.9.1 and on work.
const versions = [
  '1.29.0',
  '1.28.0',
  '1.27.5',
  '1.26.3',
  '1.25.5',
  '1.24.0',
  '1.23.4',
  '1.22.1',
  '1.21.6',
  '1.20.2',
  '1.19.10',
  '1.18.0',
  '1.17.10',
  '1.16.1',
  '1.15.12',
  '1.14.2',
  '1.13.12',
  '1.12.2',
  '1.11.13',
  '1.10.3',
  '1.9.15',
  '1.9.1',
  '1.8.1',
  '1.7.12',
  '1.7.9',
];

export function nginx(shell: ShellMaker): ImageDefinition {
  const layer = remember((version) => {
    const files: [string, ImageEntry][] = [
      ['/usr/sbin/nginx', { program: nginxProgram(version), mode: 0o755 }],
      ['/docker-entrypoint.sh', { data: entrypoint, mode: 0o755 }],
      [`${root}/index.html`, { data: welcome }],
      [`${root}/50x.html`, { data: '<!DOCTYPE html>\n<html>\n<head>\n<title>Error</title>\n</head>\n<body>\n<h1>An error occurred.</h1>\n</body>\n</html>\n' }],
      ['/etc/nginx/nginx.conf', { data: mainConfiguration }],
      ['/etc/nginx/conf.d/default.conf', { data: configuration }],
      ['/var/log/nginx', { directory: true }],
      ['/var/cache/nginx', { directory: true }],
      ['/docker-entrypoint.d', { directory: true }],
      ['/var/log/nginx/access.log', { symlink: '/dev/stdout' }],
      ['/var/log/nginx/error.log', { symlink: '/dev/stderr' }],
    ];
    return debianLayer(shell, files, { users: ['nginx:x:101:101:nginx user:/nonexistent:/bin/false'], programs: ['curl'] });
  });
  return {
    repository: 'docker.io/library/nginx',
    versions,
    versionOf: tagReader(versions, { stable: '1.28.0', mainline: '1.29.0', 1: '1.29.0' }, ['alpine', 'alpine-slim', 'bookworm', 'perl']),
    image: (version) => ({
      sizeBytes: mebibytes(68.8),
      config: {
        entrypoint: ['/docker-entrypoint.sh'],
        command: ['nginx', '-g', 'daemon off;'],
        env: { PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin', NGINX_VERSION: version },
        exposedPorts: [80],
        stopSignal: 'SIGQUIT',
      },
      layer: () => layer(version),
    }),
  };
}
