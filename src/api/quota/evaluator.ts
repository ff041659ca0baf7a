import type { ResourceQuota, ScopedResourceSelectorRequirement } from '../../../generated/types/index.ts';
import type { GroupResource, KubeObject } from '../../machinery/types.ts';
import { formatGroupResource } from '../../machinery/types.ts';
import type { Amounts } from './amounts.ts';
import { count } from './amounts.ts';
import { claimEvaluator } from './claim-evaluator.ts';
import { podEvaluator } from './pod-evaluator.ts';
import { serviceEvaluator } from './service-evaluator.ts';

/** What quotas know of one resource (apiserver/pkg/quota/v1 Evaluator). */
export interface QuotaEvaluator {
  /** Those of the names in a quota that this resource uses up. */
  tracks(name: string): boolean;
  /** Whether such a request can use up more than before. */
  handles(operation: string, subresource: string): boolean;
  /** Whether an object is within a scope; resources without scopes are in none. */
  inScope(selector: ScopedResourceSelectorRequirement, object: Readonly<KubeObject>): boolean;
  /** What the object must say to be counted, in words, or undefined if it says it. */
  missing?(required: readonly string[], object: Readonly<KubeObject>): string | undefined;
  /** What the object uses up. `now` is simulated time in milliseconds. */
  usage(object: Readonly<KubeObject>, now: number): Amounts;
  /** Whether a change gives something back, so that it is worth counting again. */
  frees?(object: Readonly<KubeObject>, previous: Readonly<KubeObject>, now: number): boolean;
}

/** Counted under their bare name too, from the time before `count/`. */
const legacyNames = new Set(['configmaps', 'resourcequotas', 'replicationcontrollers', 'secrets']);

/** Never counted: quotas would stand in the way of the system itself (pkg/quota/v1/install DefaultIgnoredResources). */
const ignored = new Set([
  'bindings',
  'componentstatuses',
  'events',
  'events.events.k8s.io',
  'tokenreviews.authentication.k8s.io',
  'localsubjectaccessreviews.authorization.k8s.io',
  'selfsubjectaccessreviews.authorization.k8s.io',
  'selfsubjectrulesreviews.authorization.k8s.io',
  'subjectaccessreviews.authorization.k8s.io',
]);

const special: Readonly<Record<string, QuotaEvaluator>> = { pods: podEvaluator, services: serviceEvaluator, persistentvolumeclaims: claimEvaluator };
const counted = new Map<string, QuotaEvaluator>();

/** The evaluator of a resource: its own, or one that counts pieces. Undefined for what quotas never count. */
export function quotaEvaluatorFor(resource: GroupResource): QuotaEvaluator | undefined {
  const name = formatGroupResource(resource);
  if (ignored.has(name)) return undefined;
  const own = special[name];
  if (own) return own;
  let evaluator = counted.get(name);
  if (!evaluator) counted.set(name, (evaluator = pieceEvaluator(name)));
  return evaluator;
}

function pieceEvaluator(resource: string): QuotaEvaluator {
  const names = [`count/${resource}`, ...(legacyNames.has(resource) ? [resource] : [])];
  const usage = new Map(names.map((name) => [name, count(1)]));
  return {
    tracks: (name) => names.includes(name),
    handles: (operation, subresource) => operation === 'CREATE' && subresource === '',
    inScope: () => false,
    usage: () => usage,
  };
}

/** Scopes of a quota, of both ways to write them. */
export function scopesOf(quota: Readonly<ResourceQuota>): ScopedResourceSelectorRequirement[] {
  const plain = (quota.spec?.scopes ?? []).map((scopeName) => ({ scopeName, operator: 'Exists' }));
  return [...plain, ...(quota.spec?.scopeSelector?.matchExpressions ?? [])];
}

/** Whether an object counts against a quota: it uses up something that is limited, and is in all its scopes. */
export function matchesQuota(evaluator: QuotaEvaluator, quota: Readonly<ResourceQuota>, object: Readonly<KubeObject>, limited: readonly string[]): boolean {
  return limited.some((name) => evaluator.tracks(name)) && scopesOf(quota).every((scope) => evaluator.inScope(scope, object));
}
