import type { PersistentVolume, PersistentVolumeSpec } from '../../../../generated/types/index.ts';
import { clone, semanticEqual } from '../../../machinery/deep.ts';
import { type FieldError, type FieldPath, GoText, path } from '../../../machinery/field-error.ts';
import { mistakesOf } from '../../meta/checks.ts';
import { goDiff } from '../../meta/go-diff/index.ts';
import type { Mistakes } from '../../meta/mistakes.ts';
import { isDns1123Subdomain } from '../../meta/names.ts';
import { coreTypes } from './go-structs.ts';
import { canonicalAmounts, validateAccessModes, validateNotNegative, validateStorage } from './persistent-volume-claim.ts';
import { validateNodeSelector } from './scheduling-validation.ts';
import {
  checkAzureDisk,
  checkAzureFile,
  checkCinder,
  checkDisk,
  checkFibreChannel,
  checkFlexVolume,
  checkFlocker,
  checkGlusterfs,
  checkHostPath,
  checkIscsi,
  checkNfs,
  checkPersistentCsi,
  checkQuobyte,
  checkStorageOs,
  needs,
  type SourceCheck,
  validateNoBacksteps,
} from './volume-sources.ts';

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

/** `label` is how upstream names a source when there is one too many, `path` where it reports what is wrong inside. */
interface SourceKind {
  readonly label?: string;
  readonly path?: string;
  readonly check: SourceCheck;
}

/** Every source of a volume, in upstream's order. */
const sources: Readonly<Record<string, SourceKind>> = {
  hostPath: { check: checkHostPath as SourceCheck },
  gcePersistentDisk: { path: 'persistentDisk', check: checkDisk('pdName') },
  awsElasticBlockStore: { check: checkDisk('volumeID') },
  glusterfs: { check: checkGlusterfs as SourceCheck },
  flocker: { check: checkFlocker as SourceCheck },
  nfs: { check: checkNfs as SourceCheck },
  rbd: { check: needs('monitors', 'image') },
  quobyte: { check: checkQuobyte as SourceCheck },
  cephfs: { label: 'cephFS', check: needs('monitors') },
  iscsi: { check: () => {} }, // Needs the volume's name too: see validateSource.
  cinder: { check: checkCinder(true) },
  fc: { check: checkFibreChannel as SourceCheck },
  flexVolume: { check: checkFlexVolume as SourceCheck },
  azureFile: { check: checkAzureFile as SourceCheck },
  vsphereVolume: { check: needs('volumePath') },
  photonPersistentDisk: { check: needs('pdID') },
  portworxVolume: { check: needs('volumeID') },
  azureDisk: { check: checkAzureDisk as SourceCheck },
  scaleIO: { check: needs('gateway', 'system', 'volumeName') },
  local: { check: checkLocal as SourceCheck },
  storageos: { check: checkStorageOs(true) },
  csi: { check: checkPersistentCsi as SourceCheck },
};

/** Sources whose mounts take options; the annotation that names some is refused for all others. */
const mountable = [
  'gcePersistentDisk',
  'awsElasticBlockStore',
  'glusterfs',
  'nfs',
  'rbd',
  'quobyte',
  'iscsi',
  'cinder',
  'cephfs',
  'azureFile',
  'vsphereVolume',
  'azureDisk',
  'photonPersistentDisk',
] as const;

const specPath = path('spec');

