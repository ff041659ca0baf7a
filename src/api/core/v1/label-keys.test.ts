import { expect, test } from 'vitest';
import type { Pod } from '../../../../generated/types/index.ts';
import { mergeLabelKeys } from './label-keys.ts';

test("keys of labels become requirements with the pod's own values, as far as it has them", () => {
  const term = { topologyKey: 'zone', labelSelector: { matchLabels: { a: 'b' } }, matchLabelKeys: ['version', 'absent'], mismatchLabelKeys: ['tenant'] };
  const pod: Pod = {
    metadata: { labels: { version: '1', tenant: 't' } },
    spec: {
      containers: [],
      affinity: {
        podAffinity: { requiredDuringSchedulingIgnoredDuringExecution: [structuredClone(term)] },
        podAntiAffinity: {
          preferredDuringSchedulingIgnoredDuringExecution: [{ weight: 1, podAffinityTerm: { topologyKey: 'zone', matchLabelKeys: ['version'] } }],
        },
      },
    },
  };
  mergeLabelKeys(pod);
  const { podAffinity, podAntiAffinity } = pod.spec!.affinity!;
  expect(podAffinity!.requiredDuringSchedulingIgnoredDuringExecution![0]).toEqual({
    ...term,
    labelSelector: {
      matchLabels: { a: 'b' },
      matchExpressions: [
        { key: 'version', operator: 'In', values: ['1'] },
        { key: 'tenant', operator: 'NotIn', values: ['t'] },
      ],
    },
  });
  // Without a selector a term matches nothing.
  expect(podAntiAffinity!.preferredDuringSchedulingIgnoredDuringExecution![0]!.podAffinityTerm.labelSelector).toBeUndefined();
});
