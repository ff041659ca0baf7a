import type { HorizontalPodAutoscalerSpecV2, HorizontalPodAutoscalerV2, HPAScalingRulesV2, MetricTargetV2 } from '../../../../generated/types/index.ts';
import { canonicalQuantity } from '../../../machinery/quantity.ts';

/** What is aimed at when nothing is said: four fifths of the requested CPU. */
const defaultUtilization = 80;

/** pkg/apis/autoscaling/v2 SetDefaults_HorizontalPodAutoscaler. */
export function setHorizontalPodAutoscalerDefaults(scaler: HorizontalPodAutoscalerV2): void {
  const spec = (scaler.spec ??= {} as HorizontalPodAutoscalerSpecV2);
  scaler.status = { ...emptyScalerStatus(), ...scaler.status };
  spec.minReplicas ??= 1;
  if ((spec.metrics ?? []).length === 0)
    spec.metrics = [{ type: 'Resource', resource: { name: 'cpu', target: { type: 'Utilization', averageUtilization: defaultUtilization } } }];
  for (const metric of spec.metrics ?? []) {
    const source = metric.resource ?? metric.containerResource ?? metric.pods ?? metric.object ?? metric.external;
    if (source?.target) canonicalTarget(source.target);
  }
  if (!spec.behavior) return;
  spec.behavior.scaleUp = withDefaults(spec.behavior.scaleUp, {
    stabilizationWindowSeconds: 0,
    selectPolicy: 'Max',
    policies: [
      { type: 'Pods', value: 4, periodSeconds: 15 },
      { type: 'Percent', value: 100, periodSeconds: 15 },
    ],
  });
  spec.behavior.scaleDown = withDefaults(spec.behavior.scaleDown, { selectPolicy: 'Max', policies: [{ type: 'Percent', value: 100, periodSeconds: 15 }] });
}

function withDefaults(rules: HPAScalingRulesV2 | undefined, defaults: HPAScalingRulesV2): HPAScalingRulesV2 {
  const given = Object.entries(rules ?? {}).filter(([, value]) => value !== undefined && value !== null);
  return { ...defaults, ...Object.fromEntries(given) };
}

function canonicalTarget(target: MetricTargetV2): void {
  if (target.value !== undefined) target.value = canonicalQuantity(target.value);
  if (target.averageValue !== undefined) target.averageValue = canonicalQuantity(target.averageValue);
}

/** Fields that Go always writes. */
export function emptyScalerStatus(): NonNullable<HorizontalPodAutoscalerV2['status']> {
  return { desiredReplicas: 0, currentMetrics: null as never };
}
