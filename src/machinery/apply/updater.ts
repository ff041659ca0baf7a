import type { Comparison } from './compare.ts';
import { changedSet, compare, createdSet, equalValues, isSame } from './compare.ts';
import type { FieldConflict } from './conflict.ts';
import { ApplyConflicts } from './conflict.ts';
import type { FieldSet, PathPattern } from './field-set.ts';
import { difference, emptySet, includes, intersection, isEmpty, pathsOf, recursiveDifference, union, within } from './field-set.ts';
import type { FieldType } from './field-type.ts';
import type { Manager, Managers, Ownership } from './managed-fields.ts';
import { managerId, ownership } from './managed-fields.ts';
import { mergeObjects, removeItems } from './merge-objects.ts';
import { reconciled, toFieldSet, withNamedFields } from './to-field-set.ts';

/** How objects of one kind look in one version. */
export interface VersionedType {
  readonly type: FieldType;
  /** Fields that the strategy puts back whatever the request says; nobody owns them, and nobody conflicts over them. */
  readonly ignored: FieldSet;
  /** Of a subresource that changes but a few fields: these. Whatever else a request says is put back, and owned by nobody for it. */
  readonly only?: readonly PathPattern[] | undefined;
  /** The object as it is handed in, in this version. */
  convert(object: unknown): unknown;
}

/** Everything that ownership is worked out from (structured-merge-diff merge.Updater). */
export interface UpdaterOptions {
  readonly apiVersion: string;
  /** Fields that identify the object, or that the server writes. */
  readonly unowned: FieldSet;
  /** Undefined for versions that are not served any more. */
  version(apiVersion: string): VersionedType | undefined;
}

export interface ApplyOutcome {
  /** Undefined if the object stays as it is; owners may have changed even so. */
  readonly object: unknown;
  readonly managers: Managers;
}

export class Updater {
  readonly #own: VersionedType;
  readonly #updating = new Map<string, VersionedType>();
  #lastCreated: FieldSet | undefined;

  constructor(readonly options: UpdaterOptions) {
    const own = options.version(options.apiVersion);
    if (!own) throw new Error(`a field manager needs the type of its own version ${options.apiVersion}`);
    this.#own = own;
  }

  /** What an object that is created hands to its creator, without what nobody owns. Objects that look alike share one set. */
  created(object: unknown): FieldSet {
    const { type, ignored } = this.#version(this.options.apiVersion, true)!;
    this.#lastCreated = createdSet(type, object, ignored, this.#lastCreated);
    return this.#lastCreated;
  }

  /** Takes what an update by `own` has changed from all other owners. Also answers what it was, without what nobody owns. */
  update(live: unknown, next: unknown, managers: Managers, own: string): { managers: Managers; changed: FieldSet } {
    const before = this.#reconciled(managers);
    const step = this.#take(live, next, before, { own, applies: false, force: true });
    return { managers: step.managers, changed: changedSet(step.comparison) };
  }

