import { expect, test } from 'vitest';
import type { HorizontalPodAutoscalerV2, MetricTargetV2 } from '../../../../generated/types/index.ts';
import { validateHorizontalPodAutoscaler } from './validation.ts';

const aboutTarget = (target: MetricTargetV2): string[] =>
  validateHorizontalPodAutoscaler({
    spec: {
      scaleTargetRef: { apiVersion: 'apps/v1', kind: 'Deployment', name: 'web' },
      minReplicas: 1,
      maxReplicas: 3,
      metrics: [{ type: 'Resource', resource: { name: 'cpu', target } }],
    },
  } as HorizontalPodAutoscalerV2).map(String);

test('an amount that is not positive is shown as Go holds it', () => {
  const quantity = (value: number, scale: number, text: string): string =>
    `resource.Quantity{i:resource.int64Amount{value:${value}, scale:${scale}}, d:resource.infDecAmount{Dec:(*inf.Dec)(nil)}, s:"${text}", Format:"DecimalSI"}`;
  const at = 'spec.metrics[0].resource.target.averageValue: Invalid value:';
  expect(aboutTarget({ type: 'AverageValue', averageValue: '0' })).toEqual([`${at} ${quantity(0, 0, '0')}: must be positive`]);
  expect(aboutTarget({ type: 'AverageValue', averageValue: '-500m' })).toEqual([`${at} ${quantity(-500, -3, '-500m')}: must be positive`]);
  expect(aboutTarget({ type: 'AverageValue', averageValue: '1m' })).toEqual([]);
});

test('a target says one thing, and at least that', () => {
  expect(aboutTarget({ type: 'Utilization' })).toEqual([
    'spec.metrics[0].resource.target.averageUtilization: Required value: must set either a target raw value or a target utilization',
  ]);
  expect(aboutTarget({ type: 'Utilization', averageUtilization: 0, averageValue: '1' })).toEqual([
    'spec.metrics[0].resource.target.averageUtilization: Invalid value: 0: must be greater than 0',
    'spec.metrics[0].resource.target.averageValue: Forbidden: may not set both a target raw value and a target utilization',
  ]);
});
