/** mysql, mariadb and postgres: they start, log and take connections as the real ones, and say that they run no SQL. */
import { formatDate } from '../../shell/applets/lib/date-format.ts';
import { resolveHost } from '../../shell/applets/lib/resolver.ts';
import { connectTo, receive, send } from '../../shell/applets/lib/socket.ts';
import { programEntries } from '../../shell/fs/index.ts';
import type { Connection, Process, Program, Syscall } from '../../shell/kernel/types.ts';
import { SystemError } from '../../shell/kernel/types.ts';
import type { ImageDefinition, ShellMaker } from './definition.ts';
import { debianLayer, mebibytes, remember, tagReader } from './definition.ts';
import { untilSignal } from './http-server.ts';
import { serveConnections } from './server.ts';

const noSql = 'this simulated server takes connections but runs no SQL';

/** Where and how a client connects: `-h HOST -P PORT` and the like, attached or apart. */
function clientTarget(args: readonly string[], portLetter: string, port: number): { readonly host: string; readonly port: number } {
  const value = (letter: string, long: string) => {
    for (const [index, arg] of args.entries()) {
      if (arg === `-${letter}` || arg === `--${long}`) return args[index + 1];
      if (arg.startsWith(`--${long}=`)) return arg.slice(long.length + 3);
      if (arg.startsWith(`-${letter}`) && !arg.startsWith('--') && arg.length > 2) return arg.slice(2);
    }
    return undefined;
  };
  return { host: value('h', 'host') ?? 'localhost', port: Number(value(portLetter, 'port') ?? port) };
}

/** Whether something listens there; the reason if not. */
function* reach(process: Process, host: string, port: number): Syscall<string | undefined> {
  const found = host === 'localhost' || host.startsWith('/') ? { addresses: ['127.0.0.1'] } : yield* resolveHost(process, host);
  if (!found) return 'unknown host';
  try {
    (yield* connectTo(process, found.addresses[0] as string, port, 10_000)).destroy();
    return undefined;
  } catch (error) {
    if (!(error instanceof SystemError)) throw error;
    return error.message;
  }
}

/** Serves connections in a thread until a signal; the port is taken at once. */
function listenInThread(process: Process, port: number, serve: (process: Process, connection: Connection) => Syscall<void>): number {
  const listener = process.system.network.listen('0.0.0.0', port);
  return process.spawn({ argv: [...process.argv], thread: true, program: (child) => serveConnections(child, listener, serve) });
}

// MySQL and MariaDB

interface MysqlLike {
  readonly repository: string;
  readonly versions: readonly string[];
  readonly names?: Readonly<Record<string, string>>;
  readonly product: 'MySQL' | 'MariaDB';
  readonly daemon: 'mysqld' | 'mariadbd';
  readonly sizeMebibytes: number;
  readonly endings: readonly string[];
}

const mysqlLike: readonly MysqlLike[] = [
  {
    repository: 'docker.io/library/mysql',
    versions: ['9.3.0', '8.4.5', '8.0.42', '8.0.36', '5.7.44', '5.6.51', '5.5.62'],
    names: { lts: '8.4.5', innovation: '9.3.0' },
    product: 'MySQL',
    daemon: 'mysqld',
    sizeMebibytes: 230,
    endings: ['oracle', 'debian', 'oraclelinux9'],
  },
  {
    repository: 'docker.io/library/mariadb',
    versions: ['11.7.2', '11.4.5', '10.11.11', '10.6.21', '10.5.28'],
    names: { lts: '11.4.5' },
    product: 'MariaDB',
    daemon: 'mariadbd',
    sizeMebibytes: 120,
    endings: ['noble', 'jammy', 'ubi'],
  },
];

const mysqlData = '/var/lib/mysql';
const mysqlPort = (process: Process) => Number(process.argv.find((arg) => /^--port=\d+$/.test(arg))?.slice(7) ?? 3306);

function* entrypointNote(process: Process, level: string, text: string): Syscall<void> {
  const stamp = formatDate('%Y-%m-%d %T+00:00', process.system.now());
  yield* process.write(level === 'ERROR' ? 2 : 1, `${stamp} [${level}] [Entrypoint]: ${text}\n`);
}

const unspecified: Readonly<Record<MysqlLike['product'], string>> = {
  MySQL:
    'Database is uninitialized and password option is not specified\n    You need to specify one of the following as an environment variable:\n    - MYSQL_ROOT_PASSWORD\n    - MYSQL_ALLOW_EMPTY_PASSWORD\n    - MYSQL_RANDOM_ROOT_PASSWORD',
  MariaDB:
    'Database is uninitialized and password option is not specified\n\tYou need to specify one of MARIADB_ROOT_PASSWORD, MARIADB_ROOT_PASSWORD_HASH, MARIADB_ALLOW_EMPTY_ROOT_PASSWORD and MARIADB_RANDOM_ROOT_PASSWORD',
};

