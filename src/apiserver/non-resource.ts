import { createHash } from 'node:crypto';
import type { MetricFamily, Metrics } from '../env/index.ts';
import { Counters } from '../env/index.ts';
import { goJson } from '../machinery/codec/index.ts';
import type { ResponseBody } from '../machinery/handler.ts';
import { kubernetesVersion } from '../machinery/kubernetes-version.ts';
import { failure, notSimulated } from '../machinery/status-error.ts';
import { acceptedType } from './accept.ts';
import type { Answer } from './answers.ts';
import { dataBody, textAnswer } from './answers.ts';
import type { ServiceAccountTokens } from './authn/index.ts';
import type { Call } from './call.ts';
import type { Discovery } from './discovery.ts';
import type { HealthPath } from './health-checks.ts';
import { healthChecks, healthReport, isHealthPath } from './health-checks.ts';
import { writtenMetrics } from './metrics/index.ts';
import { mediaTypes, negotiateAggregated, preferencesOf, requireType } from './negotiation.ts';
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

const openIdConfigurationPath = '/.well-known/openid-configuration';
const keySetPath = '/openid/v1/jwks';
/** As it is answered, and as clients before 1.27 ask for it. */
const openApiV2Protobuf = ['application/com.github.proto-openapi.spec.v2.v1.0+protobuf', 'application/com.github.proto-openapi.spec.v2@v1.0+protobuf'] as const;

export interface NonResourceOptions {
  readonly discovery: Discovery;
  readonly openapi: OpenApiDocuments | undefined;
  /** Host and port that `/api` names. */
  readonly serverAddress: () => string;
  /** What OpenID clients are told of tokens; absent if the server issues none. */
  readonly tokens?: ServiceAccountTokens | undefined;
  /** What `/metrics` tells. */
  readonly families: () => Promise<readonly MetricFamily[]>;
  /** When the server began, in simulated ms. */
  readonly startedMs: number;
  readonly metrics: Metrics;
  /** The text of a page about flow control; undefined for all other paths. */
  readonly dumpFlowControl?: (path: string, query: URLSearchParams) => string | undefined;
  /** Checks that fail now, by name, with why; none if the server is ready. */
  failing(): Readonly<Record<string, string>>;
}

export const methodNotAllowed = (): Error => failure(405, 'MethodNotAllowed', 'the server does not allow this method on the requested resource', {});
export const noSuchResource = (): Error => failure(404, 'NotFound', 'the server could not find the requested resource', {});

