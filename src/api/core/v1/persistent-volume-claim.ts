import type { PersistentVolumeClaim, PersistentVolumeClaimSpec } from '../../../../generated/types/index.ts';
import { semanticEqual } from '../../../machinery/deep.ts';
import { type FieldError, type FieldPath, path } from '../../../machinery/field-error.ts';
import { canonicalQuantity, compareQuantities } from '../../../machinery/quantity.ts';
import { mistakesOf } from '../../meta/checks.ts';
import { goDiff } from '../../meta/go-diff.ts';
import { validateLabelSelector } from '../../meta/labels.ts';
import type { Mistakes } from '../../meta/mistakes.ts';
import { isDns1123Label, isDns1123Subdomain } from '../../meta/names.ts';
import { claimSpecFields } from './go-fields.ts';

export const accessModes = ['ReadOnlyMany', 'ReadWriteMany', 'ReadWriteOnce', 'ReadWriteOncePod'];

/** Quantities as Go writes them. */
export function canonicalAmounts(amounts: Record<string, string> | undefined): void {
  for (const [name, amount] of Object.entries(amounts ?? {})) amounts![name] = canonicalQuantity(amount);
}

/** pkg/apis/core/v1 SetDefaults_PersistentVolumeClaim. */
export function setPersistentVolumeClaimDefaults(claim: PersistentVolumeClaim): void {
  const status = (claim.status ??= {});
  status.phase ||= 'Pending';
  const spec = (claim.spec ??= {});
  spec.volumeMode ??= 'Filesystem';
  spec.resources ??= {};
  if (spec.dataSourceRef) spec.dataSourceRef.apiGroup ??= '';
  for (const amounts of [spec.resources.requests, spec.resources.limits, status.capacity, status.allocatedResources]) canonicalAmounts(amounts);
}

const specPath = path('spec');

/** pkg/apis/core/validation ValidatePersistentVolumeClaimSpec. */
export function validatePersistentVolumeClaim(claim: PersistentVolumeClaim): FieldError[] {
  return mistakesOf((mistakes) => validateClaimSpec(mistakes, claim.spec ?? {}, specPath));
}

function validateClaimSpec(mistakes: Mistakes, spec: PersistentVolumeClaimSpec, at: FieldPath): void {
  validateAccessModes(mistakes, spec.accessModes ?? [], 'at least 1 access mode is required', at.child('accessModes'), () => {
    validateLabelSelector(mistakes, spec.selector, at.child('selector'));
  });
  validateStorage(mistakes, spec.resources?.requests?.storage, at.child('resources').key('storage'));
  if (spec.storageClassName) mistakes.invalid(at.child('storageClassName'), spec.storageClassName, isDns1123Subdomain(spec.storageClassName));
  if (spec.volumeMode !== undefined && !['Block', 'Filesystem'].includes(spec.volumeMode))
    mistakes.notSupported(at.child('volumeMode'), spec.volumeMode, ['Block', 'Filesystem']);
  if (spec.dataSource) validateDataSource(mistakes, spec.dataSource, at.child('dataSource'));
  if (spec.dataSourceRef) validateDataSource(mistakes, spec.dataSourceRef, at.child('dataSourceRef'));
  if (spec.dataSource && spec.dataSourceRef && !spec.dataSourceRef.namespace && !sameSource(spec.dataSource, spec.dataSourceRef))
    mistakes.invalid(at, at.child('dataSource').text, 'must match dataSourceRef');
  const attributes = spec.volumeAttributesClassName;
  if (attributes) mistakes.invalid(at.child('volumeAttributesClassName'), attributes, isDns1123Subdomain(attributes));
}

/** Which ways of access a volume offers or a claim asks for; `between` runs where upstream checks other things. */
export function validateAccessModes(mistakes: Mistakes, modes: readonly string[], missing: string, at: FieldPath, between = () => {}): void {
  if (modes.length === 0) mistakes.required(at, missing);
  between();
  for (const mode of modes) if (!accessModes.includes(mode)) mistakes.notSupported(at, mode, accessModes);
  if (modes.includes('ReadWriteOncePod') && modes.some((mode) => mode !== 'ReadWriteOncePod' && accessModes.includes(mode)))
    mistakes.forbidden(at, 'may not use ReadWriteOncePod with other access modes');
}

