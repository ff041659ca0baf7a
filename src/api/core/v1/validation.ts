import type { ConfigMap, Endpoints, Namespace, Node, PodTemplate, Secret, ServiceAccount } from '../../../../generated/types/index.ts';
import { semanticEqual } from '../../../machinery/deep.ts';
import { FieldError, type FieldPath, path } from '../../../machinery/field-error.ts';
import { goStringList, goStruct } from '../../../machinery/go-syntax.ts';
import { validateCidr, validateIp } from '../../meta/ip.ts';
import { Mistakes } from '../../meta/mistakes.ts';
import { byteLength, isConfigKey, isDns1123Label, isDns1123Subdomain, isPortNumber, isQualifiedName, nameIsLabel, nameIsSubdomain } from '../../meta/names.ts';
import { validateFinalizerName, validateObjectMeta, validateObjectMetaUpdate } from '../../meta/object-meta.ts';
import { validateNonSpecialIp } from '../../meta/special-ip.ts';
import { supportedProtocols } from './containers-validation.ts';
import { validatePodTemplate } from './pod-validation.ts';
import { validateQuantity } from './resources-validation.ts';
import { validateTaints } from './scheduling-validation.ts';

export * from './pod-validation.ts';
export * from './service-validation.ts';

/** 1 MiB of data in one Secret or ConfigMap. */
const maxDataBytes = 1024 * 1024;
const frozen = 'field is immutable when `immutable` is set';

const sortedKeys = (map: Readonly<Record<string, unknown>> | undefined): string[] => Object.keys(map ?? {}).sort();

/** Bytes behind a base64 text. */
function decodedLength(text: string): number {
  return Math.floor((text.replace(/=+$/, '').length * 3) / 4);
}

/** A validator of an update: the metadata's rules, then those of the whole object. */
function updateOf<T extends { metadata?: Namespace['metadata'] }>(
  validate: (object: T) => FieldError[],
  more?: (mistakes: Mistakes, next: T, previous: Readonly<T>) => void,
) {
  return (next: T, previous: Readonly<T>): FieldError[] => {
    const mistakes = new Mistakes();
    validateObjectMetaUpdate(mistakes, next.metadata, previous.metadata);
    more?.(mistakes, next, previous);
    mistakes.add(validate(next));
    return mistakes.list;
  };
}

export function validateConfigMap(map: ConfigMap): FieldError[] {
  const mistakes = new Mistakes();
  validateObjectMeta(mistakes, map.metadata, true, nameIsSubdomain);
  let total = 0;
  for (const key of sortedKeys(map.data)) {
    const at = path('data').key(key);
    mistakes.invalid(at, key, isConfigKey(key));
    if (map.binaryData && Object.hasOwn(map.binaryData, key)) mistakes.invalid(at, key, 'duplicate of key present in binaryData');
    total += byteLength(map.data?.[key] ?? '');
  }
  for (const key of sortedKeys(map.binaryData)) {
    mistakes.invalid(path('binaryData').key(key), key, isConfigKey(key));
    total += decodedLength(map.binaryData?.[key] ?? '');
  }
  // Upstream reports this at the whole object, whose path prints as brackets.
  if (total > maxDataBytes) mistakes.tooLong(path('[]'), maxDataBytes);
  return mistakes.list;
}

export const validateConfigMapUpdate = updateOf<ConfigMap>(validateConfigMap, (mistakes, next, previous) =>
  validateFrozen(mistakes, next, previous, ['data', 'binaryData']),
);

function validateFrozen<T extends { immutable?: boolean }>(mistakes: Mistakes, next: T, previous: Readonly<T>, fields: readonly (keyof T & string)[]): void {
  if (!previous.immutable) return;
  if (!next.immutable) mistakes.forbidden(path('immutable'), frozen);
  for (const field of fields) if (!semanticEqual(next[field], previous[field])) mistakes.forbidden(path(field), frozen);
}

export function validateSecret(secret: Secret): FieldError[] {
  const mistakes = new Mistakes();
  validateObjectMeta(mistakes, secret.metadata, true, nameIsSubdomain);
  let total = 0;
  for (const key of sortedKeys(secret.data)) {
    mistakes.invalid(path('data').key(key), key, isConfigKey(key));
    total += decodedLength(secret.data?.[key] ?? '');
  }
  if (total > maxDataBytes) mistakes.tooLong(path('data'), maxDataBytes);
  validateSecretType(mistakes, secret);
  return mistakes.list;
}

function validateSecretType(mistakes: Mistakes, secret: Secret): void {
  const data = secret.data ?? {};
  const need = (key: string): void => {
    if (!Object.hasOwn(data, key)) mistakes.required(path('data').key(key));
  };
  switch (secret.type) {
    case 'kubernetes.io/service-account-token':
      if (!secret.metadata?.annotations?.['kubernetes.io/service-account.name'])
        mistakes.required(path('metadata', 'annotations').key('kubernetes.io/service-account.name'));
      break;
    case 'kubernetes.io/dockercfg':
      validateJsonKey(mistakes, data, '.dockercfg');
      break;
    case 'kubernetes.io/dockerconfigjson':
      validateJsonKey(mistakes, data, '.dockerconfigjson');
      break;
    case 'kubernetes.io/basic-auth':
      if (Object.hasOwn(data, 'username') || Object.hasOwn(data, 'password')) break;
      need('username');
      need('password');
      break;
    case 'kubernetes.io/ssh-auth':
      if (!data['ssh-privatekey']) mistakes.required(path('data').key('ssh-privatekey'));
      break;
    case 'kubernetes.io/tls':
      need('tls.crt');
      need('tls.key');
      break;
  }
}

