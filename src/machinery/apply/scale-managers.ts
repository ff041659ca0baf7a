import type { ManagedFieldsEntry } from '../../../generated/types/index.ts';
import type { FieldSet } from './field-set.ts';
import { difference, hasPath, isEmpty, setOf } from './field-set.ts';
import type { Ownership } from './managed-fields.ts';
import { decodeManagers, encodeManagers } from './managed-fields.ts';

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
      for (const [id, owner] of decodeManagers(parent) ?? []) {
        if (owner.apiVersion !== apiVersion || !hasPath(owner.set, replicas)) continue;
        const { manager, operation, subresource, time } = owner;
        out.set(id, { id, manager, operation, subresource, time, apiVersion: scaleVersion, set: replicasSet });
      }
      return encodeManagers(out);
    },
    toParent(parent, scale) {
      const scaled = new Map<string, Ownership>();
      for (const owner of (decodeManagers(scale) ?? new Map<string, Ownership>()).values()) scaled.set(nameOf(owner), owner);
      const out = new Map<string, Ownership>();
      for (const [id, owner] of decodeManagers(parent) ?? []) {
        if (!hasPath(owner.set, replicas)) out.set(id, owner);
        else if (scaled.delete(nameOf(owner))) out.set(id, owner);
        else {
          const { entry: _, ...rest } = owner;
          const set = difference(owner.set, replicasSet);
          if (!isEmpty(set)) out.set(id, { ...rest, set });
        }
      }
      for (const [id, { entry: _, ...owner }] of scaled) if (!isEmpty(owner.set)) out.set(id, { ...owner, id, apiVersion, set: replicasSet });
      return encodeManagers(out);
    },
  };
}

/** Entries keep who they are on the way, but not their version. */
function nameOf({ manager, operation, subresource }: Ownership): string {
  return JSON.stringify([manager, operation, subresource]);
}
