import type { DaemonSet, DaemonSetSpec } from '../../../../generated/types/index.ts';
import { semanticEqual } from '../../../machinery/deep.ts';
import { type FieldError, path } from '../../../machinery/field-error.ts';
import { goIntOrString, goSelector } from '../../../machinery/go-syntax.ts';
import { setPodTemplateDefaults } from '../../core/v1/pod-defaults.ts';
import { mistakesOf, validateCounts } from '../../meta/checks.ts';
import { isEmptySelector, validateLabelSelector } from '../../meta/labels.ts';
import type { Mistakes } from '../../meta/mistakes.ts';
import { goStrategy, numberOf, validateCountOrPercent, validateLastingTemplate, validateNotMoreThanAll, validateSelected } from './validation.ts';

/** pkg/apis/apps/v1 SetDefaults_DaemonSet. */
export function setDaemonSetDefaults(set: DaemonSet): void {
  const spec = (set.spec ??= {} as DaemonSetSpec);
  const strategy = (spec.updateStrategy ??= {});
  strategy.type ||= 'RollingUpdate';
  if (strategy.type === 'RollingUpdate') {
    strategy.rollingUpdate ??= {};
    strategy.rollingUpdate.maxUnavailable ??= 1;
    strategy.rollingUpdate.maxSurge ??= 0;
  }
  spec.revisionHistoryLimit ??= 10;
  setPodTemplateDefaults((spec.template ??= {}));
  set.status = { ...emptyDaemonSetStatus(), ...set.status };
}

/** Counts that Go always writes. */
export function emptyDaemonSetStatus(): NonNullable<DaemonSet['status']> {
  return { currentNumberScheduled: 0, numberMisscheduled: 0, desiredNumberScheduled: 0, numberReady: 0 };
}

const specPath = path('spec');

/** pkg/apis/apps/validation ValidateDaemonSetSpec. */
export function validateDaemonSet({ spec }: DaemonSet): FieldError[] {
  return mistakesOf((mistakes) => {
    if (!spec) return;
    const { selector } = spec;
    if (validateLabelSelector(mistakes, selector, specPath.child('selector'))) validateSelected(mistakes, selector, spec.template);
    if (selector && isEmptySelector(selector)) mistakes.invalid(specPath.child('selector'), goSelector(selector), 'empty selector is invalid for daemonset');
    validateLastingTemplate(mistakes, spec.template ?? {}, specPath.child('template'), 'DaemonSet');
    mistakes.nonNegative(specPath.child('minReadySeconds'), spec.minReadySeconds);
    validateUpdateStrategy(mistakes, spec);
    mistakes.nonNegative(specPath.child('revisionHistoryLimit'), spec.revisionHistoryLimit);
  });
}

function validateUpdateStrategy(mistakes: Mistakes, spec: DaemonSetSpec): void {
  const at = specPath.child('updateStrategy');
  const strategy = spec.updateStrategy ?? {};
  if (strategy.type === 'OnDelete') return;
  if (strategy.type !== 'RollingUpdate') {
    mistakes.notSupported(at, goStrategy('DaemonSetUpdateStrategy', strategy, 'RollingUpdateDaemonSet'), ['RollingUpdate', 'OnDelete']);
    return;
  }
  if (!strategy.rollingUpdate) {
    mistakes.required(at.child('rollingUpdate'));
    return;
  }
  const { maxUnavailable = 0, maxSurge = 0 } = strategy.rollingUpdate;
  const path = at.child('rollingUpdate');
  const [unavailable, surge] = [numberOf(maxUnavailable), numberOf(maxSurge)];
  validateCountOrPercent(mistakes, maxUnavailable, path.child('maxUnavailable'));
  validateCountOrPercent(mistakes, maxSurge, path.child('maxSurge'));
  validateNotMoreThanAll(mistakes, maxUnavailable, path.child('maxUnavailable'));
  validateNotMoreThanAll(mistakes, maxSurge, path.child('maxSurge'));
  if (unavailable !== 0 && surge !== 0) mistakes.invalid(path.child('maxSurge'), goIntOrString(maxSurge), 'may not be set when maxUnavailable is non-zero');
  if (unavailable === 0 && surge === 0) mistakes.required(path.child('maxUnavailable'), 'cannot be 0 when maxSurge is 0');
}

/** ValidateDaemonSetUpdate; the selector of apps/v1 is immutable (the strategy's own check). */
export function validateDaemonSetUpdate(next: DaemonSet, previous: Readonly<DaemonSet>): FieldError[] {
  const frozen = mistakesOf((mistakes) =>
    mistakes.immutable(specPath.child('selector'), goSelector(next.spec?.selector), semanticEqual(next.spec?.selector, previous.spec?.selector)),
  );
  return [...validateDaemonSet(next), ...frozen];
}

export function validateDaemonSetStatus(next: DaemonSet, previous: Readonly<DaemonSet>): FieldError[] {
  return mistakesOf((mistakes) => {
    const at = path('status');
    const { conditions: _conditions, ...counts } = next.status ?? emptyDaemonSetStatus();
    validateCounts(mistakes, counts, at);
    const before = previous.status?.collisionCount;
    if (before !== undefined && (counts.collisionCount ?? 0) < before)
      mistakes.invalid(at.child('collisionCount'), counts.collisionCount ?? 0, 'cannot be decremented');
  });
}
