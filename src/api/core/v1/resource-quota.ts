import type { ResourceQuota, ResourceQuotaSpec, ScopedResourceSelectorRequirement } from '../../../../generated/types/index.ts';
import { semanticEqual } from '../../../machinery/deep.ts';
import { type FieldError, path } from '../../../machinery/field-error.ts';
import { goStringList } from '../../../machinery/go-syntax.ts';
import { mistakesOf } from '../../meta/checks.ts';
import type { Mistakes } from '../../meta/mistakes.ts';
import { canonicalAmounts } from './persistent-volume-claim.ts';
import { integerResources, isHugePages, validateQuantity, validateResourceName } from './resources-validation.ts';

/** pkg/apis/core/v1 SetDefaults_ResourceList. */
export function setResourceQuotaDefaults(quota: ResourceQuota): void {
  quota.spec ??= {};
  quota.status ??= {};
  for (const amounts of [quota.spec.hard, quota.status.hard, quota.status.used]) canonicalAmounts(amounts);
}

const compute = ['cpu', 'memory', 'ephemeral-storage'];
const computeQuota = new Set([...compute, ...compute.flatMap((name) => [`requests.${name}`, `limits.${name}`])]);
const standardQuota = new Set([...computeQuota, ...integerResources, 'requests.storage']);
const scopes = ['Terminating', 'NotTerminating', 'BestEffort', 'NotBestEffort', 'PriorityClass', 'CrossNamespacePodAffinity', 'VolumeAttributesClass'];
const specPath = path('spec');

const isStandard = (name: string): boolean => standardQuota.has(name) || isHugePages(name) || name.startsWith('requests.hugepages-');

/** pkg/apis/core/validation ValidateResourceQuotaSpec. */
export function validateResourceQuota({ spec = {} }: ResourceQuota): FieldError[] {
  return mistakesOf((mistakes) => {
    for (const [name, amount] of Object.entries(spec.hard ?? {}).sort(([a], [b]) => (a < b ? -1 : 1))) {
      const at = specPath.child('hard').key(name);
      validateResourceName(mistakes, name, at);
      if (!name.includes('/') && !isStandard(name)) mistakes.invalid(at, name, 'must be a standard resource for quota');
      validateQuantity(mistakes, name, amount, at);
    }
    validateScopes(mistakes, spec);
    (spec.scopeSelector?.matchExpressions ?? []).forEach((one) => {
      validateScope(mistakes, one);
    });
  });
}

function fitsScope(scope: string, resource: string): boolean {
  if (scope === 'BestEffort') return resource === 'pods';
  if (scope === 'VolumeAttributesClass') return ['persistentvolumeclaims', 'requests.storage'].includes(resource);
  return resource === 'pods' || computeQuota.has(resource);
}

function validateScopes(mistakes: Mistakes, spec: ResourceQuotaSpec): void {
  const given = spec.scopes ?? [];
  const at = specPath.child('scopes');
  for (const scope of given) {
    if (!scopes.includes(scope)) mistakes.invalid(at, given, 'unsupported scope');
    for (const name of Object.keys(spec.hard ?? {}).sort())
      if (isStandard(name) && !fitsScope(scope, name)) mistakes.invalid(at, given, 'unsupported scope applied to resource');
  }
  for (const pair of [
    ['BestEffort', 'NotBestEffort'],
    ['Terminating', 'NotTerminating'],
  ])
    if (pair.every((scope) => given.includes(scope))) mistakes.invalid(at, given, 'conflicting scopes');
}

function validateScope(mistakes: Mistakes, { scopeName, operator, values = [] }: ScopedResourceSelectorRequirement): void {
  const at = specPath.child('scopeSelector', 'matchExpressions');
  if (!scopes.includes(scopeName)) mistakes.invalid(at.child('scopeName'), scopeName, 'unsupported scope');
  const existsOnly = ['BestEffort', 'NotBestEffort', 'Terminating', 'NotTerminating', 'CrossNamespacePodAffinity'];
  if (existsOnly.includes(scopeName) && operator !== 'Exists')
    mistakes.invalid(
      at.child('operator'),
      operator,
      "must be 'Exists' when scope is any of ResourceQuotaScopeTerminating, ResourceQuotaScopeNotTerminating, ResourceQuotaScopeBestEffort, ResourceQuotaScopeNotBestEffort or ResourceQuotaScopeCrossNamespacePodAffinity",
    );
  if (['In', 'NotIn'].includes(operator)) {
    if (values.length === 0) mistakes.required(at.child('values'), "must be at least one value when `operator` is 'In' or 'NotIn' for scope selector");
  } else if (['Exists', 'DoesNotExist'].includes(operator)) {
    if (values.length > 0) mistakes.invalid(at.child('values'), values, "must be no value when `operator` is 'Exist' or 'DoesNotExist' for scope selector");
  } else mistakes.invalid(at.child('operator'), operator, 'not a valid selector operator');
}

/** ValidateResourceQuotaUpdate: what a quota counts stays, how much may change. */
export function validateResourceQuotaUpdate(next: ResourceQuota, previous: Readonly<ResourceQuota>): FieldError[] {
  const [after, before] = [new Set(next.spec?.scopes), new Set(previous.spec?.scopes)];
  const frozen = mistakesOf((mistakes) => {
    if (!semanticEqual([...after].sort(), [...before].sort()))
      mistakes.invalid(specPath.child('scopes'), goStringList(next.spec?.scopes, '[]core.ResourceQuotaScope'), 'field is immutable');
  });
  return [...validateResourceQuota(next), ...frozen];
}

export function validateResourceQuotaStatus(next: ResourceQuota): FieldError[] {
  return mistakesOf((mistakes) => {
    for (const field of ['hard', 'used'] as const) {
      for (const [name, amount] of Object.entries(next.status?.[field] ?? {})) {
        validateResourceName(mistakes, name, path('status', field).key(name));
        validateQuantity(mistakes, name, amount, path('status', field).key(name));
      }
    }
  });
}
