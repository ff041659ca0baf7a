import type { ContainerStatus, ObjectMeta, Pod, PodCondition, PodStatus } from '../../generated/types/index.ts';
import type { Client } from '../client/index.ts';
import type { Env } from '../env/index.ts';
import { semanticEqual } from '../machinery/deep.ts';
import { isNotFound } from '../machinery/status-error.ts';
import { messageOf } from './kubelet-error.ts';
import { kubeletConditions } from './pod-conditions.ts';

/** How long after a failed write the next try comes; upstream looks every 10 s. */
const retryMs = 10_000;

/** The pod in the API that shows a status. */
type Target = Pick<ObjectMeta, 'namespace' | 'name' | 'uid'>;

interface Entry {
  /** Undefined while there is none: a static pod whose mirror has not been made. */
  target: Target | undefined;
  readonly isStatic: boolean;
  /** What the pod's status is to be. */
  wanted: PodStatus;
  /** What the API server is known to hold. */
  written: PodStatus | undefined;
  /** The resource version that `written` was read at: older news of the watch are not taken for changes. */
  version: number;
  /** All containers have ended and all is cleaned up: a deleted pod may go. */
  finished: boolean;
  deletable: boolean;
  busy: boolean;
  gone: boolean;
}

/** Writes pods' statuses, one at a time for each pod, in order, and only what has changed (pkg/kubelet/status manager). */
export class StatusManager {
  readonly #entries = new Map<string, Entry>();
  /** By the uid of the static pod; undefined while it has no mirror. */
  readonly #mirrors = new Map<string, Readonly<Pod> | undefined>();
  #stopped = false;

  constructor(
    readonly env: Pick<Env, 'loop' | 'log'>,
    readonly client: Pick<Client, 'pods'>,
  ) {}

  /** The status that was last decided, whether it has been written or not. */
  get(uid: string): PodStatus | undefined {
    return this.#entries.get(uid)?.wanted;
  }

  set(pod: Readonly<Pod>, status: PodStatus): void {
    const uid = pod.metadata?.uid ?? '';
    const entry = this.#entries.get(uid) ?? this.#add(uid, pod);
    entry.wanted = status;
    this.#wake(entry);
  }

  /** A container's startup has succeeded. That is told at once; whether it is ready, too, the pod's next look says. */
  setStarted(uid: string, containerId: string): void {
    const entry = this.#entries.get(uid);
    if (!entry) return;
    const marked = (list: ContainerStatus[] | undefined) =>
      list?.map((one) => (one.containerID === `containerd://${containerId}` ? { ...one, started: true } : one));
    const { containerStatuses, initContainerStatuses } = entry.wanted;
    entry.wanted = { ...entry.wanted, containerStatuses: marked(containerStatuses), initContainerStatuses: marked(initContainerStatuses) };
    this.#wake(entry);
  }

  /** Takes in the pod as the API server has it: what others wrote, and whether it is to be deleted. */
  observe(pod: Readonly<Pod>): void {
    const entry = this.#entries.get(pod.metadata?.uid ?? '');
    if (!entry) return;
    const version = Number(pod.metadata?.resourceVersion ?? 0);
    if (!entry.busy && version > entry.version) {
      entry.written = pod.status;
      entry.version = version;
    }
    entry.deletable = Boolean(pod.metadata?.deletionTimestamp);
    this.#wake(entry);
  }

  /** Which pod of the API shows a static pod's status from now on; none if undefined. */
  mirror(uid: string, mirror: Readonly<Pod> | undefined): void {
    const same = this.#mirrors.get(uid)?.metadata?.uid === mirror?.metadata?.uid;
    this.#mirrors.set(uid, mirror);
    const entry = this.#entries.get(uid);
    if (!entry) return;
    const version = Number(mirror?.metadata?.resourceVersion ?? 0);
    entry.target = mirror?.metadata;
    if (!same || (!entry.busy && version > entry.version)) {
      entry.written = mirror?.status;
      entry.version = version;
    }
    this.#wake(entry);
  }

  /** Everything of the pod has ended; once it is marked for deletion it may go from the API. */
  finish(pod: Readonly<Pod>): void {
    const entry = this.#entries.get(pod.metadata?.uid ?? '');
    if (!entry) return;
    entry.finished = true;
    entry.deletable ||= Boolean(pod.metadata?.deletionTimestamp);
    this.#wake(entry);
  }

  /** A kubelet that is stopped writes no more; started again, it catches up. */
  stop(): void {
    this.#stopped = true;
  }