/** The image's entrypoint: initializes an empty data directory, which needs a password, then becomes the server. */
function mysqlEntrypoint(one: MysqlLike, version: string): Program {
  return function* (process) {
    const [command = one.daemon, ...args] = process.argv.slice(1);
    if (command !== one.daemon && command !== 'mysqld' && !command.startsWith('-')) return yield* runOther(process, [command, ...args]);
    const { fs } = process.system;
    yield* entrypointNote(process, 'Note', `Entrypoint script for ${one.product} Server ${version} started.`);
    const given = (...names: readonly string[]) =>
      names.some((name) => ['MYSQL', ...(one.product === 'MariaDB' ? ['MARIADB'] : [])].some((prefix) => process.env.get(`${prefix}_${name}`)));
    if (!fs.exists(`${mysqlData}/mysql`)) {
      if (!given('ROOT_PASSWORD', 'ALLOW_EMPTY_PASSWORD', 'ALLOW_EMPTY_ROOT_PASSWORD', 'RANDOM_ROOT_PASSWORD', 'ROOT_PASSWORD_HASH')) {
        yield* entrypointNote(process, 'ERROR', unspecified[one.product]);
        return 1;
      }
      yield* entrypointNote(process, 'Note', 'Initializing database files');
      yield* process.sleep(4000);
      fs.mkdir(`${mysqlData}/mysql`, { recursive: true });
      fs.writeFile(`${mysqlData}/ibdata1`, '');
      const database = process.env.get('MYSQL_DATABASE') ?? process.env.get('MARIADB_DATABASE');
      yield* entrypointNote(process, 'Note', 'Database files initialized');
      yield* entrypointNote(process, 'Note', 'Starting temporary server');
      yield* process.sleep(2000);
      if (database) yield* entrypointNote(process, 'Note', `Creating database ${database}`);
      if (database && !database.includes('/')) fs.mkdir(`${mysqlData}/${database}`, { recursive: true });
      yield* entrypointNote(process, 'Note', 'Stopping temporary server');
      yield* entrypointNote(process, 'Note', `${one.product} init process done. Ready for start up.`);
    }
    return yield* mysqlServer(process, one, version);
  };
}

/** What an entrypoint script does with a command that is not its server's. */
function* runOther(process: Process, argv: readonly string[]): Syscall<number> {
  const name = argv[0] as string;
  const folders = (process.env.get('PATH') ?? '').split(':');
  const path = name.includes('/') ? name : folders.map((folder) => `${folder}/${name}`).find((one) => process.system.fs.exists(one));
  if (path === undefined) {
    yield* process.write(2, `/usr/local/bin/docker-entrypoint.sh: exec: ${name}: not found\n`);
    return 127;
  }
  return yield* process.exec([name, ...argv.slice(1)], undefined, path);
}

function* mysqlServer(process: Process, one: MysqlLike, version: string): Syscall<number> {
  const port = mysqlPort(process);
  const log = function* (level: string, code: string, text: string): Syscall<void> {
    const now = process.system.now();
    const stamp = `${formatDate('%Y-%m-%dT%T', now)}.${String(now % 1000).padStart(3, '0')}000Z`;
    const line = one.product === 'MySQL' ? `${stamp} 0 [${level}] [${code}] [Server] ${text}` : `${formatDate('%Y-%m-%d %k:%M:%S', now)} 0 [Note] ${text}`;
    yield* process.write(2, `${line}\n`);
  };
  yield* log('System', 'MY-010116', `/usr/sbin/${one.daemon} (${one.daemon} ${version}) starting as process ${process.pid}`);
  yield* process.sleep(1500);
  try {
    listenInThread(process, port, (child, connection) => serveMysql(child, connection, version));
  } catch (error) {
    if (!(error instanceof SystemError)) throw error;
    yield* log('ERROR', 'MY-010262', "Can't start server: Bind on TCP/IP port: Address already in use");
    return 1;
  }
  const edition = one.product === 'MySQL' ? 'MySQL Community Server - GPL' : 'mariadb.org binary distribution';
  const ready = `ready for connections. Version: '${version}'  socket: '/var/run/mysqld/mysqld.sock'  port: ${port}  ${edition}.`;
  yield* log('System', 'MY-010931', `/usr/sbin/${one.daemon}: ${ready}`);
  yield* untilSignal(process, ['TERM', 'QUIT']);
  yield* log('System', 'MY-013172', `Received SHUTDOWN from user <via user signal>. Shutting down ${one.daemon} (Version: ${version}).`);
  yield* process.sleep(700);
  yield* log('System', 'MY-010910', `/usr/sbin/${one.daemon}: Shutdown complete (${one.daemon} ${version})  ${edition}.`);
  return 0;
}

