import type { Deployment, DeploymentSpec, IntOrString, LabelSelector, PodTemplateSpec, ReplicaSet } from '../../../../generated/types/index.ts';
import { semanticEqual } from '../../../machinery/deep.ts';
import { type FieldError, type FieldPath, GoText, path } from '../../../machinery/field-error.ts';
import { goIntOrString, goSelector, goStringMap, goStruct } from '../../../machinery/go-syntax.ts';
import { matchesLabels, requirementsOf } from '../../../machinery/selectors/labels.ts';
import { validatePodTemplate } from '../../core/v1/pod-validation.ts';
import { isEmptySelector, validateLabelSelector } from '../../meta/labels.ts';
import { Mistakes } from '../../meta/mistakes.ts';
import { isPercent, nameIsSubdomain } from '../../meta/names.ts';
import { validateObjectMeta, validateObjectMetaUpdate } from '../../meta/object-meta.ts';

const specPath = path('spec');

/** pkg/apis/apps/validation ValidateDeployment. */
export function validateDeployment(deployment: Deployment): FieldError[] {
  const mistakes = new Mistakes();
  validateObjectMeta(mistakes, deployment.metadata, true, nameIsSubdomain);
  const spec = deployment.spec as DeploymentSpec;
  mistakes.nonNegative(specPath.child('replicas'), spec.replicas);
  validateSelectorAndTemplate(mistakes, spec.selector, spec.template);
  validateStrategy(mistakes, spec, specPath.child('strategy'));
  mistakes.nonNegative(specPath.child('minReadySeconds'), spec.minReadySeconds);
  if (spec.revisionHistoryLimit !== undefined) mistakes.nonNegative(specPath.child('revisionHistoryLimit'), spec.revisionHistoryLimit);
  const deadline = spec.progressDeadlineSeconds;
  if (deadline !== undefined) {
    mistakes.nonNegative(specPath.child('progressDeadlineSeconds'), deadline);
    if (deadline <= (spec.minReadySeconds ?? 0)) mistakes.invalid(specPath.child('progressDeadlineSeconds'), deadline, 'must be greater than minReadySeconds');
  }
  return mistakes.list;
}

/** What the selector and the template of a deployment or replica set must be to each other; upstream speaks of deployments in both. */
function validateSelectorAndTemplate(mistakes: Mistakes, selector: LabelSelector | undefined, template: PodTemplateSpec | undefined): void {
  if (!validateWorkloadSelector(mistakes, selector, 'deployment')) {
    mistakes.invalid(specPath.child('selector'), goSelector(selector), 'invalid label selector');
    return;
  }
  validateSelected(mistakes, selector, template);
  validateLastingTemplate(mistakes, template ?? {}, specPath.child('template'), 'ReplicaSet');
}

/** A selector that there must be, and that must select something. Answers whether it can be used. */
export function validateWorkloadSelector(mistakes: Mistakes, selector: LabelSelector | undefined, kind: string): boolean {
  const at = specPath.child('selector');
  if (!selector) {
    mistakes.required(at);
    return true;
  }
  const valid = validateLabelSelector(mistakes, selector, at);
  if (isEmptySelector(selector)) mistakes.invalid(at, goSelector(selector), `empty selector is invalid for ${kind}`);
  return valid;
}

/** The template's labels must be selected. No selector selects nothing, and an empty one everything. */
export function validateSelected(mistakes: Mistakes, selector: LabelSelector | undefined, template: PodTemplateSpec | undefined): void {
  const labels = template?.metadata?.labels;
  const requirements = requirementsOf(selector);
  if (!requirements || !matchesLabels(requirements, labels))
    mistakes.invalid(specPath.child('template', 'metadata', 'labels'), goStringMap(labels), '`selector` does not match template `labels`');
}

/** A template that makes pods which run for ever. */
export function validateLastingTemplate(mistakes: Mistakes, template: PodTemplateSpec, at: FieldPath, kind: string): void {
  validatePodTemplate(mistakes, template, at);
  const policy = template.spec?.restartPolicy;
  if (policy !== 'Always') mistakes.notSupported(at.child('spec', 'restartPolicy'), policy ?? '', ['Always']);
  if (template.spec?.activeDeadlineSeconds !== undefined)
    mistakes.forbidden(at.child('spec', 'activeDeadlineSeconds'), `activeDeadlineSeconds in ${kind} is not Supported`);
}

function validateStrategy(mistakes: Mistakes, spec: DeploymentSpec, at: FieldPath): void {
  const strategy = spec.strategy ?? {};
  if (strategy.type === 'Recreate') {
    if (strategy.rollingUpdate) mistakes.forbidden(at.child('rollingUpdate'), "may not be specified when strategy `type` is 'Recreate'");
  } else if (strategy.type !== 'RollingUpdate')
    mistakes.notSupported(at, goStrategy('DeploymentStrategy', strategy, 'RollingUpdateDeployment'), ['Recreate', 'RollingUpdate']);
  else if (!strategy.rollingUpdate) mistakes.required(at.child('rollingUpdate'), 'this should be defaulted and never be nil');
  else {
    const { maxUnavailable = 0, maxSurge = 0 } = strategy.rollingUpdate;
    const path = at.child('rollingUpdate');
    validateCountOrPercent(mistakes, maxUnavailable, path.child('maxUnavailable'));
    validateCountOrPercent(mistakes, maxSurge, path.child('maxSurge'));
    if (numberOf(maxUnavailable) === 0 && numberOf(maxSurge) === 0)
      mistakes.invalid(path.child('maxUnavailable'), goIntOrString(maxUnavailable), 'may not be 0 when `maxSurge` is 0');
    validateNotMoreThanAll(mistakes, maxUnavailable, path.child('maxUnavailable'));
  }
}

