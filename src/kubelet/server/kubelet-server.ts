import type { Pod, PodStatus } from '../../../generated/types/index.ts';
import type { Metrics } from '../../env/index.ts';
import { goJson } from '../../machinery/codec/index.ts';
import type { Exposed } from '../../machinery/exposition/index.ts';
import { textFormat, textFormatType } from '../../machinery/exposition/index.ts';
import type { KubeletAnswer, KubeletRequest, PodLogOptions, StreamReader } from '../../machinery/index.ts';
import { isStatusError, notSimulated, parseTime } from '../../machinery/index.ts';
import { podContainers } from '../pod-format.ts';
import type { ProbeTally } from '../prober.ts';
import { containerMetrics } from './container-metrics.ts';
import { kubeletMetrics, probeMetrics, resourceMetrics } from './metrics.ts';
import { podList, runningPodList } from './pod-lists.ts';
import type { NodeMeasures } from './summary.ts';
import { summarize } from './summary.ts';

/** What the server asks of its kubelet. */
export interface ServerSources {
  readonly nodeName: string;
  /** `v1.33.0` */
  readonly version: string;
  readonly metrics: Metrics;
  /** Those bound to the node, mirrors included, and static ones. */
  readonly pods: () => readonly Readonly<Pod>[];
  readonly statusOf: (pod: Readonly<Pod>) => PodStatus | undefined;
  /** When the kubelet has first seen a pod, in simulated ms. */
  readonly seenAt: (pod: Readonly<Pod>) => number | undefined;
  readonly measures: () => NodeMeasures;
  readonly tallies: () => readonly ProbeTally[];
  readonly configuration: () => Readonly<Record<string, unknown>>;
  readonly containerLogs: (
    pod: { readonly namespace: string; readonly name: string; readonly uid: string },
    options: PodLogOptions,
  ) => Promise<(reader: StreamReader) => () => void>;
}

const healthChecks = ['ping', 'log', 'syncloop'];

/** What is a part of a real kubelet's server and not of this one. */
const refused: Readonly<Record<string, string>> = {
  attach: 'attach through the server of a kubelet; ask for it through the pod',
  checkpoint: 'checkpoints of containers',
  debug: 'profiles and flags of a kubelet',
  exec: 'exec through the server of a kubelet; ask for it through the pod',
  logs: 'the log files of a node',
  portForward: 'port-forward through the server of a kubelet; ask for it through the pod',
  run: 'run through the server of a kubelet; ask for exec through the pod',
};

/** Answers what is asked of a kubelet by path (pkg/kubelet/server server.go). */
export class KubeletServer {
  constructor(readonly sources: ServerSources) {}

  /** Rejects with 501 for what is not simulated, by name. */
  async serve({ method, path, query }: KubeletRequest): Promise<KubeletAnswer> {
    const [root = '', ...rest] = path.split('/').slice(1);
    const inner = rest.join('/');
    if (Object.hasOwn(refused, root)) throw notSimulated(refused[root] as string);
    if (root === 'metrics') return this.#metrics(inner);
    if (root === 'healthz') return this.#health(inner, query);
    if (path === '/configz') return json({ kubeletconfig: this.sources.configuration() });
    const answer = this.#routed(root, rest, query);
    if (!answer) return text(404, root in { pods: 1, runningpods: 1, stats: 1, containerLogs: 1 } ? '404: Page Not Found' : '404 page not found\n');
    return method === 'GET' || method === 'HEAD' ? answer() : text(405, '405: Method Not Allowed');
  }

