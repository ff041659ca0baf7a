import { AdmissionChain } from '../admission/chain.ts';
import type { SignerAccess } from '../admission/plugins/index.ts';
import type { AdmissionPlugin, ObjectReader, StatusWriter } from '../admission/types.ts';
import type { Env, MetricFamily } from '../env/index.ts';
import { uuidOf } from '../env/index.ts';
import type { ProtobufSchema } from '../machinery/codec/index.ts';
import type { ApiRequest, ApiResponse, Handler, UserInfo } from '../machinery/handler.ts';
import type { ByteConnection, NodeDialer } from '../machinery/node-api.ts';
import type { Schema } from '../machinery/schema/index.ts';
import { inOrderOfKind } from '../machinery/schema/index.ts';
import type { StatusError } from '../machinery/status-error.ts';
import { failure, internalError, isStatusError, unauthorized } from '../machinery/status-error.ts';
import { type FeatureGates, isEnabled, knownFeatureGates } from '../registry/feature-gates.ts';
import { ResourceRegistry } from '../registry/generic/resource-registry.ts';
import type { Strategy } from '../registry/generic/strategy.ts';
import { meteredStore } from '../store/metered-store.ts';
import type { Store } from '../store/store.ts';
import { isStoreError } from '../store/store.ts';
import type { Answer } from './answers.ts';
import { statusAnswer, textAnswer } from './answers.ts';
import type { AuditEvent, AuditOptions, AuditRecord } from './audit/index.ts';
import { Auditor, requestUri } from './audit/index.ts';
import type { AuthenticationNotes, Authenticator, Impersonation, LegacyTokenRequest, RequestHeaders, TokenAuthenticator, TokenSigner } from './authn/index.ts';
import {
  anonymousAuthenticator,
  anonymousEverywhere,
  authenticatorsInTurn,
  bearerAuthenticator,
  ImpersonationError,
  impersonationOf,
  LegacyTokens,
  requestHeaderAuthenticator,
  ServiceAccountTokens,
  tokenFileAuthenticator,
  unionAuthenticators,
  unionTokens,
  x509Authenticator,
} from './authn/index.ts';
import type { AuthorizationMode, Authorizer, AuthorizerAttributes, Decision } from './authz/index.ts';
import { alwaysAllow, createAuthorization, escaped, refusedRequest } from './authz/index.ts';
import { signerAccess } from './authz/signer-access.ts';
import { decodeAny } from './body.ts';
import type { Services } from './call.ts';
import { Call, warningHeaders } from './call.ts';
import { Discovery } from './discovery.ts';
import { reviewResources } from './endpoints/reviews.ts';
import type { Ticket } from './flowcontrol/index.ts';
import { dump, FlowControl } from './flowcontrol/index.ts';
import type { InFlightLimits, RequestLimits } from './limits/index.ts';
import { deadlineMs, InFlightGate, inFlightLimits, tooManyAnswer, withDeadline } from './limits/index.ts';
import type { MeteredRequest } from './metrics/index.ts';
import { isLongRunning, ServerMetrics } from './metrics/index.ts';
import { negotiateStatus, preferencesOf } from './negotiation.ts';
import { NonResourcePaths } from './non-resource.ts';
import type { OwnWrites } from './object-reader.ts';
import { createObjectReader, createSecretLabeller, createStatusWriter } from './object-reader.ts';
import type { OpenApiDocuments } from './openapi.ts';
import type { RequestInfo } from './request-info.ts';
import { resolveRequestInfo } from './request-info.ts';
import type { RouteTable } from './routes.ts';
import { routeKey, routeResource } from './routes.ts';
import { ServedResource } from './served-resource.ts';

// biome-ignore lint/suspicious/noExplicitAny: a list of plugins for different objects has no common parameter type.
type AnyPlugins = readonly AdmissionPlugin<any>[];

