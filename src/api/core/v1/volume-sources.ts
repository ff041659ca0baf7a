import type { PersistentVolumeSpec, Volume } from '../../../../generated/types/index.ts';
import type { FieldPath } from '../../../machinery/field-error.ts';
import { goStringList } from '../../../machinery/go-syntax.ts';
import type { Mistakes } from '../../meta/mistakes.ts';
import { byteLength, isDns1123Label, isDns1123Subdomain, nameIsLabel, nameIsSubdomain, rangeMessage } from '../../meta/names.ts';

/** What a kind of volume must say; those of pods and those of the cluster say nearly the same (pkg/apis/core/validation). */
export type SourceCheck = (mistakes: Mistakes, source: never, at: FieldPath) => void;

/** The same source in a pod and in a persistent volume; the latter's references name a namespace. */
type Source<Field extends keyof Volume & keyof PersistentVolumeSpec> = NonNullable<Volume[Field] | PersistentVolumeSpec[Field]>;

const hostPathTypes = ['', 'BlockDevice', 'CharDevice', 'Directory', 'DirectoryOrCreate', 'File', 'FileOrCreate', 'Socket'];

/** A source whose named fields must not be empty. */
export const needs =
  (...fields: string[]): SourceCheck =>
  (mistakes, source: Record<string, unknown>, at) => {
    for (const field of fields) {
      const value = source[field];
      if (value === undefined || value === '' || (Array.isArray(value) && value.length === 0)) mistakes.required(at.child(field));
    }
  };

/** Relative, and without `..`. */
export function validateLocalPath(mistakes: Mistakes, text: string, at: FieldPath): void {
  if (text.startsWith('/')) mistakes.invalid(at, text, 'must be a relative path');
  validateNoBacksteps(mistakes, text, at);
}

export function validateNoBacksteps(mistakes: Mistakes, text: string, at: FieldPath): void {
  if (text.split('/').includes('..')) mistakes.invalid(at, text, "must not contain '..'");
}

export function checkHostPath(mistakes: Mistakes, source: Source<'hostPath'>, at: FieldPath): void {
  if (!source.path) {
    mistakes.required(at.child('path'));
    return;
  }
  validateNoBacksteps(mistakes, source.path, at.child('path'));
  if (source.type !== undefined && !hostPathTypes.includes(source.type)) mistakes.notSupported(at.child('type'), source.type, hostPathTypes);
}

export function checkNfs(mistakes: Mistakes, source: Source<'nfs'>, at: FieldPath): void {
  needs('server', 'path')(mistakes, source as never, at);
  if (!source.path?.startsWith('/')) mistakes.invalid(at.child('path'), source.path ?? '', 'must be an absolute path');
}

/** A disk of a cloud, of which a partition may be used. */
export const checkDisk =
  (idField: 'pdName' | 'volumeID'): SourceCheck =>
  (mistakes, source: { partition?: number }, at) => {
    needs(idField)(mistakes, source as never, at);
    const { partition = 0 } = source;
    if (partition < 0 || partition > 255) mistakes.invalid(at.child('partition'), partition, rangeMessage(1, 255));
  };

const lastOf = (text: string, separator: RegExp): string => text.split(separator).at(-1) as string;

/** Whether a text ends in `iqn.2001-04.com.example:disk`, whatever it begins with. */
function holdsIqn(text: string): boolean {
  const parts = lastOf(text, /[,;*&$|\t\n\f\r ]/).split(':');
  const isFollowed = (index: number): boolean => index < parts.length - 2 || (index === parts.length - 2 && parts[index + 1] !== '');
  return parts.some((part, index) => isFollowed(index) && /iqn\.\d{4}-\d{2}\.[A-Za-z0-9.-]/.test(lastOf(part, /[^A-Za-z0-9.-]/)));
}

/** The name of an iSCSI target or of who asks it. `wrongScheme` is said of one that is none of the three. */
function validateIscsiName(mistakes: Mistakes, name: string, wrongScheme: string, at: FieldPath): void {
  const isWhole = {
    iqn: holdsIqn,
    eui: (text: string) => /^eui[^\n][A-Za-z0-9]{16}$/.test(text),
    naa: (text: string) => /^naa[^\n][A-Za-z0-9]{32}$/.test(text),
  }[name.slice(0, 3)];
  if (!isWhole) mistakes.invalid(at, name, wrongScheme);
  else if (!isWhole(name)) mistakes.invalid(at, name, 'must be valid format');
}

