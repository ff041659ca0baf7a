/** httpd and tomcat: servers of files. */
import { formatDate } from '../../shell/applets/lib/date-format.ts';
import { header } from '../../shell/applets/lib/http.ts';
import type { ImageEntry } from '../../shell/fs/index.ts';
import type { Process, Program, Syscall } from '../../shell/kernel/types.ts';
import { SystemError } from '../../shell/kernel/types.ts';
import type { ImageDefinition, ShellMaker } from './definition.ts';
import { debianLayer, mebibytes, remember, tagReader } from './definition.ts';
import { contentTypes, fileAt } from './files.ts';
import type { HttpAnswer, HttpRequest } from './http-server.ts';
import { plainHandler, startHttpServer, untilSignal } from './http-server.ts';

const serverRoot = '/usr/local/apache2';
const httpdVersions = ['2.4.63', '2.4.62', '2.4.61', '2.4.59', '2.4.58', '2.4.57', '2.4.55', '2.4.54', '2.4.46', '2.4.38'];

function httpdError(status: number, title: string, text: string): HttpAnswer {
  const body = `<!DOCTYPE HTML PUBLIC "-//IETF//DTD HTML 2.0//EN">\n<html><head>\n<title>${title}</title>\n</head><body>\n<h1>${title.replace(/^\d+ /, '')}</h1>\n<p>${text}</p>\n</body></html>\n`;
  return { status, body, type: 'text/html; charset=iso-8859-1' };
}

/** Apache's own files are served as they are; `Listen` and `DocumentRoot` of its configuration are read. */
function httpdAnswer(request: HttpRequest, process: Process, root: string): HttpAnswer {
  if (request.method !== 'GET' && request.method !== 'HEAD')
    return httpdError(405, '405 Method Not Allowed', `The requested method ${request.method} is not allowed for this URL.`);
  const found = fileAt(process, root, request.path, 'index.html');
  if (found.kind === 'moved') {
    const location = `http://${header(request, 'host') ?? process.system.hostname}${request.path}/`;
    const answer = httpdError(301, '301 Moved Permanently', `The document has moved <a href="${location}">here</a>.`);
    return { ...answer, headers: [['Location', location]] };
  }
  if (found.kind === 'folder') {
    const names = [...process.system.fs.readdir(found.path)].sort();
    const rows = names.map((name) => `<li><a href="${encodeURIComponent(name)}"> ${name}</a></li>\n`).join('');
    const title = `Index of ${request.path}`;
    return {
      status: 200,
      type: 'text/html;charset=ISO-8859-1',
      body: `<!DOCTYPE HTML PUBLIC "-//W3C//DTD HTML 4.01//EN" "http://www.w3.org/TR/html4/strict.dtd">\n<html>\n <head>\n  <title>${title}</title>\n </head>\n <body>\n<h1>${title}</h1>\n<ul>${rows}</ul>\n</body></html>\n`,
    };
  }
  if (found.kind === 'denied') return httpdError(403, '403 Forbidden', "You don't have permission to access this resource.");
  if (found.kind === 'missing') return httpdError(404, '404 Not Found', 'The requested URL was not found on this server.');
  return {
    status: 200,
    body: found.data,
    type: contentTypes(found.path) ?? 'text/plain',
    headers: [
      ['Last-Modified', formatDate('%a, %d %b %Y %T GMT', found.mtimeMs)],
      ['ETag', `"${found.data.length.toString(16)}-${(found.mtimeMs * 1000).toString(16)}"`],
      ['Accept-Ranges', 'bytes'],
    ],
  };
}

function httpd(version: string): Program {
  return function* (process) {
    const args = process.argv.slice(1);
    if (args.includes('-v') || args.includes('-V')) {
      yield* process.write(1, `Server version: Apache/${version} (Unix)\n`);
      return 0;
    }
    const { fs } = process.system;
    const path = `${serverRoot}/conf/httpd.conf`;
    const text = fs.exists(path) ? fs.readText(path) : '';
    if (args.includes('-t')) {
      yield* process.write(2, 'Syntax OK\n');
      return 0;
    }
    const port = Number(/^\s*Listen\s+(?:\S+:)?(\d+)/m.exec(text)?.[1] ?? 80);
    const root = /^\s*DocumentRoot\s+"?([^"\n]+)"?/m.exec(text)?.[1] ?? `${serverRoot}/htdocs`;
    const address = process.system.network.addresses[0] ?? '127.0.0.1';
    const warning = `AH00558: httpd: Could not reliably determine the server's fully qualified domain name, using ${address}. Set the 'ServerName' directive globally to suppress this message\n`;
    if (!/^\s*ServerName\s/m.test(text)) yield* process.write(2, warning + warning);
    try {
      startHttpServer(
        process,
        port,
        plainHandler((request, one) => httpdAnswer(request, one, root)),
        { server: `Apache/${version} (Unix)`, log: commonLog, inChild: true },
      );
    } catch (error) {
      if (!(error instanceof SystemError)) throw error;
      yield* process.write(
        2,
        `(98)Address already in use: AH00072: make_sock: could not bind to address 0.0.0.0:${port}\nno listening sockets available, shutting down\nAH00015: Unable to open logs\n`,
      );
      return 1;
    }
    yield* errorLog(process, 'mpm_event', `AH00489: Apache/${version} (Unix) configured -- resuming normal operations`);
    yield* errorLog(process, 'core', `AH00094: Command line: 'httpd -D FOREGROUND'`);
    const signal = yield* untilSignal(process, ['TERM', 'INT', 'WINCH']);
    if (signal === 'WINCH') yield* errorLog(process, 'mpm_event', 'AH00492: caught SIGWINCH, shutting down gracefully');
    else yield* errorLog(process, 'mpm_event', 'AH00491: caught SIGTERM, shutting down');
    return 0;
  };
}

