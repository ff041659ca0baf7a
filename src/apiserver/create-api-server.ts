import { AdmissionChain } from '../admission/chain.ts';
import type { AdmissionPlugin, ObjectReader } from '../admission/types.ts';
import type { Env } from '../env/index.ts';
import type { ProtobufSchema } from '../machinery/codec/index.ts';
import type { ApiRequest, ApiResponse, Handler, UserInfo } from '../machinery/handler.ts';
import type { NodeDialer } from '../machinery/node-api.ts';
import type { Schema } from '../machinery/schema/index.ts';
import { failure, internalError, isStatusError, unauthorized } from '../machinery/status-error.ts';
import { ResourceRegistry } from '../registry/generic/resource-registry.ts';
import type { Strategy } from '../registry/generic/strategy.ts';
import type { Store } from '../store/store.ts';
import { isStoreError } from '../store/store.ts';
import type { Answer } from './answers.ts';
import { statusAnswer } from './answers.ts';
import type { Authenticator } from './authn/index.ts';
import { x509Authenticator } from './authn/index.ts';
import type { Authorizer } from './authz/index.ts';
import { alwaysAllow, forbiddenBy } from './authz/index.ts';
import type { Services } from './call.ts';
import { Call, warningHeader } from './call.ts';
import { Discovery } from './discovery.ts';
import { reviewResources } from './endpoints/reviews.ts';
import { NonResourcePaths } from './non-resource.ts';
import { createObjectReader } from './object-reader.ts';
import type { OpenApiDocuments } from './openapi.ts';
import { resolveRequestInfo } from './request-info.ts';
import type { RouteTable } from './routes.ts';
import { routeKey, routeResource } from './routes.ts';
import { ServedResource } from './served-resource.ts';

export interface ApiServerOptions {
  readonly env: Env;
  readonly store: Store;
  // biome-ignore lint/suspicious/noExplicitAny: a list of strategies of different objects has no common parameter type.
  readonly strategies: readonly Strategy<any>[];
  /** In the order in which they run; a function gets a reader of the server's own storage. */
  // biome-ignore lint/suspicious/noExplicitAny: as above.
  readonly admissionPlugins?: readonly AdmissionPlugin<any>[] | ((reader: ObjectReader) => readonly AdmissionPlugin<any>[]);
  /** Asked in order for requests that carry no user; client certificates by default. */
  readonly authenticators?: readonly Authenticator[];
  readonly authorizer?: Authorizer;
  readonly schema: Schema;
  /** Read when the first protobuf body arrives; without it such bodies are refused. */
  readonly protobufSchema?: () => ProtobufSchema;
  readonly openapi?: OpenApiDocuments;
  readonly dialNode?: NodeDialer;
  /** Host and port that `/api` tells clients. */
  readonly serverAddress?: string;
  /** Readiness checks that fail now, by name (`ping`, `log`, `etcd`, `informer-sync`). */
  readonly failing?: () => Readonly<Record<string, string>>;
}

export interface ApiServer {
  readonly handler: Handler;
  readonly objectReader: ObjectReader;
  /** By group and plural. */
  registry(group: string, plural: string): ResourceRegistry | undefined;
}

/** Puts the API server together: storage, registries, admission, endpoints. */
export function createApiServer(options: ApiServerOptions): ApiServer {
  const { env, store, strategies } = options;
  const registries = new Map<string, ResourceRegistry>();
  const objectReader = createObjectReader(({ group, resource }) => registries.get(`${group}/${resource}`));
  const plugins = typeof options.admissionPlugins === 'function' ? options.admissionPlugins(objectReader) : (options.admissionPlugins ?? []);
  const deps = { env, store, admission: new AdmissionChain(plugins as readonly AdmissionPlugin[]) };
  const served: ServedResource[] = [];
  for (const strategy of strategies) {
    const registry = new ResourceRegistry(strategy as Strategy, deps);
    registries.set(`${registry.groupResource.group}/${registry.groupResource.resource}`, registry);
    served.push(new ServedResource(registry));
    for (const also of (strategy as Strategy).alsoServedAs ?? []) served.push(new ServedResource(registry, also));
  }
  const server = new Server(options, served);
  return { handler: (request) => server.handle(request), objectReader, registry: (group, plural) => registries.get(`${group}/${plural}`) };
}