/** In a persistent volume, `volumeName` is its name. */
export function checkIscsi(mistakes: Mistakes, source: Source<'iscsi'>, at: FieldPath, volumeName?: string): void {
  const { targetPortal = '', iqn, lun = 0, initiatorName, secretRef } = source;
  const wrongScheme = volumeName === undefined ? 'must be valid format starting with iqn, eui, or naa' : 'must be valid format';
  if (!targetPortal) mistakes.required(at.child('targetPortal'));
  if (volumeName !== undefined && initiatorName !== undefined && byteLength(`${volumeName}:${targetPortal}`) > 64) {
    const why = 'Total length of <volume name>:<iscsi.targetPortal> must be under 64 characters if iscsi.initiatorName is specified.';
    mistakes.invalid(at.child('targetportal'), targetPortal, why);
  }
  if (!iqn) mistakes.required(at.child('iqn'));
  else validateIscsiName(mistakes, iqn, wrongScheme, at.child('iqn'));
  if (lun < 0 || lun > 255) mistakes.invalid(at.child('lun'), lun, rangeMessage(0, 255));
  if ((source.chapAuthDiscovery || source.chapAuthSession) && !secretRef) mistakes.required(at.child('secretRef'));
  if (volumeName !== undefined && secretRef && !secretRef.name) mistakes.required(at.child('secretRef', 'name'));
  if (initiatorName !== undefined) validateIscsiName(mistakes, initiatorName, wrongScheme, at.child('initiatorname'));
}

export function checkFibreChannel(mistakes: Mistakes, { targetWWNs = [], wwids = [], lun }: Source<'fc'>, at: FieldPath): void {
  const names = at.child('targetWWNs');
  if (targetWWNs.length === 0 && wwids.length === 0) mistakes.required(names, 'must specify either targetWWNs or wwids, but not both');
  if (targetWWNs.length > 0 && wwids.length > 0) mistakes.invalid(names, goStringList(targetWWNs), 'targetWWNs and wwids can not be specified simultaneously');
  if (targetWWNs.length === 0) return;
  if (lun === undefined) mistakes.required(at.child('lun'), 'lun is required if targetWWNs is specified');
  else if (lun < 0 || lun > 255) mistakes.invalid(at.child('lun'), lun, rangeMessage(0, 255));
}

/** `host:port`, as Go's net.SplitHostPort takes it. */
const isHostPort = (text: string): boolean => /^(?:\[[^[\]]*\]|[^:[\]]*):[^:[\]]*$/.test(text);

export function checkQuobyte(mistakes: Mistakes, { registry = '', tenant = '', volume }: Source<'quobyte'>, at: FieldPath): void {
  const pairs = 'must be a host:port pair or multiple pairs separated by commas';
  if (!registry) mistakes.required(at.child('registry'), pairs);
  else if (byteLength(tenant) > 64) mistakes.required(at.child('tenant'), 'must be a UUID and may not exceed a length of 64 characters');
  else for (const pair of registry.split(',')) if (!isHostPort(pair)) mistakes.invalid(at.child('registry'), registry, pairs);
  if (!volume) mistakes.required(at.child('volume'));
}

/** Only a persistent volume may name a namespace. */
export function checkGlusterfs(mistakes: Mistakes, source: Source<'glusterfs'>, at: FieldPath): void {
  needs('endpoints', 'path')(mistakes, source as never, at);
  const namespace = 'endpointsNamespace' in source ? source.endpointsNamespace : undefined;
  if (namespace === undefined) return;
  const wrong = namespace === '' ? 'if the endpointnamespace is set, it must be a valid namespace name' : nameIsLabel(namespace);
  mistakes.invalid(at.child('endpointsNamespace'), namespace, wrong);
}

export function checkFlocker(mistakes: Mistakes, { datasetName, datasetUUID }: Source<'flocker'>, at: FieldPath): void {
  if (!datasetName && !datasetUUID) mistakes.required(at, 'one of datasetName and datasetUUID is required');
  if (datasetName && datasetUUID) mistakes.invalid(at, 'resource', 'datasetName and datasetUUID can not be specified simultaneously');
  if (datasetName?.includes('/')) mistakes.invalid(at.child('datasetName'), datasetName, "must not contain '/'");
}

type SecretRef = { readonly name?: string; readonly namespace?: string } | undefined;

/** A secret by name; a persistent volume names its namespace too. */
function validateSecretRef(mistakes: Mistakes, ref: SecretRef, ofCluster: boolean, at: FieldPath): void {
  if (ref) needs('name', ...(ofCluster ? ['namespace'] : []))(mistakes, ref as never, at);
}

export const checkCinder =
  (ofCluster: boolean): SourceCheck =>
  (mistakes, source: Source<'cinder'>, at) => {
    needs('volumeID')(mistakes, source as never, at);
    validateSecretRef(mistakes, source.secretRef, ofCluster, at.child('secretRef'));
  };

