import type {
  HorizontalPodAutoscalerSpecV2,
  HorizontalPodAutoscalerV2,
  HPAScalingRulesV2,
  MetricIdentifierV2,
  MetricSpecV2,
  MetricTargetV2,
} from '../../../../generated/types/index.ts';
import { type FieldError, type FieldPath, path } from '../../../machinery/field-error.ts';
import { goQuantity } from '../../../machinery/go-syntax.ts';
import { compareQuantities } from '../../../machinery/quantity.ts';
import { validateContainerResourceName } from '../../core/v1/resources-validation.ts';
import { mistakesOf, validateCounts, validateSegment } from '../../meta/checks.ts';
import type { Mistakes } from '../../meta/mistakes.ts';
import { isDns1123Label } from '../../meta/names.ts';

const specPath = path('spec');
const hourSeconds = 3600;
const maxPolicySeconds = 1800;

/** pkg/apis/autoscaling/validation ValidateHorizontalPodAutoscaler. */
export function validateHorizontalPodAutoscaler({ spec }: HorizontalPodAutoscalerV2): FieldError[] {
  return mistakesOf((mistakes) => validateSpec(mistakes, spec as HorizontalPodAutoscalerSpecV2, 1));
}

/** An object that already scales to zero may go on doing so. */
export function validateHorizontalPodAutoscalerUpdate(next: HorizontalPodAutoscalerV2, previous: Readonly<HorizontalPodAutoscalerV2>): FieldError[] {
  return mistakesOf((mistakes) => validateSpec(mistakes, next.spec as HorizontalPodAutoscalerSpecV2, previous.spec?.minReplicas === 0 ? 0 : 1));
}

export function validateHorizontalPodAutoscalerStatus({ status }: HorizontalPodAutoscalerV2): FieldError[] {
  return mistakesOf((mistakes) =>
    validateCounts(mistakes, { currentReplicas: status?.currentReplicas, desiredReplicas: status?.desiredReplicas }, path('status')),
  );
}

function validateSpec(mistakes: Mistakes, spec: HorizontalPodAutoscalerSpecV2, least: number): void {
  const { minReplicas, maxReplicas = 0 } = spec;
  if (minReplicas !== undefined && minReplicas < least)
    mistakes.invalid(specPath.child('minReplicas'), minReplicas, `must be greater than or equal to ${least}`);
  if (maxReplicas < 1) mistakes.invalid(specPath.child('maxReplicas'), maxReplicas, 'must be greater than 0');
  if (minReplicas !== undefined && maxReplicas < minReplicas)
    mistakes.invalid(specPath.child('maxReplicas'), maxReplicas, 'must be greater than or equal to `minReplicas`');
  validateReference(mistakes, spec.scaleTargetRef, specPath.child('scaleTargetRef'));
  const metrics = spec.metrics ?? [];
  metrics.forEach((metric, i) => {
    validateMetric(mistakes, metric, specPath.child('metrics').index(i));
  });
  if (minReplicas === 0 && !metrics.some((metric) => metric.type === 'Object' || metric.type === 'External'))
    mistakes.forbidden(specPath.child('metrics'), 'must specify at least one Object or External metric to support scaling to zero replicas');
  for (const side of ['scaleUp', 'scaleDown'] as const) validateRules(mistakes, spec.behavior?.[side], specPath.child('behavior', side));
}

function validateReference(mistakes: Mistakes, reference: { kind?: string; name?: string } | undefined, at: FieldPath): void {
  validateSegment(mistakes, reference?.kind, at.child('kind'));
  validateSegment(mistakes, reference?.name, at.child('name'));
}

function validateRules(mistakes: Mistakes, rules: HPAScalingRulesV2 | undefined, at: FieldPath): void {
  if (!rules) return;
  const window = rules.stabilizationWindowSeconds;
  const where = at.child('stabilizationWindowSeconds');
  if (window !== undefined && window < 0) mistakes.invalid(where, window, 'must be greater than or equal to zero');
  if (window !== undefined && window > hourSeconds) mistakes.invalid(where, window, `must be less than or equal to ${hourSeconds}`);
  const select = ['Disabled', 'Max', 'Min'];
  if (rules.selectPolicy !== undefined && !select.includes(rules.selectPolicy)) mistakes.notSupported(at.child('selectPolicy'), rules.selectPolicy, select);
  const policies = rules.policies ?? [];
  if (policies.length === 0) mistakes.required(at.child('policies'), 'must specify at least one Policy');
  policies.forEach((policy, i) => {
    const one = at.child('policies').index(i);
    if (!['Percent', 'Pods'].includes(policy.type)) mistakes.notSupported(one.child('type'), policy.type, ['Percent', 'Pods']);
    if (policy.value <= 0) mistakes.invalid(one.child('value'), policy.value, 'must be greater than zero');
    if (policy.periodSeconds <= 0) mistakes.invalid(one.child('periodSeconds'), policy.periodSeconds, 'must be greater than zero');
    if (policy.periodSeconds > maxPolicySeconds)
      mistakes.invalid(one.child('periodSeconds'), policy.periodSeconds, `must be less than or equal to ${maxPolicySeconds}`);
  });
}

