import type {
  DownwardAPIVolumeFile,
  KeyToPath,
  ObjectFieldSelector,
  ObjectMeta,
  ProjectedVolumeSource,
  ResourceFieldSelector,
  Volume,
} from '../../../../generated/types/index.ts';
import type { FieldPath } from '../../../machinery/field-error.ts';
import { canonicalQuantity, compareQuantities } from '../../../machinery/quantity.ts';
import { tokenLifetimeMistakes } from '../../meta/checks.ts';
import type { Mistakes } from '../../meta/mistakes.ts';
import { byteLength, isDns1123Label, isQualifiedName, nameIsSubdomain } from '../../meta/names.ts';
import { validateClaimTemplate } from './persistent-volume-claim.ts';
import {
  checkAzureDisk,
  checkAzureFile,
  checkCinder,
  checkDisk,
  checkFibreChannel,
  checkFlexVolume,
  checkFlocker,
  checkGlusterfs,
  checkHostPath,
  checkInlineCsi,
  checkIscsi,
  checkNfs,
  checkQuobyte,
  checkStorageOs,
  needs,
  validateLocalPath,
} from './volume-sources.ts';

const fileMode = 'must be a number between 0 and 0777 (octal), both inclusive';

/** `ofPod` is false for the volumes of a template. */
type Check = (mistakes: Mistakes, source: never, at: FieldPath, ofPod: boolean) => void;

/**
 * Every kind of volume, in the order in which upstream looks at them. The `label` is how upstream names it when there is one too many, the `path` where
 * it reports what is wrong inside.
 */
const sources: readonly { readonly field: keyof Volume; readonly label?: string; readonly path?: string; readonly check: Check }[] = [
  { field: 'emptyDir', check: checkEmptyDir as Check },
  { field: 'hostPath', check: checkHostPath as Check },
  { field: 'gitRepo', check: checkGitRepo as Check },
  { field: 'gcePersistentDisk', path: 'persistentDisk', check: checkDisk('pdName') },
  { field: 'awsElasticBlockStore', check: checkDisk('volumeID') },
  { field: 'secret', check: checkFiles('secretName') },
  { field: 'nfs', check: checkNfs as Check },
  { field: 'iscsi', check: ((mistakes, source, at) => checkIscsi(mistakes, source, at)) as Check },
  { field: 'glusterfs', check: checkGlusterfs as Check },
  { field: 'flocker', check: checkFlocker as Check },
  { field: 'persistentVolumeClaim', check: needs('claimName') },
  { field: 'rbd', check: needs('monitors', 'image') },
  { field: 'cinder', check: checkCinder(false) },
  { field: 'cephfs', label: 'cephFS', check: needs('monitors') },
  { field: 'quobyte', check: checkQuobyte as Check },
  { field: 'downwardAPI', label: 'downwarAPI', check: checkDownward as Check },
  { field: 'fc', check: checkFibreChannel as Check },
  { field: 'flexVolume', check: checkFlexVolume as Check },
  { field: 'configMap', check: checkFiles('name') },
  { field: 'azureFile', check: checkAzureFile as Check },
  { field: 'vsphereVolume', check: needs('volumePath') },
  { field: 'photonPersistentDisk', check: needs('pdID') },
  { field: 'portworxVolume', check: needs('volumeID') },
  { field: 'azureDisk', check: checkAzureDisk as Check },
  { field: 'storageos', check: checkStorageOs(false) },
  { field: 'projected', check: checkProjected as Check },
  { field: 'scaleIO', check: needs('gateway', 'system', 'volumeName') },
  { field: 'csi', check: checkInlineCsi as Check },
  { field: 'ephemeral', check: checkEphemeral as Check },
  { field: 'image', check: checkImage as Check },
];

