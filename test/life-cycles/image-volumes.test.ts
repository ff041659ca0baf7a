import { afterEach, expect, test } from 'vitest';
import type { Container, Pod, Volume } from '../../generated/types/index.ts';
import type { Cluster } from '../../src/cluster/index.ts';
import { podLog } from '../support/pod-log.ts';
import { simulatedCluster } from '../support/simulated-cluster.ts';

let cluster: Cluster;
afterEach(() => cluster.stop());

async function clusterWithGate(): Promise<Cluster> {
  cluster = await simulatedCluster({ nodes: 1, featureGates: { ImageVolume: true } });
  return cluster;
}

type Image = NonNullable<Volume['image']>;

/** A container that runs a script, with the volume at /files unless said otherwise. */
function running(name: string, script: string, mount: object | null = {}): Container {
  const volumeMounts = mount ? [{ name: 'files', mountPath: '/files', ...mount }] : [];
  return { name, image: 'busybox:1.36', command: ['sh', '-c', script], volumeMounts };
}

function podWith(name: string, image: Image, ...containers: Container[]): Pod {
  return { metadata: { name, namespace: 'default' }, spec: { restartPolicy: 'Never', containers, volumes: [{ name: 'files', image }] } };
}

/** Where, reason and message of each kind of event that came from a pod's kubelet, in order. */
async function kubeletEvents(name: string): Promise<string[]> {
  const { items } = await cluster.admin.events.list({ namespace: 'default' });
  const own = items.filter((one) => one.involvedObject.name === name && one.source?.component === 'kubelet');
  return own.map(({ reason, message, involvedObject }) => `${involvedObject.fieldPath ?? 'pod'} ${reason} ${message}`);
}

async function waitingOf(name: string): Promise<unknown[]> {
  const { status } = await cluster.admin.pods.get({ namespace: 'default', name });
  return (status?.containerStatuses ?? []).map(({ state }) => state?.waiting ?? Object.keys(state ?? {})[0]);
}

test('the files of an image are there for every container that mounts them, and nobody can write to them', async () => {
  const { admin, env } = await clusterWithGate();
  const whole = [
    'grep title /files/usr/share/nginx/html/index.html',
    'touch /files/x',
    'echo more >> /files/etc/passwd',
    'rm -r /files/etc',
    'ls -ld /files | cut -c 1-10',
    'mount | grep /files',
  ];
  const part = running('part', 'ls /files; mount | grep /files', { subPath: 'usr/share/nginx/html' });
  await admin.pods.create(podWith('reader', { reference: 'nginx:1.25' }, running('whole', whole.join('\n')), part));
  await env.loop.advance(20_000);
  expect((await podLog(cluster, 'reader', 'whole')).split('\n')).toEqual([
    '<title>Welcome to nginx!</title>',
    'touch: /files/x: Read-only file system',
    "sh: can't create /files/etc/passwd: Read-only file system",
    "rm: can't remove '/files/etc': Read-only file system",
    'drwxr-xr-x',
    'overlay on /files type overlay (ro,relatime)',
    '',
  ]);
  expect(await podLog(cluster, 'reader', 'part')).toBe('50x.html\nindex.html\noverlay on /files type overlay (ro,relatime)\n');
  // The image is pulled for the pod, before any of its containers is looked at; once, although two mount it.
  expect(await kubeletEvents('reader')).toEqual([
    'pod Pulling Pulling image "nginx:1.25"',
    expect.stringMatching(/^pod Pulled Successfully pulled image "nginx:1\.25" in .* Image size: 72142029 bytes\.$/),
    'spec.containers{whole} Pulling Pulling image "busybox:1.36"',
    expect.stringMatching(/^spec\.containers{whole} Pulled Successfully pulled image "busybox:1\.36"/),
    'spec.containers{whole} Created Created container: whole',
    'spec.containers{whole} Started Started container whole',
    'spec.containers{part} Pulled Container image "busybox:1.36" already present on machine',
    'spec.containers{part} Created Created container: part',
    'spec.containers{part} Started Started container part',
  ]);
  const [node] = (await admin.nodes.list()).items;
  expect(node?.status?.images?.flatMap((one) => one.names)).toContain('docker.io/library/nginx:1.25');
});

