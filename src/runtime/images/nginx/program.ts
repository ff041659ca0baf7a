/** nginx itself: a master that reads the configuration, listens and obeys signals, and a worker that serves. */
import { formatDate } from '../../../shell/applets/lib/date-format.ts';
import { header, MessageReader } from '../../../shell/applets/lib/http.ts';
import { send } from '../../../shell/applets/lib/socket.ts';
import type { Connection, Listener, Process, Program, Signal, Syscall } from '../../../shell/kernel/types.ts';
import { SystemError } from '../../../shell/kernel/types.ts';
import { TlsServerConnection } from '../../../shell/wire/tls.ts';
import { flagValue, gathered } from '../http-server.ts';
import { serveConnections } from '../server.ts';
import { type Answer, answerTo, errorPage, locationFor, reasons, serverFor } from './answer.ts';
import { type Config, loadConfig, type Server } from './config.ts';
import { at, ConfigError, parseConfig } from './config-file.ts';
import { type NginxRequest, requestedHost } from './variables.ts';
import { becomeWorker, fatalCode, workerUser } from './worker-user.ts';

const configFile = '/etc/nginx/nginx.conf';
const keepAliveMs = 65_000;
/** Bodies are held whole, in memory of the host, whatever the configuration allows. */
const bodyBytesMax = 8 * 1024 ** 2;
const bindTries = 5;
const signals: Readonly<Record<string, Signal>> = { stop: 'TERM', quit: 'QUIT', reload: 'HUP', reopen: 'USR1' };
const signalNumbers: Readonly<Record<string, number>> = { TERM: 15, INT: 2, QUIT: 3, HUP: 1, USR1: 10 };
const errorNumbers: Readonly<Record<string, readonly [number, string]>> = {
  EPERM: [1, 'Operation not permitted'],
  EACCES: [13, 'Permission denied'],
  EROFS: [30, 'Read-only file system'],
  EADDRINUSE: [98, 'Address already in use'],
};
const why = ({ code }: SystemError): string => {
  const [number, text] = errorNumbers[code] ?? [2, 'No such file or directory'];
  return `(${number}: ${text})`;
};

const stamp = (process: Process) => formatDate('%Y/%m/%d %T', process.system.now());

/** nginx with `-v -V -t -s SIGNAL -g DIRECTIVES -c FILE`. */
export function nginxProgram(version: string): Program {
  return function* (process) {
    const args = process.argv.slice(1);
    if (args.includes('-v') || args.includes('-V')) {
      yield* process.write(2, `nginx version: nginx/${version}\n`);
      return 0;
    }
    if (args.includes('-T')) {
      yield* process.write(2, 'nginx: -T is not simulated\n');
      return 1;
    }
    const path = flagValue(args, 'c') ?? configFile;
    let config: Config;
    try {
      config = yield* readConfig(process, path);
    } catch (error) {
      if (!(error instanceof ConfigError)) throw error;
      yield* startMessage(process, 'emerg', error.message);
      if (args.includes('-t')) yield* process.write(2, `nginx: configuration file ${path} test failed\n`);
      return 1;
    }
    if (args.includes('-t')) {
      yield* process.write(2, `nginx: the configuration file ${path} syntax is ok\nnginx: configuration file ${path} test is successful\n`);
      return 0;
    }
    if (args.includes('-s')) return yield* signalMaster(process, config, flagValue(args, 's') ?? '');
    const running = new Master(process, version, path, config);
    if (!config.daemon) return yield* running.run();
    process.spawn({ argv: [...process.argv], program: (child) => new Master(child, version, path, config).run() });
    return 0;
  };
}

function* readConfig(process: Process, path: string): Syscall<Config> {
  const config = yield* loadConfig(process, path, parseConfig(flagValue(process.argv.slice(1), 'g') ?? '', 'command line'));
  if (config.user && process.uid !== 0) {
    yield* startMessage(
      process,
      'warn',
      `the "user" directive makes sense only if the master process runs with super-user privileges, ignored${at(config.user)}`,
    );
  }
  const user = workerUser(process, config);
  const { fs } = process.system;
  for (const folder of config.temporaryFolders) {
    let call = `mkdir() "${folder}"`;
    try {
      if (!fs.exists(folder)) fs.mkdir(folder, { mode: 0o700 });
      call = `chown("${folder}", ${user?.uid})`;
      if (user && fs.stat(folder).uid !== user.uid) fs.chown(folder, user.uid, fs.stat(folder).gid);
    } catch (error) {
      if (!(error instanceof SystemError)) throw error;
      throw new ConfigError(`${call} failed ${why(error)}`);
    }
  }
  return config;
}

