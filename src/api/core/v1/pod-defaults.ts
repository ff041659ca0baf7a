import type { Container, EnvVar, EphemeralContainer, HTTPGetAction, Pod, PodSpec, PodTemplateSpec, Probe, Volume } from '../../../../generated/types/index.ts';
import { canonicalQuantity } from '../../../machinery/quantity.ts';
import { imagePullPolicyFor } from './images.ts';

/** 0644: how files of config maps, secrets and the like appear. */
const defaultMode = 420;
const minTokenSeconds = 3600;

/** Defaults of a Pod itself (pkg/apis/core/v1 SetObjectDefaults_Pod): a template's, and those only pods get. */
export function setPodDefaults(pod: Pod): void {
  const spec = (pod.spec ??= { containers: [] });
  setPodSpecDefaults(spec);
  // Those of templates are left alone.
  if (spec.terminationGracePeriodSeconds! < 0) spec.terminationGracePeriodSeconds = 1;
  for (const container of [...(spec.containers ?? []), ...(spec.initContainers ?? [])]) requestsFromLimits(container);
  spec.enableServiceLinks ??= true;
  if (spec.hostNetwork) hostPorts(spec);
  setPodStatusDefaults(pod);
}

/** Fields that Go always writes, empty or not, in what a kubelet reports. */
function setPodStatusDefaults({ status }: Pod): void {
  for (const condition of status?.conditions ?? []) {
    condition.lastProbeTime ??= null as never;
    condition.lastTransitionTime ??= null as never;
  }
  for (const list of [status?.initContainerStatuses, status?.containerStatuses, status?.ephemeralContainerStatuses]) {
    for (const one of list ?? []) {
      one.state ??= {};
      one.lastState ??= {};
      one.imageID ??= '';
    }
  }
}

/** Defaults of a pod template, in workloads and elsewhere. */
export function setPodTemplateDefaults(template: PodTemplateSpec | undefined): void {
  if (!template) return;
  // A template's metadata always carries this null on the wire of 1.33.
  (template.metadata ??= {}).creationTimestamp ??= null as never;
  setPodSpecDefaults((template.spec ??= { containers: [] }));
  if (template.spec.hostNetwork) hostPorts(template.spec);
}

function setPodSpecDefaults(spec: PodSpec): void {
  spec.dnsPolicy ||= 'ClusterFirst';
  spec.restartPolicy ||= 'Always';
  spec.securityContext ??= {};
  spec.terminationGracePeriodSeconds ??= 30;
  spec.schedulerName ||= 'default-scheduler';
  // The two names of one field: the newer wins, the older mirrors it.
  const account = spec.serviceAccountName || spec.serviceAccount;
  if (account) spec.serviceAccountName = spec.serviceAccount = account;
  for (const volume of spec.volumes ?? []) setVolumeDefaults(volume);
  setAffinityDefaults(spec.affinity);
  for (const container of [...(spec.initContainers ?? []), ...(spec.containers ?? []), ...(spec.ephemeralContainers ?? [])]) setContainerDefaults(container);
  for (const [name, amount] of Object.entries(spec.overhead ?? {})) spec.overhead![name] = canonicalQuantity(amount);
}

/** Structs that Go always writes. */
function setAffinityDefaults(affinity: PodSpec['affinity']): void {
  for (const term of affinity?.nodeAffinity?.preferredDuringSchedulingIgnoredDuringExecution ?? []) term.preference ??= {};
}

function setContainerDefaults(container: Container | EphemeralContainer): void {
  // An image policy may still be set by whoever fills in an empty image; upstream derives it all the same.
  container.imagePullPolicy ||= imagePullPolicyFor(container.image ?? '');
  container.terminationMessagePath ||= '/dev/termination-log';
  container.terminationMessagePolicy ||= 'File';
  container.resources ??= {};
  setAmounts(container.resources.limits);
  setAmounts(container.resources.requests);
  // Nothing is made for a container that has nothing of the kind: some bodies hold hundreds of thousands of them.
  if (container.ports) for (const port of container.ports) port.protocol ||= 'TCP';
  if (container.env) container.env.forEach(setEnvDefaults);
  setProbeDefaults(container.livenessProbe);
  setProbeDefaults(container.readinessProbe);
  setProbeDefaults(container.startupProbe);
  setHttpDefaults(container.lifecycle?.postStart?.httpGet);
  setHttpDefaults(container.lifecycle?.preStop?.httpGet);
}

