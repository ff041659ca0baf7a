import type {
  CertificateSigningRequest,
  CSIDriver,
  Lease,
  Node,
  PersistentVolume,
  PersistentVolumeClaim,
  Pod,
  PodSpec,
  AuthenticationV1TokenRequest as TokenRequest,
  Volume,
} from '../../../generated/types/index.ts';
import { parseCertificateRequest, RequestError } from '../../api/certificates/v1/certificate-request.ts';
import { podConfigMapNames, podSecretNames } from '../../api/core/v1/pod-references.ts';
import { isMirrorPod, mirrorPodAnnotation } from '../../api/core/v1/pod-status.ts';
import { semanticEqual } from '../../machinery/deep.ts';
import type { UserInfo } from '../../machinery/handler.ts';
import { notFound } from '../../machinery/status-error.ts';
import type { KubeObject } from '../../machinery/types.ts';
import type { AdmissionAttributes, AdmissionPlugin, ObjectReader } from '../types.ts';
import { refusal } from './refusal.ts';

const userPrefix = 'system:node:';
const pods = { group: '', resource: 'pods' };
/** What is not found upstream in a lister goes by the singular. */
const podKind = { group: '', resource: 'pod' };
const nodes = { group: '', resource: 'nodes' };
const drivers = { group: 'storage.k8s.io', resource: 'csidrivers' };

/** A kubelet touches its own node, and the pods that are bound to it (plugin/pkg/admission/noderestriction). */
export function nodeRestriction(reader: ObjectReader): AdmissionPlugin {
  return {
    name: 'NodeRestriction',
    rules: [
      ...['pods', 'pods/*', 'nodes', 'nodes/*', 'persistentvolumeclaims', 'persistentvolumeclaims/*', 'serviceaccounts/token'].map(anyOperation('')),
      anyOperation('coordination.k8s.io')('leases'),
      anyOperation('storage.k8s.io')('csinodes'),
      { resource: 'certificatesigningrequests', group: 'certificates.k8s.io', operations: ['CREATE'] },
    ],
    admit(attributes) {
      const node = nodeNameOf(attributes.user);
      if (node === undefined) return undefined;
      if (node === '') throw refusal(attributes, `could not determine node from user ${JSON.stringify(attributes.user.username)}`);
      return restrict(reader, attributes, node);
    },
  };
}

const anyOperation = (group: string) => (resource: string) => ({ resource, group, operations: ['CREATE', 'UPDATE', 'DELETE'] as const });

/** Undefined: no node. Empty: a node that does not say which one (auth/nodeidentifier). */
function nodeNameOf({ username, groups }: UserInfo): string | undefined {
  if (!username.startsWith(userPrefix) || !groups.includes('system:nodes')) return undefined;
  return username.slice(userPrefix.length);
}

function restrict(reader: ObjectReader, attributes: AdmissionAttributes, node: string): void | Promise<void> {
  switch (attributes.resource.resource) {
    case 'pods':
      return restrictPods(reader, attributes as AdmissionAttributes<Pod>, node);
    case 'nodes':
      return restrictNode(attributes as AdmissionAttributes<Node>, node);
    case 'persistentvolumeclaims':
      return restrictClaim(attributes as AdmissionAttributes<PersistentVolumeClaim>, node);
    case 'serviceaccounts':
      return restrictToken(reader, attributes, node);
    case 'leases':
      return restrictLease(attributes as AdmissionAttributes<Lease>, node);
    case 'certificatesigningrequests':
      return restrictCertificate(attributes as AdmissionAttributes<CertificateSigningRequest>, node);
    default:
      return restrictCsiNode(attributes, node);
  }
}

