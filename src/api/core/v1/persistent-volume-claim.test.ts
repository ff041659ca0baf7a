import { describe, expect, test } from 'vitest';
import type { PersistentVolume, PersistentVolumeClaim, PersistentVolumeClaimSpec } from '../../../../generated/types/index.ts';
import { deepFreeze } from '../../../machinery/deep.ts';
import { validatePersistentVolumeUpdate } from './persistent-volume.ts';
import { normalizeClaim, validatePersistentVolumeClaimStatus, validatePersistentVolumeClaimUpdate } from './persistent-volume-claim.ts';

const plain: PersistentVolumeClaimSpec = { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } }, volumeMode: 'Filesystem' };
const source = { apiGroup: null as never, kind: 'PersistentVolumeClaim', name: 'other' };

function claim(spec: Partial<PersistentVolumeClaimSpec> = {}, rest: Partial<PersistentVolumeClaim> = {}): PersistentVolumeClaim {
  return { metadata: { name: 'c', namespace: 'n' }, spec: { ...plain, ...spec }, status: { phase: 'Pending' }, ...rest };
}

const changed = (next: PersistentVolumeClaim, previous: PersistentVolumeClaim): string[] =>
  validatePersistentVolumeClaimUpdate(next, deepFreeze(previous)).map((one) => `${one.field}: ${one.body().split('\n')[0]}`);

describe('a claim is written', () => {
  const normal = (spec: Partial<PersistentVolumeClaimSpec>, previous?: Partial<PersistentVolumeClaimSpec>) => {
    const written = { ...plain, ...deepFreeze(spec) };
    normalizeClaim(written, previous && { ...plain, ...previous });
    const { accessModes: _a, resources: _r, volumeMode: _v, ...rest } = written;
    return rest;
  };

  test('with its source in both fields', () => {
    expect(normal({ dataSource: source })).toEqual({ dataSource: source, dataSourceRef: source });
    expect(normal({ dataSourceRef: source })).toEqual({ dataSource: source, dataSourceRef: source });
  });

  test('without a source that the old field never knew, a namespace, or a class of attributes', () => {
    expect(normal({ dataSource: { ...source, kind: 'Book' } })).toEqual({});
    expect(normal({ dataSource: { ...source, kind: 'Book' } }, { dataSource: source })).toHaveProperty('dataSourceRef.kind', 'Book');
    expect(normal({ dataSourceRef: { ...source, namespace: 'other' } })).toEqual({});
    expect(normal({ volumeAttributesClassName: 'fast' })).toEqual({});
  });
});

describe('a claim changes', () => {
  const frozen = 'spec: Forbidden: spec is immutable after creation except resources.requests and volumeAttributesClassName for bound claims';

  test('the volume that it is bound to once, and a class that it never had', () => {
    expect(changed(claim({ volumeName: 'v' }), claim())).toEqual([]);
    expect(changed(claim({ volumeName: 'w' }), claim({ volumeName: 'v' }))).toEqual([frozen]);
    expect(changed(claim({ storageClassName: 'slow' }), claim())).toEqual([]);
    expect(changed(claim({ storageClassName: 'slow' }), claim({ storageClassName: 'fast' }))).toEqual([frozen]);
    expect(changed(claim(), claim({ storageClassName: 'fast' }))).toEqual([frozen]);
  });

  test('its size only when it is bound, and back only to what there is', () => {
    const sized = (storage: string, phase: string) =>
      claim({ resources: { requests: { storage } } }, { status: { phase, ...(phase === 'Bound' ? { capacity: { storage: '1Gi' } } : {}) } });
    expect(changed(sized('2Gi', 'Bound'), sized('1Gi', 'Bound'))).toEqual([]);
    expect(changed(sized('2Gi', 'Pending'), sized('1Gi', 'Pending'))).toEqual([frozen]);
    expect(changed(sized('2Gi', 'Bound'), sized('3Gi', 'Bound'))).toEqual([]);
    expect(changed(sized('1Gi', 'Bound'), sized('3Gi', 'Bound'))).toEqual([
      'spec.resources.requests.storage: Forbidden: field can not be less than status.capacity',
    ]);
  });

  test('its class from the annotation to the field, but not the annotation', () => {
    const annotated = (value: string, spec: Partial<PersistentVolumeClaimSpec> = {}) =>
      claim(spec, { metadata: { name: 'c', annotations: { 'volume.beta.kubernetes.io/storage-class': value } } });
    expect(changed(annotated('slow', { storageClassName: 'slow' }), annotated('slow'))).toEqual([]);
    expect(changed(annotated('fast'), annotated('slow'))).toEqual([
      'metadata.annotations.volume.beta.kubernetes.io/storage-class: Invalid value: "fast": field is immutable',
    ]);
  });
});

test('the status of a claim speaks of storage only, and of known states', () => {
  const wrong = validatePersistentVolumeClaimStatus(
    claim({}, { status: { capacity: { storage: '-1500m' }, allocatedResources: { cpu: '1' }, allocatedResourceStatuses: { storage: 'Odd' } } }),
  );
  expect(wrong.map(String)).toEqual([
    'status.capacity[storage]: Invalid value: -2: must be a valid resource quantity',
    'status.allocatedResourceStatus: Unsupported value: storage: supported values: "ControllerResizeInProgress", "ControllerResizeInfeasible", "NodeResizeInProgress", "NodeResizeInfeasible", "NodeResizePending"',
    'status.allocatedResources: Unsupported value: "cpu": supported values: "storage"',
  ]);
});

describe('a volume', () => {
  const zone = (key: string): PersistentVolume['spec'] => ({
    capacity: { storage: '1Gi' },
    accessModes: ['ReadWriteOnce'],
    csi: { driver: 'd.example', volumeHandle: 'h' },
    nodeAffinity: { required: { nodeSelectorTerms: [{ matchExpressions: [{ key, operator: 'In', values: ['a'] }] }] } },
  });
  const update = (next: PersistentVolume['spec'], previous: PersistentVolume['spec']): string[] =>
    validatePersistentVolumeUpdate({ metadata: { name: 'v' }, spec: next! }, deepFreeze({ metadata: { name: 'v' }, spec: previous! })).map((one) => one.field);

  test('may name labels of nodes as they are called today, and a secret to grow with', () => {
    const [beta, stable] = [zone('failure-domain.beta.kubernetes.io/zone'), zone('topology.kubernetes.io/zone')];
    expect(update(stable, beta)).toEqual([]);
    expect(update(beta, stable)).toEqual(['nodeAffinity']);
    const secret = { ...stable!.csi!, controllerExpandSecretRef: { name: 's', namespace: 'n' } };
    expect(update({ ...stable, csi: secret }, stable)).toEqual([]);
    expect(update(stable, { ...stable, csi: secret })).toEqual(['spec.persistentvolumesource']);
  });
});
