import type { Env } from '../../env/index.ts';
import type { ApiResponse, WatchBody } from '../../machinery/handler.ts';
import { versionInfo } from '../non-resource.ts';
import type { RequestInfo } from '../request-info.ts';
import type { ServedResource } from '../served-resource.ts';
import { Counters, Histograms } from './counters.ts';
import type { MetricFamily, Sample } from './family.ts';

/** Upstream's buckets of request durations, in seconds (apiserver/pkg/endpoints/metrics). */
const durationBounds = [0.005, 0.025, 0.05, 0.1, 0.2, 0.4, 0.6, 0.8, 1, 1.25, 1.5, 2, 3, 4, 5, 6, 8, 10, 15, 20, 30, 45, 60];

/** A request as the counters see it. */
export interface MeteredRequest {
  readonly info: RequestInfo;
  /** `APPLY`, `LIST`, `WATCH` …, as upstream reports verbs. */
  readonly verb: string;
  readonly dryRun: string;
  readonly mutating: boolean;
  readonly longRunning: boolean;
  readonly beganMs: number;
}

/**
 * What the API server counts, under upstream's names. Durations are of simulated time: a server on a clock that stands still
 * answers in no time.
 */
export class ServerMetrics {
  readonly #requests = new Counters(
    'apiserver_request_total',
    'Counter of apiserver requests broken out for each verb, dry run value, group, version, resource, scope, component, and HTTP response code.',
    ['verb', 'group', 'version', 'resource', 'subresource', 'scope', 'dry_run', 'component', 'code'],
  );
  readonly #durations = new Histograms(
    'apiserver_request_duration_seconds',
    'Response latency distribution in seconds for each verb, dry run value, group, version, resource, subresource, scope and component.',
    ['verb', 'group', 'version', 'resource', 'subresource', 'scope', 'dry_run', 'component'],
    durationBounds,
  );
  readonly #longRunning = new Counters(
    'apiserver_longrunning_requests',
    'Gauge of all active long-running apiserver requests broken out by verb, group, version, resource, scope and component. Not all requests are tracked this way.',
    ['verb', 'group', 'version', 'resource', 'subresource', 'scope', 'component'],
    'gauge',
  );
  readonly #watchEvents = new Counters('apiserver_watch_events_total', 'Number of events sent in watch clients', ['group', 'version', 'kind']);
  readonly #rejected = new Counters('apiserver_request_terminations_total', 'Number of requests which apiserver terminated in self-defense.', [
    'verb',
    'group',
    'version',
    'resource',
    'subresource',
    'scope',
    'component',
    'code',
  ]);
  #mutating = 0;
  #reading = 0;

  constructor(
    readonly env: Pick<Env, 'clock'>,
    readonly resources: readonly ServedResource[],
  ) {}

  begin(info: RequestInfo, query: URLSearchParams, contentType: string | undefined): MeteredRequest {
    const longRunning = isLongRunning(info);
    const mutating = isMutating(info.verb);
    if (!longRunning) this.#inFlight(mutating, 1);
    const dryRun = query.size > 0 && query.has('dryRun') ? query.getAll('dryRun').join(',') : '';
    return { info, verb: reportedVerb(info, contentType), dryRun, mutating, longRunning, beganMs: this.env.clock.now() };
  }

  /** The answer is ready; a watch or a stream of it is counted until it ends. */
  end(metered: MeteredRequest, response: ApiResponse): ApiResponse {
    const { info, verb, dryRun, longRunning, mutating, beganMs } = metered;
    if (!longRunning) this.#inFlight(mutating, -1);
    const about = this.#labels(info);
    if (!about) return response;
    const [group, version, resource, subresource, scope, component] = about;
    this.#requests.add(1, verb, group, version, resource, subresource, scope, dryRun, component, String(response.status));
    if (response.status === 429 || response.status === 504) this.#rejected.add(1, verb, ...about, String(response.status));
    if (!longRunning) this.#durations.observe((this.env.clock.now() - beganMs) / 1000, verb, group, version, resource, subresource, scope, dryRun, component);
    return response.body.kind === 'watch' ? { ...response, body: this.#meteredWatch(response.body, info, [verb, ...about]) } : response;
  }

  families(): readonly MetricFamily[] {
    const gauge = (name: string, help: string, samples: MetricFamily['samples']): MetricFamily => ({ name, help, type: 'gauge', samples });
    return [
      this.#requests.family(),
      this.#durations.family(),
      this.#longRunning.family(),
      this.#watchEvents.family(),
      this.#rejected.family(),
      gauge(
        'apiserver_current_inflight_requests',
        'Maximal number of currently used inflight request limit of this apiserver per request kind in last second.',
        () => [
          { labels: { request_kind: 'mutating' }, value: this.#mutating },
          { labels: { request_kind: 'readOnly' }, value: this.#reading },
        ],
      ),
      gauge('apiserver_storage_objects', 'Number of stored objects at the time of last check split by kind.', () => this.#storedObjects()),
      gauge(
        'kubernetes_build_info',
        'A metric with a constant 1 value labeled by major, minor, git version, git commit, git tree state, build date, Go version, and compiler from which Kubernetes was built, and platform on which it is running.',
        () => [{ labels: buildLabels, value: 1 }],
      ),
    ];
  }

  #inFlight(mutating: boolean, change: number): void {
    if (mutating) this.#mutating += change;
    else this.#reading += change;
  }

  /** Group, version, resource, subresource, scope and component; nothing for paths that anybody may make up. */
  #labels(info: RequestInfo): readonly [string, string, string, string, string, string] | undefined {
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

  #meteredWatch(body: WatchBody, info: RequestInfo, about: readonly string[]): WatchBody {
    const kind = this.#served(info)?.info.kind ?? '';
    return {
      ...body,
      start: (reader) => {
        this.#longRunning.add(1, ...about);
        let open = true;
        const close = () => {
          if (open) this.#longRunning.add(-1, ...about);
          open = false;
        };
        const stop = body.start({
          event: (event) => {
            this.#watchEvents.add(1, info.group, info.version, kind);
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

function reportedVerb({ verb, subresource }: RequestInfo, contentType: string | undefined): string {
  if (connecting.has(subresource)) return 'CONNECT';
  if (verb === 'patch' && contentType?.startsWith('application/apply-patch')) return 'APPLY';
  return reportedVerbs[verb] ?? 'other';
}
