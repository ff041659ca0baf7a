import { expect, test } from 'vitest';
import { createEnv, nodeMachine, silentLog } from '../env/index.ts';
import type { ContainerStatus, ImageRecord } from '../runtime/types.ts';
import { ImageGarbage } from './image-garbage.ts';

function node(sizes: Record<string, number>, options: { readonly used?: string[]; readonly pinned?: string[]; readonly others?: number } = {}) {
  const env = createEnv({ machine: nodeMachine, log: silentLog, seed: 1, start: 0, mode: 'manual' });
  let images = Object.entries(sizes).map(
    ([id, sizeBytes]): ImageRecord => ({ id, sizeBytes, repoTags: [], repoDigests: [], config: {}, ...(options.pinned?.includes(id) ? { pinned: true } : {}) }),
  );
  const containers = (options.used ?? []).map((imageId) => ({ imageId }) as ContainerStatus);
  const warnings: string[] = [];
  const garbage = new ImageGarbage({
    env,
    runtime: {
      listImages: () => images,
      removeImage: (id) => {
        images = images.filter((one) => one.id !== id);
      },
      listContainers: () => containers,
    },
    disk: () => ({ capacity: 1000, used: images.reduce((sum, one) => sum + one.sizeBytes, options.others ?? 0) }),
    warn: (reason, message) => warnings.push(`${reason}: ${message}`),
  });
  return { env, garbage, containers, warnings, left: () => images.map((one) => one.id) };
}

test('nothing is removed while the disk is less than 85 % full', async () => {
  const { env, garbage, left } = node({ a: 400, b: 440 });
  garbage.start();
  await env.loop.advance(3_600_000);
  expect(left()).toEqual(['a', 'b']);
});

test('the longest unused go until 80 % are left; what a container uses, the runtime needs or has just come stays', async () => {
  const { env, garbage, left, containers, warnings } = node(
    { used: 100, pause: 10, old: 40, older: 40, recent: 700 },
    { used: ['used', 'old'], pinned: ['pause'] },
  );
  garbage.collect(); // Nothing is old enough yet.
  expect(warnings).toEqual([
    'FreeDiskSpaceFailed: Failed to garbage collect required amount of images. Attempted to free 90 bytes, but only found 0 bytes eligible to free.',
  ]);
  await env.loop.advance(60_000);
  garbage.collect();
  containers.pop();
  containers.push({ imageId: 'recent' } as ContainerStatus);
  await env.loop.advance(120_000);
  garbage.collect();
  expect(left()).toEqual(['used', 'pause', 'recent']);
  expect(warnings.at(-1)).toMatch(/^ImageGCFailed: .*Attempted to free 90 bytes, but only found 80 bytes/);
});

test('what fails twice is told as a failure of garbage collection', () => {
  const { garbage, warnings } = node({ a: 10 }, { used: ['a'], others: 900 });
  garbage.collect();
  garbage.collect();
  expect(warnings.map((one) => one.split(':')[0])).toEqual(['FreeDiskSpaceFailed', 'FreeDiskSpaceFailed', 'ImageGCFailed']);
});

test('what a container mounts stays as long as what it runs', () => {
  const { garbage, containers, left } = node({ own: 10, mounted: 10, unused: 10 });
  containers.push({ imageId: 'own', mountedImageIds: ['mounted'] } as unknown as ContainerStatus);
  garbage.removeUnused();
  expect(left()).toEqual(['own', 'mounted']);
});
