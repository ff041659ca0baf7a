/** python, node, perl, go, java, ruby, php and bash: interpreters and compilers are not simulated, what tutorials do without writing a program is. */
import { formatDate } from '../../shell/applets/lib/date-format.ts';
import type { ImageEntry } from '../../shell/fs/index.ts';
import { programEntries } from '../../shell/fs/index.ts';
import type { Process, Program, Syscall } from '../../shell/kernel/types.ts';
import { SystemError } from '../../shell/kernel/types.ts';
import type { ImageConfig } from '../types.ts';
import type { ImageDefinition, ShellMaker } from './definition.ts';
import { busyboxLayer, debianLayer, mebibytes, remember, tagReader } from './definition.ts';
import { contentTypes, fileAt } from './files.ts';
import type { HttpAnswer, HttpRequest } from './http-server.ts';
import { plainHandler, startHttpServer, untilSignal } from './http-server.ts';
import { bignumPi } from './pi.ts';

function* refuse(process: Process, text: string): Syscall<number> {
  yield* process.write(2, `${text}\n`);
  return 1;
}

function python(version: string): Program {
  return function* (process) {
    const args = process.argv.slice(1).filter((arg) => arg !== '-u' && arg !== '-B');
    if (args[0] === '--version' || args[0] === '-V') {
      yield* process.write(1, `Python ${version}\n`);
      return 0;
    }
    if (args[0] === '-m' && args[1] === 'http.server') return yield* httpServer(process, version, args.slice(2));
    if (args[0] === '-c') return yield* refuse(process, 'python: programs given with -c are not simulated; `python -m http.server` is');
    return yield* refuse(
      process,
      `python: ${args[0] ? `running ${args.join(' ')}` : 'the interactive interpreter'} is not simulated; \`python -m http.server\` is`,
    );
  };
}

/** python -m http.server: the files of a folder. Its first line stays in Python's buffer unless output is a terminal or unbuffered. */
function* httpServer(process: Process, version: string, args: readonly string[]): Syscall<number> {
  const value = (...names: readonly string[]) => args.map((arg, i) => (names.includes(arg) ? args[i + 1] : undefined)).find((one) => one !== undefined);
  const port = Number(args.find((arg, i) => /^\d+$/.test(arg) && !/^-/.test(args[i - 1] ?? '')) ?? 8000);
  const bind = value('--bind', '-b') ?? '0.0.0.0';
  const folder = value('--directory', '-d') ?? process.cwd;
  const log = function* (one: Process, request: HttpRequest, answer: HttpAnswer): Syscall<void> {
    const head = `${request.connection.remoteAddress} - - [${formatDate('%d/%b/%Y %T', one.system.now())}]`;
    if (answer.status === 404) yield* one.write(2, `${head} code 404, message File not found\n`);
    yield* one.write(2, `${head} "${request.first}" ${answer.status} -\n`);
  };
  const answer = (request: HttpRequest, one: Process): HttpAnswer => {
    if (request.method !== 'GET' && request.method !== 'HEAD') return pythonError(501, `Unsupported method ('${request.method}')`);
    const found = fileAt(one, folder === '/' ? '' : folder, request.path, 'index.html');
    if (found.kind === 'moved') return { status: 301, headers: [['Location', `${request.path}/`]] };
    if (found.kind === 'folder') return { status: 200, type: 'text/html; charset=utf-8', body: listing(one, found.path, request.path) };
    if (found.kind !== 'file') return pythonError(404, 'File not found');
    const modified = formatDate('%a, %d %b %Y %T GMT', found.mtimeMs);
    return { status: 200, body: found.data, type: contentTypes(found.path) ?? 'application/octet-stream', headers: [['Last-Modified', modified]] };
  };
  try {
    startHttpServer(process, port, plainHandler(answer), { server: `SimpleHTTP/0.6 Python/${version}`, log });
  } catch (error) {
    if (!(error instanceof SystemError)) throw error;
    return yield* refuse(process, 'OSError: [Errno 98] Address already in use');
  }
  if (process.isTty(1) || process.env.get('PYTHONUNBUFFERED') || process.argv.includes('-u'))
    yield* process.write(1, `Serving HTTP on ${bind} port ${port} (http://${bind}:${port}/) ...\n`);
  yield* untilSignal(process, ['INT']);
  yield* process.write(1, '\nKeyboard interrupt received, exiting.\n');
  return 0;
}

