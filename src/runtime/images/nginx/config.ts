/** What the directives of nginx' configuration mean. What is not simulated keeps nginx from starting, by name. */
import { BoundedExpression } from '../../../shell/applets/lib/bounded-expression.ts';
import { parseUrl } from '../../../shell/applets/lib/http.ts';
import { posixSource } from '../../../shell/applets/lib/pattern.ts';
import { resolveHost } from '../../../shell/applets/lib/resolver.ts';
import { parseSize } from '../../../shell/applets/lib/size.ts';
import type { Process, Syscall } from '../../../shell/kernel/types.ts';
import { SystemError } from '../../../shell/kernel/types.ts';
import { at, ConfigError, type Directive, readConfigFile } from './config-file.ts';
import { checkVariables } from './variables.ts';

/** Where requests are passed on to; several addresses take turns. */
export interface Upstream {
  readonly peers: readonly { readonly address: string; readonly port: number }[];
  next: number;
}

export interface ProxyPass {
  readonly upstream: Upstream;
  /** What `$proxy_host` is: the host and port as they are written. */
  readonly host: string;
  /** Takes the place of what the location has matched; absent if none is written. */
  readonly path?: string;
}

/** What holds in a server or a location, its own or that of what is around it. */
export interface Scope {
  readonly root: string;
  readonly index: readonly string[];
  readonly defaultType: string;
  readonly autoindex: boolean;
  /** Absolute path; undefined for `off`. */
  readonly accessLog: string | undefined;
  readonly addHeaders: readonly { readonly name: string; readonly value: string; readonly always: boolean }[];
  readonly proxyHeaders: readonly { readonly name: string; readonly value: string }[];
  readonly errorPages: ReadonlyMap<number, string>;
  readonly maxBodyBytes: number;
  readonly return?: { readonly status: number; readonly text: string };
  readonly tryFiles?: readonly string[];
  readonly alias?: string;
  readonly proxyPass?: ProxyPass;
}

export interface Location {
  readonly modifier: '' | '=' | '^~' | '~';
  readonly path: string;
  readonly expression?: RegExp;
  readonly scope: Scope;
}

export interface Server {
  readonly listen: readonly { readonly port: number; readonly tls: boolean; readonly isDefault: boolean }[];
  readonly names: readonly string[];
  readonly certificates: readonly Uint8Array[];
  readonly scope: Scope;
  readonly locations: readonly Location[];
}

export interface Config {
  readonly pidFile: string;
  readonly errorLog: string;
  /** Who the workers run as. */
  readonly user: Directive | undefined;
  /** Goes into the background: what was started ends at once. */
  readonly daemon: boolean;
  /** Connections that are served at a time. */
  readonly workerConnections: number;
  /** Folders for what does not fit into memory, made at the start. */
  readonly temporaryFolders: readonly string[];
  readonly servers: readonly Server[];
}

const connectionsUsual = 512;
/** Each is a process here, so that more would only take memory. */
const connectionsMax = 1024;

type Context = 'main' | 'events' | 'http' | 'server' | 'location';

/** Directives with a meaning here, and where they may stand. */
const known: Readonly<Record<string, readonly Context[]>> = {
  user: ['main'],
  pid: ['main'],
  error_log: ['main', 'http', 'server', 'location'],
  events: ['main'],
  http: ['main'],
  server: ['http'],
  upstream: ['http'],
  types: ['http', 'server', 'location'],
  location: ['server'],
  listen: ['server'],
  server_name: ['server'],
  ssl_certificate: ['http', 'server'],
  ssl_certificate_key: ['http', 'server'],
  root: ['http', 'server', 'location'],
  index: ['http', 'server', 'location'],
  default_type: ['http', 'server', 'location'],
  autoindex: ['http', 'server', 'location'],
  access_log: ['http', 'server', 'location'],
  add_header: ['http', 'server', 'location'],
  error_page: ['http', 'server', 'location'],
  proxy_set_header: ['http', 'server', 'location'],
  client_max_body_size: ['http', 'server', 'location'],
  daemon: ['main'],
  worker_connections: ['events'],
  return: ['server', 'location'],
  try_files: ['server', 'location'],
  alias: ['location'],
  proxy_pass: ['location'],
};

