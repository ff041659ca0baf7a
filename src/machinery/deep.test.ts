import { expect, test } from 'vitest';
import { semanticEqual } from './deep.ts';

test('what is empty means as much as what is absent, but for structs that say something by being there', () => {
  expect(semanticEqual({ labels: {}, ports: [], strategy: {}, image: null }, {})).toBe(true);
  for (const field of ['exec', 'secretRef', 'ephemeral', 'securityContext', 'labelSelector', 'rollingUpdate'])
    expect(semanticEqual({ inner: [{ [field]: {} }] }, { inner: [{}] }), field).toBe(false);
  expect(semanticEqual({ exec: {} }, { exec: {} })).toBe(true);
  expect(semanticEqual({ exec: null }, {})).toBe(true);
});
