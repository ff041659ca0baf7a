import { expect, test } from 'vitest';
import { builtInStrategies } from './built-in.ts';
import { IpAllocator, PortAllocator } from './core/index.ts';

const strategies = builtInStrategies({ ips: new IpAllocator('10.96.0.0/16'), ports: new PortAllocator(30_000, 32_767) }, { controllers: true });
const start = '2026-01-01T00:00:00Z';

/** The cells of one object a minute after its creation, without its name and age. */
function cells(plural: string, object: object): unknown[] {
  const columns = strategies.find((one) => one.resource.plural === plural)!.columns!;
  const full = { ...object, metadata: { name: 'x', creationTimestamp: start, ...(object as { metadata?: object }).metadata } };
  return columns.filter(({ name }) => name !== 'Age' && name !== 'Name').map((column) => column.cell(full, Date.parse(start) + 60_000));
}

const pod = { spec: { containers: [{ name: 'c', image: 'busybox' }] } };

test('a job shows its state, how many pods have succeeded, and how long it took', () => {
  const spec = { completions: 2, template: pod, selector: { matchLabels: { a: 'b' } } };
  const running = { spec, status: { succeeded: 1, startTime: start } };
  expect(cells('jobs', running)).toEqual(['Running', '1/2', '60s', 'c', 'busybox', 'a=b']);
  const done = { succeeded: 2, startTime: start, completionTime: '2026-01-01T00:00:05Z', conditions: [{ type: 'Complete', status: 'True' }] };
  expect(cells('jobs', { spec, status: done }).slice(0, 3)).toEqual(['Complete', '2/2', '5s']);
  expect(cells('jobs', { spec: { parallelism: 3, template: pod } }).slice(0, 3)).toEqual(['Running', '0/1 of 3', '']);
});

test('an autoscaler shows what it measures and what it aims at, for two metrics', () => {
  const cpu = { type: 'Resource', resource: { name: 'cpu', target: { type: 'Utilization', averageUtilization: 80 } } };
  const memory = { type: 'Resource', resource: { name: 'memory', target: { type: 'AverageValue', averageValue: '1Gi' } } };
  const spec = { scaleTargetRef: { kind: 'Deployment', name: 'web' }, minReplicas: 1, maxReplicas: 5, metrics: [cpu, memory, cpu] };
  const status = {
    currentReplicas: 2,
    desiredReplicas: 2,
    currentMetrics: [{ type: 'Resource', resource: { name: 'cpu', current: { averageUtilization: 10 } } }],
  };
  expect(cells('horizontalpodautoscalers', { spec, status })).toEqual(['Deployment/web', 'cpu: 10%/80%, memory: <unknown>/1Gi + 1 more...', '1', 5, 2]);
});

test('volumes and claims show their size and modes in short', () => {
  const spec = {
    capacity: { storage: '1Gi' },
    accessModes: ['ReadWriteMany', 'ReadWriteOnce'],
    persistentVolumeReclaimPolicy: 'Retain',
    volumeMode: 'Filesystem',
  };
  const volume = { spec: { ...spec, claimRef: { namespace: 'facts', name: 'pvc' } }, status: { phase: 'Bound' } };
  expect(cells('persistentvolumes', volume)).toEqual(['1Gi', 'RWO,RWX', 'Retain', 'Bound', 'facts/pvc', '', '<unset>', '', 'Filesystem']);
  const claim = { metadata: { deletionTimestamp: start }, spec: { volumeMode: 'Filesystem', storageClassName: 'fast' }, status: { phase: 'Pending' } };
  expect(cells('persistentvolumeclaims', claim)).toEqual(['Terminating', '', '', '', 'fast', '<unset>', 'Filesystem']);
});

test('a quota tells requests from limits', () => {
  const status = { hard: { pods: '10', 'limits.cpu': '4', 'requests.cpu': '2' }, used: { pods: '1', 'limits.cpu': '500m' } };
  expect(cells('resourcequotas', { status })).toEqual(['pods: 1/10, requests.cpu: 0/2', 'limits.cpu: 500m/4']);
});

