import type { ObjectReference, OwnerReference } from '../../generated/types/index.ts';
import type { KubeObject } from '../machinery/types.ts';
import { formatGroupVersion } from '../machinery/types.ts';
import type { ResourceRef } from './types.ts';

/** A reference to an object, as events carry it (client-go's tools/reference). `fieldPath` names a part: `spec.containers{web}`. */
export function referenceTo(object: KubeObject, fieldPath?: string): ObjectReference {
  const { namespace, name, uid, resourceVersion } = object.metadata ?? {};
  return {
    ...(object.kind ? { kind: object.kind } : {}),
    ...(namespace ? { namespace } : {}),
    ...(name ? { name } : {}),
    ...(uid ? { uid } : {}),
    ...(object.apiVersion ? { apiVersion: object.apiVersion } : {}),
    ...(resourceVersion ? { resourceVersion } : {}),
    ...(fieldPath ? { fieldPath } : {}),
  };
}

/** The owner reference of a controller to what it makes (metav1.NewControllerRef). */
export function controllerReference(owner: KubeObject, ref: ResourceRef): OwnerReference {
  return {
    apiVersion: formatGroupVersion(ref),
    kind: ref.kind,
    name: owner.metadata?.name ?? '',
    uid: owner.metadata?.uid ?? '',
    controller: true,
    blockOwnerDeletion: true,
  };
}
