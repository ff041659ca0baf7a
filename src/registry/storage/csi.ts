import type { CSIDriver, CSINode, CSIStorageCapacity, VolumeAttachment } from '../../../generated/types/index.ts';
import {
  nodeSelectorWarnings,
  setCsiDriverDefaults,
  setCsiStorageCapacityDefaults,
  validateCsiDriver,
  validateCsiDriverUpdate,
  validateCsiNode,
  validateCsiNodeUpdate,
  validateCsiStorageCapacity,
  validateCsiStorageCapacityUpdate,
  validateNewVolumeAttachment,
  validateVolumeAttachmentUpdate,
} from '../../api/index.ts';
import { semanticEqual } from '../../machinery/deep.ts';
import { path } from '../../machinery/field-error.ts';
import { ageColumn, column, nameColumn } from '../core/columns.ts';
import { resetMetadataForStatus } from '../generic/metadata.ts';
import { resourceStrategy } from '../generic/resource-strategy.ts';

const group = { group: 'storage.k8s.io', version: 'v1' };

/** It is what the feature MutableCSINodeAllocatableCount is about, which is off in 1.33. */
function dropUpdatePeriod({ spec }: CSIDriver): void {
  if (spec?.nodeAllocatableUpdatePeriodSeconds !== undefined) delete spec.nodeAllocatableUpdatePeriodSeconds;
}

/** pkg/registry/storage/csidriver. */
export const csiDriverStrategy = resourceStrategy<CSIDriver>({
  resource: { ...group, kind: 'CSIDriver', plural: 'csidrivers', namespaced: false },
  conditionalUpdateOnly: true,
  applyDefaults: setCsiDriverDefaults,
  prepareForCreate: dropUpdatePeriod,
  prepareForUpdate(next, previous) {
    dropUpdatePeriod(next);
    if (!semanticEqual(next.spec, previous.spec)) next.metadata!.generation = (previous.metadata?.generation ?? 0) + 1;
  },
  metadataChecks: { onUpdate: false },
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
  validateUpdate: validateCsiNodeUpdate,
  canonicalize(node) {
    if (!node.spec?.drivers?.length) node.spec = { drivers: null as never };
    for (const driver of node.spec.drivers ?? []) if (!driver.topologyKeys?.length) driver.topologyKeys = null as never;
  },
  returnsDeletedObject: true,
  columns: [nameColumn, column('Drivers', 'How many drivers the node has.', ({ spec }) => (spec?.drivers ?? []).length, 'integer'), ageColumn],
});

const topologyWarnings = ({ nodeTopology }: Readonly<CSIStorageCapacity>): string[] => nodeSelectorWarnings(path('nodeTopology'), nodeTopology);

/** pkg/registry/storage/csistoragecapacity, which shows the columns of kinds that have none of their own. */
export const csiStorageCapacityStrategy = resourceStrategy<CSIStorageCapacity>({
  resource: { ...group, kind: 'CSIStorageCapacity', plural: 'csistoragecapacities', namespaced: true },
  conditionalUpdateOnly: true,
  applyDefaults: setCsiStorageCapacityDefaults,
  warningsOnCreate: topologyWarnings,
  warningsOnUpdate: topologyWarnings,
  validate: validateCsiStorageCapacity,
  validateUpdate: validateCsiStorageCapacityUpdate,
});

/** Codes of errors are about MutableCSINodeAllocatableCount too: one that is stored stays. */
function dropErrorCodes({ status }: VolumeAttachment, previous: Readonly<VolumeAttachment>): void {
  for (const field of ['attachError', 'detachError'] as const) {
    if (status?.[field]?.errorCode !== undefined && previous.status?.[field]?.errorCode === undefined) delete status[field].errorCode;
  }
}

/** pkg/registry/storage/volumeattachment. */
export const volumeAttachmentStrategy = resourceStrategy<VolumeAttachment>({
  resource: { ...group, kind: 'VolumeAttachment', plural: 'volumeattachments', namespaced: false },
  conditionalUpdateOnly: true,
  applyDefaults(one) {
    one.status ??= { attached: false };
  },
  statusOnCreate: () => ({ attached: false }),
  prepareForStatusUpdate(next, previous) {
    resetMetadataForStatus(next, previous);
    dropErrorCodes(next, previous);
  },
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
