import type { OwnerReference } from '../../../generated/types/index.ts';
import { Mistakes } from '../../api/meta/mistakes.ts';
import { isDns1123Subdomain, nameIsPathSegment } from '../../api/meta/names.ts';
import { validateFinalizerDomains, validateObjectMeta, validateObjectMetaUpdate } from '../../api/meta/object-meta.ts';
import type { Ids } from '../../env/index.ts';
import type { FieldError } from '../../machinery/field-error.ts';
import { path } from '../../machinery/field-error.ts';
import { formatTime } from '../../machinery/time.ts';
import type { KubeObject, ObjectMeta } from '../../machinery/types.ts';
import type { RequestContext, Strategy } from './strategy.ts';

/** Names are cut so that the random end fits (apiserver/pkg/storage/names). */
const generatedNameMaxLength = 63;
const suffixLength = 5;

/** The order in which upstream writes the fields of metadata; `selfLink` is never kept (storage PrepareObjectForStorage). */
const fieldOrder = [
  'name',
  'generateName',
  'namespace',
  'uid',
  'resourceVersion',
  'generation',
  'creationTimestamp',
  'deletionTimestamp',
  'deletionGracePeriodSeconds',
  'labels',
  'annotations',
  'ownerReferences',
  'finalizers',
  'managedFields',
] as const satisfies readonly (keyof ObjectMeta)[];

/** A writable copy of metadata in upstream's order, without fields that mean nothing. */
export function orderedMetadata(metadata: Readonly<ObjectMeta> | undefined): ObjectMeta {
  const ordered: Record<string, unknown> = {};
  for (const field of fieldOrder) {
    const value = metadata?.[field];
    if (value === undefined || value === null || value === '') continue;
    if (Array.isArray(value) ? value.length === 0 : typeof value === 'object' && isEmpty(value)) continue;
    ordered[field] = value;
  }
  return ordered as ObjectMeta;
}

function isEmpty(value: object): boolean {
  for (const _ in value) return false;
  return true;
}

/** The object as it is stored and written: type first, then metadata, then the rest as it came. */
export function orderedObject(object: Readonly<KubeObject>, kind: string, apiVersion: string): KubeObject {
  const first: KubeObject = { kind: '', apiVersion: '', metadata: {} };
  return Object.assign(first, object, { kind, apiVersion, metadata: orderedMetadata(object.metadata) });
}

/** What the system fills in on create (registry/rest FillObjectMetaSystemFields). */
export function fillSystemFields(metadata: ObjectMeta, uid: string, now: number): void {
  metadata.uid = uid;
  metadata.creationTimestamp = formatTime(now);
}

export function generatedName(ids: Ids, base: string): string {
  return base.slice(0, generatedNameMaxLength - suffixLength) + ids.nameSuffix(suffixLength);
}

/** What an update may leave out comes from the stored object (ValidateObjectMetaAccessorUpdate fills before it compares). */
export function carryOver(next: ObjectMeta, previous: Readonly<ObjectMeta>): void {
  if (!next.uid && previous.uid) next.uid = previous.uid;
  if (previous.creationTimestamp) next.creationTimestamp = previous.creationTimestamp;
  if (previous.deletionTimestamp) next.deletionTimestamp = previous.deletionTimestamp;
  if (previous.deletionGracePeriodSeconds !== undefined && next.deletionGracePeriodSeconds === undefined) {
    next.deletionGracePeriodSeconds = previous.deletionGracePeriodSeconds;
  }
  if (previous.generation === undefined) delete next.generation;
  else next.generation = previous.generation;
}