/** Directives that change nothing that a simulation shows: buffers, time limits, compression, protocols. */
const tuning =
  /^(?:master_process|worker_(?:processes|rlimit_nofile|shutdown_timeout)|use|multi_accept|accept_mutex|sendfile|tcp_(?:nopush|nodelay)|keepalive_(?:timeout|requests)|types_hash_\w+|server_names_hash_\w+|server_tokens|log_format|log_not_found|gzip\w*|client_\w+|large_client_header_buffers|send_timeout|charset|expires|etag|resolver\w*|proxy_(?:http_version|redirect|buffer\w*|busy_buffers_size|connect_timeout|read_timeout|send_timeout|max_temp_file_size|temp_path|cache_bypass|next_upstream\w*)|fastcgi_temp_path|uwsgi_temp_path|scgi_temp_path|absolute_redirect|port_in_redirect|server_name_in_redirect|merge_slashes|ssl_(?:protocols|ciphers|prefer_server_ciphers|session_\w+|dhparam|ecdh_curve|stapling\w*)|open_file_cache\w*|reset_timedout_connection|underscores_in_headers|pcre_jit|thread_pool|aio|directio|output_buffers|variables_hash_\w+|map_hash_\w+|http2|limit_rate\w*)$/;

/** Directives that nginx knows and this simulation does not: the most used ones. Others are said to be unknown. */
const notSimulated =
  /^(?:if|set|rewrite|break|map|geo|split_clients|internal|allow|deny|satisfy|auth_\w+|limit_(?:req|conn)\w*|limit_except|fastcgi_\w+|uwsgi_\w+|scgi_\w+|grpc_\w+|memcached_\w+|proxy_\w+|ssl_\w+|stub_status|sub_filter\w*|mirror\w*|slice|stream|mail|load_module|perl\w*|js_\w+|valid_referers|secure_link\w*|random_index|ssi\w*|userid\w*|real_ip\w*|set_real_ip_from|add_trailer|env|quic\w*|http3\w*|dav_\w+|mp4\w*|flv|image_filter\w*|xslt_\w+|addition_\w+|add_(?:before|after)_body|subrequest_\w+|post_action|chunked_transfer_encoding|keepalive|keepalive_disable|least_conn|ip_hash|hash|random|zone|state|debug_\w+|lock_file|working_directory|ignore_invalid_headers|connection_pool_size|request_pool_size|max_ranges|msie_\w+|if_modified_since|source_charset|override_charset|charset_\w+|read_ahead|sendfile_max_chunk|timer_resolution|worker_\w+|disable_symlinks|gunzip\w*|empty_gif|autoindex_\w+|recursive_error_pages|status_zone|health_check)$/;

function check(one: Directive, context: Context): void {
  const allowed = Object.hasOwn(known, one.name) ? known[one.name] : undefined;
  if (allowed) {
    if (!allowed.includes(context)) throw new ConfigError(`"${one.name}" directive is not allowed here${at(one)}`);
    const opens = ['events', 'http', 'server', 'upstream', 'types', 'location'].includes(one.name);
    if (opens && !one.block) throw new ConfigError(`directive "${one.name}" has no opening "{"${at(one)}`);
    if (!opens && one.block) throw new ConfigError(`directive "${one.name}" is not terminated by ";"${at(one)}`);
    return;
  }
  if (tuning.test(one.name)) return;
  if (notSimulated.test(one.name)) throw new ConfigError(`the "${one.name}" directive is not simulated${at(one)}`);
  throw new ConfigError(`unknown directive "${one.name}"${at(one)}`);
}

function argument(one: Directive, count: number | readonly [number, number] = 1): string {
  const [least, most] = typeof count === 'number' ? [count, count] : count;
  if (one.args.length < least || one.args.length > most) throw new ConfigError(`invalid number of arguments in "${one.name}" directive${at(one)}`);
  return one.args[0] ?? '';
}

const temporary = {
  client_body_temp_path: 'client_temp',
  proxy_temp_path: 'proxy_temp',
  fastcgi_temp_path: 'fastcgi_temp',
  uwsgi_temp_path: 'uwsgi_temp',
  scgi_temp_path: 'scgi_temp',
};

/**
 * Reads and understands a configuration. Names of upstreams are looked up, as nginx does when it starts. Throws ConfigError.
 *
 * @param more directives of the command line
 */