/** The greeting of protocol version 10, then an error to whoever logs in (1235, not supported). */
function* serveMysql(process: Process, connection: Connection, version: string): Syscall<void> {
  const packet = (sequence: number, body: Uint8Array) => Buffer.concat([Buffer.from([body.length & 255, body.length >> 8, 0, sequence]), body]);
  const greeting = Buffer.concat([
    Buffer.from([10]),
    Buffer.from(`${version}\0`),
    Buffer.from([process.pid & 255, 0, 0, 0]),
    Buffer.from('simulate\0'),
    // Capabilities: protocol 4.1, secure connection, plugin authentication.
    Buffer.from([0x00, 0x82, 0x21, 0x02, 0x00, 0x08, 0x00, 21]),
    Buffer.alloc(10),
    Buffer.from('dpassword123\0mysql_native_password\0'),
  ]);
  yield* send(connection, packet(0, greeting));
  if ((yield* receive(process, connection, 10_000)) !== null)
    yield* send(connection, packet(2, Buffer.concat([Buffer.from([0xff, 1235 & 255, 1235 >> 8]), Buffer.from(`#42000${noSql}`)])));
  connection.end();
}

const mysqladmin: Program = function* (process) {
  const args = process.argv.slice(1);
  const { host, port } = clientTarget(args, 'P', 3306);
  const name = (process.argv[0] ?? '').replace(/^.*\//, '');
  const actions = args.filter((arg) => /^(?:ping|status|version|shutdown|create|drop|processlist)$/.test(arg));
  if (actions[0] !== 'ping') {
    yield* process.write(2, `${name}: only ping is simulated\n`);
    return 1;
  }
  const why = yield* reach(process, host, port);
  if (why === undefined) {
    yield* process.write(1, 'mysqld is alive\n');
    return 0;
  }
  const shown =
    host === 'localhost'
      ? "Can't connect to local MySQL server through socket '/var/run/mysqld/mysqld.sock' (2)"
      : `Can't connect to MySQL server on '${host}:${port}' (111)`;
  const advice = host === 'localhost' ? "Check that mysqld is running and that the socket: '/var/run/mysqld/mysqld.sock' exists!\n" : '';
  yield* process.write(2, `${name}: connect to server at '${host}' failed\nerror: '${shown}'\n${advice}`);
  return 1;
};

/** mysql: a constant number selected with `-e` comes back (probes do that); all other SQL is refused by name. */
const mysqlClient: Program = function* (process) {
  const args = process.argv.slice(1);
  const { host, port } = clientTarget(args, 'P', 3306);
  const why = yield* reach(process, host, port);
  if (why !== undefined) {
    const local = "ERROR 2002 (HY000): Can't connect to local MySQL server through socket '/var/run/mysqld/mysqld.sock' (2)";
    yield* process.write(2, `${host === 'localhost' ? local : `ERROR 2003 (HY000): Can't connect to MySQL server on '${host}:${port}' (111)`}\n`);
    return 1;
  }
  const at = args.findIndex((arg) => arg === '-e' || arg === '--execute');
  const statement = at < 0 ? args.find((arg) => arg.startsWith('-e') || arg.startsWith('--execute='))?.replace(/^(?:-e|--execute=)/, '') : args[at + 1];
  const constant = /^\s*select\s+(\d+)\s*;?\s*$/i.exec(statement ?? '');
  if (constant) {
    yield* process.write(1, `${constant[1]}\n${constant[1]}\n`);
    return 0;
  }
  yield* process.write(2, `mysql: SQL is not simulated: ${noSql}\n`);
  return 1;
};

const unsimulated = (text: string): Program =>
  function* (process) {
    yield* process.write(2, `${text}\n`);
    return 1;
  };

function mysqlImage(one: MysqlLike, shell: ShellMaker): ImageDefinition {
  const layer = remember((version) =>
    debianLayer(
      shell,
      [
        ...programEntries('/usr/bin', [
          ['mysql', mysqlClient],
          ['mysqladmin', mysqladmin],
          ['mysqldump', unsimulated(`mysqldump: SQL is not simulated: ${noSql}`)],
          ...(one.product === 'MariaDB'
            ? ([
                ['mariadb', mysqlClient],
                ['mariadb-admin', mysqladmin],
              ] as [string, Program][])
            : []),
        ]),
        ['/usr/local/bin/docker-entrypoint.sh', { program: mysqlEntrypoint(one, version), mode: 0o755 }],
        [`/usr/sbin/${one.daemon}`, { program: (process) => mysqlServer(process, one, version), mode: 0o755 }],
        [mysqlData, { directory: true, mode: 0o1777 }],
        ['/etc/mysql/conf.d', { directory: true }],
        ['/var/run/mysqld', { directory: true, mode: 0o1777 }],
        ['/docker-entrypoint-initdb.d', { directory: true }],
      ],
      { users: ['mysql:x:999:999::/var/lib/mysql:/bin/bash'] },
    ),
  );
  return {
    repository: one.repository,
    versions: one.versions,
    versionOf: tagReader(one.versions, one.names ?? {}, one.endings),
    image: (version) => ({
      sizeBytes: mebibytes(one.sizeMebibytes),
      config: {
        entrypoint: ['docker-entrypoint.sh'],
        command: [one.daemon],
        env: { [one.product === 'MySQL' ? 'MYSQL_VERSION' : 'MARIADB_VERSION']: version },
        exposedPorts: [3306],
      },
      layer: () => layer(version),
    }),
  };
}

// PostgreSQL

const postgresVersions = ['17.5', '17.4', '16.9', '16.2', '15.13', '15.6', '14.18', '13.21', '12.22', '11.22', '10.23', '9.6.24'];

const noSuperuserPassword = `Error: Database is uninitialized and superuser password is not specified.
       You must specify POSTGRES_PASSWORD to a non-empty value for the
       superuser. For example, "-e POSTGRES_PASSWORD=password" on "docker run".

       You may also use "POSTGRES_HOST_AUTH_METHOD=trust" to allow all
       connections without a password. This is *not* recommended.

       See PostgreSQL documentation about "trust":
       https://www.postgresql.org/docs/current/auth-trust.html
`;

function postgresEntrypoint(version: string): Program {
  return function* (process) {
    const [command = 'postgres', ...args] = process.argv.slice(1);
    if (command !== 'postgres' && !command.startsWith('-')) return yield* runOther(process, [command, ...args]);
    const { fs } = process.system;
    const data = process.env.get('PGDATA') ?? '/var/lib/postgresql/data';
    fs.mkdir(data, { recursive: true });
    if (fs.exists(`${data}/PG_VERSION`)) {
      yield* process.write(1, '\nPostgreSQL Database directory appears to contain a database; Skipping initialization\n\n');
    } else {
      if (!process.env.get('POSTGRES_PASSWORD') && process.env.get('POSTGRES_HOST_AUTH_METHOD') !== 'trust') {
        yield* process.write(2, noSuperuserPassword);
        return 1;
      }
      if (fs.exists(`${data}/lost+found`)) {
        yield* process.write(
          2,
          `initdb: error: directory "${data}" exists but is not empty\ninitdb: detail: It contains a lost+found directory, perhaps due to it being a mount point.\ninitdb: hint: Using a mount point directly as the data directory is not recommended.\nCreate a subdirectory under the mount point.\n`,
        );
        return 1;
      }
      yield* process.write(1, 'The files belonging to this database system will be owned by user "postgres".\nThis user must also own the server process.\n\n');
      yield* process.sleep(1000);
      fs.writeFile(`${data}/PG_VERSION`, `${version.replace(/\.\d+$/, '')}\n`);
      yield* process.write(
        1,
        `fixing permissions on existing directory ${data} ... ok\ncreating subdirectories ... ok\n\nSuccess. You can now start the database server using:\n\n    pg_ctl -D ${data} -l logfile start\n\n`,
      );
      yield* process.sleep(500);
      yield* process.write(1, '\nPostgreSQL init process complete; ready for start up.\n\n');
    }
    return yield* postgresServer(process, version);
  };
}

function* postgresServer(process: Process, version: string): Syscall<number> {
  const portAt = process.argv.indexOf('-p');
  const port = portAt < 0 ? Number(process.env.get('PGPORT') ?? 5432) : Number(process.argv[portAt + 1]);
  const log = function* (text: string): Syscall<void> {
    const now = process.system.now();
    yield* process.write(2, `${formatDate('%Y-%m-%d %T', now)}.${String(now % 1000).padStart(3, '0')} UTC [${process.pid}] ${text}\n`);
  };
  yield* log(`LOG:  starting PostgreSQL ${version} (Debian ${version}-1.pgdg120+1) on x86_64-pc-linux-gnu, compiled by gcc (Debian 12.2.0-14) 12.2.0, 64-bit`);
  let child: number;
  try {
    child = listenInThread(process, port, servePostgres);
  } catch (error) {
    if (!(error instanceof SystemError)) throw error;
    yield* log(`LOG:  could not bind IPv4 address "0.0.0.0": Address already in use`);
    yield* log('FATAL:  could not create any TCP/IP sockets');
    return 1;
  }
  yield* log(`LOG:  listening on IPv4 address "0.0.0.0", port ${port}`);
  yield* log(`LOG:  listening on IPv6 address "::", port ${port}`);
  yield* log(`LOG:  listening on Unix socket "/var/run/postgresql/.s.PGSQL.${port}"`);
  yield* process.sleep(100);
  yield* log('LOG:  database system is ready to accept connections');
  const signal = yield* untilSignal(process, ['TERM', 'INT', 'QUIT']);
  const kinds: Readonly<Record<string, string>> = { TERM: 'smart', INT: 'fast', QUIT: 'immediate' };
  yield* log(`LOG:  received ${kinds[signal]} shutdown request`);
  process.kill(child, 'KILL');
  if (signal === 'INT') yield* log('LOG:  aborting any active transactions');
  if (signal !== 'QUIT') yield* log('LOG:  shutting down');
  yield* log('LOG:  database system is shut down');
  return 0;
}

/** Says no to SSL, then tells whoever starts a session that there is no SQL. */
function* servePostgres(process: Process, connection: Connection): Syscall<void> {
  for (let data = yield* receive(process, connection, 60_000); data !== null; data = yield* receive(process, connection, 60_000)) {
    const code = data.length >= 8 ? Buffer.from(data).readUInt32BE(4) : 0;
    if (code === 80_877_103 || code === 80_877_104) {
      yield* send(connection, 'N');
      continue;
    }
    const fields = Buffer.from(`SFATAL\0VFATAL\0C0A000\0M${noSql}\0\0`);
    const head = Buffer.alloc(5);
    head.write('E');
    head.writeUInt32BE(fields.length + 4, 1);
    yield* send(connection, Buffer.concat([head, fields]));
    break;
  }
  connection.end();
}

/** pg_isready: 0 accepting, 2 no response. */
const pgIsReady: Program = function* (process) {
  const args = process.argv.slice(1);
  const { host, port } = clientTarget(args, 'p', Number(process.env.get('PGPORT') ?? 5432));
  const why = yield* reach(process, host, port);
  const shown = host === 'localhost' && !args.some((arg) => arg.startsWith('-h') || arg.startsWith('--host')) ? '/var/run/postgresql' : host;
  if (!args.includes('-q')) yield* process.write(1, `${shown}:${port} - ${why === undefined ? 'accepting connections' : 'no response'}\n`);
  return why === undefined ? 0 : 2;
};

function postgresImage(shell: ShellMaker): ImageDefinition {
  const layer = remember((version) =>
    debianLayer(
      shell,
      [
        ...programEntries('/usr/bin', [
          ['pg_isready', pgIsReady],
          ['psql', unsimulated(`psql: SQL is not simulated: ${noSql}`)],
          ['pg_dump', unsimulated(`pg_dump: SQL is not simulated: ${noSql}`)],
        ]),
        ['/usr/local/bin/docker-entrypoint.sh', { program: postgresEntrypoint(version), mode: 0o755 }],
        ['/var/lib/postgresql/data', { directory: true, mode: 0o1777 }],
        ['/docker-entrypoint-initdb.d', { directory: true }],
      ],
      { users: ['postgres:x:999:999::/var/lib/postgresql:/bin/bash'] },
    ),
  );
  return {
    repository: 'docker.io/library/postgres',
    versions: postgresVersions,
    versionOf: tagReader(postgresVersions, {}, ['alpine', 'bookworm', 'bullseye']),
    image: (version) => ({
      sizeBytes: mebibytes(155),
      config: {
        entrypoint: ['docker-entrypoint.sh'],
        command: ['postgres'],
        env: { PG_MAJOR: version.replace(/\.\d+$/, ''), PG_VERSION: version, PGDATA: '/var/lib/postgresql/data' },
        exposedPorts: [5432],
        stopSignal: 'SIGINT',
      },
      layer: () => layer(version),
    }),
  };
}

export function databaseImages(shell: ShellMaker): ImageDefinition[] {
  return [...mysqlLike.map((one) => mysqlImage(one, shell)), postgresImage(shell)];
}