function restrictPods(reader: ObjectReader, attributes: AdmissionAttributes<Pod>, node: string): void | Promise<void> {
  const { operation, subresource, oldObject } = attributes;
  if (subresource === 'status') return restrictPodStatus(attributes, node);
  if (subresource === 'eviction') return restrictEviction(reader, attributes, node);
  if (subresource) throw refusal(attributes, `unexpected pod subresource ${JSON.stringify(subresource)}, only 'status' and 'eviction' are allowed`);
  if (operation === 'CREATE') return restrictMirrorPod(reader, attributes, node);
  if (operation === 'UPDATE') throw refusal(attributes, `unexpected operation "UPDATE", node "${node}" can only create and delete mirror pods`);
  if (oldObject?.spec?.nodeName !== node) throw refusal(attributes, `node "${node}" can only delete pods with spec.nodeName set to itself`);
}

function restrictPodStatus(attributes: AdmissionAttributes<Pod>, node: string): void {
  const { object, oldObject } = attributes;
  if (oldObject?.spec?.nodeName !== node) throw refusal(attributes, `node "${node}" can only update pod status for pods with spec.nodeName set to itself`);
  if (!semanticEqual(object.metadata?.labels, oldObject.metadata?.labels)) throw refusal(attributes, `node "${node}" cannot update labels through pod status`);
  if (!semanticEqual(object.status?.resourceClaimStatuses, oldObject.status?.resourceClaimStatuses)) {
    throw refusal(attributes, `node "${node}" cannot update resource claim statues`);
  }
}

async function restrictEviction(reader: ObjectReader, attributes: AdmissionAttributes, node: string): Promise<void> {
  const name = attributes.name || attributes.object?.metadata?.name || '';
  const pod = await reader.get<Pod>(pods, attributes.namespace, name);
  if (!pod) throw notFound(podKind, name);
  if (pod.spec?.nodeName !== node) throw refusal(attributes, `node ${node} can only evict pods with spec.nodeName set to itself`);
}

async function restrictMirrorPod(reader: ObjectReader, attributes: AdmissionAttributes<Pod>, node: string): Promise<void> {
  const { metadata, spec } = attributes.object;
  const refuse = (why: string) => refusal(attributes, `node "${node}" ${why}`);
  if (!isMirrorPod(attributes.object)) {
    throw refusal(attributes, `pod does not have "${mirrorPodAnnotation}" annotation, node "${node}" can only create mirror pods`);
  }
  if (spec?.nodeName !== node) throw refuse('can only create pods with spec.nodeName set to itself');
  const [owner, ...others] = metadata?.ownerReferences ?? [];
  if (others.length > 0) throw refuse('can only create pods with a single owner reference set to itself');
  if (owner?.apiVersion !== 'v1' || owner.kind !== 'Node' || owner.name !== node) throw refuse('can only create pods with an owner reference set to itself');
  if (!owner.controller) throw refuse('can only create pods with a controller owner reference set to itself');
  if (owner.blockOwnerDeletion) throw refuse('must not set blockOwnerDeletion on an owner reference');
  const found = await reader.get<Node>(nodes, undefined, node);
  if (!found) throw notFound(nodes, node);
  const uid = found.metadata?.uid ?? '';
  if (owner.uid !== uid) throw refusal(attributes, `node ${node} UID mismatch: expected ${owner.uid} got ${uid}`);
  const referenced = referencesOf(spec);
  if (referenced) throw refuse(`can not create pods that reference ${referenced}`);
}

/** The first sort of other objects that a pod depends on. */
function referencesOf(spec: Readonly<PodSpec>): string | undefined {
  if (spec.serviceAccountName) return 'a service account';
  if (podSecretNames(spec).length > 0) return 'secrets';
  if (podConfigMapNames(spec).length > 0) return 'configmaps';
  const volumes = spec.volumes ?? [];
  if (volumes.some((volume) => volume.projected?.sources?.some((one) => one.clusterTrustBundle))) return 'clustertrustbundles';
  if (volumes.some((volume) => volume.persistentVolumeClaim)) return 'persistentvolumeclaims';
  return (spec.resourceClaims ?? []).length > 0 ? 'resourceclaims' : undefined;
}