export function* loadConfig(process: Process, path: string, more: readonly Directive[] = []): Syscall<Config> {
  const directives = [...more, ...readConfigFile(process, path)];
  for (const one of directives) check(one, 'main');
  const last = (name: string) => directives.findLast((one) => one.name === name);
  if (!last('events')) throw new ConfigError('no "events" section in configuration');
  for (const one of last('events')?.block ?? []) check(one, 'events');
  const pid = last('pid');
  const log = last('error_log');
  const daemon = last('daemon');
  const servers: Server[] = [];
  const https = directives.filter((one) => one.name === 'http');
  for (const http of https) servers.push(...(yield* readHttp(process, http)));
  const connections = last('events')?.block?.findLast((one) => one.name === 'worker_connections');
  const inHttp = https.flatMap((http) => http.block ?? []);
  return {
    pidFile: pid ? argument(pid) : '/run/nginx.pid',
    errorLog: log ? absolute(argument(log, [1, 2])) : '/var/log/nginx/error.log',
    user: last('user'),
    daemon: daemon === undefined || argument(daemon) !== 'off',
    workerConnections: Math.min(connectionsMax, Number(connections ? argument(connections) : connectionsUsual) || connectionsUsual),
    temporaryFolders: Object.entries(temporary).map(([name, usual]) => inHttp.findLast((one) => one.name === name)?.args[0] ?? `/var/cache/nginx/${usual}`),
    servers,
  };
}

/** Paths are relative to where nginx was installed. */
const absolute = (path: string) => (path.startsWith('/') ? path : `/etc/nginx/${path}`);

const outermost: Scope = {
  root: '/etc/nginx/html',
  index: ['index.html'],
  defaultType: 'text/plain',
  autoindex: false,
  accessLog: '/var/log/nginx/access.log',
  addHeaders: [],
  proxyHeaders: [],
  errorPages: new Map(),
  maxBodyBytes: 1024 ** 2,
};

function* readHttp(process: Process, http: Directive): Syscall<Server[]> {
  const block = http.block ?? [];
  for (const one of block) check(one, 'http');
  const upstreams = new Map<string, Upstream>();
  for (const one of block.filter(({ name }) => name === 'upstream')) upstreams.set(argument(one), yield* readUpstream(process, one));
  const scope = yield* readScope(process, block, outermost, upstreams);
  const servers: Server[] = [];
  for (const one of block.filter(({ name }) => name === 'server')) servers.push(yield* readServer(process, one, scope, upstreams, block));
  return servers;
}

function* readUpstream(process: Process, upstream: Directive): Syscall<Upstream> {
  const peers: { address: string; port: number }[] = [];
  for (const one of upstream.block ?? []) {
    if (one.name !== 'server') throw new ConfigError(`the "${one.name}" directive is not simulated${at(one)}`);
    const [, host = '', port] = /^([^:]+)(?::(\d+))?$/.exec(argument(one, [1, 9])) ?? [];
    if (one.args.length > 1) throw new ConfigError(`the parameter "${one.args[1]}" of "server" is not simulated${at(one)}`);
    peers.push(...(yield* lookUp(process, host, Number(port ?? 80), one)));
  }
  if (peers.length === 0) throw new ConfigError(`no servers are inside upstream${at(upstream)}`);
  return { peers, next: 0 };
}

function* lookUp(process: Process, host: string, port: number, one: Directive): Syscall<{ address: string; port: number }[]> {
  const found = yield* resolveHost(process, host);
  if (!found) throw new ConfigError(`host not found in upstream "${host}${one.name === 'server' && port !== 80 ? `:${port}` : ''}"${at(one)}`);
  return found.addresses.map((address) => ({ address, port }));
}

function* readServer(
  process: Process,
  server: Directive,
  around: Scope,
  upstreams: ReadonlyMap<string, Upstream>,
  http: readonly Directive[],
): Syscall<Server> {
  const block = server.block ?? [];
  for (const one of block) check(one, 'server');
  const listen = block.filter(({ name }) => name === 'listen').flatMap(readListen);
  const scope = yield* readScope(process, block, around, upstreams);
  const locations: Location[] = [];
  for (const one of block.filter(({ name }) => name === 'location')) locations.push(yield* readLocation(process, one, scope, upstreams));
  const tls = listen.some((one) => one.tls);
  const of = (name: string) => block.findLast((one) => one.name === name) ?? http.findLast((one) => one.name === name);
  const certificate = of('ssl_certificate');
  if (tls && !certificate) throw new ConfigError(`no "ssl_certificate" is defined for the "listen ... ssl" directive${at(server)}`);
  const key = of('ssl_certificate_key');
  if (tls && !key) throw new ConfigError(`no "ssl_certificate_key" is defined for certificate "${argument(certificate as Directive)}"`);
  if (tls) readPem(process, absolute(argument(key as Directive)), 'certificate key');
  return {
    listen: listen.length > 0 ? listen : [{ port: 80, tls: false, isDefault: false }],
    names: block.filter(({ name }) => name === 'server_name').flatMap(({ args }) => args),
    certificates: tls ? readPem(process, absolute(argument(certificate as Directive)), 'certificate') : [],
    scope,
    locations,
  };
}

