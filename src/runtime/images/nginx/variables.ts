import { formatDate } from '../../../shell/applets/lib/date-format.ts';
import { header } from '../../../shell/applets/lib/http.ts';
import type { Connection, Process } from '../../../shell/kernel/types.ts';
import { at, ConfigError, type Directive } from './config-file.ts';

/** A request as the configuration sees it. */
export interface NginxRequest {
  readonly process: Process;
  readonly connection: Connection;
  readonly version: string;
  readonly port: number;
  readonly tls: boolean;
  readonly serverName: string;
  readonly method: string;
  /** As it was asked for. */
  readonly target: string;
  /** Decoded and normalized, without the query. */
  readonly path: string;
  readonly first: string;
  readonly headers: readonly (readonly [string, string])[];
  readonly body: Uint8Array;
}

/** The host that is asked for, in lower case and without its port. */
export const requestedHost = (request: Pick<NginxRequest, 'headers'>) => (header(request, 'host') ?? '').replace(/:\d+$/, '').toLowerCase();

const queryOf = (request: NginxRequest) => /\?([^#]*)/.exec(request.target)?.[1] ?? '';

const values: Readonly<Record<string, (request: NginxRequest) => string>> = {
  hostname: ({ process }) => process.system.hostname,
  host: (request) => requestedHost(request) || request.serverName,
  http_host: (request) => header(request, 'host') ?? '',
  server_name: ({ serverName }) => serverName,
  server_addr: ({ connection }) => connection.localAddress,
  server_port: ({ port }) => String(port),
  server_protocol: ({ first }) => first.split(' ').at(-1) ?? '',
  remote_addr: ({ connection }) => connection.remoteAddress,
  remote_port: ({ connection }) => String(connection.remotePort),
  remote_user: () => '',
  request: ({ first }) => first,
  request_method: ({ method }) => method,
  request_uri: ({ target }) => target,
  uri: ({ path }) => path,
  document_uri: ({ path }) => path,
  args: queryOf,
  query_string: queryOf,
  is_args: (request) => (queryOf(request) === '' ? '' : '?'),
  scheme: ({ tls }) => (tls ? 'https' : 'http'),
  https: ({ tls }) => (tls ? 'on' : ''),
  pid: ({ process }) => String(process.pid),
  msec: ({ process }) => (process.system.now() / 1000).toFixed(3),
  time_iso8601: ({ process }) => `${formatDate('%Y-%m-%dT%T', process.system.now())}+00:00`,
  time_local: ({ process }) => formatDate('%d/%b/%Y:%T %z', process.system.now()),
  nginx_version: ({ version }) => version,
  content_type: (request) => header(request, 'content-type') ?? '',
  content_length: (request) => header(request, 'content-length') ?? '',
  proxy_add_x_forwarded_for: (request) => {
    const before = header(request, 'x-forwarded-for');
    return before ? `${before}, ${request.connection.remoteAddress}` : request.connection.remoteAddress;
  },
};

const reference = /\$(?:\{(\w+)\}|(\w+))/g;

function variable(name: string, request: NginxRequest): string {
  if (Object.hasOwn(values, name)) return (values[name] as (request: NginxRequest) => string)(request);
  if (name.startsWith('http_')) return header(request, name.slice(5).replaceAll('_', '-')) ?? '';
  return new URLSearchParams(queryOf(request)).get(name.slice(4)) ?? '';
}

/** `$proxy_host` is known where requests are passed on. */
const isKnown = (name: string) => Object.hasOwn(values, name) || name === 'proxy_host' || /^(?:http|arg)_\w/.test(name);

/** Throws ConfigError for a variable that there is not. */
export function checkVariables(one: Directive): void {
  for (const arg of one.args) {
    for (const [, braced, plain] of arg.matchAll(reference)) {
      const name = (braced ?? plain) as string;
      if (!isKnown(name)) throw new ConfigError(`unknown "${name}" variable${at(one)}`);
    }
  }
}

/** Puts values in the place of `$name` and `${name}`. */
export function expand(text: string, request: NginxRequest, proxyHost = ''): string {
  return text.replace(reference, (_, braced: string | undefined, plain: string | undefined) => {
    const name = (braced ?? plain) as string;
    return name === 'proxy_host' ? proxyHost : variable(name, request);
  });
}
