import type { ManagedFieldsEntry } from '../../../generated/types/index.ts';
import type { FieldSet } from './field-set.ts';
import { difference, hasPath, isEmpty, setOf } from './field-set.ts';
import type { Ownership } from './managed-fields.ts';
import { decodeManagers, encodeManagers, ownership } from './managed-fields.ts';

const replicas = ['f:spec', 'f:replicas'];
const replicasSet: FieldSet = setOf(replicas);
const scaleVersion = 'autoscaling/v1';

/**
 * The owners of a Scale and those of the object behind it (managedfields ScaleHandler): whoever owns the replicas there owns
 * them here. `toScale` and `toParent` carry entries from one to the other.
 */
export function scaleManagers(apiVersion: string): {
  toScale(parent: readonly Readonly<ManagedFieldsEntry>[] | undefined): ManagedFieldsEntry[] | undefined;
  toParent(
    parent: readonly Readonly<ManagedFieldsEntry>[] | undefined,
    scale: readonly Readonly<ManagedFieldsEntry>[] | undefined,
  ): ManagedFieldsEntry[] | undefined;
} {
  return {
    toScale(parent) {
      const out = new Map<string, Ownership>();
      for (const [id, { manager, operation, subresource, time, apiVersion: own, set }] of decodeManagers(parent) ?? []) {
        if (own !== apiVersion || !hasPath(set, replicas)) continue;
        out.set(id, ownership({ manager, operation, apiVersion: scaleVersion, subresource }, replicasSet, time));
      }
      return encodeManagers(out);
    },
    toParent(parent, scale) {
      const before = decodeManagers(parent) ?? new Map<string, Ownership>();
      const scaled = new Map(decodeManagers(scale));
      const out = new Map<string, Ownership>();
      for (const [id, owner] of before) {
        // Only appliers are the same here and there: the id of an update has the version in it, which differs.
        if (!hasPath(owner.set, replicas) || scaled.delete(id)) out.set(id, owner);
        else {
          const { entry: _, ...rest } = owner;
          const set = difference(owner.set, replicasSet);
          if (!isEmpty(set)) out.set(id, { ...rest, set });
        }
      }
      for (const [id, { manager, operation, subresource, set }] of scaled) {
        // Upstream takes the time of the parent's entry, so that of an update is lost.
        if (hasPath(set, replicas)) out.set(id, ownership({ manager, operation, apiVersion, subresource }, replicasSet, before.get(id)?.time));
      }
      return encodeManagers(out);
    },
  };
}