function pythonError(status: number, message: string): HttpAnswer {
  const explain = status === 404 ? 'Nothing matches the given URI' : 'Server does not support this operation';
  return {
    status,
    type: 'text/html;charset=utf-8',
    body: `<!DOCTYPE HTML>\n<html lang="en">\n    <head>\n        <meta charset="utf-8">\n        <title>Error response</title>\n    </head>\n    <body>\n        <h1>Error response</h1>\n        <p>Error code: ${status}</p>\n        <p>Message: ${message}.</p>\n        <p>Error code explanation: ${status} - ${explain}.</p>\n    </body>\n</html>\n`,
  };
}

function listing(process: Process, folder: string, path: string): string {
  const { fs } = process.system;
  const names = [...fs.readdir(folder)].sort().map((name) => (fs.stat(`${folder}${name}`).type === 'directory' ? `${name}/` : name));
  const rows = names.map((name) => `<li><a href="${encodeURI(name)}">${name}</a></li>\n`).join('');
  const title = `Directory listing for ${path}`;
  return `<!DOCTYPE HTML>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n<title>${title}</title>\n</head>\n<body>\n<h1>${title}</h1>\n<hr>\n<ul>\n${rows}</ul>\n<hr>\n</body>\n</html>\n`;
}

function node(version: string): Program {
  return function* (process) {
    const [first] = process.argv.slice(1);
    if (first === '--version' || first === '-v') {
      yield* process.write(1, `v${version}\n`);
      return 0;
    }
    if (first === '-e' || first === '--eval' || first === '-p') return yield* refuse(process, `node: programs given with ${first} are not simulated`);
    return yield* refuse(process, `node: ${first ? `running ${first}` : 'the interactive interpreter'} is not simulated`);
  };
}

/** perl: the pi of the Job tutorials is computed; everything else is refused by name. */
function perl(version: string): Program {
  return function* (process) {
    const args = process.argv.slice(1);
    if (args[0] === '-v' || args[0] === '--version') {
      yield* process.write(
        1,
        `\nThis is perl 5, version ${version.split('.')[1]}, subversion ${version.split('.')[2]} (v${version}) built for x86_64-linux-gnu\n`,
      );
      return 0;
    }
    const places =
      args[0] === '-Mbignum=bpi' && /^-(?:wle|le|wl?e|lwe)$/.test(args[1] ?? '') ? /^\s*print\s+bpi\s*\(?\s*(\d+)\s*\)?\s*;?\s*$/.exec(args[2] ?? '') : null;
    if (!places) return yield* refuse(process, "perl: this program is not simulated; perl -Mbignum=bpi -wle 'print bpi(N)' is");
    const digits = Number(places[1]);
    if (digits > 20_000) return yield* refuse(process, 'perl: bpi of more than 20000 digits is not simulated');
    // Perl takes about five seconds for 2000 digits; its time grows with the square.
    const steps = Math.ceil((digits / 2000) ** 2 * 5 * 200_000);
    for (let done = 0; done < steps; done += 2000) {
      process.charge(Math.min(2000, steps - done));
      yield* process.step();
    }
    yield* process.write(1, `${bignumPi(digits)}${args[1]?.includes('l') ? '\n' : ''}`);
    return 0;
  };
}

/** A program that tells its version and nothing else. */
function versionOnly(name: string, flags: readonly string[], text: string): [name: string, program: Program] {
  return [
    name,
    function* (process) {
      const [first] = process.argv.slice(1);
      if (first === undefined || !flags.includes(first))
        return yield* refuse(process, `${name}: ${first ? `running ${first}` : 'the interactive interpreter'} is not simulated`);
      yield* process.write(1, `${text}\n`);
      return 0;
    },
  ];
}

interface Language {
  readonly repository: string;
  readonly versions: readonly string[];
  readonly names?: Readonly<Record<string, string>>;
  readonly sizeMebibytes: number;
  readonly config: ImageConfig;
  readonly programs: (version: string) => [name: string, program: Program][];
  readonly endings: readonly string[];
  readonly files?: readonly (readonly [string, ImageEntry])[];
}

