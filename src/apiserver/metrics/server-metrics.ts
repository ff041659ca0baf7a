import type { Env, MetricFamily, Sample } from '../../env/index.ts';
import { exponentialBounds, linearBounds } from '../../env/index.ts';
import type { ApiRequest, ApiResponse, ClientCertificate, UserInfo, WatchBody } from '../../machinery/handler.ts';
import type { Store } from '../../store/store.ts';
import type { Decision } from '../authz/index.ts';
import type { ReviewResource } from '../endpoints/reviews.ts';
import { versionInfo } from '../non-resource.ts';
import type { RequestInfo } from '../request-info.ts';
import type { ServedResource } from '../served-resource.ts';
import { fromBound, withoutDryRun } from './without-dry-run.ts';

/** Upstream's buckets of request durations, in seconds (apiserver/pkg/endpoints/metrics). */
const durationBounds = [0.005, 0.025, 0.05, 0.1, 0.2, 0.4, 0.6, 0.8, 1, 1.25, 1.5, 2, 3, 4, 5, 6, 8, 10, 15, 20, 30, 45, 60];

const sizeBounds = exponentialBounds(1000, 10, 7);
const watchSizeBounds = exponentialBounds(1024, 2, 8);
const accessBounds = exponentialBounds(0.001, 2, 15);
/** From half an hour to a year, in seconds. */
const certificateBounds = [0, 0.5, 1, 2, 6, 12, 24, 48, 96, 168, 720, 2160, 4320, 8640].map((hours) => hours * 3600);
const bodySizeBounds = linearBounds(50_000, 100_000, 31);
const clientBounds = [0.005, 0.025, 0.1, 0.25, 0.5, 1, 2, 4, 8, 15, 30, 60];
/** Where the components of one process call. */
const loopbackHost = '[::1]:6443';

/** A request as the counters see it. */
export interface MeteredRequest {
  readonly info: RequestInfo;
  /** `APPLY`, `LIST`, `WATCH` …, as upstream reports verbs. */
  readonly verb: string;
  readonly method: string;
  readonly dryRun: string;
  readonly mutating: boolean;
  readonly longRunning: boolean;
  /** Whether a component of this process asks. */
  readonly inProcess: boolean;
  readonly beganMs: number;
  /** Of the body that a client has sent, if any. */
  readonly bodyBytes: number | undefined;
  /** Whether it has come to where requests are counted: past those who ask who sends it, and whether they may. */
  admitted: boolean;
}

/** Group, version, resource, subresource, scope, component. */
type Labels = readonly [string, string, string, string, string, string];

/** How requests that share all labels are counted. */
interface Recorder {
  readonly count: (amount: number) => void;
  /** In seconds. */
  readonly took: (seconds: number) => void;
  /** Of reads alone: how large the answer was, in bytes. */
  readonly sent?: (bytes: number) => void;
  /** Of what has a body: how large that was, in bytes. */
  readonly received?: (bytes: number) => void;
}

/**
 * What the API server counts, under upstream's names. Durations are of simulated time: a server on a clock that stands still
 * answers in no time.
 */
export class ServerMetrics {
  readonly #requests;
  readonly #durations;
  readonly #longRunning;
  readonly #watchEvents;
  readonly #watchSizes;
  readonly #sizes;
  readonly #bodySizes;
  readonly #terminated;
  readonly #clientRequests;
  readonly #clientSeconds;
  readonly #deprecated;
  readonly #users;
  readonly #authentications;
  readonly #authenticationSeconds;
  readonly #certificateSeconds;
  readonly #authorizations;
  readonly #authorizationSeconds;
  readonly #auditEvents;
  readonly #auditLevels;
  #mutating = 0;
  #reading = 0;