function readListen(one: Directive): { port: number; tls: boolean; isDefault: boolean }[] {
  const text = argument(one, [1, 9]);
  // Pods have IPv4 addresses only; what listens on `[::]` as well is not told apart.
  if (text.startsWith('[')) return [];
  const match = /^(?:(?:\*|[\w.-]+):)?(\d+)$/.exec(text);
  const port = match ? Number(match[1]) : text.startsWith('unix:') ? Number.NaN : 80;
  if (Number.isNaN(port)) throw new ConfigError(`the parameter "${text}" of "listen" is not simulated${at(one)}`);
  if (port < 1 || port > 65_535) throw new ConfigError(`invalid port in "${text}" of the "listen" directive${at(one)}`);
  return [{ port, tls: one.args.includes('ssl'), isDefault: one.args.includes('default_server') }];
}

function readPem(process: Process, path: string, what: string): Uint8Array[] {
  let text: string;
  try {
    text = process.system.fs.readText(path);
  } catch (error) {
    if (!(error instanceof SystemError)) throw error;
    throw new ConfigError(
      `cannot load ${what} "${path}": BIO_new_file() failed (SSL: error:80000002:system library::No such file or directory:calling fopen(${path}, r) error:10000080:BIO routines::no such file)`,
    );
  }
  const blocks = [...text.matchAll(/-----BEGIN [A-Z ]+-----([A-Za-z0-9+/=\s]+)-----END/g)].map(
    (match) => new Uint8Array(Buffer.from(match[1] as string, 'base64')),
  );
  if (blocks.length === 0) {
    throw new ConfigError(
      `cannot load ${what} "${path}": PEM_read_bio_X509_AUX() failed (SSL: error:0480006C:PEM routines::no start line:Expecting: TRUSTED CERTIFICATE)`,
    );
  }
  return blocks;
}

function* readLocation(process: Process, one: Directive, around: Scope, upstreams: ReadonlyMap<string, Upstream>): Syscall<Location> {
  argument(one, [1, 2]);
  const [modifier, path] = one.args.length === 2 ? [one.args[0] as string, one.args[1] as string] : ['', one.args[0] as string];
  if (!['', '=', '^~', '~', '~*'].includes(modifier)) throw new ConfigError(`invalid location modifier "${modifier}"${at(one)}`);
  if (path.startsWith('@')) throw new ConfigError(`named locations ("${path}") are not simulated${at(one)}`);
  const block = one.block ?? [];
  for (const inner of block) {
    if (inner.name === 'location') throw new ConfigError(`locations inside of locations are not simulated${at(inner)}`);
    check(inner, 'location');
  }
  // What answers a request is not inherited: it is the location's own.
  const { return: _return, tryFiles: _tryFiles, ...inherited } = around;
  const scope = yield* readScope(process, block, inherited, upstreams);
  const isExpression = modifier.startsWith('~');
  if (isExpression && scope.proxyPass?.path !== undefined) {
    throw new ConfigError(
      `"proxy_pass" cannot have URI part in location given by regular expression, or inside named location, or inside "if" statement, or inside "limit_except" block${at(block.find(({ name }) => name === 'proxy_pass') as Directive)}`,
    );
  }
  return {
    modifier: isExpression ? '~' : (modifier as '' | '=' | '^~'),
    path,
    ...(isExpression ? { expression: expression(process, path, modifier === '~*', one) } : {}),
    scope,
  };
}