/** An amount of storage: there, and more than nothing. */
export function validateStorage(mistakes: Mistakes, amount: string | undefined, at: FieldPath): void {
  if (amount === undefined) mistakes.required(at);
  else if (compareQuantities(amount, '0') <= 0) mistakes.invalid(at, canonicalQuantity(amount), 'must be greater than zero');
}

interface DataSource {
  apiGroup?: string;
  kind: string;
  name: string;
  namespace?: string;
}

const sameSource = (a: DataSource, b: DataSource): boolean => a.kind === b.kind && a.name === b.name && (a.apiGroup ?? '') === (b.apiGroup ?? '');

function validateDataSource(mistakes: Mistakes, source: DataSource, at: FieldPath): void {
  if (!source.name) mistakes.required(at.child('name'));
  if (!source.kind) mistakes.required(at.child('kind'));
  const group = source.apiGroup ?? '';
  if (!group && source.kind !== 'PersistentVolumeClaim')
    mistakes.invalid(at, source.kind, "must be 'PersistentVolumeClaim' when referencing the default apiGroup");
  if (group) mistakes.invalid(at.child('apiGroup'), group, isDns1123Subdomain(group));
  if (source.namespace) mistakes.invalid(at.child('namespace'), source.namespace, isDns1123Label(source.namespace));
}

const immutable = 'spec is immutable after creation except resources.requests and volumeAttributesClassName for bound claims';

/** ValidatePersistentVolumeClaimUpdate: a claim is bound once, and then only grows. */
export function validatePersistentVolumeClaimUpdate(next: PersistentVolumeClaim, previous: Readonly<PersistentVolumeClaim>): FieldError[] {
  const before = previous.spec ?? {};
  const errors = validatePersistentVolumeClaim(next);
  const frozen = mistakesOf((mistakes) => {
    const kept: PersistentVolumeClaimSpec = { ...next.spec };
    // The one change of a claim that waits: which volume it is bound to.
    const base: PersistentVolumeClaimSpec = { ...before };
    if (!before.volumeName) setOrDelete(base, 'volumeName', kept.volumeName);
    // A claim that came before there was a default class gets one later.
    if (before.storageClassName === undefined) setOrDelete(kept, 'storageClassName', undefined);
    const bound = previous.status?.phase === 'Bound';
    const requests = next.spec?.resources?.requests?.storage;
    const had = before.resources?.requests?.storage;
    if (bound && requests !== undefined && had !== undefined) {
      kept.resources = { ...kept.resources, requests: { ...kept.resources?.requests, storage: had } };
      if (compareQuantities(requests, had) < 0 && compareQuantities(requests, previous.status?.capacity?.storage ?? '0') <= 0)
        mistakes.forbidden(specPath.child('resources', 'requests', 'storage'), 'field can not be less than status.capacity');
    }
    if (bound) setOrDelete(kept, 'volumeAttributesClassName', before.volumeAttributesClassName);
    if (!semanticEqual(kept, base)) {
      const diff = goDiff('core.PersistentVolumeClaimSpec', base, kept, claimSpecFields);
      mistakes.list.unshift(...mistakesOf((list) => list.forbidden(specPath, `${immutable}\n${diff}`)));
    }
    mistakes.immutable(path('volumeMode'), next.spec?.volumeMode, next.spec?.volumeMode === before.volumeMode);
  });
  return [...errors, ...frozen];
}

function setOrDelete<T, K extends keyof T>(object: T, field: K, value: T[K] | undefined): void {
  if (value === undefined) delete object[field];
  else object[field] = value;
}

/** ValidatePersistentVolumeClaimStatusUpdate. */
export function validatePersistentVolumeClaimStatus(next: PersistentVolumeClaim): FieldError[] {
  return mistakesOf((mistakes) => {
    const at = path('status');
    for (const [field, amounts] of Object.entries({ capacity: next.status?.capacity, allocatedResources: next.status?.allocatedResources })) {
      for (const [name, amount] of Object.entries(amounts ?? {}))
        if (compareQuantities(amount, '0') < 0) mistakes.invalid(at.child(field).key(name), amount, 'must be greater than or equal to 0');
    }
  });
}
