import type { FieldSet, PathPattern, VersionedType } from '../../machinery/apply/index.ts';
import { emptySet, FieldManager, fieldTypes, setOf, union } from '../../machinery/apply/index.ts';
import { clone } from '../../machinery/deep.ts';
import type { Schema } from '../../machinery/schema/index.ts';
import type { GroupVersionKind, KubeObject } from '../../machinery/types.ts';
import { formatGroupVersion } from '../../machinery/types.ts';
import type { Call } from '../call.ts';
import { isPrintable } from '../request-options.ts';
import type { ServedResource } from '../served-resource.ts';

/** The longest name of a manager, in bytes. */
const managerMaxBytes = 128;

/** The name under which a request owns what it writes: the one it gives, or how its user agent begins (handlers managerOrUserAgent). */
export function managerName(call: Call, fieldManager: string): string {
  return fieldManager || prefixOf(call.request.headers['user-agent'] ?? '');
}

const prefixes = new Map<string, string>();

function prefixOf(userAgent: string): string {
  let known = prefixes.get(userAgent);
  if (known === undefined) {
    known = cut(userAgent.split('/')[0] ?? '');
    if (prefixes.size < 1000) prefixes.set(userAgent, known);
  }
  return known;
}

/** Only characters that can be printed, and whole ones. */
function cut(text: string): string {
  let out = '';
  for (const character of text) {
    if (!isPrintable(character)) continue;
    if (Buffer.byteLength(out + character) > managerMaxBytes) break;
    out += character;
  }
  return out;
}

const known = new WeakMap<ServedResource, Map<string, FieldManager>>();

/** Who keeps managedFields for a resource, or for one of its subresources. */
export function fieldManagerOf(call: Call, resource: ServedResource, subresource: string): FieldManager {
  return fieldManagerFor(call.services.bodies.schema, resource, subresource);
}

/** The same for what the server writes itself, without a call. */
export function fieldManagerFor(schema: Schema, resource: ServedResource, subresource: string): FieldManager {
  let managers = known.get(resource);
  if (!managers) known.set(resource, (managers = new Map()));
  let manager = managers.get(subresource);
  if (!manager) managers.set(subresource, (manager = makeFieldManager(schema, resource, subresource)));
  return manager;
}

function makeFieldManager(schema: Schema, resource: ServedResource, subresource: string): FieldManager {
  const types = fieldTypes(schema);
  const ignored = resetFields(resource, subresource);
  const only = onlyFields[`${resource.info.plural}/${subresource}`];
  const versions = new Map<string, VersionedType>();
  versions.set(resource.apiVersion, { type: types.rootOf(resource.gvk), ignored, only, convert: (object) => object });
  for (const other of otherVersions(resource)) {
    versions.set(formatGroupVersion(other.kind), { type: types.rootOf(other.kind), ignored, only, convert: (object) => other.convert(object as KubeObject) });
  }
  return new FieldManager({
    apiVersion: resource.apiVersion,
    kind: resource.gvk,
    subresource,
    version: (apiVersion) => versions.get(apiVersion),
  });
}

const managersOfReviews = new WeakMap<Schema, Map<string, FieldManager>>();

/** Notes who owns the fields of an object that is answered, and never stored: of reviews and requests for tokens. */
export function ownFields(call: Call, kind: GroupVersionKind, object: KubeObject, fieldManager: string): void {
  const { schema } = call.services.bodies;
  let managers = managersOfReviews.get(schema);
  if (!managers) managersOfReviews.set(schema, (managers = new Map()));
  let manager = managers.get(kind.kind);
  if (!manager) managers.set(kind.kind, (manager = makeReviewManager(schema, kind, call.info.subresource)));
  manager.update(undefined, object, { manager: managerName(call, fieldManager), now: call.now });
}

function makeReviewManager(schema: Schema, kind: GroupVersionKind, subresource: string): FieldManager {
  const apiVersion = formatGroupVersion(kind);
  const own: VersionedType = { type: fieldTypes(schema).rootOf(kind), ignored: emptySet, convert: (object) => object };
  return new FieldManager({ apiVersion, kind, subresource, version: (asked) => (asked === apiVersion ? own : undefined) });
}

/** The other versions that the same objects are served in. */
function otherVersions({ registry, servedAs }: ServedResource): { kind: ServedResource['gvk']; convert(object: KubeObject): KubeObject }[] {
  const stored = (object: KubeObject): KubeObject => (servedAs ? servedAs.toStorage(clone(object)) : object);
  const others = (registry.strategy.alsoServedAs ?? []).filter((one) => one !== servedAs);
  return [
    ...(servedAs ? [{ kind: registry.kind, convert: stored }] : []),
    ...others.map((one) => ({ kind: one.resource, convert: (object: KubeObject) => one.fromStorage(stored(object)) })),
  ];
}

/** What strategies put back beside the spec, or the status (GetResetFields of each). */
const alsoReset: Readonly<Record<string, readonly (readonly string[])[]>> = {
  'pods/status': [
    ['f:metadata', 'f:deletionTimestamp'],
    ['f:metadata', 'f:ownerReferences'],
  ],
  // The spec of a request cannot be changed, so nobody owns it.
  'certificatesigningrequests.certificates.k8s.io': [['f:spec']],
  'certificatesigningrequests.certificates.k8s.io/status': [['f:status', 'f:conditions']],
  'certificatesigningrequests.certificates.k8s.io/approval': [['f:spec'], ['f:status', 'f:certificate']],
  'deployments.apps/status': [['f:metadata', 'f:labels']],
  ...Object.fromEntries(
    [
      'customresourcedefinitions.apiextensions.k8s.io',
      'apiservices.apiregistration.k8s.io',
      'flowschemas.flowcontrol.apiserver.k8s.io',
      'prioritylevelconfigurations.flowcontrol.apiserver.k8s.io',
      'validatingadmissionpolicies.admissionregistration.k8s.io',
      'volumeattachments.storage.k8s.io',
    ].map((resource) => [`${resource}/status`, [['f:metadata']]]),
  ),
};

/** Subresources that change but a few fields (GetResetFieldsFilter of their strategies). */
const onlyFields: Readonly<Record<string, readonly PathPattern[]>> = {
  'pods/ephemeralcontainers': [['f:spec', 'f:ephemeralContainers']],
  'pods/resize': ['f:containers', 'f:initContainers'].flatMap((list) => ['f:resources', 'f:resizePolicy'].map((field) => ['f:spec', list, '*', field])),
};

/** Fields that a request to this resource cannot change, whatever it says. */
function resetFields({ info, registry }: ServedResource, subresource: string): FieldSet {
  const main = subresource === '' ? (registry.strategy.status ? [['f:status']] : []) : subresource === 'status' ? [['f:spec']] : [];
  const special = alsoReset[`${info.plural}${info.group ? `.${info.group}` : ''}${subresource ? `/${subresource}` : ''}`] ?? [];
  return [...main, ...special].reduce<FieldSet>((set, path) => union(set, setOf(path)), emptySet);
}
