import type { ManagedFieldsEntry } from '../../../generated/types/index.ts';
import { formatTime, parseTime } from '../time.ts';
import type { FieldSet } from './field-set.ts';
import { emptySet, isWritten, leaf, parseFieldSet, union } from './field-set.ts';

/** One manager's part of an object. */
export interface Ownership {
  /** What tells entries apart: all but time and fields, and for appliers without the version. */
  readonly id: string;
  readonly manager: string;
  readonly operation: 'Apply' | 'Update';
  readonly apiVersion: string;
  readonly subresource: string;
  readonly time: string | undefined;
  readonly set: FieldSet;
  /** The entry as it came, if it still says the same. */
  readonly entry?: Readonly<ManagedFieldsEntry>;
}

/** Who owns what, by id. Never changed: every step makes a new map. */
export type Managers = ReadonlyMap<string, Ownership>;

export interface Manager {
  readonly manager: string;
  readonly operation: 'Apply' | 'Update';
  readonly apiVersion: string;
  readonly subresource: string;
}

/** The id of an entry (managedfields BuildManagerIdentifier): JSON without what is empty. */
export function managerId(given: Manager): string {
  const key = `${given.operation} ${given.apiVersion} ${given.subresource ?? ''} ${given.manager ?? ''}`;
  let id = ids.get(key);
  if (id === undefined) {
    id = makeId(given);
    if (ids.size < idsMax) ids.set(key, id);
  }
  return id;
}

const idsMax = 1000;
const ids = new Map<string, string>();

function makeId({ manager, operation, apiVersion, subresource }: Manager): string {
  const id: Record<string, string> = {};
  if (manager) id.manager = manager;
  id.operation = operation;
  if (operation === 'Update') id.apiVersion = apiVersion;
  if (subresource) id.subresource = subresource;
  return JSON.stringify(id);
}

export function ownership(manager: Manager, set: FieldSet, time: string | undefined): Ownership {
  return { id: managerId(manager), ...manager, set, time };
}

/** Entries that this module has made, whose sets need no check. */
const own = new WeakMap<object, Ownership>();

/** Reads managedFields. Undefined if any entry is none. `stored` are those of the object that a client has read before it wrote these. */
export function decodeManagers(
  entries: readonly Readonly<ManagedFieldsEntry>[] | null | undefined,
  stored: readonly Readonly<ManagedFieldsEntry>[] = [],
): Managers | undefined {
  const managers = new Map<string, Ownership>();
  for (const [index, entry] of (entries ?? []).entries()) {
    const known = storedEntry(entry, stored[index]) ?? decodeEntry(entry);
    if (!known) return undefined;
    managers.set(known.id, known);
  }
  return managers;
}

/** The owner that a stored entry is of, if a client has sent that entry back as it was. */
function storedEntry(given: Readonly<ManagedFieldsEntry> | null, stored: Readonly<ManagedFieldsEntry> | undefined): Ownership | undefined {
  const known = stored && own.get(stored);
  if (!known || typeof given !== 'object' || given === null) return undefined;
  for (const key in given) if (key !== 'fieldsV1' && given[key as keyof ManagedFieldsEntry] !== stored[key as keyof ManagedFieldsEntry]) return undefined;
  for (const key in stored) if (!Object.hasOwn(given, key)) return undefined;
  return isWritten(known.set, given.fieldsV1) ? known : undefined;
}

function decodeEntry(entry: Readonly<ManagedFieldsEntry> | null): Ownership | undefined {
  if (typeof entry !== 'object' || entry === null) return undefined;
  const known = own.get(entry);
  if (known) return known;
  const { manager = '', operation, apiVersion, fieldsType, fieldsV1, subresource = '' } = entry;
  if ((operation !== 'Apply' && operation !== 'Update') || !apiVersion || fieldsType !== 'FieldsV1') return undefined;
  const set = isFrozenSet(fieldsV1) ? (fieldsV1 as FieldSet) : parseFieldSet(fieldsV1 ?? {});
  if (!set) return undefined;
  const made = { manager, operation, apiVersion, subresource } as const;
  return { ...ownership(made, set, entry.time ?? undefined), ...(set === fieldsV1 ? { entry } : {}) };
}

const frozenSets = new WeakSet<object>();

/** Whether the set came out of this module: clients get copies, components in this process the very same. */
function isFrozenSet(fields: unknown): boolean {
  return typeof fields === 'object' && fields !== null && frozenSets.has(fields);
}

