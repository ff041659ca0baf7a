import type { Env, MetricFamily, Sample } from '../../env/index.ts';
import { exponentialBounds } from '../../env/index.ts';
import type { ApiRequest, ApiResponse, UserInfo, WatchBody } from '../../machinery/handler.ts';
import type { Decision } from '../authz/index.ts';
import { versionInfo } from '../non-resource.ts';
import type { RequestInfo } from '../request-info.ts';
import type { ServedResource } from '../served-resource.ts';
import { withoutDryRun } from './without-dry-run.ts';

/** Upstream's buckets of request durations, in seconds (apiserver/pkg/endpoints/metrics). */
const durationBounds = [0.005, 0.025, 0.05, 0.1, 0.2, 0.4, 0.6, 0.8, 1, 1.25, 1.5, 2, 3, 4, 5, 6, 8, 10, 15, 20, 30, 45, 60];

const sizeBounds = exponentialBounds(1000, 10, 7);
const watchSizeBounds = exponentialBounds(1024, 2, 8);
const accessBounds = exponentialBounds(0.001, 2, 15);
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
  readonly #terminated;
  readonly #clientRequests;
  readonly #deprecated;
  readonly #users;
  readonly #authentications;
  readonly #authenticationSeconds;
  readonly #authorizations;
  readonly #authorizationSeconds;
  readonly #auditEvents;
  readonly #auditLevels;
  #mutating = 0;
  #reading = 0;

  constructor(
    readonly env: Pick<Env, 'clock' | 'metrics'>,
    readonly resources: readonly ServedResource[],
  ) {
    const { metrics } = env;
    const about = ['verb', 'group', 'version', 'resource', 'subresource', 'scope'];
    const settled = [...about, 'dry_run', 'component'];
    this.#requests = metrics.counters('apiserver_request_total', 'Requests answered, by what they asked for and the code of the answer.', [...settled, 'code']);
    this.#durations = metrics.histograms('apiserver_request_duration_seconds', 'How long requests took, but for those that last.', settled, durationBounds);
    this.#longRunning = metrics.counters('apiserver_longrunning_requests', 'Requests that last, such as watches, open now.', [...about, 'component'], 'gauge');
    this.#watchEvents = metrics.counters('apiserver_watch_events_total', 'Events sent to watchers.', ['group', 'version', 'kind']);
    this.#watchSizes = metrics.histograms(
      'apiserver_watch_events_sizes',
      'How large those events were, in bytes.',
      ['group', 'version', 'kind'],
      watchSizeBounds,
    );
    this.#sizes = metrics.histograms('apiserver_response_sizes', 'How large answers to reads were, in bytes.', [...about, 'component'], sizeBounds);
    this.#terminated = metrics.counters('apiserver_request_terminations_total', 'Requests cut short because the server was busy or they took too long.', [
      ...about,
      'component',
      'code',
    ]);
    this.#clientRequests = metrics.counters('rest_client_requests_total', 'Requests of the components in this process.', ['code', 'host', 'method']);
    this.#deprecated = metrics.counters(
      'apiserver_requested_deprecated_apis',
      'Deprecated APIs that somebody has asked for.',
      ['group', 'version', 'resource', 'subresource', 'removed_release'],
      'gauge',
    );
    this.#users = metrics.counters('authenticated_user_requests', 'Requests whose sender is known, by a short form of the name.', ['username']);
    this.#authentications = metrics.counters('authentication_attempts', 'Attempts to find out who sends a request, by outcome.', ['result']);
    this.#authenticationSeconds = metrics.histograms('authentication_duration_seconds', 'How long that took.', ['result'], accessBounds);
    this.#authorizations = metrics.counters('authorization_attempts_total', 'Decisions on what a sender may do, by outcome.', ['result']);
    this.#authorizationSeconds = metrics.histograms('authorization_duration_seconds', 'How long a decision took.', ['result'], accessBounds);
    this.#auditEvents = metrics.counters('apiserver_audit_event_total', 'Events written to the audit log.');
    this.#auditLevels = metrics.counters('apiserver_audit_level_total', 'Requests by the level at which the audit policy wants them.', ['level']);
    this.#addGauges();
  }

  #addGauges(): void {
    const { metrics } = this.env;
    metrics.gauge('apiserver_current_inflight_requests', 'Requests at work now, but for those that last.', () => [
      { labels: { request_kind: 'mutating' }, value: this.#mutating },
      { labels: { request_kind: 'readOnly' }, value: this.#reading },
    ]);
    metrics.gauge(
      'aggregator_unavailable_apiservice',
      'Versions of groups that are served elsewhere and cannot be reached; those served here always can.',
      () => this.#apiServices().map((name) => ({ labels: { name }, value: 0 })),
    );
    metrics.gauge('apiserver_storage_objects', 'Stored objects by resource.', () => this.#storedObjects());
    metrics.gauge('kubernetes_build_info', 'Always 1; the labels say which version of Kubernetes is simulated.', () => [{ labels: buildLabels, value: 1 }]);
  }

  /** Who sends a request has been found out since `beganMs`, or not. */
  authenticated(user: UserInfo | undefined, beganMs: number): void {
    const result = user ? 'success' : 'failure';
    this.#authentications.add(1, result);
    this.#authenticationSeconds.observe((this.env.clock.now() - beganMs) / 1000, result);
    if (user) this.#users.add(1, shortName(user.username));
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

  begin(info: RequestInfo, { method, query, headers, user }: ApiRequest): MeteredRequest {
    const longRunning = isLongRunning(info);
    const mutating = isMutating(info.verb);
    if (!longRunning) this.#inFlight(mutating, 1);
    const dryRun = query.size > 0 ? reportedDryRun(query.getAll('dryRun')) : '';
    const verb = reportedVerb(info, headers['content-type']);
    return { info, verb, method, dryRun, mutating, longRunning, inProcess: user !== undefined, beganMs: this.env.clock.now() };
  }

  /** The answer is ready; a watch or a stream of it is counted until it ends. */
  end(metered: MeteredRequest, response: ApiResponse): ApiResponse {
    const { info, verb, method, longRunning, mutating, inProcess, beganMs } = metered;
    if (!longRunning) this.#inFlight(mutating, -1);
    if (inProcess) this.#clientRequests.add(1, String(response.status), loopbackHost, method);
    const about = this.#labels(info);
    if (!about) return response;
    const recorder = this.#recorder(about, metered, response.status);
    if (this.#served(info)?.info.deprecation) this.#deprecated.set(1, info.group, info.version, info.resource, info.subresource, '');
    recorder.count(1);
    if (response.status === 429 || response.status === 504) this.#terminated.add(1, verb, ...about, String(response.status));
    if (!longRunning) recorder.took((this.env.clock.now() - beganMs) / 1000);
    if (response.body.kind === 'watch') return { ...response, body: this.#meteredWatch(response.body, info, [verb, ...about], inProcess) };
    const { status, headers, body } = response;
    return recorder.sent && !inProcess ? { status, headers, body, sent: recorder.sent } : response;
  }

  readonly #recorders = new Map<string, Recorder>();

  /** Where all requests with the same labels are counted: to join these and to look them up costs more than to count. */
  #recorder(about: Labels, { verb, dryRun }: MeteredRequest, status: number): Recorder {
    const [group, version, resource, subresource, scope, component] = about;
    const key = `${verb} ${group}/${version}/${resource}/${subresource} ${scope} ${dryRun} ${status}`;
    let recorder = this.#recorders.get(key);
    if (!recorder) {
      const settled = [verb, group, version, resource, subresource, scope, dryRun, component];
      recorder = {
        count: this.#requests.adder(...settled, String(status)),
        took: this.#durations.observer(...settled),
        ...(verb === 'GET' || verb === 'LIST' ? { sent: this.#sizes.observer(verb, ...about) } : {}),
      };
      this.#recorders.set(key, recorder);
    }
    return recorder;
  }

  families(): readonly MetricFamily[] {
    // Nothing here waits for webhooks, which upstream leaves out of the second one.
    return [...this.env.metrics.families(), withoutDryRun({ ...this.#durations.family(), name: 'apiserver_request_sli_duration_seconds' })];
  }

  #inFlight(mutating: boolean, change: number): void {
    if (mutating) this.#mutating += change;
    else this.#reading += change;
  }

  /** Group, version, resource, subresource, scope and component; nothing for paths that anybody may make up. */
  #labels(info: RequestInfo): Labels | undefined {
    if (!info.isResource) return /^\/(healthz|livez|readyz)$/.test(info.path) ? ['', '', '', info.path, '', ''] : undefined;
    const served = this.#served(info);
    if (!served || (info.subresource && !served.subresources.includes(info.subresource) && !knownSubresources.has(info.subresource))) return undefined;
    const scope = info.name || info.verb === 'create' ? 'resource' : info.namespace ? 'namespace' : 'cluster';
    return [info.group, info.version, info.resource, info.subresource, scope, 'apiserver'];
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
      const { entries, remaining } = await registry.deps.store.list(registry.prefix, { limit: 1 });
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
