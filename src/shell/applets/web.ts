/** wget (busybox' output) and curl. */
import type { Connection, Syscall } from '../kernel/types.ts';
import { SystemError } from '../kernel/types.ts';
import { TlsError } from '../wire/tls.ts';
import type { Call } from './lib/applet.ts';
import { applet, Failure, reason } from './lib/applet.ts';
import type { Head, TakePiece, Url } from './lib/http.ts';
import { exchange, header, parseUrl } from './lib/http.ts';
import { UsageError } from './lib/options.ts';
import { resolveHost } from './lib/resolver.ts';
import { certificateMistake, secure } from './lib/secure.ts';
import { connectTo } from './lib/socket.ts';

const maxRedirects = 20;

/** wget: `-q -O FILE -S -T SECONDS --spider --header --post-data -U`. Differs from upstream: the progress bar is drawn once, at the end. */
export const wget = applet(
  {
    usage: '[-cqS] [--spider] [-O FILE] [-T SEC] [--header STR] [--post-data STR] [-U AGENT] URL...',
    short: 'cqSO:o:P:T:U:Y:t:nv',
    long: {
      spider: 'spider',
      'header=': 'header',
      'post-data=': 'post',
      quiet: 'q',
      'output-document=': 'O',
      'timeout=': 'T',
      'tries=': 't',
      'no-check-certificate': 'k',
      'server-response': 'S',
      'no-verbose': 'n',
    },
  },
  function* (call) {
    if (call.operands.length === 0) throw new UsageError('');
    for (const text of call.operands) yield* fetchOne(call, text);
    return 0;
  },
);

function* fetchOne(call: Call, text: string): Syscall<void> {
  const { options, process } = call;
  let url = parseUrl(text);
  const timeoutMs = options.has('T') ? Number(options.value('T')) * 1000 : 900_000;
  const say = function* (line: string): Syscall<void> {
    if (!options.has('q')) yield* process.write(2, `${line}\n`);
  };
  for (let hops = 0; ; hops++) {
    if (!url) throw new Failure(`not an http or ftp url: ${text}`);
    if (hops > maxRedirects) throw new Failure('too many redirections');
    const target: Url = url;
    const found = yield* resolveHost(process, target.host);
    if (!found) throw new Failure(`bad address '${target.authority}'`);
    const address = found.addresses[0] as string;
    yield* say(
      `Connecting to ${target.authority.includes(':') ? target.authority : `${target.host}${target.port === (target.secure ? 443 : 80) ? '' : `:${target.port}`}`} (${address}:${target.port})`,
    );
    const plain = yield* connectOrFail(call, address, target.port, timeoutMs);
    const connection = target.secure ? yield* secureOrFail(call, plain, timeoutMs) : plain;
    const post = options.value('post');
    const { head, body } = yield* exchangeOrFail(process, connection, {
      method: post === undefined ? 'GET' : 'POST',
      url: target,
      headers: [
        ['Host', target.authority],
        ['User-Agent', options.value('U') ?? 'Wget'],
        ['Connection', 'close'],
        ...options.values('header').map(splitHeader),
        ...(post === undefined
          ? []
          : ([
              ['Content-Type', 'application/x-www-form-urlencoded'],
              ['Content-Length', String(Buffer.byteLength(post))],
            ] as const)),
      ],
      body: post === undefined ? undefined : Buffer.from(post),
      timeoutMs,
    });
    connection.destroy();
    if (options.has('S'))
      for (const line of [head.statusLine, ...head.headers.map(([name, value]) => `${name}: ${value}`)]) yield* process.write(2, `  ${line}\n`);
    const location = header(head, 'location');
    if (head.status >= 300 && head.status < 400 && location) {
      url = location.startsWith('/') ? { ...target, path: location } : parseUrl(location);
      continue;
    }
    if (head.status !== 200 && head.status !== 206 && head.status !== 204) throw new Failure(`server returned error: ${head.statusLine}`);
    if (options.has('spider')) {
      yield* say('remote file exists');
      return;
    }
    yield* store(call, target, body, say);
    return;
  }
}

