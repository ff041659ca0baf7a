/** The official JavaScript client against a server of this process, over TLS with the kubeconfig that users get. */
import { PassThrough } from 'node:stream';
import {
  ApiException,
  AppsV1Api,
  CoreV1Api,
  CustomObjectsApi,
  KubeConfig,
  KubernetesObjectApi,
  Log,
  makeInformer,
  PatchStrategy,
  setHeaderOptions,
  type V1ConfigMap,
  type V1Pod,
  type V1Status,
  VersionApi,
  Watch,
} from '@kubernetes/client-node';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { RunningServer } from '../../server/cli/index.ts';
import { nodesByCount, planNodes } from '../../server/cli/nodes.ts';
import { startServer } from '../../server/start-server.ts';

let server: RunningServer;
let config: KubeConfig;
let core: CoreV1Api;

beforeAll(async () => {
  const nodes = planNodes('clients', nodesByCount(2));
  // Time runs fast, so that pulling an image takes no second of the test's.
  const clock = { clock: 'x20', clockStart: undefined, seed: 1 } as const;
  server = await startServer({ name: 'clients', host: '127.0.0.1', port: 0, http: false, nodes, dnsPort: undefined, logLevel: 'error', ...clock });
  config = new KubeConfig();
  config.loadFromString(server.kubeconfigText);
  core = config.makeApiClient(CoreV1Api);
});
afterAll(() => server.stop());

const namespace = 'default';
const pod = (name: string, script: string): V1Pod => ({
  metadata: { name, labels: { app: name } },
  spec: { containers: [{ name: 'main', image: 'busybox:1.36', command: ['sh', '-c', script] }] },
});

/** The Status that a refused call carries. */
async function refused(call: Promise<unknown>): Promise<{ code: number; status: V1Status }> {
  const error = await call.then(
    () => undefined,
    (caught: unknown) => caught,
  );
  expect(error).toBeInstanceOf(ApiException);
  const { code, body } = error as ApiException<V1Status | string>;
  return { code, status: typeof body === 'string' ? (JSON.parse(body) as V1Status) : body };
}

/** Resolves with the first state of a pod that `accept` likes. */
async function podBecomes(name: string, accept: (pod: V1Pod) => boolean): Promise<V1Pod> {
  const informer = makeInformer(config, `/api/v1/namespaces/${namespace}/pods`, () => core.listNamespacedPod({ namespace }));
  try {
    return await new Promise<V1Pod>((resolve, reject) => {
      const look = (one: V1Pod) => one.metadata?.name === name && accept(one) && resolve(one);
      informer.on('add', look);
      informer.on('update', look);
      informer.on('error', reject);
      informer.start().catch(reject);
    });
  } finally {
    await informer.stop();
  }
}

test('the kubeconfig leads to the cluster, which says its version and lists what is there', async () => {
  expect(config.getCurrentContext()).toBe('paperkube-clients');
  expect((await config.makeApiClient(VersionApi).getCode()).gitVersion).toMatch(/^v1\.33\.\d+\+paperkube$/);
  const nodes = await core.listNode();
  expect(nodes.items.map((node) => node.metadata?.name)).toEqual(['clients-control-plane', 'clients-worker']);
  expect(nodes.items[0]?.metadata?.creationTimestamp).toBeInstanceOf(Date);
  const names = (await core.listNamespace({ limit: 2 })).items.map((one) => one.metadata?.name);
  expect(names).toEqual(['default', 'kube-node-lease']);
});

test('a pod that is created becomes Running, and its log can be read and followed', async () => {
  const made = await core.createNamespacedPod({ namespace, body: pod('talker', 'echo hello; echo world >&2; sleep 1000') });
  expect(made.status?.phase).toBe('Pending');
  const running = await podBecomes('talker', (one) => one.status?.phase === 'Running');
  expect(running.status?.podIP).toMatch(/^10\.244\.1\.\d+$/);
  expect(await core.readNamespacedPodLog({ name: 'talker', namespace })).toBe('hello\nworld\n');
  const followed = new PassThrough();
  const text = new Promise<string>((resolve) => {
    let seen = '';
    followed.on('data', (chunk: Buffer) => {
      seen += chunk.toString();
      if (seen.includes('world\n')) resolve(seen);
    });
  });
  const following = await new Log(config).log(namespace, 'talker', 'main', followed, { follow: true, timestamps: false });
  expect(await text).toBe('hello\nworld\n');
  following.abort();
});

test('a pod that is deleted with a grace period is Terminating and then gone', async () => {
  await core.createNamespacedPod({ namespace, body: pod('short', 'sleep 1000') });
  await podBecomes('short', (one) => one.status?.phase === 'Running');
  const gone = new Promise<V1Pod>((resolve, reject) => {
    new Watch(config)
      .watch(
        `/api/v1/namespaces/${namespace}/pods`,
        { fieldSelector: 'metadata.name=short' },
        (type, object: V1Pod) => type === 'DELETED' && resolve(object),
        (error) => error && reject(error),
      )
      .then(
        (request) => core.deleteNamespacedPod({ name: 'short', namespace, gracePeriodSeconds: 2 }).finally(() => gone.finally(() => request.abort())),
        reject,
      );
  });
  expect((await gone).metadata?.deletionGracePeriodSeconds).toBe(0);
  expect((await refused(core.readNamespacedPod({ name: 'short', namespace }))).code).toBe(404);
});

