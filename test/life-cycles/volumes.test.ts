import { expect, test } from 'vitest';
import { createClient } from '../../src/client/index.ts';
import { podLog } from '../support/pod-log.ts';
import { simulatedCluster } from '../support/simulated-cluster.ts';

const admin = { username: 'admin', groups: ['system:masters'] };

test('a changed config map reaches the files of a running pod within a minute, but neither its subPath nor its environment', async () => {
  const cluster = await simulatedCluster({ nodes: 2 });
  const { env, handler } = cluster;
  const client = createClient(handler, admin, { userAgent: 'test' });
  await client.configMaps.create({ metadata: { name: 'settings', namespace: 'default' }, data: { color: 'red' } });
  const configMapKeyRef = { name: 'settings', key: 'color' };
  await client.pods.create({
    metadata: { name: 'reader', namespace: 'default' },
    spec: {
      containers: [
        {
          name: 'c',
          image: 'busybox',
          command: ['sh', '-c', 'while true; do echo $(cat /whole/color) $(cat /single) $COLOR; sleep 10; done'],
          env: [{ name: 'COLOR', valueFrom: { configMapKeyRef } }],
          volumeMounts: [
            { name: 'settings', mountPath: '/whole' },
            { name: 'settings', mountPath: '/single', subPath: 'color' },
          ],
        },
      ],
      volumes: [{ name: 'settings', configMap: { name: 'settings' } }],
    },
  });
  await env.loop.advance(100_000);
  const lastLine = async () => `${(await podLog(cluster, 'reader')).trim().split('\n').at(-1)}\n`;
  expect(await lastLine()).toBe('red red red\n');
  await client.configMaps.patch({ namespace: 'default', name: 'settings' }, 'merge', { data: { color: 'blue' } });
  await env.loop.advance(70_000);
  expect(await lastLine()).toBe('blue red red\n');
});

test('a running pod shows the fields that a 1.33 server with its usual gates shows', async () => {
  const { env, handler } = await simulatedCluster({ nodes: 2 });
  const client = createClient(handler, admin, { userAgent: 'test' });
  const resources = { requests: { cpu: '100m', memory: '32Mi' }, limits: { memory: '64Mi' } };
  await client.pods.create({ metadata: { name: 'web', namespace: 'default' }, spec: { containers: [{ name: 'c', image: 'nginx', resources }] } });
  await env.loop.advance(30_000);
  const { metadata, status } = await client.pods.get({ namespace: 'default', name: 'web' });
  expect(metadata?.generation).toBe(1);
  expect(Object.keys(status ?? {}).sort()).toEqual([
    'conditions',
    'containerStatuses',
    'hostIP',
    'hostIPs',
    'phase',
    'podIP',
    'podIPs',
    'qosClass',
    'startTime',
  ]);
  expect(status?.conditions?.map(({ type, status: value, lastProbeTime }) => [type, value, lastProbeTime])).toEqual(
    ['PodReadyToStartContainers', 'Initialized', 'Ready', 'ContainersReady', 'PodScheduled'].map((type) => [type, 'True', null]),
  );
  const [container] = status?.containerStatuses ?? [];
  expect(container).toMatchObject({
    name: 'c',
    ready: true,
    started: true,
    restartCount: 0,
    lastState: {},
    image: 'docker.io/library/nginx:latest',
    allocatedResources: resources.requests,
    resources,
    user: { linux: { uid: 0, gid: 0, supplementalGroups: [0] } },
    volumeMounts: [{ mountPath: '/var/run/secrets/kubernetes.io/serviceaccount', readOnly: true, recursiveReadOnly: 'Disabled' }],
  });
  expect(container?.containerID).toMatch(/^containerd:\/\/[0-9a-f]{64}$/);
  expect(container?.imageID).toMatch(/^docker.io\/library\/nginx@sha256:[0-9a-f]{64}$/);
});