const splitHeader = (text: string) => [text.slice(0, text.indexOf(':')), text.slice(text.indexOf(':') + 1).trim()] as const;

function* connectOrFail(call: Call, address: string, port: number, timeoutMs: number): Syscall<Connection> {
  try {
    return yield* connectTo(call.process, address, port, timeoutMs);
  } catch (error) {
    if (call.options.has('T') && error instanceof SystemError && error.code === 'ETIMEDOUT') throw new Failure('download timed out');
    throw new Failure(`can't connect to remote host (${address}): ${reason(error)}`);
  }
}

/** As busybox does it: without a look at the certificate, which it says unless told not to. */
function* secureOrFail(call: Call, connection: Connection, timeoutMs: number): Syscall<Connection> {
  if (!call.options.has('k')) yield* call.warn('note: TLS certificate validation not implemented');
  try {
    return yield* secure(call.process, connection, timeoutMs);
  } catch (error) {
    connection.destroy();
    if (error instanceof SystemError && error.code === 'ETIMEDOUT') throw new Failure('download timed out');
    throw new Failure('error getting response: Connection reset by peer');
  }
}

function* exchangeOrFail(process: Call['process'], connection: Connection, request: Parameters<typeof exchange>[2]): ReturnType<typeof exchange> {
  try {
    return yield* exchange(process, connection, request);
  } catch (error) {
    const why = reason(error);
    throw new Failure(
      why === 'Connection timed out' ? 'download timed out' : why === 'Connection reset by peer' ? 'error getting response: Connection reset by peer' : why,
    );
  }
}

function* store(call: Call, url: Url, body: Uint8Array, say: (line: string) => Syscall<void>): Syscall<void> {
  const { options, process } = call;
  const target = options.value('O');
  if (target === '-') {
    yield* say('writing to stdout');
    yield* call.out.bytes(body);
    yield* say(progress('-', body.length));
    yield* say('written to stdout');
    return;
  }
  const base = url.path.replace(/\?.*/, '').split('/').pop() || 'index.html';
  const path = target ?? `${options.has('P') ? `${options.value('P')}/` : ''}${base}`;
  if (target === undefined && process.system.fs.exists(path, process.cwd)) throw new Failure(`can't open '${path}': File exists`);
  yield* say(`saving to '${path}'`);
  process.system.fs.writeFile(path, body, { cwd: process.cwd });
  yield* say(progress(base, body.length));
  yield* say(`'${path}' saved`);
}

const progress = (name: string, size: number) => `${name.slice(0, 20).padEnd(20)} 100% |${'*'.repeat(32)}| ${String(size).padStart(5)}  0:00:00 ETA`;

const curlOptions = {
  silent: 's',
  'show-error': 'S',
  'output=': 'o',
  'remote-name': 'O',
  head: 'I',
  include: 'i',
  location: 'L',
  'write-out=': 'w',
  'max-time=': 'm',
  'request=': 'X',
  'data=': 'd',
  'data-raw=': 'd',
  'header=': 'H',
  fail: 'f',
  verbose: 'v',
  insecure: 'k',
  'cacert=': 'cacert',
  'user-agent=': 'A',
  'connect-timeout=': 'connect',
  'retry=': 'retry',
  'user=': 'u',
} as const;

class CurlError extends Error {
  constructor(
    readonly code: number,
    message: string,
  ) {
    super(message);
  }
}

/** curl: `-s -S -o -O -i -I -L -w -m -X -d -H -f -v -k -A --cacert --connect-timeout`. Exit codes 3, 6, 7, 22, 28, 35, 52, 60, 77 as curl's. */
export const curl = applet({ usage: '[options...] <url>', short: 'sSo:OIiLw:m:X:d:H:fvkA:u:gN', long: curlOptions, errorCode: 2 }, function* (call) {
  const { options } = call;
  if (call.operands.length === 0) {
    yield* call.process.write(2, "curl: try 'curl --help' for more information\n");
    return 2;
  }
  let code = 0;
  for (const text of call.operands) {
    try {
      code = yield* transfer(call, text);
    } catch (error) {
      if (!(error instanceof CurlError)) throw error;
      code = error.code;
      if (!options.has('s') || options.has('S')) yield* call.warn(`(${code}) ${error.message}`);
      if (options.has('w')) yield* call.out.text(writeOut(options.value('w') as string, undefined, 0, text));
    }
  }
  return code;
});

