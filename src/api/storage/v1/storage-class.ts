import type { StorageClass, TopologySelectorTerm } from '../../../../generated/types/index.ts';
import { semanticEqual } from '../../../machinery/deep.ts';
import { type FieldError, type FieldPath, path } from '../../../machinery/field-error.ts';
import { mistakesOf } from '../../meta/checks.ts';
import { validateLabelName } from '../../meta/labels.ts';
import type { Mistakes } from '../../meta/mistakes.ts';
import { byteLength, isQualifiedName } from '../../meta/names.ts';

const maxParameters = 512;
const maxParameterBytes = 256 * 1024;
const bindingModes = ['Immediate', 'WaitForFirstConsumer'];

/** pkg/apis/storage/v1 SetDefaults_StorageClass. */
export function setStorageClassDefaults(one: StorageClass): void {
  one.reclaimPolicy ??= 'Delete';
  one.volumeBindingMode ??= 'Immediate';
}

/** Who provides volumes or attaches them: a qualified name, whatever its case, told in small letters. */
export function validateProvisioner(mistakes: Mistakes, name: string | undefined, at: FieldPath): void {
  const small = name?.toLowerCase();
  if (!small) mistakes.required(at);
  else mistakes.invalid(at, small, isQualifiedName(small));
}

/** pkg/apis/storage/validation ValidateStorageClass. */
export function validateStorageClass(one: StorageClass): FieldError[] {
  return mistakesOf((mistakes) => {
    validateProvisioner(mistakes, one.provisioner, path('provisioner'));
    validateParameters(mistakes, one.parameters ?? {});
    if (one.reclaimPolicy && !['Delete', 'Retain'].includes(one.reclaimPolicy))
      mistakes.notSupported(path('reclaimPolicy'), one.reclaimPolicy, ['Delete', 'Retain']);
    if (one.volumeBindingMode === undefined) mistakes.required(path('volumeBindingMode'));
    else if (!bindingModes.includes(one.volumeBindingMode)) mistakes.notSupported(path('volumeBindingMode'), one.volumeBindingMode, bindingModes);
    validateTopologies(mistakes, one.allowedTopologies ?? [], path('allowedTopologies'));
  });
}

/** Where volumes may be: no term says twice what another says, and one that says nothing is taken for a double as well. */
function validateTopologies(mistakes: Mistakes, terms: readonly TopologySelectorTerm[], at: FieldPath): void {
  const told: Readonly<Record<string, readonly string[]>>[] = [];
  terms.forEach((term, i) => {
    const inTerm = at.index(i).child('matchLabelExpressions');
    const wanted: Record<string, readonly string[]> = {};
    (term.matchLabelExpressions ?? []).forEach(({ key = '', values = [] }, position) => {
      const one = inTerm.index(position);
      if (values.length === 0) mistakes.required(one.child('values'));
      const seen = new Set<string>();
      values.forEach((value, number) => {
        if (seen.has(value)) mistakes.duplicate(one.child('values').index(number), value);
        seen.add(value);
      });
      validateLabelName(mistakes, key, one.child('key'));
      if (Object.hasOwn(wanted, key)) mistakes.duplicate(one.child('key'), key);
      Object.defineProperty(wanted, key, { value: [...seen].sort(), enumerable: true, configurable: true });
    });
    const isEmpty = Object.keys(wanted).length === 0;
    if (isEmpty || told.some((other) => semanticEqual(other, wanted))) mistakes.duplicate(inTerm, '');
    told.push(wanted);
  });
}

function validateParameters(mistakes: Mistakes, parameters: Readonly<Record<string, string>>): void {
  const at = path('parameters');
  const entries = Object.entries(parameters);
  if (entries.length > maxParameters) mistakes.list.push(...mistakesOf((list) => list.tooLong(at, maxParameters)));
  for (const [key] of entries) if (key === '') mistakes.invalid(at, key, 'field can not be empty.');
  if (entries.reduce((total, [key, value]) => total + byteLength(key) + byteLength(value), 0) > maxParameterBytes) mistakes.tooLong(at, maxParameterBytes);
}

/** ValidateStorageClassUpdate: volumes have been made by it. */
export function validateStorageClassUpdate(next: StorageClass, previous: Readonly<StorageClass>): FieldError[] {
  const frozen = mistakesOf((mistakes) => {
    if (!semanticEqual(next.parameters ?? {}, previous.parameters ?? {})) mistakes.forbidden(path('parameters'), 'updates to parameters are forbidden.');
    if (next.provisioner !== previous.provisioner) mistakes.forbidden(path('provisioner'), 'updates to provisioner are forbidden.');
    if (next.reclaimPolicy !== previous.reclaimPolicy) mistakes.forbidden(path('reclaimPolicy'), 'updates to reclaimPolicy are forbidden.');
    mistakes.immutable(path('volumeBindingMode'), next.volumeBindingMode ?? null, next.volumeBindingMode === previous.volumeBindingMode);
  });
  return [...validateStorageClass(next), ...frozen];
}
