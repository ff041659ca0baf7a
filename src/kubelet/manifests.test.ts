import { expect, test } from 'vitest';
import { readManifests } from './manifests.ts';

const file = (name: string, text: string) => ({ name, data: Buffer.from(text) });
const web = 'apiVersion: v1\nkind: Pod\nmetadata: { name: web, labels: { app: web } }\nspec: { containers: [{ name: nginx, image: nginx }] }\n';

test('a manifest becomes a pod of its node, with the hash of its content for a uid', () => {
  const { pods, mistakes } = readManifests([file('web.yaml', web)], 'worker-1');
  expect(mistakes).toEqual([]);
  const pod = pods.get('default/web-worker-1');
  const hash = pod?.metadata?.uid;
  expect(hash).toMatch(/^[0-9a-f]{32}$/);
  expect(pod?.metadata?.annotations).toEqual({ 'kubernetes.io/config.hash': hash, 'kubernetes.io/config.source': 'file' });
  expect(pod?.spec).toMatchObject({ nodeName: 'worker-1', restartPolicy: 'Always', tolerations: [{ operator: 'Exists', effect: 'NoExecute' }] });
  const again = readManifests([file('web.yaml', web)], 'worker-1').pods.get('default/web-worker-1');
  expect(again?.metadata?.uid).toBe(hash);
  const changed = readManifests([file('web.yaml', web.replace('image: nginx', 'image: nginx:1.25'))], 'worker-1').pods.get('default/web-worker-1');
  expect(changed?.metadata?.uid).not.toBe(hash);
});

test('what is no pod is named with its file, and the other files count', () => {
  const files = [
    file('.web.yaml.swp', 'binary'),
    file('a.yaml', '{'),
    file('b.yaml', 'apiVersion: v1\nkind: ConfigMap\nmetadata: { name: x }\n'),
    file('c.yaml', 'apiVersion: v1\nkind: Pod\nmetadata: { name: Bad_Name }\nspec: { containers: [] }\n'),
    file('d.yaml', ''),
    file('e.yaml', 'apiVersion: v1\nkind: Pod\nmetadata: { name: x }\nspec: { containers: [null, 7] }\n'),
    file('f.yaml', web),
    file('g.yaml', web),
    file('h.yaml', 'x'.repeat(10 * 1024 * 1024 + 1)),
  ];
  const { pods, mistakes } = readManifests(files, 'node');
  expect([...pods.keys()]).toEqual(['default/web-node']);
  expect(mistakes.map((one) => one.file)).toEqual(['a.yaml', 'b.yaml', 'c.yaml', 'd.yaml', 'e.yaml', 'g.yaml', 'h.yaml']);
  const text = (name: string) => mistakes.find((one) => one.file === name)?.message;
  expect(text('b.yaml')).toBe('invalid pod: v1 ConfigMap');
  expect(text('c.yaml')).toContain('spec.containers: Required value');
  expect(text('g.yaml')).toBe('a pod default/web-node stands in another manifest already');
});
