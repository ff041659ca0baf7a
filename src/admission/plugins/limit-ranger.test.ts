import { expect, test } from 'vitest';
import type { LimitRange, LimitRangeItem, Pod } from '../../../generated/types/index.ts';
import { admissionFixture } from '../testing/fixture.ts';

const range = (...limits: LimitRangeItem[]): LimitRange => ({ metadata: { namespace: 'default', name: 'limits' }, spec: { limits } });
const pod = (resources?: object): Pod => ({ metadata: { name: 'p' }, spec: { containers: [{ name: 'c', ...(resources ? { resources } : {}) }] } });

test('defaults are filled in, and said in an annotation', async () => {
  const { storage, run } = admissionFixture();
  storage.put('limitranges', range({ type: 'Container', default: { cpu: '500m', memory: '512Mi' }, defaultRequest: { cpu: '100m' } }));
  const { object } = await run('CREATE', 'pods', { object: pod({ limits: { memory: '1Gi' } }) });
  expect((object as Pod).spec?.containers[0]?.resources).toEqual({ limits: { cpu: '500m', memory: '1Gi' }, requests: { cpu: '100m' } });
  expect(object.metadata?.annotations?.['kubernetes.io/limit-ranger']).toBe('LimitRanger plugin set: cpu request for container c; cpu limit for container c');
});

test('what is too small, too large or too uneven is refused, all of it in one answer', async () => {
  const { storage, run } = admissionFixture();
  storage.put('limitranges', range({ type: 'Container', min: { cpu: '100m' }, max: { memory: '1Gi' }, maxLimitRequestRatio: { cpu: '2' } }));
  const object = pod({ requests: { cpu: '50m', memory: '1Gi' }, limits: { cpu: '200m', memory: '1536Mi' } });
  await expect(run('CREATE', 'pods', { object })).rejects.toThrow(
    'pods "p" is forbidden: [minimum cpu usage per Container is 100m, but request is 50m, maximum memory usage per Container is 1Gi, but limit is 1536Mi, cpu max limit to request ratio per Container is 2, but provided ratio is 4.000000]',
  );
  await expect(run('CREATE', 'pods', { object: pod({ requests: { cpu: '100m' }, limits: { cpu: '100m' } }) })).rejects.toThrow(
    'pods "p" is forbidden: maximum memory usage per Container is 1Gi.  No limit is specified',
  );
});

test('a pod is measured as a whole, a claim by what it asks for', async () => {
  const { storage, run } = admissionFixture();
  storage.put(
    'limitranges',
    range({ type: 'Pod', max: { cpu: '150m' } }, { type: 'PersistentVolumeClaim', min: { storage: '1Gi' }, max: { storage: '10Gi' } }),
  );
  const two: Pod = { metadata: { name: 'p' }, spec: { containers: ['a', 'b'].map((name) => ({ name, resources: { limits: { cpu: '100m' } } })) } };
  await expect(run('CREATE', 'pods', { object: two })).rejects.toThrow('maximum cpu usage per Pod is 150m, but limit is 200m');
  const claim = (storage: string) => ({ metadata: { name: 'd' }, spec: { resources: { requests: { storage } } } });
  await expect(run('CREATE', 'persistentvolumeclaims', { object: claim('20Gi') })).rejects.toThrow(
    'persistentvolumeclaims "d" is forbidden: maximum storage usage per PersistentVolumeClaim is 10Gi, but request is 20Gi',
  );
  const { object } = await run('CREATE', 'persistentvolumeclaims', { object: claim('2Gi') });
  expect(object.metadata?.finalizers).toEqual(['kubernetes.io/pvc-protection']);
});

test('what the sandbox of a pod costs is not measured', async () => {
  const { storage, run } = admissionFixture();
  storage.put('limitranges', range({ type: 'Pod', min: { cpu: '100m' } }));
  const object = { ...pod(), spec: { ...pod().spec!, overhead: { cpu: '1' } } };
  await expect(run('CREATE', 'pods', { object })).rejects.toThrow('pods "p" is forbidden: minimum cpu usage per Pod is 100m.  No request is specified');
});

test('a pod that is resized stays within its limits', async () => {
  const { storage, run } = admissionFixture();
  storage.put('limitranges', range({ type: 'Container', max: { cpu: '1' } }));
  const oldObject = pod({ requests: { cpu: '1' }, limits: { cpu: '1' } });
  const resized = run('UPDATE', 'pods/resize', { object: pod({ requests: { cpu: '2' }, limits: { cpu: '2' } }), oldObject });
  await expect(resized).rejects.toThrow('pods "p" is forbidden: maximum cpu usage per Container is 1, but limit is 2');
  await run('UPDATE', 'pods', { object: pod({ limits: { cpu: '2' } }), oldObject }); // What an update may not change is not measured.
});
