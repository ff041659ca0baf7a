import type { LabelSelector } from '../../../generated/types/index.ts';
import type { FieldPath } from '../../machinery/field-error.ts';
import type { Mistakes } from './mistakes.ts';
import { byteLength, isLabelValue, isQualifiedName } from './names.ts';

const maxAnnotationBytes = 256 * 1024;

type Map = Readonly<Record<string, string>> | undefined;

/** Keys in a chosen order: Go's maps have none, we sort. */
function sortedEntries(map: Map): [string, string][] {
  return Object.entries(map ?? {}).sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0));
}

/** Nearly all labels are, and then nobody has to put them in order. */
function areFine(labels: Map): boolean {
  for (const key in labels) if (isQualifiedName(key).length > 0 || isLabelValue(labels[key] as string).length > 0) return false;
  return true;
}

export function validateLabelName(mistakes: Mistakes, name: string, at: FieldPath): void {
  mistakes.invalid(at, name, isQualifiedName(name));
}

/** apimachinery/pkg/apis/meta/v1/validation ValidateLabels: all errors are reported at the map itself. */
export function validateLabels(mistakes: Mistakes, labels: Map, at: FieldPath): void {
  if (areFine(labels)) return;
  for (const [key, value] of sortedEntries(labels)) {
    validateLabelName(mistakes, key, at);
    mistakes.invalid(at, value, isLabelValue(value));
  }
}

/** apimachinery/pkg/api/validation ValidateAnnotations: keys are names whatever their case; 256 KiB in all. */
export function validateAnnotations(mistakes: Mistakes, annotations: Map, at: FieldPath): void {
  let total = 0;
  for (const [key, value] of sortedEntries(annotations)) {
    mistakes.invalid(at, key, isQualifiedName(key.toLowerCase()));
    total += byteLength(key) + byteLength(value);
  }
  if (total > maxAnnotationBytes) mistakes.tooLong(at, maxAnnotationBytes);
}

/** apimachinery/pkg/apis/meta/v1/validation ValidateLabelSelector. Answers whether it can be used (LabelSelectorAsSelector). */
export function validateLabelSelector(mistakes: Mistakes, selector: LabelSelector | undefined, at: FieldPath): boolean {
  if (!selector) return true;
  const before = mistakes.list.length;
  validateLabels(mistakes, selector.matchLabels, at.child('matchLabels'));
  (selector.matchExpressions ?? []).forEach((one, i) => {
    const path = at.child('matchExpressions').index(i);
    const values = one.values ?? [];
    switch (one.operator) {
      case 'In':
      case 'NotIn':
        if (values.length === 0) mistakes.required(path.child('values'), "must be specified when `operator` is 'In' or 'NotIn'");
        break;
      case 'Exists':
      case 'DoesNotExist':
        if (values.length > 0) mistakes.forbidden(path.child('values'), "may not be specified when `operator` is 'Exists' or 'DoesNotExist'");
        break;
      default:
        mistakes.invalid(path.child('operator'), one.operator, 'not a valid selector operator');
    }
    // A key that is left out is an empty one, as in Go.
    validateLabelName(mistakes, one.key ?? '', path.child('key'));
    values.forEach((value, position) => {
      mistakes.invalid(path.child('values').index(position), value, isLabelValue(value));
    });
  });
  return mistakes.list.length === before;
}

/** Nothing is selected by a selector without requirements (for workloads that is a mistake). */
export function isEmptySelector(selector: LabelSelector): boolean {
  return Object.keys(selector.matchLabels ?? {}).length + (selector.matchExpressions ?? []).length === 0;
}
