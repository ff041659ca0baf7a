import type { ResourceQuota, ResourceQuotaSpec, ScopedResourceSelectorRequirement } from '../../../../generated/types/index.ts';
import { semanticEqual } from '../../../machinery/deep.ts';
import { type FieldError, type FieldPath, GoText, path } from '../../../machinery/field-error.ts';
import { goStringList, goStruct } from '../../../machinery/go-syntax.ts';
import { mistakesOf } from '../../meta/checks.ts';
import type { Mistakes } from '../../meta/mistakes.ts';
import { canonicalAmounts } from './persistent-volume-claim.ts';
import { goName, integerResources, isHugePages, validateQuantity, validateResourceName } from './resources-validation.ts';

/** pkg/apis/core/v1 SetDefaults_ResourceList. */
export function setResourceQuotaDefaults(quota: ResourceQuota): void {
  quota.spec ??= {};
  quota.status ??= {};
  for (const amounts of [quota.spec.hard, quota.status.hard, quota.status.used]) canonicalAmounts(amounts);
}

const compute = ['cpu', 'memory', 'ephemeral-storage'];
const computeQuota = new Set([...compute, ...compute.flatMap((name) => [`requests.${name}`, `limits.${name}`])]);
const scopedQuota = ['pods', ...[...computeQuota].filter((name) => !name.includes('storage'))];
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
      if (!name.includes('/') && !isStandard(name)) mistakes.invalid(at, goName(name), 'must be a standard resource for quota');
      validateQuantity(mistakes, name, amount, at);
    }
    validateScopes(mistakes, spec);
    validateScopeSelector(mistakes, spec);
  });
}

function fitsScope(scope: string, resource: string): boolean {
  if (scope === 'BestEffort') return resource === 'pods';
  if (scope === 'VolumeAttributesClass') return ['persistentvolumeclaims', 'requests.storage'].includes(resource);
  return !scopes.includes(scope) || scopedQuota.includes(resource);
}

/** The resources that no quota of that scope counts, as often as it has them. */
const unfit = ({ hard = {} }: ResourceQuotaSpec, scope: string): string[] => Object.keys(hard).filter((name) => isStandard(name) && !fitsScope(scope, name));

const goScopes = (list: readonly string[] | undefined): GoText => goStringList(list, '[]core.ResourceQuotaScope');

function validateScopes(mistakes: Mistakes, spec: ResourceQuotaSpec): void {
  const given = spec.scopes ?? [];
  const at = specPath.child('scopes');
  for (const scope of given) {
    if (!scopes.includes(scope)) mistakes.invalid(at, goScopes(given), 'unsupported scope');
    for (const _name of unfit(spec, scope)) mistakes.invalid(at, goScopes(given), 'unsupported scope applied to resource');
  }
  rejectConflicts(mistakes, given, given, at);
}

function rejectConflicts(mistakes: Mistakes, used: readonly string[], shown: readonly string[] | undefined, at: FieldPath): void {
  for (const pair of [
    ['BestEffort', 'NotBestEffort'],
    ['Terminating', 'NotTerminating'],
  ])
    if (pair.every((scope) => used.includes(scope))) mistakes.invalid(at, goScopes(shown), 'conflicting scopes');
}

function validateScopeSelector(mistakes: Mistakes, spec: ResourceQuotaSpec): void {
  const requirements = spec.scopeSelector?.matchExpressions ?? [];
  const at = specPath.child('scopeSelector', 'matchExpressions');
  const shown = requirements.map(({ scopeName, operator, values }) =>
    goStruct('core.ScopedResourceSelectorRequirement', { ScopeName: scopeName, Operator: operator, Values: goStringList(values) }),
  );
  const selector = goStruct('core.ScopeSelector', { MatchExpressions: new GoText(`[]core.ScopedResourceSelectorRequirement{${shown.join(', ')}}`) });
  for (const one of requirements) {
    if (!scopes.includes(one.scopeName)) mistakes.invalid(at.child('scopeName'), one.scopeName, 'unsupported scope');
    for (const _name of unfit(spec, one.scopeName)) mistakes.invalid(at, selector, 'unsupported scope applied to resource');
    validateScope(mistakes, one, at);
  }
  // Upstream shows the other list of scopes here, of which there may be none.
  rejectConflicts(
    mistakes,
    requirements.map((one) => one.scopeName),
    spec.scopes,
    at,
  );
}

function validateScope(mistakes: Mistakes, { scopeName, operator, values = [] }: ScopedResourceSelectorRequirement, at: FieldPath): void {
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
    if (values.length > 0)
      mistakes.invalid(at.child('values'), goStringList(values), "must be no value when `operator` is 'Exist' or 'DoesNotExist' for scope selector");
  } else mistakes.invalid(at.child('operator'), operator, 'not a valid selector operator');
}

/** ValidateResourceQuotaUpdate: what a quota counts stays, how much may change. */
export function validateResourceQuotaUpdate(next: ResourceQuota, previous: Readonly<ResourceQuota>): FieldError[] {
  const [after, before] = [new Set(next.spec?.scopes), new Set(previous.spec?.scopes)];
  const frozen = mistakesOf((mistakes) => {
    if (!semanticEqual([...after].sort(), [...before].sort())) mistakes.invalid(specPath.child('scopes'), goScopes(next.spec?.scopes), 'field is immutable');
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