function* transfer(call: Call, text: string): Syscall<number> {
  const { options, process } = call;
  let url = parseUrl(text);
  const started = process.system.now();
  const limitMs = options.has('m') ? Number(options.value('m')) * 1000 : Number.POSITIVE_INFINITY;
  const data = options.values('d').join('&');
  const method = options.value('X') ?? (options.has('I') ? 'HEAD' : options.has('d') ? 'POST' : 'GET');
  for (let hops = 0; ; hops++) {
    if (!url) throw new CurlError(3, 'URL using bad/illegal format or missing URL');
    const target: Url = url;
    const goesOn = (head: Head) => options.has('L') && head.status >= 300 && head.status < 400 && header(head, 'location') !== undefined && hops < 50;
    const fails = ({ status }: Head) => options.has('f') && status >= 400;
    const headShown = (head: Head) =>
      options.has('i', 'I') ? `${head.statusLine}\r\n${head.headers.map(([name, value]) => `${name}: ${value}\r\n`).join('')}\r\n` : '';
    let printed = 0;
    // What goes to stdout goes there as it comes: a watch has no end.
    const print = (head: Head): TakePiece | undefined => {
      if (goesOn(head) || fails(head) || options.has('o', 'O') || options.has('v')) return undefined;
      return function* (piece) {
        if (printed === 0) yield* call.out.text(headShown(head));
        printed += piece.length;
        yield* call.out.bytes(piece);
        yield* call.out.flush();
      };
    };
    const { head, body } = yield* curlExchange(call, target, method, data, started, limitMs, print);
    if (goesOn(head)) {
      const location = header(head, 'location') as string;
      url = location.startsWith('/') ? { ...target, path: location } : parseUrl(location);
      continue;
    }
    if (fails(head)) throw new CurlError(22, `The requested URL returned error: ${head.status}`);
    if (printed === 0) yield* deliver(call, target, Buffer.concat([Buffer.from(headShown(head)), body]));
    if (options.has('w')) yield* call.out.text(writeOut(options.value('w') as string, head, printed || body.length, text, process.system.now() - started));
    return 0;
  }
}

function* curlExchange(
  call: Call,
  url: Url,
  method: string,
  data: string,
  started: number,
  limitMs: number,
  taker: (head: Head) => TakePiece | undefined,
): ReturnType<typeof exchange> {
  const { options, process } = call;
  const found = yield* resolveHost(process, url.host);
  if (!found) throw new CurlError(6, `Could not resolve host: ${url.host}`);
  const address = found.addresses[0] as string;
  const left = () => limitMs - (process.system.now() - started);
  const elapsed = () => `${Math.round(process.system.now() - started)}`;
  let connection: Connection;
  try {
    connection = yield* connectTo(process, address, url.port, Math.min(left(), options.has('connect') ? Number(options.value('connect')) * 1000 : 300_000));
  } catch (error) {
    if (error instanceof SystemError && error.code === 'ETIMEDOUT') throw new CurlError(28, `Connection timed out after ${elapsed()} milliseconds`);
    throw new CurlError(7, `Failed to connect to ${url.host} port ${url.port} after ${elapsed()} ms: Couldn't connect to server`);
  }
  if (url.secure) connection = yield* secureOrCurlError(call, connection, url.host, left());
  const own = options.values('H').map(splitHeader);
  const has = (name: string) => own.some(([one]) => one.toLowerCase() === name);
  const headers: (readonly [string, string])[] = [
    ...(has('host') ? [] : [['Host', url.authority] as const]),
    ['User-Agent', options.value('A') ?? 'curl/8.11.1'],
    ...(has('accept') ? [] : [['Accept', '*/*'] as const]),
    ...own,
    ...(data
      ? [
          ['Content-Length', String(Buffer.byteLength(data))] as const,
          ...(has('content-type') ? [] : [['Content-Type', 'application/x-www-form-urlencoded'] as const]),
        ]
      : []),
  ];
  if (options.has('v'))
    yield* process.write(
      2,
      `*   Trying ${address}:${url.port}...\n* Connected to ${url.host} (${address}) port ${url.port}\n> ${method} ${url.path} HTTP/1.1\n${headers.map(([name, value]) => `> ${name}: ${value}\n`).join('')}> \n`,
    );
  try {
    const answer = yield* exchange(process, connection, { method, url, headers, body: data ? Buffer.from(data) : undefined, timeoutMs: left(), taker });
    if (options.has('v'))
      yield* process.write(2, `< ${answer.head.statusLine}\n${answer.head.headers.map(([name, value]) => `< ${name}: ${value}\n`).join('')}< \n`);
    return answer;
  } catch (error) {
    const why = reason(error);
    throw why === 'Connection timed out'
      ? new CurlError(28, `Operation timed out after ${elapsed()} milliseconds with 0 bytes received`)
      : new CurlError(52, 'Empty reply from server');
  } finally {
    connection.destroy();
  }
}