test('an image that cannot be pulled holds up the containers that mount it, and no others', async () => {
  const { admin, env } = await clusterWithGate();
  await admin.pods.create(podWith('missing', { reference: 'nginx:nope' }, running('mounts', 'ls /files'), running('other', 'sleep 1000', null)));
  await admin.pods.create(podWith('alone', { reference: 'nginx:nope' }, running('c', 'ls /files')));
  await env.loop.advance(1000);
  const why = `rpc error: code = NotFound desc = failed to pull and unpack image "docker.io/library/nginx:nope": failed to resolve reference "docker.io/library/nginx:nope": docker.io/library/nginx:nope: not found`;
  expect(await waitingOf('alone')).toEqual([{ reason: 'ErrImagePull', message: why }]);
  await env.loop.advance(5000);
  expect(await waitingOf('missing')).toEqual([{ reason: 'ImagePullBackOff', message: `Back-off pulling image "nginx:nope": ErrImagePull: ${why}` }, 'running']);
  const events = await kubeletEvents('missing');
  expect(events.slice(0, 3)).toEqual([
    'pod Pulling Pulling image "nginx:nope"',
    `pod Failed Failed to pull image "nginx:nope": ${why}`,
    'spec.containers{mounts} Failed Error: ErrImagePull',
  ]);
  expect(events).toContain('pod BackOff Back-off pulling image "nginx:nope"');
  expect(events).toContain('spec.containers{mounts} Failed Error: ImagePullBackOff');
});

test('what cannot be mounted is told by the container that asks for it', async () => {
  const { admin, env } = await clusterWithGate();
  const nginx = { reference: 'nginx:1.25' };
  await admin.pods.create(podWith('never', { reference: 'redis:7', pullPolicy: 'Never' }, running('c', 'true')));
  await admin.pods.create(podWith('invalid', { reference: 'NGINX' }, running('c', 'true')));
  await admin.pods.create(podWith('nothing', nginx, running('c', 'true', { subPath: 'no/such' })));
  await admin.pods.create(podWith('file', nginx, running('c', 'true', { subPath: 'etc/passwd' })));
  await env.loop.advance(20_000);
  expect(await waitingOf('never')).toEqual([{ reason: 'ErrImageNeverPull', message: 'Container image "redis:7" is not present with pull policy of Never' }]);
  expect(await waitingOf('invalid')).toMatchObject([{ reason: 'InvalidImageName' }]);
  const mountFailed = (why: string) => [
    {
      reason: 'CreateContainerError',
      message: expect.stringMatching(`^failed to mount image volume: ImageVolumeMountFailed: failed to ensure image subpath ${why}`),
    },
  ];
  expect(await waitingOf('nothing')).toEqual(mountFailed('"no/such" in "/run/containerd/.*": openat no/such: no such file or directory$'));
  expect(await waitingOf('file')).toEqual(mountFailed('"etc/passwd" in .*: only directory subpath is supported, subpath: "etc/passwd", mountpoint: '));
});

test('a container that starts again has the image again, without a second pull', async () => {
  const { admin, env } = await clusterWithGate();
  const pod = podWith('again', { reference: 'nginx:1.25' }, running('c', 'ls /files/etc | grep nginx; exit 1'));
  await admin.pods.create({ ...pod, spec: { ...(pod.spec as NonNullable<Pod['spec']>), restartPolicy: 'OnFailure' } });
  await env.loop.advance(60_000);
  expect(await podLog(cluster, 'again')).toBe('nginx\n');
  const { status } = await admin.pods.get({ namespace: 'default', name: 'again' });
  expect(status?.containerStatuses?.[0]?.restartCount).toBeGreaterThan(1);
  const events = await kubeletEvents('again');
  expect(events.filter((text) => text.startsWith('pod Pulling'))).toHaveLength(1);
  expect(events).toContain('pod Pulled Container image "nginx:1.25" already present on machine');
});