export interface ApiServerOptions {
  readonly env: Env;
  readonly store: Store;
  // biome-ignore lint/suspicious/noExplicitAny: a list of strategies of different objects has no common parameter type.
  readonly strategies: readonly Strategy<any>[];
  /** In the order in which they run; a function gets what plugins need of the server they are part of. */
  readonly admissionPlugins?: AnyPlugins | ((reader: ObjectReader, writer: StatusWriter, signers: SignerAccess) => AnyPlugins);
  /** Front proxies whose word is taken for who asks (upstream's --requestheader-… flags). */
  readonly requestHeaders?: RequestHeaders;
  /** Asked after client certificates and bearer tokens, in order; see `anonymous` if absent. */
  readonly authenticators?: readonly Authenticator[];
  /** Upstream's --anonymous-auth, for requests that no authenticator knows; if absent, they are let in on the public paths only. */
  readonly anonymous?: boolean;
  /** Tokens of service accounts; without a key there are none. */
  readonly serviceAccountTokens?: { readonly signer: TokenSigner; readonly issuer: string; readonly audiences?: readonly string[] };
  /** The text of a file of static tokens (upstream's --token-auth-file). */
  readonly tokenFile?: string;
  /** Upstream's --authorization-mode, over the server's own storage; AlwaysAllow if absent. */
  readonly authorizationModes?: readonly AuthorizationMode[];
  /** Instead of the modes. */
  readonly authorizer?: Authorizer;
  readonly audit?: AuditOptions;
  readonly schema: Schema;
  /** Read when the first body arrives. */
  readonly protobufSchema: () => ProtobufSchema;
  readonly openapi?: OpenApiDocuments;
  readonly dialNode?: NodeDialer;
  /** Into the pods' network, for the proxies of pods and services. */
  readonly dialAddress?: (address: string, port: number) => Promise<ByteConnection>;
  /** Host and port that `/api` tells clients, once there is one: a server may get its port when it begins to listen. */
  readonly serverAddress?: () => string;
  /** What the process says of itself at `/metrics`, besides what the cluster does. */
  readonly processMetrics?: (() => Promise<readonly MetricFamily[]>) | undefined;
  /** Upstream's --feature-gates, those that are about requests. */
  readonly featureGates?: FeatureGates | undefined;
  /** How many requests from outside may be at work at a time, and who decides which. */
  readonly requestLimits?: RequestLimits | undefined;
  /** Readiness checks that fail now, by name (`ping`, `log`, `etcd`, `informer-sync`). */
  readonly failing?: () => Readonly<Record<string, string>>;
}

export interface ApiServer {
  readonly handler: Handler;
  readonly objectReader: ObjectReader;
  /** By group and plural. */
  registry(group: string, plural: string): ResourceRegistry | undefined;
  /** Makes the token that a Secret holds for a service account; absent without a key. */
  readonly legacyToken?: (request: LegacyTokenRequest) => string;
}

/** Puts the API server together: storage, registries, admission, endpoints. */
export function createApiServer(options: ApiServerOptions): ApiServer {
  const { env, store, strategies } = options;
  const registries = new Map<string, ResourceRegistry>();
  const objectReader = createObjectReader(({ group, resource }) => registries.get(`${group}/${resource}`));
  const served: ServedResource[] = [];
  const ownWrites: OwnWrites = {
    servedOf: ({ group, resource }) => served.find(({ info }) => info.group === group && info.plural === resource),
    schema: options.schema,
  };
  const statusWriter = createStatusWriter(ownWrites, env);
  const authorization = createAuthorization(options.authorizationModes ?? ['AlwaysAllow'], { env, store, reader: objectReader });
  const signers = signerAccess(options.authorizer ?? authorization.authorizer);
  const plugins =
    typeof options.admissionPlugins === 'function' ? options.admissionPlugins(objectReader, statusWriter, signers) : (options.admissionPlugins ?? []);
  const admission = new AdmissionChain([...(plugins as readonly AdmissionPlugin[]), ...authorization.plugins], env);
  const deps = { env, store, admission, protobufSchema: options.protobufSchema };
  for (const strategy of strategies) {
    const { group, plural } = strategy.resource;
    const ownStore = meteredStore(store, group ? `${plural}.${group}` : plural, env.metrics);
    const own = { ...deps, store: ownStore };
    const registry = new ResourceRegistry(strategy as Strategy, own);
    registries.set(`${registry.groupResource.group}/${registry.groupResource.resource}`, registry);
    served.push(new ServedResource(registry));
    for (const also of (strategy as Strategy).alsoServedAs ?? []) {
      const isOwnGroup = also.resource.group === group;
      served.push(
        new ServedResource(isOwnGroup ? registry : new ResourceRegistry({ ...(strategy as Strategy), ...also.checks }, own, also.resource.group), also),
      );
    }
  }
  const { serviceAccountTokens } = options;
  const tokens =
    serviceAccountTokens &&
    new ServiceAccountTokens({
      ...serviceAccountTokens,
      clock: env.clock,
      metrics: env.metrics,
      random: env.random.stream('token-ids'),
      reader: objectReader,
    });
  const labelSecret = createSecretLabeller(ownWrites, env);
  const legacyTokens =
    tokens &&
    new LegacyTokens({
      clock: env.clock,
      metrics: env.metrics,
      signer: tokens.options.signer,
      reader: objectReader,
      audiences: tokens.audiences,
      labelSecret,
    });
  const server = new Server(options, served, { legacyTokens, authorizer: options.authorizer ?? authorization.authorizer, tokens });
  return {
    handler: (request) => server.handle(request),
    objectReader,
    registry: (group, plural) => registries.get(`${group}/${plural}`),
    ...(legacyTokens ? { legacyToken: (request) => legacyTokens.issue(request) } : {}),
  };
}

