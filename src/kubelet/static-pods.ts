import type { Node, Pod } from '../../generated/types/index.ts';
import { mirrorPodAnnotation } from '../api/core/v1/pod-status.ts';
import type { Client } from '../client/index.ts';
import type { Env, Timer } from '../env/index.ts';
import { ignoreNotFound } from '../machinery/status-error.ts';
import { formatTime } from '../machinery/time.ts';
import { messageOf } from './kubelet-error.ts';
import type { ManifestFile } from './manifests.ts';
import { configAnnotation, podFullName, readManifests } from './manifests.ts';

/** Upstream's --file-check-frequency. */
const checkMs = 20_000;
const retryMs = 10_000;

export interface StaticPodsOptions {
  readonly env: Pick<Env, 'loop' | 'clock' | 'log'>;
  readonly client: Pick<Client, 'pods'>;
  readonly nodeName: string;
  /** The manifests on the node; undefined if there is no such directory. */
  readonly files: () => readonly ManifestFile[] | undefined;
  /** The registered Node: nothing can be shown of pods before. */
  readonly node: () => Readonly<Node> | undefined;
  /** A pod is to run, or to run on. */
  readonly run: (pod: Readonly<Pod>) => void;
  /** A pod is to end, with its own grace period; `ended` follows. */
  readonly end: (pod: Readonly<Pod>) => void;
  /** The pod that shows a static one has come, changed or gone. */
  readonly shown: (pod: Readonly<Pod>, mirror: Readonly<Pod> | undefined) => void;
}

interface Entry {
  /** What runs, or is ending. */
  pod: Readonly<Pod>;
  ending: boolean;
  /** What the manifest says since; undefined if it has gone. */
  wanted: Readonly<Pod> | undefined;
}

/**
 * The pods that a node runs by the manifests on it, whether or not there is an API server, and their mirrors in the API
 * (pkg/kubelet/config, pkg/kubelet/pod mirror_client.go). A mirror that is deleted is made anew; a manifest that has changed is
 * another pod.
 *
 * Differs from upstream: there is no inotify, so a change is seen when the directory is looked at next, every 20 s.
 */
export class StaticPods {
  readonly #entries = new Map<string, Entry>();
  readonly #mirrors = new Map<string, Readonly<Pod>>();
  /** Full names of mirrors that are being written. */
  readonly #busy = new Set<string>();
  /** As they were read last since the start. */
  #files: readonly ManifestFile[] | undefined;
  #timer: Timer | undefined;
  #running = false;

  constructor(readonly options: StaticPodsOptions) {}

