import type { ObjectMeta } from '../../../generated/types/index.ts';
import { isIp } from '../../api/meta/ip.ts';
import type { Clock } from '../../env/index.ts';
import { clone } from '../../machinery/deep.ts';
import type { ApiRequest, ApiResponse, StreamReader, UserInfo, WatchReader } from '../../machinery/handler.ts';
import type { Status } from '../../machinery/status-error.ts';
import { formatMicroTime } from '../../machinery/time.ts';
import type { KubeObject } from '../../machinery/types.ts';
import { isLongRunning } from '../metrics/index.ts';
import type { RequestInfo } from '../request-info.ts';
import type { AuditLevel, AuditPlan, AuditPolicy, AuditStage } from './policy.ts';
import { planFor } from './policy.ts';

/** audit.k8s.io/v1 Event. */
export interface AuditEvent {
  readonly kind: 'Event';
  readonly apiVersion: 'audit.k8s.io/v1';
  readonly level: AuditLevel;
  readonly auditID: string;
  readonly stage: AuditStage;
  readonly requestURI: string;
  readonly verb: string;
  readonly user: Partial<UserInfo>;
  readonly impersonatedUser?: UserInfo;
  readonly sourceIPs?: readonly string[];
  readonly userAgent?: string;
  readonly objectRef?: object;
  readonly responseStatus?: Partial<Status>;
  readonly requestObject?: unknown;
  readonly responseObject?: unknown;
  readonly requestReceivedTimestamp: string;
  readonly stageTimestamp: string;
  readonly annotations?: Readonly<Record<string, string>>;
}

export interface AuditOptions {
  readonly policy: AuditPolicy;
  /** Takes one event after the other, in order; must not throw. */
  readonly sink: (event: AuditEvent) => void;
}

/** Reads patches as clients sent them, for events that show them; undefined if one cannot be read. */
export type BodyDecoder = (request: ApiRequest) => unknown;

/** Writes down who asked for what and what came of it (apiserver/pkg/endpoints/filters audit). One record for each request. */
export class Auditor {
  constructor(
    readonly options: AuditOptions,
    readonly clock: Clock,
    readonly decodeBody: BodyDecoder,
    /** Puts the keys of what was sent in the order in which Go writes them. */
    readonly inOrder: (object: KubeObject) => KubeObject,
  ) {}

  /** Undefined if the policy does not want this request. The user is absent if authentication has failed: only the answer is recorded then. */
  begin(request: ApiRequest, info: RequestInfo, user: UserInfo | undefined, auditId: string): AuditRecord | undefined {
    const plan = planFor(this.options.policy, user, info);
    return plan.level === 'None' ? undefined : new AuditRecord(this, plan, { request, info, user, auditId });
  }
}

interface Subject {
  readonly request: ApiRequest;
  readonly info: RequestInfo;
  readonly user: UserInfo | undefined;
  readonly auditId: string;
}

export class AuditRecord {
  /** Set when the user turns out to act as another one. */
  impersonatedUser: UserInfo | undefined;
  readonly annotations: Record<string, string> = {};
  readonly #received: string;
  #sent: object | undefined;
  /** What the object that was sent says of itself beyond what the path does. */
  #sentMetadata: Partial<ObjectMeta> = {};

  constructor(
    readonly auditor: Auditor,
    readonly plan: AuditPlan,
    readonly subject: Subject,
  ) {
    this.#received = formatMicroTime(auditor.clock.now());
    if (subject.user) this.#write('RequestReceived', {});
  }

  /** Takes what was sent; it may change afterwards (apiserver/pkg/audit LogRequestObject). */
  readonly onSent = (sent: object): void => {
    const { metadata, ...rest } = sent as Partial<KubeObject>;
    this.#sentMetadata = { ...metadata };
    if (this.plan.level === 'Metadata') return;
    // In Go there is always a time of creation, if none yet.
    const dated =
      (rest as { kind?: string }).kind === 'DeleteOptions'
        ? sent
        : { ...rest, metadata: { ...metadata, creationTimestamp: metadata?.creationTimestamp ?? null } };
    this.#sent = this.#plain(this.auditor.inOrder(clone(dated) as KubeObject)) as object;
  };

  /**
   * What lasts is recorded when it begins and when it ends, everything else when it is answered.
   * Differs from upstream: conversations with a container, which it records when they end, are taken for over as soon as they begin.
   */
  answered(response: ApiResponse): ApiResponse {
    const { body, status } = response;
    const code = { metadata: {}, code: status };
    if (!this.subject.user) {
      this.#write('ResponseStarted', { responseStatus: statusOf(response), ...this.#bodies(response) });
      return response;
    }
    if (body.kind !== 'watch' && body.kind !== 'stream') {
      if (isLongRunning(this.subject.info)) this.#write('ResponseStarted', { responseStatus: statusOf(response), ...this.#bodies(response) });
      this.#write('ResponseComplete', { responseStatus: statusOf(response), ...this.#bodies(response) });
      return response;
    }
    this.#write('ResponseStarted', { responseStatus: code });
    let ended = false;
    const end = () => {
      if (!ended) this.#write('ResponseComplete', { responseStatus: code });
      ended = true;
    };
    if (body.kind === 'watch') return { ...response, body: { ...body, start: (reader: WatchReader) => endingWith(end, body.start(watchReader(reader, end))) } };
    return { ...response, body: { ...body, start: (reader: StreamReader) => endingWith(end, body.start(streamReader(reader, end))) } };
  }