/** pkg/apis/core/validation ValidatePersistentVolumeSpec, and pkg/volume/validation. */
export function validatePersistentVolume({ metadata, spec = {} }: PersistentVolume): FieldError[] {
  return mistakesOf((mistakes) => {
    validateAccessModes(mistakes, spec.accessModes ?? [], '', specPath.child('accessModes'));
    validateCapacity(mistakes, spec);
    const policy = spec.persistentVolumeReclaimPolicy;
    const policies = ['Delete', 'Recycle', 'Retain'];
    if (policy && !policies.includes(policy)) mistakes.notSupported(specPath.child('persistentVolumeReclaimPolicy'), policy, policies);
    const { required } = spec.nodeAffinity ?? {};
    if (spec.nodeAffinity && !required) mistakes.required(specPath.child('nodeAffinity', 'required'), 'must specify required node constraints');
    else if (required) validateNodeSelector(mistakes, required, specPath.child('nodeAffinity', 'required'));
    validateSource(mistakes, spec, metadata?.name ?? '', specPath);
    if (spec.storageClassName) mistakes.invalid(specPath.child('storageClassName'), spec.storageClassName, isDns1123Subdomain(spec.storageClassName));
    if (spec.volumeMode !== undefined && !['Block', 'Filesystem'].includes(spec.volumeMode))
      mistakes.notSupported(specPath.child('volumeMode'), spec.volumeMode, ['Block', 'Filesystem']);
    const options = 'volume.beta.kubernetes.io/mount-options';
    if (metadata?.annotations?.[options] !== undefined && !mountable.some((name) => spec[name]))
      mistakes.forbidden(path('metadata', 'annotations', options), 'may not specify mount options for this volume type');
  });
}

/** The same for a volume that stands in a VolumeAttachment instead of being one of the cluster: what belongs to those may not be said of it. */
export function validateInlineVolume(mistakes: Mistakes, spec: PersistentVolumeSpec, at: FieldPath): void {
  const inline = 'in the context of inline volumes';
  const none = (field: 'claimRef' | 'nodeAffinity' | 'storageClassName') => {
    if (spec[field]) mistakes.forbidden(at.child(field), `may not be specified ${inline}`);
  };
  none('claimRef');
  if (Object.keys(spec.capacity ?? {}).length > 0) mistakes.forbidden(at.child('capacity'), `may not be specified ${inline}`);
  if (!spec.csi) mistakes.required(at.child('csi'), `has to be specified ${inline}`);
  validateAccessModes(mistakes, spec.accessModes ?? [], '', at.child('accessModes'));
  const policy = spec.persistentVolumeReclaimPolicy;
  if (policy && policy !== 'Retain') mistakes.forbidden(at.child('persistentVolumeReclaimPolicy'), `may only be Retain ${inline}`);
  none('nodeAffinity');
  validateSource(mistakes, spec, '', at);
  none('storageClassName');
  if (spec.volumeMode !== undefined && spec.volumeMode !== 'Filesystem')
    mistakes.forbidden(at.child('volumeMode'), `may not specify volumeMode other than Filesystem ${inline}`);
}

/** Amounts are structs full of pointers; only the absence of any can be told. */
const goCapacity = (capacity: PersistentVolumeSpec['capacity']): unknown =>
  Object.keys(capacity ?? {}).length > 0 ? capacity : new GoText(`core.ResourceList${capacity ? '{}' : '(nil)'}`);

function validateCapacity(mistakes: Mistakes, { capacity }: PersistentVolumeSpec): void {
  const at = specPath.child('capacity');
  if (Object.keys(capacity ?? {}).length === 0) mistakes.required(at);
  if (capacity?.storage === undefined || Object.keys(capacity).length > 1) mistakes.notSupported(at, goCapacity(capacity), ['storage']);
  for (const name of Object.keys(capacity ?? {}).sort()) {
    validateNotNegative(mistakes, capacity![name] as string, at.key(name));
    validateStorage(mistakes, capacity![name], at.key(name));
  }
}

function validateSource(mistakes: Mistakes, spec: PersistentVolumeSpec, name: string, at: FieldPath): void {
  const present = Object.entries(sources).filter(([field]) => spec[field as keyof PersistentVolumeSpec]);
  present.forEach(([field, { label = field, path: below = field, check }], i) => {
    // Upstream looks at a flexVolume whatever is there before it.
    if (i > 0 && field !== 'flexVolume') mistakes.forbidden(at.child(label), 'may not specify more than 1 volume type');
    else if (field === 'iscsi') checkIscsi(mistakes, spec.iscsi!, at.child(below), name);
    else check(mistakes, spec[field as keyof PersistentVolumeSpec] as never, at.child(below));
    if (i === 0 && field === 'local' && !spec.nodeAffinity) mistakes.required(at.child('nodeAffinity'), 'Local volume requires node affinity');
  });
  if (present.length === 0) mistakes.required(at, 'must specify a volume type');
  if (spec.hostPath && isRoot(spec.hostPath.path) && spec.persistentVolumeReclaimPolicy === 'Recycle')
    mistakes.forbidden(at.child('persistentVolumeReclaimPolicy'), "may not be 'recycle' for a hostPath mount of '/'");
}

