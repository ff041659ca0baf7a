/** From a request to an answer: which server, which location, and what it says, serves or passes on. */
import { Failure } from '../../../shell/applets/lib/applet.ts';
import { formatDate } from '../../../shell/applets/lib/date-format.ts';
import { exchange, header } from '../../../shell/applets/lib/http.ts';
import { connectTo } from '../../../shell/applets/lib/socket.ts';
import type { Process, Syscall } from '../../../shell/kernel/types.ts';
import { SystemError } from '../../../shell/kernel/types.ts';
import { gathered } from '../http-server.ts';
import type { Location, ProxyPass, Scope, Server } from './config.ts';
import { expand, type NginxRequest } from './variables.ts';

export interface Answer {
  readonly status: number;
  readonly body: Uint8Array;
  readonly headers: readonly (readonly [string, string])[];
  /** For the error log. */
  readonly error?: string;
  readonly scope: Scope;
}

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

/** The text of the image's mime.types, for configurations that include it. */
export const mimeTypes = `types {\n${Object.entries(types)
  .map(([ending, type]) => `    ${type.padEnd(40)} ${ending};\n`)
  .join('')}}\n`;

export const reasons: Readonly<Record<number, string>> = {
  200: 'OK',
  201: 'Created',
  202: 'Accepted',
  204: 'No Content',
  301: 'Moved Permanently',
  302: 'Moved Temporarily',
  303: 'See Other',
  304: 'Not Modified',
  307: 'Temporary Redirect',
  308: 'Permanent Redirect',
  400: 'Bad Request',
  401: 'Unauthorized',
  403: 'Forbidden',
  404: 'Not Found',
  405: 'Not Allowed',
  409: 'Conflict',
  410: 'Gone',
  413: 'Request Entity Too Large',
  418: '',
  429: 'Too Many Requests',
  500: 'Internal Server Error',
  501: 'Not Implemented',
  502: 'Bad Gateway',
  503: 'Service Temporarily Unavailable',
  504: 'Gateway Time-out',
};
/** What the pages of errors call it, where that is not the reason. */
const pageTitles: Readonly<Record<number, string>> = { 302: 'Found' };

const proxyTimeoutMs = 60_000;
/** What a server behind this one may answer at most: it is held whole, in memory of the host. */
const proxiedBytesMax = 8 * 1024 ** 2;
/** Pages for errors that lead to each other end here, as in nginx. */
const redirectsMax = 10;

/** The server for a port and a host: by name, else the default one, else the first. Undefined if none listens there. */
export function serverFor(servers: readonly Server[], port: number, host: string): Server | undefined {
  const here = servers.filter(({ listen }) => listen.some((one) => one.port === port));
  const wildcard = (name: string) => (name.startsWith('*.') && host.endsWith(name.slice(1))) || (name.endsWith('.*') && host.startsWith(name.slice(0, -1)));
  return (
    here.find(({ names }) => names.includes(host)) ??
    here.find(({ names }) => names.some(wildcard)) ??
    here.find(({ listen }) => listen.some((one) => one.port === port && one.isDefault)) ??
    here[0]
  );
}

/** nginx' order: `=`, then the longest prefix if it says `^~`, then expressions as they are written, then the longest prefix. */
export function locationFor(locations: readonly Location[], path: string): Location | undefined {
  const exact = locations.find((one) => one.modifier === '=' && one.path === path);
  if (exact) return exact;
  let longest: Location | undefined;
  for (const one of locations) {
    if ((one.modifier === '' || one.modifier === '^~') && path.startsWith(one.path) && one.path.length > (longest?.path.length ?? -1)) longest = one;
  }
  if (longest?.modifier === '^~') return longest;
  return locations.find((one) => one.expression && matches(one.expression, path)) ?? longest;
}

/** An expression whose matching would take too long matches nothing, as when PCRE comes to its limit. */
function matches(expression: RegExp, path: string): boolean {
  try {
    return expression.test(path);
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    return false;
  }
}

export function errorPage(status: number, version: string, scope: Scope, error?: string): Answer {
  const title = `${status} ${pageTitles[status] ?? reasons[status] ?? ''}`.trimEnd();
  const body = Buffer.from(
    `<html>\r\n<head><title>${title}</title></head>\r\n<body>\r\n<center><h1>${title}</h1></center>\r\n<hr><center>nginx/${version}</center>\r\n</body>\r\n</html>\r\n`,
  );
  return { status, body, scope, headers: [['Content-Type', 'text/html']], ...(error ? { error } : {}) };
}

/** Answers a request to a server. */
export function* answerTo(request: NginxRequest, server: Server): Syscall<Answer> {
  let { path, method } = request;
  let status: number | undefined;
  let error: string | undefined;
  for (let redirects = 0; redirects < redirectsMax; redirects++) {
    const given = yield* answerOnce({ ...request, path, method }, server);
    if (given.redirect !== undefined) {
      path = given.redirect;
      continue;
    }
    const page = status === undefined ? given.answer.scope.errorPages.get(given.answer.status) : undefined;
    error ??= given.answer.error;
    if (page === undefined) return withHeaders({ ...given.answer, status: status ?? given.answer.status, ...(error ? { error } : {}) }, request);
    status = given.answer.status;
    path = page;
    method = method === 'HEAD' ? 'HEAD' : 'GET';
  }
  return errorPage(500, request.version, server.scope, `rewrite or internal redirection cycle while internally redirecting to "${path}"`);
}