test('a signing request goes from pending to issued', () => {
  const spec = { signerName: 'example.com/s', username: 'jane', expirationSeconds: 86_400 };
  expect(cells('certificatesigningrequests', { spec })).toEqual(['example.com/s', 'jane', '24h', 'Pending']);
  const status = { conditions: [{ type: 'Approved' }], certificate: 'eA==' };
  expect(cells('certificatesigningrequests', { spec, status }).at(-1)).toBe('Approved,Issued');
});

test('an ingress shows three hosts and counts the rest', () => {
  const rules = ['a', 'b', 'c', 'd', 'e'].map((name) => ({ host: `${name}.example.com` }));
  const status = { loadBalancer: { ingress: [{ ip: '10.0.0.2' }, { hostname: 'lb.example.com' }] } };
  const shown = ['nginx', 'a.example.com,b.example.com,c.example.com + 2 more...', '10.0.0.2,lb.example.com', '80, 443'];
  expect(cells('ingresses', { spec: { ingressClassName: 'nginx', rules, tls: [{}] }, status })).toEqual(shown);
});

test('endpoints of which none is ready are not the same as no endpoints', () => {
  expect(cells('endpoints', {})).toEqual(['<none>']);
  expect(cells('endpoints', { subsets: [{ notReadyAddresses: [{ ip: '10.0.0.1' }], ports: [{ port: 80 }] }] })).toEqual(['']);
});

test('a port without a number is shown by its name', () => {
  const shown = (ports: object[]): unknown => cells('endpointslices', { addressType: 'IPv4', ports })[1];
  expect(shown([{ name: 'web', port: 80 }, { name: 'any' }])).toBe('80,any');
  expect(shown([{ name: '' }])).toBe('<unset>');
});

test('a driver shows for whom it gets tokens, be it for nobody by name', () => {
  const shown = (spec: object): unknown[] => cells('csidrivers', { spec }).slice(3);
  expect(shown({ tokenRequests: [{ audience: 'a' }, { audience: '' }], volumeLifecycleModes: ['Persistent', 'Ephemeral'] })).toEqual([
    'a,',
    false,
    'Persistent,Ephemeral',
  ]);
  expect(shown({ tokenRequests: [{ audience: '' }] })).toEqual(['', false, '<none>']);
  expect(shown({})).toEqual(['<unset>', false, '<none>']);
});

test('the parameters of a policy are shown by name, or by the selector as Go prints it', () => {
  const shown = (paramRef?: object): unknown => cells('validatingadmissionpolicybindings', { spec: { policyName: 'p', paramRef } })[1];
  expect(shown()).toBe('<unset>');
  expect(shown({ name: 'x' })).toBe('*/x');
  expect(shown({ name: 'x', namespace: 'n' })).toBe('n/x');
  expect(shown({ selector: {} })).toBe('&LabelSelector{MatchLabels:map[string]string{},MatchExpressions:[]LabelSelectorRequirement{},}');
  expect(shown({ selector: { matchLabels: { b: 'c', a: 'b' }, matchExpressions: [{ key: 'k', operator: 'In', values: ['x', 'y'] }] } })).toBe(
    '&LabelSelector{MatchLabels:map[string]string{a: b,b: c,},' +
      'MatchExpressions:[]LabelSelectorRequirement{LabelSelectorRequirement{Key:k,Operator:In,Values:[x y],},},}',
  );
});

test('a service that is not available says why, if it is known', () => {
  const shown = (condition: object): unknown =>
    cells('apiservices', { spec: { service: { namespace: 'n', name: 's' } }, status: { conditions: [{ type: 'Available', ...condition }] } });
  expect(shown({ status: 'False', reason: 'ServiceNotFound' })).toEqual(['n/s', 'False (ServiceNotFound)']);
  expect(shown({ status: 'False' })).toEqual(['n/s', 'False']);
});

test('a metric whose status lacks the value that is aimed at is not the same as a metric without a status', () => {
  const metrics = [{ type: 'Object', object: { target: { value: '2k' } } }];
  const shown = (currentMetrics: object[]): unknown =>
    cells('horizontalpodautoscalers', { spec: { scaleTargetRef: {}, metrics }, status: { currentMetrics } })[1];
  expect(shown([])).toBe('<unknown>/2k');
  expect(shown([{ type: 'Object', object: { current: { averageValue: '1' } } }])).toBe('<nil>/2k');
});