test('an fsGroup owns what is written, may read what the kubelet fills, and nobody may write there', async () => {
  const cluster = await simulatedCluster({ nodes: 1 });
  const { admin, env } = cluster;
  await admin.secrets.create({ metadata: { name: 's', namespace: 'default' }, data: { key: 'eA==' } });
  const script = [
    'id',
    'touch /e/f; mkdir /e/d; touch /e/d/g; ls -ln /e | tail -2; ls -lnd /e /e/d/g /sub /s /s/..data/key',
    'cat /s/key; echo; echo y > /s/key; echo $?',
    "mount | grep -E ' /(e|s|m) '",
    "stat -c '%a %u %g' /var/run/secrets/kubernetes.io/serviceaccount/..data/token",
  ].join('; ');
  await admin.pods.create({
    metadata: { name: 'owner', namespace: 'default' },
    spec: {
      restartPolicy: 'Never',
      securityContext: { runAsUser: 1000, runAsGroup: 3000, fsGroup: 2000, supplementalGroups: [4000] },
      containers: [
        {
          name: 'c',
          image: 'busybox',
          command: ['sh', '-c', script],
          volumeMounts: [
            { name: 'e', mountPath: '/e' },
            { name: 'm', mountPath: '/m' },
            { name: 's', mountPath: '/s' },
            { name: 'e', mountPath: '/sub', subPath: 'made' },
          ],
        },
      ],
      volumes: [
        { name: 'e', emptyDir: {} },
        { name: 'm', emptyDir: { medium: 'Memory' } },
        { name: 's', secret: { secretName: 's', defaultMode: 0o400 } },
      ],
    },
  });
  await env.loop.advance(20_000);
  const withoutDates = (await podLog(cluster, 'owner')).replace(/ +\d+ Jan +\d+ \d\d:\d\d/g, '').replace(/ {2,}/g, ' ');
  expect(withoutDates.split('\n')).toEqual([
    'uid=1000 gid=3000 groups=2000,3000,4000',
    '-rw-r--r-- 1 1000 2000 f',
    'drwxrwsrwx 2 0 2000 made',
    'drwxrwsrwx 4 0 2000 /e',
    '-rw-r--r-- 1 1000 2000 /e/d/g',
    'drwxrwsrwt 3 0 2000 /s',
    '-r--r----- 1 0 2000 /s/..data/key',
    'drwxrwsrwx 2 0 2000 /sub',
    'x',
    "sh: can't create /s/key: Read-only file system",
    '1',
    '/dev/vda1 on /e type ext4 (rw,relatime)',
    'tmpfs on /m type tmpfs (rw,relatime)',
    'tmpfs on /s type tmpfs (ro,relatime)',
    '640 1000 2000',
    '',
  ]);
});

