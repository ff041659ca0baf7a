import type { PersistentVolume, PersistentVolumeSpec } from '../../../../generated/types/index.ts';
import { semanticEqual } from '../../../machinery/deep.ts';
import { type FieldError, type FieldPath, GoText, path } from '../../../machinery/field-error.ts';
import { mistakesOf } from '../../meta/checks.ts';
import { goDiff } from '../../meta/go-diff.ts';
import type { Mistakes } from '../../meta/mistakes.ts';
import { isDns1123Subdomain } from '../../meta/names.ts';
import { volumeSourceFields } from './go-fields.ts';
import { canonicalAmounts, validateAccessModes, validateStorage } from './persistent-volume-claim.ts';
import { validateNodeSelector } from './scheduling-validation.ts';
import { validateNoBacksteps } from './volumes-validation.ts';

/** pkg/apis/core/v1 SetDefaults_PersistentVolume and those of its sources. */
export function setPersistentVolumeDefaults(volume: PersistentVolume): void {
  const status = (volume.status ??= {});
  status.phase ||= 'Pending';
  const spec = (volume.spec ??= {});
  spec.persistentVolumeReclaimPolicy ||= 'Retain';
  spec.volumeMode ??= 'Filesystem';
  canonicalAmounts(spec.capacity);
  if (spec.hostPath) spec.hostPath.type ??= '';
  if (spec.iscsi) spec.iscsi.iscsiInterface ||= 'default';
  if (spec.rbd) {
    spec.rbd.pool ||= 'rbd';
    spec.rbd.user ||= 'admin';
    spec.rbd.keyring ||= '/etc/ceph/keyring';
  }
  if (spec.scaleIO) {
    spec.scaleIO.storageMode ||= 'ThinProvisioned';
    spec.scaleIO.fsType ||= 'xfs';
  }
  setAzureDefaults(spec);
}

function setAzureDefaults({ azureDisk }: PersistentVolumeSpec): void {
  if (!azureDisk) return;
  azureDisk.cachingMode ??= 'ReadWrite';
  azureDisk.kind ??= 'Shared';
  azureDisk.fsType ??= 'ext4';
  azureDisk.readOnly ??= false;
}

/** Every source of a volume, in upstream's order, with the fields that must not be empty. */
const sources: Readonly<Record<string, readonly string[]>> = {
  hostPath: ['path'],
  gcePersistentDisk: ['pdName'],
  awsElasticBlockStore: ['volumeID'],
  glusterfs: ['endpoints', 'path'],
  flocker: [],
  nfs: ['server', 'path'],
  rbd: ['monitors', 'image'],
  quobyte: ['registry', 'volume'],
  cephfs: ['monitors'],
  iscsi: ['targetPortal', 'iqn'],
  cinder: ['volumeID'],
  fc: [],
  flexVolume: ['driver'],
  azureFile: ['secretName', 'shareName'],
  vsphereVolume: ['volumePath'],
  photonPersistentDisk: ['pdID'],
  portworxVolume: ['volumeID'],
  azureDisk: ['diskName', 'diskURI'],
  scaleIO: ['gateway', 'system', 'volumeName'],
  local: ['path'],
  storageos: [],
  csi: ['driver', 'volumeHandle'],
};

const specPath = path('spec');

/** pkg/apis/core/validation ValidatePersistentVolumeSpec. */
export function validatePersistentVolume({ spec = {} }: PersistentVolume): FieldError[] {
  return mistakesOf((mistakes) => {
    validateAccessModes(mistakes, spec.accessModes ?? [], '', specPath.child('accessModes'));
    validateCapacity(mistakes, spec);
    const policy = spec.persistentVolumeReclaimPolicy;
    const policies = ['Delete', 'Recycle', 'Retain'];
    if (policy && !policies.includes(policy)) mistakes.notSupported(specPath.child('persistentVolumeReclaimPolicy'), policy, policies);
    const { required } = spec.nodeAffinity ?? {};
    if (spec.nodeAffinity && !required) mistakes.required(specPath.child('nodeAffinity', 'required'), 'must specify required node constraints');
    else if (required) validateNodeSelector(mistakes, required, specPath.child('nodeAffinity', 'required'));
    validateSource(mistakes, spec, specPath);
    if (spec.storageClassName) mistakes.invalid(specPath.child('storageClassName'), spec.storageClassName, isDns1123Subdomain(spec.storageClassName));
    if (spec.volumeMode !== undefined && !['Block', 'Filesystem'].includes(spec.volumeMode))
      mistakes.notSupported(specPath.child('volumeMode'), spec.volumeMode, ['Block', 'Filesystem']);
  });
}

