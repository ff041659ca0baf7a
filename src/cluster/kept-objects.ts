import type { ConfigMap, ServiceCIDR } from '../../generated/types/index.ts';
import type { Client, InformerFactory, ResourceRef } from '../client/index.ts';
import { refs } from '../client/index.ts';
import type { Env } from '../env/index.ts';
import { clone, semanticEqual } from '../machinery/deep.ts';
import { isAlreadyExists, isConflict, isNotFound } from '../machinery/status-error.ts';
import { formatTime } from '../machinery/time.ts';
import type { KubeObject, ObjectKey } from '../machinery/types.ts';
import type { ClientAs } from './server-objects.ts';
import { applyStatus, fairnessParts, flowSchemaRef, priorityLevelRef, serviceCidrManager } from './server-objects.ts';

const apiServer = 'kube-apiserver';
const tickMs = 10_000;
const minuteMs = 60_000;
/** pkg/controlplane/controller/legacytokentracking makes its ConfigMap no more often than that. */
const trackingMs = 30 * minuteMs;
const autoUpdate = 'apf.kubernetes.io/autoupdate-spec';
/** These are as the server wants them, whatever their annotation says (flowcontrol/bootstrap MandatoryFlowSchemas). */
const mandatory = new Set(['exempt', 'catch-all']);

/** What the API server looks after of one resource. */
interface Rule {
  readonly ref: ResourceRef;
  /** Of those that are there at the start, which ones; all if absent. */
  readonly key?: ObjectKey;
  /** Upstream looks after them so often; 0: as soon as something happens. */
  readonly everyMs: number;
  /** The part of the API server that writes it, and the one that says how it fares; the API server itself if absent. */
  readonly writer?: string;
  readonly statusManager?: string;
  /** Fields that nobody else may change for long. */
  readonly fields?: readonly string[];
  /** Whether those fields of this object are the server's. */
  owns?(object: Readonly<KubeObject>): boolean;
  /** What a new one says that the old one did not. */
  anew?(object: KubeObject, now: number): KubeObject;
}

const kubernetes = { namespace: 'default', name: 'kubernetes' };
const ownsSpec = ({ metadata }: Readonly<KubeObject>) => mandatory.has(metadata?.name ?? '') || metadata?.annotations?.[autoUpdate] === 'true';

const rules: readonly Rule[] = [
  { ref: refs.namespaces, everyMs: minuteMs },
  { ref: refs.services, key: kubernetes, everyMs: tickMs }, // Its spec is mended at a start of upstream's only.
  { ref: refs.endpoints, key: kubernetes, everyMs: tickMs, fields: ['subsets'] },
  { ref: refs.endpointSlices, key: kubernetes, everyMs: tickMs, fields: ['endpoints', 'ports'] },
  { ref: refs.serviceCidrs, key: { name: 'kubernetes' }, everyMs: tickMs, anew: readyRange, statusManager: serviceCidrManager },
  { ref: refs.configMaps, key: { namespace: 'kube-system', name: 'extension-apiserver-authentication' }, everyMs: 0, fields: ['data'] },
  {
    ref: refs.configMaps,
    key: { namespace: 'kube-system', name: 'kube-apiserver-legacy-service-account-token-tracking' },
    everyMs: trackingMs,
    anew: tracking,
  },
  { ref: flowSchemaRef, everyMs: minuteMs, fields: ['spec'], owns: ownsSpec, writer: fairnessParts.producer, statusManager: fairnessParts.consumer },
  { ref: priorityLevelRef, everyMs: minuteMs, fields: ['spec'], owns: ownsSpec, writer: fairnessParts.producer },
];

/** Since when tokens in Secrets are tracked: the day on which the object was made. */
export function tracking(object: KubeObject, now: number): KubeObject {
  return { ...object, data: { since: formatTime(now).slice(0, 10) } } as ConfigMap;
}

function readyRange(object: KubeObject, now: number): KubeObject {
  const time = formatTime(now);
  const condition = { type: 'Ready', status: 'True', message: 'Kubernetes default Service CIDR is ready', lastTransitionTime: time };
  return { ...object, status: { conditions: [condition] } } as ServiceCIDR;
}

/** One object as it was when the server was ready, and a wish to look at it again. */
interface Kept {
  readonly rule: Rule;
  readonly key: ObjectKey;
  readonly wanted: Readonly<KubeObject>;
  madeAt: number;
  due: boolean;
}

export interface KeptObjectsOptions {
  readonly env: Env;
  readonly clientAs: ClientAs;
  readonly informers: InformerFactory;
}