class Server {
  readonly #services: Services;
  readonly #routes: RouteTable;
  readonly #paths: NonResourcePaths;
  readonly #authenticators: readonly Authenticator[];
  readonly #baseHeaders: Readonly<Record<string, string>>;
  readonly #auditIds;

  constructor(
    readonly options: ApiServerOptions,
    resources: readonly ServedResource[],
  ) {
    const { env } = options;
    const byKey = new Map(resources.map((one) => [routeKey(one.info.group, one.info.version, one.info.plural), one]));
    const reviews = new Map(reviewResources.map((one) => [routeKey(one.gvk.group, one.gvk.version, one.plural), one]));
    const discovery = new Discovery(resources, reviewResources);
    this.#routes = { resources: byKey, reviews, discovery };
    this.#services = {
      env,
      bodies: { schema: options.schema, protobufSchema: options.protobufSchema ?? refuseProtobuf },
      authorizer: options.authorizer ?? alwaysAllow,
      dialNode: options.dialNode ?? (() => undefined),
      find: (group, plural) => resources.find((one) => one.info.group === group && one.info.plural === plural),
    };
    this.#paths = new NonResourcePaths({
      discovery,
      openapi: options.openapi,
      serverAddress: options.serverAddress ?? '127.0.0.1:6443',
      failing: options.failing ?? (() => ({})),
    });
    this.#authenticators = options.authenticators ?? [x509Authenticator];
    this.#auditIds = env.random.stream('audit-id');
    // Which flow schema and priority level a request fell under; nothing is ever queued here, so it is always the same ones.
    this.#baseHeaders = {
      'cache-control': 'no-cache, private',
      'x-kubernetes-pf-flowschema-uid': this.#uuid(),
      'x-kubernetes-pf-prioritylevel-uid': this.#uuid(),
    };
  }

  /** Never rejects: whatever goes wrong is an answer too. */
  async handle(request: ApiRequest): Promise<ApiResponse> {
    let call: Call | undefined;
    try {
      const info = resolveRequestInfo(request.method, request.path, request.query);
      const user = request.user ?? (await this.#authenticate(request));
      call = new Call(this.#services, request, info, user);
      await this.#authorize(call);
      return this.#finish(request, await (info.isResource ? routeResource(this.#routes, call) : this.#paths.answer(call)), call);
    } catch (error) {
      return this.#finish(request, this.#failed(error, request), call);
    }
  }

  async #authenticate(request: ApiRequest): Promise<UserInfo> {
    for (const authenticator of this.#authenticators) {
      const user = await authenticator(request);
      if (user) return user;
    }
    throw unauthorized();
  }

  async #authorize(call: Call): Promise<void> {
    const { authorizer } = this.#services;
    if (authorizer === alwaysAllow) return;
    const { info, user } = call;
    const { verb, isResource, group, version, resource, subresource, namespace, name, path } = info;
    const attributes = { user, verb, isResource, group, version, resource, subresource, namespace, name, path };
    const decision = await authorizer.authorize(attributes);
    if (!decision.allowed) throw forbiddenBy(attributes, decision.reason);
  }

  #failed(error: unknown, request: ApiRequest): Answer {
    if (isStatusError(error)) return statusAnswer(error);
    if (isStoreError(error, 'Closed')) return statusAnswer(failure(503, 'ServiceUnavailable', 'the server is shutting down'));
    this.options.env.log.error('request failed', {
      method: request.method,
      path: request.path,
      error: error instanceof Error ? error.stack : String(error),
    });
    return statusAnswer(internalError(error instanceof Error ? error.message : String(error)));
  }

  #finish(request: ApiRequest, answer: Answer, call: Call | undefined): ApiResponse {
    const headers: Record<string, string | readonly string[]> = { ...this.#baseHeaders, ...answer.headers };
    // An audit id is for whoever reads logs on the other side of a wire.
    if (!request.user) headers['audit-id'] = this.#uuid();
    if (call && call.warnings.length > 0) headers.warning = call.warnings.map(warningHeader);
    return { status: answer.status, headers, body: answer.body };
  }

  #uuid(): string {
    const hex = Buffer.from(this.#auditIds.bytes(16)).toString('hex');
    return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-4${hex.slice(13, 16)}-a${hex.slice(17, 20)}-${hex.slice(20)}`;
  }
}

function refuseProtobuf(): never {
  throw failure(415, 'UnsupportedMediaType', 'this build has no protobuf schema: send application/json or application/yaml');
}