  /** An update, unlike an apply, need not look at fields that nobody owns. */
  #version(apiVersion: string, updating: boolean): VersionedType | undefined {
    if (!updating) return this.options.version(apiVersion);
    let known = this.#updating.get(apiVersion);
    if (known) return known;
    const version = this.options.version(apiVersion);
    if (!version) return undefined;
    known = { ...version, ignored: union(version.ignored, this.options.unowned) };
    this.#updating.set(apiVersion, known);
    return known;
  }

  /**
   * Lays a configuration over an object and takes away what its manager applied before and no longer does.
   * @throws ApplyConflicts without `force`
   */
  apply(live: unknown, config: unknown, managers: Managers, manager: Manager, force: boolean): ApplyOutcome {
    const { type, ignored, only } = this.#own;
    const before = this.#reconciled(managers);
    const id = managerId(manager);
    const last = before.get(id);
    const whole = recursiveDifference(toFieldSet(type, config), ignored);
    const set = only ? within(whole, only) : whole;
    const owners = new Map(before).set(id, ownership(manager, set, last?.time));
    const merged = this.#pruned(mergeObjects(type, live, config), owners, set, last);
    const step = this.#take(live, merged, owners, { own: id, applies: true, force });
    // What is put back later anyhow, and owned by nobody, is a change all the same.
    const isNoChange = isSame(step.comparison) && equalValues(live, merged);
    return { object: isNoChange ? undefined : merged, managers: step.managers };
  }

  #reconciled(managers: Managers): Managers {
    let out: Map<string, Ownership> | undefined;
    for (const [id, owner] of managers) {
      const version = this.options.version(owner.apiVersion);
      if (!version) continue;
      const set = reconciled(owner.set, version.type);
      if (set !== owner.set) (out ??= new Map(managers)).set(id, withSet(owner, set));
    }
    return out ?? managers;
  }

  /** Everybody but `own` loses what has changed; without force, that is a conflict. Who updates loses what is gone, who applies has said what stays. */
  #take(
    live: unknown,
    next: unknown,
    managers: Managers,
    { own, applies, force }: { readonly own: string; readonly applies: boolean; readonly force: boolean },
  ): { managers: Managers; comparison: Comparison } {
    const comparisons = new Map<string, Comparison>();
    const look = (apiVersion: string): Comparison | undefined => this.#compare(comparisons, apiVersion, live, next, !applies);
    const comparison = look(this.options.apiVersion)!;
    const out = new Map<string, Ownership>();
    const conflicts: FieldConflict[] = [];
    for (const id of [...managers.keys()].sort()) {
      const owner = managers.get(id)!;
      const seen = applies && id === own ? undefined : look(owner.apiVersion);
      if (!seen && id !== own) continue;
      let { set } = owner;
      if (seen && id === own) set = difference(set, seen.removed);
      else if (seen && !isSame(seen)) {
        const taken = intersection(set, changedSet(seen));
        if (!isEmpty(taken) && !force) for (const path of pathsOf(taken)) conflicts.push({ owner, path });
        set = difference(difference(set, taken), seen.removed);
      }
      if (!isEmpty(set)) out.set(id, set === owner.set ? owner : withSet(owner, set));
    }
    if (conflicts.length > 0) throw new ApplyConflicts(conflicts);
    return { managers: out, comparison };
  }

  #compare(known: Map<string, Comparison>, apiVersion: string, live: unknown, next: unknown, updating: boolean): Comparison | undefined {
    const done = known.get(apiVersion);
    if (done) return done;
    const version = this.#version(apiVersion, updating);
    if (!version) return undefined;
    const whole = compare(version.type, version.convert(live), version.convert(next), version.ignored);
    const { only } = version;
    const comparison = only ? { added: within(whole.added, only), modified: within(whole.modified, only), removed: within(whole.removed, only) } : whole;
    known.set(apiVersion, comparison);
    return comparison;
  }

  /** Without what the manager applied last time, does not apply now, and no other applier owns (merge prune). */
  #pruned(merged: unknown, managers: Managers, set: FieldSet, last: Ownership | undefined): unknown {
    // Hardly ever does an applier leave out what it applied before, and then nothing can be taken away.
    if (!last || isEmpty(last.set) || includes(set, last.set)) return merged;
    const { type } = this.#own;
    const named = (set: FieldSet): FieldSet => withNamedFields(set, type);
    let applied = emptySet;
    for (const owner of managers.values()) if (owner.operation === 'Apply') applied = union(applied, owner.set);
    const whole = named(toFieldSet(type, merged));
    const setOf = (object: unknown): FieldSet => named(toFieldSet(type, object));
    let pruned = removeItems(type, merged, named(last.set));
    pruned = removeItems(type, merged, difference(whole, union(setOf(pruned), named(applied))));
    return removeItems(type, merged, intersection(difference(whole, setOf(pruned)), named(last.set)));
  }
}

function withSet({ id, manager, operation, apiVersion, subresource, time }: Ownership, set: FieldSet): Ownership {
  return { id, manager, operation, apiVersion, subresource, time, set };
}
