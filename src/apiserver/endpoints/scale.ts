import type { ApplyAs, WriteAs } from '../../machinery/apply/index.ts';
import { FieldManager, fieldTypes, scaleManagers, setOf } from '../../machinery/apply/index.ts';
import { clone } from '../../machinery/deep.ts';
import { invalidValue } from '../../machinery/field-error.ts';
import type { ResponseBody } from '../../machinery/handler.ts';
import type { Schema } from '../../machinery/schema/index.ts';
import { findTypeError } from '../../machinery/schema/index.ts';
import { badRequest, conflict, invalid } from '../../machinery/status-error.ts';
import { partialObjectMetadata, renderTable, type TableColumn } from '../../machinery/table.ts';
import type { GroupVersionKind, KubeObject } from '../../machinery/types.ts';
import { formatGroupVersion } from '../../machinery/types.ts';
import { ageColumn } from '../../registry/core/columns.ts';
import { otherUidMessage } from '../../registry/generic/resource-registry.ts';
import type { Answer } from '../answers.ts';
import { dataBody, notShownAs } from '../answers.ts';
import { decodeObject } from '../body.ts';
import type { Call } from '../call.ts';
import type { AnswerForm } from '../negotiation.ts';
import { requireIncludeObject } from '../negotiation.ts';
import { writeOptions } from '../request-options.ts';
import type { ServedResource } from '../served-resource.ts';
import { configForPresent, isApply } from './apply.ts';
import { managerName } from './field-managers.ts';
import { applyChange, patchOfPresent, refusedPatch } from './patched-object.ts';
import { namespaceOf } from './read.ts';
import { checkName } from './write.ts';

export const scaleKind: GroupVersionKind = { group: 'autoscaling', version: 'v1', kind: 'Scale' };

interface Scale extends KubeObject {
  spec?: { replicas?: number };
  status?: { replicas: number; selector?: string };
}

/** The Scale of an object: zero replicas are left out of spec, as Go's omitempty does. */
function scaleOf(resource: ServedResource, object: Readonly<KubeObject>): Scale {
  const scale = resource.registry.strategy.scale!;
  const { name, namespace, uid, resourceVersion, creationTimestamp } = object.metadata ?? {};
  const replicas = scale.replicas(object);
  const selector = scale.selector(object);
  return {
    kind: 'Scale',
    apiVersion: 'autoscaling/v1',
    metadata: { name, namespace, uid, resourceVersion, creationTimestamp } as KubeObject['metadata'] & {},
    spec: replicas ? { replicas } : {},
    status: { replicas: scale.statusReplicas(object), ...(selector ? { selector } : {}) },
  };
}

const scaleColumns: readonly TableColumn<Scale>[] = [
  { name: 'Name', type: 'string', description: 'The name of the object.', cell: ({ metadata }) => metadata?.name ?? '' },
  { name: 'Desired', type: 'integer', description: 'How many pods are wanted.', cell: ({ spec }) => spec?.replicas ?? 0 },
  { name: 'Available', type: 'integer', description: 'How many pods there are.', cell: ({ status }) => status?.replicas ?? 0 },
  ageColumn as TableColumn<Scale>,
];

function scaleBody(scale: Scale, form: AnswerForm, now: number): ResponseBody {
  if (form.as === 'partialList') throw notShownAs('PartialObjectMetadataList', 'not a list (*autoscaling.Scale)');
  if (form.as === 'partial') return dataBody(partialObjectMetadata(scale, form.version), form);
  if (form.as === 'object') return dataBody(scale, form);
  const metadata = { resourceVersion: scale.metadata?.resourceVersion };
  return dataBody(renderTable([scale], { columns: scaleColumns, version: form.version, includeObject: requireIncludeObject(form), now, metadata }), form);
}

export async function getScale(call: Call, resource: ServedResource): Promise<Answer> {
  const { name, namespace } = call.info;
  const entry = await resource.registry.get({ namespace, name });
  return { status: 200, body: scaleBody(scaleOf(resource, entry.object), call.form, call.now) };
}