/** The pod's volumes (ValidateVolumes). Returns those that are fine, by name: mounts may refer to no others. */
export function validateVolumes(mistakes: Mistakes, volumes: readonly Volume[], podMeta: ObjectMeta | undefined, at: FieldPath): Map<string, Volume> {
  const good = new Map<string, Volume>();
  const made = new Set(podMeta?.name ? volumes.filter((one) => one.ephemeral).map((one) => `${podMeta.name}-${one.name}`) : []);
  volumes.forEach((volume, i) => {
    const path = at.index(i);
    const before = mistakes.list.length;
    validateSource(mistakes, volume, podMeta, path);
    if (!volume.name) mistakes.required(path.child('name'));
    else mistakes.invalid(path.child('name'), volume.name, isDns1123Label(volume.name));
    if (good.has(volume.name)) mistakes.duplicate(path.child('name'), volume.name);
    if (mistakes.list.length === before) good.set(volume.name, volume);
    const claim = volume.persistentVolumeClaim?.claimName;
    if (claim && made.has(claim))
      mistakes.invalid(path.child('persistentVolumeClaim', 'claimName'), claim, 'must not reference a PVC that gets created for an ephemeral volume');
  });
  return good;
}

function validateSource(mistakes: Mistakes, volume: Volume, podMeta: ObjectMeta | undefined, at: FieldPath): void {
  const present = sources.filter(({ field }) => volume[field] !== undefined && volume[field] !== null);
  present.forEach(({ field, label, path = field, check }, i) => {
    if (i > 0) mistakes.forbidden(at.child(label ?? field), 'may not specify more than 1 volume type');
    else check(mistakes, volume[field] as never, at.child(path), podMeta !== undefined);
    if (field === 'iscsi') validateIscsiLength(mistakes, volume, at.child('name'));
  });
  if (present.length === 0) mistakes.required(at, 'must specify a volume type');
  if (present[0]?.field !== 'ephemeral' || !podMeta?.name || !volume.name) return;
  const claim = `${podMeta.name}-${volume.name}`;
  for (const wrong of nameIsSubdomain(claim)) mistakes.invalid(at.child('name'), volume.name, `PVC name ${JSON.stringify(claim)}: ${wrong}`);
}

/** Who asks for an iSCSI disk goes by the name of the volume and the portal. */
function validateIscsiLength(mistakes: Mistakes, { name = '', iscsi }: Volume, at: FieldPath): void {
  if (iscsi?.initiatorName === undefined || byteLength(`${name}:${iscsi.targetPortal ?? ''}`) <= 64) return;
  const why = 'Total length of <volume name>:<iscsi.targetPortal> must be under 64 characters if iscsi.initiatorName is specified.';
  mistakes.invalid(at, name, why);
}

/** A template may leave the reference to whoever makes pods of it. */
function checkImage(mistakes: Mistakes, source: NonNullable<Volume['image']>, at: FieldPath, ofPod: boolean): void {
  if (ofPod && !source.reference) mistakes.required(at.child('reference'));
  mistakes.oneOf(at.child('pullPolicy'), source.pullPolicy, ['Always', 'IfNotPresent', 'Never']);
}

function checkEmptyDir(mistakes: Mistakes, source: NonNullable<Volume['emptyDir']>, at: FieldPath): void {
  if (source.sizeLimit !== undefined && compareQuantities(source.sizeLimit, '0') < 0)
    mistakes.forbidden(at.child('sizeLimit'), 'SizeLimit field must be a valid resource quantity');
}

function checkGitRepo(mistakes: Mistakes, source: NonNullable<Volume['gitRepo']>, at: FieldPath): void {
  if (!source.repository) mistakes.required(at.child('repository'));
  validateLocalPath(mistakes, source.directory ?? '', at.child('directory'));
}

/** Secrets and config maps as files. */
function checkFiles(nameField: 'secretName' | 'name'): Check {
  return (mistakes, source: { secretName?: string; name?: string; defaultMode?: number; items?: KeyToPath[] }, at) => {
    if (!source[nameField]) mistakes.required(at.child(nameField));
    validateMode(mistakes, source.defaultMode, at.child('defaultMode'));
    (source.items ?? []).forEach((item, i) => {
      validateKeyToPath(mistakes, item, at.child('items').index(i));
    });
  };
}