test('a hostPath of the wrong kind fails as the kubelet says, and a subPath has to stay inside', async () => {
  const { admin, env } = await simulatedCluster({ nodes: 1 });
  const start = (name: string, volume: object, mount: object = {}) =>
    admin.pods.create({
      metadata: { name, namespace: 'default' },
      spec: {
        containers: [{ name: 'c', image: 'busybox', command: ['sleep', '1000'], volumeMounts: [{ name: 'v', mountPath: '/v', ...mount }] }],
        volumes: [{ name: 'v', ...volume }],
      },
    });
  const hostPath = (path: string, type: string) => ({ hostPath: { path, type } });
  await start('directory', hostPath('/data', 'Directory'));
  await start('file', hostPath('/tmp', 'File'));
  await start('socket', hostPath('/run/docker.sock', 'Socket'));
  await start('parent', hostPath('/none/file', 'FileOrCreate'));
  await start('usual', hostPath('/var/log', 'Directory'));
  await start('unset', { emptyDir: {} }, { subPathExpr: '$(NOPE)/x' });
  await start('image', { image: { reference: 'busybox' } });
  await env.loop.advance(20_000);
  const { items } = await admin.events.list({ namespace: 'default' });
  const messageOf = (name: string, reason: string) => items.find((one) => one.involvedObject.name === name && one.reason === reason)?.message;
  const failed = 'MountVolume.SetUp failed for volume "v" :';
  expect(messageOf('directory', 'FailedMount')).toBe(`${failed} hostPath type check failed: /data is not a directory`);
  expect(messageOf('file', 'FailedMount')).toBe(`${failed} hostPath type check failed: /tmp is not a file`);
  expect(messageOf('socket', 'FailedMount')).toBe(`${failed} hostPath type check failed: /run/docker.sock is not a socket file`);
  expect(messageOf('parent', 'FailedMount')).toBe(`${failed} open /none/file: no such file or directory`);
  expect(messageOf('unset', 'Failed')).toBe('Error: missing value for NOPE');
  const waiting = await admin.pods.get({ namespace: 'default', name: 'unset' });
  expect(waiting.status?.containerStatuses?.[0]?.state?.waiting).toEqual({ reason: 'CreateContainerConfigError', message: 'missing value for NOPE' });
  expect((await admin.pods.get({ namespace: 'default', name: 'usual' })).status?.phase).toBe('Running');
  const { spec, status } = await admin.pods.get({ namespace: 'default', name: 'image' });
  // The gate of image volumes is off in 1.33: what names one is dropped, and the pod runs without.
  expect([status?.phase, spec?.volumes?.map((one) => one.name), spec?.containers[0]?.volumeMounts?.map((one) => one.name)]).toEqual([
    'Running',
    [expect.stringMatching(/^kube-api-access/)],
    [expect.stringMatching(/^kube-api-access/)],
  ]);
});

