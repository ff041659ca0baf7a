import { createHash } from 'node:crypto';
import type { ResponseBody } from '../machinery/handler.ts';
import { kubernetesVersion } from '../machinery/kubernetes-version.ts';
import { failure, notFound, notSimulated } from '../machinery/status-error.ts';
import type { Answer } from './answers.ts';
import { dataBody, textAnswer } from './answers.ts';
import type { ServiceAccountTokens } from './authn/index.ts';
import type { Call } from './call.ts';
import type { Discovery } from './discovery.ts';
import type { HealthPath } from './health-checks.ts';
import { healthChecks, healthReport, isHealthPath } from './health-checks.ts';
import type { MetricsRenderer } from './metrics/index.ts';
import { parseAccept } from './negotiation.ts';
import type { OpenApiDocuments } from './openapi.ts';

/** `/version`: the shape of 1.33, with a name of our own behind the number. */
export const versionInfo = {
  major: '1',
  minor: '33',
  emulationMajor: '1',
  emulationMinor: '33',
  minCompatibilityMajor: '1',
  minCompatibilityMinor: '32',
  gitVersion: `${kubernetesVersion}+paperkube`,
  gitCommit: '60a317eadfcb839692a68eab88b2096f4d708f4f',
  gitTreeState: 'clean',
  buildDate: '2025-04-23T13:00:00Z',
  goVersion: 'go1.24.2',
  compiler: 'gc',
  platform: 'linux/amd64',
} as const;

const openApiV2Protobuf = 'application/com.github.proto-openapi.spec.v2@v1.0+protobuf';

export interface NonResourceOptions {
  readonly discovery: Discovery;
  readonly openapi: OpenApiDocuments | undefined;
  /** Host and port that `/api` names. */
  readonly serverAddress: string;
  /** What OpenID clients are told of tokens; absent if the server issues none. */
  readonly tokens?: ServiceAccountTokens | undefined;
  /** The text of `/metrics`. */
  readonly metrics?: () => ReturnType<MetricsRenderer>;
  /** Checks that fail now, by name, with why; none if the server is ready. */
  failing(): Readonly<Record<string, string>>;
}

export const methodNotAllowed = (): Error => failure(405, 'MethodNotAllowed', 'the server does not allow this method on the requested resource', {});
export const noSuchResource = (): Error => failure(404, 'NotFound', 'the server could not find the requested resource', {});

/** What is no resource: discovery, health, version, OpenAPI, the index of paths. */
export class NonResourcePaths {
  readonly #etags = new WeakMap<object, string>();
  readonly #documents = new Map<string, object>();

  constructor(readonly options: NonResourceOptions) {}

  answer(call: Call): Answer | Promise<Answer> {
    const path = call.info.path.length > 1 && call.info.path.endsWith('/') ? call.info.path.slice(0, -1) : call.info.path;
    const found = this.#route(call, path);
    if (!found) return this.#unknown(path);
    const { method } = call.request;
    if (method !== 'GET' && method !== 'HEAD') throw methodNotAllowed();
    return found();
  }

  #route(call: Call, path: string): (() => Answer | Promise<Answer>) | undefined {
    if (path === '/') return () => ({ status: 200, body: indentedBody({ paths: this.#paths() }) });
    if (path === '/version') return () => ({ status: 200, body: indentedBody(versionInfo) });
    if (path === '/metrics') return () => this.#metrics();
    const [first, second, third] = path.slice(1).split('/') as [string, string?, string?];
    if (isHealthPath(first)) return this.#health(call, first, path.slice(first.length + 2));
    if (first === 'openapi') return () => this.#openApi(call, path);
    if (first === '.well-known' || first === 'openid') return this.#openId(path);
    const { discovery } = this.options;
    if (first === 'api') {
      if (second === undefined) return () => this.#discover(call, true);
      return discovery.hasVersion('', second) ? () => this.#json(discovery.resourceList('', second), call) : undefined;
    }
    if (first !== 'apis') return undefined;
    if (second === undefined) return () => this.#discover(call, false);
    if (!second || !discovery.hasGroup(second)) return undefined;
    if (third === undefined) return () => this.#json(discovery.group(second), call);
    return discovery.hasVersion(second, third) ? () => this.#json(discovery.resourceList(second, third), call) : undefined;
  }

  /** Upstream answers unknown paths in three ways, depending on which part of it looked last. */
  #unknown(path: string): Answer {
    const [, first, second] = path.split('/');
    if (first === 'apis' && second && !this.options.discovery.hasGroup(second)) return textAnswer(404, '404 page not found\n');
    if (first === 'api' || first === 'apis') throw noSuchResource();
    return { status: 404, body: indentedBody({ paths: this.#paths() }) };
  }

  #paths(): string[] {
    const health = Object.entries(healthChecks).flatMap(([name, checks]) => [`/${name}`, ...checks.map((check) => `/${name}/${check}`)]);
    return ['/api', '/apis', ...this.options.discovery.paths(), ...health, '/metrics', '/openapi/v2', '/openapi/v3', '/openapi/v3/', '/version']
      .filter((path, at, all) => all.indexOf(path) === at)
      .sort();
  }

  #json(data: object, call?: Call): Answer {
    return { status: 200, body: dataBody(data, call?.form) };
  }

  async #metrics(): Promise<Answer> {
    const rendered = await this.options.metrics?.();
    if (!rendered) throw notSimulated('metrics in this build');
    return { status: 200, body: { kind: 'bytes', contentType: rendered.contentType, bytes: rendered.text } };
  }

  /** `/api` and `/apis`, plain or aggregated, whichever the client likes better. */
  #discover(call: Call, core: boolean): Answer {
    const version = aggregatedVersion(call.request.headers.accept);
    const { discovery, serverAddress } = this.options;
    const headers = { vary: 'Accept' };
    if (!version) return { status: 200, body: dataBody(core ? discovery.coreVersions(serverAddress) : discovery.groupList()), headers };
    const document = this.#document(`${core} ${version}`, () => discovery.aggregated(core, version));
    const body = dataBody(document);
    const contentType = `application/json;g=apidiscovery.k8s.io;v=${version};as=APIGroupDiscoveryList`;
    return this.#tagged(call, document, () => JSON.stringify(document), { status: 200, body: { ...body, contentType } as Answer['body'], headers });
  }

  /** How others check tokens of service accounts (pkg/routes/openidmetadata). */
  #openId(path: string): (() => Answer) | undefined {
    const { tokens, serverAddress } = this.options;
    const answer = (data: object, contentType: string) => () => ({
      status: 200,
      body: { kind: 'bytes' as const, contentType, bytes: JSON.stringify(data) },
      headers: { 'cache-control': 'public, max-age=3600' },
    });
    if (tokens && path === '/.well-known/openid-configuration') return answer(tokens.openIdConfiguration(serverAddress), 'application/json');
    return tokens && path === '/openid/v1/jwks' ? answer(tokens.keySet(), 'application/jwk-set+json') : undefined;
  }