function restrictNode(attributes: AdmissionAttributes<Node>, node: string): void {
  const { operation, object, oldObject } = attributes;
  const name = attributes.name || object?.metadata?.name || '';
  if (name !== node) throw refusal(attributes, `node "${node}" is not allowed to modify node "${name}"`);
  if (operation === 'DELETE') return;
  const source = object.spec?.configSource;
  if (source && !semanticEqual(source, oldObject?.spec?.configSource)) {
    const why = operation === 'CREATE' ? 'create pods with a non-nil configSource' : 'update configSource to a new non-nil configSource';
    throw refusal(attributes, `node "${node}" is not allowed to ${why}`);
  }
  const forbidden = changedKeys(object.metadata?.labels, oldObject?.metadata?.labels).filter(isForbiddenLabel);
  if (operation === 'CREATE') {
    if (forbidden.length > 0) throw refusal(attributes, `node "${node}" is not allowed to set the following labels: ${forbidden.join(', ')}`);
    return;
  }
  if (!semanticEqual(object.spec?.taints, oldObject?.spec?.taints)) throw refusal(attributes, `node "${node}" is not allowed to modify taints`);
  if (!semanticEqual(object.metadata?.ownerReferences ?? [], oldObject?.metadata?.ownerReferences ?? [])) {
    throw refusal(attributes, `node "${node}" is not allowed to modify ownerReferences`);
  }
  if (forbidden.length > 0) throw refusal(attributes, `is not allowed to modify labels: ${forbidden.join(', ')}`);
}

function changedKeys(a: Readonly<Record<string, string>> = {}, b: Readonly<Record<string, string>> = {}): string[] {
  return [...new Set([...Object.keys(a), ...Object.keys(b)])].filter((key) => a[key] !== b[key]).sort();
}

const kubeletLabels = new Set(
  [
    ['kubernetes.io', 'hostname', 'os', 'arch'],
    ['topology.kubernetes.io', 'zone', 'region'],
    ['failure-domain.beta.kubernetes.io', 'zone', 'region'],
    ['beta.kubernetes.io', 'instance-type', 'os', 'arch'],
    ['node.kubernetes.io', 'instance-type'],
  ].flatMap(([namespace, ...names]) => names.map((name) => `${namespace}/${name}`)),
);

/** Labels that steer pods to nodes are not for the nodes themselves to choose (kubelet/pkg/apis IsKubeletLabel). */
function isForbiddenLabel(label: string): boolean {
  const slash = label.indexOf('/');
  const namespace = slash < 0 ? '' : label.slice(0, slash);
  const within = (domain: string) => namespace === domain || namespace.endsWith(`.${domain}`);
  if (within('node-restriction.kubernetes.io')) return true;
  if (!within('kubernetes.io') && !within('k8s.io')) return false;
  return !kubeletLabels.has(label) && !within('kubelet.kubernetes.io') && !within('node.kubernetes.io');
}

function restrictClaim(attributes: AdmissionAttributes<PersistentVolumeClaim>, node: string): void {
  const { subresource, object, oldObject } = attributes;
  if (subresource !== 'status') throw refusal(attributes, 'may only update PVC status');
  const fixed = (claim: Readonly<PersistentVolumeClaim> | undefined) => {
    const { capacity: _, conditions: __, allocatedResources: ___, allocatedResourceStatuses: ____, ...status } = claim?.status ?? {};
    const { resourceVersion: _____, managedFields: ______, ...metadata } = claim?.metadata ?? {};
    return { metadata, spec: claim?.spec, status };
  };
  if (semanticEqual(fixed(object), fixed(oldObject))) return;
  // Differs from upstream: which adds what differs, in Go's notation.
  throw refusal(attributes, `node "${node}" is not allowed to update fields other than status.quantity and status.conditions`);
}