/** A strategy of an unknown type as Go prints it, which is possible while it points to nothing. */
export function goStrategy(type: string, strategy: { readonly type?: string; readonly rollingUpdate?: unknown }, parameters: string): unknown {
  if (strategy.rollingUpdate) return strategy;
  return goStruct(`apps.${type}`, { Type: strategy.type ?? '', RollingUpdate: new GoText(`(*apps.${parameters})(nil)`) });
}

/** A whole number or a percentage (apimachinery's intstr). */
export function validateCountOrPercent(mistakes: Mistakes, value: IntOrString, at: FieldPath): void {
  if (typeof value === 'string') mistakes.invalid(at, goIntOrString(value), isPercent(value));
  else mistakes.nonNegative(at, value);
}

/** The number of a count or of a percentage; a text that is neither counts as nothing (getIntOrPercentValue). */
export function numberOf(value: IntOrString): number {
  if (typeof value === 'number') return value;
  return /^([+-]?\d+|\d+%)$/.test(value) ? Number.parseInt(value, 10) : 0;
}

/** IsNotMoreThan100Percent. */
export function validateNotMoreThanAll(mistakes: Mistakes, value: IntOrString, at: FieldPath): void {
  if (typeof value === 'string' && isPercent(value).length === 0 && numberOf(value) > 100)
    mistakes.invalid(at, goIntOrString(value), 'must not be greater than 100%');
}

export function validateDeploymentUpdate(next: Deployment, previous: Readonly<Deployment>): FieldError[] {
  const mistakes = new Mistakes();
  validateObjectMetaUpdate(mistakes, next.metadata, previous.metadata);
  mistakes.add(validateDeployment(next));
  mistakes.immutable(specPath.child('selector'), goSelector(next.spec?.selector), semanticEqual(next.spec?.selector, previous.spec?.selector));
  return mistakes.list;
}

export const aboveReplicas = 'cannot be greater than status.replicas';

export function validateDeploymentStatusUpdate(next: Deployment, previous: Readonly<Deployment>): FieldError[] {
  const mistakes = new Mistakes();
  validateObjectMetaUpdate(mistakes, next.metadata, previous.metadata);
  const at = path('status');
  const { replicas = 0, updatedReplicas = 0, readyReplicas = 0, availableReplicas = 0, ...rest } = next.status ?? {};
  const fields = {
    observedGeneration: rest.observedGeneration,
    replicas,
    updatedReplicas,
    readyReplicas,
    availableReplicas,
    unavailableReplicas: rest.unavailableReplicas,
  };
  for (const [field, value] of Object.entries(fields)) mistakes.nonNegative(at.child(field), value);
  if (updatedReplicas > replicas) mistakes.invalid(at.child('updatedReplicas'), updatedReplicas, aboveReplicas);
  if (readyReplicas > replicas) mistakes.invalid(at.child('readyReplicas'), readyReplicas, aboveReplicas);
  if (availableReplicas > replicas) mistakes.invalid(at.child('availableReplicas'), availableReplicas, aboveReplicas);
  if (availableReplicas > readyReplicas) mistakes.invalid(at.child('availableReplicas'), availableReplicas, 'cannot be greater than readyReplicas');
  const [count, before] = [rest.collisionCount, previous.status?.collisionCount];
  if (count !== undefined) mistakes.nonNegative(at.child('collisionCount'), count);
  if (before !== undefined && (count === undefined || count < before)) mistakes.invalid(at.child('collisionCount'), count ?? 0, 'cannot be decremented');
  return mistakes.list;
}

/** pkg/apis/apps/validation ValidateReplicaSet. */
export function validateReplicaSet(set: ReplicaSet): FieldError[] {
  const mistakes = new Mistakes();
  validateObjectMeta(mistakes, set.metadata, true, nameIsSubdomain);
  const spec = set.spec;
  mistakes.nonNegative(specPath.child('replicas'), spec?.replicas);
  mistakes.nonNegative(specPath.child('minReadySeconds'), spec?.minReadySeconds);
  validateSelectorAndTemplate(mistakes, spec?.selector, spec?.template);
  return mistakes.list;
}

export function validateReplicaSetUpdate(next: ReplicaSet, previous: Readonly<ReplicaSet>): FieldError[] {
  const mistakes = new Mistakes();
  validateObjectMetaUpdate(mistakes, next.metadata, previous.metadata);
  mistakes.add(validateReplicaSet(next));
  mistakes.immutable(specPath.child('selector'), goSelector(next.spec?.selector), semanticEqual(next.spec?.selector, previous.spec?.selector));
  return mistakes.list;
}

export function validateReplicaSetStatusUpdate(next: ReplicaSet, previous: Readonly<ReplicaSet>): FieldError[] {
  const mistakes = new Mistakes();
  validateObjectMetaUpdate(mistakes, next.metadata, previous.metadata);
  const at = path('status');
  const { replicas = 0, fullyLabeledReplicas = 0, readyReplicas = 0, availableReplicas = 0, observedGeneration } = next.status ?? { replicas: 0 };
  for (const [field, value] of Object.entries({ replicas, fullyLabeledReplicas, readyReplicas, availableReplicas, observedGeneration }))
    mistakes.nonNegative(at.child(field), value);
  for (const [field, value] of Object.entries({ fullyLabeledReplicas, readyReplicas, availableReplicas })) {
    if (value > replicas) mistakes.invalid(at.child(field), value, aboveReplicas);
  }
  if (availableReplicas > readyReplicas) mistakes.invalid(at.child('availableReplicas'), availableReplicas, 'cannot be greater than readyReplicas');
  return mistakes.list;
}