  #document(key: string, make: () => object): object {
    let document = this.#documents.get(key);
    if (!document) this.#documents.set(key, (document = make()));
    return document;
  }

  /** A client that has this very document is told so. */
  #tagged(call: Call, identity: object, content: () => string | Uint8Array, answer: Answer): Answer {
    let hash = this.#etags.get(identity);
    if (!hash) this.#etags.set(identity, (hash = createHash('sha512').update(content()).digest('hex').toUpperCase()));
    const etag = `"${hash}"`;
    const headers = { ...answer.headers, etag };
    if (call.request.headers['if-none-match'] === etag) return { status: 304, body: { kind: 'none' }, headers };
    return { ...answer, headers };
  }

  #health(call: Call, name: HealthPath, check: string): (() => Answer) | undefined {
    if (check !== '' && !healthChecks[name].includes(check)) return undefined;
    return () => {
      const failing = this.options.failing();
      if (check) return check in failing ? textAnswer(500, `internal server error: ${failing[check]}\n`) : textAnswer(200, 'ok');
      const { failed, text } = healthReport(name, failing, call.query.getAll('exclude'));
      if (failed) return textAnswer(500, text);
      return textAnswer(200, call.query.has('verbose') ? text : 'ok');
    };
  }

  async #openApi(call: Call, path: string): Promise<Answer> {
    const { openapi } = this.options;
    if (!openapi) throw notSimulated('OpenAPI documents in this build');
    if (path === '/openapi/v2') return this.#openApiV2(call, openapi);
    if (path === '/openapi/v3') return this.#openApiV3Index(openapi);
    const name = path.slice('/openapi/v3/'.length);
    const hash = path.startsWith('/openapi/v3/') ? openapi.v3Index()[name] : undefined;
    const bytes = hash === undefined ? undefined : await openapi.v3(name);
    if (!bytes || hash === undefined) throw notFound({ group: '', resource: '' }, path);
    const asked = call.query.get('hash');
    // A path with the right hash never changes its content; one with another hash is sent on to the right one.
    if (asked !== null && asked !== hash) return { status: 301, body: { kind: 'none' }, headers: { location: `${path}?hash=${hash}` } };
    const caching: Record<string, string> = asked === null ? {} : { 'cache-control': 'public, immutable', expires: 'Fri, 31 Dec 2100 23:59:59 GMT' };
    return this.#document304(call, `"${hash}"`, {
      status: 200,
      body: { kind: 'bytes', contentType: 'application/json', bytes },
      headers: { vary: 'Accept', ...caching },
    });
  }

  async #openApiV2(call: Call, openapi: OpenApiDocuments): Promise<Answer> {
    const protobuf = parseAccept(call.request.headers.accept ?? '').some(({ type }) => type === openApiV2Protobuf);
    const bytes = await (protobuf ? openapi.v2Protobuf() : openapi.v2Json());
    const contentType = protobuf ? 'application/com.github.proto-openapi.spec.v2.v1.0+protobuf' : 'application/json';
    return this.#tagged(call, bytes, () => bytes, { status: 200, body: { kind: 'bytes', contentType, bytes }, headers: { vary: 'Accept' } });
  }

  #openApiV3Index(openapi: OpenApiDocuments): Answer {
    const paths: Record<string, object> = {};
    for (const [name, hash] of Object.entries(openapi.v3Index())) paths[name] = { serverRelativeURL: `/openapi/v3/${name}?hash=${hash}` };
    return { status: 200, body: dataBody({ paths }) };
  }

  #document304(call: Call, etag: string, answer: Answer): Answer {
    const headers = { ...answer.headers, etag };
    return call.request.headers['if-none-match'] === etag ? { status: 304, body: { kind: 'none' }, headers } : { ...answer, headers };
  }
}

/** `v2` or `v2beta1` if the client would rather have the aggregated form. */
function aggregatedVersion(accept: string | undefined): string | undefined {
  if (!accept?.includes('APIGroupDiscoveryList')) return undefined;
  for (const { type, parameters } of parseAccept(accept)) {
    if (type !== 'application/json') continue;
    if (!parameters.has('as')) return undefined;
    const version = parameters.get('v');
    if (parameters.get('g') === 'apidiscovery.k8s.io' && (version === 'v2' || version === 'v2beta1')) return version;
  }
  return undefined;
}

/** The index of paths and the version are always indented (upstream: responsewriters.WriteRawJSON). */
function indentedBody(data: object): ResponseBody {
  return { kind: 'object', object: () => data, json: () => JSON.stringify(data, null, 2) };
}