/** Amounts are structs full of pointers; only the absence of any can be told. */
const goCapacity = (capacity: PersistentVolumeSpec['capacity']): unknown =>
  Object.keys(capacity ?? {}).length > 0 ? capacity : new GoText(`core.ResourceList${capacity ? '{}' : '(nil)'}`);

function validateCapacity(mistakes: Mistakes, { capacity }: PersistentVolumeSpec): void {
  const at = specPath.child('capacity');
  if (Object.keys(capacity ?? {}).length === 0) mistakes.required(at);
  if (capacity?.storage === undefined || Object.keys(capacity).length > 1) mistakes.notSupported(at, goCapacity(capacity), ['storage']);
  if (capacity?.storage !== undefined) validateStorage(mistakes, capacity.storage, at.key('storage'));
}

function validateSource(mistakes: Mistakes, spec: PersistentVolumeSpec, at: FieldPath): void {
  const values = spec as Readonly<Record<string, Record<string, unknown> | undefined>>;
  const present = Object.keys(sources).filter((name) => values[name]);
  if (present.length === 0) mistakes.required(at, 'must specify a volume type');
  present.forEach((name, i) => {
    if (i > 0) mistakes.forbidden(at.child(name), 'may not specify more than 1 volume type');
    else requireFields(mistakes, values[name]!, sources[name]!, at.child(name));
  });
  if (spec.hostPath?.path) validateNoBacksteps(mistakes, spec.hostPath.path, at.child('hostPath', 'path'));
  if (spec.hostPath?.path === '/' && spec.persistentVolumeReclaimPolicy === 'Recycle')
    mistakes.forbidden(at.child('persistentVolumeReclaimPolicy'), "may not be 'recycle' for a hostPath mount of '/'");
  if (spec.nfs?.path && !spec.nfs.path.startsWith('/')) mistakes.invalid(at.child('nfs', 'path'), spec.nfs.path, 'must be an absolute path');
  if (spec.local && !spec.nodeAffinity) mistakes.required(at.child('nodeAffinity'), 'Local volume requires node affinity');
}

function requireFields(mistakes: Mistakes, source: Readonly<Record<string, unknown>>, fields: readonly string[], at: FieldPath): void {
  for (const field of fields) {
    const value = source[field];
    if (value === undefined || value === '' || (Array.isArray(value) && value.length === 0)) mistakes.required(at.child(field));
  }
}

const sourcePart = (spec: PersistentVolumeSpec = {}): unknown =>
  Object.fromEntries(Object.keys(sources).map((name) => [name, (spec as Record<string, unknown>)[name]]));

/** ValidatePersistentVolumeUpdate: what a volume is made of stays. */
export function validatePersistentVolumeUpdate(next: PersistentVolume, previous: Readonly<PersistentVolume>): FieldError[] {
  const frozen = mistakesOf((mistakes) => {
    const [after, before] = [next.spec ?? {}, previous.spec ?? {}];
    const [old, now] = [sourcePart(before), sourcePart(after)];
    if (!semanticEqual(now, old)) {
      const diff = goDiff('core.PersistentVolumeSource', old, now, volumeSourceFields);
      mistakes.forbidden(specPath.child('persistentvolumesource'), `spec.persistentvolumesource is immutable after creation\n${diff}`);
    }
    mistakes.immutable(path('volumeMode'), after.volumeMode, after.volumeMode === before.volumeMode);
    if (before.nodeAffinity && !semanticEqual(after.nodeAffinity, before.nodeAffinity))
      mistakes.invalid(path('nodeAffinity'), after.nodeAffinity, 'field is immutable, except for updating from beta label to GA');
  });
  return [...validatePersistentVolume(next), ...frozen];
}
