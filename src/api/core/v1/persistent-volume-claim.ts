import type { PersistentVolumeClaim, PersistentVolumeClaimSpec, PersistentVolumeClaimTemplate } from '../../../../generated/types/index.ts';
import { semanticEqual } from '../../../machinery/deep.ts';
import { type FieldError, type FieldPath, GoText, path } from '../../../machinery/field-error.ts';
import { canonicalQuantity, compareQuantities, parseQuantity } from '../../../machinery/quantity.ts';
import { mistakesOf } from '../../meta/checks.ts';
import { goDiff } from '../../meta/go-diff/index.ts';
import { validateAnnotations, validateLabelSelector, validateLabels } from '../../meta/labels.ts';
import type { Mistakes } from '../../meta/mistakes.ts';
import { isDns1123Subdomain, isQualifiedName, nameIsLabel } from '../../meta/names.ts';
import { coreTypes } from './go-structs.ts';
import { isNative } from './resources-validation.ts';

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
  for (const amounts of [spec.resources.requests, spec.resources.limits, status.capacity, status.allocatedResources]) canonicalAmounts(amounts);
}

/** Where the contents of a new claim may come from without `dataSourceRef`: elsewhere `dataSource` was ignored, and still is. */
function isOldSource({ apiGroup, kind }: DataSource): boolean {
  return apiGroup ? apiGroup === 'snapshot.storage.k8s.io' && kind === 'VolumeSnapshot' : kind === 'PersistentVolumeClaim';
}

/**
 * What a write of a claim leaves out or fills in (pkg/api/persistentvolumeclaim): what stands behind gates that are off is dropped, and the two fields
 * that name a source of data say the same.
 */
export function normalizeClaim(spec: PersistentVolumeClaimSpec, previous?: Readonly<PersistentVolumeClaimSpec>): void {
  if (previous?.volumeAttributesClassName === undefined) delete spec.volumeAttributesClassName;
  if (spec.dataSourceRef?.namespace && !previous?.dataSourceRef) delete spec.dataSourceRef;
  const hadSource = previous?.dataSource ?? previous?.dataSourceRef;
  if (!hadSource && !spec.dataSourceRef && spec.dataSource && !isOldSource(spec.dataSource)) delete spec.dataSource;
  normalizeSources(spec);
}

/** Each field that names the source of data is made of the other one, if only that is there. */
function normalizeSources(spec: PersistentVolumeClaimSpec): void {
  const { dataSource, dataSourceRef } = spec;
  if (dataSource && !dataSourceRef) spec.dataSourceRef = { ...dataSource };
  else if (dataSourceRef && !dataSource && !dataSourceRef.namespace) {
    const { namespace: _, ...source } = dataSourceRef;
    spec.dataSource = source;
  }
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
  validateSources(mistakes, spec, at);
}

/** Two sources must be one. */
function validateSources(mistakes: Mistakes, { dataSource, dataSourceRef }: PersistentVolumeClaimSpec, at: FieldPath): void {
  if (!dataSource || !dataSourceRef) return;
  const shown = { name: 'dataSource', index: '' };
  if (dataSourceRef.namespace) mistakes.invalid(at, shown, 'may not be specified when dataSourceRef.namespace is specified');
  else if (!sameSource(dataSource, dataSourceRef)) mistakes.invalid(at, shown, 'must match dataSourceRef');
}

/** Fields of metadata in the order of their Go struct, by the names that their path gets. */
const metadataFields = [
  'name',
  'generateName',
  'namespace',
  'selfLink',
  'uid',
  'resourceVersion',
  'generation',
  'creationTimestamp',
  'deletionTimestamp',
  'deletionGracePeriodSeconds',
  'ownerReferences',
  'finalizers',
  'managedFields',
] as const;

/** A claim that is made for one pod (ValidatePersistentVolumeClaimTemplate): of metadata it has labels and annotations only. */
export function validateClaimTemplate(mistakes: Mistakes, template: PersistentVolumeClaimTemplate, at: FieldPath): void {
  const metadata = template.metadata ?? {};
  const metadataPath = at.child('metadata');
  validateAnnotations(mistakes, metadata.annotations, metadataPath.child('annotations'));
  validateLabels(mistakes, metadata.labels, metadataPath.child('labels'));
  for (const field of metadataFields) if (metadata[field]) mistakes.forbidden(metadataPath.child(field === 'uid' ? 'uID' : field), 'cannot be set');
  validateClaimSpec(mistakes, template.spec ?? {}, at.child('spec'));
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
  if (source.namespace) mistakes.invalid(at.child('namespace'), source.namespace, nameIsLabel(source.namespace));
}

const immutable = 'spec is immutable after creation except resources.requests and volumeAttributesClassName for bound claims';

const betaClass = 'volume.beta.kubernetes.io/storage-class';