class Server {
  readonly #services: Services;
  readonly #routes: RouteTable;
  readonly #paths: NonResourcePaths;
  readonly #authenticator: Authenticator;
  readonly #auditor: Auditor | undefined;
  readonly #metrics: ServerMetrics;
  /** Where flow control is off. */
  readonly #gate: InFlightGate | undefined;
  readonly #flowControl: FlowControl | undefined;
  readonly #auditIds;

  constructor(
    readonly options: ApiServerOptions,
    resources: readonly ServedResource[],
    {
      authorizer,
      tokens,
      legacyTokens,
    }: { readonly authorizer: Authorizer; readonly tokens: ServiceAccountTokens | undefined; readonly legacyTokens: LegacyTokens | undefined },
  ) {
    const { env } = options;
    const tokenAuthenticator = tokenAuthenticatorOf(options, tokens?.audiences ?? [], legacyTokens, tokens);
    const byKey = new Map(resources.map((one) => [routeKey(one.info.group, one.info.version, one.info.plural), one]));
    const reviews = new Map(reviewResources.map((one) => [routeKey(one.gvk.group, one.gvk.version, one.plural), one]));
    const discovery = new Discovery(resources, reviewResources);
    this.#routes = { resources: byKey, reviews, discovery };
    this.#services = {
      env,
      bodies: { schema: options.schema, protobufSchema: options.protobufSchema },
      authorizer,
      tokens,
      tokenAuthenticator,
      dialNode: options.dialNode ?? (() => 'no route to host'),
      dialAddress: options.dialAddress,
      watchList: isEnabled(options.featureGates ?? {}, 'WatchList'),
      find: (group, plural) => resources.find((one) => one.info.group === group && one.info.plural === plural),
    };
    this.#metrics = new ServerMetrics(env, resources, reviewResources, options.store);
    env.metrics.gauge('kubernetes_feature_enabled', '[BETA] Feature gates that there is a choice about here, or that stay off.', () =>
      knownFeatureGates(options.featureGates ?? {}).map(({ name, stage, enabled }) => ({ labels: { name, stage }, value: enabled ? 1 : 0 })),
    );
    const { requestLimits = {} } = options;
    const limits = inFlightLimits(requestLimits);
    const flowControl = requestLimits.priorityAndFairness === false ? undefined : this.#createFlowControl(limits);
    this.#flowControl = flowControl;
    this.#gate = flowControl ? undefined : new InFlightGate(limits);
    this.#paths = new NonResourcePaths({
      discovery,
      metrics: env.metrics,
      families: async () => [...this.#metrics.families(), ...((await options.processMetrics?.()) ?? [])],
      startedMs: env.clock.now(),
      openapi: options.openapi,
      serverAddress: options.serverAddress ?? (() => '127.0.0.1:6443'),
      failing: options.failing ?? (() => ({})),
      tokens,
      ...(flowControl ? { dumpFlowControl: (path, query) => dump(path, query, () => flowControl.levels()) } : {}),
    });
    this.#authenticator = authenticatorsInTurn(authenticatorsOf(options, tokenAuthenticator, tokens?.audiences ?? []));
    if (options.audit) {
      const { policy, sink } = options.audit;
      const counted = (event: AuditEvent) => {
        this.#metrics.auditEvent();
        sink(event);
      };
      const inOrder: Auditor['inOrder'] = (object) => inOrderOfKind(options.protobufSchema(), object);
      this.#auditor = new Auditor({ policy, sink: counted }, env.clock, (request) => this.#readableBody(request), inOrder);
    }
    this.#auditIds = env.random.stream('audit-id');
  }

  #createFlowControl({ nonMutating, mutating }: InFlightLimits): FlowControl {
    const { env, store } = this.options;
    const countObjects = (group: string, resource: string) => {
      const prefix = this.#services.find(group, resource)?.registry.prefix;
      return prefix === undefined ? undefined : store.list(prefix, { limit: 1 }).then(({ entries, remaining }) => entries.length + remaining);
    };
    return new FlowControl({ env, store, seats: nonMutating + mutating, countObjects });
  }

  /** Never rejects: whatever goes wrong is an answer too. */
  async handle(request: ApiRequest): Promise<ApiResponse> {
    const info = resolveRequestInfo(request.method, request.path, request.query);
    const metered = this.#metrics.begin(info, request);
    // An audit id is for whoever reads logs, here or on the other side of a wire.
    const auditId = request.user && !this.#auditor ? '' : request.headers['audit-id'] || uuidOf(this.#auditIds.bytes(16));
    let call: Call | undefined;
    let record: AuditRecord | undefined;
    let known = false;
    const notes = new CredentialNotes();
    let ticket: Ticket | undefined;
    let leave: (() => void) | undefined;
    try {
      // Most of what follows is known at once; only what is not is waited for.
      const asking = request.user ?? this.#authenticate(request, notes);
      let user = asking instanceof Promise ? await asking : asking;
      known = true;
      record = this.#beginRecord(request, info, user, auditId);
      const impersonation = !request.user || 'impersonate-user' in request.headers ? impersonationOf(request) : undefined;
      if (impersonation) user = await this.#impersonate(impersonation, user, record);
      call = new Call(this.#services, request, info, user);
      notes.tell(call);
      call.onSent = record?.onSent;
      // Components in this process neither queue nor hurry, as upstream's client on loopback.
      if (!request.user) {
        ticket = this.#flowControl?.enter(info, user, request.query, call.now);
        if (ticket?.state === 'waiting') await this.#flowControl?.wait(ticket, request);
        leave = this.#gate?.enter(info, user.groups);
        const turnedAway = ticket ? ticket.state === 'rejected' : this.#gate && !leave;
        if (turnedAway) {
          metered.admitted = true;
          return this.#finish(request, tooManyAnswer(ticket?.schema.level.retryAfter.seconds), { metered, call, record, auditId, ticket });
        }
      }
      const deciding = this.#authorize(call, record);
      if (deciding) await deciding;
      metered.admitted = true;
      const answer = this.#route(call, ticket);
      return this.#finish(request, answer instanceof Promise ? await answer : answer, { metered, call, record, auditId, ticket });
    } catch (error) {
      if (!known) record = this.#beginRecord(request, info, undefined, auditId);
      if (record && !call) Object.assign(record.annotations, Object.fromEntries(notes.annotations ?? []));
      return this.#finish(request, this.#failed(error, request), { metered, call, record, auditId, ticket, warnings: notes.warnings });
    } finally {
      leave?.();
      if (ticket) this.#flowControl?.leave(ticket);
      else if (request.user && call) this.#flowControl?.passed(info, call.user, call.now);
    }
  }

  #beginRecord(request: ApiRequest, info: RequestInfo, user: UserInfo | undefined, auditId: string): AuditRecord | undefined {
    if (!this.#auditor) return undefined;
    const record = this.#auditor.begin(request, info, user, auditId);
    this.#metrics.audited(record?.plan.level ?? 'None');
    return record;
  }

  #route(call: Call, ticket: Ticket | undefined): Answer | Promise<Answer> {
    const { info, request } = call;
    const run = () => (info.isResource ? routeResource(this.#routes, call) : this.#paths.answer(call));
    if (request.user || isLongRunning(info)) return run();
    const ms = deadlineMs(request.query);
    const answer = run();
    if (!(answer instanceof Promise)) return answer;
    const waitedMs = ticket ? ticket.startedMs - ticket.arrivedMs : 0;
    return withDeadline(this.options.env, ms - waitedMs, answer, () => {
      call.overdue = true;
    });
  }

  #authenticate(request: ApiRequest, notes: AuthenticationNotes): UserInfo | Promise<UserInfo> {
    const beganMs = this.options.env.clock.now();
    const failed = (error: unknown): never => {
      this.#metrics.authenticated(undefined, beganMs);
      throw error;
    };
    const found = (user: UserInfo | undefined): UserInfo => {
      if (!user) return failed(unauthorized());
      this.#metrics.authenticated(user, beganMs, request.clientCertificate);
      return user;
    };
    let user: UserInfo | undefined | Promise<UserInfo | undefined>;
    try {
      user = this.#authenticator(request, notes);
    } catch (error) {
      return failed(error);
    }
    return user instanceof Promise ? user.then(found, failed) : found(user);
  }

  /** The user that the request wants to act as, if its own user may. */
  async #impersonate(impersonation: Impersonation, user: UserInfo, record: AuditRecord | undefined): Promise<UserInfo> {
    for (const target of impersonation.targets) {
      const attributes: AuthorizerAttributes = { user, verb: 'impersonate', isResource: true, version: '', path: '', ...target };
      const decision = await this.#services.authorizer.authorize(attributes);
      if (!decision.allowed) throw refusedRequest(attributes, decision.reason);
    }
    if (record) record.impersonatedUser = impersonation.user;
    return impersonation.user;
  }

  /** Throws, or rejects, if the user may not do what they ask for. */
  #authorize(call: Call, record: AuditRecord | undefined): Promise<void> | undefined {
    const { authorizer } = this.#services;
    if (authorizer === alwaysAllow) return undefined;
    const { info, user } = call;
    const { verb, isResource, group, version, resource, subresource, namespace, name, path } = info;
    const fieldSelector = (verb === 'list' || verb === 'watch') && call.query.size > 0 ? (call.query.get('fieldSelector') ?? undefined) : undefined;
    const attributes: AuthorizerAttributes = { user, verb, isResource, group, version, resource, subresource, namespace, name, path, fieldSelector };
    const decided = (decision: Decision) => {
      this.#metrics.authorized(decision, call.now);
      if (record) {
        record.annotations['authorization.k8s.io/decision'] = decision.allowed ? 'allow' : 'forbid';
        record.annotations['authorization.k8s.io/reason'] = decision.reason ?? '';
      }
      if (!decision.allowed) throw refusedRequest(attributes, decision.reason);
    };
    const pending = authorizer.authorize(attributes);
    if (pending instanceof Promise) return pending.then(decided);
    decided(pending);
    return undefined;
  }

  /** What a client sent, for the audit log. */
  #readableBody({ body }: ApiRequest): unknown {
    if (body?.kind === 'object') return body.object;
    try {
      return decodeAny(this.#services.bodies, body);
    } catch {
      return undefined; // It was refused for the same reason.
    }
  }

  #failed(error: unknown, request: ApiRequest): Answer {
    if (error instanceof ImpersonationError)
      return textAnswer(500, `${escaped(`Internal Server Error: ${JSON.stringify(requestUri(request))}: ${error.message}`)}\n`);
    return statusAnswer(this.#statusOf(error, request), negotiateStatus(preferencesOf(request), this.options.protobufSchema));
  }

  #statusOf(error: unknown, { method, path }: ApiRequest): StatusError {
    if (isStatusError(error)) return error;
    if (isStoreError(error, 'TooLarge')) return failure(500, '', error.message);
    if (isStoreError(error, 'Closed')) return failure(503, 'ServiceUnavailable', 'the server is shutting down');
    this.options.env.log.error('request failed', { method, path, error: error instanceof Error ? error.stack : String(error) });
    return internalError(error instanceof Error ? error.message : String(error));
  }

  #finish(request: ApiRequest, answer: Answer, { metered, call, record, auditId, ticket, warnings }: Finishing): ApiResponse {
    // Who gives up on a request has not heard of what became of it.
    const seen = call?.overdue ? undefined : ticket;
    let response: ApiResponse = {
      status: answer.status,
      headers: this.#headers(request, answer, { call, auditId, ticket: seen, warnings }),
      body: answer.body,
    };
    if (record) {
      for (const [key, value] of call?.annotations ?? []) record.annotations[key] = value;
      response = record.answered(response);
    }
    return this.#metrics.end(metered, response);
  }

  #headers(request: ApiRequest, answer: Answer, { call, auditId, ticket, warnings: early }: Omit<Finishing, 'metered' | 'record'>): ApiResponse['headers'] {
    // Nearly every answer has no others than these, made by one literal, whose shape V8 knows.
    const base = request.user ? inProcessHeaders : ticket ? flowHeaders(auditId, ticket) : { 'audit-id': auditId, 'cache-control': 'no-cache, private' };
    const texts = call && call.warnings.size > 0 ? [...call.warnings] : early;
    const warnings = texts ? { warning: warningHeaders(texts) } : undefined;
    return answer.headers || warnings ? { ...base, ...answer.headers, ...warnings } : base;
  }
}

