import type { ListMeta, ObjectMeta } from '../../generated/types/index.ts';

export type { ListMeta, ObjectMeta };

/** Any API object, as it looks on the wire. Stored ones are deeply frozen. */
export interface KubeObject {
  apiVersion?: string;
  kind?: string;
  metadata?: ObjectMeta;
}

/** A KubeObject whose other fields are looked at by name. */
export interface AnyObject extends KubeObject {
  [field: string]: unknown;
}

export interface GroupVersion {
  /** Empty for the core group. */
  readonly group: string;
  readonly version: string;
}

export interface GroupVersionKind extends GroupVersion {
  readonly kind: string;
}

export interface GroupVersionResource extends GroupVersion {
  /** Plural, lower case: `pods`. */
  readonly resource: string;
}

export interface GroupResource {
  readonly group: string;
  readonly resource: string;
}

/** Which object, within one resource. `namespace` is absent for cluster-scoped resources. */
export interface ObjectKey {
  readonly namespace?: string | undefined;
  readonly name: string;
}

/** `apps/v1`, or `v1` for the core group. */
export function formatGroupVersion({ group, version }: GroupVersion): string {
  return group ? `${group}/${version}` : version;
}

export function parseGroupVersion(apiVersion: string): GroupVersion {
  const slash = apiVersion.indexOf('/');
  return slash < 0 ? { group: '', version: apiVersion } : { group: apiVersion.slice(0, slash), version: apiVersion.slice(slash + 1) };
}

/** `pods`, or `deployments.apps`: how messages name a resource. */
export function formatGroupResource({ group, resource }: GroupResource): string {
  return group ? `${resource}.${group}` : resource;
}

/** `default/web`, or `web` for a cluster-scoped object: the key of work queues. */
export function formatObjectKey(key: ObjectKey): string {
  return key.namespace ? `${key.namespace}/${key.name}` : key.name;
}

/** The same of an object: `default/web`. */
export function formatKeyOf({ metadata }: Readonly<KubeObject>): string {
  return formatObjectKey({ namespace: metadata?.namespace, name: metadata?.name ?? '' });
}

export function parseObjectKey(text: string): ObjectKey {
  const slash = text.indexOf('/');
  return slash < 0 ? { name: text } : { namespace: text.slice(0, slash), name: text.slice(slash + 1) };
}
