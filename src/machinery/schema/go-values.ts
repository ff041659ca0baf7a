import type { ProtobufField, ProtobufSchema } from '../codec/protobuf-schema.ts';
import type { GroupVersionKind, KubeObject } from '../types.ts';
import { formatGroupVersion } from '../types.ts';
import { specialDefinitions } from './schema.ts';

type Json = Record<string, unknown>;

/** What Go makes of one field. */
interface FieldRule {
  /** Go has no pointer here, so that this value is the absence of one, and is not written. */
  readonly zero: unknown;
  /** A list or map, which is not written when there is nothing in it. */
  readonly container: boolean;
  /** What lies within it; undefined for scalars and for what has a form of its own (times, quantities, raw objects). */
  readonly inner: StructRules | undefined;
  /** `inner` is that of the values of a list or map. */
  readonly many: boolean;
  /** How Go would write a time that came in another form. */
  readonly time: ((text: string) => string) | undefined;
  /** Bytes, or a map of them, which may have come as lists of numbers. */
  readonly bytes: boolean;
}

interface StructRules {
  readonly fields: ReadonlyMap<string, FieldRule>;
  /** Fields that are written even if nobody has set them, with what is written then: an empty scalar, or null. */
  readonly always: readonly (readonly [name: string, zero: unknown])[];
}

const zeros: Readonly<Record<string, unknown>> = { string: '', bool: false, bytes: '' };
const isNumeric = (type: string): boolean => /^(u?int(32|64)|double|float)$/.test(type);

/** Messages whose JSON is not their fields, or that the server keeps itself. */
const opaque: ReadonlySet<string> = new Set([
  specialDefinitions.json,
  ...[
    'meta.v1.Time',
    'meta.v1.MicroTime',
    'meta.v1.Duration',
    'meta.v1.FieldsV1',
    'meta.v1.ManagedFieldsEntry',
    'runtime.RawExtension',
    'api.resource.Quantity',
    'util.intstr.IntOrString',
  ].map((name) => `io.k8s.apimachinery.pkg.${name.startsWith('meta') ? 'apis.' : ''}${name}`),
]);

/**
 * Lists that mean something else empty than absent: a scaling rule without policies is refused, one that says nothing gets defaults;
 * a schema may not even have empty dependencies; lists that Go writes even if there are none belong to whoever has sent them.
 */
const meaningful = new Set([
  ...['autoscaling.v2.HPAScalingRules policies', 'discovery.v1.EndpointSlice ports', 'rbac.v1.ClusterRole rules', 'rbac.v1.Role rules'].map(
    (one) => `io.k8s.api.${one}`,
  ),
  'io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1.JSONSchemaProps dependencies',
]);

const times: ReadonlySet<string> = new Set([specialDefinitions.time, specialDefinitions.microTime]);
const writers: ReadonlyMap<string, (text: string) => string> = new Map([
  [specialDefinitions.time, (text) => inUtc(text, '')],
  [specialDefinitions.microTime, (text) => inUtc(text, text.slice(19, 26).replace(',', '.'))],
]);

/** A time in whole seconds of UTC, with `fraction` behind them. Texts that are no times have been refused before. */
function inUtc(text: string, fraction: string): string {
  if (text.length === 20 + fraction.length && text.endsWith('Z') && text[19] !== ',') return text;
  const seconds = Date.parse(text.replace(/[.,]\d+/, ''));
  const written = Number.isNaN(seconds) ? '' : new Date(seconds).toISOString();
  return written.length === 24 ? `${written.slice(0, 19)}${fraction}Z` : text;
}

/** Fields without `omitempty` that the API calls optional all the same. Pointers and lists are null where there is nothing. */
const writtenAnyway = new Set(
  [
    'apps.v1.StatefulSetOrdinals start',
    'apps.v1.StatefulSetSpec serviceName',
    'apps.v1.StatefulSetStatus availableReplicas',
    'core.v1.AzureFilePersistentVolumeSource secretNamespace',
    'core.v1.ContainerImage names',
    'core.v1.Event reportingComponent',
    'core.v1.Event reportingInstance',
    'core.v1.NodeRuntimeHandler name',
    'core.v1.ProjectedVolumeSource sources',
    'core.v1.TypedLocalObjectReference apiGroup',
    'core.v1.TypedObjectReference apiGroup',
    'flowcontrol.v1.ResourcePolicyRule namespaces',
    'storage.v1.CSINodeDriver topologyKeys',
  ].map((one) => `io.k8s.api.${one}`),
);

const known = new WeakMap<ProtobufSchema, Map<string, StructRules | undefined>>();