  constructor(
    readonly env: Pick<Env, 'clock' | 'metrics'>,
    readonly resources: readonly ServedResource[],
    /** What is answered and not stored. */
    readonly reviews: readonly ReviewResource[],
    /** To look into without being counted. */
    readonly store: Pick<Store, 'list'>,
  ) {
    const { metrics } = env;
    const about = ['verb', 'group', 'version', 'resource', 'subresource', 'scope'];
    const settled = [...about, 'dry_run', 'component'];
    this.#requests = metrics.counters('apiserver_request_total', '[STABLE] Requests answered, by what they asked for and the code of the answer.', [
      ...settled,
      'code',
    ]);
    this.#durations = metrics.histograms(
      'apiserver_request_duration_seconds',
      '[STABLE] How long requests took, but for those that last.',
      settled,
      durationBounds,
    );
    this.#longRunning = metrics.counters(
      'apiserver_longrunning_requests',
      '[STABLE] Requests that last, such as watches, open now.',
      [...about, 'component'],
      'gauge',
    );
    this.#watchEvents = metrics.counters('apiserver_watch_events_total', '[ALPHA] Events sent to watchers.', ['group', 'version', 'kind']);
    this.#watchSizes = metrics.histograms(
      'apiserver_watch_events_sizes',
      '[ALPHA] How large those events were, in bytes.',
      ['group', 'version', 'kind'],
      watchSizeBounds,
    );
    this.#sizes = metrics.histograms('apiserver_response_sizes', '[STABLE] How large answers to reads were, in bytes.', [...about, 'component'], sizeBounds);
    this.#terminated = metrics.counters(
      'apiserver_request_terminations_total',
      '[ALPHA] Requests cut short because the server was busy or they took too long.',
      [...about, 'component', 'code'],
    );
    this.#clientRequests = metrics.counters('rest_client_requests_total', '[ALPHA] Requests of the components in this process.', ['code', 'host', 'method']);
    this.#bodySizes = metrics.histograms(
      'apiserver_request_body_size_bytes',
      '[ALPHA] How large bodies of requests were.',
      ['resource', 'verb'],
      bodySizeBounds,
    );
    this.#clientSeconds = metrics.histograms(
      'rest_client_request_duration_seconds',
      '[ALPHA] How long requests of the components in this process took.',
      ['host', 'verb'],
      clientBounds,
    );
    this.#deprecated = metrics.counters(
      'apiserver_requested_deprecated_apis',
      '[STABLE] Deprecated APIs that somebody has asked for.',
      ['group', 'version', 'resource', 'subresource', 'removed_release'],
      'gauge',
    );
    this.#users = metrics.counters('authenticated_user_requests', '[ALPHA] Requests whose sender is known, by a short form of the name.', ['username']);
    this.#authentications = metrics.counters('authentication_attempts', '[ALPHA] Attempts to find out who sends a request, by outcome.', ['result']);
    this.#authenticationSeconds = metrics.histograms('authentication_duration_seconds', '[ALPHA] How long that took.', ['result'], accessBounds);
    this.#certificateSeconds = metrics.histograms(
      'apiserver_client_certificate_expiration_seconds',
      '[ALPHA] For how long certificates of clients still hold when they are shown.',
      [],
      certificateBounds,
    );
    this.#authorizations = metrics.counters('authorization_attempts_total', '[ALPHA] Decisions on what a sender may do, by outcome.', ['result']);
    this.#authorizationSeconds = metrics.histograms('authorization_duration_seconds', '[ALPHA] How long a decision took.', ['result'], accessBounds);
    this.#auditEvents = metrics.counters('apiserver_audit_event_total', '[ALPHA] Events written to the audit log.');
    metrics.counters('apiserver_audit_requests_rejected_total', '[ALPHA] Requests refused since the audit log could not be written: none are.');
    this.#auditLevels = metrics.counters('apiserver_audit_level_total', '[ALPHA] Requests by the level at which the audit policy wants them.', ['level']);
    this.#addGauges();
  }

  #addGauges(): void {
    const { metrics } = this.env;
    metrics.gauge('apiserver_current_inflight_requests', '[STABLE] Requests at work now, but for those that last.', () => [
      { labels: { request_kind: 'mutating' }, value: this.#mutating },
      { labels: { request_kind: 'readOnly' }, value: this.#reading },
    ]);
    metrics.gauge(
      'aggregator_unavailable_apiservice',
      '[ALPHA] Versions of groups that are served elsewhere and cannot be reached; those served here always can.',
      () => this.#apiServices().map((name) => ({ labels: { name }, value: 0 })),
    );
    metrics.gauge('apiserver_storage_objects', '[STABLE] Stored objects by resource.', () => this.#storedObjects());
    metrics.gauge('kubernetes_build_info', '[ALPHA] Always 1; the labels say which version of Kubernetes is simulated.', () => [
      { labels: buildLabels, value: 1 },
    ]);
  }

  /** Who sends a request has been found out since `beganMs`, or not. */
  authenticated(user: UserInfo | undefined, beganMs: number, certificate?: ClientCertificate): void {
    const result = user ? 'success' : 'failure';
    const nowMs = this.env.clock.now();
    this.#authentications.add(1, result);
    this.#authenticationSeconds.observe((nowMs - beganMs) / 1000, result);
    if (user) this.#users.add(1, shortName(user.username));
    if (user && certificate?.validUntilMs && !certificate.untrusted) this.#certificateSeconds.observe((certificate.validUntilMs - nowMs) / 1000);
  }

  authorized({ allowed, denied }: Decision, beganMs: number): void {
    const result = allowed ? 'allowed' : denied ? 'denied' : 'no-opinion';
    this.#authorizations.add(1, result);
    this.#authorizationSeconds.observe((this.env.clock.now() - beganMs) / 1000, result);
  }

  audited(level: string): void {
    this.#auditLevels.add(1, level);
  }

  auditEvent(): void {
    this.#auditEvents.add(1);
  }

  begin(info: RequestInfo, { method, query, headers, user, body }: ApiRequest): MeteredRequest {
    const longRunning = isLongRunning(info);
    const mutating = isMutating(info.verb);
    if (!longRunning) this.#inFlight(mutating, 1);
    const dryRun = query.size > 0 ? reportedDryRun(query.getAll('dryRun')) : '';
    const verb = reportedVerb(info, headers['content-type']);
    const bodyBytes = body?.kind === 'object' ? undefined : (body?.bytes.length ?? 0);
    return { info, verb, method, dryRun, mutating, longRunning, inProcess: user !== undefined, beganMs: this.env.clock.now(), bodyBytes, admitted: false };
  }

  /** The answer is ready; a watch or a stream of it is counted until it ends. */
  end(metered: MeteredRequest, response: ApiResponse): ApiResponse {
    const { info, verb, method, longRunning, mutating, inProcess, beganMs } = metered;
    if (!longRunning) this.#inFlight(mutating, -1);
    const seconds = (this.env.clock.now() - beganMs) / 1000;
    if (inProcess) {
      this.#clientRequests.add(1, String(response.status), loopbackHost, method);
      this.#clientSeconds.observe(seconds, loopbackHost, method);
    }
    const about = metered.admitted ? this.#labels(info) : undefined;
    if (!about) return response;
    const recorder = this.#recorder(about, metered, response.status);
    if (this.#served(info)?.info.deprecation) this.#deprecated.set(1, info.group, info.version, info.resource, info.subresource, '');
    recorder.count(1);
    if (response.status === 429 || response.status === 504) this.#terminated.add(1, verb, ...about, String(response.status));
    if (!longRunning) recorder.took(seconds);
    if (metered.bodyBytes !== undefined && response.status !== 413 && response.status !== 429) recorder.received?.(metered.bodyBytes);
    if (response.body.kind === 'watch') return { ...response, body: this.#meteredWatch(response.body, info, [verb, ...about], inProcess) };
    const { status, headers, body } = response;
    return recorder.sent && !inProcess ? { status, headers, body, sent: recorder.sent } : response;
  }

  readonly #recorders = new Map<string, Recorder>();

  /** Where all requests with the same labels are counted: to join these and to look them up costs more than to count. */
  #recorder(about: Labels, { info, verb, dryRun }: MeteredRequest, status: number): Recorder {
    const [group, version, resource, subresource, scope, component] = about;
    const key = `${verb} ${group}/${version}/${resource}/${subresource} ${scope} ${dryRun} ${status}`;
    let recorder = this.#recorders.get(key);
    if (!recorder) {
      const settled = [verb, group, version, resource, subresource, scope, dryRun, component];
      recorder = {
        count: this.#requests.adder(...settled, String(status)),
        took: this.#durations.observer(...settled),
        ...(verb === 'GET' || verb === 'LIST' ? { sent: this.#sizes.observer(verb, ...about) } : {}),
        ...(verb !== 'CONNECT' && bodyVerbs[info.verb]
          ? { received: this.#bodySizes.observer(group ? `${resource}.${group}` : resource, bodyVerbs[info.verb]!) }
          : {}),
      };
      this.#recorders.set(key, recorder);
    }
    return recorder;
  }

  families(): readonly MetricFamily[] {
    // Nothing here waits for webhooks, which upstream leaves out of the second one.
    const indicator = withoutDryRun({ ...this.#durations.family(), name: 'apiserver_request_sli_duration_seconds' });
    return [...this.env.metrics.families(), fromBound(0.05, indicator)];
  }

  #inFlight(mutating: boolean, change: number): void {
    if (mutating) this.#mutating += change;
    else this.#reading += change;
  }

  /** Group, version, resource, subresource, scope and component; nothing for paths that anybody may make up. */
  #labels(info: RequestInfo): Labels | undefined {
    if (!info.isResource) return /^\/(healthz|livez|readyz)$/.test(info.path) ? ['', '', '', info.path, '', ''] : undefined;
    const served = this.#served(info);
    if (served ? !isKnownSubresource(served, info.subresource) : !this.#isReview(info)) return undefined;
    const scope = info.name || info.verb === 'create' ? 'resource' : info.namespace ? 'namespace' : 'cluster';
    return [info.group, info.version, info.resource, info.subresource, scope, 'apiserver'];
  }

  #isReview({ group, version, resource, subresource }: RequestInfo): boolean {
    return subresource === '' && this.reviews.some(({ gvk, plural }) => plural === resource && gvk.group === group && gvk.version === version);
  }

  readonly #byKey = new Map<string, ServedResource | undefined>();

  #served({ group, version, resource }: RequestInfo): ServedResource | undefined {
    const key = `${group}/${version}/${resource}`;
    const known = this.#byKey.get(key);
    if (known) return known;
    const found = this.resources.find(({ info }) => info.group === group && info.version === version && info.plural === resource);
    if (found) this.#byKey.set(key, found);
    return found;
  }

  #meteredWatch(body: WatchBody, info: RequestInfo, about: readonly string[], inProcess: boolean): WatchBody {
    const kind = this.#served(info)?.info.kind ?? '';
    return {
      ...body,
      start: (reader) => {
        this.#longRunning.add(1, ...about);
        const count = this.#watchEvents.adder(info.group, info.version, kind);
        // Within one process events have no size: nobody writes them down.
        const measure = inProcess ? undefined : this.#watchSizes.observer(info.group, info.version, kind);
        let open = true;
        const close = () => {
          if (open) this.#longRunning.add(-1, ...about);
          open = false;
        };
        const stop = body.start({
          event: (event) => {
            count(1);
            measure?.(event.frame().length);
            reader.event(event);
          },
          end: () => {
            close();
            reader.end();
          },
        });
        return () => {
          close();
          stop();
        };
      },
    };
  }

  #apiServices(): readonly string[] {
    return [...new Set(this.resources.map(({ info: { group, version } }) => `${version}.${group}`))].sort();
  }

  async #storedObjects(): Promise<Sample[]> {
    const samples: Sample[] = [];
    for (const { registry, servedAs } of this.resources) {
      if (servedAs) continue;
      const { group, resource } = registry.groupResource;
      const { entries, remaining } = await this.store.list(registry.prefix, { limit: 1 });
      samples.push({ labels: { resource: group ? `${resource}.${group}` : resource }, value: entries.length + remaining });
    }
    return samples;
  }
}

/** Names are too many to be labels (apiserver/pkg/endpoints/filters compressUsername). */
function shortName(username: string): string {
  if (knownUsers.has(username)) return username;
  return username.includes('@') ? 'email_id' : 'other';
}

const knownUsers = new Set(['admin', 'client', 'kube_proxy', 'kubelet', 'system:serviceaccount:kube-system:default']);

const buildLabels = {
  build_date: versionInfo.buildDate,
  compiler: versionInfo.compiler,
  git_commit: versionInfo.gitCommit,
  git_tree_state: versionInfo.gitTreeState,
  git_version: versionInfo.gitVersion,
  go_version: versionInfo.goVersion,
  major: versionInfo.major,
  minor: versionInfo.minor,
  platform: versionInfo.platform,
};

const knownSubresources = new Set(['attach', 'binding', 'eviction', 'exec', 'log', 'portforward', 'proxy', 'scale', 'token']);
const isKnownSubresource = ({ subresources }: ServedResource, asked: string): boolean =>
  asked === '' || subresources.includes(asked) || knownSubresources.has(asked);

const connecting = new Set(['attach', 'exec', 'portforward', 'proxy']);

function isMutating(verb: string): boolean {
  return verb !== 'get' && verb !== 'list' && verb !== 'watch' && verb !== 'head' && verb !== 'options';
}

/** Requests that last as long as their client likes: upstream's --longrunning rules (genericfilters.BasicLongRunningRequestCheck). */
export function isLongRunning({ verb, subresource, isResource }: RequestInfo): boolean {
  return isResource && (verb === 'watch' || subresource === 'log' || connecting.has(subresource));
}

const reportedVerbs: Readonly<Record<string, string>> = {
  get: 'GET',
  list: 'LIST',
  watch: 'WATCH',
  create: 'POST',
  update: 'PUT',
  patch: 'PATCH',
  delete: 'DELETE',
  deletecollection: 'DELETECOLLECTION',
  head: 'GET',
};

/** Of what has a body (apiserver/pkg/endpoints/handlers/metrics). */
const bodyVerbs: Readonly<Record<string, string>> = {
  create: 'create',
  update: 'update',
  patch: 'patch',
  delete: 'delete',
  deletecollection: 'delete_collection',
};

/** Nobody may make up labels (apiserver/pkg/endpoints/metrics cleanDryRun). */
function reportedDryRun(asked: readonly string[]): string {
  if (asked.length === 0) return '';
  return asked.every((one) => one === 'All') ? 'All' : 'invalid';
}

function reportedVerb({ verb, subresource }: RequestInfo, contentType: string | undefined): string {
  if (connecting.has(subresource)) return 'CONNECT';
  if (verb === 'patch' && contentType?.startsWith('application/apply-patch')) return 'APPLY';
  return reportedVerbs[verb] ?? 'other';
}
