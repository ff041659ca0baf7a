import type { FieldError } from '../../machinery/field-error.ts';
import type { UserInfo } from '../../machinery/handler.ts';
import type { TableRowCondition } from '../../machinery/table.ts';
import type { GroupVersionKind, KubeObject } from '../../machinery/types.ts';
import type { DeleteQuery } from './options.ts';

/** What discovery says of a resource. */
export interface ResourceInfo extends GroupVersionKind {
  readonly plural: string;
  readonly singular: string;
  readonly shortNames?: readonly string[];
  readonly categories?: readonly string[];
  readonly namespaced: boolean;
  /** The version that upstream stores, where it is not this one: discovery's hashes tell. */
  readonly storedVersion?: string;
  /** Defaults to create, delete, deletecollection, get, list, patch, update, watch. */
  readonly verbs?: readonly string[];
  /** What every answer about a deprecated resource warns of: `v1 ComponentStatus is deprecated in v1.19+`. */
  readonly deprecation?: string;
}

/** What the engine hands to a strategy with each request. */
export interface RequestContext {
  readonly user: UserInfo;
  /** Simulated milliseconds since the Unix epoch. */
  readonly now: number;
  readonly dryRun: boolean;
  warn(text: string): void;
  /** Adds to what the audit log says of the request. */
  annotate?(key: string, value: string): void;
}

export interface Column<T> {
  /** As kubectl prints it, without upper-casing: `Name`, `Nominated Node`. */
  readonly name: string;
  readonly type: 'string' | 'integer' | 'number' | 'boolean' | 'date';
  readonly format?: string;
  readonly description: string;
  /** 0 is always shown; above 0 only with `-o wide`. */
  readonly priority?: number;
  /** The cell; `now` is simulated time in milliseconds. */
  cell(object: Readonly<T>, now: number): string | number | boolean | null;
}

/** How a graceful delete of this object begins; see `Strategy.gracePeriod`. */
export interface GracePeriod {
  readonly seconds: number;
}

/** Things held while a write is under way: a service's address, a port. Exactly one of the two is called. */
export interface Reservation {
  commit(): void;
  release(): void;
}

/** The same storage under another API group or version: events of core and events.k8s.io. */
export interface ServedAs<T extends KubeObject> {
  readonly resource: ResourceInfo;
  fromStorage(object: Readonly<T>): KubeObject;
  toStorage(object: KubeObject): T;
  /** Fills absent fields as this version's SetDefaults do; where it is absent, only the storage version has defaults. */
  applyDefaults?(object: KubeObject): void;
  /** How objects of this version are checked, as they are stored, where that is not how those of the storage version are. Of another group only. */
  readonly checks?: Pick<Strategy<T>, 'validate' | 'validateUpdate'>;
  selectableFields?(object: Readonly<KubeObject>): Readonly<Record<string, string>>;
}

/** How one subresource that reads and writes the same object differs: status, scale-less ones such as `ephemeralcontainers`. */
export interface UpdateStrategy<T extends KubeObject> {
  /** Puts everything back that this subresource may not change. */
  prepareForUpdate(next: T, previous: Readonly<T>, context: RequestContext): void;
  validateUpdate(next: T, previous: Readonly<T>): FieldError[];
}

/** `scale`: where replicas live in the object. */
export interface ScaleStrategy<T extends KubeObject> {
  replicas(object: Readonly<T>): number;
  statusReplicas(object: Readonly<T>): number;
  /** The selector as text. */
  selector(object: Readonly<T>): string;
  setReplicas(object: T, replicas: number): void;
}

/** Where upstream's validation of a kind looks at metadata less than that of most kinds does. Each is true if absent. */
export interface MetadataChecks {
  /** A finalizer is a standard one or has a domain (pkg/apis/core/validation ValidateObjectMeta; apimachinery's of that name does not ask). */
  readonly finalizerDomains?: boolean;
  /** An update is checked like a new object, its generateName too. */
  readonly onUpdate?: boolean;
  /** A new object's metadata is looked at by its own validation; else only by the engine, once there is nothing else wrong with it. */
  readonly onCreate?: boolean;
}