/** What happens before the configured logs are open goes to the usual error log and, past a notice, to standard error. */
function* startMessage(process: Process, level: 'emerg' | 'warn', text: string): Syscall<void> {
  yield* process.write(2, `${stamp(process)} [${level}] ${process.pid}#${process.pid}: ${text}\nnginx: [${level}] ${text}\n`);
}

function* signalMaster(process: Process, { pidFile }: Config, name: string): Syscall<number> {
  const signal = Object.hasOwn(signals, name) ? signals[name as keyof typeof signals] : undefined;
  const fail = function* (text: string): Syscall<number> {
    yield* process.write(2, `nginx: ${text}\n`);
    return 1;
  };
  if (!signal) return yield* fail(`invalid option: "-s ${name}"`);
  const { fs } = process.system;
  yield* process.write(2, `${stamp(process)} [notice] ${process.pid}#${process.pid}: signal process started\n`);
  if (!fs.exists(pidFile)) return yield* fail(`[error] open() "${pidFile}" failed (2: No such file or directory)`);
  const pid = Number.parseInt(fs.readText(pidFile), 10);
  if (Number.isNaN(pid)) return yield* fail(`[error] invalid PID number "" in "${pidFile}"`);
  try {
    process.kill(pid, signal);
    return 0;
  } catch {
    return yield* fail(`[alert] kill(${pid}, ${signalNumbers[signal]}) failed (3: No such process)`);
  }
}

/** Open log files, by path. */
class Logs {
  readonly #open = new Map<string, number>();