async function restrictToken(reader: ObjectReader, attributes: AdmissionAttributes, node: string): Promise<void> {
  const { boundObjectRef: bound, audiences = [] } = (attributes.object as TokenRequest).spec ?? {};
  if (bound?.apiVersion !== 'v1' || bound.kind !== 'Pod' || !bound.name) throw refusal(attributes, 'node requested token not bound to a pod');
  if (!bound.uid) throw refusal(attributes, 'node requested token with a pod binding without a uid');
  const pod = await reader.get<Pod>(pods, attributes.namespace, bound.name);
  if (!pod) throw notFound(podKind, bound.name);
  if (bound.uid !== pod.metadata?.uid) {
    const why = `the UID in the bound object reference (${bound.uid}) does not match the UID in record. The object might have been deleted and then recreated`;
    throw refusal(attributes, why);
  }
  if (pod.spec?.nodeName !== node) throw refusal(attributes, 'node requested token bound to a pod scheduled on a different node');
  await restrictAudience(reader, attributes, pod, audiences);
}

/**
 * A node asks for tokens only for whom a volume of the pod names (the feature ServiceAccountNodeAudienceRestriction).
 * Differs from upstream: a role that lets nodes `request-serviceaccounts-token-audience` beyond that is not looked for.
 */
async function restrictAudience(reader: ObjectReader, attributes: AdmissionAttributes, pod: Readonly<Pod>, audiences: readonly string[]): Promise<void> {
  if (audiences.length > 1) throw refusal(attributes, 'node may only request 0 or 1 audiences');
  const [audience = ''] = audiences;
  for (const volume of pod.spec?.volumes ?? []) {
    const sources = volume.projected?.sources ?? [];
    if (sources.some(({ serviceAccountToken }) => serviceAccountToken && (serviceAccountToken.audience ?? '') === audience)) return;
    const driver = await driverOf(reader, pod, volume);
    if (driver && (await reader.get<CSIDriver>(drivers, undefined, driver))?.spec.tokenRequests?.some((one) => one.audience === audience)) return;
  }
  const { username } = attributes.user;
  const why = `audience ${JSON.stringify(audience)} not found in pod spec volume, ${username} is not authorized to request tokens for this audience`;
  throw refusal(attributes, why);
}

/** The CSI driver behind a volume, if there is one. */
async function driverOf(reader: ObjectReader, pod: Readonly<Pod>, { name, csi, ephemeral, persistentVolumeClaim }: Volume): Promise<string | undefined> {
  if (csi) return csi.driver;
  const claimName = ephemeral?.volumeClaimTemplate ? `${pod.metadata?.name}-${name}` : persistentVolumeClaim?.claimName;
  if (!claimName) return undefined;
  const claim = await reader.get<PersistentVolumeClaim>({ group: '', resource: 'persistentvolumeclaims' }, pod.metadata?.namespace, claimName);
  const volumeName = claim?.spec?.volumeName;
  if (!volumeName) return undefined;
  return (await reader.get<PersistentVolume>({ group: '', resource: 'persistentvolumes' }, undefined, volumeName))?.spec?.csi?.driver;
}

/** A node asks for certificates in its own name alone. */
function restrictCertificate(attributes: AdmissionAttributes<CertificateSigningRequest>, node: string): void {
  const { request, signerName } = attributes.object.spec;
  if (signerName !== 'kubernetes.io/kubelet-serving' && signerName !== 'kubernetes.io/kube-apiserver-client-kubelet') return;
  const own = `${userPrefix}${node}`;
  try {
    if (parseCertificateRequest(request).commonName === own) return;
  } catch (error) {
    if (!(error instanceof RequestError)) throw error;
    throw refusal(attributes, `unable to parse csr: ${error.message}`);
  }
  throw refusal(attributes, `can only create a node CSR with CN=${own}`);
}

function restrictLease(attributes: AdmissionAttributes<Lease>, node: string): void {
  if (attributes.namespace !== 'kube-node-lease') throw refusal(attributes, 'can only access leases in the "kube-node-lease" system namespace');
  if (nameOf(attributes) !== node) throw refusal(attributes, 'can only access node lease with the same name as the requesting node');
}

function restrictCsiNode(attributes: AdmissionAttributes, node: string): void {
  if (nameOf(attributes) !== node) throw refusal(attributes, 'can only access CSINode with the same name as the requesting node');
}

const nameOf = ({ name, object }: AdmissionAttributes<KubeObject>): string => name || object?.metadata?.name || '';
