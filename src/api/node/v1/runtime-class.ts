import type { RuntimeClass, Toleration } from '../../../../generated/types/index.ts';
import { type FieldError, GoText, path } from '../../../machinery/field-error.ts';
import { goStruct } from '../../../machinery/go-syntax.ts';
import { canonicalAmounts } from '../../core/v1/persistent-volume-claim.ts';
import { validateContainerResourceName, validateQuantity } from '../../core/v1/resources-validation.ts';
import { validateTolerations } from '../../core/v1/scheduling-validation.ts';
import { mistakesOf } from '../../meta/checks.ts';
import { validateLabels } from '../../meta/labels.ts';
import { isDns1123Label } from '../../meta/names.ts';

export function setRuntimeClassDefaults(one: RuntimeClass): void {
  canonicalAmounts(one.overhead?.podFixed);
}

/** pkg/apis/node/validation ValidateRuntimeClass. */
/** Differs from upstream: with seconds it is JSON, since Go would print where in memory they lie. */
function goToleration(toleration: Toleration): unknown {
  const { key = '', operator = '', value = '', effect = '', tolerationSeconds } = toleration;
  if (tolerationSeconds !== undefined) return toleration;
  return goStruct('core.Toleration', { Key: key, Operator: operator, Value: value, Effect: effect, TolerationSeconds: new GoText('(*int64)(nil)') });
}

export function validateRuntimeClass(one: RuntimeClass): FieldError[] {
  return mistakesOf((mistakes) => {
    mistakes.invalid(path('handler'), one.handler ?? '', isDns1123Label(one.handler ?? ''));
    for (const [name, amount] of Object.entries(one.overhead?.podFixed ?? {})) {
      const at = path('overhead', 'limits'); // Upstream takes them for a container's.
      validateContainerResourceName(mistakes, name, at.key(name));
      validateQuantity(mistakes, name, amount, at.key(name));
    }
    validateLabels(mistakes, one.scheduling?.nodeSelector, path('scheduling', 'nodeSelector'));
    const tolerations = one.scheduling?.tolerations ?? [];
    validateTolerations(mistakes, tolerations, path('scheduling', 'tolerations', 'tolerations'));
    const seen = new Set<string>();
    tolerations.forEach((toleration, i) => {
      const { key = '', operator = '', value = '', effect = '' } = toleration;
      const same = JSON.stringify([key, operator, value, effect]);
      if (seen.has(same)) mistakes.duplicate(path('scheduling', 'tolerations').index(i), goToleration(toleration));
      seen.add(same);
    });
  });
}

export function validateRuntimeClassUpdate(next: RuntimeClass, previous: Readonly<RuntimeClass>): FieldError[] {
  const frozen = mistakesOf((mistakes) => mistakes.immutable(path('handler'), next.handler, next.handler === previous.handler));
  return [...validateRuntimeClass(next), ...frozen];
}