  #bodies({ body, status }: ApiResponse): Partial<AuditEvent> {
    const { level } = this.plan;
    if (level === 'Metadata') return {};
    const { request, info } = this.subject;
    const sent = this.#sent ?? (info.verb === 'patch' ? this.#plain(this.auditor.decodeBody(request)) : undefined);
    const shown: { requestObject?: unknown; responseObject?: unknown } = sent === undefined ? {} : { requestObject: sent };
    if (level === 'RequestResponse' && body.kind === 'object' && status !== 101) shown.responseObject = this.#plain(body.object());
    return shown;
  }

  /** As Go writes it: items of a list do not say what they are. Without managed fields, where the policy wants it so. */
  #plain(data: unknown): unknown {
    if (typeof data !== 'object' || data === null || Array.isArray(data)) return data;
    const shown: Record<string, unknown> = { ...data };
    const { metadata, items } = shown;
    if (this.plan.omitManagedFields && typeof metadata === 'object' && metadata !== null && 'managedFields' in metadata) {
      const { managedFields: _, ...kept } = metadata;
      shown.metadata = kept;
    }
    if (Array.isArray(items) && String(shown.kind).endsWith('List'))
      shown.items = items.map((item) => ({ ...(this.#plain(item) as KubeObject), kind: undefined, apiVersion: undefined }));
    return shown;
  }

  #write(stage: AuditStage, extra: Partial<AuditEvent>): void {
    if (this.plan.omitStages.includes(stage)) return;
    const { request, info, user, auditId } = this.subject;
    const { impersonatedUser, annotations } = this;
    this.auditor.options.sink({
      kind: 'Event',
      apiVersion: 'audit.k8s.io/v1',
      level: this.plan.level,
      auditID: auditId,
      stage,
      requestURI: requestUri(request),
      verb: info.verb,
      user: user ?? {},
      ...(impersonatedUser ? { impersonatedUser } : {}),
      sourceIPs: sourceAddresses(request),
      ...(request.headers['user-agent'] ? { userAgent: request.headers['user-agent'] } : {}),
      ...(info.isResource ? { objectRef: objectRef(info, this.#sentMetadata) } : {}),
      ...extra,
      requestReceivedTimestamp: this.#received,
      stageTimestamp: formatMicroTime(this.auditor.clock.now()),
      ...(Object.keys(annotations).length > 0 ? { annotations: { ...annotations } } : {}),
    });
  }
}

function endingWith(end: () => void, stop: () => void): () => void {
  return () => {
    stop();
    end();
  };
}

function watchReader(reader: WatchReader, ended: () => void): WatchReader {
  return {
    event: (event) => reader.event(event),
    end() {
      ended();
      reader.end();
    },
  };
}

function streamReader(reader: StreamReader, ended: () => void): StreamReader {
  return {
    data: (chunk) => reader.data(chunk),
    full: () => reader.full?.() ?? false,
    onRoom: (callback) => reader.onRoom?.(callback),
    end(error) {
      ended();
      reader.end(error);
    },
  };
}

function objectRef({ resource, namespace, name, group, version, subresource }: RequestInfo, sent: Partial<ObjectMeta>): object {
  const shown = {
    resource,
    namespace: namespace || sent.namespace,
    name: name || sent.name,
    uid: sent.uid,
    apiGroup: group,
    apiVersion: version,
    resourceVersion: sent.resourceVersion,
    subresource,
  };
  return Object.fromEntries(Object.entries(shown).filter(([, value]) => value));
}

/** Of a Status, what it says; of all else, the code. */
function statusOf({ status, body }: ApiResponse): Partial<Status> {
  const { kind, apiVersion: _, ...said } = body.kind === 'object' ? (body.object() as Status) : ({} as Partial<Status>);
  return kind === 'Status' ? { ...said, code: status } : { metadata: {}, code: status };
}

/** Path and query as the client wrote them. */
export function requestUri({ target, path, query }: Pick<ApiRequest, 'target' | 'path' | 'query'>): string {
  return target ?? (query.size > 0 ? `${path}?${query}` : path);
}

/** From where a request came: proxies may say for whom they ask (apimachinery/pkg/util/net SourceIPs). */
function sourceAddresses({ headers, remoteAddress = '127.0.0.1' }: ApiRequest): string[] {
  const chain = (headers['x-forwarded-for'] ?? '').split(',').map((part) => part.trim());
  const addresses = chain.filter(isIp);
  const real = headers['x-real-ip'] ?? '';
  if (isIp(real) && !addresses.includes(real)) addresses.push(real);
  return addresses.at(-1) === remoteAddress ? addresses : [...addresses, remoteAddress];
}
