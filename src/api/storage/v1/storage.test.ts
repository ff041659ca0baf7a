import { expect, test } from 'vitest';
import type { CSIDriver, CSINode, StorageClass, VolumeAttachment } from '../../../../generated/types/index.ts';
import { validateCsiDriver, validateCsiNode, validateCsiNodeUpdate, validateVolumeAttachment } from './csi.ts';
import { validateStorageClass } from './storage-class.ts';

const aboutTopologies = (...allowedTopologies: readonly object[]): string[] =>
  validateStorageClass({ metadata: {}, provisioner: 'p', volumeBindingMode: 'Immediate', allowedTopologies } as unknown as StorageClass).map(String);
const aboutDriver = (driver: object): string[] =>
  validateCsiNode({ metadata: {}, spec: { drivers: [{ name: 'd', nodeID: 'n', ...driver }] } } as unknown as CSINode).map(String);

test('topologies of a storage class say nothing twice, and a term that says nothing is told as a double', () => {
  const zone = (...values: readonly string[]) => ({ key: 'zone', values });
  expect(aboutTopologies({ matchLabelExpressions: [zone('a')] }, { matchLabelExpressions: [zone('b')] })).toEqual([]);
  expect(aboutTopologies({ matchLabelExpressions: [zone('a', 'a')] })).toEqual([
    'allowedTopologies[0].matchLabelExpressions[0].values[1]: Duplicate value: "a"',
  ]);
  expect(aboutTopologies({ matchLabelExpressions: [zone('a'), zone('b')] })).toEqual([
    'allowedTopologies[0].matchLabelExpressions[1].key: Duplicate value: "zone"',
  ]);
  expect(aboutTopologies({ matchLabelExpressions: [zone('a', 'b')] }, { matchLabelExpressions: [zone('b', 'a')] })).toEqual([
    'allowedTopologies[1].matchLabelExpressions: Duplicate value: ""',
  ]);
  expect(aboutTopologies({})).toEqual(['allowedTopologies[0].matchLabelExpressions: Duplicate value: ""']);
});

test('keys of a driver’s topology are told of the driver, each once, and its volumes are not fewer than none', () => {
  expect(aboutDriver({ topologyKeys: ['a', 'a'] })).toEqual(['spec.drivers[0]: Duplicate value: "a"']);
  expect(aboutDriver({ allocatable: { count: -1 } })).toEqual(['spec.drivers[0].allocatable.count: Invalid value: -1: must be greater than or equal to 0']);
});

test('a driver of a node stays as it is while others come', () => {
  const node = (...drivers: readonly object[]) => ({ metadata: {}, spec: { drivers } }) as unknown as CSINode;
  const [one, other] = [
    { name: 'd', nodeID: 'n', allocatable: { count: 3 } },
    { name: 'e', nodeID: 'n' },
  ];
  expect(validateCsiNodeUpdate(node(one, other), node(one))).toEqual([]);
  expect(validateCsiNodeUpdate(node({ ...one, allocatable: {} }), node(one)).map(({ field, detail }) => [field, detail])).toEqual([
    ['spec.drivers', 'field is immutable'],
  ]);
});

test('what is wrong with a driver is told in upstream’s order', () => {
  const spec = { attachRequired: true, podInfoOnMount: false, storageCapacity: false };
  const driver = { metadata: {}, spec: { ...spec, volumeLifecycleModes: ['X'], tokenRequests: [{ audience: 'a', expirationSeconds: 1 }] } };
  expect(validateCsiDriver(driver as unknown as CSIDriver).map(String)).toEqual([
    'spec.tokenRequests[0].expirationSeconds: Invalid value: 1: may not specify a duration less than 10 minutes',
    'spec.volumeLifecycleModes: Unsupported value: "X": supported values: "Persistent", "Ephemeral"',
  ]);
});

test('a volume that stands in an attachment is one of a driver, and has nothing of what volumes of the cluster have', () => {
  const about = (inlineVolumeSpec: object) => {
    const spec = { attacher: 'd.example', nodeName: 'n', source: { inlineVolumeSpec } };
    return validateVolumeAttachment({ metadata: {}, spec } as unknown as VolumeAttachment).map(String);
  };
  const csi = { driver: 'd.example', volumeHandle: 'h' };
  expect(about({ accessModes: ['ReadWriteOnce'], csi, volumeMode: 'Filesystem', persistentVolumeReclaimPolicy: 'Retain' })).toEqual([]);
  expect(
    about({ capacity: { storage: '1Gi' }, claimRef: { name: 'c' }, storageClassName: 's', nodeAffinity: {}, volumeMode: 'Block', hostPath: { path: '/tmp' } }),
  ).toEqual([
    'spec.source.inlineVolumeSpec.claimRef: Forbidden: may not be specified in the context of inline volumes',
    'spec.source.inlineVolumeSpec.capacity: Forbidden: may not be specified in the context of inline volumes',
    'spec.source.inlineVolumeSpec.csi: Required value: has to be specified in the context of inline volumes',
    'spec.source.inlineVolumeSpec.accessModes: Required value',
    'spec.source.inlineVolumeSpec.nodeAffinity: Forbidden: may not be specified in the context of inline volumes',
    'spec.source.inlineVolumeSpec.storageClassName: Forbidden: may not be specified in the context of inline volumes',
    'spec.source.inlineVolumeSpec.volumeMode: Forbidden: may not specify volumeMode other than Filesystem in the context of inline volumes',
  ]);
  expect(about({ accessModes: ['ReadWriteOnce'], csi, persistentVolumeReclaimPolicy: 'Delete', nfs: { server: 's', path: '/p' } })).toEqual([
    'spec.source.inlineVolumeSpec.persistentVolumeReclaimPolicy: Forbidden: may only be Retain in the context of inline volumes',
    'spec.source.inlineVolumeSpec.csi: Forbidden: may not specify more than 1 volume type',
  ]);
});

test('tokens for a driver live at least ten minutes, at most 2^32 seconds; of an audience named twice nothing more is said', () => {
  const about = (...tokenRequests: readonly object[]): string[] =>
    validateCsiDriver({ metadata: {}, spec: { tokenRequests } } as unknown as CSIDriver)
      .map(String)
      .filter((mistake) => mistake.includes('tokenRequests'));
  expect(about({ audience: 'a', expirationSeconds: 2 ** 32 }, { audience: 'b', expirationSeconds: 600 })).toEqual([]);
  expect(about({ audience: 'a', expirationSeconds: 2 ** 32 + 1 })).toEqual([
    'spec.tokenRequests[0].expirationSeconds: Invalid value: 4294967297: may not specify a duration larger than 2^32 seconds',
  ]);
  expect(about({ audience: 'a' }, { audience: 'a', expirationSeconds: 1 })).toEqual(['spec.tokenRequests[1].audience: Duplicate value: "a"']);
});