/**
 * Makes what kube-apiserver itself has made again once somebody has deleted or changed it, when upstream's own loops would
 * (pkg/controlplane/controller systemnamespaces, kubernetesservice, defaultservicecidr, clusterauthenticationtrust and
 * legacytokentracking; registry/flowcontrol/ensurer). Nothing runs while nobody touches them.
 *
 * Differs from upstream: `extension-apiserver-authentication` is set back, where upstream adds to what others have written there.
 */
export class KeptObjects {
  readonly #kept = new Map<string, Kept>();
  #startedAt = 0;
  #stopped = false;

  constructor(readonly options: KeptObjectsOptions) {}

  /** Called once everything is made, before anybody else may change it. */
  async start(): Promise<void> {
    const { env, informers } = this.options;
    this.#startedAt = env.clock.now();
    for (const rule of rules) {
      for (const wanted of await this.#present(rule)) {
        const { namespace, name = '' } = wanted.metadata ?? {};
        const key = namespace ? { namespace, name } : { name };
        this.#kept.set(idOf(rule.ref, key), { rule, key, wanted, madeAt: this.#startedAt, due: false });
      }
    }
    const touched = (ref: ResourceRef) => (object: Readonly<KubeObject>) => {
      const { namespace, name = '' } = object.metadata ?? {};
      const kept = this.#kept.get(idOf(ref, { namespace, name }));
      if (kept) this.#later(kept);
    };
    const all = new Map(rules.map(({ ref }) => [idOf(ref, { name: '' }), ref]));
    for (const ref of all.values()) informers.for<KubeObject>(ref).handle({ updated: touched(ref), deleted: touched(ref) });
  }

  stop(): void {
    this.#stopped = true;
  }

  #client({ writer = apiServer }: Rule): Client {
    return this.options.clientAs(writer);
  }

  async #present({ ref, key }: Rule): Promise<readonly Readonly<KubeObject>[]> {
    const resource = this.options.clientAs(apiServer).resource<KubeObject>(ref);
    if (!key) return (await resource.list()).items;
    return resource.get(key).then(
      (one) => [one],
      (error: unknown) => {
        if (isNotFound(error)) return [];
        throw error;
      },
    );
  }

  #later(kept: Kept): void {
    if (kept.due || this.#stopped) return;
    kept.due = true;
    const { everyMs } = kept.rule;
    const now = this.options.env.clock.now();
    const waitMs = everyMs === trackingMs ? kept.madeAt + everyMs - now : everyMs === 0 ? 0 : everyMs - ((now - this.#startedAt) % everyMs);
    this.options.env.loop.after(waitMs, 'kept-objects', async () => {
      kept.due = false;
      if (!this.#stopped) await this.#mend(kept);
    });
  }

  async #mend(kept: Kept): Promise<void> {
    const { rule, key, wanted } = kept;
    const resource = this.#client(rule).resource<KubeObject>(rule.ref);
    try {
      const [present] = await this.#present({ ...rule, key });
      if (!present) await this.#make(kept);
      else if (!present.metadata?.deletionTimestamp && (rule.owns?.(present) ?? true)) {
        const changed = (rule.fields ?? []).filter((field) => !semanticEqual(partOf(present, field), partOf(wanted, field)));
        if (changed.length > 0) await resource.update({ ...present, ...Object.fromEntries(changed.map((field) => [field, partOf(wanted, field)])) });
      }
    } catch (error) {
      if (!isAlreadyExists(error) && !isConflict(error))
        this.options.env.log.warn('object of the server could not be mended', { ...key, error: String(error) });
      if (!this.#stopped && rule.everyMs > 0) this.#later(kept);
    }
  }

  async #make(kept: Kept): Promise<void> {
    const { rule, wanted } = kept;
    const resource = this.#client(rule).resource<KubeObject>(rule.ref);
    const { name, namespace, labels, annotations } = clone(wanted.metadata ?? {});
    const metadata = { name, ...(namespace ? { namespace } : {}), ...(labels ? { labels } : {}), ...(annotations ? { annotations } : {}) };
    const now = this.options.env.clock.now();
    const anew = { ...clone(wanted), metadata } as KubeObject;
    const object = rule.anew?.(anew, now) ?? anew;
    const created = await resource.create(object);
    const status = partOf(object, 'status');
    if (status !== undefined && !semanticEqual(partOf(created, 'status'), status))
      await applyStatus(this.options.clientAs(apiServer), rule.ref, rule.statusManager ?? apiServer, object);
    kept.madeAt = now;
  }
}

const partOf = (object: Readonly<KubeObject>, field: string): unknown => (object as unknown as Record<string, unknown>)[field];

const idOf = ({ group, resource }: ResourceRef, { namespace, name }: ObjectKey): string => `${group}/${resource}/${namespace ?? ''}/${name}`;
