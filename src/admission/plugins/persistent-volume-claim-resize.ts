import type { PersistentVolumeClaim, StorageClass } from '../../../generated/types/index.ts';
import { compareQuantities } from '../../machinery/quantity.ts';
import type { AdmissionPlugin, ObjectReader } from '../types.ts';
import { refusal } from './refusal.ts';

const storageClasses = { group: 'storage.k8s.io', resource: 'storageclasses' };
const betaClass = 'volume.beta.kubernetes.io/storage-class';

/** A claim grows only where its class lets volumes grow (plugin/pkg/admission/storage/persistentvolume/resize). */
export function persistentVolumeClaimResize(reader: ObjectReader): AdmissionPlugin<PersistentVolumeClaim> {
  return {
    name: 'PersistentVolumeClaimResize',
    rules: [{ resource: 'persistentvolumeclaims', operations: ['UPDATE'] }],
    async validate(attributes) {
      const { object: claim, oldObject: before } = attributes;
      if (!before || compareQuantities(sizeOf(claim), sizeOf(before)) <= 0) return;
      if (before.status?.phase !== 'Bound') throw refusal(attributes, 'Only bound persistent volume claims can be expanded');
      const name = classOf(claim);
      const found = name && name === classOf(before) ? await reader.get<StorageClass>(storageClasses, undefined, name) : undefined;
      if (found?.allowVolumeExpansion) return;
      throw refusal(attributes, 'only dynamically provisioned pvc can be resized and the storageclass that provisions the pvc must support resize');
    },
  };
}

const sizeOf = (claim: Readonly<PersistentVolumeClaim>): string => claim.spec?.resources?.requests?.storage ?? '0';

/** The old annotation goes before the field (component-helpers/storage GetPersistentVolumeClaimClass). */
const classOf = (claim: Readonly<PersistentVolumeClaim>): string => claim.metadata?.annotations?.[betaClass] ?? claim.spec?.storageClassName ?? '';
