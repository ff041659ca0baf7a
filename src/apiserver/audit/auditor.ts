import type { Clock } from '../../env/index.ts';
import type { ApiRequest, ApiResponse, StreamReader, UserInfo, WatchReader } from '../../machinery/handler.ts';
import type { Status } from '../../machinery/status-error.ts';
import { formatMicroTime } from '../../machinery/time.ts';
import type { KubeObject } from '../../machinery/types.ts';
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

/** Reads what clients sent, for events that show it; undefined if it cannot be read. */
export type BodyDecoder = (request: ApiRequest) => unknown;

/** Writes down who asked for what and what came of it (apiserver/pkg/endpoints/filters audit). One record for each request. */
export class Auditor {
  constructor(
    readonly options: AuditOptions,
    readonly clock: Clock,
    readonly decodeBody: BodyDecoder,
  ) {}

  /** Undefined if the policy does not want this request. The user may be unknown: authentication has failed. */
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

  constructor(
    readonly auditor: Auditor,
    readonly plan: AuditPlan,
    readonly subject: Subject,
  ) {
    this.#received = formatMicroTime(auditor.clock.now());
    this.#write('RequestReceived', {});
  }

  /**
   * Watches and followed logs are recorded when they begin and when they end, everything else when it is answered.
   * Differs from upstream: so are conversations with a container, which it records when they end.
   */
  answered(response: ApiResponse): ApiResponse {
    const { body, status } = response;
    const code = { metadata: {}, code: status };
    if (body.kind !== 'watch' && body.kind !== 'stream') {
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
    const sent = this.auditor.decodeBody(this.subject.request);
    const shown: { requestObject?: unknown; responseObject?: unknown } = sent === undefined ? {} : { requestObject: this.#plain(sent) };
    if (level === 'RequestResponse' && body.kind === 'object' && status !== 101) shown.responseObject = this.#plain(body.object());
    return shown;
  }

  /** A copy without managed fields, where the policy wants it so. */
  #plain(data: unknown): unknown {
    if (!this.plan.omitManagedFields || typeof data !== 'object' || data === null) return data;
    const { metadata, items, ...rest } = data as KubeObject & { items?: unknown[] };
    const { managedFields: _, ...kept } = (metadata ?? {}) as { managedFields?: unknown };
    return { ...rest, ...(metadata ? { metadata: kept } : {}), ...(items ? { items: items.map((item) => this.#plain(item)) } : {}) };
  }

  #write(stage: AuditStage, extra: Partial<AuditEvent>): void {
    if (this.plan.omitStages.includes(stage)) return;
    const { request, info, user, auditId } = this.subject;
    const search = request.query.toString();
    const { impersonatedUser, annotations } = this;
    this.auditor.options.sink({
      kind: 'Event',
      apiVersion: 'audit.k8s.io/v1',
      level: this.plan.level,
      auditID: auditId,
      stage,
      requestURI: search ? `${request.path}?${search}` : request.path,
      verb: info.verb,
      user: user ?? {},
      ...(impersonatedUser ? { impersonatedUser } : {}),
      sourceIPs: [request.remoteAddress ?? '127.0.0.1'],
      ...(request.headers['user-agent'] ? { userAgent: request.headers['user-agent'] } : {}),
      ...(info.isResource ? { objectRef: objectRef(info) } : {}),
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

function objectRef({ resource, namespace, name, group, version, subresource }: RequestInfo): object {
  return {
    resource,
    ...(namespace ? { namespace } : {}),
    ...(name ? { name } : {}),
    ...(group ? { apiGroup: group } : {}),
    apiVersion: version,
    ...(subresource ? { subresource } : {}),
  };
}

/** Of a failure, why; of all else, the code. */
function statusOf({ status, body }: ApiResponse): Partial<Status> {
  if (status < 400 || body.kind !== 'object') return { metadata: {}, code: status };
  const { kind: _kind, apiVersion: _version, ...rest } = body.object() as Status;
  return rest;
}