/** Of answers to components in this process. */
const inProcessHeaders = { 'cache-control': 'no-cache, private' };

/** With what the request came under (apiserver/pkg/server/filters priority-and-fairness.go): uids alone, so that names stay private. */
function flowHeaders(auditId: string, { schema }: Ticket): Readonly<Record<string, string>> {
  return {
    'audit-id': auditId,
    'cache-control': 'no-cache, private',
    'x-kubernetes-pf-flowschema-uid': schema.uid,
    'x-kubernetes-pf-prioritylevel-uid': schema.level.uid,
  };
}

interface Finishing {
  readonly ticket?: Ticket | undefined;
  readonly metered: MeteredRequest;
  readonly call: Call | undefined;
  readonly record: AuditRecord | undefined;
  readonly auditId: string;
  /** What there is to be warned of where there has been no call. */
  readonly warnings?: readonly string[] | undefined;
}

/** What is said of credentials before there is a call to say it of; for nearly all requests that is nothing. */
class CredentialNotes implements AuthenticationNotes {
  annotations: [string, string][] | undefined;
  warnings: string[] | undefined;

  annotate(key: string, value: string): void {
    (this.annotations ??= []).push([key, value]);
  }

  warn(text: string): void {
    (this.warnings ??= []).push(text);
  }

