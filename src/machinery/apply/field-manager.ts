import { goJson, parseJson } from '../codec/index.ts';
import { clone } from '../deep.ts';
import { specialDecoder, specialDefinitions } from '../schema/index.ts';
import { badRequest, failure } from '../status-error.ts';
import type { AnyObject, GroupVersionKind, KubeObject, ObjectMeta } from '../types.ts';
import { formatGroupVersion, parseGroupVersion } from '../types.ts';
import { compare } from './compare.ts';
import { ApplyConflicts, conflictStatus } from './conflict.ts';
import type { FieldSet } from './field-set.ts';
import { difference, emptySet, equalSets, hasPath, includes, isEmpty, leaf, setOf, union } from './field-set.ts';
import type { Manager, Managers } from './managed-fields.ts';
import { capManagers, decodeManagers, encodeManagers, managerId, ownership, timeOf } from './managed-fields.ts';
import { toFieldSet } from './to-field-set.ts';
import type { UpdaterOptions, VersionedType } from './updater.ts';
import { Updater } from './updater.ts';
import { findTypedErrors } from './validate-typed.ts';

/** Fields that belong to nobody: they identify the object, or the server writes them (managedfields stripmeta). */
const unowned: FieldSet = [
  ['f:apiVersion'],
  ['f:kind'],
  ...['name', 'namespace', 'creationTimestamp', 'selfLink', 'uid', 'clusterName', 'generation', 'managedFields', 'resourceVersion'].map((name) => [
    'f:metadata',
    `f:${name}`,
  ]),
].reduce<FieldSet>((set, path) => union(set, setOf(path)), emptySet);

/** The same, with metadata itself. */
const strippedMeta = union(unowned, Object.freeze({ 'f:metadata': Object.freeze({ '.': leaf }) }));

const beforeFirstApply = 'before-first-apply';
const lastAppliedAnnotation = 'kubectl.kubernetes.io/last-applied-configuration';

export interface FieldManagerOptions extends Omit<UpdaterOptions, 'unowned'> {
  readonly kind: GroupVersionKind;
  /** Empty for the object itself. */
  readonly subresource: string;
}

/** Who writes, and when: simulated milliseconds. */
export interface WriteAs {
  readonly manager: string;
  readonly now: number;
}

export interface ApplyAs extends WriteAs {
  readonly force: boolean;
}

/**
 * Keeps metadata.managedFields of the objects of one kind, and merges applied configurations into them
 * (apimachinery/pkg/util/managedfields FieldManager and the managers inside it).
 */
export class FieldManager {
  readonly #updater: Updater;
  readonly #type: VersionedType;
  #last: { readonly changed: FieldSet; readonly owned: FieldSet; readonly united: FieldSet } | undefined;

  constructor(readonly options: FieldManagerOptions) {
    this.#updater = new Updater({ apiVersion: options.apiVersion, version: (apiVersion) => options.version(apiVersion), unowned });
    this.#type = options.version(options.apiVersion)!;
  }

  /** Writes into `next`, which is about to replace `live` (undefined for a new object), who owns what. Never fails. */
  update(live: Readonly<KubeObject> | undefined, next: KubeObject, as: WriteAs): void {
    const metadata = (next.metadata ??= {});
    const managers = this.#managersOf(live, metadata);
    delete metadata.managedFields;
    // Who has cleared the owners of an object is not followed by new ones.
    if (managers.size === 0 && live?.metadata?.uid) return;
    try {
      write(metadata, this.#updated(live, next, managers, as));
    } catch {
      // Where items of lists cannot be told apart nobody owns anything, as upstream has it: metadata.managedFields is gone already.
    }
  }

  #updated(live: Readonly<KubeObject> | undefined, next: KubeObject, managers: Managers, as: WriteAs): Managers {
    const { apiVersion, subresource } = this.options;
    const manager: Manager = { manager: as.manager || 'unknown', operation: 'Update', apiVersion, subresource };
    const id = managerId(manager);
    const isNew = !live && managers.size === 0;
    const step = isNew ? { managers, changed: this.#updater.created(next) } : this.#updater.update(live ?? {}, next, managers, id);
    if (isEmpty(step.changed)) return capManagers(step.managers);
    const set = this.#united(step.changed, step.managers.get(id)?.set ?? emptySet);
    return capManagers(new Map(step.managers).set(id, ownership(manager, set, timeOf(as.now))));
  }

  /** Controllers write the same fields of many objects that look alike, which then share their sets. */
  #united(changed: FieldSet, owned: FieldSet): FieldSet {
    if (includes(owned, changed)) return owned;
    const last = this.#last;
    if (last && last.owned === owned && equalSets(changed, last.changed)) return last.united;
    const united = union(changed, owned);
    this.#last = { changed, owned, united };
    return united;
  }

