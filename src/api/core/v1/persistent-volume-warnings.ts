import type { PersistentVolume, PersistentVolumeClaim, PersistentVolumeClaimSpec, PersistentVolumeSpec } from '../../../../generated/types/index.ts';
import type { FieldPath } from '../../../machinery/field-error.ts';
import { path } from '../../../machinery/field-error.ts';
import { nodeTermWarnings } from './node-label-warnings.ts';
import { fractionWarnings } from './quantity-warnings.ts';

const classAnnotation = 'volume.beta.kubernetes.io/storage-class';
const useClassName = 'deprecated since v1.8; use "storageClassName" attribute instead';

const deprecatedAnnotations = [
  [classAnnotation, useClassName],
  ['volume.beta.kubernetes.io/mount-options', 'deprecated since v1.31; use "mountOptions" attribute instead'],
] as const;

/** In upstream's order; it spells one of the fields otherwise than the API does. */
const deprecatedSources: readonly (readonly [keyof PersistentVolumeSpec, string, string])[] = [
  ['cephfs', 'cephfs', 'deprecated in v1.28, non-functional in v1.31+'],
  ['photonPersistentDisk', 'photonPersistentDisk', 'deprecated in v1.11, non-functional in v1.16+'],
  ['scaleIO', 'scaleIO', 'deprecated in v1.16, non-functional in v1.22+'],
  ['storageos', 'storageOS', 'deprecated in v1.22, non-functional in v1.25+'],
  ['glusterfs', 'glusterfs', 'deprecated in v1.25, non-functional in v1.26+'],
  ['rbd', 'rbd', 'deprecated in v1.28, non-functional in v1.31+'],
];

/** What a volume is warned of (pkg/api/persistentvolume). */
export function persistentVolumeWarnings({ metadata, spec = {} }: Readonly<PersistentVolume>): string[] {
  const annotations = metadata?.annotations ?? {};
  const terms = spec.nodeAffinity?.required?.nodeSelectorTerms ?? [];
  const inTerms = path('spec', 'nodeAffinity', 'required', 'nodeSelectorTerms');
  return [
    ...deprecatedAnnotations.filter(([key]) => key in annotations).map(([key, why]) => `${path('metadata', 'annotations').key(key)}: ${why}`),
    ...(spec.persistentVolumeReclaimPolicy === 'Recycle'
      ? ['spec.persistentVolumeReclaimPolicy: The Recycle reclaim policy is deprecated. Instead, the recommended approach is to use dynamic provisioning.']
      : []),
    ...terms.flatMap((term, index) => nodeTermWarnings(inTerms.index(index), term)),
    ...deprecatedSources.filter(([field]) => spec[field] !== undefined).map(([, shown, why]) => `spec.${shown}: ${why}`),
  ];
}

/** What a claim is warned of (pkg/api/persistentvolumeclaim). */
export function persistentVolumeClaimWarnings({ metadata, spec }: Readonly<PersistentVolumeClaim>): string[] {
  const hasAnnotation = metadata?.annotations?.[classAnnotation] !== undefined;
  return [...(hasAnnotation ? [`${path('metadata', 'annotations').key(classAnnotation)}: ${useClassName}`] : []), ...claimSpecWarnings(path('spec'), spec)];
}

/** What a claim, or a template of claims, is warned of. */
export function claimSpecWarnings(at: FieldPath, spec: Readonly<PersistentVolumeClaimSpec> | undefined): string[] {
  const { requests, limits } = spec?.resources ?? {};
  return [
    ...fractionWarnings(at.child('resources', 'requests'), requests, ['storage']),
    ...fractionWarnings(at.child('resources', 'limits'), limits, ['storage']),
  ];
}