/** Whether a path is `/`, in however many words. */
function isRoot(path = ''): boolean {
  let depth = 0;
  for (const part of path.split('/')) {
    if (part === '..') depth = Math.max(0, depth - 1);
    else if (part !== '' && part !== '.') depth += 1;
  }
  return path.startsWith('/') && depth === 0;
}

function checkLocal(mistakes: Mistakes, { path: local }: NonNullable<PersistentVolumeSpec['local']>, at: FieldPath): void {
  if (!local) mistakes.required(at.child('path'));
  else validateNoBacksteps(mistakes, local, at.child('path'));
}

const sourcePart = (spec: PersistentVolumeSpec = {}): unknown =>
  Object.fromEntries(Object.keys(sources).map((name) => [name, (spec as Record<string, unknown>)[name]]));

/** Labels of nodes that had other names in beta. */
const stableLabels: Readonly<Record<string, string>> = {
  'failure-domain.beta.kubernetes.io/zone': 'topology.kubernetes.io/zone',
  'failure-domain.beta.kubernetes.io/region': 'topology.kubernetes.io/region',
  'beta.kubernetes.io/os': 'kubernetes.io/os',
  'beta.kubernetes.io/arch': 'kubernetes.io/arch',
  'beta.kubernetes.io/instance-type': 'node.kubernetes.io/instance-type',
};

type Affinity = NonNullable<PersistentVolumeSpec['nodeAffinity']>;

/** The affinity with those labels under their names of today that are so in another one. */
function withStableLabels(affinity: Readonly<Affinity>, other: Readonly<Affinity> | undefined): Affinity {
  const renamed = clone(affinity);
  renamed.required?.nodeSelectorTerms?.forEach((term, i) => {
    for (const field of ['matchExpressions', 'matchFields'] as const)
      term[field]?.forEach((one, j) => {
        const key = other?.required?.nodeSelectorTerms?.[i]?.[field]?.[j]?.key;
        if (key !== undefined && stableLabels[one.key] === key) one.key = key;
      });
  });
  return renamed;
}

/** ValidatePersistentVolumeUpdate: what a volume is made of stays, but for a secret that was not named yet. */
export function validatePersistentVolumeUpdate(next: PersistentVolume, previous: Readonly<PersistentVolume>): FieldError[] {
  const frozen = mistakesOf((mistakes) => {
    const before = previous.spec ?? {};
    const after = { ...next.spec };
    if (before.csi && after.csi && !before.csi.controllerExpandSecretRef) {
      const { controllerExpandSecretRef: _, ...csi } = after.csi;
      after.csi = csi;
    }
    const [old, now] = [sourcePart(before), sourcePart(after)];
    if (!semanticEqual(now, old)) {
      const diff = goDiff(coreTypes(), 'core.PersistentVolumeSource', old, now);
      mistakes.forbidden(specPath.child('persistentvolumesource'), `spec.persistentvolumesource is immutable after creation\n${diff}`);
    }
    mistakes.immutable(path('volumeMode'), after.volumeMode, after.volumeMode === before.volumeMode);
    if (before.nodeAffinity && !semanticEqual(after.nodeAffinity, withStableLabels(before.nodeAffinity, after.nodeAffinity)))
      mistakes.invalid(path('nodeAffinity'), after.nodeAffinity, 'field is immutable, except for updating from beta label to GA');
    if (after.volumeAttributesClassName !== before.volumeAttributesClassName) {
      const off = 'update is forbidden when the VolumeAttributesClass feature gate is disabled';
      mistakes.forbidden(specPath.child('volumeAttributesClassName'), off);
    }
  });
  return [...validatePersistentVolume(next), ...frozen];
}
