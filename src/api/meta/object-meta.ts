import type { ObjectMeta, OwnerReference } from '../../../generated/types/index.ts';
import { semanticEqual } from '../../machinery/deep.ts';
import { FieldError, type FieldPath, GoText, path } from '../../machinery/field-error.ts';
import { goStringList, goStruct } from '../../machinery/go-syntax.ts';
import { parseGroupVersion } from '../../machinery/types.ts';
import { validateAnnotations, validateLabels } from './labels.ts';
import type { Mistakes } from './mistakes.ts';
import { isDns1123Label, isQualifiedName, type NameCheck } from './names.ts';

/** Finalizers without a domain that Kubernetes itself uses (pkg/apis/core/helper IsStandardFinalizerName). */
const standardFinalizers = new Set(['kubernetes', 'orphan', 'foregroundDeletion']);

const bannedOwners = new Set(['v1/Event']);

/** What holds for the metadata of every object (apimachinery/pkg/api/validation ValidateObjectMetaAccessor). */
export function validateObjectMeta(
  mistakes: Mistakes,
  meta: ObjectMeta | undefined,
  namespaced: boolean,
  checkName: NameCheck,
  at: FieldPath = path('metadata'),
): void {
  const one = meta ?? {};
  if (one.generateName) mistakes.invalid(at.child('generateName'), one.generateName, checkName(one.generateName, true));
  if (one.name) mistakes.invalid(at.child('name'), one.name, checkName(one.name, false));
  else mistakes.required(at.child('name'), 'name or generateName is required');
  validateNamespace(mistakes, one.namespace, namespaced, at.child('namespace'));
  if ((one.generation ?? 0) < 0) mistakes.nonNegative(at.child('generation'), one.generation);
  validateLabels(mistakes, one.labels, at.child('labels'));
  validateAnnotations(mistakes, one.annotations, at.child('annotations'));
  validateOwners(mistakes, one.ownerReferences ?? [], at.child('ownerReferences'));
  validateFinalizers(mistakes, one.finalizers ?? [], at.child('finalizers'));
}

/** What most kinds ask of finalizers beyond that (pkg/apis/core/validation ValidateObjectMeta, ValidateObjectMetaUpdate). */
export function validateFinalizerDomains(mistakes: Mistakes, meta: ObjectMeta | undefined, at: FieldPath = path('metadata')): void {
  (meta?.finalizers ?? []).forEach((name, i) => {
    validateDomainOfFinalizer(mistakes, name, at.child('finalizers').index(i));
  });
}

function validateNamespace(mistakes: Mistakes, namespace: string | undefined, namespaced: boolean, at: FieldPath): void {
  if (!namespaced) {
    if (namespace) mistakes.forbidden(at, 'not allowed on this type');
  } else if (!namespace) mistakes.required(at);
  else mistakes.invalid(at, namespace, isDns1123Label(namespace));
}

function validateOwners(mistakes: Mistakes, owners: readonly OwnerReference[], at: FieldPath): void {
  let controller = '';
  for (const owner of owners) {
    const { version } = parseGroupVersion(owner.apiVersion ?? '');
    if (!version) mistakes.invalid(at.child('apiVersion'), owner.apiVersion ?? '', 'version must not be empty');
    if (!owner.kind) mistakes.invalid(at.child('kind'), '', 'kind must not be empty');
    if (!owner.name) mistakes.invalid(at.child('name'), '', 'name must not be empty');
    if (!owner.uid) mistakes.invalid(at.child('uid'), '', 'uid must not be empty');
    if (bannedOwners.has(`${owner.apiVersion}/${owner.kind}`))
      mistakes.invalid(at, goOwner(owner), `/${owner.apiVersion}, Kind=${owner.kind} is disallowed from being an owner`);
    if (!owner.controller) continue;
    const name = `${owner.kind}/${owner.name}`;
    if (controller)
      mistakes.invalid(at, owners, `Only one reference can have Controller set to true. Found "true" in references for ${controller} and ${name}`);
    else controller = name;
  }
}