const metricTypes = ['ContainerResource', 'External', 'Object', 'Pods', 'Resource'];
/** In the order in which upstream looks at them. */
const sourceFields = ['object', 'external', 'pods', 'resource', 'containerResource'] as const;

function validateMetric(mistakes: Mistakes, metric: MetricSpecV2, at: FieldPath): void {
  const known = metricTypes.includes(metric.type);
  if (!metric.type) mistakes.required(at.child('type'), 'must specify a metric source type');
  if (!known) mistakes.notSupported(at.child('type'), metric.type ?? '', metricTypes);
  const present = sourceFields.filter((field) => metric[field]);
  const first = present[0];
  if (first) sourceChecks[first](mistakes, metric[first] as never, at.child(first));
  const expected = known ? ((metric.type[0]!.toLowerCase() + metric.type.slice(1)) as (typeof sourceFields)[number]) : undefined;
  if (expected && !metric[expected]) mistakes.required(at.child(expected), 'must populate information for the given metric source');
  if (present.length !== 1)
    for (const field of present) if (field !== expected) mistakes.forbidden(at.child(field), 'must populate the given metric source only');
}

interface Source {
  readonly name?: string;
  readonly container?: string;
  readonly metric?: MetricIdentifierV2;
  readonly describedObject?: { kind?: string; name?: string };
  readonly target?: MetricTargetV2;
}

const sourceChecks: Readonly<Record<(typeof sourceFields)[number], (mistakes: Mistakes, source: Source, at: FieldPath) => void>> = {
  object(mistakes, source, at) {
    validateReference(mistakes, source.describedObject, at.child('describedObject'));
    const target = validateMeasured(mistakes, source, at);
    if (target.value === undefined && target.averageValue === undefined)
      mistakes.required(at.child('target', 'averageValue'), 'must set either a target value or averageValue');
  },
  external(mistakes, source, at) {
    const target = validateMeasured(mistakes, source, at);
    if (target.value === undefined && target.averageValue === undefined)
      mistakes.required(at.child('target', 'averageValue'), 'must set either a target value for metric or a per-pod target');
    if (target.value !== undefined && target.averageValue !== undefined)
      mistakes.forbidden(at.child('target', 'value'), 'may not set both a target value for metric and a per-pod target');
  },
  pods(mistakes, source, at) {
    const target = validateMeasured(mistakes, source, at);
    if (target.averageValue === undefined) mistakes.required(at.child('target', 'averageValue'), 'must specify a positive target averageValue');
  },
  resource(mistakes, source, at) {
    if (!source.name) mistakes.required(at.child('name'), 'must specify a resource name');
    validateUtilization(mistakes, source, at);
  },
  containerResource(mistakes, source, at) {
    if (!source.name) mistakes.required(at.child('name'), 'must specify a resource name');
    else validateContainerResourceName(mistakes, source.name, at.child('name'), source.name);
    if (!source.container) mistakes.required(at.child('container'), 'must specify a container');
    else mistakes.invalid(at.child('container'), source.container, isDns1123Label(source.container));
    validateUtilization(mistakes, source, at);
  },
};

function validateMeasured(mistakes: Mistakes, source: Source, at: FieldPath): MetricTargetV2 {
  validateSegment(mistakes, source.metric?.name, at.child('metric', 'name'), 'must specify a metric name');
  return validateTarget(mistakes, source.target, at.child('target'));
}

function validateUtilization(mistakes: Mistakes, source: Source, at: FieldPath): void {
  const target = validateTarget(mistakes, source.target, at.child('target'));
  if (target.averageUtilization === undefined && target.averageValue === undefined)
    mistakes.required(at.child('target', 'averageUtilization'), 'must set either a target raw value or a target utilization');
  if (target.averageUtilization !== undefined && target.averageValue !== undefined)
    mistakes.forbidden(at.child('target', 'averageValue'), 'may not set both a target raw value and a target utilization');
}

function validateTarget(mistakes: Mistakes, target: MetricTargetV2 = { type: '' }, at: FieldPath): MetricTargetV2 {
  if (!target.type) mistakes.required(at.child('type'), 'must specify a metric target type');
  if (!['Utilization', 'Value', 'AverageValue'].includes(target.type))
    mistakes.invalid(at.child('type'), target.type ?? '', 'must be either Utilization, Value, or AverageValue');
  for (const field of ['value', 'averageValue'] as const) {
    const amount = target[field];
    if (amount !== undefined && compareQuantities(amount, '0') <= 0) mistakes.invalid(at.child(field), goQuantity(amount), 'must be positive');
  }
  const utilization = target.averageUtilization;
  if (utilization !== undefined && utilization < 1) mistakes.invalid(at.child('averageUtilization'), utilization, 'must be greater than 0');
  return target;
}
