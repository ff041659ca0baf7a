import type { ConfigMap, Pod, Secret } from '../../generated/types/index.ts';
import type { Client } from '../client/index.ts';
import { Reflector } from '../client/index.ts';
import type { Env } from '../env/index.ts';

type Kind = 'configMap' | 'secret';

interface Watched {
  readonly reflector: Reflector<ConfigMap> | Reflector<Secret>;
  /** The uids of the pods that mount it. */
  readonly pods: Set<string>;
  /** Undefined until it was seen first; empty while there is none. */
  resourceVersion: string | undefined;
}

/**
 * Watches the config maps and secrets that pods mount, each by its name as upstream's kubelet does (which may read no others),
 * and says whose have changed (pkg/kubelet/util/manager, WatchChangeDetectionStrategy).
 */
export class SourceWatcher {
  readonly #watched = new Map<string, Watched>();

  constructor(
    readonly env: Pick<Env, 'loop' | 'clock' | 'log'>,
    readonly client: Pick<Client, 'configMaps' | 'secrets'>,
    /** Called on the Loop for each pod that mounts what has changed, come or gone. */
    readonly changed: (podUid: string) => void,
  ) {}

  /** Watches for a pod from now on. */
  add(pod: Readonly<Pod>): void {
    const { uid = '', namespace = '' } = pod.metadata ?? {};
    for (const { kind, name } of mountedSources(pod)) {
      const key = `${kind}/${namespace}/${name}`;
      const one = this.#watched.get(key) ?? this.#watch(key, kind, namespace, name);
      one.pods.add(uid);
    }
  }

  /** The pod needs nothing any more; what no other pod mounts is watched no longer. */
  remove(podUid: string): void {
    for (const [key, { pods, reflector }] of this.#watched) {
      if (!pods.delete(podUid) || pods.size > 0) continue;
      reflector.stop();
      this.#watched.delete(key);
    }
  }

  /** Ends all watches. */
  stop(): void {
    for (const { reflector } of this.#watched.values()) reflector.stop();
    this.#watched.clear();
  }

  #watch(key: string, kind: Kind, namespace: string, name: string): Watched {
    const sink = {
      replace: (objects: readonly Readonly<ConfigMap | Secret>[]) => this.#seen(key, objects[0]?.metadata?.resourceVersion ?? ''),
      changed: (type: string, object: Readonly<ConfigMap | Secret>) => {
        if (type !== 'BOOKMARK') this.#seen(key, type === 'DELETED' ? '' : (object.metadata?.resourceVersion ?? ''));
      },
    };
    const part = { namespace, fieldSelector: `metadata.name=${name}` };
    const { env, client } = this;
    const reflector =
      kind === 'configMap'
        ? new Reflector<ConfigMap>(env, client.configMaps, part, sink, false)
        : new Reflector<Secret>(env, client.secrets, part, sink, false);
    const watched: Watched = { reflector, pods: new Set(), resourceVersion: undefined };
    this.#watched.set(key, watched);
    reflector.start();
    return watched;
  }

  #seen(key: string, resourceVersion: string): void {
    const one = this.#watched.get(key);
    if (!one || one.resourceVersion === resourceVersion) return;
    const first = one.resourceVersion === undefined;
    one.resourceVersion = resourceVersion;
    if (!first) for (const uid of one.pods) this.changed(uid);
  }
}

/** What a pod's volumes are filled from, each once. */
export function mountedSources(pod: Readonly<Pod>): { kind: Kind; name: string }[] {
  const found = new Map<string, { kind: Kind; name: string }>();
  const add = (kind: Kind, name: string | undefined): void => {
    if (name) found.set(`${kind}/${name}`, { kind, name });
  };
  for (const volume of pod.spec?.volumes ?? []) {
    add('configMap', volume.configMap?.name);
    add('secret', volume.secret?.secretName);
    for (const source of volume.projected?.sources ?? []) {
      add('configMap', source.configMap?.name);
      add('secret', source.secret?.name);
    }
  }
  return [...found.values()];
}