/** Writes managedFields in upstream's order: appliers first, then by time, name, version and subresource. Undefined if nobody owns anything. */
export function encodeManagers(managers: Managers): ManagedFieldsEntry[] | undefined {
  if (managers.size === 0) return undefined;
  const all = [...managers.values()];
  if (all.length > 1) all.sort(compareOwners);
  return all.map(encodeEntry);
}

function compareOwners(a: Ownership, b: Ownership): number {
  if (a.operation !== b.operation) return a.operation < b.operation ? -1 : 1;
  if (a.time !== b.time) {
    const order = (parseTime(a.time) ?? 0) - (parseTime(b.time) ?? 0);
    if (order !== 0) return order;
  }
  return compareText(a.manager, b.manager) || compareText(a.apiVersion, b.apiVersion) || compareText(a.subresource, b.subresource);
}

function compareText(a: string, b: string): number {
  return a === b ? 0 : a < b ? -1 : 1;
}

/** The entry made last: of objects that are made alike in one second, all carry the same one. */
let recent: (Ownership & { readonly entry: ManagedFieldsEntry }) | undefined;

function encodeEntry(owner: Ownership): ManagedFieldsEntry {
  if (owner.entry) return owner.entry;
  const { manager, operation, apiVersion, time, set, subresource } = owner;
  if (recent && recent.set === set && recent.id === owner.id && recent.time === time && recent.apiVersion === apiVersion) return recent.entry;
  const entry: ManagedFieldsEntry = {};
  if (manager) entry.manager = manager;
  entry.operation = operation;
  entry.apiVersion = apiVersion;
  if (time) entry.time = time;
  entry.fieldsType = 'FieldsV1';
  // An empty set is written as one that is its own: the shared leaf stands in many trees.
  entry.fieldsV1 = set as ManagedFieldsEntry['fieldsV1'] & {};
  if (subresource) entry.subresource = subresource;
  if (set !== leaf) frozenSets.add(set);
  Object.freeze(entry);
  recent = { id: owner.id, manager, operation, apiVersion, subresource, time, set, entry };
  own.set(entry, recent);
  return entry;
}

/** How many entries of updates an object keeps (managedfields DefaultMaxUpdateManagers). */
const updateManagersMax = 10;
const bucketName = 'ancient-changes';

/** Merges the oldest updates of each version into one entry until few enough are left (managedfields capmanagers). */
export function capManagers(managers: Managers): Managers {
  let updaters = 0;
  for (const owner of managers.values()) if (owner.operation === 'Update') updaters += 1;
  if (updaters <= updateManagersMax) return managers;
  const out = new Map(managers);
  const oldest = [...managers.values()].filter((owner) => owner.operation === 'Update').sort(byAge);
  const firstOfVersion = new Map<string, string>();
  for (const owner of oldest) {
    if (updaters <= updateManagersMax) break;
    const first = firstOfVersion.get(owner.apiVersion);
    if (first === undefined) {
      firstOfVersion.set(owner.apiVersion, owner.id);
      continue;
    }
    const bucket: Manager = { manager: bucketName, operation: 'Update', apiVersion: owner.apiVersion, subresource: '' };
    const id = managerId(bucket);
    const kept = out.get(id) ?? out.get(first);
    if (!out.has(id)) out.delete(first);
    out.delete(owner.id);
    out.set(id, ownership(bucket, union(owner.set, kept?.set ?? emptySet), owner.time));
    updaters -= 1;
  }
  return out;
}

function byAge(a: Ownership, b: Ownership): number {
  return (parseTime(a.time) ?? 0) - (parseTime(b.time) ?? 0) || compareText(a.id, b.id);
}

let lastTime = { second: Number.NaN, text: '' };

/** A time as entries carry it, in whole seconds. */
export function timeOf(now: number): string {
  const second = Math.floor(now / 1000);
  if (lastTime.second !== second) lastTime = { second, text: formatTime(now) };
  return lastTime.text;
}

/**
 * Whether two lists of entries say the same but for their times
 * (apiserver fieldmanager IgnoreManagedFieldsTimestampsTransformer).
 */
export function sameButTimes(a: readonly Readonly<ManagedFieldsEntry>[] | undefined, b: readonly Readonly<ManagedFieldsEntry>[] | undefined): boolean {
  if (a === b) return true;
  if (!a || !b || a.length !== b.length) return false;
  return a.every((entry, index) => {
    const other = b[index]!;
    if (entry === other) return true;
    if (managerId(entry as Manager) !== managerId(other as Manager) || entry.apiVersion !== other.apiVersion) return false;
    return entry.fieldsV1 === other.fieldsV1 || isWritten((entry.fieldsV1 ?? leaf) as FieldSet, other.fieldsV1 ?? leaf);
  });
}
