import { expect, test } from 'vitest';
import { testNode } from './testing/node.ts';
import type { ContainerConfig } from './types.ts';

const idle = { command: ['sleep', '100000'] };

async function shown(image: string, user?: ContainerConfig['user']): Promise<[id: string, status: readonly number[] | undefined]> {
  const node = testNode();
  const { id } = await node.start(image, { ...idle, user });
  return [(await node.exec(id, 'id')).stdout.trim(), node.status(id)?.user?.groups];
}

test('a user has the groups that the image lists it in, and those that the pod adds', async () => {
  expect(await shown('busybox')).toEqual(['uid=0(root) gid=0(root) groups=0(root),10(wheel)', [0, 10]]);
  expect(await shown('alpine')).toEqual([
    'uid=0(root) gid=0(root) groups=0(root),1(bin),2(daemon),3(sys),4(adm),6(disk),10(wheel),11(floppy),20(dialout),26(tape),27(video)',
    [0, 1, 2, 3, 4, 6, 10, 11, 20, 26, 27],
  ]);
  expect(await shown('debian')).toEqual(['uid=0(root) gid=0(root) groups=0(root)', [0]]);
  expect(await shown('busybox', { uid: 0, gid: 3000, groups: [4000, 2000] })).toEqual([
    'uid=0(root) gid=3000 groups=10(wheel),2000,3000,4000',
    [10, 2000, 3000, 4000],
  ]);
});

test('with the policy Strict the image adds no group', async () => {
  const groupsPolicy = 'Strict';
  expect(await shown('busybox', { groupsPolicy })).toEqual(['uid=0(root) gid=0(root) groups=0(root)', [0]]);
  expect(await shown('alpine', { groups: [2000], groupsPolicy })).toEqual(['uid=0(root) gid=0(root) groups=0(root),2000', [0, 2000]]);
});

test('a user that the image does not know is in the group root, and in those of the pod alone', async () => {
  expect(await shown('busybox', { uid: 1000 })).toEqual(['uid=1000 gid=0(root) groups=0(root)', [0]]);
  expect(await shown('busybox', { uid: 1000, gid: 1000, groups: [2000] })).toEqual(['uid=1000 gid=1000 groups=1000,2000', [1000, 2000]]);
});