const untrustedHelp = `More details here: https://curl.se/docs/sslcerts.html

curl failed to verify the legitimacy of the server and therefore could not
establish a secure connection to it. To learn more about this situation and
how to fix it, please visit the webpage mentioned above.`;

/** Shakes hands, and looks at the certificate unless `-k` says not to. The authorities are those of --cacert, or of curl's own variables. */
function* secureOrCurlError(call: Call, connection: Connection, host: string, timeoutMs: number): Syscall<Connection> {
  const { options, process } = call;
  const file = options.value('cacert') ?? process.env.get('CURL_CA_BUNDLE') ?? process.env.get('SSL_CERT_FILE');
  try {
    const authorities = file === undefined || options.has('k') ? '' : readAuthorities(process, file);
    const tls = yield* secure(process, connection, timeoutMs);
    const mistake = options.has('k') ? undefined : certificateMistake(tls.serverCertificates, authorities, host);
    if (mistake) throw new CurlError(60, mistake.startsWith('SSL certificate problem') ? `${mistake}\n${untrustedHelp}` : mistake);
    return tls;
  } catch (error) {
    connection.destroy();
    if (error instanceof CurlError) throw error;
    if (error instanceof TlsError) throw new CurlError(35, 'TLS connect error: error:0A00010B:SSL routines::wrong version number');
    if (error instanceof SystemError && error.code === 'ETIMEDOUT') throw new CurlError(28, 'SSL connection timeout');
    throw new CurlError(35, 'Recv failure: Connection reset by peer');
  }
}

function readAuthorities(process: Call['process'], path: string): string {
  try {
    return Buffer.from(process.system.fs.readFile(path, process.cwd)).toString('latin1');
  } catch {
    throw new CurlError(77, `error setting certificate file: ${path}`);
  }
}

function* deliver(call: Call, url: Url, data: Uint8Array): Syscall<void> {
  const path = call.options.value('o') ?? (call.options.has('O') ? url.path.replace(/\?.*/, '').split('/').pop() : undefined);
  if (path === undefined || path === '-') yield* call.out.bytes(data);
  else {
    const fd = call.process.open(path, { write: true, create: true, truncate: true, mode: 0o666 });
    yield* call.process.write(fd, data);
    call.process.close(fd);
  }
}

function writeOut(format: string, head: Head | undefined, size: number, url: string, elapsedMs = 0): string {
  const values: Readonly<Record<string, string>> = {
    http_code: String(head?.status ?? 0).padStart(3, '0'),
    response_code: String(head?.status ?? 0).padStart(3, '0'),
    size_download: String(size),
    time_total: (elapsedMs / 1000).toFixed(6),
    url_effective: url,
    content_type: head ? (header(head, 'content-type') ?? '') : '',
  };
  return format
    .replace(/%\{(\w+)\}/g, (_, name: string) => (Object.hasOwn(values, name) ? (values[name] ?? '') : ''))
    .replace(/\\n/g, '\n')
    .replace(/\\t/g, '\t');
}
