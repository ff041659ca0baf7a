import { expect, test } from 'vitest';
import type { PodSpec } from '../../../generated/types/index.ts';
import { dropGatedFields } from './gated-pod-fields.ts';

test('what stands behind gates that are off goes without a word: image volumes with their mounts, claims, trust bundles, stop signals', () => {
  const spec: PodSpec = {
    resourceClaims: [{ name: 'gpu' }],
    resources: { limits: { cpu: '1' } },
    volumes: [
      { name: 'image', image: { reference: 'nginx' } },
      { name: 'kept', projected: { sources: [{ clusterTrustBundle: { path: 'ca', name: 'x' } }] } },
    ],
    containers: [
      {
        name: 'c',
        lifecycle: { stopSignal: 'SIGUSR1' },
        resources: { claims: [{ name: 'gpu' }] },
        volumeMounts: [
          { name: 'image', mountPath: '/i' },
          { name: 'kept', mountPath: '/k' },
        ],
      },
      { name: 'd', lifecycle: { stopSignal: 'SIGUSR1', preStop: { sleep: { seconds: 1 } } } },
    ],
  };
  dropGatedFields(spec, {});
  expect(spec).toEqual({
    volumes: [{ name: 'kept', projected: { sources: [{}] } }],
    containers: [
      { name: 'c', resources: {}, volumeMounts: [{ name: 'kept', mountPath: '/k' }] },
      { name: 'd', lifecycle: { preStop: { sleep: { seconds: 1 } } } },
    ],
  });
});

test('with its gate on, an image volume and what mounts it stay', () => {
  const spec: PodSpec = {
    volumes: [{ name: 'image', image: { reference: 'nginx' } }],
    containers: [{ name: 'c', volumeMounts: [{ name: 'image', mountPath: '/i' }] }],
  };
  const before = structuredClone(spec);
  dropGatedFields(spec, { ImageVolume: true });
  expect(spec).toEqual(before);
});