function expression(process: Process, source: string, ignoreCase: boolean, one: Directive): RegExp {
  try {
    return new BoundedExpression(posixSource(source.replace(/\\d/g, '[0-9]').replace(/\(\?:/g, '('), true), ignoreCase ? 'i' : '', process);
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    throw new ConfigError(`pcre2_compile() failed: ${error.message} in "${source}"${at(one)}`);
  }
}

function* readScope(process: Process, block: readonly Directive[], around: Scope, upstreams: ReadonlyMap<string, Upstream>): Syscall<Scope> {
  const of = (name: string) => block.filter((one) => one.name === name);
  const last = (name: string) => block.findLast((one) => one.name === name);
  const [root, index, type, autoindex, log] = [last('root'), last('index'), last('default_type'), last('autoindex'), last('access_log')];
  const [returned, tried, alias, proxied] = [last('return'), last('try_files'), last('alias'), last('proxy_pass')];
  const headers = of('add_header').map((one) => ({ name: argument(one, [2, 3]), value: one.args[1] as string, always: one.args[2] === 'always' }));
  const proxyHeaders = of('proxy_set_header').map((one) => ({ name: argument(one, 2), value: one.args[1] as string }));
  for (const one of block) if (['return', 'add_header', 'proxy_set_header', 'try_files'].includes(one.name)) checkVariables(one);
  if (tried && tried.args.length < 2) throw new ConfigError(`invalid number of arguments in "try_files" directive${at(tried)}`);
  const pages = of('error_page').flatMap((one) => {
    argument(one, [2, 99]);
    const odd = one.args.slice(1, -1).find((arg) => arg.startsWith('=')) ?? (one.args.at(-1)?.startsWith('@') ? one.args.at(-1) : undefined);
    if (odd) throw new ConfigError(`the parameter "${odd}" of "error_page" is not simulated${at(one)}`);
    return one.args.slice(0, -1).map((code) => [Number(code), one.args.at(-1) as string] as const);
  });
  const largest = last('client_max_body_size');
  const maxBodyBytes = largest ? parseSize(argument(largest).toUpperCase()) : around.maxBodyBytes;
  if (maxBodyBytes === undefined) throw new ConfigError(`"client_max_body_size" directive invalid value${at(largest as Directive)}`);
  const logged = log ? argument(log, [1, 9]) : undefined;
  return {
    ...around,
    maxBodyBytes,
    ...(root ? { root: absolute(argument(root)).replace(/(?<=.)\/$/, '') } : {}),
    ...(index ? { index: index.args } : {}),
    ...(type ? { defaultType: argument(type) } : {}),
    ...(autoindex ? { autoindex: argument(autoindex) === 'on' } : {}),
    ...(logged === undefined ? {} : { accessLog: logged === 'off' ? undefined : absolute(logged) }),
    ...(headers.length > 0 ? { addHeaders: headers } : {}),
    ...(proxyHeaders.length > 0 ? { proxyHeaders } : {}),
    ...(pages.length > 0 ? { errorPages: new Map(pages) } : {}),
    ...(returned ? { return: readReturn(returned) } : {}),
    ...(tried ? { tryFiles: tried.args } : {}),
    ...(alias ? { alias: argument(alias) } : {}),
    ...(proxied ? { proxyPass: yield* readProxyPass(process, proxied, upstreams) } : {}),
  };
}

function readReturn(one: Directive): { readonly status: number; readonly text: string } {
  const first = argument(one, [1, 2]);
  if (/^\d+$/.test(first)) {
    if (Number(first) > 999) throw new ConfigError(`invalid return code "${first}"${at(one)}`);
    return { status: Number(first), text: one.args[1] ?? '' };
  }
  if (!/^(?:https?:\/\/|\$scheme)/.test(first) || one.args.length > 1) throw new ConfigError(`invalid return code "${first}"${at(one)}`);
  return { status: 302, text: first };
}

function* readProxyPass(process: Process, one: Directive, upstreams: ReadonlyMap<string, Upstream>): Syscall<ProxyPass> {
  const text = argument(one);
  if (text.includes('$')) throw new ConfigError(`variables in "proxy_pass" are not simulated${at(one)}`);
  if (text.startsWith('https://')) throw new ConfigError(`"proxy_pass" to https is not simulated${at(one)}`);
  if (!text.startsWith('http://')) throw new ConfigError(`invalid URL prefix${at(one)}`);
  const [, host = '', path] = /^http:\/\/([^/]*)(\/.*)?$/s.exec(text) ?? [];
  const known = upstreams.get(host);
  const url = parseUrl(text);
  if (!url && !known) throw new ConfigError(`invalid host in upstream "${host}"${at(one)}`);
  const upstream = known ?? { peers: yield* lookUp(process, (url as NonNullable<typeof url>).host, (url as NonNullable<typeof url>).port, one), next: 0 };
  return { upstream, host, ...(path === undefined ? {} : { path }) };
}
