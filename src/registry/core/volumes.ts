import type { PersistentVolume, PersistentVolumeClaim } from '../../../generated/types/index.ts';
import {
  normalizeClaim,
  persistentVolumeClaimWarnings,
  persistentVolumeWarnings,
  setPersistentVolumeClaimDefaults,
  setPersistentVolumeDefaults,
  validatePersistentVolume,
  validatePersistentVolumeClaim,
  validatePersistentVolumeClaimStatus,
  validatePersistentVolumeClaimUpdate,
  validatePersistentVolumeUpdate,
} from '../../api/index.ts';
import { formatTime } from '../../machinery/time.ts';
import type { KubeObject } from '../../machinery/types.ts';
import { resourceStrategy } from '../generic/resource-strategy.ts';
import { ageColumn, column, nameColumn, wide } from './columns.ts';

const betaClass = 'volume.beta.kubernetes.io/storage-class';
const shortModes: readonly (readonly [string, string])[] = [
  ['ReadWriteOnce', 'RWO'],
  ['ReadOnlyMany', 'ROX'],
  ['ReadWriteMany', 'RWX'],
  ['ReadWriteOncePod', 'RWOP'],
];

/** `RWO,ROX` (pkg/apis/core/helper GetAccessModesAsString). */
function formatModes(modes: readonly string[] = []): string {
  return shortModes
    .filter(([mode]) => modes.includes(mode))
    .map(([, short]) => short)
    .join(',');
}

const phaseOf = (object: Readonly<KubeObject & { status?: { phase?: string } }>): string =>
  object.metadata?.deletionTimestamp ? 'Terminating' : (object.status?.phase ?? '');

const classOf = ({ metadata, spec }: Readonly<KubeObject & { spec?: { storageClassName?: string } }>): string =>
  metadata?.annotations?.[betaClass] ?? spec?.storageClassName ?? '';

function claimName({ spec }: Readonly<PersistentVolume>): string {
  return spec?.claimRef ? `${spec.claimRef.namespace ?? ''}/${spec.claimRef.name ?? ''}` : '';
}

const volumeMode = ({ spec }: Readonly<{ spec?: { volumeMode?: string } }>): string => spec?.volumeMode ?? '<unset>';
const attributesClass = ({ spec }: Readonly<{ spec?: { volumeAttributesClassName?: string } }>): string => spec?.volumeAttributesClassName ?? '<unset>';

/** pkg/registry/core/persistentvolume. A new volume waits for its controller in phase Pending. */
export const persistentVolumeStrategy = resourceStrategy<PersistentVolume>({
  resource: { group: '', version: 'v1', kind: 'PersistentVolume', plural: 'persistentvolumes', shortNames: ['pv'], namespaced: false },
  applyDefaults: setPersistentVolumeDefaults,
  statusOnCreate: () => ({ phase: 'Pending' }),
  prepareForCreate(volume, { now }) {
    delete volume.spec!.volumeAttributesClassName; // Behind a gate that is off.
    volume.status!.lastPhaseTransitionTime = formatTime(now);
  },
  prepareForUpdate(next, previous) {
    if (previous.spec?.volumeAttributesClassName === undefined) delete next.spec!.volumeAttributesClassName;
  },
  prepareForStatusUpdate(next, previous, { now }) {
    const [status, before] = [(next.status ??= {}), previous.status?.lastPhaseTransitionTime];
    if (status.phase !== previous.status?.phase) {
      if (status.lastPhaseTransitionTime === undefined || status.lastPhaseTransitionTime === before) status.lastPhaseTransitionTime = formatTime(now);
    } else if (before !== undefined) status.lastPhaseTransitionTime ??= before;
  },
  warningsOnCreate: persistentVolumeWarnings,
  warningsOnUpdate: persistentVolumeWarnings,
  validate: validatePersistentVolume,
  validateUpdate: validatePersistentVolumeUpdate,
  returnsDeletedObject: true,
  columns: [
    nameColumn,
    column('Capacity', 'How much it holds.', ({ spec }) => spec?.capacity?.storage ?? '0'),
    column('Access Modes', 'Ways in which it may be mounted.', ({ spec }) => formatModes(spec?.accessModes)),
    column('Reclaim Policy', 'What becomes of it when its claim has gone.', ({ spec }) => spec?.persistentVolumeReclaimPolicy ?? ''),
    column('Status', 'Whether it is free, bound, or released.', phaseOf),
    column('Claim', 'Whose it is.', claimName),
    column('StorageClass', 'Its storage class.', classOf),
    column('VolumeAttributesClass', 'Its class of attributes.', attributesClass),
    column('Reason', 'Why it failed, in one word.', ({ status }) => status?.reason ?? ''),
    ageColumn,
    wide('VolumeMode', 'Whether it is a file system or a block device.', volumeMode),
  ],
});

/** pkg/registry/core/persistentvolumeclaim. */
export const persistentVolumeClaimStrategy = resourceStrategy<PersistentVolumeClaim>({
  resource: { group: '', version: 'v1', kind: 'PersistentVolumeClaim', plural: 'persistentvolumeclaims', shortNames: ['pvc'], namespaced: true },
  applyDefaults: setPersistentVolumeClaimDefaults,
  statusOnCreate: () => ({ phase: 'Pending' }),
  prepareForCreate: (claim) => normalizeClaim(claim.spec!),
  prepareForUpdate: (next, previous) => normalizeClaim(next.spec!, previous.spec),
  prepareForStatusUpdate({ status }, previous) {
    // Behind a gate that is off.
    if (previous.status?.currentVolumeAttributesClassName === undefined) delete status?.currentVolumeAttributesClassName;
    if (previous.status?.modifyVolumeStatus === undefined) delete status?.modifyVolumeStatus;
  },
  warningsOnCreate: persistentVolumeClaimWarnings,
  warningsOnUpdate: persistentVolumeClaimWarnings,
  validate: validatePersistentVolumeClaim,
  validateUpdate: validatePersistentVolumeClaimUpdate,
  validateStatus: validatePersistentVolumeClaimStatus,
  returnsDeletedObject: true,
  columns: [
    nameColumn,
    column('Status', 'Whether it is bound to a volume.', phaseOf),
    column('Volume', 'The volume that it is bound to.', ({ spec }) => spec?.volumeName ?? ''),
    column('Capacity', 'How much the volume holds.', ({ spec, status }) => (spec?.volumeName ? (status?.capacity?.storage ?? '0') : '')),
    column('Access Modes', 'Ways in which the volume may be mounted.', ({ spec, status }) => (spec?.volumeName ? formatModes(status?.accessModes) : '')),
    column('StorageClass', 'Its storage class.', classOf),
    column('VolumeAttributesClass', 'Its class of attributes.', attributesClass),
    ageColumn,
    wide('VolumeMode', 'Whether it asks for a file system or a block device.', volumeMode),
  ],
});