  /** The pods that run by a manifest, as the kubelet has them. */
  get pods(): readonly Readonly<Pod>[] {
    return [...this.#entries.values()].map(({ pod }) => pod);
  }

  /** Reads the manifests now and from time to time. Pods of before a stop run on. */
  start(): void {
    this.#running = true;
    this.#files = undefined;
    for (const { pod, ending } of this.#entries.values()) {
      this.options.run(pod);
      if (ending) this.options.end(pod);
    }
    this.#check();
  }

  stop(): void {
    this.#running = false;
    this.#timer?.cancel();
  }

  /** Makes and removes mirrors as it has become possible or necessary. */
  sync(): void {
    if (!this.#running) return;
    for (const name of new Set([...this.#entries.keys(), ...this.#mirrors.keys()])) this.#syncMirror(name);
  }

  /** A mirror of this node has come or changed. */
  mirrorSeen(mirror: Readonly<Pod>): void {
    const name = podFullName(mirror);
    if (versionOf(this.#mirrors.get(name)) > versionOf(mirror)) return; // An answer has told more than the watch does as yet.
    this.#mirrors.set(name, mirror);
    const entry = this.#entries.get(name);
    if (entry && shows(mirror, entry.pod)) this.options.shown(entry.pod, mirror);
    this.#syncMirror(name);
  }

  mirrorGone(mirror: Readonly<Pod>): void {
    const name = podFullName(mirror);
    if (this.#mirrors.get(name)?.metadata?.uid !== mirror.metadata?.uid) return;
    this.#mirrors.delete(name);
    const entry = this.#entries.get(name);
    if (entry) this.options.shown(entry.pod, undefined);
    this.#syncMirror(name);
  }

  /** Whether the pod's manifest has gone, or has become another pod. */
  isEnding(uid: string): boolean {
    return [...this.#entries.values()].some((entry) => entry.ending && entry.pod.metadata?.uid === uid);
  }

  /** All of a pod has ended that `end` was called for. */
  ended(uid: string): void {
    for (const [name, entry] of this.#entries) {
      if (entry.pod.metadata?.uid !== uid || !entry.ending) continue;
      this.#entries.delete(name);
      if (entry.wanted && this.#running) this.#begin(name, entry.wanted); // Otherwise the next start reads of it.
      this.#syncMirror(name);
    }
  }

  #check(): void {
    if (!this.#running) return;
    this.#timer?.cancel();
    this.#timer = this.options.env.loop.after(checkMs, 'kubelet manifests', () => this.#check());
    const files = this.options.files() ?? [];
    if (this.#files && sameFiles(files, this.#files)) return;
    this.#files = files;
    const { pods, mistakes } = readManifests(files, this.options.nodeName);
    for (const { file, message } of mistakes) this.options.env.log.warn('manifest could not be read', { file, error: message });
    for (const [name, entry] of this.#entries) this.#compare(entry, pods.get(name));
    for (const [name, pod] of pods) if (!this.#entries.has(name)) this.#begin(name, pod);
    this.sync();
  }

  #compare(entry: Entry, wanted: Readonly<Pod> | undefined): void {
    entry.wanted = wanted;
    if (entry.ending || wanted?.metadata?.uid === entry.pod.metadata?.uid) return;
    entry.ending = true;
    this.options.end(entry.pod);
  }

  #begin(name: string, manifest: Readonly<Pod>): void {
    const { metadata } = manifest;
    const seen = { [configAnnotation.seen]: formatTime(this.options.env.clock.now()) };
    const pod = { ...manifest, metadata: { ...metadata, annotations: { ...metadata?.annotations, ...seen } } };
    this.#entries.set(name, { pod, ending: false, wanted: manifest });
    this.options.run(pod);
  }

  #syncMirror(name: string): void {
    const node = this.options.node();
    if (!this.#running || !node || this.#busy.has(name)) return;
    const mirror = this.#mirrors.get(name);
    const entry = this.#entries.get(name);
    const outdated = mirror && (!entry || !shows(mirror, entry.pod) || mirror.metadata?.deletionTimestamp);
    if (mirror && outdated) this.#write(name, () => this.#remove(mirror));
    else if (!mirror && entry) this.#write(name, async () => this.mirrorSeen(await this.options.client.pods.create(mirrorOf(entry.pod, node))));
  }

  async #remove(mirror: Readonly<Pod>): Promise<void> {
    const { namespace, name = '', uid } = mirror.metadata ?? {};
    const preconditions = uid ? { uid } : {};
    await this.options.client.pods.delete({ namespace, name }, { gracePeriodSeconds: 0, preconditions }).catch(ignoreNotFound);
    this.mirrorGone(mirror);
  }

  /** One write at a time for each mirror: what it has led to is known before the next one is thought of. */
  #write(name: string, call: () => Promise<void>): void {
    const { env } = this.options;
    this.#busy.add(name);
    const done = () => {
      this.#busy.delete(name);
      this.#syncMirror(name);
    };
    env.loop.defer('kubelet mirror pod', async () => {
      try {
        await call();
        done();
      } catch (error) {
        env.log.warn('mirror pod could not be written', { pod: name, error: messageOf(error) });
        env.loop.after(retryMs, 'kubelet mirror pod retry', done);
      }
    });
  }
}

const versionOf = (pod: Readonly<Pod> | undefined) => Number(pod?.metadata?.resourceVersion ?? 0);

function sameFiles(a: readonly ManifestFile[], b: readonly ManifestFile[]): boolean {
  return a.length === b.length && a.every((file, index) => file.name === b[index]?.name && Buffer.compare(file.data, b[index].data) === 0);
}

function shows(mirror: Readonly<Pod>, pod: Readonly<Pod>): boolean {
  return mirror.metadata?.annotations?.[mirrorPodAnnotation] === pod.metadata?.annotations?.[configAnnotation.hash];
}

/** The pod that shows a static one in the API: owned by its Node, so that it goes with it. */
function mirrorOf(pod: Readonly<Pod>, node: Readonly<Node>): Pod {
  const { uid: _, annotations, ...metadata } = pod.metadata ?? {};
  const { name = '', uid = '' } = node.metadata ?? {};
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      ...metadata,
      annotations: { ...annotations, [mirrorPodAnnotation]: annotations?.[configAnnotation.hash] ?? '' },
      ownerReferences: [{ apiVersion: 'v1', kind: 'Node', name, uid, controller: true }],
    },
    ...(pod.spec ? { spec: pod.spec } : {}),
  };
}