function* errorLog(process: Process, module: string, text: string): Syscall<void> {
  const now = process.system.now();
  const stamp = formatDate('%a %b %d %T', now);
  const micro = String((now % 1000) * 1000).padStart(6, '0');
  yield* process.write(2, `[${stamp}.${micro} ${formatDate('%Y', now)}] [${module}:notice] [pid ${process.pid}:tid ${process.pid}] ${text}\n`);
}

/** The common log format, on standard output as the image is set up. */
function* commonLog(process: Process, request: HttpRequest, answer: HttpAnswer, sent: number): Syscall<void> {
  const stamp = formatDate('%d/%b/%Y:%T %z', process.system.now());
  yield* process.write(1, `${request.connection.remoteAddress} - - [${stamp}] "${request.first}" ${answer.status} ${sent || '-'}\n`);
}

const tomcatVersions = ['11.0.7', '10.1.41', '9.0.105', '8.5.100', '7.0.109'];

function* tomcatLog(process: Process, place: string, text: string): Syscall<void> {
  const now = process.system.now();
  yield* process.write(2, `${formatDate('%d-%b-%Y %T', now)}.${String(now % 1000).padStart(3, '0')} INFO [main] ${place} ${text}\n`);
}

/** Tomcat's page for an error; the image holds no application. */
function tomcatError(status: number, title: string, version: string, message: string): HttpAnswer {
  return {
    status,
    type: 'text/html;charset=utf-8',
    headers: [['Content-Language', 'en']],
    body: `<!doctype html><html lang="en"><head><title>HTTP Status ${status} – ${title}</title></head><body><h1>HTTP Status ${status} – ${title}</h1><hr class="line" /><p><b>Type</b> Status Report</p><p><b>Description</b> ${message}</p><hr class="line" /><h3>Apache Tomcat/${version}</h3></body></html>`,
  };
}

/** `catalina.sh run`: 8080 after a start of about a second; serves the files of webapps/NAME. */
function catalina(version: string): Program {
  return function* (process) {
    if (process.argv[1] !== 'run') {
      yield* process.write(2, `catalina.sh ${process.argv[1] ?? ''}: only run is simulated\n`);
      return 1;
    }
    const { fs } = process.system;
    const webapps = '/usr/local/tomcat/webapps';
    const listener = 'org.apache.catalina.startup.VersionLoggerListener.log';
    yield* tomcatLog(process, listener, `Server version name:   Apache Tomcat/${version}`);
    yield* tomcatLog(process, listener, 'OS Name:               Linux');
    yield* tomcatLog(process, 'org.apache.coyote.AbstractProtocol.init', 'Initializing ProtocolHandler ["http-nio-8080"]');
    const started = process.system.now();
    yield* process.sleep(400);
    yield* tomcatLog(process, 'org.apache.catalina.startup.Catalina.load', `Server initialization in [${process.system.now() - started}] milliseconds`);
    yield* tomcatLog(process, 'org.apache.catalina.core.StandardService.startInternal', 'Starting service [Catalina]');
    yield* tomcatLog(process, 'org.apache.catalina.core.StandardEngine.startInternal', `Starting Servlet engine: [Apache Tomcat/${version}]`);
    const again = process.system.now();
    for (const name of fs.exists(webapps) ? fs.readdir(webapps) : []) {
      if (fs.stat(`${webapps}/${name}`).type !== 'directory') continue;
      const place = 'org.apache.catalina.startup.HostConfig.deployDirectory';
      yield* tomcatLog(process, place, `Deploying web application directory [${webapps}/${name}]`);
      yield* process.sleep(300);
    }
    try {
      startHttpServer(
        process,
        8080,
        plainHandler((request, one) => {
          const names = /^\/([^/]*)(.*)$/s.exec(request.path);
          const app = one.system.fs.exists(`${webapps}/${names?.[1]}`) && names?.[1] ? names[1] : 'ROOT';
          const inside = app === 'ROOT' ? request.path : (names?.[2] ?? '') || '/';
          const found = /^\/(?:WEB-INF|META-INF)(?:\/|$)/i.test(inside) ? { kind: 'missing' as const } : fileAt(one, `${webapps}/${app}`, inside, 'index.html');
          if (found.kind === 'file' && found.path.endsWith('.jsp')) return tomcatError(501, 'Not Implemented', version, 'JSP pages are not simulated.');
          if (found.kind === 'file') return { status: 200, body: found.data, type: contentTypes(found.path) };
          const text = 'The origin server did not find a current representation for the target resource or is not willing to disclose that one exists.';
          return tomcatError(404, 'Not Found', version, text);
        }),
      );
    } catch (error) {
      if (!(error instanceof SystemError)) throw error;
      yield* process.write(2, 'java.net.BindException: Address already in use\n');
      return 1;
    }
    yield* tomcatLog(process, 'org.apache.coyote.AbstractProtocol.start', 'Starting ProtocolHandler ["http-nio-8080"]');
    yield* tomcatLog(process, 'org.apache.catalina.startup.Catalina.start', `Server startup in [${process.system.now() - again}] milliseconds`);
    yield* untilSignal(process, ['TERM', 'INT']);
    yield* tomcatLog(process, 'org.apache.coyote.AbstractProtocol.pause', 'Pausing ProtocolHandler ["http-nio-8080"]');
    yield* tomcatLog(process, 'org.apache.catalina.core.StandardService.stopInternal', 'Stopping service [Catalina]');
    return 143;
  };
}

