import type { CSIDriver, CSINode, CSIStorageCapacity, VolumeAttachment } from '../../../generated/types/index.ts';
import {
  setCsiDriverDefaults,
  validateCsiDriver,
  validateCsiDriverUpdate,
  validateCsiNode,
  validateCsiStorageCapacity,
  validateCsiStorageCapacityUpdate,
  validateNewVolumeAttachment,
  validateVolumeAttachmentUpdate,
} from '../../api/index.ts';
import { semanticEqual } from '../../machinery/deep.ts';
import { ageColumn, column, nameColumn } from '../core/columns.ts';
import { resetMetadataForStatus } from '../generic/metadata.ts';
import { resourceStrategy } from '../generic/resource-strategy.ts';

const group = { group: 'storage.k8s.io', version: 'v1' };

/** What may change in a driver after it has been created; such a change counts as a new generation. */
const changeable = ['tokenRequests', 'requiresRepublish', 'seLinuxMount'] as const;

/** pkg/registry/storage/csidriver. */
export const csiDriverStrategy = resourceStrategy<CSIDriver>({
  resource: { ...group, kind: 'CSIDriver', plural: 'csidrivers', namespaced: false },
  conditionalUpdateOnly: true,
  applyDefaults: setCsiDriverDefaults,
  prepareForUpdate(next, previous) {
    if (changeable.some((field) => !semanticEqual(next.spec?.[field], previous.spec?.[field])))
      next.metadata!.generation = (previous.metadata?.generation ?? 0) + 1;
  },
  validate: validateCsiDriver,
  validateUpdate: validateCsiDriverUpdate,
  returnsDeletedObject: true,
  columns: [
    nameColumn,
    column('AttachRequired', 'Whether its volumes are attached first.', ({ spec }) => spec?.attachRequired ?? true, 'boolean'),
    column('PodInfoOnMount', 'Whether it is told about the pod.', ({ spec }) => spec?.podInfoOnMount ?? false, 'boolean'),
    column('StorageCapacity', 'Whether it tells how much storage there is.', ({ spec }) => spec?.storageCapacity ?? false, 'boolean'),
    column('TokenRequests', 'Whose tokens it gets.', ({ spec }) => spec?.tokenRequests?.map((one) => one.audience).join(',') ?? '<unset>'),
    column('RequiresRepublish', 'Whether volumes are published again and again.', ({ spec }) => spec?.requiresRepublish ?? false, 'boolean'),
    column('Modes', 'Which kinds of volumes it supports.', ({ spec }) => spec?.volumeLifecycleModes?.join(',') || '<none>'),
    ageColumn,
  ],
});

/** pkg/registry/storage/csinode. */
export const csiNodeStrategy = resourceStrategy<CSINode>({
  resource: { ...group, kind: 'CSINode', plural: 'csinodes', namespaced: false },
  conditionalUpdateOnly: true,
  validate: validateCsiNode,
  canonicalize(node) {
    if (!node.spec?.drivers?.length) node.spec = { drivers: null as never };
  },
  returnsDeletedObject: true,
  columns: [nameColumn, column('Drivers', 'How many drivers the node has.', ({ spec }) => (spec?.drivers ?? []).length, 'integer'), ageColumn],
});

/** pkg/registry/storage/csistoragecapacity. */
export const csiStorageCapacityStrategy = resourceStrategy<CSIStorageCapacity>({
  resource: { ...group, kind: 'CSIStorageCapacity', plural: 'csistoragecapacities', namespaced: true },
  conditionalUpdateOnly: true,
  validate: validateCsiStorageCapacity,
  validateUpdate: validateCsiStorageCapacityUpdate,
  columns: [
    nameColumn,
    column('StorageClassName', 'The class it is about.', (one) => one.storageClassName),
    column('Capacity', 'How much there is.', (one) => one.capacity ?? '<unset>'),
  ],
});

/** pkg/registry/storage/volumeattachment. */
export const volumeAttachmentStrategy = resourceStrategy<VolumeAttachment>({
  resource: { ...group, kind: 'VolumeAttachment', plural: 'volumeattachments', namespaced: false },
  conditionalUpdateOnly: true,
  applyDefaults(one) {
    one.status ??= { attached: false };
  },
  statusOnCreate: () => ({ attached: false }),
  prepareForStatusUpdate: resetMetadataForStatus,
  validate: validateNewVolumeAttachment,
  validateUpdate: validateVolumeAttachmentUpdate,
  returnsDeletedObject: true,
  columns: [
    nameColumn,
    { ...column<VolumeAttachment>('Attacher', 'The driver that attaches.', ({ spec }) => spec?.attacher ?? ''), format: 'name' },
    column('PV', 'The volume.', ({ spec }) => spec?.source?.persistentVolumeName ?? ''),
    column('Node', 'The node.', ({ spec }) => spec?.nodeName ?? ''),
    column('Attached', 'Whether it is attached.', ({ status }) => status?.attached ?? false, 'boolean'),
    ageColumn,
  ],
});
