import type { AdmissionPlugin } from '../types.ts';

const finalizers: Readonly<Record<string, string>> = {
  persistentvolumes: 'kubernetes.io/pv-protection',
  persistentvolumeclaims: 'kubernetes.io/pvc-protection',
};

/** Volumes and claims stay until nobody uses them: a controller takes the finalizer away (plugin/pkg/admission/storage/storageobjectinuseprotection). */
export function storageObjectInUseProtection(): AdmissionPlugin {
  return {
    name: 'StorageObjectInUseProtection',
    rules: Object.keys(finalizers).map((resource) => ({ resource, operations: ['CREATE'] as const })),
    admit({ resource, object }) {
      const finalizer = finalizers[resource.resource];
      const metadata = (object.metadata ??= {});
      if (finalizer && !metadata.finalizers?.includes(finalizer)) metadata.finalizers = [...(metadata.finalizers ?? []), finalizer];
    },
  };
}
