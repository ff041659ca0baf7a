import type { PersistentVolumeClaim, StorageClass } from '../../../generated/types/index.ts';
import { parseTime } from '../../machinery/time.ts';
import type { AdmissionPlugin, ObjectReader } from '../types.ts';

const storageClasses = { group: 'storage.k8s.io', resource: 'storageclasses' };
const defaultAnnotations = ['storageclass.kubernetes.io/is-default-class', 'storageclass.beta.kubernetes.io/is-default-class'];
const betaClass = 'volume.beta.kubernetes.io/storage-class';

/** Of several defaults the newest counts, among equally old ones the first by name (component-helpers/storage GetDefaultClass). */
export function newestFirst<T extends { readonly metadata?: { readonly name?: string; readonly creationTimestamp?: string } }>(classes: readonly T[]): T[] {
  const createdAt = (one: T): number => parseTime(one.metadata?.creationTimestamp) ?? 0;
  return [...classes].sort((a, b) => createdAt(b) - createdAt(a) || ((a.metadata?.name ?? '') < (b.metadata?.name ?? '') ? -1 : 1));
}

/** A claim that names no class gets the default one (plugin/pkg/admission/storage/storageclass/setdefault). */
export function defaultStorageClass(reader: ObjectReader): AdmissionPlugin<PersistentVolumeClaim> {
  return {
    name: 'DefaultStorageClass',
    rules: [{ resource: 'persistentvolumeclaims', operations: ['CREATE'] }],
    async admit({ object: claim }) {
      if (claim.spec?.storageClassName !== undefined || claim.metadata?.annotations?.[betaClass] !== undefined) return;
      const all = await reader.list<StorageClass>(storageClasses);
      const [chosen] = newestFirst(all.filter((one) => defaultAnnotations.some((key) => one.metadata?.annotations?.[key] === 'true')));
      if (chosen) claim.spec = { ...claim.spec, storageClassName: chosen.metadata?.name ?? '' };
    },
  };
}