/** PUT and PATCH of a Scale: the object's replicas change, and nothing else. */
export async function writeScale(call: Call, resource: ServedResource): Promise<Answer> {
  const { form, info } = call; // A form that there is not is refused before anything is written.
  const patching = call.request.method === 'PATCH';
  const applying = patching && isApply(call);
  const options = writeOptions(patching ? 'PatchOptions' : 'UpdateOptions', call.query, call.fieldValidation, applying ? 'apply' : 'other');
  const as = { manager: managerName(call, options.fieldManager), now: call.now, force: options.force === true };
  const sent = patching ? undefined : sentScale(call, options.fieldValidation);
  const next = applying ? await applyScale(call, resource, as) : tracked(call, as, sent ? () => sent : await patchScale(call, resource));
  const owners = scaleManagers(resource.apiVersion);
  let wanted: Scale = {};
  const { served } = await resource.registry.update({
    key: { namespace: namespaceOf(call, resource), name: info.name },
    context: call.context(options.dryRun),
    subresource: 'scale',
    given: sent && { uid: sent.metadata?.uid ?? '' }, // Its version is looked at when the rest has been.
    admitted: { kind: scaleKind, object: () => wanted, oldObject: (previous) => scaleOf(resource, previous.object) },
    next: (previous) => {
      const { managedFields } = previous!.object.metadata ?? {};
      const live = scaleOf(resource, previous!.object);
      const scaleOwners = owners.toScale(managedFields);
      wanted = next(scaleOwners ? { ...live, metadata: { ...live.metadata, managedFields: scaleOwners } } : live);
      const replicas = wanted.spec?.replicas ?? 0;
      if (replicas < 0) throw invalid(scaleKind, info.name, [invalidValue('spec.replicas', replicas, 'must be greater than or equal to 0')]);
      const { uid } = live.metadata ?? {};
      if (wanted.metadata?.uid && wanted.metadata.uid !== uid) throw otherUid(resource, info.name, wanted.metadata.uid, uid ?? '');
      const changed = clone(previous!.object) as KubeObject;
      changed.metadata = { ...changed.metadata, resourceVersion: wanted.metadata?.resourceVersion ?? '' };
      const parentOwners = owners.toParent(managedFields, wanted.metadata?.managedFields);
      if (parentOwners) changed.metadata.managedFields = parentOwners;
      else delete changed.metadata.managedFields;
      resource.registry.strategy.scale!.setReplicas(changed, replicas);
      return changed;
    },
  });
  return { status: 200, body: scaleBody(scaleOf(resource, served.object), form, call.now) };
}

function otherUid({ registry }: ServedResource, name: string, wanted: string, present: string): Error {
  const { group, resource } = registry.groupResource;
  return conflict({ group, resource: `${resource}/scale` }, name, otherUidMessage(wanted, present));
}

/** Whoever changes a Scale owns the replicas from then on, unless there are none: Go does not write a zero, which nobody owns. */
function tracked(call: Call, as: WriteAs, next: (old: Scale) => Scale): (old: Scale) => Scale {
  return (old) => {
    const scale = clone(next(old));
    if (scale.spec?.replicas === 0) delete scale.spec.replicas;
    scaleFields(call).update(old, scale, as);
    return scale;
  };
}

async function applyScale(call: Call, resource: ServedResource, as: ApplyAs): Promise<(old: Scale) => Scale> {
  const config = await configForPresent(call, resource);
  return (old) => {
    const { object } = scaleFields(call).apply(old, config, as);
    checkName(object, call.info.name);
    return object;
  };
}

const scaleFieldManagers = new WeakMap<Schema, FieldManager>();

function scaleFields(call: Call): FieldManager {
  const { schema } = call.services.bodies;
  let manager = scaleFieldManagers.get(schema);
  if (!manager) {
    const version = { type: fieldTypes(schema).rootOf(scaleKind), ignored: setOf(['f:status']), convert: (object: unknown) => object };
    const apiVersion = formatGroupVersion(scaleKind);
    const options = { apiVersion, kind: scaleKind, subresource: 'scale', version: (wanted: string) => (wanted === apiVersion ? version : undefined) };
    scaleFieldManagers.set(schema, (manager = new FieldManager(options)));
  }
  return manager;
}

function sentScale(call: Call, fieldValidation: 'Ignore' | 'Warn' | 'Strict'): Scale {
  const scale: Scale = decodeObject(call.services.bodies, call.request.body, { kind: scaleKind, fieldValidation, warn: call.warn });
  call.onSent?.(scale);
  checkName(scale, call.info.name, call.info.namespace);
  return scale;
}

async function patchScale(call: Call, resource: ServedResource): Promise<(old: Scale) => Scale> {
  const change = await patchOfPresent(call, resource);
  return (old) => {
    const patched = applyChange(call, { gvk: scaleKind }, change, old) as Scale;
    const typeError = findTypeError(call.services.bodies.schema, scaleKind, patched);
    if (typeof patched !== 'object' || patched === null) throw badRequest(`the patch leaves no Scale of ${resource.info.plural}`);
    if (typeError) throw refusedPatch(call, { gvk: scaleKind }, change, old, patched, typeError);
    return patched;
  };
}