function rulesOf(schema: ProtobufSchema, name: string): StructRules | undefined {
  let cache = known.get(schema);
  if (!cache) known.set(schema, (cache = new Map()));
  if (cache.has(name)) return cache.get(name);
  const message = opaque.has(name) ? undefined : schema.message(name);
  if (!message || message.bareList) {
    cache.set(name, undefined);
    return undefined;
  }
  const fields = new Map<string, FieldRule>();
  const always: (readonly [string, unknown])[] = [];
  const rules: StructRules = { fields, always };
  cache.set(name, rules); // Before its fields: schemas of custom resources contain themselves.
  for (const field of message.fields) {
    const inner = rulesOf(schema, field.type);
    if (field.embedded) {
      for (const [key, rule] of inner?.fields ?? []) fields.set(key, rule);
      always.push(...(inner?.always ?? []));
      continue;
    }
    const container = field.map || field.repeated;
    const zero = container ? undefined : zeroOf(field);
    const isOptionalAndWritten = writtenAnyway.has(`${name} ${field.name}`);
    const required = field.required || isOptionalAndWritten;
    if (required && zero !== undefined) always.push([field.name, zero]);
    else if (isOptionalAndWritten || (!container && isTimeAnyway(name, field))) always.push([field.name, null]);
    fields.set(field.name, {
      zero: required ? undefined : zero,
      container: container && !required && !meaningful.has(`${name} ${field.name}`),
      inner,
      many: container,
      time: container ? undefined : writers.get(field.type),
      bytes: field.type === 'bytes',
    });
  }
  return rules;
}

/** Go leaves no time out that is no pointer. Metadata has one of its own, which the server fills in. */
function isTimeAnyway(message: string, { type, value }: ProtobufField): boolean {
  return value && times.has(type) && message !== specialDefinitions.objectMeta;
}

function zeroOf({ type, value }: ProtobufField): unknown {
  if (type === 'bytes') return '';
  if (!value) return undefined;
  return isNumeric(type) ? 0 : zeros[type];
}

/**
 * A built-in object as Go's decoder keeps it and its encoder would write it again: what is as empty as if it were absent (`""`, 0,
 * false, an empty list) is left out unless Go has a pointer there, and scalars that are written whether or not anybody set them (the
 * name of a container) are there, so that nothing behind this meets `undefined` where Go has "". Times that are written in any case are
 * null, and those that came with parts of seconds or another offset are written in UTC. Lists and structs that are absent stay so. Parts that do not change are shared; the input is never changed.
 * @param sound such an object already: parts that are the very ones in their place there are taken as they are
 */
export function goValues<T>(schema: ProtobufSchema, gvk: GroupVersionKind, object: T, sound?: unknown): T {
  const message = schema.messageFor(formatGroupVersion(gvk), gvk.kind);
  const rules = message && rulesOf(schema, message.name);
  return rules ? (withReset(kept(rules, object, sound), object) as T) : object;
}

/** An object whose list of owners is empty says that it wants none any more; elsewhere, in templates, an empty list is none. */
function withReset(next: unknown, object: unknown): unknown {
  const given = (object as KubeObject | null)?.metadata?.managedFields;
  const { metadata } = (next ?? {}) as KubeObject;
  return Array.isArray(given) && given.length === 0 && metadata?.managedFields === undefined
    ? { ...(next as KubeObject), metadata: { ...metadata, managedFields: given } }
    : next;
}

function kept(rules: StructRules, value: unknown, sound: unknown): unknown {
  if (typeof value !== 'object' || value === null || value === sound || Array.isArray(value)) return value;
  const before = sound as Json | null | undefined;
  const struct = value as Json;
  // Hardly ever is there anything to change, and then nothing is copied.
  let copy: Json | undefined;
  for (const key in struct) {
    const rule = rules.fields.get(key);
    if (!rule) continue;
    const field = struct[key];
    if ((rule.zero !== undefined && field === rule.zero) || (rule.container && isEmpty(field))) {
      copy ??= { ...struct };
      delete copy[key];
    } else if (rule.time && typeof field === 'string') {
      const next = rule.time(field);
      if (next !== field) (copy ??= { ...struct })[key] = next;
    } else if (rule.bytes && typeof field === 'object') {
      const next = inBase64(field, rule.many);
      if (next !== field) (copy ??= { ...struct })[key] = next;
    } else if (rule.inner && typeof field === 'object') {
      const next = rule.many ? keptAll(rule.inner, field, before?.[key]) : kept(rule.inner, field, before?.[key]);
      if (next !== field) (copy ??= { ...struct })[key] = next;
    }
  }
  for (const [key, zero] of rules.always) {
    if (struct[key] === undefined) (copy ??= { ...struct })[key] = zero;
  }
  return copy ?? value;
}

function inBase64(field: object | null, many: boolean): unknown {
  if (Array.isArray(field)) return Buffer.from(field as number[]).toString('base64');
  if (!many || field === null || !Object.values(field).some(Array.isArray)) return field;
  return Object.fromEntries(Object.entries(field).map(([key, value]) => [key, inBase64(value as object | null, false)]));
}

function keptAll(rules: StructRules, values: unknown, sound: unknown): unknown {
  if (values === sound) return values;
  if (Array.isArray(values)) {
    let list: unknown[] | undefined;
    for (let index = 0; index < values.length; index += 1) {
      const item: unknown = values[index];
      const next = kept(rules, item, (sound as unknown[] | null | undefined)?.[index]);
      if (next !== item) (list ??= values.slice())[index] = next;
    }
    return list ?? values;
  }
  let map: Json | undefined;
  for (const key in values as Json) {
    const item = (values as Json)[key];
    const next = kept(rules, item, (sound as Json | null | undefined)?.[key]);
    if (next !== item) (map ??= { ...(values as Json) })[key] = next;
  }
  return map ?? values;
}

function isEmpty(value: unknown): boolean {
  if (Array.isArray(value)) return value.length === 0;
  if (typeof value !== 'object' || value === null) return false;
  for (const _ in value) return false;
  return true;
}
