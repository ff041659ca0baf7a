import type { LimitRange, LimitRangeItem } from '../../../../generated/types/index.ts';
import { type FieldError, type FieldPath, path } from '../../../machinery/field-error.ts';
import { goQuantity } from '../../../machinery/go-syntax.ts';
import { canonicalQuantity, compareQuantities, quantityMilli, quantityValue } from '../../../machinery/quantity.ts';
import { mistakesOf } from '../../meta/checks.ts';
import type { Mistakes } from '../../meta/mistakes.ts';
import { isQualifiedName } from '../../meta/names.ts';
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
  const wrong = isQualifiedName(type ?? '');
  mistakes.invalid(at, type ?? '', wrong);
  if (wrong.length > 0 || type.includes('/') || ['Container', 'Pod', 'PersistentVolumeClaim'].includes(type)) return;
  mistakes.invalid(at, type, 'must be a standard limit type or fully qualified');
}

function validateItem(mistakes: Mistakes, item: LimitRangeItem, at: FieldPath): void {
  const ofPod = item.type === 'Pod';
  const bounds = {
    max: item.max ?? {},
    min: item.min ?? {},
    default: (!ofPod && item.default) || {},
    defaultRequest: (!ofPod && item.defaultRequest) || {},
    maxLimitRequestRatio: item.maxLimitRequestRatio ?? {},
  };
  const checkName = item.type === 'Container' || ofPod ? validateContainerResourceName : validateResourceName;
  const checkNames = (field: keyof typeof bounds): void => {
    for (const name of Object.keys(bounds[field]).sort()) checkName(mistakes, name, at.child(field).key(name));
  };
  checkNames('max');
  checkNames('min');
  if (ofPod && item.default) mistakes.forbidden(at.child('default'), "may not be specified when `type` is 'Pod'");
  if (ofPod && item.defaultRequest) mistakes.forbidden(at.child('defaultRequest'), "may not be specified when `type` is 'Pod'");
  checkNames('default');
  checkNames('defaultRequest');
  if (item.type === 'PersistentVolumeClaim' && item.min?.storage === undefined && item.max?.storage === undefined)
    mistakes.required(at.child('limits'), 'either minimum or maximum storage value is required, but neither was provided');
  checkNames('maxLimitRequestRatio');
  const names = [...new Set(Object.values(bounds).flatMap((amounts) => Object.keys(amounts)))].sort();
  for (const name of names) validateOrder(mistakes, name, bounds, at);
}

/** min <= request by default <= limit by default <= max. */
function validateOrder(mistakes: Mistakes, name: string, bounds: Readonly<Record<string, Amounts>>, at: FieldPath): void {
  const invalid = (field: string, amount: string, why: string): void => {
    mistakes.invalid(at.child(field).key(name), goQuantity(canonicalQuantity(amount)), why);
  };
  const shown: Readonly<Record<string, string>> = { min: 'min', max: 'max', defaultRequest: 'default request', default: 'default' };
  const above = (low: string, high: string, field: string, wrong = field, highShown = shown[high]): void => {
    const [a, b] = [bounds[low]![name], bounds[high]![name]];
    if (a === undefined || b === undefined || compareQuantities(a, b) <= 0) return;
    invalid(field, bounds[wrong]![name]!, `${shown[low]} value ${canonicalQuantity(a)} is greater than ${highShown} value ${canonicalQuantity(b)}`);
  };
  above('min', 'max', 'min');
  above('min', 'defaultRequest', 'defaultRequest');
  above('defaultRequest', 'max', 'defaultRequest');
  above('defaultRequest', 'default', 'defaultRequest', 'defaultRequest', 'default limit');
  // Upstream names the bound as the wrong value here.
  above('min', 'default', 'default', 'min');
  above('default', 'max', 'default', 'max');
  const ratio = bounds.maxLimitRequestRatio![name];
  if (ratio !== undefined) validateRatio(ratio, bounds.min![name], bounds.max![name], (why) => invalid('maxLimitRequestRatio', ratio, why));
  const [request, most] = [bounds.defaultRequest![name], bounds.default![name]];
  const overcommit = isNative(name) && !isHugePages(name);
  if (!overcommit && request !== undefined && most !== undefined && compareQuantities(request, most) !== 0) {
    invalid('defaultRequest', request, `default value ${canonicalQuantity(most)} must equal to defaultRequest value ${canonicalQuantity(request)} in ${name}`);
  }
}

/** A limit is no smaller than its request, and no ratio is reached that the other bounds leave no room for. */
function validateRatio(ratio: string, min: string | undefined, max: string | undefined, invalid: (why: string) => void): void {
  const shown = canonicalQuantity(ratio);
  if (compareQuantities(ratio, '1') < 0) invalid(`ratio ${shown} is less than 1`);
  if (min === undefined || max === undefined) return;
  const all = [ratio, min, max];
  // Thousandths are counted where that is no matter of precision.
  const isPrecise = all.every((one) => quantityValue(one) < maxMilliValue);
  const [wanted, least, most] = all.map(isPrecise ? quantityMilli : quantityValue) as [number, number, number];
  const room = most / least;
  if ((isPrecise ? wanted / 1000 : wanted) > room) invalid(`ratio ${shown} is greater than max/min = ${goFixed(room)}`);
}

/** The largest quantity whose thousandths Go can count (apimachinery/pkg/api/resource MaxMilliValue). */
const maxMilliValue = 2 ** 63 / 1000;

/** A number as Go's `%f` prints it. */
const goFixed = (number: number): string => (Number.isFinite(number) ? number.toFixed(6) : Number.isNaN(number) ? 'NaN' : '+Inf');