function validateMode(mistakes: Mistakes, mode: number | undefined, at: FieldPath): void {
  if (mode !== undefined && (mode < 0 || mode > 0o777)) mistakes.invalid(at, mode, fileMode);
}

function validateKeyToPath(mistakes: Mistakes, item: KeyToPath, at: FieldPath): void {
  if (!item.key) mistakes.required(at.child('key'));
  if (!item.path) mistakes.required(at.child('path'));
  validateNonReservedPath(mistakes, item.path ?? '', at.child('path'));
  validateMode(mistakes, item.mode, at.child('mode'));
}

function checkDownward(mistakes: Mistakes, source: NonNullable<Volume['downwardAPI']>, at: FieldPath): void {
  validateMode(mistakes, source.defaultMode, at.child('defaultMode'));
  for (const file of source.items ?? []) validateDownwardFile(mistakes, file, at);
}

const fileFields = ['metadata.annotations', 'metadata.labels', 'metadata.name', 'metadata.namespace', 'metadata.uid'];

function validateDownwardFile(mistakes: Mistakes, file: DownwardAPIVolumeFile, at: FieldPath): void {
  if (!file.path) mistakes.required(at.child('path'));
  validateNonReservedPath(mistakes, file.path ?? '', at.child('path'));
  if (file.fieldRef) {
    validateFieldRef(mistakes, file.fieldRef, fileFields, at.child('fieldRef'));
    if (file.resourceFieldRef) mistakes.invalid(at, 'resource', 'fieldRef and resourceFieldRef can not be specified simultaneously');
  } else if (file.resourceFieldRef) validateResourceFieldRef(mistakes, file.resourceFieldRef, true, at.child('resourceFieldRef'));
  else mistakes.required(at, 'one of fieldRef and resourceFieldRef is required');
  validateMode(mistakes, file.mode, at.child('mode'));
}

/** Labels that the downward API knows (pkg/apis/core/pods ConvertDownwardAPIFieldLabel). */
const convertible = new Set([
  ...fileFields,
  'spec.nodeName',
  'spec.restartPolicy',
  'spec.serviceAccountName',
  'spec.schedulerName',
  'status.phase',
  'status.hostIP',
  'status.hostIPs',
  'status.podIP',
  'status.podIPs',
]);

/** A reference to a field of the pod; `supported` are the ones this place allows. */
export function validateFieldRef(mistakes: Mistakes, ref: ObjectFieldSelector, supported: readonly string[], at: FieldPath): void {
  if (!ref.apiVersion) {
    mistakes.required(at.child('apiVersion'));
    return;
  }
  if (!ref.fieldPath) {
    mistakes.required(at.child('fieldPath'));
    return;
  }
  const subscript = /^(.+)\['(.*)'\]$/.exec(ref.fieldPath);
  const label = ref.fieldPath === 'spec.host' ? 'spec.nodeName' : ref.fieldPath;
  if (ref.apiVersion !== 'v1') {
    mistakes.invalid(at.child('fieldPath'), ref.fieldPath, `error converting fieldPath: unsupported pod version: ${ref.apiVersion}`);
    return;
  }
  const known = subscript ? ['metadata.annotations', 'metadata.labels'].includes(subscript[1] as string) : convertible.has(label);
  if (!known) {
    const why = subscript ? `field label does not support subscript: ${label}` : `field label not supported: ${label}`;
    mistakes.invalid(at.child('fieldPath'), ref.fieldPath, `error converting fieldPath: ${why}`);
    return;
  }
  if (subscript) {
    const key = subscript[1] === 'metadata.annotations' ? (subscript[2] as string).toLowerCase() : (subscript[2] as string);
    mistakes.invalid(at, key, isQualifiedName(key));
  } else if (!supported.includes(label)) mistakes.notSupported(at.child('fieldPath'), label, supported);
}

const resourceFields = ['limits.cpu', 'limits.ephemeral-storage', 'limits.memory', 'requests.cpu', 'requests.ephemeral-storage', 'requests.memory'];
const byteDivisors = ['1', '1k', '1M', '1G', '1T', '1P', '1E', '1Ki', '1Mi', '1Gi', '1Ti', '1Pi', '1Ei'];

