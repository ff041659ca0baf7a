import { formatDate } from '../../shell/applets/lib/date-format.ts';
import { resolveHost } from '../../shell/applets/lib/resolver.ts';
import { connectTo, receive, send } from '../../shell/applets/lib/socket.ts';
import type { Connection, Process, Program, Syscall } from '../../shell/kernel/types.ts';
import { SystemError } from '../../shell/kernel/types.ts';
import type { ImageDefinition, ShellMaker } from './definition.ts';
import { debianLayer, mebibytes, remember, tagReader } from './definition.ts';
import { serveConnections } from './server.ts';

/** redis-server: strings, counters, expiry and INFO's first lines over RESP; nothing is saved. */
function redisServer(version: string): Program {
  return function* (process) {
    const { network } = process.system;
    const at = process.argv.indexOf('--port');
    const port = at < 0 ? 6379 : Number(process.argv[at + 1]);
    const say = function* (mark: string, text: string): Syscall<void> {
      const now = process.system.now();
      yield* process.write(
        1,
        `${process.pid}:${mark === '#' || mark === '*' ? 'M' : 'C'} ${formatDate('%d %b %Y %T', now)}.${String(now % 1000).padStart(3, '0')} ${mark === 'o' ? '*' : mark} ${text}\n`,
      );
    };
    yield* say('o', 'oO0OoO0OoO0Oo Redis is starting oO0OoO0OoO0Oo');
    yield* say('o', `Redis version=${version}, bits=64, commit=00000000, modified=0, pid=${process.pid}, just started`);
    let listener: ReturnType<typeof network.listen>;
    try {
      listener = network.listen('0.0.0.0', port);
    } catch {
      yield* say('#', `Warning: Could not create server TCP listening socket *:${port}: bind: Address already in use`);
      return 1;
    }
    yield* say('*', `Running mode=standalone, port=${port}.`);
    yield* say('*', 'Server initialized');
    yield* say('*', 'Ready to accept connections tcp');
    const data = new Map<string, { value: string; expiresAt: number }>();
    let stopping = false;
    for (const signal of ['TERM', 'INT'] as const) {
      process.onSignal(signal, () => {
        stopping = true;
      });
    }
    process.spawn({
      argv: process.argv,
      thread: true,
      program: (child) => serveConnections(child, listener, (one, connection) => serveClient(one, connection, data, version)),
    });
    while (!stopping) {
      try {
        yield* process.sleep(Number.POSITIVE_INFINITY);
      } catch {
        // A signal.
      }
    }
    yield* say('*', 'Received SIGTERM scheduling shutdown...');
    yield* say('*', 'User requested shutdown...');
    yield* say('#', 'Redis is now ready to exit, bye bye...');
    return 0;
  };
}

type Data = Map<string, { value: string; expiresAt: number }>;

function* serveClient(process: Process, connection: Connection, data: Data, version: string): Syscall<void> {
  let held = '';
  for (let bytes = yield* receive(process, connection); bytes !== null; bytes = yield* receive(process, connection)) {
    held += Buffer.from(bytes).toString('latin1');
    for (let parsed = readCommand(held); parsed; parsed = readCommand(held)) {
      held = held.slice(parsed.length);
      if (parsed.words.length > 0) yield* send(connection, Buffer.from(reply(process, data, parsed.words, version), 'latin1'));
      if (parsed.words[0]?.toUpperCase() === 'QUIT') {
        connection.end();
        return;
      }
    }
  }
  connection.end();
}

/** A command in RESP or typed as one line; undefined if it is not whole yet. */
function readCommand(text: string): { readonly words: string[]; readonly length: number } | undefined {
  const end = text.indexOf('\n');
  if (end < 0) return undefined;
  if (!text.startsWith('*')) return { words: text.slice(0, end).trim().split(/\s+/).filter(Boolean), length: end + 1 };
  const words: string[] = [];
  let at = end + 1;
  for (let i = Number.parseInt(text.slice(1), 10); i > 0; i--) {
    const line = text.indexOf('\r\n', at);
    const size = Number.parseInt(text.slice(at + 1, line), 10);
    if (line < 0 || text.length < line + 2 + size + 2) return undefined;
    words.push(text.slice(line + 2, line + 2 + size));
    at = line + 2 + size + 2;
  }
  return { words, length: at };
}

const bulk = (value: string | undefined) => (value === undefined ? '$-1\r\n' : `$${value.length}\r\n${value}\r\n`);
const number = (value: number) => `:${value}\r\n`;
const list = (values: readonly string[]) => `*${values.length}\r\n${values.map(bulk).join('')}`;