test('a termination message is what was left at its path, or the end of the log of a container that failed', async () => {
  const { admin, env } = await simulatedCluster({ nodes: 1 });
  const run = (name: string, script: string, more: object = {}) => ({ name, image: 'busybox', command: ['sh', '-c', script], ...more });
  const fromLog = { terminationMessagePolicy: 'FallbackToLogsOnError' };
  await admin.pods.create({
    metadata: { name: 'words', namespace: 'default' },
    spec: {
      restartPolicy: 'Never',
      containers: [
        run('file', 'echo log; echo last words > /tmp/words; exit 1', { terminationMessagePath: '/tmp/words' }),
        run('log', 'seq 100; exit 1', fromLog),
        run('good', 'echo fine', fromLog),
        run('long', 'head -c 5000 /dev/zero | tr "\\0" x > /dev/termination-log; echo end >> /dev/termination-log'),
        run('named', 'true', { image: 'curlimages/curl', securityContext: { runAsNonRoot: true } }),
      ],
    },
  });
  await env.loop.advance(60_000);
  const { status } = await admin.pods.get({ namespace: 'default', name: 'words' });
  const of = (name: string) => status?.containerStatuses?.find((one) => one.name === name)?.state;
  expect(of('file')?.terminated?.message).toBe('last words\n');
  expect(of('log')?.terminated?.message).toBe(Array.from({ length: 80 }, (_, index) => `${index + 21}\n`).join(''));
  expect(of('good')?.terminated?.message).toBeUndefined();
  // Its last 4096 bytes, of which the pod's five containers get a fifth of 12 KiB each.
  expect(of('long')?.terminated?.message).toBe('x'.repeat(2457));
  expect(of('named')?.waiting?.message).toMatch(
    /^container has runAsNonRoot and image has non-numeric user \(curl_user\), cannot verify user is non-root \(pod: "words_default/,
  );
});

test('mounts of a container are shown as they are: recursively read-only where asked for, shared memory, folders as old as the container', async () => {
  const cluster = await simulatedCluster({ nodes: 1 });
  const readOnly = (recursiveReadOnly: string) => ({ name: 'v', mountPath: `/mnt/${recursiveReadOnly}`, readOnly: true, recursiveReadOnly });
  await cluster.admin.pods.create({
    metadata: { name: 'p', namespace: 'default' },
    spec: {
      automountServiceAccountToken: false,
      restartPolicy: 'Never',
      containers: [
        {
          name: 'c',
          image: 'busybox',
          command: ['sh', '-c', 'mount | grep -E "shm|/host "; df -h /dev/shm | tail -n 1; ls -ld / /mnt /host | cut -c 45-'],
          volumeMounts: [...['Disabled', 'IfPossible', 'Enabled'].map(readOnly), { name: 'h', mountPath: '/host' }],
        },
      ],
      volumes: [
        { name: 'v', emptyDir: {} },
        { name: 'h', hostPath: { path: '/var/data', type: 'DirectoryOrCreate' } },
      ],
    },
  });
  await cluster.env.loop.advance(10_000);
  const { status } = await cluster.admin.pods.get({ namespace: 'default', name: 'p' });
  const shown = status?.containerStatuses?.[0]?.volumeMounts?.map((one) => one.recursiveReadOnly);
  expect(shown).toEqual(['Disabled', 'Enabled', 'Enabled', undefined]);
  expect((await podLog(cluster, 'p')).split('\n')).toEqual([
    'shm on /dev/shm type tmpfs (rw,relatime)',
    '/dev/vda1 on /host type ext4 (rw,relatime)',
    'shm                      64.0M         0     64.0M   0% /dev/shm',
    'Jan  1 00:01 /',
    'Jan  1 00:00 /host',
    'Jan  1 00:01 /mnt',
    '',
  ]);
});

test('volumes that are a tmpfs keep its sticky bit, those on disk have none', async () => {
  const cluster = await simulatedCluster({ nodes: 1 });
  await cluster.admin.secrets.create({ metadata: { name: 's', namespace: 'default' }, stringData: { a: 'b' } });
  await cluster.admin.configMaps.create({ metadata: { name: 'm', namespace: 'default' }, data: { a: 'b' } });
  const fieldRef = { fieldPath: 'metadata.labels' };
  await cluster.admin.pods.create({
    metadata: { name: 'p', namespace: 'default' },
    spec: {
      restartPolicy: 'Never',
      containers: [
        {
          name: 'c',
          image: 'busybox',
          command: ['sh', '-c', 'for v in s m d e f; do stat -c "%A %n" /$v; done; stat -c %A /var/run/secrets/kubernetes.io/serviceaccount'],
          volumeMounts: ['s', 'm', 'd', 'e', 'f'].map((name) => ({ name, mountPath: `/${name}` })),
        },
      ],
      volumes: [
        { name: 's', secret: { secretName: 's' } },
        { name: 'm', configMap: { name: 'm' } },
        { name: 'd', downwardAPI: { items: [{ path: 'labels', fieldRef }] } },
        { name: 'e', emptyDir: {} },
        { name: 'f', emptyDir: { medium: 'Memory' } },
      ],
    },
  });
  await cluster.env.loop.advance(10_000);
  expect((await podLog(cluster, 'p')).split('\n')).toEqual([
    'drwxrwxrwt /s',
    'drwxrwxrwx /m',
    'drwxrwxrwt /d',
    'drwxrwxrwx /e',
    'drwxrwxrwt /f',
    'drwxrwxrwt',
    '',
  ]);
});

test('a node tells its name and its system to whoever looks at its files', async () => {
  const cluster = await simulatedCluster({ nodes: 1 });
  const client = createClient(cluster.handler, admin, { userAgent: 'test' });
  const command = ['sh', '-c', 'cat /host/etc/hostname; grep PRETTY /host/etc/os-release; stat -c %a /host/etc/os-release'];
  const container = { name: 'c', image: 'busybox', command, volumeMounts: [{ name: 'host', mountPath: '/host' }] };
  const spec = { restartPolicy: 'Never', containers: [container], volumes: [{ name: 'host', hostPath: { path: '/' } }] };
  await client.pods.create({ metadata: { name: 'looks', namespace: 'default' }, spec });
  await cluster.env.loop.advance(20_000);
  const node = (await client.pods.get({ namespace: 'default', name: 'looks' })).spec?.nodeName;
  expect(await podLog(cluster, 'looks')).toBe(`${node}\nPRETTY_NAME="Debian GNU/Linux 12 (bookworm)"\n644\n`);
});
