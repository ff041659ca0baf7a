import type {
  HorizontalPodAutoscaler,
  HorizontalPodAutoscalerSpecV2,
  HorizontalPodAutoscalerV2,
  MetricSpecV2,
  MetricStatusV2,
} from '../../../../generated/types/index.ts';
import { goJson } from '../../../machinery/codec/index.ts';

/** Where autoscaling/v1 keeps what it has no fields for, as JSON (pkg/apis/autoscaling/annotations.go). */
const annotation = {
  metrics: 'autoscaling.alpha.kubernetes.io/metrics',
  currentMetrics: 'autoscaling.alpha.kubernetes.io/current-metrics',
  conditions: 'autoscaling.alpha.kubernetes.io/conditions',
  behavior: 'autoscaling.alpha.kubernetes.io/behavior',
} as const;
const annotationNames: readonly string[] = [
  ...Object.values(annotation),
  // Of an alpha feature that is off: nothing is read from them, but they are not stored either.
  'autoscaling.alpha.kubernetes.io/scale-down-tolerance',
  'autoscaling.alpha.kubernetes.io/scale-up-tolerance',
];

/** Takes away what only autoscaling/v1 has annotations for: in the other versions, and in storage, there are none of them. */
export function dropAutoscalerAnnotations({ metadata }: HorizontalPodAutoscalerV2): void {
  if (!metadata?.annotations || !annotationNames.some((name) => metadata.annotations![name] !== undefined)) return;
  const others = Object.entries(metadata.annotations).filter(([name]) => !annotationNames.includes(name));
  if (others.length > 0) metadata.annotations = Object.fromEntries(others);
  else delete metadata.annotations;
}

type Json = Record<string, unknown>;

/** Leaves out what is absent. */
const present = (fields: Json): Json => Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined));

function isCpuUtilization(metric: MetricSpecV2): boolean {
  return metric.type === 'Resource' && metric.resource?.name === 'cpu' && metric.resource.target.averageUtilization !== undefined;
}

/** The metric in the words of v1. */
function metricToV1({ type, object, pods, resource, containerResource, external }: MetricSpecV2): Json {
  return present({
    type,
    object:
      object &&
      present({
        target: object.describedObject,
        metricName: object.metric.name,
        targetValue: object.target.value ?? '0',
        selector: object.metric.selector,
        averageValue: object.target.averageValue,
      }),
    pods: pods && present({ metricName: pods.metric.name, targetAverageValue: pods.target.averageValue, selector: pods.metric.selector }),
    resource:
      resource &&
      present({ name: resource.name, targetAverageUtilization: resource.target.averageUtilization, targetAverageValue: resource.target.averageValue }),
    containerResource:
      containerResource &&
      present({
        name: containerResource.name,
        targetAverageUtilization: containerResource.target.averageUtilization,
        targetAverageValue: containerResource.target.averageValue,
        container: containerResource.container,
      }),
    external:
      external &&
      present({
        metricName: external.metric.name,
        metricSelector: external.metric.selector,
        targetValue: external.target.value,
        targetAverageValue: external.target.averageValue,
      }),
  });
}

interface V1Source {
  readonly name?: string;
  readonly container?: string;
  readonly metricName?: string;
  readonly selector?: object;
  readonly metricSelector?: object;
  readonly target?: object;
  readonly targetValue?: string;
  readonly averageValue?: string;
  readonly targetAverageValue?: string;
  readonly targetAverageUtilization?: number;
}

const metricName = (source: V1Source): Json => present({ name: source.metricName, selector: source.selector ?? source.metricSelector });

function target(value: string | undefined, averageValue: string | undefined, averageUtilization?: number): Json {
  const type = averageUtilization !== undefined ? 'Utilization' : averageValue !== undefined ? 'AverageValue' : 'Value';
  return present({ type, value: type === 'Value' ? value : undefined, averageValue, averageUtilization });
}

/** The metric of v1 in the words of v2. */
function metricFromV1(metric: Readonly<Record<string, V1Source | undefined>> & { readonly type?: unknown }): MetricSpecV2 {
  const { object, pods, resource, containerResource, external } = metric;
  const usage = (source: V1Source): Json =>
    present({ name: source.name, container: source.container, target: target(undefined, source.targetAverageValue, source.targetAverageUtilization) });
  return present({
    type: metric.type,
    object: object && { describedObject: object.target, metric: metricName(object), target: target(object.targetValue, object.averageValue) },
    pods: pods && { metric: metricName(pods), target: target(undefined, pods.targetAverageValue) },
    resource: resource && usage(resource),
    containerResource: containerResource && usage(containerResource),
    external: external && { metric: metricName(external), target: target(external.targetValue, external.targetAverageValue) },
  }) as unknown as MetricSpecV2;
}

function currentToV1(status: MetricStatusV2): Json {
  const { resource, containerResource, pods, object, external } = status;
  return present({
    type: status.type,
    object:
      object &&
      present({
        target: object.describedObject,
        metricName: object.metric.name,
        currentValue: object.current.value ?? '0',
        averageValue: object.current.averageValue,
      }),
    pods: pods && present({ metricName: pods.metric.name, currentAverageValue: pods.current.averageValue }),
    resource:
      resource &&
      present({ name: resource.name, currentAverageUtilization: resource.current.averageUtilization, currentAverageValue: resource.current.averageValue }),
    containerResource:
      containerResource &&
      present({
        name: containerResource.name,
        currentAverageUtilization: containerResource.current.averageUtilization,
        currentAverageValue: containerResource.current.averageValue,
      }),
    external:
      external &&
      present({ metricName: external.metric.name, currentValue: external.current.value ?? '0', currentAverageValue: external.current.averageValue }),
  });
}

