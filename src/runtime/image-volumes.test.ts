import { expect, test } from 'vitest';
import { createImageLayer } from '../shell/fs/index.ts';
import { imageVolume } from './image-volumes.ts';
import type { ImageRecord } from './types.ts';

const image: ImageRecord = { id: 'sha256:1', repoTags: [], repoDigests: ['docker.io/library/x@sha256:abc'], sizeBytes: 1, config: {} };
const layer = createImageLayer([
  ['/', { directory: true, mode: 0o750, uid: 7 }],
  ['/data/file', { data: 'x' }],
  ['/inside', { symlink: 'data' }],
  ['/outside', { symlink: '../..' }],
  ['/absolute', { symlink: '/data' }],
  ['/loop', { symlink: 'loop' }],
]);
const folder = '/run/containerd/io.containerd.grpc.v1.cri/image-volumes/pod/abc';
const mount = (subPath?: string) => imageVolume(image, layer, { sandboxId: 'pod', subPath });

test('an image as a volume has the rights of its top directory, and links inside it may be mounted', () => {
  const { root } = mount('inside');
  expect([root.mode, root.uid, root.names()]).toEqual([0o750, 7, ['absolute', 'data', 'inside', 'loop', 'outside']]);
});

test.each([
  ['nothing', 'openat nothing: no such file or directory'],
  ['data/file/below', 'openat data/file/below: not a directory'],
  ['outside', 'openat outside: path escapes from parent'],
  ['absolute', 'openat absolute: path escapes from parent'],
  ['loop', 'openat loop: too many levels of symbolic links'],
  ['data/file', `only directory subpath is supported, subpath: "data/file", mountpoint: "${folder}" `],
])('the subPath %s is refused, and nothing is made in its place', (subPath, why) => {
  const text = `failed to mount image volume: ImageVolumeMountFailed: failed to ensure image subpath "${subPath}" in "${folder}": ${why}`;
  expect(() => mount(subPath)).toThrow(text);
  expect(layer.root.get('nothing')).toBeUndefined();
});