export function webServerImages(shell: ShellMaker): ImageDefinition[] {
  const httpdLayer = remember((version) =>
    debianLayer(shell, [
      [`${serverRoot}/htdocs/index.html`, { data: '<html><body><h1>It works!</h1></body></html>\n' }],
      [`${serverRoot}/conf/httpd.conf`, { data: `ServerRoot "${serverRoot}"\nListen 80\nDocumentRoot "${serverRoot}/htdocs"\nDirectoryIndex index.html\n` }],
      [`${serverRoot}/logs`, { directory: true }],
      [`${serverRoot}/bin/httpd`, { program: httpd(version), mode: 0o755 }],
      ['/usr/local/bin/httpd-foreground', { data: '#!/bin/sh\nset -e\nrm -f /usr/local/apache2/logs/httpd.pid\nexec httpd -DFOREGROUND "$@"\n', mode: 0o755 }],
    ] satisfies [string, ImageEntry][]),
  );
  const tomcatLayer = remember((version) =>
    debianLayer(shell, [
      ['/usr/local/tomcat/bin/catalina.sh', { program: catalina(version), mode: 0o755 }],
      ['/usr/local/tomcat/webapps', { directory: true }],
      ['/usr/local/tomcat/webapps.dist/ROOT', { directory: true }],
    ] satisfies [string, ImageEntry][]),
  );
  const httpdImage: ImageDefinition = {
    repository: 'docker.io/library/httpd',
    versions: httpdVersions,
    versionOf: tagReader(httpdVersions, {}, ['alpine', 'bookworm']),
    image: (version) => ({
      sizeBytes: mebibytes(57),
      config: {
        command: ['httpd-foreground'],
        env: { PATH: `${serverRoot}/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin`, HTTPD_PREFIX: serverRoot, HTTPD_VERSION: version },
        workingDir: serverRoot,
        exposedPorts: [80],
        stopSignal: 'SIGWINCH',
      },
      layer: () => httpdLayer(version),
    }),
  };
  return [
    httpdImage,
    // The copy that Kubernetes' own tests use.
    {
      ...httpdImage,
      repository: 'registry.k8s.io/e2e-test-images/httpd',
      versions: ['2.4.39', '2.4.38'],
      versionOf: tagReader(['2.4.39', '2.4.38'], {}, ['4', '2', '1']),
    },
    {
      repository: 'docker.io/library/tomcat',
      versions: tomcatVersions,
      versionOf: tagReader(tomcatVersions, {}, [
        'jdk21',
        'jdk17',
        'jre17',
        'jdk11',
        'jre11',
        'jre8',
        'jdk8',
        'jre8-alpine',
        'jdk8-openjdk',
        'jdk11-openjdk',
        'jdk17-openjdk',
        'jdk8-corretto',
        'alpine',
      ]),
      image: (version) => ({
        sizeBytes: mebibytes(188),
        config: {
          command: ['catalina.sh', 'run'],
          env: {
            PATH: '/usr/local/tomcat/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
            CATALINA_HOME: '/usr/local/tomcat',
            TOMCAT_VERSION: version,
          },
          workingDir: '/usr/local/tomcat',
          exposedPorts: [8080],
        },
        layer: () => tomcatLayer(version),
      }),
    },
  ];
}
