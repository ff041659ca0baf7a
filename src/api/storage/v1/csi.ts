import type { CSIDriver, CSINode, CSIStorageCapacity, VolumeAttachment } from '../../../../generated/types/index.ts';
import { sameField, semanticEqual } from '../../../machinery/deep.ts';
import { type FieldError, path } from '../../../machinery/field-error.ts';
import { goSelector, goStringList } from '../../../machinery/go-syntax.ts';
import { canonicalQuantity, compareQuantities } from '../../../machinery/quantity.ts';
import { validateInlineVolume } from '../../core/v1/persistent-volume.ts';
import { validateDriverName } from '../../core/v1/volume-sources.ts';
import { mistakesOf, tokenLifetimeMistakes } from '../../meta/checks.ts';
import { validateLabelSelector } from '../../meta/labels.ts';
import { isDns1123Subdomain, isQualifiedName } from '../../meta/names.ts';

const modes = ['Persistent', 'Ephemeral'];
const groupPolicies = ['File', 'None', 'ReadWriteOnceWithFSType'];
const maxNodeId = 256;
const specPath = path('spec');

/** pkg/apis/storage/v1 SetDefaults_CSIDriver. */
export function setCsiDriverDefaults(driver: CSIDriver): void {
  const spec = (driver.spec ??= {});
  spec.attachRequired ??= true;
  spec.podInfoOnMount ??= false;
  spec.storageCapacity ??= false;
  spec.fsGroupPolicy ??= 'ReadWriteOnceWithFSType';
  if ((spec.volumeLifecycleModes ?? []).length === 0) spec.volumeLifecycleModes = ['Persistent'];
  spec.requiresRepublish ??= false;
  spec.seLinuxMount ??= false;
}

/** pkg/apis/storage/validation ValidateCSIDriver. */
export function validateCsiDriver({ spec }: CSIDriver): FieldError[] {
  return mistakesOf((mistakes) => {
    for (const field of ['attachRequired', 'podInfoOnMount', 'storageCapacity'] as const)
      if (spec?.[field] === undefined) mistakes.required(specPath.child(field));
    const policy = spec?.fsGroupPolicy;
    if (policy !== undefined && !groupPolicies.includes(policy)) mistakes.notSupported(specPath.child('fsGroupPolicy'), policy, groupPolicies);
    const audiences = new Set<string>();
    (spec?.tokenRequests ?? []).forEach(({ audience, expirationSeconds }, i) => {
      const at = specPath.child('tokenRequests').index(i);
      if (audiences.has(audience)) {
        mistakes.duplicate(at.child('audience'), audience);
        return;
      }
      audiences.add(audience);
      if (expirationSeconds !== undefined) mistakes.invalid(at.child('expirationSeconds'), expirationSeconds, tokenLifetimeMistakes(expirationSeconds));
    });
    for (const mode of spec?.volumeLifecycleModes ?? []) if (!modes.includes(mode)) mistakes.notSupported(specPath.child('volumeLifecycleModes'), mode, modes);
  });
}

export function validateCsiDriverUpdate(next: CSIDriver, previous: Readonly<CSIDriver>): FieldError[] {
  const frozen = mistakesOf((mistakes) => {
    for (const field of ['attachRequired', 'volumeLifecycleModes'] as const)
      mistakes.immutable(
        specPath.child(field === 'attachRequired' ? 'attachedRequired' : field),
        field === 'attachRequired' ? next.spec?.[field] : goStringList(next.spec?.[field], '[]storage.VolumeLifecycleMode'),
        semanticEqual(next.spec?.[field], previous.spec?.[field]),
      );
  });
  return [...validateCsiDriver(next), ...frozen];
}

/** ValidateCSINode. */
export function validateCsiNode({ spec }: CSINode): FieldError[] {
  return mistakesOf((mistakes) => {
    const seen = new Set<string>();
    (spec?.drivers ?? []).forEach((driver, i) => {
      const at = specPath.child('drivers').index(i);
      validateDriverName(mistakes, driver.name, at.child('name'));
      if (!driver.nodeID) mistakes.required(at.child('nodeID'));
      else if (driver.nodeID.length > maxNodeId) mistakes.invalid(at.child('nodeID'), driver.nodeID, `must be ${maxNodeId} characters or less`);
      const count = driver.allocatable?.count;
      if (count !== undefined && count < 0) mistakes.nonNegative(at.child('allocatable').child('count'), count);
      if (seen.has(driver.name)) mistakes.duplicate(at.child('name'), driver.name);
      seen.add(driver.name);
      const keys = new Set<string>();
      for (const key of driver.topologyKeys ?? []) {
        if (!key) mistakes.required(at);
        if (keys.has(key)) mistakes.duplicate(at, key);
        keys.add(key);
        mistakes.invalid(at, key, isQualifiedName(key));
      }
    });
  });
}