type Given = { readonly answer: Answer; readonly redirect?: undefined } | { readonly redirect: string };

function* answerOnce(request: NginxRequest, server: Server): Syscall<Given> {
  if (server.scope.return) return { answer: returned(request, server.scope, server.scope.return) };
  const location = locationFor(server.locations, request.path);
  const scope = location?.scope ?? server.scope;
  if (scope.return) return { answer: returned(request, scope, scope.return) };
  if (scope.proxyPass) return { answer: yield* passOn(request, scope, scope.proxyPass, location) };
  if (request.method !== 'GET' && request.method !== 'HEAD') return { answer: errorPage(405, request.version, scope) };
  const place = (path: string) =>
    scope.alias === undefined
      ? `${scope.root}${path}`
      : location?.modifier === '' || location?.modifier === '^~'
        ? `${scope.alias}${path.slice(location.path.length)}`
        : scope.alias;
  if (scope.tryFiles) return tryFiles(request, scope, scope.tryFiles, place);
  return serve(request, scope, place);
}

function returned(request: NginxRequest, scope: Scope, { status, text }: { readonly status: number; readonly text: string }): Answer {
  const value = expand(text, request);
  if ([301, 302, 303, 307, 308].includes(status)) {
    const page = errorPage(status, request.version, scope);
    return { ...page, headers: [...page.headers, ['Location', value.startsWith('/') ? `${origin(request)}${value}` : value]] };
  }
  if (text === '' && status >= 400) return errorPage(status, request.version, scope);
  return { status, scope, body: Buffer.from(value), headers: [['Content-Type', typeOf(request.path, scope)]] };
}

const origin = (request: NginxRequest) => `${request.tls ? 'https' : 'http'}://${header(request, 'host') ?? request.serverName}`;
const typeOf = (path: string, scope: Scope) => types[/\.(\w+)$/.exec(path)?.[1]?.toLowerCase() ?? ''] ?? scope.defaultType;

function isFolder(process: Process, path: string): boolean | undefined {
  try {
    return process.system.fs.stat(path).type === 'directory';
  } catch (error) {
    if (!(error instanceof SystemError)) throw error;
    return undefined;
  }
}

function tryFiles(request: NginxRequest, scope: Scope, files: readonly string[], place: (path: string) => string): Given {
  for (const file of files.slice(0, -1)) {
    const path = expand(file, request);
    const folder = isFolder(request.process, place(path).replace(/(?<=.)\/$/, ''));
    if (folder === path.endsWith('/')) return serve({ ...request, path }, scope, place);
  }
  const last = files.at(-1) as string;
  if (last.startsWith('=')) return { answer: errorPage(Number(last.slice(1)), request.version, scope) };
  return { redirect: expand(last, request).replace(/\?.*/s, '') };
}

function serve(request: NginxRequest, scope: Scope, place: (path: string) => string): Given {
  const { process, path, version } = request;
  const { fs } = process.system;
  const file = place(path);
  const failed = (status: number, error: string): Given => ({ answer: errorPage(status, version, scope, error) });
  try {
    const stat = fs.stat(file);
    if (stat.type !== 'directory') return { answer: fileAnswer(request, scope, file) };
    if (!path.endsWith('/')) {
      const moved = errorPage(301, version, scope);
      return { answer: { ...moved, headers: [...moved.headers, ['Location', `${origin(request)}${path}/`]] } };
    }
    const index = scope.index.find((one) => fs.exists(`${file}${one}`));
    if (index !== undefined) return { answer: fileAnswer(request, scope, `${file}${index}`) };
    if (scope.autoindex) return { answer: folderAnswer(request, scope, file) };
    return failed(403, `directory index of "${file}" is forbidden`);
  } catch (error) {
    if (!(error instanceof SystemError)) throw error;
    if (error.code === 'EACCES') return failed(403, `open() "${file}" failed (13: Permission denied)`);
    if (path.endsWith('/') && isFolder(process, file.slice(0, -1)) === undefined) {
      return failed(404, `"${file}${scope.index[0] ?? 'index.html'}" is not found (2: No such file or directory)`);
    }
    return failed(404, `open() "${file}" failed (2: No such file or directory)`);
  }
}

function fileAnswer(request: NginxRequest, scope: Scope, file: string): Answer {
  const { fs } = request.process.system;
  const stat = fs.stat(file);
  const body = fs.readFile(file);
  const modified = formatDate('%a, %d %b %Y %T GMT', stat.mtimeMs);
  const etag = `"${Math.floor(stat.mtimeMs / 1000).toString(16)}-${stat.size.toString(16)}"`;
  const known: [string, string][] = [
    ['Last-Modified', modified],
    ['ETag', etag],
  ];
  if (header(request, 'if-none-match') === etag || header(request, 'if-modified-since') === modified) {
    return { status: 304, body: new Uint8Array(0), headers: known, scope };
  }
  return { status: 200, body, scope, headers: [['Content-Type', typeOf(file, scope)], ...known, ['Accept-Ranges', 'bytes']] };
}