/** An owner that is named twice is told, and named once (handlers dedupOwnerReferencesAndAddWarning). `when` says when it was found. */
export function dropRepeatedOwners(metadata: ObjectMeta, context: RequestContext, when: string): void {
  const { ownerReferences = [] } = metadata;
  if (ownerReferences.length < 2) return;
  const seen = new Set<string>();
  const repeated = new Set<OwnerReference>();
  for (const owner of ownerReferences) {
    const { apiVersion, kind, name, uid, controller, blockOwnerDeletion } = owner;
    const text = JSON.stringify([apiVersion, kind, name, uid, controller, blockOwnerDeletion]);
    if (seen.has(text)) repeated.add(owner);
    seen.add(text);
  }
  if (repeated.size === 0) return;
  metadata.ownerReferences = ownerReferences.filter((owner) => !repeated.has(owner));
  const what = `.metadata.ownerReferences contains duplicate entries${when}; API server dedups owner references in 1.20+, and may reject such requests as early as 1.24`;
  context.warn(`${what}; please fix your requests; duplicate UID(s) observed: ${[...repeated].map(({ uid }) => uid).join(', ')}`);
}

/** Some kinds change nothing of their metadata through `/status`, save who owns which fields (meta/v1 ResetObjectMetaForStatus). */
export function resetMetadataForStatus(next: KubeObject, { metadata: previous = {} }: Readonly<KubeObject>): void {
  const metadata = next.metadata!;
  for (const field of ['labels', 'annotations', 'finalizers', 'ownerReferences'] as const) {
    if (previous[field] === undefined) delete metadata[field];
    else Object.assign(metadata, { [field]: previous[field] });
  }
}

/** Mistakes in a new object: its metadata's first, then what its strategy finds; each is told once. */
export function createMistakes(strategy: Strategy, object: KubeObject): FieldError[] {
  const mistakes = new Mistakes();
  checkMetadata(mistakes, strategy, object);
  const own = strategy.validate(object);
  if (strategy.metadataChecks?.onCreate === false) return own.length > 0 ? own : mistakes.list;
  return once([...mistakes.list, ...own]);
}

function checkMetadata(mistakes: Mistakes, strategy: Strategy, { metadata }: KubeObject): void {
  const checkName = strategy.validateName ? (name: string, isPrefix = false) => strategy.validateName!(name, isPrefix) : isDns1123Subdomain;
  validateObjectMeta(mistakes, metadata, strategy.resource.namespaced, checkName, path('metadata'));
  if (strategy.metadataChecks?.finalizerDomains !== false) validateFinalizerDomains(mistakes, metadata, path('metadata'));
}

/**
 * Mistakes in a change. Those in metadata are found twice, by the engine and by every strategy upstream has
 * (BeforeUpdate, ValidateObjectMetaUpdate); a message names them once, its causes do not.
 * @param whole the object itself is updated, and not through one of its subresources
 */
export function updateMistakes(strategy: Strategy, next: KubeObject, previous: Readonly<KubeObject>, own: readonly FieldError[], whole: boolean): FieldError[] {
  const { finalizerDomains = true, onUpdate = true } = strategy.metadataChecks ?? {};
  const mistakes = new Mistakes();
  validateObjectMeta(mistakes, next.metadata, strategy.resource.namespaced, nameIsPathSegment, path('metadata'));
  validateObjectMetaUpdate(mistakes, next.metadata, previous.metadata, path('metadata'));
  const engine = once(mistakes.list);
  const again = new Mistakes();
  if (finalizerDomains) validateFinalizerDomains(again, next.metadata, path('metadata'));
  if (whole && onUpdate) checkMetadata(again, strategy, next);
  return [...engine, ...once([...engine, ...again.list, ...own])];
}

/** Looked at for doubles; of more mistakes than this, an answer tells the first ones only. */
const comparedMax = 5000;

function once(errors: readonly FieldError[]): FieldError[] {
  if (errors.length < 2) return [...errors];
  const seen = new Set<string>();
  return errors.filter((error, index) => {
    if (index >= comparedMax) return true;
    const text = `${error.type} ${String(error)}`;
    return seen.has(text) ? false : seen.add(text);
  });
}