/** A driver of a node is what it is, though others may come and go (ValidateCSINodeUpdate). */
export function validateCsiNodeUpdate(next: CSINode, previous: Readonly<CSINode>): FieldError[] {
  const frozen = mistakesOf((mistakes) => {
    for (const before of previous.spec?.drivers ?? []) {
      for (const driver of next.spec?.drivers ?? [])
        if (driver.name === before.name) mistakes.immutable(specPath.child('drivers'), driver, semanticEqual(driver, before));
    }
  });
  return [...validateCsiNode(next), ...frozen];
}

/** ValidateVolumeAttachment. */
export function validateVolumeAttachment({ spec }: VolumeAttachment): FieldError[] {
  return mistakesOf((mistakes) => {
    if (!spec?.attacher) mistakes.required(specPath.child('attacher'));
    const { persistentVolumeName, inlineVolumeSpec } = spec?.source ?? {};
    const at = specPath.child('source');
    if (!inlineVolumeSpec && persistentVolumeName === undefined) mistakes.required(at, 'must specify exactly one of inlineVolumeSpec and persistentVolumeName');
    if (inlineVolumeSpec && persistentVolumeName !== undefined) mistakes.forbidden(at, 'must specify exactly one of inlineVolumeSpec and persistentVolumeName');
    if (inlineVolumeSpec && persistentVolumeName === undefined) validateInlineVolume(mistakes, inlineVolumeSpec, at.child('inlineVolumeSpec'));
    if (persistentVolumeName === '' && !inlineVolumeSpec) mistakes.required(at.child('persistentVolumeName'), 'must specify non empty persistentVolumeName');
    mistakes.invalid(specPath.child('nodeName'), spec?.nodeName ?? '', isDns1123Subdomain(spec?.nodeName ?? ''));
  });
}

/** The same, with what only new ones are asked (ValidateVolumeAttachmentV1). */
export function validateNewVolumeAttachment(attachment: VolumeAttachment): FieldError[] {
  const more = mistakesOf((mistakes) => {
    const { attacher = '', source } = attachment.spec ?? {};
    validateDriverName(mistakes, attacher, specPath.child('attacher'));
    const volume = source?.persistentVolumeName;
    if (volume !== undefined) mistakes.invalid(specPath.child('source', 'persistentVolumeName'), volume, isDns1123Subdomain(volume));
  });
  return [...validateVolumeAttachment(attachment), ...more];
}

export function validateVolumeAttachmentUpdate(next: VolumeAttachment, previous: Readonly<VolumeAttachment>): FieldError[] {
  const same = semanticEqual(next.spec, previous.spec);
  return [...validateVolumeAttachment(next), ...mistakesOf((mistakes) => (same ? undefined : mistakes.invalid(specPath, next.spec, 'field is immutable')))];
}

/** Amounts are stored as Go writes them. */
export function setCsiStorageCapacityDefaults(one: CSIStorageCapacity): void {
  for (const field of ['capacity', 'maximumVolumeSize'] as const) {
    const amount = one[field];
    if (amount !== undefined) one[field] = canonicalQuantity(amount);
  }
}

/** ValidateCSIStorageCapacity. */
export function validateCsiStorageCapacity(one: CSIStorageCapacity): FieldError[] {
  return mistakesOf((mistakes) => {
    mistakes.invalid(path('storageClassName'), one.storageClassName ?? '', isDns1123Subdomain(one.storageClassName ?? ''));
    validateLabelSelector(mistakes, one.nodeTopology, path('nodeTopology'));
    for (const field of ['capacity', 'maximumVolumeSize'] as const) {
      const amount = one[field];
      if (amount !== undefined && compareQuantities(amount, '0') < 0) mistakes.invalid(path(field), amount, 'must be greater than or equal to 0');
    }
  });
}

export function validateCsiStorageCapacityUpdate(next: CSIStorageCapacity, previous: Readonly<CSIStorageCapacity>): FieldError[] {
  const frozen = mistakesOf((mistakes) => {
    mistakes.immutable(path('nodeTopology'), goSelector(next.nodeTopology), sameField('nodeTopology', next.nodeTopology, previous.nodeTopology));
    mistakes.immutable(path('storageClassName'), next.storageClassName, next.storageClassName === previous.storageClassName);
  });
  return [...validateCsiStorageCapacity(next), ...frozen];
}
