import { expect, test } from 'vitest';
import { parseConfig } from './config-file.ts';

const head = 'apiVersion: paperkube.dev/v1alpha1\nkind: Cluster\n';

test('images of the user are read with their behaviour', () => {
  const text = `${head}images:
- name: registry.example.com/shop/cart:1.0
  size: 12Mi
  behaviour: { startSeconds: 2, ports: [8080], logs: [ready, { text: tick, everySeconds: 1 }], memory: [{ atSeconds: 5, bytes: 64Mi }], failEvery: 3 }
- { name: shop/job, tags: ["2", "1"], script: "echo hi" }
`;
  expect(parseConfig(text, 'file').images).toMatchObject([
    { name: 'registry.example.com/shop/cart:1.0', sizeBytes: 12_582_912, behaviour: { ports: [8080], memory: [{ atSeconds: 5, bytes: 67_108_864 }] } },
    { name: 'shop/job', tags: ['2', '1'], script: 'echo hi' },
  ]);
});

test('every mistake in an image is named with its field', () => {
  const text = `${head}images:
- { name: "Bad Name" }
- { name: a, size: big, behaviour: { ports: [0], exitCode: 3, colour: red } }
`;
  expect(() => parseConfig(text, 'file')).toThrow(
    /images\[0\]\.name: [\s\S]*images\[1\]\.size: [\s\S]*behaviour\.colour: there is no such field[\s\S]*ports\[0\]: [\s\S]*/,
  );
  expect(() => parseConfig(text, 'file')).toThrow(/images\[1\]\.behaviour\.exitAfterSeconds: it is missing/);
});