  start(): void {
    this.#stopped = false;
    for (const entry of this.#entries.values()) this.#wake(entry);
  }

  forget(uid: string): void {
    const entry = this.#entries.get(uid);
    if (entry) entry.gone = true;
    this.#entries.delete(uid);
    this.#mirrors.delete(uid);
  }

  #add(uid: string, pod: Readonly<Pod>): Entry {
    const shown = this.#mirrors.has(uid) ? this.#mirrors.get(uid) : pod;
    const entry: Entry = {
      target: shown?.metadata,
      isStatic: this.#mirrors.has(uid),
      wanted: {},
      written: shown?.status,
      version: Number(shown?.metadata?.resourceVersion ?? 0),
      finished: false,
      deletable: Boolean(pod.metadata?.deletionTimestamp),
      busy: false,
      gone: false,
    };
    this.#entries.set(uid, entry);
    return entry;
  }

  #wake(entry: Entry): void {
    if (entry.busy || entry.gone || this.#stopped) return;
    if (!this.#due(entry)) return;
    entry.busy = true;
    this.env.loop.defer('kubelet status', () => this.#write(entry));
  }

  #due(entry: Entry): boolean {
    if (!entry.target) return false;
    return hasChanges(entry) || (entry.finished && entry.deletable);
  }

  async #write(entry: Entry): Promise<void> {
    let target: Target | undefined;
    try {
      while (!this.#stopped && !entry.gone && entry.target && this.#due(entry)) {
        target = entry.target;
        if (hasChanges(entry)) await this.#patch(entry, target);
        else await this.#remove(entry, target);
      }
      entry.busy = false;
    } catch (error) {
      if (isNotFound(error)) {
        if (entry.isStatic) this.#mirrorLost(entry, target);
        else entry.gone = true;
        return;
      }
      this.env.log.warn('pod status could not be written', { pod: entry.target?.name, error: messageOf(error) });
      this.env.loop.after(retryMs, 'kubelet status retry', () => {
        entry.busy = false;
        this.#wake(entry);
      });
    }
  }

  /** The mirror has gone: the status waits for the next one, unless that is there already. */
  #mirrorLost(entry: Entry, target: Target | undefined): void {
    if (entry.target === target) entry.target = undefined;
    entry.busy = false;
    this.#wake(entry);
  }

  /**
   * Differs from upstream: a merge patch that names whole fields of the status, where upstream sends a strategic one. The stored
   * object is the same, and the order of conditions does not depend on the merge.
   */
  async #patch(entry: Entry, { namespace, name = '', uid }: Target): Promise<void> {
    const { wanted } = entry;
    const changes = statusChanges(entry.written, wanted);
    const stored = await this.client.pods.patch({ namespace, name }, 'merge', { metadata: { uid }, status: changes }, 'status');
    if (entry.target?.uid !== uid) return; // Another mirror has come meanwhile.
    // Not as stored: a field that the server has dropped must not be sent again and again.
    entry.written = { ...stored.status, ...wanted, conditions: mergedConditions(stored.status, wanted) };
    entry.version = Number(stored.metadata?.resourceVersion ?? entry.version);
  }

  async #remove(entry: Entry, { namespace, name = '', uid }: Target): Promise<void> {
    entry.gone = true;
    await this.client.pods.delete({ namespace, name }, { gracePeriodSeconds: 0, preconditions: uid ? { uid } : {} }).catch((error) => {
      if (isNotFound(error)) return;
      entry.gone = false;
      throw error;
    });
  }
}

function hasChanges({ wanted, written }: Entry): boolean {
  return Object.keys(statusChanges(written, wanted)).length > 0;
}

/** Others' conditions as they are stored, then the kubelet's own, among them that it has ended the pod itself. */
function mergedConditions(stored: PodStatus | undefined, wanted: PodStatus): PodCondition[] {
  const own = (wanted.conditions ?? []).filter(({ type, reason }) => kubeletConditions.includes(type) || reason === 'TerminationByKubelet');
  const others = (stored?.conditions ?? []).filter(({ type }) => !kubeletConditions.includes(type) && !own.some((one) => one.type === type));
  return [...others, ...own];
}

const ownFields = ['reason', 'message', 'podIP', 'podIPs', 'initContainerStatuses', 'ephemeralContainerStatuses'];

/**
 * The top-level fields of `wanted` that differ from `stored`; null for those that have gone.
 * Fields and conditions of others (`nominatedNodeName`, `DisruptionTarget`) are left as they are stored.
 */
function statusChanges(stored: PodStatus | undefined, wanted: PodStatus): Record<string, unknown> {
  const out: Record<string, unknown> = {};
  const before = (stored ?? {}) as Record<string, unknown>;
  const after: Record<string, unknown> = { ...wanted, conditions: mergedConditions(stored, wanted) };
  for (const [field, value] of Object.entries(after)) if (!semanticEqual(value, before[field])) out[field] = value;
  for (const field of ownFields) if (before[field] !== undefined && after[field] === undefined) out[field] = null;
  return out;
}