  tell(call: AuthenticationNotes): void {
    for (const [key, value] of this.annotations ?? []) call.annotate(key, value);
    for (const text of this.warnings ?? []) call.warn(text);
  }
}

function tokenAuthenticatorOf(
  { tokenFile }: ApiServerOptions,
  audiences: readonly string[],
  ...own: readonly (TokenAuthenticator | undefined)[]
): TokenAuthenticator | undefined {
  const kinds = [...(tokenFile === undefined ? [] : [tokenFileAuthenticator(tokenFile, audiences)]), ...own.filter((one) => one !== undefined)];
  return kinds.length > 0 ? unionTokens(kinds) : undefined;
}

/** In upstream's order (pkg/kubeapiserver/authenticator). */
function authenticatorsOf(options: ApiServerOptions, tokens: TokenAuthenticator | undefined, audiences: readonly string[]): readonly Authenticator[] {
  const { authenticators, anonymous, requestHeaders } = options;
  const last = anonymous === undefined ? [anonymousAuthenticator] : anonymous ? [anonymousEverywhere] : [];
  const proofs = [
    ...(requestHeaders ? [requestHeaderAuthenticator(requestHeaders)] : []),
    x509Authenticator,
    ...(tokens ? [bearerAuthenticator(tokens, audiences)] : []),
  ];
  return [unionAuthenticators(proofs), ...(authenticators ?? last)];
}
