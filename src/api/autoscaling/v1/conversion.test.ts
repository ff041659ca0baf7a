import { expect, test } from 'vitest';
import type { HorizontalPodAutoscalerV2 } from '../../../../generated/types/index.ts';
import { autoscalerFromV1, autoscalerToV1 } from './conversion.ts';

const annotation = 'autoscaling.alpha.kubernetes.io/behavior';
const scaleTargetRef = { kind: 'Deployment', name: 'x' };

test('autoscaling/v1 shows a behavior with the names that its fields have in Go, and reads it back', () => {
  const behavior = { scaleUp: { stabilizationWindowSeconds: 3, policies: [{ type: 'Pods', value: 1, periodSeconds: 3 }] } };
  const stored = { metadata: { name: 'h' }, spec: { scaleTargetRef, maxReplicas: 3, behavior } } as HorizontalPodAutoscalerV2;
  const shown = autoscalerToV1(stored);
  expect(shown.metadata?.annotations?.[annotation]).toBe(
    '{"ScaleUp":{"StabilizationWindowSeconds":3,"SelectPolicy":null,"Policies":[{"Type":"Pods","Value":1,"PeriodSeconds":3}],"Tolerance":null},"ScaleDown":null}',
  );
  expect(autoscalerFromV1(shown).spec?.behavior).toEqual(behavior);
});

test.each([
  [
    '{"scaledown":{"SELECTPOLICY":"Min","policies":[{"type":"Pods","unknown":1}]},"other":1}',
    { scaleDown: { selectPolicy: 'Min', policies: [{ type: 'Pods' }] } },
  ],
  ['{}', {}],
  ['[1]', undefined],
  ['no JSON', undefined],
])('a behavior written as %s is read in any case, without what nobody knows', (text, behavior) => {
  const metadata = { name: 'h', annotations: { [annotation]: text } };
  const stored = autoscalerFromV1({ metadata, spec: { scaleTargetRef, maxReplicas: 3 } });
  expect(stored.spec?.behavior).toEqual(behavior);
  expect(stored.metadata?.annotations).toBeUndefined();
});
