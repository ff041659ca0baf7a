import { expect, test } from 'vitest';
import { testServer } from '../../apiserver/testing/test-server.ts';

const url = '/api/v1/namespaces/default/pods';
const strategic = { 'content-type': 'application/strategic-merge-patch+json' };

interface Answer {
  readonly status: number;
  readonly body: {
    readonly message: string;
    readonly metadata: { readonly generation: number; readonly labels?: object; readonly managedFields: { subresource?: string; fieldsV1: object }[] };
    readonly spec: { readonly containers: readonly { readonly resources?: object; readonly image: string }[] };
  };
}

async function server(spec: object = {}, metadata: object = {}) {
  const { ask } = testServer();
  await ask('POST', '/api/v1/namespaces', { metadata: { name: 'default' } });
  const containers = [{ name: 'c', image: 'nginx', resources: { requests: { cpu: '100m', memory: '64Mi' }, limits: { cpu: '200m', memory: '128Mi' } } }];
  const { status } = await ask('POST', url, { metadata: { name: 'p', ...metadata }, spec: { containers, ...spec } });
  expect(status).toBe(201);
  return {
    ask,
    resize: async (container: object, field = 'containers') =>
      (await ask('PATCH', `${url}/p/resize`, { spec: { [field]: [container] } }, strategic)) as unknown as Answer,
    put: async (change: (pod: never) => void) => {
      const pod = (await ask('GET', `${url}/p/resize`)).body;
      change(pod);
      return (await ask('PUT', `${url}/p/resize`, pod)) as unknown as Answer;
    },
  };
}

const resources = (requests: object, limits: object = {}) => ({ name: 'c', resources: { requests, limits } });
const refused = (text: string) => `Pod "p" is invalid: ${text}`;

test('resize changes CPU and memory, counts the generation, and owns what it has changed', async () => {
  const { resize } = await server();
  const { status, body } = await resize({ ...resources({ cpu: '150m' }, { memory: '256Mi' }), image: 'httpd' });
  expect(status).toBe(200);
  expect(body.spec.containers[0]).toMatchObject({
    image: 'nginx',
    resources: { requests: { cpu: '150m', memory: '64Mi' }, limits: { cpu: '200m', memory: '256Mi' } },
  });
  expect(body.metadata.generation).toBe(2);
  expect(body.metadata.managedFields.find((one) => one.subresource === 'resize')?.fieldsV1).toEqual({
    'f:spec': { 'f:containers': { 'k:{"name":"c"}': { 'f:resources': { 'f:limits': { 'f:memory': {} }, 'f:requests': { 'f:cpu': {} } } } } },
  });
});

test('all else that a resize says is put back, labels too', async () => {
  const { put } = await server({}, { labels: { app: 'web' } });
  const { status, body } = await put((pod: { metadata: { labels: object }; spec: { activeDeadlineSeconds: number }; status: object }) => {
    pod.metadata.labels = { app: 'other' };
    pod.spec.activeDeadlineSeconds = 5;
    pod.status = { phase: 'Running' };
  });
  expect(status).toBe(200);
  expect(body).toMatchObject({ metadata: { generation: 1, labels: { app: 'web' } }, status: { phase: 'Pending' } });
  expect(body.spec).not.toHaveProperty('activeDeadlineSeconds');
});

test('what is not CPU or memory, what is taken away, and a change of the QoS class are refused in upstream’s words', async () => {
  const { resize } = await server();
  const message = async (container: object) => (await resize(container)).body.message;
  expect(await message(resources({}, { memory: '100Mi' }))).toBe(
    refused('spec.containers[0].resources.limits[memory]: Forbidden: memory limits cannot be decreased unless resizePolicy is RestartContainer'),
  );
  expect(await message(resources({ memory: null }, { memory: null }))).toBe(
    refused(
      '[spec.containers[0].resources.requests: Forbidden: resource requests cannot be removed, spec.containers[0].resources.limits: Forbidden: resource limits cannot be removed]',
    ),
  );
  expect(await message(resources({}, { cpu: null }))).toBe(refused('spec.containers[0].resources.limits: Forbidden: resource limits cannot be removed'));
  expect(await message(resources({ 'ephemeral-storage': '1Gi' }))).toBe(refused('spec: Forbidden: only cpu and memory resources are mutable'));
  expect(await message(resources({ cpu: '200m', memory: '128Mi' }))).toBe(
    refused('spec: Invalid value: "Burstable": Pod QOS Class may not change as a result of resizing'),
  );
  expect(await message(resources({ cpu: '300m' }))).toBe(
    refused('spec.containers[0].resources.requests: Invalid value: "300m": must be less than or equal to cpu limit of 200m'),
  );
  expect(await message({ name: 'c', resizePolicy: [{ resourceName: 'cpu', restartPolicy: 'RestartContainer' }] })).toBe(
    refused('spec: Forbidden: only cpu and memory resources are mutable'),
  );
  expect(await message({ name: 'other', image: 'nginx' })).toContain('spec.containers: Forbidden: containers may not be added or removed on resize');
});