  /** Opens what a configuration names. Throws ConfigError. */
  constructor(
    readonly process: Process,
    { errorLog, servers }: Config,
  ) {
    this.errorLog = errorLog;
    const scopes = servers.flatMap((server) => [server.scope, ...server.locations.map((one) => one.scope)]);
    for (const path of new Set([errorLog, ...scopes.flatMap(({ accessLog }) => (accessLog === undefined ? [] : [accessLog]))])) {
      try {
        this.#open.set(
          path,
          path === 'stderr' || path === '/etc/nginx/stderr' ? 2 : process.open(path, { write: true, append: true, create: true, mode: 0o644 }),
        );
      } catch (error) {
        if (!(error instanceof SystemError)) throw error;
        throw new ConfigError(`open() "${path}" failed ${why(error)}`);
      }
    }
  }

  readonly errorLog: string;

  /** For children: they write to the same files. */
  get descriptors(): ReadonlyMap<number, number> {
    return new Map([0, 1, 2, ...this.#open.values()].map((fd) => [fd, fd]));
  }

  *write(process: Process, path: string | undefined, text: string): Syscall<void> {
    const fd = path === undefined ? undefined : this.#open.get(path);
    if (fd !== undefined) yield* process.write(fd, text);
  }

  /** A line of the error log. @param pid who says it, if not the process that writes */
  *say(process: Process, level: 'notice' | 'error' | 'alert' | 'emerg', text: string, pid = process.pid): Syscall<void> {
    yield* this.write(process, this.errorLog, `${stamp(process)} [${level}] ${pid}#${pid}: ${text}\n`);
  }

  close(): void {
    for (const fd of this.#open.values()) if (fd > 2) this.process.close(fd);
  }
}

class Master {
  readonly #listeners = new Map<number, Listener>();
  #workers: number[] = [];

  constructor(
    readonly process: Process,
    readonly version: string,
    readonly path: string,
    private config: Config,
  ) {}

  *run(): Syscall<number> {
    const { process } = this;
    let logs: Logs;
    try {
      logs = new Logs(process, this.config);
    } catch (error) {
      if (!(error instanceof ConfigError)) throw error;
      yield* startMessage(process, 'emerg', error.message);
      return 1;
    }
    if (!(yield* this.#bind(logs))) return 1;
    try {
      process.system.fs.writeFile(this.config.pidFile, `${process.pid}\n`);
    } catch (error) {
      if (!(error instanceof SystemError)) throw error;
      yield* startMessage(process, 'emerg', `open() "${this.config.pidFile}" failed ${why(error)}`);
      return 1;
    }
    for (const text of [
      'using the "epoll" event method',
      `nginx/${this.version}`,
      'built by gcc 12.2.0 (Debian 12.2.0-14) ',
      `OS: ${process.system.uname.system} ${process.system.uname.release}`,
      'getrlimit(RLIMIT_NOFILE): 1048576:1048576',
    ])
      yield* logs.say(process, 'notice', text);
    return yield* this.#obey(logs);
  }

  /** Listens on what is configured and not yet listened on. Says what keeps it from that. */
  *#bind(logs: Logs): Syscall<boolean> {
    const { process } = this;
    for (let tries = 0; tries < bindTries; tries++) {
      let taken = false;
      for (const port of portsOf(this.config)) {
        if (this.#listeners.has(port)) continue;
        try {
          this.#listeners.set(port, process.system.network.listen('0.0.0.0', port));
        } catch (error) {
          if (!(error instanceof SystemError)) throw error;
          const text = `bind() to 0.0.0.0:${port} failed ${why(error)}`;
          yield* logs.say(process, 'emerg', text);
          yield* process.write(2, `nginx: [emerg] ${text}\n`);
          if (error.code !== 'EADDRINUSE') return false;
          taken = true;
        }
      }
      if (!taken) return true;
      yield* logs.say(process, 'notice', 'try again to bind() after 500ms');
      yield* process.sleep(500);
    }
    yield* logs.say(process, 'emerg', 'still could not bind()');
    yield* process.write(2, 'nginx: [emerg] still could not bind()\n');
    return false;
  }

  *#startWorkers(logs: Logs): Syscall<void> {
    const { process, version, config } = this;
    // One process accepts for each port: what is one worker in nginx waits for all of them at once.
    for (const [port, listener] of this.#listeners) {
      const pid = process.spawn({
        argv: ['nginx: worker process'],
        fds: logs.descriptors,
        *program(child) {
          const failure = becomeWorker(child, workerUser(process, config));
          if (!failure) {
            let connectionNumber = 0;
            let open = 0;
            const serve = function* (one: Process, connection: Connection): Syscall<void> {
              connectionNumber += 1;
              // A server that passes requests on to itself ends here, too.
              if (open >= config.workerConnections) {
                yield* logs.say(one, 'alert', `${config.workerConnections} worker_connections are not enough`, child.pid);
                return connection.destroy();
              }
              open += 1;
              try {
                yield* serveRequests(one, connection, { port, config, logs, version, workerPid: child.pid, connectionNumber });
              } finally {
                open -= 1;
              }
            };
            return yield* serveConnections(child, listener, serve, logs.descriptors);
          }
          yield* logs.say(child, 'emerg', `${failure.call} failed ${why(failure.error)}`);
          return fatalCode;
        },
      });
      this.#workers.push(pid);
      yield* logs.say(process, 'notice', `start worker process ${pid}`);
    }
  }

  *#stopWorkers(): Syscall<void> {
    for (const pid of this.#workers) {
      this.process.kill(pid, 'KILL');
      yield* this.process.wait(pid);
    }
    this.#workers = [];
  }

  /** Tells of workers that have ended with an error that would come again; none takes their place. */
  *#forgetEnded(logs: Logs): Syscall<void> {
    for (const pid of [...this.#workers]) {
      const ended = yield* this.process.wait(pid, { nohang: true });
      if (!ended) continue;
      this.#workers = this.#workers.filter((one) => one !== pid);
      if (ended.status.code === fatalCode)
        yield* logs.say(this.process, 'alert', `worker process ${pid} exited with fatal code ${fatalCode} and cannot be respawned`);
    }
  }

  /** Starts the workers and lives on signals. */
  *#obey(first: Logs): Syscall<number> {
    const { process } = this;
    let logs = first;
    const caught: Signal[] = [];
    for (const signal of ['TERM', 'INT', 'QUIT', 'HUP', 'USR1'] as const) process.onSignal(signal, () => caught.push(signal));
    process.onSignal('CHLD', () => {}); // To be woken.
    yield* logs.say(process, 'notice', 'start worker processes');
    yield* this.#startWorkers(logs);
    process.argv = [`nginx: master process ${process.argv.join(' ')}`];
    for (;;) {
      const signal = caught.shift();
      if (signal === undefined) {
        yield* this.#forgetEnded(logs);
        try {
          yield* process.sleep(Number.POSITIVE_INFINITY);
        } catch (error) {
          if (!(error instanceof SystemError)) throw error;
        }
        continue;
      }
      const next = signal === 'QUIT' ? ', shutting down' : signal === 'HUP' ? ', reconfiguring' : signal === 'USR1' ? ', reopening logs' : ', exiting';
      yield* logs.say(process, 'notice', `signal ${signalNumbers[signal]} (SIG${signal}) received${next}`);
      if (signal === 'HUP' || signal === 'USR1') {
        logs = yield* this.#reload(logs, signal === 'HUP');
        continue;
      }
      yield* this.#stopWorkers();
      for (const listener of this.#listeners.values()) listener.close();
      if (process.system.fs.exists(this.config.pidFile)) process.system.fs.unlink(this.config.pidFile);
      yield* logs.say(process, 'notice', 'exit');
      return 0;
    }
  }

  /** Reads the configuration again, or only opens the logs again. A configuration with a fault changes nothing. */
  *#reload(old: Logs, again: boolean): Syscall<Logs> {
    const { process } = this;
    let logs: Logs;
    try {
      if (again) this.config = yield* loadConfig(process, this.path);
      logs = new Logs(process, this.config);
    } catch (error) {
      if (!(error instanceof ConfigError)) throw error;
      yield* old.say(process, 'emerg', error.message);
      return old;
    }
    yield* this.#bind(logs);
    yield* this.#stopWorkers();
    const wanted = portsOf(this.config);
    for (const [port, listener] of this.#listeners) {
      if (wanted.has(port)) continue;
      listener.close();
      this.#listeners.delete(port);
    }
    old.close();
    yield* logs.say(process, 'notice', 'start worker processes');
    yield* this.#startWorkers(logs);
    return logs;
  }
}

const portsOf = ({ servers }: Config) => new Set(servers.flatMap(({ listen }) => listen.map(({ port }) => port)));

interface Serving {
  readonly port: number;
  readonly config: Config;
  readonly logs: Logs;
  readonly version: string;
  readonly workerPid: number;
  /** Counted by the worker, from 1. */
  readonly connectionNumber: number;
}

function* serveRequests(process: Process, raw: Connection, serving: Serving): Syscall<void> {
  const { port, config } = serving;
  const secure = config.servers.find(({ listen }) => listen.some((one) => one.port === port && one.tls));
  const connection = secure ? new TlsServerConnection(raw, secure.certificates) : raw;
  const reader = new MessageReader(process, connection, keepAliveMs);
  for (;;) {
    try {
      const head = yield* reader.head();
      if (!head) break;
      const { request, server, bad } = yield* readRequest(process, reader, connection, head, serving, secure !== undefined);
      const answer = bad === undefined ? yield* answerTo(request, server) : errorPage(bad, serving.version, server.scope);
      const keep = bad === undefined && !/ HTTP\/1\.0$/.test(head.first) && header(head, 'connection')?.toLowerCase() !== 'close';
      yield* sendAnswer(request, answer, keep);
      yield* logAnswer(request, answer, serving);
      if (!keep) break;
    } catch (error) {
      if (!(error instanceof SystemError)) throw error;
      break;
    }
  }
  connection.end();
}

/** Reads what follows a head. `bad` is the status that refuses the request, after which nothing more is read. */
function* readRequest(
  process: Process,
  reader: MessageReader,
  connection: Connection,
  { first, headers }: { readonly first: string; readonly headers: readonly (readonly [string, string])[] },
  { port, config, version }: Serving,
  tls: boolean,
): Syscall<{ readonly request: NginxRequest; readonly server: Server; readonly bad?: number }> {
  const [method = '', target = '/'] = first.split(' ');
  const path = normalized(target);
  const server = serverFor(config.servers, port, requestedHost({ headers })) as Server;
  const serverName = server.names[0] ?? '';
  const plain = { process, connection, version, port, tls, serverName, method, target, path: path ?? '/', first, headers };
  if (path === undefined || !/^[A-Z]+ \S+ HTTP\/1\.[01]$/.test(first)) return { request: { ...plain, body: new Uint8Array(0) }, server, bad: 400 };
  const { maxBodyBytes } = (locationFor(server.locations, path) ?? server).scope;
  const allowed = Math.min(bodyBytesMax, maxBodyBytes || bodyBytesMax);
  const length = Number(header({ headers }, 'content-length') ?? 0);
  if (!(length >= 0)) return { request: { ...plain, body: new Uint8Array(0) }, server, bad: 400 };
  if (length > allowed) return { request: { ...plain, body: new Uint8Array(0) }, server, bad: 413 };
  const { take, pieces } = gathered(allowed);
  if (header({ headers }, 'transfer-encoding')?.toLowerCase() === 'chunked') yield* reader.chunked(take);
  else if (length > 0) yield* reader.body(length, take);
  return { request: { ...plain, body: Buffer.concat(pieces) }, server };
}

/** Decodes a path and takes `//`, `.` and `..` out of it; undefined for one that is none, or leads above `/`. */
function normalized(target: string): string | undefined {
  let path: string;
  try {
    path = decodeURIComponent(target.replace(/[?#].*/s, ''));
  } catch {
    return undefined;
  }
  if (!path.startsWith('/') || path.includes('\0')) return undefined;
  const parts: string[] = [];
  const all = path.split('/').slice(1);
  for (const [index, part] of all.entries()) {
    if (part === '..' && parts.pop() === undefined) return undefined;
    const last = index === all.length - 1;
    if (part === '.' || part === '..' || part === '') {
      if (last) parts.push('');
    } else parts.push(part);
  }
  return `/${parts.join('/')}`;
}

function* sendAnswer(request: NginxRequest, answer: Answer, keep: boolean): Syscall<void> {
  const { process, connection, version, method } = request;
  const bodiless = answer.status === 204 || answer.status === 304;
  const lines = [
    `HTTP/1.1 ${answer.status} ${reasons[answer.status] ?? ''}`,
    `Server: nginx/${version}`,
    `Date: ${formatDate('%a, %d %b %Y %T GMT', process.system.now())}`,
    ...answer.headers.filter(([name]) => name.toLowerCase() === 'content-type').map(([name, value]) => `${name}: ${value}`),
    ...(bodiless ? [] : [`Content-Length: ${answer.body.length}`]),
    ...answer.headers.filter(([name]) => name.toLowerCase() !== 'content-type').map(([name, value]) => `${name}: ${value}`),
    `Connection: ${keep ? 'keep-alive' : 'close'}`,
  ];
  const body = method === 'HEAD' || bodiless ? new Uint8Array(0) : answer.body;
  yield* send(connection, Buffer.concat([Buffer.from(`${lines.join('\r\n')}\r\n\r\n`), body]));
}

function* logAnswer(request: NginxRequest, { status, body, error, scope }: Answer, { logs, workerPid, connectionNumber }: Serving): Syscall<void> {
  const { process, connection, first, method } = request;
  const peer = connection.remoteAddress;
  if (error) {
    const [text, upstream] = error.split('|');
    const host = header(request, 'host');
    const parts = [
      `*${connectionNumber} ${text}`,
      `client: ${peer}`,
      `server: ${request.serverName}`,
      `request: "${first}"`,
      ...(upstream ? [upstream] : []),
      ...(host ? [`host: "${host}"`] : []),
    ];
    yield* logs.say(process, 'error', parts.join(', '), workerPid);
  }
  const quote = (name: string) => header(request, name) ?? '-';
  const sent = method === 'HEAD' || status === 204 || status === 304 ? 0 : body.length;
  yield* logs.write(
    process,
    scope.accessLog,
    `${peer} - - [${formatDate('%d/%b/%Y:%T %z', process.system.now())}] "${first}" ${status} ${sent} "${quote('referer')}" "${quote('user-agent')}" "${quote('x-forwarded-for')}"\n`,
  );
}