/** The fields of a behavior, of its rules and of their policies, in the order of upstream's internal type: their names there begin with a capital. */
const directions = ['scaleUp', 'scaleDown'];
const ruleFields = ['stabilizationWindowSeconds', 'selectPolicy', 'policies', 'tolerance'];
const policyFields = ['type', 'value', 'periodSeconds'];

const isMap = (value: unknown): value is Json => typeof value === 'object' && value !== null && !Array.isArray(value);

/** A struct without tags for JSON: all its fields, by their names in Go. */
function untagged(struct: unknown, fields: readonly string[], inner: (value: unknown, field: string) => unknown): unknown {
  if (!isMap(struct)) return null;
  return Object.fromEntries(fields.map((field) => [field.charAt(0).toUpperCase() + field.slice(1), inner(struct[field] ?? null, field)]));
}

/** The behavior as the annotation has it: upstream writes its internal type there. */
function behaviorToV1(behavior: unknown): unknown {
  const policies = (value: unknown): unknown =>
    Array.isArray(value) && value.length > 0 ? value.map((one) => untagged(one, policyFields, (field) => field)) : null;
  const rules = (value: unknown): unknown => untagged(value, ruleFields, (one, field) => (field === 'policies' ? policies(one) : one));
  return untagged(behavior, directions, rules);
}

/** The way back. Go reads names in any case, and null as absent. */
function tagged(struct: unknown, fields: readonly string[], inner: (value: unknown, field: string) => unknown): unknown {
  if (!isMap(struct)) return undefined;
  const entries = Object.entries(struct).filter(([, value]) => value !== null);
  const found = (field: string): unknown => entries.find(([key]) => key.toLowerCase() === field.toLowerCase())?.[1];
  return present(Object.fromEntries(fields.map((field) => [field, inner(found(field), field)])));
}

function behaviorFromV1(behavior: unknown): unknown {
  const policies = (value: unknown): unknown => (Array.isArray(value) ? value.map((one) => tagged(one, policyFields, (field) => field) ?? {}) : undefined);
  const rules = (value: unknown): unknown => tagged(value, ruleFields, (one, field) => (field === 'policies' ? policies(one) : one));
  return tagged(behavior, directions, rules);
}

/** A stored autoscaler as autoscaling/v1 shows it (pkg/apis/autoscaling/v1/conversion.go). */
export function autoscalerToV1(stored: Readonly<HorizontalPodAutoscalerV2>): HorizontalPodAutoscaler {
  const { metrics = [], behavior, ...spec } = stored.spec ?? ({} as HorizontalPodAutoscalerSpecV2);
  const { conditions, currentMetrics, ...status } = stored.status ?? { desiredReplicas: 0 };
  const cpu = metrics.find(isCpuUtilization);
  const others = metrics.filter((metric) => metric !== cpu).map(metricToV1);
  const measured = (currentMetrics ?? []).find((metric) => metric.resource?.name === 'cpu' && metric.resource.current.averageUtilization !== undefined);
  const extra = present({
    [annotation.metrics]: others.length > 0 ? goJson(others) : undefined,
    [annotation.currentMetrics]: currentMetrics?.length ? goJson(currentMetrics.map(currentToV1)) : undefined,
    [annotation.conditions]: conditions?.length ? goJson(conditions) : undefined,
    [annotation.behavior]: behavior ? goJson(behaviorToV1(behavior)) : undefined,
  }) as Record<string, string>;
  const annotations = { ...stored.metadata?.annotations, ...extra };
  return {
    ...stored,
    apiVersion: 'autoscaling/v1',
    metadata: { ...stored.metadata, ...(Object.keys(annotations).length > 0 ? { annotations } : {}) },
    spec: present({ ...spec, targetCPUUtilizationPercentage: cpu?.resource?.target.averageUtilization }) as never,
    status: present({ currentReplicas: 0, ...status, currentCPUUtilizationPercentage: measured?.resource?.current.averageUtilization }) as never,
  };
}

function parse(text: string | undefined): unknown {
  try {
    return text === undefined ? undefined : JSON.parse(text);
  } catch {
    // Upstream ignores annotations that are no JSON.
    return undefined;
  }
}

/** The way back: annotations become fields again, and are not stored. */
export function autoscalerFromV1(shown: Readonly<HorizontalPodAutoscaler>): HorizontalPodAutoscalerV2 {
  const { targetCPUUtilizationPercentage: utilization, ...spec } = shown.spec ?? { maxReplicas: 0, scaleTargetRef: { kind: '', name: '' } };
  const { currentCPUUtilizationPercentage: current, ...status } = shown.status ?? { currentReplicas: 0, desiredReplicas: 0 };
  const annotations = shown.metadata?.annotations ?? {};
  const others = parse(annotations[annotation.metrics]);
  const behavior = behaviorFromV1(parse(annotations[annotation.behavior]));
  const conditions = parse(annotations[annotation.conditions]) as never;
  const cpu: MetricSpecV2[] =
    utilization === undefined ? [] : [{ type: 'Resource', resource: { name: 'cpu', target: { type: 'Utilization', averageUtilization: utilization } } }];
  const metrics = [...(Array.isArray(others) ? others.map(metricFromV1) : []), ...cpu];
  const measured = current === undefined ? null : [{ type: 'Resource', resource: { name: 'cpu', current: { averageUtilization: current } } }];
  const stored: HorizontalPodAutoscalerV2 = {
    ...shown,
    apiVersion: 'autoscaling/v2',
    metadata: { ...shown.metadata },
    spec: present({ ...spec, metrics: metrics.length > 0 ? metrics : undefined, behavior }) as never,
    status: present({ ...status, currentMetrics: measured, conditions }) as never,
  };
  dropAutoscalerAnnotations(stored);
  return stored;
}