const languages: readonly Language[] = [
  {
    repository: 'docker.io/library/python',
    versions: ['3.13.3', '3.12.10', '3.11.12', '3.10.17', '3.9.22', '3.8.20', '3.7.17'],
    sizeMebibytes: 360,
    config: { command: ['python3'] },
    programs: (version) => ['python', 'python3'].map((name) => [name, python(version)]),
    endings: ['slim', 'alpine', 'bookworm', 'slim-bookworm', 'slim-bullseye'],
  },
  {
    repository: 'docker.io/library/node',
    versions: ['24.1.0', '23.11.1', '22.16.0', '20.19.2', '18.20.8', '16.20.2'],
    names: { lts: '22.16.0', current: '24.1.0' },
    sizeMebibytes: 380,
    config: { command: ['node'] },
    programs: (version) => [['node', node(version)]],
    endings: ['slim', 'alpine', 'bookworm', 'bookworm-slim'],
  },
  {
    repository: 'docker.io/library/perl',
    versions: ['5.40.2', '5.38.4', '5.36.3', '5.34.0', '5.34.1', '5.32.1', '5.30.3'],
    names: { stable: '5.40.2' },
    sizeMebibytes: 340,
    config: { command: ['perl5.40.2', '-de0'] },
    programs: (version) => ['perl', `perl${version}`].map((name) => [name, perl(version)]),
    endings: ['slim', 'bookworm', 'slim-bookworm', 'threaded'],
  },
  {
    repository: 'docker.io/library/golang',
    versions: ['1.24.3', '1.23.9', '1.22.12', '1.21.13', '1.20.14', '1.19.13', '1.18.10', '1.17.13', '1.16.15'],
    sizeMebibytes: 290,
    config: {
      command: ['bash'],
      env: { PATH: '/go/bin:/usr/local/go/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin', GOPATH: '/go' },
      workingDir: '/go',
    },
    programs: (version) => [versionOnly('go', ['version'], `go version go${version} linux/amd64`)],
    endings: ['alpine', 'bookworm'],
  },
  {
    repository: 'docker.io/library/openjdk',
    versions: ['23', '21', '17.0.2', '11.0.16', '8'],
    sizeMebibytes: 210,
    config: { command: ['jshell'] },
    programs: (version) => ['java', 'jshell'].map((name) => versionOnly(name, ['-version', '--version'], `openjdk version "${version}"`)),
    endings: ['jdk-slim', 'jre-slim', 'jdk-alpine', 'jre-alpine', 'jdk', 'jre', 'slim', 'alpine'],
  },
  {
    repository: 'docker.io/library/eclipse-temurin',
    versions: ['21.0.7', '17.0.15', '11.0.27', '8'],
    sizeMebibytes: 180,
    config: { command: ['jshell'] },
    programs: (version) => ['java', 'jshell'].map((name) => versionOnly(name, ['-version', '--version'], `openjdk version "${version}"`)),
    endings: ['jdk-alpine', 'jre-alpine', 'jdk', 'jre', 'alpine'],
  },
  {
    repository: 'docker.io/library/ruby',
    versions: ['3.4.4', '3.3.8', '3.2.8', '3.1.7', '2.7.8', '2.5.9'],
    sizeMebibytes: 370,
    config: { command: ['irb'] },
    programs: (version) => ['ruby', 'irb'].map((name) => versionOnly(name, ['-v', '--version'], `ruby ${version} [x86_64-linux]`)),
    endings: ['slim', 'alpine', 'bookworm', 'slim-bookworm'],
  },
  {
    repository: 'docker.io/library/php',
    versions: ['8.4.7', '8.3.21', '8.2.28', '8.1.32', '8.0.30', '7.4.33', '7.2.34', '5.6.40'],
    sizeMebibytes: 170,
    config: { command: ['php', '-a'] },
    programs: (version) => [versionOnly('php', ['-v', '--version'], `PHP ${version} (cli)`)],
    endings: ['cli', 'cli-alpine', 'alpine', 'bookworm'],
  },
];

function languageImage(one: Language, shell: ShellMaker): ImageDefinition {
  const layer = remember((version) => debianLayer(shell, programEntries('/usr/local/bin', one.programs(version)), { programs: ['ps', 'kill'] }));
  return {
    repository: one.repository,
    versions: one.versions,
    versionOf: tagReader(one.versions, one.names ?? {}, one.endings),
    image: (version) => ({
      sizeBytes: mebibytes(one.sizeMebibytes),
      config: one.repository.endsWith('/perl') ? { command: [`perl${version}`, '-de0'] } : one.config,
      layer: () => layer(version),
    }),
  };
}

const bashVersions = ['5.2.37', '5.1.16', '5.0.18', '4.4.23'];

/** bash: the shell over an Alpine; `bash` is at /usr/local/bin, `sh` is busybox'. */
function bashImage(shell: ShellMaker): ImageDefinition {
  const layer = remember(() => busyboxLayer(shell, programEntries('/usr/local/bin', [['bash', shell({ flavour: 'bash' })]])));
  return {
    repository: 'docker.io/library/bash',
    versions: bashVersions,
    versionOf: tagReader(bashVersions, {}, ['alpine3.21', 'alpine3.20']),
    image: (version) => ({ sizeBytes: mebibytes(6), config: { command: ['bash'], env: { _BASH_VERSION: version } }, layer: () => layer('') }),
  };
}

export function languageImages(shell: ShellMaker): ImageDefinition[] {
  return [...languages.map((one) => languageImage(one, shell)), bashImage(shell)];
}
