/** busybox' httpd: the files of a folder over HTTP. */
import { applet, Failure, reason } from '../../shell/applets/lib/applet.ts';
import { formatDate } from '../../shell/applets/lib/date-format.ts';
import type { Process, Program } from '../../shell/kernel/types.ts';
import { SystemError } from '../../shell/kernel/types.ts';
import { contentTypes, fileAt } from './files.ts';
import type { HttpAnswer, HttpRequest, HttpServerOptions } from './http-server.ts';
import { plainHandler, startHttpServer, untilSignal } from './http-server.ts';

function page(status: number, title: string, text: string): HttpAnswer {
  const body = `<HTML><HEAD><TITLE>${status} ${title}</TITLE></HEAD>\n<BODY><H1>${status} ${title}</H1>\n${text}\n</BODY></HTML>\n`;
  return { status, body, type: 'text/html' };
}

function answer(request: HttpRequest, process: Process, root: string): HttpAnswer {
  if (request.path.startsWith('/cgi-bin/') || !/^(?:GET|HEAD)$/.test(request.method)) {
    return page(501, 'Not Implemented', 'The requested method is not recognized');
  }
  const found = fileAt(process, root, request.path, 'index.html');
  if (found.kind === 'moved') return { status: 302, headers: [['Location', `${request.path}/`]] };
  if (found.kind === 'denied') return page(403, 'Forbidden', 'You have no permission to access this URL on this server');
  if (found.kind !== 'file') return page(404, 'Not Found', 'The requested URL was not found');
  return {
    status: 200,
    body: found.data,
    type: contentTypes(found.path) ?? 'application/octet-stream',
    headers: [
      ['Accept-Ranges', 'bytes'],
      ['Last-Modified', formatDate('%a, %d %b %Y %T GMT', found.mtimeMs)],
    ],
  };
}

const accessLog: HttpServerOptions['log'] = function* (process, request, { status }) {
  const { remoteAddress, remotePort } = request.connection;
  const client = `[::ffff:${remoteAddress}]:${remotePort}`;
  yield* process.write(2, `${client}: url:${request.target}\n${client}: response:${status}\n`);
};

/** `-f` stays in the foreground, `-p [ADDRESS:]PORT` (80), `-h FOLDER` (the present one), `-v` logs requests. Without CGI and passwords. */
export const busyboxHttpd: Program = applet({ usage: '[-ifv[v]] [-p [IP:]PORT] [-h HOME]', short: 'ifvp:h:u:c:r:' }, function* (call) {
  const { options, process } = call;
  const port = Number((options.value('p') ?? '80').split(':').pop());
  const root = process.system.fs.realpath(options.value('h') ?? '.', process.cwd).replace(/\/$/, '');
  if (!(port > 0 && port < 65_536)) throw new Failure(`bad port: ${options.value('p')}`);
  const log = options.has('v') ? accessLog : undefined;
  try {
    startHttpServer(
      process,
      port,
      plainHandler((request, one) => answer(request, one, root)),
      { log },
    );
  } catch (error) {
    if (error instanceof SystemError) throw new Failure(`bind: ${reason(error)}`);
    throw error;
  }
  if (!options.has('f')) return 0; // What serves is a child by now, and goes on.
  yield* untilSignal(process, ['TERM', 'INT']);
  return 0;
})('busybox');