function validateJsonKey(mistakes: Mistakes, data: Readonly<Record<string, string>>, key: string): void {
  const at = path('data').key(key);
  if (!Object.hasOwn(data, key)) {
    mistakes.required(at);
    return;
  }
  const why = whyNotJsonObject(Buffer.from(data[key] as string, 'base64').toString());
  if (why) mistakes.invalid(at, '<secret contents redacted>', why);
}

/** What encoding/json says of a text that is no JSON object, for the common ways to be none. */
function whyNotJsonObject(text: string): string | undefined {
  const trimmed = text.trim();
  try {
    const value = JSON.parse(trimmed) as unknown;
    if (typeof value === 'object' && !Array.isArray(value)) return undefined;
    const kind = Array.isArray(value) ? 'array' : typeof value === 'boolean' ? 'bool' : typeof value;
    return `json: cannot unmarshal ${kind} into Go value of type map[string]interface {}`;
  } catch {
    if (trimmed === '') return 'unexpected end of JSON input';
    for (const word of ['true', 'false', 'null']) {
      if (trimmed[0] !== word[0]) continue;
      let same = 1;
      while (same < word.length && trimmed[same] === word[same]) same++;
      if (same < word.length && same < trimmed.length) return `invalid character '${trimmed[same]}' in literal ${word} (expecting '${word[same]}')`;
    }
    if (!/^[{["\-0-9tfn]/.test(trimmed)) return `invalid character '${trimmed[0]}' looking for beginning of value`;
    return 'unexpected end of JSON input';
  }
}

export const validateSecretUpdate = updateOf<Secret>(validateSecret, (mistakes, next, previous) => {
  mistakes.immutable(path('type'), next.type ?? '', next.type === previous.type);
  validateFrozen(mistakes, next, previous, ['data']);
});

export function validateServiceAccount(account: ServiceAccount): FieldError[] {
  const mistakes = new Mistakes();
  validateObjectMeta(mistakes, account.metadata, true, nameIsSubdomain);
  return mistakes.list;
}

export const validateServiceAccountUpdate = updateOf<ServiceAccount>(validateServiceAccount);

export function validateNamespace(namespace: Namespace): FieldError[] {
  const mistakes = new Mistakes();
  validateObjectMeta(mistakes, namespace.metadata, false, nameIsLabel);
  for (const name of namespace.spec?.finalizers ?? []) validateFinalizerName(mistakes, name, path('spec', 'finalizers'));
  return mistakes.list;
}

export const validateNamespaceUpdate = updateOf<Namespace>(() => []);

export const validateNamespaceStatusUpdate = updateOf<Namespace>(
  () => [],
  (mistakes, next) => {
    const phase = next.status?.phase;
    const at = path('status', 'Phase');
    if (!next.metadata?.deletionTimestamp && phase !== 'Active') mistakes.invalid(at, phase, "may only be 'Active' if `deletionTimestamp` is empty");
    if (next.metadata?.deletionTimestamp && phase !== 'Terminating')
      mistakes.invalid(at, phase, "may only be 'Terminating' if `deletionTimestamp` is not empty");
  },
);

export const validateNamespaceFinalize = updateOf<Namespace>(
  () => [],
  (mistakes, next) =>
    (next.spec?.finalizers ?? []).forEach((name, i) => {
      validateFinalizerName(mistakes, name, path('spec', 'finalizers').index(i));
    }),
);

export function validateNode(node: Node): FieldError[] {
  const mistakes = new Mistakes();
  validateObjectMeta(mistakes, node.metadata, false, nameIsSubdomain);
  // Upstream reports taints under metadata; so do we.
  validateTaints(mistakes, node.spec?.taints ?? [], path('metadata', 'taints'));
  validateNodeResources(mistakes, node);
  validatePodRanges(mistakes, node.spec?.podCIDRs ?? [], path('spec', 'podCIDRs'));
  return mistakes.list;
}

/** Ranges of addresses for pods: one, or one of each family. */
function validatePodRanges(mistakes: Mistakes, ranges: readonly string[], at: FieldPath): void {
  const wrong = ranges.map((range, i) => {
    const before = mistakes.list.length;
    validateCidr(mistakes, range, at.index(i));
    return mistakes.list.length > before;
  });
  if (ranges.length < 2) return;
  const first = wrong.indexOf(true);
  if (first >= 0) {
    const why = `invalid PodCIDRs. failed to check with dual stack with error:invalid CIDR[${first}]: <nil> (invalid CIDR address: ${ranges[first]})`;
    mistakes.add([new FieldError('InternalError', at.text, '', why)]);
  }
  const families = new Set(ranges.map((range) => (range.includes(':') ? 6 : 4)));
  if (first >= 0 || families.size < 2 || ranges.length > 2) mistakes.invalid(at, goStringList(ranges), 'may specify no more than one CIDR for each IP family');
}

function validateNodeResources(mistakes: Mistakes, node: Node): void {
  for (const field of ['capacity', 'allocatable'] as const) {
    for (const name of sortedKeys(node.status?.[field])) validateQuantity(mistakes, name, node.status?.[field]?.[name] as string, path('status', field, name));
  }
}

/** ValidateNode, and what follows. */
export function validateNodeUpdate(next: Node, previous: Readonly<Node>): FieldError[] {
  return [...validateNode(next), ...validateNodeStatusUpdate(next, previous)];
}

/** ValidateNodeUpdate: addresses once, pod ranges and provider fixed once set. */
export function validateNodeStatusUpdate(next: Node, previous: Readonly<Node>): FieldError[] {
  const mistakes = new Mistakes();
  validateObjectMetaUpdate(mistakes, next.metadata, previous.metadata);
  validateNodeResources(mistakes, next);
  const seen = new Set<string>();
  (next.status?.addresses ?? []).forEach(({ type, address }, i) => {
    const key = `${type}/${address}`;
    if (seen.has(key)) mistakes.duplicate(path('status', 'addresses').index(i), goStruct('core.NodeAddress', { Type: type, Address: address }));
    seen.add(key);
  });
  const [ranges, old] = [next.spec?.podCIDRs ?? [], previous.spec?.podCIDRs ?? []];
  if (old.length > 0 && (old.length !== ranges.length || old.some((range, i) => range !== ranges[i])))
    mistakes.forbidden(path('spec', 'podCIDRs'), 'node updates may not change podCIDR except from "" to valid');
  if (previous.spec?.providerID && previous.spec.providerID !== next.spec?.providerID) {
    mistakes.forbidden(path('spec', 'providerID'), 'node updates may not change providerID except from "" to valid');
  }
  validateTaints(mistakes, next.spec?.taints ?? [], path('metadata', 'taints'));
  if ((next.spec?.externalID ?? '') !== (previous.spec?.externalID ?? '')) mistakes.forbidden(path('spec', 'externalID'), 'may not be updated');
  return mistakes.list;
}

export function validateEndpoints(endpoints: Endpoints): FieldError[] {
  const mistakes = new Mistakes();
  validateObjectMeta(mistakes, endpoints.metadata, true, nameIsSubdomain);
  (endpoints.subsets ?? []).forEach((subset, i) => {
    const at = path('subsets').index(i);
    if (!subset.addresses?.length && !subset.notReadyAddresses?.length) mistakes.required(at, 'must specify `addresses` or `notReadyAddresses`');
    for (const field of ['addresses', 'notReadyAddresses'] as const) {
      (subset[field] ?? []).forEach((address, position) => {
        validateAddress(mistakes, address, at.child(field).index(position));
      });
    }
    const ports = subset.ports ?? [];
    ports.forEach((port, position) => {
      validateEndpointPort(mistakes, port, ports.length > 1, at.child('ports').index(position));
    });
  });
  return mistakes.list;
}

type Subset = NonNullable<Endpoints['subsets']>[number];

function validateAddress(mistakes: Mistakes, address: NonNullable<Subset['addresses']>[number], at: FieldPath): void {
  validateIp(mistakes, address.ip ?? '', at.child('ip'));
  if (address.hostname) mistakes.invalid(at.child('hostname'), address.hostname, isDns1123Label(address.hostname));
  if (address.nodeName !== undefined) mistakes.invalid(at.child('nodeName'), address.nodeName, isDns1123Subdomain(address.nodeName));
  validateNonSpecialIp(mistakes, address.ip ?? '', at.child('ip'));
}

function validateEndpointPort(mistakes: Mistakes, port: NonNullable<Subset['ports']>[number], needsName: boolean, at: FieldPath): void {
  if (needsName && !port.name) mistakes.required(at.child('name'));
  else if (port.name) mistakes.invalid(at.child('name'), port.name, isDns1123Label(port.name));
  mistakes.invalid(at.child('port'), port.port ?? 0, isPortNumber(port.port ?? 0));
  mistakes.oneOf(at.child('protocol'), port.protocol, supportedProtocols);
  if (port.appProtocol !== undefined) mistakes.invalid(at.child('appProtocol'), port.appProtocol, isQualifiedName(port.appProtocol));
}

export const validateEndpointsUpdate = updateOf<Endpoints>(validateEndpoints);

export function validatePodTemplateObject(template: PodTemplate): FieldError[] {
  const mistakes = new Mistakes();
  validateObjectMeta(mistakes, template.metadata, true, nameIsSubdomain);
  validatePodTemplate(mistakes, template.template ?? {}, path('template'));
  return mistakes.list;
}

/** Its name was looked at when it was made. */
export const validatePodTemplateObjectUpdate = updateOf<PodTemplate>(({ template }) => {
  const mistakes = new Mistakes();
  validatePodTemplate(mistakes, template ?? {}, path('template'));
  return mistakes.list;
});