test('a memory limit is set anew where the container restarts for it', async () => {
  const resizePolicy = [{ resourceName: 'memory', restartPolicy: 'RestartContainer' }];
  const own = { name: 'c', image: 'nginx', resizePolicy, resources: { requests: { cpu: '100m' } } };
  const { resize } = await server({ containers: [own] });
  expect((await resize(resources({}, { memory: '64Mi' }))).status).toBe(200);
  expect((await resize(resources({ memory: '16Mi' }, { memory: '32Mi' }))).status).toBe(200);
  const { resize: without } = await server({ containers: [{ ...own, resizePolicy: [] }] });
  expect((await without(resources({}, { memory: '64Mi' }))).body.message).toBe(
    refused('spec.containers[0].resources.limits[memory]: Forbidden: memory limits cannot be added unless resizePolicy is RestartContainer'),
  );
});

test('sidecars can be resized, init containers that end cannot', async () => {
  const requests = { requests: { cpu: '10m' } };
  const sidecar = { name: 'side', image: 'nginx', restartPolicy: 'Always', resources: requests };
  const { resize } = await server({ initContainers: [{ name: 'once', image: 'nginx', resources: requests }, sidecar] });
  expect((await resize({ name: 'side', resources: { requests: { cpu: '20m' } } }, 'initContainers')).status).toBe(200);
  expect((await resize({ name: 'once', resources: { requests: { cpu: '20m' } } }, 'initContainers')).body.message).toBe(
    refused('spec: Forbidden: resources for non-sidecar init containers are immutable'),
  );
  expect((await resize({ name: 'side', resources: { requests: { 'ephemeral-storage': '1Gi' } } }, 'initContainers')).body.message).toBe(
    refused('spec: Forbidden: only cpu and memory resources for sidecar containers are mutable'),
  );
});

test('a resize that names no containers is told so', async () => {
  const { put } = await server();
  for (const spec of [undefined, {}, { containers: null, initContainers: [] }]) {
    const { status, body } = await put((pod: { spec?: object }) => void (pod.spec = spec));
    expect([status, body.message]).toEqual([
      422,
      refused(
        '[spec.containers: Required value, spec: Invalid value: "Burstable": Pod QOS Class may not change as a result of resizing, spec.containers: Forbidden: containers may not be added or removed on resize]',
      ),
    ]);
  }
});

test('pods of Windows and pods that show static ones cannot be resized, and static ones get no ephemeral containers', async () => {
  const windows = await server({ os: { name: 'windows' } });
  expect((await windows.resize(resources({ cpu: '50m' }))).body.message).toBe(refused(': Forbidden: windows pods cannot be resized'));
  const mirror = await server({ nodeName: 'n' }, { annotations: { 'kubernetes.io/config.mirror': 'h' } });
  expect((await mirror.resize(resources({ cpu: '50m' }))).body.message).toBe(refused(': Forbidden: static pods cannot be resized'));
  const patch = { spec: { ephemeralContainers: [{ name: 'd', image: 'busybox' }] } };
  const { body } = (await mirror.ask('PATCH', `${url}/p/ephemeralcontainers`, patch, strategic)) as unknown as Answer;
  expect(body.message).toBe(refused(': Forbidden: static pods do not support ephemeral containers'));
});

test('the main resource still refuses a change of resources', async () => {
  const { ask } = await server();
  const { body } = (await ask('PATCH', `${url}/p`, { spec: { containers: [resources({ cpu: '50m' })] } }, strategic)) as unknown as Answer;
  expect(body.message).toContain('pod updates may not change fields other than');
});

test('an apply to resize owns the resources it names, and nothing else', async () => {
  const { ask } = await server();
  const config = {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: 'p', labels: { mine: 'yes' } },
    spec: { containers: [{ name: 'c', image: 'httpd', resources: { limits: { memory: '256Mi' } } }] },
  };
  const apply = { 'content-type': 'application/apply-patch+yaml' };
  const { status, body } = (await ask('PATCH', `${url}/p/resize?fieldManager=sizer&force=true`, config, apply)) as unknown as Answer;
  expect(status).toBe(200);
  expect(body.metadata.labels).toBeUndefined();
  expect(body.spec.containers[0]).toMatchObject({ image: 'nginx', resources: { limits: { cpu: '200m', memory: '256Mi' } } });
  expect(body.metadata.managedFields.find((one) => one.subresource === 'resize')?.fieldsV1).toEqual({
    'f:spec': { 'f:containers': { 'k:{"name":"c"}': { 'f:resources': { 'f:limits': { 'f:memory': {} } } } } },
  });
});