function reply(process: Process, data: Data, [name = '', ...args]: readonly string[], version: string): string {
  const now = process.system.now();
  for (const [key, { expiresAt }] of data) if (expiresAt <= now) data.delete(key);
  const [key = '', value = ''] = args;
  const wrong = `-ERR wrong number of arguments for '${name.toLowerCase()}' command\r\n`;
  switch (name.toUpperCase()) {
    case 'PING':
      return args.length > 0 ? bulk(key) : '+PONG\r\n';
    case 'ECHO':
      return bulk(key);
    case 'SET': {
      if (args.length < 2) return wrong;
      const ex = args.findIndex((arg) => arg.toUpperCase() === 'EX');
      data.set(key, { value, expiresAt: ex < 0 ? Number.POSITIVE_INFINITY : now + Number(args[ex + 1]) * 1000 });
      return '+OK\r\n';
    }
    case 'GET':
      return args.length === 1 ? bulk(data.get(key)?.value) : wrong;
    case 'DEL':
      return number(args.filter((one) => data.delete(one)).length);
    case 'EXISTS':
      return number(args.filter((one) => data.has(one)).length);
    case 'INCR':
    case 'DECR': {
      const next = Number(data.get(key)?.value ?? 0) + (name.toUpperCase() === 'INCR' ? 1 : -1);
      if (Number.isNaN(next)) return '-ERR value is not an integer or out of range\r\n';
      data.set(key, { value: String(next), expiresAt: data.get(key)?.expiresAt ?? Number.POSITIVE_INFINITY });
      return number(next);
    }
    case 'KEYS':
      return list([...data.keys()]);
    case 'DBSIZE':
      return number(data.size);
    case 'FLUSHALL':
      data.clear();
      return '+OK\r\n';
    case 'TTL': {
      const found = data.get(key);
      return number(!found ? -2 : found.expiresAt === Number.POSITIVE_INFINITY ? -1 : Math.ceil((found.expiresAt - now) / 1000));
    }
    case 'INFO':
      return bulk(`# Server\r\nredis_version:${version}\r\nredis_mode:standalone\r\n`);
    case 'COMMAND':
      return '*0\r\n';
    case 'QUIT':
    case 'SELECT':
      return '+OK\r\n';
    default:
      return `-ERR unknown command '${name}', with args beginning with: ${args.map((arg) => `'${arg}' `).join('')}\r\n`;
  }
}

/** redis-cli with a command as arguments; `-h -p`. */
const redisCli: Program = function* (process) {
  const args = process.argv.slice(1);
  let [host, port] = ['127.0.0.1', 6379];
  while (args[0]?.startsWith('-')) {
    const flag = args.shift();
    if (flag === '-h') host = args.shift() ?? host;
    else if (flag === '-p') port = Number(args.shift());
  }
  const fail = function* (text: string): Syscall<number> {
    yield* process.write(2, `Could not connect to Redis at ${host}:${port}: ${text}\n`);
    return 1;
  };
  if (args.length === 0) {
    yield* process.write(2, 'redis-cli: interactive mode is not simulated; give a command\n');
    return 1;
  }
  const found = yield* resolveHost(process, host);
  if (!found) return yield* fail('Name or service not known');
  let connection: Connection;
  try {
    connection = yield* connectTo(process, found.addresses[0] as string, port);
  } catch (error) {
    if (error instanceof SystemError) return yield* fail(error.message);
    throw error;
  }
  yield* send(connection, list(args));
  let text = '';
  while (!/^[+\-:].*\r\n|^\$-1\r\n|^\$(\d+)\r\n[\s\S]*\r\n$|^\*\d+\r\n[\s\S]*$/.test(text)) {
    const data = yield* receive(process, connection);
    if (data === null) break;
    text += Buffer.from(data).toString('latin1');
  }
  connection.destroy();
  yield* process.write(1, `${shownReply(text, process.isTty(1))}\n`);
  return text.startsWith('-') ? 1 : 0;
};

/** As redis-cli prints it: with types on a terminal, bare otherwise. */
function shownReply(text: string, tty: boolean): string {
  const body = text.slice(1).replace(/\r\n$/, '');
  if (text.startsWith('+')) return body;
  if (text.startsWith('-')) return tty ? `(error) ${body}` : body;
  if (text.startsWith(':')) return tty ? `(integer) ${body}` : body;
  if (text.startsWith('$-1')) return tty ? '(nil)' : '';
  if (text.startsWith('$')) return tty ? JSON.stringify(body.replace(/^\d+\r\n/, '')) : body.replace(/^\d+\r\n/, '');
  const items = [...text.matchAll(/\$\d+\r\n([\s\S]*?)\r\n/g)].map((match) => match[1] as string);
  if (items.length === 0) return tty ? '(empty array)' : '';
  return items.map((item, i) => (tty ? `${i + 1}) ${JSON.stringify(item)}` : item)).join('\n');
}

const versions = ['8.0.2', '7.4.4', '7.2.9', '7.0.15', '6.2.18', '6.0.20', '5.0.14', '4.0.14', '3.2.12'];

export function redis(shell: ShellMaker): ImageDefinition {
  const layer = remember((version) =>
    debianLayer(
      shell,
      [
        ['/usr/local/bin/redis-server', { program: redisServer(version), mode: 0o755 }],
        ['/usr/local/bin/redis-cli', { program: redisCli, mode: 0o755 }],
        [
          '/usr/local/bin/docker-entrypoint.sh',
          { data: '#!/bin/sh\nset -e\nif [ "$' + '{1#-}" != "$1" ]; then\n  set -- redis-server "$@"\nfi\nexec "$@"\n', mode: 0o755 },
        ],
        ['/data', { directory: true }],
      ],
      { users: ['redis:x:999:999::/home/redis:/bin/sh'] },
    ),
  );
  return {
    repository: 'docker.io/library/redis',
    versions,
    versionOf: tagReader(versions, {}, ['alpine', 'bookworm']),
    image: (version) => ({
      sizeBytes: mebibytes(49),
      config: { entrypoint: ['docker-entrypoint.sh'], command: ['redis-server'], env: { REDIS_VERSION: version }, workingDir: '/data', exposedPorts: [6379] },
      layer: () => layer(version),
    }),
  };
}