function folderAnswer(request: NginxRequest, scope: Scope, folder: string): Answer {
  const { fs } = request.process.system;
  const rows = [...fs.readdir(folder)].sort().map((name) => {
    const { type, mtimeMs, size } = fs.stat(`${folder}${name}`);
    const shown = `${name}${type === 'directory' ? '/' : ''}`;
    const date = formatDate('%d-%b-%Y %H:%M', mtimeMs);
    return `<a href="${encodeURI(shown)}">${shown.replace(/&/g, '&amp;').replace(/</g, '&lt;')}</a>${' '.repeat(Math.max(1, 51 - shown.length))}${date}${(type === 'directory' ? '-' : String(size)).padStart(20)}\r\n`;
  });
  const title = `Index of ${request.path.replace(/&/g, '&amp;').replace(/</g, '&lt;')}`;
  const body = `<html>\r\n<head><title>${title}</title></head>\r\n<body>\r\n<h1>${title}</h1><hr><pre><a href="../">../</a>\r\n${rows.join('')}</pre><hr></body>\r\n</html>\r\n`;
  return { status: 200, scope, body: Buffer.from(body), headers: [['Content-Type', 'text/html']] };
}

/** Headers of one hop, which are not passed on. */
const ofOneHop = new Set(['connection', 'keep-alive', 'te', 'trailer', 'transfer-encoding', 'upgrade', 'content-length']);

function* passOn(request: NginxRequest, scope: Scope, pass: ProxyPass, location: Location | undefined): Syscall<Answer> {
  const { upstream, host } = pass;
  const peer = upstream.peers[upstream.next % upstream.peers.length] as (typeof upstream.peers)[number];
  upstream.next += 1;
  const query = /\?[^#]*/.exec(request.target)?.[0] ?? '';
  const path = pass.path === undefined ? request.target : `${pass.path}${encodeURI(request.path.slice(location?.path.length ?? 0))}${query}`;
  const set = scope.proxyHeaders.map(({ name, value }) => [name, expand(value, request, host)] as const);
  const isSet = (name: string) => set.some(([one]) => one.toLowerCase() === name.toLowerCase());
  const headers: (readonly [string, string])[] = [
    ...(isSet('host') ? [] : [['Host', host] as const]),
    ...set.filter(([, value]) => value !== ''),
    ['Connection', 'close'],
    ...(request.body.length > 0 ? [['Content-Length', String(request.body.length)] as const] : []),
    ...request.headers.filter(([name]) => name.toLowerCase() !== 'host' && !ofOneHop.has(name.toLowerCase()) && !isSet(name)),
  ];
  const address = `${peer.address}:${peer.port}`;
  try {
    const connection = yield* connectTo(request.process, peer.address, peer.port, proxyTimeoutMs);
    try {
      const url = { host: peer.address, port: peer.port, path, authority: host, secure: false };
      const { take, pieces } = gathered(proxiedBytesMax);
      const { head } = yield* exchange(request.process, connection, {
        method: request.method,
        url,
        headers,
        body: request.body,
        timeoutMs: proxyTimeoutMs,
        taker: () => take,
      });
      const kept = head.headers.filter(([name]) => !ofOneHop.has(name.toLowerCase()) && !/^(?:date|server|x-pad|x-accel-.*)$/i.test(name));
      return { status: head.status, body: Buffer.concat(pieces), headers: kept, scope };
    } finally {
      connection.destroy();
    }
  } catch (error) {
    if (!(error instanceof SystemError)) throw error;
    const timedOut = error.code === 'ETIMEDOUT';
    const why = timedOut
      ? 'upstream timed out (110: Connection timed out) while connecting to upstream'
      : error.code === 'ECONNRESET'
        ? 'upstream prematurely closed connection while reading response header from upstream'
        : error.code === 'EFBIG'
          ? `upstream sent more than the ${proxiedBytesMax} bytes that are simulated while reading upstream`
          : error.code === 'EHOSTUNREACH'
            ? 'connect() failed (113: Host is unreachable) while connecting to upstream'
            : 'connect() failed (111: Connection refused) while connecting to upstream';
    return errorPage(timedOut ? 504 : 502, request.version, scope, `${why}|upstream: "http://${address}${path}"`);
  }
}

/** Adds what `add_header` says, to the answers that it is for. */
function withHeaders(answer: Answer, request: NginxRequest): Answer {
  const usual = [200, 201, 204, 206, 301, 302, 303, 304, 307, 308].includes(answer.status);
  const added = answer.scope.addHeaders.filter(({ always }) => usual || always).map(({ name, value }) => [name, expand(value, request)] as const);
  return { ...answer, headers: [...answer.headers, ...added.filter(([, value]) => value !== '')] };
}
