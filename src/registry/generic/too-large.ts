import type { KubeObject } from '../../machinery/types.ts';
import { isStoreError } from '../../store/store.ts';

/**
 * What is stored instead of an object that is too large: managed fields can be most of it, and are left away (endpoints/handlers
 * isTooLargeError). Throws the error where that is of no use.
 */
export function withoutManagedFields(object: KubeObject, error: unknown): KubeObject {
  const { managedFields, ...metadata } = object.metadata ?? {};
  if (!managedFields || !isStoreError(error, 'TooLarge')) throw error;
  return { ...object, metadata };
}