test('JSON, merge and strategic merge patches do what their content types say', async () => {
  const name = 'patched';
  const body = pod(name, 'sleep 1000');
  await core.createNamespacedPod({ namespace, body });
  const as = (type: PatchStrategy) => setHeaderOptions('Content-Type', type);
  const json = [{ op: 'add', path: '/metadata/labels/step', value: 'json' }];
  expect((await core.patchNamespacedPod({ name, namespace, body: json }, as(PatchStrategy.JsonPatch))).metadata?.labels).toEqual({ app: name, step: 'json' });
  const merge = { metadata: { labels: { step: null, merged: 'yes' } } };
  expect((await core.patchNamespacedPod({ name, namespace, body: merge }, as(PatchStrategy.MergePatch))).metadata?.labels).toEqual({
    app: name,
    merged: 'yes',
  });
  const strategic = { spec: { containers: [{ name: 'main', image: 'busybox:1.35' }] } };
  const patched = await core.patchNamespacedPod({ name, namespace, body: strategic }, as(PatchStrategy.StrategicMergePatch));
  expect(patched.spec?.containers.map((one) => [one.image, one.command?.[0]])).toEqual([['busybox:1.35', 'sh']]);
});

test('a refusal is an exception that carries the Status', async () => {
  const missing = await refused(core.readNamespacedPod({ name: 'nobody', namespace }));
  expect(missing.status).toMatchObject({
    kind: 'Status',
    reason: 'NotFound',
    code: 404,
    message: 'pods "nobody" not found',
    details: { name: 'nobody', kind: 'pods' },
  });
  const body: V1ConfigMap = { metadata: { name: 'twice' } };
  const made = await core.createNamespacedConfigMap({ namespace, body });
  expect((await refused(core.createNamespacedConfigMap({ namespace, body }))).status).toMatchObject({ reason: 'AlreadyExists', code: 409 });
  await core.replaceNamespacedConfigMap({ name: 'twice', namespace, body: { ...made, data: { a: '1' } } });
  expect((await refused(core.replaceNamespacedConfigMap({ name: 'twice', namespace, body: made }))).status).toMatchObject({ reason: 'Conflict', code: 409 });
  const invalid = await refused(core.createNamespacedPod({ namespace, body: { metadata: { name: 'Wrong' }, spec: { containers: [{ name: 'main' }] } } }));
  expect(invalid.status).toMatchObject({ reason: 'Invalid', code: 422 });
  expect(invalid.status.details?.causes?.map((cause) => cause.field)).toEqual(['metadata.name', 'spec.containers[0].image']);
});

test('clients that know no types find their way by discovery', async () => {
  const objects = KubernetesObjectApi.makeApiClient(config);
  const manifest = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'untyped', namespace }, data: { colour: 'blue' } };
  await objects.create(manifest);
  const read = (await objects.read({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'untyped', namespace } })) as V1ConfigMap;
  expect(read.data).toEqual({ colour: 'blue' });
  await objects.patch({ ...manifest, data: { colour: 'red' } }, undefined, undefined, undefined, undefined, PatchStrategy.MergePatch);
  const list = await objects.list<V1ConfigMap>('v1', 'ConfigMap', namespace, undefined, undefined, undefined, 'metadata.name=untyped');
  expect(list.items.map((one) => one.data)).toEqual([{ colour: 'red' }]);
  await objects.delete(manifest);
  const custom = config.makeApiClient(CustomObjectsApi);
  const deployments = (await custom.listNamespacedCustomObject({ group: 'apps', version: 'v1', namespace: 'kube-system', plural: 'deployments' })) as {
    items: unknown[];
  };
  expect(deployments.items).toHaveLength(1);
});

test('a Deployment is rolled out and scaled by way of its subresource', async () => {
  const apps = config.makeApiClient(AppsV1Api);
  const labels = { app: 'web' };
  const template = { metadata: { labels }, spec: pod('web', 'sleep 1000').spec };
  await apps.createNamespacedDeployment({ namespace, body: { metadata: { name: 'web' }, spec: { replicas: 1, selector: { matchLabels: labels }, template } } });
  const { metadata, spec } = await apps.readNamespacedDeploymentScale({ name: 'web', namespace });
  expect([metadata?.name, spec]).toEqual(['web', { replicas: 1 }]);
  // Without a resourceVersion: the controller writes the status meanwhile.
  await apps.replaceNamespacedDeploymentScale({ name: 'web', namespace, body: { metadata: { name: 'web', namespace }, spec: { replicas: 3 } } });
  const path = `/apis/apps/v1/namespaces/${namespace}/deployments`;
  const informer = makeInformer(config, path, () => apps.listNamespacedDeployment({ namespace }));
  await new Promise<void>((resolve, reject) => {
    for (const verb of ['add', 'update'] as const) informer.on(verb, (one) => one.status?.readyReplicas === 3 && resolve());
    informer.on('error', reject);
    informer.start().catch(reject);
  });
  await informer.stop();
  expect((await core.listNamespacedPod({ namespace, labelSelector: 'app=web' })).items).toHaveLength(3);
});
