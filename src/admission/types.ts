import type { FieldError } from '../machinery/field-error.ts';
import type { UserInfo } from '../machinery/handler.ts';
import type { GroupResource, GroupVersionKind, KubeObject, ObjectKey } from '../machinery/types.ts';

export type Operation = 'CREATE' | 'UPDATE' | 'DELETE' | 'CONNECT';

/** One request on its way to storage, as admission plugins see it. */
export interface AdmissionAttributes<T extends KubeObject = KubeObject> {
  readonly operation: Operation;
  readonly resource: GroupResource & { readonly version: string };
  readonly subresource: string;
  readonly kind: GroupVersionKind;
  readonly namespace: string;
  /** Empty on a create with generateName until the name is made. */
  readonly name: string;
  /** The object to be stored; mutating plugins change it in place. Absent on DELETE. */
  readonly object: T;
  /** The stored object, frozen; absent on CREATE. */
  readonly oldObject: Readonly<T> | undefined;
  readonly user: UserInfo;
  readonly dryRun: boolean;
  /** Adds a Warning header to the answer. */
  warn(text: string): void;
  /** Adds to what the audit log says of the request: `pod-security.kubernetes.io/enforce-policy`. */
  annotate?(key: string, value: string): void;
}

export interface Rule {
  /** `pods`, `pods/status`, `*`; core group unless `group` says otherwise. */
  readonly resource: string;
  readonly group?: string;
  readonly operations: readonly Operation[];
}

/** Reads other objects from the server's own storage (upstream: informers inside the API server). */
export interface ObjectReader {
  get<T extends KubeObject>(resource: GroupResource, namespace: string | undefined, name: string): Promise<Readonly<T> | undefined>;
  list<T extends KubeObject>(resource: GroupResource, namespace?: string): Promise<readonly Readonly<T>[]>;
}

/** Writes what the server itself keeps account of (upstream: a client of its own on loopback). */
export interface StatusWriter {
  /**
   * Changes an object's status against its newest version; `change` runs again after a lost race, and what it throws is passed on.
   * An object that has gone meanwhile is left alone.
   */
  updateStatus<T extends KubeObject>(resource: GroupResource, key: ObjectKey, change: (object: T) => void): Promise<void>;
}

/** A plugin has a name, says when it runs, and does one thing; it throws a StatusError to refuse. */
export interface AdmissionPlugin<T extends KubeObject = KubeObject> {
  readonly name: string;
  readonly rules: readonly Rule[];
  /** Changes the object. */
  admit?(attributes: AdmissionAttributes<T>): void | Promise<void>;
  /** Looks at the final object. */
  validate?(attributes: AdmissionAttributes<T>): void | Promise<void>;
}

export type { FieldError };