function setAmounts(amounts: Record<string, string> | undefined): void {
  for (const name in amounts) amounts[name] = canonicalQuantity(amounts[name] as string);
}

function setEnvDefaults({ valueFrom }: EnvVar): void {
  if (valueFrom?.fieldRef) valueFrom.fieldRef.apiVersion ||= 'v1';
  if (valueFrom?.resourceFieldRef) valueFrom.resourceFieldRef.divisor = canonicalQuantity(valueFrom.resourceFieldRef.divisor ?? '0');
}

function setProbeDefaults(probe: Probe | undefined): void {
  if (!probe) return;
  probe.timeoutSeconds ||= 1;
  probe.periodSeconds ||= 10;
  probe.successThreshold ||= 1;
  probe.failureThreshold ||= 3;
  setHttpDefaults(probe.httpGet);
  if (probe.grpc) probe.grpc.service ??= '';
}

function setHttpDefaults(action: HTTPGetAction | undefined): void {
  if (!action) return;
  action.path ||= '/';
  action.scheme ||= 'HTTP';
}

function setVolumeDefaults(volume: Volume): void {
  if (Object.entries(volume).every(([field, value]) => field === 'name' || value === undefined)) volume.emptyDir = {};
  if (volume.emptyDir?.sizeLimit) volume.emptyDir.sizeLimit = canonicalQuantity(volume.emptyDir.sizeLimit);
  if (volume.secret) volume.secret.defaultMode ??= defaultMode;
  if (volume.configMap) volume.configMap.defaultMode ??= defaultMode;
  if (volume.hostPath) volume.hostPath.type ??= '';
  if (volume.downwardAPI) volume.downwardAPI.defaultMode ??= defaultMode;
  setDownwardDefaults(volume.downwardAPI?.items);
  if (volume.projected) volume.projected.defaultMode ??= defaultMode;
  for (const source of volume.projected?.sources ?? []) {
    setDownwardDefaults(source.downwardAPI?.items);
    if (source.serviceAccountToken) source.serviceAccountToken.expirationSeconds ??= minTokenSeconds;
  }
  if (volume.ephemeral?.volumeClaimTemplate) {
    const claim = volume.ephemeral.volumeClaimTemplate.spec;
    if (claim) claim.volumeMode ??= 'Filesystem';
  }
  setNetworkVolumeDefaults(volume);
  if (volume.image) volume.image.pullPolicy ||= imagePullPolicyFor(volume.image.reference ?? '');
}

function setNetworkVolumeDefaults(volume: Volume): void {
  if (volume.iscsi) volume.iscsi.iscsiInterface ||= 'default';
  if (volume.rbd) {
    volume.rbd.pool ||= 'rbd';
    volume.rbd.user ||= 'admin';
    volume.rbd.keyring ||= '/etc/ceph/keyring';
  }
  if (volume.scaleIO) {
    volume.scaleIO.storageMode ||= 'ThinProvisioned';
    volume.scaleIO.fsType ||= 'xfs';
  }
  if (!volume.azureDisk) return;
  volume.azureDisk.cachingMode ??= 'ReadWrite';
  volume.azureDisk.kind ??= 'Shared';
  volume.azureDisk.fsType ??= 'ext4';
  volume.azureDisk.readOnly ??= false;
}

function setDownwardDefaults(items: NonNullable<Volume['downwardAPI']>['items']): void {
  for (const item of items ?? []) {
    if (item.fieldRef) item.fieldRef.apiVersion ||= 'v1';
    if (item.resourceFieldRef) item.resourceFieldRef.divisor = canonicalQuantity(item.resourceFieldRef.divisor ?? '0');
  }
}

/** Of limits without requests, requests are made (SetDefaults_Pod). */
function requestsFromLimits(container: Container): void {
  const limits = container.resources?.limits;
  if (!limits || Object.keys(limits).length === 0) return;
  const requests = (container.resources!.requests ??= {});
  for (const [name, amount] of Object.entries(limits)) requests[name] ??= amount;
}

function hostPorts(spec: PodSpec): void {
  for (const container of [...(spec.containers ?? []), ...(spec.initContainers ?? [])]) {
    for (const port of container.ports ?? []) port.hostPort ||= port.containerPort;
  }
}
