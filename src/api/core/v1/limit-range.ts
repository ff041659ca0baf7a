import type { LimitRange, LimitRangeItem } from '../../../../generated/types/index.ts';
import { type FieldError, type FieldPath, path } from '../../../machinery/field-error.ts';
import { canonicalQuantity, compareQuantities } from '../../../machinery/quantity.ts';
import { mistakesOf } from '../../meta/checks.ts';
import type { Mistakes } from '../../meta/mistakes.ts';
import { canonicalAmounts } from './persistent-volume-claim.ts';
import { isHugePages, isNative, validateContainerResourceName, validateResourceName } from './resources-validation.ts';

/** pkg/apis/core/v1 SetDefaults_LimitRangeItem: the limits of a container follow from its bounds. */
export function setLimitRangeDefaults(range: LimitRange): void {
  for (const item of (range.spec ??= { limits: null as never }).limits ?? []) {
    for (const amounts of [item.min, item.max, item.default, item.defaultRequest, item.maxLimitRequestRatio]) canonicalAmounts(amounts);
    if (item.type !== 'Container') continue;
    item.default = { ...item.max, ...item.default };
    item.defaultRequest = { ...item.min, ...item.default, ...item.defaultRequest };
  }
  for (const item of range.spec.limits ?? []) dropEmpty(item);
}

function dropEmpty(item: LimitRangeItem): void {
  for (const field of ['default', 'defaultRequest'] as const) if (item[field] && Object.keys(item[field]).length === 0) delete item[field];
}

type Amounts = Readonly<Record<string, string>>;

/** pkg/apis/core/validation ValidateLimitRange. */
export function validateLimitRange({ spec }: LimitRange): FieldError[] {
  return mistakesOf((mistakes) => {
    const seen = new Set<string>();
    (spec?.limits ?? []).forEach((item, i) => {
      const at = path('spec', 'limits').index(i);
      validateType(mistakes, item.type, at.child('type'));
      if (seen.has(item.type)) mistakes.duplicate(at.child('type'), item.type);
      seen.add(item.type);
      validateItem(mistakes, item, at);
    });
  });
}

function validateType(mistakes: Mistakes, type: string, at: FieldPath): void {
  if (['Container', 'Pod', 'PersistentVolumeClaim'].includes(type)) return;
  if (!type?.includes('/')) mistakes.invalid(at, type ?? '', 'must be a standard limit type or fully qualified');
}

function validateItem(mistakes: Mistakes, item: LimitRangeItem, at: FieldPath): void {
  const bounds = {
    max: item.max ?? {},
    min: item.min ?? {},
    default: item.default ?? {},
    defaultRequest: item.defaultRequest ?? {},
    maxLimitRequestRatio: item.maxLimitRequestRatio ?? {},
  };
  const checkName = item.type === 'Container' ? validateContainerResourceName : validateResourceName;
  for (const [field, amounts] of Object.entries(bounds)) for (const name of Object.keys(amounts).sort()) checkName(mistakes, name, at.child(field).key(name));
  if (item.type === 'Pod') {
    if (item.default) mistakes.forbidden(at.child('default'), "may not be specified when `type` is 'Pod'");
    if (item.defaultRequest) mistakes.forbidden(at.child('defaultRequest'), "may not be specified when `type` is 'Pod'");
  }
  if (item.type === 'PersistentVolumeClaim' && item.min?.storage === undefined && item.max?.storage === undefined)
    mistakes.required(at.child('limits'), 'either minimum or maximum storage value is required, but neither was provided');
  const names = [...new Set(Object.values(bounds).flatMap((amounts) => Object.keys(amounts)))].sort();
  for (const name of names) validateOrder(mistakes, name, bounds, at);
}

/** min <= request by default <= limit by default <= max. */
function validateOrder(mistakes: Mistakes, name: string, bounds: Readonly<Record<string, Amounts>>, at: FieldPath): void {
  const shown: Readonly<Record<string, string>> = { min: 'min', max: 'max', defaultRequest: 'default request', default: 'default' };
  const above = (low: string, high: string, field: string): void => {
    const [a, b] = [bounds[low]![name], bounds[high]![name]];
    if (a === undefined || b === undefined || compareQuantities(a, b) <= 0) return;
    const text = `${shown[low]} value ${canonicalQuantity(a)} is greater than ${shown[high]} value ${canonicalQuantity(b)}`;
    mistakes.invalid(at.child(field).key(name), canonicalQuantity(field === low ? a : b), text);
  };
  above('min', 'max', 'min');
  above('min', 'defaultRequest', 'defaultRequest');
  above('defaultRequest', 'max', 'defaultRequest');
  above('defaultRequest', 'default', 'defaultRequest');
  const [min, limit] = [bounds.min![name], bounds.default![name]];
  // Upstream names the smaller bound here as the wrong value.
  if (min !== undefined && limit !== undefined && compareQuantities(min, limit) > 0)
    mistakes.invalid(
      at.child('default').key(name),
      canonicalQuantity(min),
      `min value ${canonicalQuantity(min)} is greater than default value ${canonicalQuantity(limit)}`,
    );
  above('default', 'max', 'default');
  const ratio = bounds.maxLimitRequestRatio![name];
  if (ratio !== undefined && compareQuantities(ratio, '1') < 0)
    mistakes.invalid(at.child('maxLimitRequestRatio').key(name), canonicalQuantity(ratio), `ratio ${canonicalQuantity(ratio)} is less than 1`);
  const [request, most] = [bounds.defaultRequest![name], bounds.default![name]];
  const overcommit = isNative(name) && !isHugePages(name);
  if (!overcommit && request !== undefined && most !== undefined && compareQuantities(request, most) !== 0)
    mistakes.invalid(
      at.child('defaultRequest').key(name),
      canonicalQuantity(request),
      `default value ${canonicalQuantity(most)} must equal to defaultRequest value ${canonicalQuantity(request)} in ${name}`,
    );
}