  /** The paths that take a GET only. */
  #routed(root: string, rest: readonly string[], query: URLSearchParams): (() => KubeletAnswer | Promise<KubeletAnswer>) | undefined {
    const isTop = rest.every((part) => part === '');
    if (root === 'pods' && isTop) return () => json(podList(this.sources.pods(), this.sources), '\n');
    if (root === 'runningpods' && isTop) return () => json(runningPodList(this.sources.measures().runtime), '\n');
    if (root === 'stats' && rest.join('/') === 'summary') return () => this.#summary(query);
    const [namespace, name, container] = rest;
    if (root === 'containerLogs' && rest.length === 3 && namespace && name && container) return () => this.#logs({ namespace, name, container }, query);
    return undefined;
  }

  #health(check: string, query: URLSearchParams): KubeletAnswer {
    if (check !== '') return healthChecks.includes(check) ? text(200, 'ok') : text(404, '404 page not found\n');
    if (!query.has('verbose')) return text(200, 'ok');
    return text(200, `${healthChecks.map((one) => `[+]${one} ok\n`).join('')}healthz check passed\n`);
  }

  #summary(query: URLSearchParams): KubeletAnswer {
    const summary = summarize(this.sources.measures(), query.get('only_cpu_and_memory') === 'true');
    return bytes(200, 'application/json', `${goJson(summary, 1)}\n`);
  }

  async #metrics(which: string): Promise<KubeletAnswer> {
    const { metrics, nodeName, version } = this.sources;
    const measures = this.sources.measures();
    if (which === '' || which === 'slis') return exposition(which === '' ? await kubeletMetrics(metrics, nodeName, version, measures) : []);
    if (which === 'resource') return exposition(resourceMetrics(summarize(measures, true), measures.now));
    if (which === 'cadvisor') return exposition(containerMetrics(measures, summarize(measures, false)));
    if (which === 'probes') return exposition(probeMetrics(this.sources.tallies()));
    return text(404, '404 page not found\n');
  }

  async #logs({ namespace, name, container }: { namespace: string; name: string; container: string }, query: URLSearchParams): Promise<KubeletAnswer> {
    const options = logOptions(container, query);
    if (typeof options === 'string') return text(options === 'Invalid request.' ? 422 : 400, JSON.stringify({ message: options }).replace(':', ': '));
    const pod = this.sources.pods().find(({ metadata }) => metadata?.namespace === namespace && metadata.name === name);
    if (!pod) return text(404, `pod ${JSON.stringify(name)} does not exist`);
    if (!podContainers(pod).some(({ spec }) => spec.name === container)) {
      return text(404, `container ${JSON.stringify(container)} not found in pod ${JSON.stringify(name)}`);
    }
    try {
      const start = await this.sources.containerLogs({ namespace, name, uid: pod.metadata?.uid ?? '' }, options);
      return { status: 200, body: { kind: 'stream', contentType: 'text/plain; charset=utf-8', start } };
    } catch (error) {
      if (!isStatusError(error)) throw error;
      return text(error.status.code ?? 400, error.message);
    }
  }
}

/** The options of a log in a query, or why there are none. */
function logOptions(container: string, query: URLSearchParams): PodLogOptions | string {
  const flag = (name: string) => ['true', '1', ''].includes(query.get(name) ?? 'false');
  const numbers: Partial<Record<'sinceSeconds' | 'tailLines' | 'limitBytes', number>> = {};
  for (const name of ['sinceSeconds', 'tailLines', 'limitBytes'] as const) {
    const tail = name === 'tailLines' && query.has('tail') ? query.get('tail') : null;
    const value = tail === 'all' ? null : (tail ?? query.get(name));
    if (value === null || value === '') continue;
    if (!/^-?\d+$/.test(value)) return 'Unable to decode query.';
    if (Number(value) < (name === 'tailLines' ? 0 : 1)) return 'Invalid request.';
    numbers[name] = Number(value);
  }
  const sinceTime = query.get('sinceTime') ?? undefined;
  if (sinceTime && parseTime(sinceTime) === undefined) return 'Unable to decode query.';
  if (sinceTime && numbers.sinceSeconds !== undefined) return 'Invalid request.';
  return { container, follow: flag('follow'), previous: flag('previous'), timestamps: flag('timestamps'), sinceTime, ...numbers };
}

const bytes = (status: number, contentType: string, content: string): KubeletAnswer => ({ status, body: { kind: 'bytes', contentType, bytes: content } });
const text = (status: number, content: string): KubeletAnswer => bytes(status, 'text/plain; charset=utf-8', content);
const json = (value: unknown, end = ''): KubeletAnswer => bytes(200, 'application/json', `${goJson(value)}${end}`);
const exposition = (families: readonly Exposed[]): KubeletAnswer => bytes(200, `${textFormatType}; escaping=underscores`, textFormat(families));