function validateFinalizers(mistakes: Mistakes, finalizers: readonly string[], at: FieldPath): void {
  for (const name of finalizers) mistakes.invalid(at, name, isQualifiedName(name));
  if (finalizers.includes('orphan') && finalizers.includes('foregroundDeletion')) {
    mistakes.invalid(at, goStringList(finalizers), 'finalizer orphan and foregroundDeletion cannot be both set');
  }
}

function validateDomainOfFinalizer(mistakes: Mistakes, name: string, at: FieldPath): void {
  if (!name.includes('/') && !standardFinalizers.has(name)) mistakes.invalid(at, name, 'name is neither a standard finalizer name nor is it fully qualified');
}

/** One finalizer of a namespace's spec (pkg/apis/core/validation validateFinalizerName). */
export function validateFinalizerName(mistakes: Mistakes, name: string, at: FieldPath): void {
  mistakes.invalid(at, name, isQualifiedName(name));
  validateDomainOfFinalizer(mistakes, name, at);
}

/** What no update may change in metadata (apimachinery/pkg/api/validation ValidateObjectMetaAccessorUpdate). */
export function validateObjectMetaUpdate(
  mistakes: Mistakes,
  next: ObjectMeta | undefined,
  previous: ObjectMeta | undefined,
  at: FieldPath = path('metadata'),
): void {
  const [after, before] = [next ?? {}, previous ?? {}];
  validateNewFinalizers(mistakes, after, before, at.child('finalizers'));
  if (!after.resourceVersion) mistakes.invalid(at.child('resourceVersion'), after.resourceVersion ?? '', 'must be specified for an update');
  if ((after.generation ?? 0) < (before.generation ?? 0)) mistakes.invalid(at.child('generation'), after.generation ?? 0, 'must not be decremented');
  for (const field of ['name', 'namespace', 'uid', 'creationTimestamp', 'deletionTimestamp', 'deletionGracePeriodSeconds'] as const) {
    const [now, then] = [after[field], before[field]];
    if (!semanticEqual(now, then)) mistakes.list.push(new FieldError('FieldValueInvalid', at.child(field).text, shownField(field, now), 'field is immutable'));
  }
  validateLabels(mistakes, after.labels, at.child('labels'));
  validateAnnotations(mistakes, after.annotations, at.child('annotations'));
  validateOwners(mistakes, after.ownerReferences ?? [], at.child('ownerReferences'));
}

/** Go prints times in a form of their own. */
function shownField(field: string, value: unknown): unknown {
  if (field === 'name' || field === 'namespace' || field === 'uid') return value ?? '';
  return field.endsWith('Timestamp') && typeof value === 'string' ? new GoText(`${value.slice(0, 10)} ${value.slice(11, 19)} +0000 UTC`) : value;
}

/** An owner can be printed as long as it points to nothing. */
function goOwner({ apiVersion, kind, name, uid, controller, blockOwnerDeletion }: OwnerReference): unknown {
  if (controller !== undefined || blockOwnerDeletion !== undefined) return { apiVersion, kind, name, uid, controller, blockOwnerDeletion };
  const nil = new GoText('(*bool)(nil)');
  return goStruct('v1.OwnerReference', { APIVersion: apiVersion, Kind: kind, Name: name, UID: uid, Controller: nil, BlockOwnerDeletion: nil });
}

/** Once deletion has begun, finalizers may only go. */
function validateNewFinalizers(mistakes: Mistakes, after: ObjectMeta, before: ObjectMeta, at: FieldPath): void {
  validateFinalizers(mistakes, after.finalizers ?? [], at);
  if (!before.deletionTimestamp) return;
  const had = new Set(before.finalizers);
  const added = (after.finalizers ?? []).filter((name) => !had.has(name));
  if (added.length === 0) return;
  const shown = goStringList(added).text;
  mistakes.forbidden(at, `no new finalizers can be added if the object is being deleted, found new finalizers ${shown}`);
}