/**
 * What one resource does differently from all others. The generic engine does the rest:
 * names, namespaces, uid, timestamps, generateName, preconditions, dry run, finalizers, conflicts, watch, tables.
 */
export interface Strategy<T extends KubeObject = KubeObject> {
  readonly resource: ResourceInfo;
  readonly alsoServedAs?: readonly ServedAs<T>[];
  /** Fills absent fields, as upstream's SetDefaults of this version do. Runs on every decoded body. */
  applyDefaults?(object: T): void;
  prepareForCreate?(created: T, context: RequestContext): void;
  /** Normalises after validation and before storage: what upstream's storage does not tell apart (an empty list and none) becomes one. */
  canonicalize?(object: T): void;
  validate(object: T): FieldError[];
  warningsOnCreate?(object: T): string[];
  prepareForUpdate?(next: T, previous: Readonly<T>, context: RequestContext): void;
  validateUpdate?(next: T, previous: Readonly<T>): FieldError[];
  warningsOnUpdate?(next: T, previous: Readonly<T>): string[];
  /** Takes what the object needs from a pool, and writes it into the object: called on create and update, before validation. */
  reserve?(object: T, previous: Readonly<T> | undefined, context: RequestContext): Promise<Reservation> | Reservation;
  /** After the object has left storage. */
  released?(object: Readonly<T>): void;
  readonly status?: UpdateStrategy<T>;
  readonly scale?: ScaleStrategy<T>;
  /** Further subresources that update the object itself, by name (`ephemeralcontainers`, `resize`, `approval`, `finalize`). */
  readonly subresources?: Readonly<Record<string, UpdateStrategy<T>>>;
  /** Names that are checked differently from a DNS subdomain: returns messages, none if the name is fine. */
  validateName?(name: string, isPrefix: boolean): string[];
  readonly metadataChecks?: MetadataChecks;
  /** How long an object stays after it was last written; for ever if absent. */
  readonly lifetimeMs?: number;
  /** PUT to an absent name creates it (upstream: AllowCreateOnUpdate). */
  readonly createOnUpdate?: boolean;
  /** PUT without resourceVersion is refused (upstream: !AllowUnconditionalUpdate). */
  readonly conditionalUpdateOnly?: boolean;
  /** Before anything else happens in a delete: may refuse it with a StatusError, or warn of what it does not do. */
  beforeDelete?(object: Readonly<T>, query: Readonly<DeleteQuery>, context: RequestContext): void;
  /** Grace period of a delete, in seconds, or undefined if the object goes at once. `requested` is what the client asked for. */
  gracePeriod?(object: Readonly<T>, requested: number | undefined): GracePeriod | undefined;
  /** What the garbage collector assumes when a delete names no propagation policy; background unless said otherwise. */
  readonly defaultPropagation?: 'Background' | 'Foreground' | 'Orphan';
  /** DELETE answers with the object even when it has gone at once (pods, namespaces, volumes …). */
  readonly returnsDeletedObject?: boolean;
  /**
   * Whether something beside metadata.finalizers keeps a deleted object in storage: a namespace's spec.finalizers. While it
   * does, a delete only sets deletionTimestamp (without a grace period) and calls `markDeleted`.
   */
  keepsDeleted?(object: Readonly<T>): boolean;
  /** What the start of a kept delete changes beside metadata: a namespace's phase. */
  markDeleted?(object: T): void;
  readonly columns?: readonly Column<T>[];
  /** Annotations that stand for fields of upstream's internal type: tables and PartialObjectMetadata, which are made of that, do not have them. */
  readonly annotationsForFields?: readonly string[];
  /** Which of two comes first in the rows of a Table, where that is not the order of the list. */
  compareRows?(a: Readonly<T>, b: Readonly<T>): number;
  /** Conditions of a row in a Table: kubectl greys out what is `Completed`. */
  rowConditions?(object: Readonly<T>): readonly TableRowCondition[];
  /** Fields that field selectors may name, beside metadata.name and metadata.namespace. */
  selectableFields?(object: Readonly<T>): Readonly<Record<string, string>>;
  /** What is said of a field that selectors may not name, where it is not the sentence that most kinds have. */
  unsupportedField?(field: string): string;
}
