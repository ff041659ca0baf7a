import type { Pod, PodStatus } from '../../generated/types/index.ts';
import type { Client } from '../client/index.ts';
import type { Env } from '../env/index.ts';
import { semanticEqual } from '../machinery/deep.ts';
import { isNotFound } from '../machinery/status-error.ts';
import { messageOf } from './kubelet-error.ts';
import { kubeletConditions } from './pod-conditions.ts';

/** How long after a failed write the next try comes; upstream looks every 10 s. */
const retryMs = 10_000;

interface Entry {
  readonly pod: Readonly<Pod>;
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

  /** Everything of the pod has ended; once it is marked for deletion it may go from the API. */
  finish(pod: Readonly<Pod>): void {
    const entry = this.#entries.get(pod.metadata?.uid ?? '');
    if (!entry) return;
    entry.finished = true;
    entry.deletable ||= Boolean(pod.metadata?.deletionTimestamp);
    this.#wake(entry);
  }

  forget(uid: string): void {
    const entry = this.#entries.get(uid);
    if (entry) entry.gone = true;
    this.#entries.delete(uid);
  }

  #add(uid: string, pod: Readonly<Pod>): Entry {
    const entry: Entry = {
      pod,
      wanted: {},
      written: pod.status,
      version: Number(pod.metadata?.resourceVersion ?? 0),
      finished: false,
      deletable: Boolean(pod.metadata?.deletionTimestamp),
      busy: false,
      gone: false,
    };
    this.#entries.set(uid, entry);
    return entry;
  }

  #wake(entry: Entry): void {
    if (entry.busy || entry.gone) return;
    if (!this.#due(entry)) return;
    entry.busy = true;
    this.env.loop.defer('kubelet status', () => this.#write(entry));
  }

  #due(entry: Entry): boolean {
    return hasChanges(entry) || (entry.finished && entry.deletable);
  }

  async #write(entry: Entry): Promise<void> {
    try {
      while (!entry.gone && this.#due(entry)) {
        if (hasChanges(entry)) await this.#patch(entry);
        else await this.#remove(entry);
      }
      entry.busy = false;
    } catch (error) {
      if (isNotFound(error)) {
        entry.gone = true;
        return;
      }
      this.env.log.warn('pod status could not be written', { pod: entry.pod.metadata?.name, error: messageOf(error) });
      this.env.loop.after(retryMs, 'kubelet status retry', () => {
        entry.busy = false;
        this.#wake(entry);
      });
    }
  }

  /**
   * Differs from upstream: a merge patch that names whole fields of the status, where upstream sends a strategic one. The stored
   * object is the same, and the order of conditions does not depend on the merge.
   */
  async #patch(entry: Entry): Promise<void> {
    const { wanted } = entry;
    const { namespace, name = '', uid } = entry.pod.metadata ?? {};
    const changes = statusChanges(entry.written, wanted);
    const stored = await this.client.pods.patch({ namespace, name }, 'merge', { metadata: { uid }, status: changes }, 'status');
    const others = (stored.status?.conditions ?? []).filter((one) => !kubeletConditions.includes(one.type));
    const own = (wanted.conditions ?? []).filter((one) => kubeletConditions.includes(one.type));
    // Not as stored: a field that the server has dropped must not be sent again and again.
    entry.written = { ...stored.status, ...wanted, conditions: [...others, ...own] };
    entry.version = Number(stored.metadata?.resourceVersion ?? entry.version);
  }

  async #remove(entry: Entry): Promise<void> {
    const { namespace, name = '', uid } = entry.pod.metadata ?? {};
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

const ownFields = ['reason', 'message', 'podIP', 'podIPs', 'initContainerStatuses', 'ephemeralContainerStatuses'];

/**
 * The top-level fields of `wanted` that differ from `stored`; null for those that have gone.
 * Fields and conditions of others (`nominatedNodeName`, `DisruptionTarget`) are left as they are stored.
 */
export function statusChanges(stored: PodStatus | undefined, wanted: PodStatus): Record<string, unknown> {
  const out: Record<string, unknown> = {};
  const others = (stored?.conditions ?? []).filter((one) => !kubeletConditions.includes(one.type));
  const own = (wanted.conditions ?? []).filter((one) => kubeletConditions.includes(one.type));
  const before = (stored ?? {}) as Record<string, unknown>;
  const after: Record<string, unknown> = { ...wanted, conditions: [...others, ...own] };
  for (const [field, value] of Object.entries(after)) if (!semanticEqual(value, before[field])) out[field] = value;
  for (const field of ownFields) if (before[field] !== undefined && after[field] === undefined) out[field] = null;
  return out;
}
