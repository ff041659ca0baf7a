import type { Strategy } from '../generic/strategy.ts';
import { csiDriverStrategy, csiNodeStrategy, csiStorageCapacityStrategy, volumeAttachmentStrategy } from './csi.ts';
import { storageClassStrategy } from './storage-classes.ts';

export { csiDriverStrategy, csiNodeStrategy, csiStorageCapacityStrategy, storageClassStrategy, volumeAttachmentStrategy };

/** The resources of storage.k8s.io/v1. */
export const storageStrategies = [
  csiDriverStrategy,
  csiNodeStrategy,
  csiStorageCapacityStrategy,
  storageClassStrategy,
  volumeAttachmentStrategy,
] as unknown as readonly Strategy[];