/** A reference to a container's requests or limits; in a volume it must name the container. */
export function validateResourceFieldRef(mistakes: Mistakes, ref: ResourceFieldSelector, inVolume: boolean, at: FieldPath): void {
  const hugePages = /^(requests|limits)\.hugepages-/.test(ref.resource ?? '');
  if (inVolume && !ref.containerName) mistakes.required(at.child('containerName'));
  else if (!ref.resource) mistakes.required(at.child('resource'));
  else if (!resourceFields.includes(ref.resource) && !hugePages) mistakes.notSupported(at.child('resource'), ref.resource, resourceFields);
  const divisor = canonicalQuantity(ref.divisor ?? '0');
  if (divisor === '0') return;
  const what = /\.(cpu|memory|ephemeral-storage)$/.exec(ref.resource ?? '')?.[1];
  if (what === 'cpu' && !['1m', '1'].includes(divisor))
    mistakes.invalid(at.child('divisor'), ref.resource, "only divisor's values 1m and 1 are supported with the cpu resource");
  else if ((what || hugePages) && what !== 'cpu' && !byteDivisors.includes(divisor)) {
    const name = what === 'memory' ? 'memory' : what ? 'local ephemeral storage' : 'hugepages';
    mistakes.invalid(at.child('divisor'), ref.resource, `only divisor's values ${byteDivisors.join(', ')} are supported with the ${name} resource`);
  }
}

function checkProjected(mistakes: Mistakes, projected: ProjectedVolumeSource, at: FieldPath): void {
  validateMode(mistakes, projected.defaultMode, at.child('defaultMode'));
  const paths = new Set<string>();
  const claim = (file: string | undefined, shown: unknown): void => {
    if (!file) return;
    if (paths.has(file)) mistakes.invalid(at, shown, 'conflicting duplicate paths');
    paths.add(file);
  };
  (projected.sources ?? []).forEach((source, i) => {
    const path = at.child('sources').index(i);
    for (const kind of ['secret', 'configMap'] as const) {
      const files = source[kind];
      if (!files) continue;
      if (!files.name) mistakes.required(path.child(kind, 'name'));
      (files.items ?? []).forEach((item, position) => {
        validateKeyToPath(mistakes, item, path.child(kind, 'items').index(position));
        claim(item.path, files.name);
      });
    }
    for (const file of source.downwardAPI?.items ?? []) {
      validateDownwardFile(mistakes, file, path.child('downwardAPI'));
      claim(file.path, file.path);
    }
    validateToken(mistakes, source.serviceAccountToken, path.child('serviceAccountToken'), at);
    if (Object.values(source).filter((one) => one !== undefined && one !== null).length > 1)
      mistakes.forbidden(path, 'may not specify more than 1 volume type per source');
  });
}

type Token = NonNullable<ProjectedVolumeSource['sources']>[number]['serviceAccountToken'];

function validateToken(mistakes: Mistakes, token: Token, at: FieldPath, volumePath: FieldPath): void {
  if (!token) return;
  const seconds = token.expirationSeconds ?? 0;
  mistakes.invalid(at.child('expirationSeconds'), seconds, tokenLifetimeMistakes(seconds));
  // Upstream reports the path at the volume, not at the source.
  if (!token.path) mistakes.required(volumePath.child('path'));
  else validateNonReservedPath(mistakes, token.path, volumePath.child('path'));
}

function checkEphemeral(mistakes: Mistakes, source: NonNullable<Volume['ephemeral']>, at: FieldPath): void {
  const template = source.volumeClaimTemplate;
  if (!template) {
    mistakes.required(at.child('volumeClaimTemplate'));
    return;
  }
  validateClaimTemplate(mistakes, template, at.child('volumeClaimTemplate'));
}

function validateNonReservedPath(mistakes: Mistakes, text: string, at: FieldPath): void {
  validateLocalPath(mistakes, text, at);
  if (text.startsWith('..') && !text.startsWith('../')) mistakes.invalid(at, text, "must not start with '..'");
}