/** What is no resource: discovery, health, version, OpenAPI, the index of paths. */
export class NonResourcePaths {
  readonly #lastChecks = new Counters(
    'kubernetes_healthcheck',
    '[STABLE] How a health check went when it was last asked: 1 for well.',
    ['name', 'type'],
    'gauge',
  );
  readonly #checks = new Counters('kubernetes_healthchecks_total', '[STABLE] Health checks made, by how they went.', ['name', 'type', 'status']);
  readonly #slis = [this.#lastChecks, this.#checks];
  readonly #etags = new WeakMap<object, string>();
  readonly #documents = new Map<string, object>();

  constructor(readonly options: NonResourceOptions) {}

  answer(call: Call): Answer | Promise<Answer> {
    const direct = this.#health(call) ?? this.#metrics(call) ?? this.#dump(call);
    if (direct) return direct;
    const { path } = call.info;
    const anyMethod = this.#exact(call, path) ?? this.#groups(call, path);
    if (anyMethod) return anyMethod();
    const found = this.#routed(call, path.endsWith('/') ? path.slice(0, -1) : path);
    if (!found) return this.#unknown(path);
    if (call.request.method !== 'GET') throw methodNotAllowed();
    return found();
  }

  /** What is found at these very paths: a slash at the end makes another one. */
  #exact(call: Call, path: string): (() => Answer | Promise<Answer>) | undefined {
    if (path === '/' || path === '/index.html') return () => ({ status: 200, body: indentedBody({ paths: this.#paths() }) });
    return path.startsWith('/openapi/') ? this.#openApi(call, path) : undefined;
  }

  /** `/apis` and `/apis/GROUP`, which are the aggregator's: a slash at the end makes no difference, nor does the method. */
  #groups(call: Call, path: string): (() => Answer) | undefined {
    const [, first, group, ...rest] = path.split('/');
    if (first !== 'apis' || rest.length > 1 || rest[0]) return undefined;
    if (!group) return rest.length === 0 ? () => this.#discover(call, false) : undefined;
    return this.options.discovery.hasGroup(group) ? () => this.#json(this.options.discovery.group(group), call) : undefined;
  }

  /** What is found by upstream's router, which leaves out a slash at the end. */
  #routed(call: Call, path: string): (() => Answer | Promise<Answer>) | undefined {
    if (path === '/version') return () => this.#version(call);
    const [first, second, third] = path.slice(1).split('/') as [string, string?, string?];
    if (first === '.well-known' || first === 'openid') return this.#openId(call, path);
    const { discovery } = this.options;
    if (first === 'api') {
      if (second === undefined) return () => this.#discover(call, true);
      return discovery.hasVersion('', second) ? () => this.#json(discovery.resourceList('', second), call) : undefined;
    }
    if (first !== 'apis') return undefined;
    if (!second || !third || !discovery.hasVersion(second, third)) return undefined;
    return () => this.#json(discovery.resourceList(second, third), call);
  }

  #version({ request }: Call): Answer {
    requireType(mediaTypes.json, preferencesOf(request));
    return { status: 200, body: indentedBody(versionInfo) };
  }

  /** Upstream answers unknown paths in three ways, depending on which part of it looked last. */
  #unknown(path: string): Answer {
    const [, first, second = ''] = path.split('/');
    const routed = first === 'api' || first === 'version' || (first === 'apis' && second !== '' && this.options.discovery.hasGroup(second));
    if (routed) throw noSuchResource();
    return textAnswer(404, '404 page not found\n');
  }

  #paths(): string[] {
    const health = Object.entries(healthChecks).flatMap(([name, checks]) => [`/${name}`, ...checks.map((check) => `/${name}/${check}`)]);
    const openId = this.options.tokens ? [openIdConfigurationPath, keySetPath] : [];
    const others = ['/api', '/apis', '/apis/', '/metrics', '/metrics/slis', '/openapi/v2', '/openapi/v3', '/openapi/v3/', '/version'];
    return [...others, ...openId, ...this.options.discovery.paths(), ...health].filter((path, at, all) => all.indexOf(path) === at).sort();
  }

  #json(data: object, call?: Call): Answer {
    return { status: 200, body: dataBody(data, call?.form) };
  }

  /** These take any method: DELETE sets the counts back (component-base/metrics HandlerWithReset). */
  #metrics({ info: { path }, request: { method, headers } }: Call): Answer | Promise<Answer> | undefined {
    const { metrics } = this.options;
    if (path !== '/metrics' && path !== '/metrics/slis') return undefined;
    if (method === 'DELETE') {
      metrics.reset();
      return { status: 200, body: { kind: 'bytes', contentType: 'text/plain; charset=utf-8', bytes: 'metrics reset\n' } };
    }
    return this.#written(path === '/metrics' ? this.options.families() : this.#slis.map((one) => one.family()), headers.accept ?? '');
  }

  #dump({ info: { path }, query }: Call): Answer | undefined {
    const text = this.options.dumpFlowControl?.(path, query);
    return text === undefined ? undefined : { status: 200, body: { kind: 'bytes', contentType: 'text/plain; charset=utf-8', bytes: text } };
  }

  async #written(families: readonly MetricFamily[] | Promise<readonly MetricFamily[]>, accept: string): Promise<Answer> {
    const started = String(Math.floor(this.options.startedMs / 1000));
    return { status: 200, body: { kind: 'bytes', ...(await writtenMetrics(await families, accept)) }, headers: { 'process-start-time-unix': started } };
  }

  /** `/api` and `/apis`, plain or aggregated, whichever the client likes better. */
  #discover(call: Call, core: boolean): Answer {
    const aggregated = negotiateAggregated(preferencesOf(call.request), call.services.bodies.protobufSchema);
    const { discovery, serverAddress } = this.options;
    if (!aggregated) return { status: 200, body: dataBody(core ? discovery.coreVersions(serverAddress()) : discovery.groupList(), call.form) };
    const document = this.#document(String(core), () => discovery.aggregated(core));
    const contentType = `${mediaTypes[aggregated.media]};g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList`;
    const headers = { vary: 'Accept', 'cache-control': 'public' };
    return this.#tagged(call, document, () => goJson(document), { status: 200, body: { ...dataBody(document, aggregated), contentType }, headers });
  }

  /** How others check tokens of service accounts (pkg/routes/openidmetadata). */
  #openId({ request }: Call, path: string): (() => Answer) | undefined {
    const { tokens, serverAddress } = this.options;
    const answer = (data: object, contentType: string) => () => {
      requireType(contentType, preferencesOf(request));
      return {
        status: 200,
        body: { kind: 'bytes' as const, contentType, bytes: goJson(data) },
        headers: { 'cache-control': 'public, max-age=3600' },
      };
    };
    if (tokens && path === openIdConfigurationPath) return answer(tokens.openIdConfiguration(serverAddress()), 'application/json');
    return tokens && path === keySetPath ? answer(tokens.keySet(), 'application/jwk-set+json') : undefined;
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

  /** Health is asked at these very paths, a slash at the end makes another one, and whatever the method (apiserver/pkg/server/healthz). */
  #health(call: Call): Answer | undefined {
    const { path } = call.info;
    const [name = '', ...rest] = path.slice(1).split('/');
    if (!isHealthPath(name)) return undefined;
    const check = rest.join('/');
    if (rest.length > 0 && !healthChecks[name].includes(check)) return this.#unknown(path);
    const failing = this.options.failing();
    if (check && check in failing) return textAnswer(500, `internal server error: ${failing[check]}\n`);
    if (check) return { status: 200, body: { kind: 'bytes', contentType: 'text/plain; charset=utf-8', bytes: 'ok' } };
    const excluded = call.query.getAll('exclude');
    for (const one of healthChecks[name]) if (!excluded.includes(one)) this.#countCheck(one, name, !(one in failing));
    const { failed, text } = healthReport(name, failing, excluded);
    if (failed) return textAnswer(500, text);
    return textAnswer(200, call.query.has('verbose') ? text : 'ok');
  }

  #countCheck(check: string, type: HealthPath, ok: boolean): void {
    this.#lastChecks.set(ok ? 1 : 0, check, type);
    this.#checks.add(1, check, type, ok ? 'success' : 'error');
  }

  #openApi(call: Call, path: string): (() => Answer | Promise<Answer>) | undefined {
    const { openapi } = this.options;
    if (!openapi) throw notSimulated('OpenAPI documents in this build');
    if (path === '/openapi/v2') return () => this.#openApiV2(call, openapi);
    if (path === '/openapi/v3') return () => this.#openApiV3Index(openapi);
    const prefix = '/openapi/v3/';
    return path.startsWith(prefix) ? () => this.#openApiV3(call, openapi, path.slice(prefix.length)) : undefined;
  }

  async #openApiV3(call: Call, openapi: OpenApiDocuments, name: string): Promise<Answer> {
    const hash = openapi.v3Index()[name];
    const bytes = hash === undefined ? undefined : await openapi.v3(name);
    if (!bytes || hash === undefined) return { status: 404, body: { kind: 'none' } };
    // Differs from upstream: there is no protobuf form of these documents. No client that is known asks for it.
    if (!acceptedType(call.request.headers.accept || '*/*', [mediaTypes.json])) return { status: 406, body: { kind: 'none' }, headers: { vary: 'Accept' } };
    const asked = call.query.get('hash');
    // A path with the right hash never changes its content; one with another hash is sent on to the right one.
    if (asked !== null && asked !== hash) return { status: 301, body: { kind: 'none' }, headers: { location: `${call.info.path}?hash=${hash}` } };
    const caching: Record<string, string> = asked === null ? {} : { 'cache-control': 'public, immutable', expires: 'Fri, 31 Dec 2100 23:59:59 GMT' };
    return this.#document304(call, `"${hash}"`, {
      status: 200,
      body: { kind: 'bytes', contentType: 'application/json', bytes },
      headers: { vary: 'Accept', ...caching },
    });
  }

  async #openApiV2(call: Call, openapi: OpenApiDocuments): Promise<Answer> {
    const accepted = acceptedType(call.request.headers.accept || '*/*', [mediaTypes.json, ...openApiV2Protobuf]);
    if (!accepted) return { status: 406, body: { kind: 'none' }, headers: { vary: 'Accept' } };
    const protobuf = accepted !== mediaTypes.json;
    const bytes = await (protobuf ? openapi.v2Protobuf() : openapi.v2Json());
    const contentType = protobuf ? openApiV2Protobuf[0] : mediaTypes.json;
    return this.#tagged(call, bytes, () => bytes, { status: 200, body: { kind: 'bytes', contentType, bytes }, headers: { vary: 'Accept' } });
  }

  #openApiV3Index(openapi: OpenApiDocuments): Answer {
    const paths: Record<string, object> = {};
    for (const [name, hash] of Object.entries(openapi.v3Index())) paths[name] = { serverRelativeURL: `/openapi/v3/${name}?hash=${hash}` };
    return { status: 200, body: { kind: 'bytes', contentType: 'text/plain; charset=utf-8', bytes: goJson({ paths }) } };
  }

  #document304(call: Call, etag: string, answer: Answer): Answer {
    const headers = { ...answer.headers, etag };
    return call.request.headers['if-none-match'] === etag ? { status: 304, body: { kind: 'none' }, headers } : { ...answer, headers };
  }
}

/** The index of paths and the version are always indented (upstream: responsewriters.WriteRawJSON). */
function indentedBody(data: object): ResponseBody {
  return { kind: 'object', object: () => data, json: () => goJson(data, 2) };
}
