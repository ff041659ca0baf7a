import { afterAll, beforeAll, expect, test } from 'vitest';
import type { PersistentVolume, PersistentVolumeSpec, Pod } from '../../generated/types/index.ts';
import { refs } from '../../src/client/index.ts';
import type { Cluster } from '../../src/cluster/index.ts';
import { simulatedCluster } from '../support/simulated-cluster.ts';

let cluster: Cluster;
beforeAll(async () => {
  cluster = await simulatedCluster({ nodes: 3 });
}, 60_000);
afterAll(() => cluster.stop());

const namespace = 'default';
const claims = () => cluster.admin.resource(refs.persistentVolumeClaims);
const volumes = () => cluster.admin.resource(refs.persistentVolumes);
const advance = (seconds: number) => cluster.env.loop.advance(seconds * 1000);
const get = (name: string) => cluster.admin.pods.get({ namespace, name });
const scheduled = async (name: string) => (await get(name)).status?.conditions?.find((one) => one.type === 'PodScheduled')?.message;
const warnings = async (name: string) => {
  const { items } = await cluster.admin.events.list({ namespace, fieldSelector: `involvedObject.name=${name},type=Warning` });
  return items.map((one) => `${one.reason}: ${one.message}`);
};

async function claim(name: string): Promise<string> {
  const spec = { accessModes: ['ReadWriteOnce'], storageClassName: '', resources: { requests: { storage: '1Gi' } }, volumeName: `${name}-pv` };
  const made = await claims().create({ metadata: { name, namespace }, spec } as never);
  return made.metadata?.uid ?? '';
}

/** What a user writes by hand where nobody binds: the volume points at the claim, and both say that they are bound. */
async function bind(name: string, uid: string, source: Partial<PersistentVolumeSpec>): Promise<void> {
  const claimRef = { apiVersion: 'v1', kind: 'PersistentVolumeClaim', namespace, name, uid };
  const spec = { capacity: { storage: '1Gi' }, accessModes: ['ReadWriteOnce'], claimRef, ...source };
  await volumes().create({ metadata: { name: `${name}-pv` }, spec } as PersistentVolume);
  await volumes().patch({ name: `${name}-pv` }, 'merge', { status: { phase: 'Bound' } }, 'status');
  await claims().patch({ namespace, name }, 'merge', { status: { phase: 'Bound', accessModes: ['ReadWriteOnce'], capacity: { storage: '1Gi' } } }, 'status');
}

function mounting(name: string, claimName: string, line: string, more: object = {}): Pod {
  const spec = {
    restartPolicy: 'Never',
    containers: [{ name: 'c', image: 'busybox', command: ['sh', '-c', line], volumeMounts: [{ name: 'data', mountPath: '/data' }] }],
    volumes: [{ name: 'data', persistentVolumeClaim: { claimName } }],
    ...more,
  };
  return { metadata: { name, namespace }, spec };
}

const onNode = (name: string) => ({
  required: { nodeSelectorTerms: [{ matchExpressions: [{ key: 'kubernetes.io/hostname', operator: 'In', values: [name] }] }] },
});

test('a pod waits for its claim to be there and to be bound, goes to the node of the volume, and its data outlives it', async () => {
  await cluster.admin.pods.create(mounting('first', 'data', 'echo kept > /data/a'));
  await advance(2);
  expect(await scheduled('first')).toBe(
    '0/3 nodes are available: persistentvolumeclaim "data" not found. preemption: 0/3 nodes are available: 3 Preemption is not helpful for scheduling.',
  );
  const uid = await claim('data');
  await advance(20);
  expect(await scheduled('first')).toMatch(/^0\/3 nodes are available: pod has unbound immediate PersistentVolumeClaims\. /);
  const worker = cluster.nodes[2]?.name ?? '';
  await bind('data', uid, { hostPath: { path: '/mnt/data', type: 'DirectoryOrCreate' }, nodeAffinity: onNode(worker) });
  await advance(30);
  expect(await get('first')).toMatchObject({ spec: { nodeName: worker }, status: { phase: 'Succeeded' } });
  await cluster.admin.pods.create(
    mounting('second', 'data', 'test "$(cat /data/a)" = kept && ! touch /data/b', {
      volumes: [{ name: 'data', persistentVolumeClaim: { claimName: 'data', readOnly: true } }],
    }),
  );
  await advance(30);
  expect(await get('second')).toMatchObject({ spec: { nodeName: worker }, status: { phase: 'Succeeded' } });
});

test('a pod that was bound past the scheduler is told by the kubelet what its claim lacks', async () => {
  const nodeName = cluster.nodes[1]?.name ?? '';
  await cluster.admin.pods.create(mounting('early', 'late', 'sleep 36000', { nodeName }));
  const uid = await claim('late');
  await advance(3);
  const text = (why: string) =>
    expect.stringMatching(
      new RegExp(
        `^FailedMount: Unable to attach or mount volumes: unmounted volumes=\\[data kube-api-access-\\w+\\], unattached volumes=\\[\\], failed to process volumes=\\[data\\]: error processing PVC default/late: ${why}$`,
      ),
    );
  expect(await warnings('early')).toContainEqual(text('PVC is not bound'));
  await bind('late', uid, { local: { path: '/mnt/late' }, nodeAffinity: onNode(nodeName) });
  await advance(10);
  expect(await warnings('early')).toContainEqual(expect.stringMatching(/^FailedMount: MountVolume\.SetUp failed for volume "late-pv" : .*\/mnt\/late/));
  await cluster.admin.pods.create({
    metadata: { name: 'maker', namespace },
    spec: {
      nodeName,
      restartPolicy: 'Never',
      containers: [{ name: 'c', image: 'busybox', command: ['mkdir', '-p', '/host/mnt/late'], volumeMounts: [{ name: 'h', mountPath: '/host' }] }],
      volumes: [{ name: 'h', hostPath: { path: '/' } }],
    },
  });
  await advance(150);
  expect((await get('early')).status?.phase).toBe('Running');
});

test('a volume of a kind that is not simulated is refused by name', async () => {
  await bind('remote', await claim('remote'), { nfs: { server: 'nfs.example.com', path: '/' } });
  await cluster.admin.pods.create(mounting('p', 'remote', 'true'));
  await advance(5);
  expect(await warnings('p')).toEqual([
    'FailedMount: MountVolume.SetUp failed for volume "remote-pv" : paperkube does not simulate persistent volumes of type nfs',
  ]);
});