/** A class that was named by an annotation, or not at all, may be named by the field. Answers whether it is, and by what. */
function newClass(next: PersistentVolumeClaim, previous: Readonly<PersistentVolumeClaim>): 'annotated' | 'none before' | undefined {
  const [now, then] = [next.spec?.storageClassName, previous.spec?.storageClassName];
  const [nowAnnotated, thenAnnotated] = [next.metadata?.annotations?.[betaClass], previous.metadata?.annotations?.[betaClass]];
  if (then !== undefined || now === undefined) return undefined;
  if (thenAnnotated === undefined) return 'none before';
  if (now !== thenAnnotated) return undefined;
  return nowAnnotated === undefined || nowAnnotated === thenAnnotated ? 'annotated' : 'none before';
}

/** ValidatePersistentVolumeClaimUpdate: a claim is bound once, and then only grows. */
export function validatePersistentVolumeClaimUpdate(next: PersistentVolumeClaim, previous: Readonly<PersistentVolumeClaim>): FieldError[] {
  const frozen = mistakesOf((mistakes) => {
    const kept: PersistentVolumeClaimSpec = { ...next.spec };
    const base: PersistentVolumeClaimSpec = { ...previous.spec };
    // Claims of old may lack one of the two fields.
    normalizeSources(base);
    // The one change of a claim that waits: which volume it is bound to.
    if (!base.volumeName) setOrDelete(base, 'volumeName', kept.volumeName);
    const how = newClass(next, previous);
    if (how) delete kept.storageClassName;
    const [annotation, before] = [next.metadata?.annotations?.[betaClass] ?? '', previous.metadata?.annotations?.[betaClass] ?? ''];
    if (how !== 'annotated') mistakes.immutable(path('metadata', 'annotations', betaClass), annotation, annotation === before);
    const had = base.resources?.requests?.storage ?? '0';
    if (next.status?.phase === 'Bound') {
      if (kept.resources?.requests) kept.resources = { ...kept.resources, requests: { ...kept.resources.requests, storage: had } };
      if (kept.volumeAttributesClassName !== undefined) setOrDelete(kept, 'volumeAttributesClassName', base.volumeAttributesClassName);
    }
    if (!semanticEqual(kept, base)) mistakes.forbidden(specPath, `${immutable}\n${goDiff(coreTypes(), 'core.PersistentVolumeClaimSpec', base, kept)}`);
    const size = next.spec?.resources?.requests?.storage ?? '0';
    // A size that could not be had may be taken back, down to what there is.
    if (compareQuantities(size, had) < 0 && compareQuantities(size, previous.status?.capacity?.storage ?? '0') <= 0)
      mistakes.forbidden(specPath.child('resources', 'requests', 'storage'), 'field can not be less than status.capacity');
    mistakes.immutable(path('volumeMode'), next.spec?.volumeMode, next.spec?.volumeMode === previous.spec?.volumeMode);
    if (next.spec?.volumeAttributesClassName !== previous.spec?.volumeAttributesClassName) {
      const off = 'update is forbidden when the VolumeAttributesClass feature gate is disabled';
      mistakes.forbidden(specPath.child('volumeAttributesClassName'), off);
    }
  });
  return [...validatePersistentVolumeClaim(next), ...frozen];
}

function setOrDelete<T, K extends keyof T>(object: T, field: K, value: T[K] | undefined): void {
  if (value === undefined) delete object[field];
  else object[field] = value;
}

const resizeStates = ['ControllerResizeInProgress', 'ControllerResizeInfeasible', 'NodeResizeInProgress', 'NodeResizeInfeasible', 'NodeResizePending'];

/** ValidatePersistentVolumeClaimStatusUpdate. */
export function validatePersistentVolumeClaimStatus(next: PersistentVolumeClaim): FieldError[] {
  const { capacity, allocatedResources, allocatedResourceStatuses } = next.status ?? {};
  return mistakesOf((mistakes) => {
    const at = path('status');
    for (const [name, amount] of Object.entries(capacity ?? {})) validateNotNegative(mistakes, amount, at.child('capacity').key(name));
    for (const [name, state] of Object.entries(allocatedResourceStatuses ?? {})) {
      isClaimResource(mistakes, name, at.child('allocatedResourceStatus'));
      if (!resizeStates.includes(state)) mistakes.notSupported(at.child('allocatedResourceStatus'), new GoText(name), resizeStates);
    }
    for (const [name, amount] of Object.entries(allocatedResources ?? {}))
      if (isClaimResource(mistakes, name, at.child('allocatedResources'))) validateNotNegative(mistakes, amount, at.child('allocatedResources').key(name));
  });
}

/** The number that is told is rounded away from zero. */
export function validateNotNegative(mistakes: Mistakes, amount: string, at: FieldPath): void {
  const { nano } = parseQuantity(amount) ?? { nano: 0n };
  if (nano < 0n) mistakes.invalid(at, -Number((999_999_999n - nano) / 1_000_000_000n), 'must be a valid resource quantity');
}

/** Of Kubernetes' own resources a claim has storage only. */
function isClaimResource(mistakes: Mistakes, name: string, at: FieldPath): boolean {
  const wrong = isQualifiedName(name);
  mistakes.invalid(at, name, wrong);
  if (wrong.length > 0) return false;
  if (name === 'storage' || !isNative(name)) return true;
  mistakes.notSupported(at, name, ['storage']);
  return false;
}
