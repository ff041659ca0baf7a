import type { StorageClass } from '../../../generated/types/index.ts';
import { deprecatedNodeLabels, setStorageClassDefaults, validateStorageClass, validateStorageClassUpdate } from '../../api/index.ts';
import { ageColumn, column, nameColumn } from '../core/columns.ts';
import { resourceStrategy } from '../generic/resource-strategy.ts';

const defaultMarks = ['storageclass.kubernetes.io/is-default-class', 'storageclass.beta.kubernetes.io/is-default-class'];

function shownName({ metadata }: Readonly<StorageClass>): string {
  const isDefault = defaultMarks.some((mark) => metadata?.annotations?.[mark] === 'true');
  return `${metadata?.name ?? ''}${isDefault ? ' (default)' : ''}`;
}

function warnings({ allowedTopologies = [] }: Readonly<StorageClass>): string[] {
  return allowedTopologies.flatMap(({ matchLabelExpressions = [] }, i) =>
    matchLabelExpressions.flatMap(({ key }, j) => {
      const why = deprecatedNodeLabels.get(key);
      return why ? [`allowedTopologies[${i}].matchLabelExpressions[${j}].key: ${why}`] : [];
    }),
  );
}

/** pkg/registry/storage/storageclass. */
export const storageClassStrategy = resourceStrategy<StorageClass>({
  resource: { group: 'storage.k8s.io', version: 'v1', kind: 'StorageClass', plural: 'storageclasses', shortNames: ['sc'], namespaced: false },
  applyDefaults: setStorageClassDefaults,
  warningsOnCreate: warnings,
  warningsOnUpdate: warnings,
  validate: validateStorageClass,
  validateUpdate: validateStorageClassUpdate,
  returnsDeletedObject: true,
  columns: [
    { ...nameColumn, cell: shownName },
    column('Provisioner', 'Who makes volumes of this class.', (one) => one.provisioner),
    column('ReclaimPolicy', 'What becomes of a volume when its claim has gone.', (one) => one.reclaimPolicy ?? 'Delete'),
    column('VolumeBindingMode', 'Whether a volume is made at once or for the first pod.', (one) => one.volumeBindingMode ?? 'Immediate'),
    column('AllowVolumeExpansion', 'Whether its volumes may grow.', (one) => one.allowVolumeExpansion ?? false),
    ageColumn,
  ],
});
