import type {
  HorizontalPodAutoscaler,
  HorizontalPodAutoscalerV2,
  MetricSpecV2,
  MetricStatusV2,
  MetricTargetV2,
  MetricValueStatusV2,
} from '../../../generated/types/index.ts';
import {
  autoscalerFromV1,
  autoscalerToV1,
  dropAutoscalerAnnotations,
  emptyScalerStatus,
  setHorizontalPodAutoscalerDefaults,
  validateHorizontalPodAutoscaler,
  validateHorizontalPodAutoscalerStatus,
  validateHorizontalPodAutoscalerUpdate,
} from '../../api/index.ts';
import type { KubeObject } from '../../machinery/types.ts';
import { ageColumn, column, nameColumn } from '../core/columns.ts';
import { resourceStrategy } from '../generic/resource-strategy.ts';
import type { Column } from '../generic/strategy.ts';

const unknown = '<unknown>';
/** How Go prints a quantity that is not there. */
const nil = '<nil>';
const shownMetrics = 2;

/** What a metric's status says of itself: a metric without a status is another thing than a status without this value. */
function measured(current: MetricValueStatusV2 | undefined, of: 'value' | 'averageValue'): string {
  return current ? (current[of] ?? nil) : unknown;
}

function usage(name: string, target: MetricTargetV2, current: MetricValueStatusV2 | undefined): string {
  if (target.averageValue !== undefined) return `${name}: ${measured(current, 'averageValue')}/${target.averageValue}`;
  const now = current?.averageUtilization === undefined ? unknown : `${current.averageUtilization}%`;
  return `${name}: ${now}/${target.averageUtilization === undefined ? '<auto>' : `${target.averageUtilization}%`}`;
}

function amount(target: MetricTargetV2, current: MetricValueStatusV2 | undefined): string {
  if (target.averageValue !== undefined) return `${current?.averageValue ?? unknown}/${target.averageValue} (avg)`;
  return `${measured(current, 'value')}/${target.value ?? nil}`;
}

function formatMetric({ type, resource, containerResource, pods, object, external }: MetricSpecV2, current: MetricStatusV2 | undefined): string {
  if (type === 'Resource' && resource) return usage(resource.name, resource.target, current?.resource?.current);
  if (type === 'ContainerResource' && containerResource) return usage(containerResource.name, containerResource.target, current?.containerResource?.current);
  if (type === 'Pods' && pods) return `${measured(current?.pods?.current, 'averageValue')}/${pods.target.averageValue ?? nil}`;
  if (type === 'Object' && object) return amount(object.target, current?.object?.current);
  if (type === 'External' && external) return amount(external.target, current?.external?.current);
  return '<unknown type>';
}

/** `cpu: 10%/80%`: what is measured and what is aimed at, for the first two metrics. */
function targets({ spec, status }: Readonly<HorizontalPodAutoscalerV2>): string {
  const metrics = spec?.metrics ?? [];
  if (metrics.length === 0) return '<none>';
  const shown = metrics.slice(0, shownMetrics).map((metric, i) => formatMetric(metric, status?.currentMetrics?.[i]));
  return shown.join(', ') + (metrics.length > shownMetrics ? ` + ${metrics.length - shownMetrics} more...` : '');
}

const columns: readonly Column<HorizontalPodAutoscalerV2>[] = [
  nameColumn,
  column('Reference', 'What it scales.', ({ spec }) => `${spec?.scaleTargetRef.kind ?? ''}/${spec?.scaleTargetRef.name ?? ''}`),
  column('Targets', 'What is measured, and what is aimed at.', targets),
  column('MinPods', 'The least number of pods.', ({ spec }) => (spec?.minReplicas === undefined ? '<unset>' : String(spec.minReplicas))),
  column('MaxPods', 'The greatest number of pods.', ({ spec }) => spec?.maxReplicas ?? 0),
  column('Replicas', 'How many pods there are.', ({ status }) => status?.currentReplicas ?? 0),
  ageColumn,
];

const names = {
  group: 'autoscaling',
  kind: 'HorizontalPodAutoscaler',
  plural: 'horizontalpodautoscalers',
  shortNames: ['hpa'],
  categories: ['all'],
  namespaced: true,
};

function fromV1(object: KubeObject): HorizontalPodAutoscalerV2 {
  const stored = autoscalerFromV1(object as HorizontalPodAutoscaler);
  setHorizontalPodAutoscalerDefaults(stored);
  return stored;
}

/** They are what the feature HPAConfigurableTolerance is about, which is off in 1.33. */
function dropTolerances({ spec }: HorizontalPodAutoscalerV2): void {
  delete spec?.behavior?.scaleUp?.tolerance;
  delete spec?.behavior?.scaleDown?.tolerance;
}

/** pkg/registry/autoscaling/horizontalpodautoscaler: stored as v2, the preferred version; v1 is another view of it. */
export const horizontalPodAutoscalerStrategy = resourceStrategy<HorizontalPodAutoscalerV2>({
  resource: { ...names, version: 'v2' },
  alsoServedAs: [
    {
      resource: { ...names, version: 'v1', singular: 'horizontalpodautoscaler' },
      fromStorage: autoscalerToV1,
      toStorage: fromV1,
      // The way through the storage version brings the replicas and the target that nobody has named.
      applyDefaults: (object) => void Object.assign(object, autoscalerToV1(fromV1(object))),
    },
  ],
  applyDefaults(scaler) {
    dropAutoscalerAnnotations(scaler);
    setHorizontalPodAutoscalerDefaults(scaler);
  },
  statusOnCreate: emptyScalerStatus,
  prepareForCreate: dropTolerances,
  prepareForUpdate: dropTolerances,
  metadataChecks: { onUpdate: false },
  validate: validateHorizontalPodAutoscaler,
  validateUpdate: validateHorizontalPodAutoscalerUpdate,
  validateStatus: validateHorizontalPodAutoscalerStatus,
  columns,
});