export const checkStorageOs =
  (ofCluster: boolean): SourceCheck =>
  (mistakes, { volumeName, volumeNamespace, secretRef }: Source<'storageos'>, at) => {
    if (!volumeName) mistakes.required(at.child('volumeName'));
    else mistakes.invalid(at.child('volumeName'), volumeName, isDns1123Label(volumeName));
    if (volumeNamespace) mistakes.invalid(at.child('volumeNamespace'), volumeNamespace, isDns1123Label(volumeNamespace));
    validateSecretRef(mistakes, secretRef, ofCluster, at.child('secretRef'));
  };

export function checkFlexVolume(mistakes: Mistakes, { driver, options = {} }: Source<'flexVolume'>, at: FieldPath): void {
  if (!driver) mistakes.required(at.child('driver'));
  for (const key of Object.keys(options)) {
    const domain = `.${key.split('/')[0]?.toLowerCase()}`;
    if (domain.endsWith('.kubernetes.io') || domain.endsWith('.k8s.io'))
      mistakes.invalid(at.child('options').key(key), key, 'kubernetes.io and k8s.io namespaces are reserved');
  }
}

/** Only a persistent volume may name the namespace of its secret. */
export function checkAzureFile(mistakes: Mistakes, source: Source<'azureFile'>, at: FieldPath): void {
  needs('secretName', 'shareName')(mistakes, source as never, at);
  if ('secretNamespace' in source && source.secretNamespace === '') mistakes.required(at.child('secretNamespace'));
}

export function checkAzureDisk(mistakes: Mistakes, source: Source<'azureDisk'>, at: FieldPath): void {
  needs('diskName', 'diskURI')(mistakes, source as never, at);
  const { cachingMode, kind, diskURI = '' } = source;
  const [modes, kinds] = [
    ['None', 'ReadOnly', 'ReadWrite'],
    ['Dedicated', 'Managed', 'Shared'],
  ];
  if (cachingMode !== undefined && !modes.includes(cachingMode)) mistakes.notSupported(at.child('cachingMode'), cachingMode, modes);
  if (kind !== undefined && !kinds.includes(kind)) mistakes.notSupported(at.child('kind'), kind, kinds);
  if (kind === 'Managed' && !diskURI.startsWith('/subscriptions/')) {
    const managed = '/subscriptions/{sub-id}/resourcegroups/{group-name}/providers/microsoft.compute/disks/{disk-id}';
    mistakes.notSupported(at.child('diskURI'), diskURI, [managed]);
  }
  if (kind !== undefined && kind !== 'Managed' && !diskURI.startsWith('https://'))
    mistakes.notSupported(at.child('diskURI'), diskURI, ['https://{account-name}.blob.core.windows.net/{container-name}/{disk-name}.vhd']);
}

/** The name of a CSI driver (ValidateCSIDriverName). */
export function validateDriverName(mistakes: Mistakes, name: string, at: FieldPath): void {
  if (!name) mistakes.required(at);
  if (byteLength(name) > 63) mistakes.tooLong(at, 63);
  mistakes.invalid(at, name, isDns1123Subdomain(name.toLowerCase()));
}

/** A volume that a CSI driver makes for one pod. */
export function checkInlineCsi(mistakes: Mistakes, { driver = '', nodePublishSecretRef: secret }: NonNullable<Volume['csi']>, at: FieldPath): void {
  validateDriverName(mistakes, driver, at.child('driver'));
  if (!secret) return;
  if (!secret.name) mistakes.required(at.child('nodePublishSecretRef', 'name'));
  // Upstream reports a wrong name at the volume, not at the secret.
  else mistakes.invalid(at.child('name'), secret.name, nameIsSubdomain(secret.name));
}

/** A persistent volume of a CSI driver. */
export function checkPersistentCsi(mistakes: Mistakes, source: NonNullable<PersistentVolumeSpec['csi']>, at: FieldPath): void {
  validateDriverName(mistakes, source.driver ?? '', at.child('driver'));
  if (!source.volumeHandle) mistakes.required(at.child('volumeHandle'));
  for (const field of ['controllerPublishSecretRef', 'controllerExpandSecretRef', 'nodePublishSecretRef', 'nodeExpandSecretRef'] as const) {
    const ref = source[field];
    if (!ref) continue;
    if (!ref.name) mistakes.required(at.child(field, 'name'));
    else mistakes.invalid(at.child(field, 'name'), ref.name, isDns1123Subdomain(ref.name));
    if (!ref.namespace) mistakes.required(at.child(field, 'namespace'));
    else mistakes.invalid(at.child(field, 'namespace'), ref.namespace, isDns1123Label(ref.namespace));
  }
}