test('a pod that is deleted while the image of its volume is pulled goes without waiting for it', async () => {
  const { admin, env } = await clusterWithGate();
  await admin.pods.create(podWith('gone', { reference: 'nginx:1.25' }, running('c', 'sleep 1000')));
  await env.loop.advance(1500);
  await admin.pods.delete({ namespace: 'default', name: 'gone' });
  await env.loop.advance(1000);
  expect((await admin.pods.list({ namespace: 'default' })).items).toEqual([]);
  await env.loop.advance(10_000);
  expect(await kubeletEvents('gone')).toEqual(['pod Pulling Pulling image "nginx:1.25"']);
});

test('the API keeps image volumes, gives them a pull policy, and says what is wrong with them', async () => {
  const { admin } = await clusterWithGate();
  const make = (name: string, image: Image) => admin.pods.create(podWith(name, image, running('c', 'true')));
  const kept = async (name: string, image: Image) => (await make(name, image)).spec?.volumes?.find((one) => one.name === 'files')?.image;
  expect(await kept('tag', { reference: 'nginx:1.25' })).toEqual({ reference: 'nginx:1.25', pullPolicy: 'IfNotPresent' });
  expect(await kept('latest', { reference: 'nginx' })).toEqual({ reference: 'nginx', pullPolicy: 'Always' });
  await expect(make('bad', { pullPolicy: 'Sometimes' })).rejects.toThrow(
    'Pod "bad" is invalid: [spec.volumes[0].image.reference: Required value, spec.volumes[0].image.pullPolicy: Unsupported value: "Sometimes": supported values: "Always", "IfNotPresent", "Never", ' +
      'spec.containers[0].volumeMounts[0].name: Not found: "files"]',
  );
  // In a template the reference may be left to whoever makes pods of it.
  const { spec } = podWith('', {}, running('c', 'true'));
  const template = { metadata: { labels: { app: 'web' } }, spec: { ...(spec as NonNullable<Pod['spec']>), restartPolicy: 'Always' } };
  const made = await admin.deployments.create({
    metadata: { name: 'web', namespace: 'default' },
    spec: { selector: { matchLabels: { app: 'web' } }, template },
  });
  expect(made.spec?.template.spec?.volumes).toEqual([{ name: 'files', image: { pullPolicy: 'IfNotPresent' } }]);
});

test('a cluster does not start with a feature gate that it does not have', async () => {
  cluster = await clusterWithGate();
  await expect(simulatedCluster({ featureGates: { Nope: true } as object })).rejects.toThrow('unrecognized feature gate: Nope');
});

test('a kubelet counts the containers and image volumes it starts, and by reason those it cannot', async () => {
  const { admin, env } = await clusterWithGate();
  await admin.pods.create(podWith('good', { reference: 'nginx:1.25' }, running('one', 'sleep 1000'), running('two', 'sleep 1000', null)));
  await admin.pods.create(podWith('bad', { reference: 'nginx:1.25' }, { ...running('c', 'true'), image: 'nosuch/image' }));
  await env.loop.advance(5000);
  const counted = await Promise.all(env.metrics.families().map(async ({ name, samples }) => [name, await samples()] as const));
  const value = (name: string, labels: Record<string, string> = {}) =>
    counted
      .filter(([one]) => one === name)
      .flatMap(([, samples]) => samples)
      .filter((sample) => Object.entries(labels).every(([key, wanted]) => sample.labels[key] === wanted))
      .reduce((sum, sample) => sum + sample.value, 0);
  const ours = { container_type: 'container', code: 'ErrImagePull' };
  expect(value('kubelet_started_containers_errors_total', ours)).toBe(1);
  // As upstream, the volume of a container that failed before it was mounted counts as mounted.
  expect(['requested_total', 'mounted_succeed_total', 'mounted_errors_total'].map((name) => value(`kubelet_image_volume_${name}`))).toEqual([2, 2, 0]);
  expect(value('kubelet_started_pods_total')).toBeGreaterThanOrEqual(2);
  expect(value('kubelet_started_containers_total', { container_type: 'container' })).toBeGreaterThanOrEqual(3);
});