  /** A request may say itself who owns what, but not through a subresource; an empty list, or one empty entry, clears. */
  #managersOf(live: Readonly<KubeObject> | undefined, { managedFields }: Readonly<ObjectMeta>): Managers {
    const stored = (): Managers => decodeManagers(live?.metadata?.managedFields) ?? new Map();
    if (this.options.subresource) return stored();
    if (Array.isArray(managedFields) && isReset(managedFields)) return new Map();
    if (live && managedFields === live.metadata?.managedFields) return stored();
    const given = Array.isArray(managedFields) ? decodeManagers(managedFields, live?.metadata?.managedFields ?? []) : undefined;
    return given && given.size > 0 ? given : stored();
  }

  /**
   * Applies a configuration: the object as it should be now, to be filled with defaults, managedFields included. What the configuration
   * does not reach is shared with `live`, the rest with the configuration; only the object itself and its metadata may be written to.
   * @throws StatusError 400 for another version or kind, 409 for conflicts, 500 for what does not fit the schema
   */
  apply(live: Readonly<KubeObject> | undefined, config: AnyObject, as: ApplyAs): { object: KubeObject; changed: boolean } {
    checkConfig(config, this.options.kind);
    const managers = decodeManagers(live?.metadata?.managedFields);
    if (!managers) throw failure(500, '', 'failed to decode managed fields');
    const mistakes = findTypedErrors(this.#type.type, config);
    if (mistakes) throw failure(500, '', `failed to create typed patch object (${describeObject(config)}): ${mistakes}`);
    const base = withoutManagers(live ?? {});
    return this.#applyAs(base, config, this.#tracked(live, base, managers, as), as);
  }

  /** An object that nobody owns yet is handed to a stand-in first. */
  #tracked(live: Readonly<KubeObject> | undefined, base: KubeObject, managers: Managers, as: WriteAs): Managers {
    if (managers.size > 0 || !live) return managers;
    return this.#updated(undefined, base, managers, { ...as, manager: beforeFirstApply });
  }

  #applyAs(live: KubeObject, config: AnyObject, managers: Managers, as: ApplyAs): { object: KubeObject; changed: boolean } {
    try {
      return this.#applied(live, config, managers, as);
    } catch (error) {
      if (!(error instanceof ApplyConflicts)) throw error;
      const allowed = as.manager === 'kubectl' ? this.#lastApplied(live) : undefined;
      if (!allowed) throw conflictStatus(error.conflicts);
      const left = error.conflicts.filter(({ path }) => !hasPath(allowed, path));
      if (left.length > 0) throw conflictStatus(left);
      return this.#applied(live, config, managers, { ...as, force: true });
    }
  }

  #applied(live: KubeObject, config: AnyObject, managers: Managers, as: ApplyAs): { object: KubeObject; changed: boolean } {
    const { apiVersion, subresource } = this.options;
    const manager: Manager = { manager: as.manager || 'unknown', operation: 'Apply', apiVersion, subresource };
    const outcome = this.#updater.apply(live, config, managers, manager, as.force);
    const owners = new Map(outcome.managers);
    const id = managerId(manager);
    const mine = owners.get(id);
    const set = mine && difference(mine.set, strippedMeta);
    if (!set || isEmpty(set)) owners.delete(id);
    else if (outcome.object !== undefined || set !== mine.set)
      owners.set(id, ownership(manager, set, outcome.object === undefined ? mine.time : timeOf(as.now)));
    const merged = (outcome.object ?? live) as KubeObject;
    const metadata = { ...merged.metadata };
    if (as.manager === 'kubectl') refreshLastApplied(metadata, config);
    write(metadata, owners);
    const object = { ...merged, metadata };
    return { object, changed: outcome.object !== undefined };
  }

  /** What `kubectl apply` without --server-side put there and nobody has changed since (managedfields lastAppliedManager). */
  #lastApplied(live: KubeObject): FieldSet | undefined {
    const text = live.metadata?.annotations?.[lastAppliedAnnotation];
    if (!text) return undefined;
    try {
      const config = parseJson(text) as AnyObject;
      if (config.apiVersion !== this.options.apiVersion || findTypedErrors(this.#type.type, config)) return undefined;
      const { added, modified, removed } = compare(this.#type.type, config, live);
      return difference(toFieldSet(this.#type.type, config), union(union(added, modified), removed));
    } catch {
      return undefined;
    }
  }
}

/** Whether a request clears the owners of an object: an empty list, or one empty entry. */
export function isReset(managedFields: readonly object[]): boolean {
  return managedFields.length === 0 || (managedFields.length === 1 && Object.keys(managedFields[0] ?? {}).length === 0);
}

function write(metadata: ObjectMeta, managers: Managers): void {
  const entries = encodeManagers(managers);
  if (entries) metadata.managedFields = entries;
  else delete metadata.managedFields;
}

function withoutManagers(object: Readonly<KubeObject>): KubeObject {
  const { managedFields: _, ...metadata } = object.metadata ?? {};
  return { ...object, metadata };
}

function checkConfig(config: AnyObject, expected: GroupVersionKind): void {
  const given = { ...parseGroupVersion(text(config.apiVersion)), kind: text(config.kind) };
  if (given.kind !== expected.kind || formatGroupVersion(given) !== formatGroupVersion(expected))
    throw badRequest(`invalid object type: ${describeKind(given)}`);
  const managedFields = config.metadata?.managedFields as unknown;
  // What is no list of entries counts as none here, and is refused or dropped later.
  const isList = Array.isArray(managedFields) && managedFields.every((entry) => typeof entry === 'object' && entry !== null && !Array.isArray(entry));
  if (!isList) return;
  // Entries that cannot be read are no entries at first, and are then found out when the object is converted.
  for (const { time } of managedFields as { readonly time?: unknown }[]) {
    const why = time === undefined || time === null ? undefined : specialDecoder(specialDefinitions.time)?.(time);
    if (why) throw failure(500, '', `failed to convert new object (${describeObject(config)}) to proper version: ${unconverted(expected)}: ${why}`);
  }
  throw badRequest('metadata.managedFields must be nil');
}

const unconverted = (kind: GroupVersionKind): string => `unable to convert unstructured object to ${describeKind(kind)}`;

function text(value: unknown): string {
  return typeof value === 'string' ? value : '';
}

/** As Go prints a GroupVersionKind: `apps/v1, Kind=Deployment`. */
export function describeKind({ group, version, kind }: GroupVersionKind): string {
  return `${group}/${version}, Kind=${kind}`;
}

/** An object by its names, for messages: `namespace/name; apps/v1, Kind=Deployment`. */
export function describeObject(config: AnyObject): string {
  const { name = '', namespace = '' } = config.metadata ?? {};
  return `${text(namespace)}/${text(name)}; ${describeKind({ ...parseGroupVersion(text(config.apiVersion)), kind: text(config.kind) })}`;
}

/** Keeps the annotation of client-side apply in step for those who go back to it (managedfields lastAppliedUpdater). */
function refreshLastApplied(metadata: ObjectMeta, config: AnyObject): void {
  if (!metadata.annotations?.[lastAppliedAnnotation]) return;
  const own = clone(config);
  delete own.metadata?.annotations?.[lastAppliedAnnotation];
  metadata.annotations = { ...metadata.annotations, [lastAppliedAnnotation]: `${goJson(sortedKeys(own))}\n` };
}

/** Go writes the keys of maps in order. */
function sortedKeys(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sortedKeys);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([key, one]) => [key, sortedKeys(one)]),
  );
}
