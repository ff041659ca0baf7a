import type { Container, Pod, PodDNSConfig, PodSpec, PodTemplateSpec, Toleration } from '../../../../generated/types/index.ts';
import { clone, sameField, semanticEqual } from '../../../machinery/deep.ts';
import { FieldError, type FieldPath, path } from '../../../machinery/field-error.ts';
import { goStringList, goStringMap } from '../../../machinery/go-syntax.ts';
import { goDiff } from '../../meta/go-diff/index.ts';
import { validateIp } from '../../meta/ip.ts';
import { validateAnnotations, validateLabels } from '../../meta/labels.ts';
import { Mistakes } from '../../meta/mistakes.ts';
import { isDns1123Label, isDns1123Subdomain, isDns1123SubdomainWithUnderscore, isQualifiedName, nameIsSubdomain, rangeMessage } from '../../meta/names.ts';
import { validateObjectMeta, validateObjectMetaUpdate } from '../../meta/object-meta.ts';
import { validateContainers, validateEphemeralContainers, validateImageSpace, validateInitContainers } from './containers-validation.ts';
import { coreTypes, internalPodSpec } from './go-structs.ts';
import { validatePodAnnotations, validatePodAnnotationUpdates, validateProfileAnnotations } from './pod-annotations.ts';
import { isSidecar } from './pod-resources.ts';
import { isMirrorPod } from './pod-status.ts';
import { validateContainerResources } from './resources-validation.ts';
import { validateAffinity, validateTolerations, validateTopologySpread } from './scheduling-validation.ts';
import { validatePodSecurityContext } from './security-validation.ts';
import { SharedSpecs } from './shared-specs.ts';
import { validateVolumes } from './volumes-validation.ts';
import { validateHostProcesses, validateLinuxPod, validateWindowsPod } from './windows-validation.ts';

const maxInt32 = 2147483647;
const specPath = path('spec');

/** A pod that is to be created (pkg/apis/core/validation ValidatePodCreate). */
export function validatePod(pod: Pod): FieldError[] {
  const mistakes = new Mistakes();
  validateMetadataAndSpec(mistakes, pod);
  const spec = pod.spec as PodSpec;
  if ((spec.ephemeralContainers ?? []).length > 0) mistakes.forbidden(specPath.child('ephemeralContainers'), 'cannot be set on create');
  if (spec.nodeName && (spec.schedulingGates ?? []).length > 0)
    mistakes.forbidden(specPath.child('nodeName'), 'cannot be set until all schedulingGates have been cleared');
  validateProfileAnnotations(mistakes, pod);
  return mistakes.list;
}

/** What every write of a pod must satisfy (validatePodMetadataAndSpec). */
export function validateMetadataAndSpec(mistakes: Mistakes, pod: Pod): void {
  validateMetadata(mistakes, pod);
  const spec = pod.spec as PodSpec;
  if (soundSpecs.get(spec)) return;
  const before = mistakes.list.length;
  validateSpecOfPod(mistakes, spec, pod);
  // The claims of ephemeral volumes are called after the pod; of all other specs what holds for one pod holds for all.
  const isSound = mistakes.list.length === before && !spec.volumes?.some((volume) => volume.ephemeral);
  if (isSound) soundSpecs.learn(spec, true);
}

/** Those without mistakes. */
const soundSpecs = new SharedSpecs<true>();

function validateMetadata(mistakes: Mistakes, pod: Pod): void {
  validateObjectMeta(mistakes, pod.metadata, true, nameIsSubdomain);
  validatePodAnnotations(mistakes, pod);
}

function validateSpecOfPod(mistakes: Mistakes, spec: PodSpec, pod: Pod): void {
  validatePodSpec(mistakes, spec, specPath, pod);
  if (!spec.serviceAccountName) {
    (spec.volumes ?? []).forEach((volume, i) => {
      (volume.projected?.sources ?? []).forEach((source, position) => {
        const at = specPath.child('volumes').index(i).child('projected', 'sources').index(position).child('serviceAccountToken');
        if (source.serviceAccountToken) mistakes.forbidden(at, 'must not be specified when serviceAccountName is not set');
      });
    });
  }
  for (const field of ['containers', 'initContainers'] as const) {
    (spec[field] ?? []).forEach((container, i) => {
      validateImageSpace(mistakes, container, specPath.child(field).index(i));
    });
  }
}

/** A template in a workload (ValidatePodTemplateSpec). */
export function validatePodTemplate(mistakes: Mistakes, template: PodTemplateSpec, at: FieldPath): void {
  validateLabels(mistakes, template.metadata?.labels, at.child('labels'));
  validateAnnotations(mistakes, template.metadata?.annotations, at.child('annotations'));
  validatePodSpec(mistakes, template.spec as PodSpec, at.child('spec'), undefined);
  if ((template.spec?.ephemeralContainers ?? []).length > 0)
    mistakes.forbidden(at.child('spec', 'ephemeralContainers'), 'ephemeral containers not allowed in pod template');
}

/** ValidatePodSpec; `pod` is absent for the spec of a template. */
export function validatePodSpec(mistakes: Mistakes, spec: PodSpec, at: FieldPath, pod: Pod | undefined): void {
  if (spec.terminationGracePeriodSeconds === undefined) mistakes.required(at.child('terminationGracePeriodSeconds'));
  const volumes = validateVolumes(mistakes, spec.volumes ?? [], pod?.metadata, at.child('volumes'));
  const claims = validateResourceClaims(mistakes, spec, at.child('resourceClaims'));
  const context = { spec, volumes, claims, hostUsers: spec.hostUsers !== false };
  validateContainers(mistakes, context, at.child('containers'));
  validateInitContainers(mistakes, context, at.child('initContainers'));
  validateEphemeralContainers(mistakes, context, at.child('ephemeralContainers'));
  if (spec.hostNetwork) validateHostNetworkPorts(mistakes, spec, at.child('containers'), pod !== undefined);
  mistakes.oneOf(at.child('restartPolicy'), spec.restartPolicy, ['Always', 'OnFailure', 'Never']);
  mistakes.oneOf(at.child('dnsPolicy'), spec.dnsPolicy, ['ClusterFirstWithHostNet', 'ClusterFirst', 'Default', 'None']);
  validateLabels(mistakes, spec.nodeSelector, at.child('nodeSelector'));
  validatePodSecurityContext(mistakes, spec.securityContext, spec, at.child('securityContext'));
  validateAffinity(mistakes, spec.affinity, at.child('affinity'));
  validateDnsConfig(mistakes, spec.dnsConfig, spec.dnsPolicy, at.child('dnsConfig'));
  (spec.readinessGates ?? []).forEach(({ conditionType }, i) => {
    mistakes.invalid(at.child('readinessGates').index(i).child('conditionType'), conditionType, isQualifiedName(conditionType ?? ''));
  });
  validateGates(mistakes, spec, at.child('schedulingGates'));
  validateTopologySpread(mistakes, spec.topologySpreadConstraints ?? [], at.child('topologySpreadConstraints'));
  validateHostProcesses(mistakes, spec, at);
  validateHostUsers(mistakes, spec, at);
  validateNamesInSpec(mistakes, spec, at);
  validateOs(mistakes, spec, at);
}

function validateNamesInSpec(mistakes: Mistakes, spec: PodSpec, at: FieldPath): void {
  const check = (
    field: 'serviceAccountName' | 'nodeName' | 'hostname' | 'subdomain' | 'priorityClassName' | 'runtimeClassName',
    test: (name: string) => string[],
  ): void => {
    const name = spec[field];
    if (name) mistakes.invalid(at.child(field), name, test(name));
  };
  check('serviceAccountName', isDns1123Subdomain);
  check('nodeName', isDns1123Subdomain);
  const deadline = spec.activeDeadlineSeconds;
  if (deadline !== undefined && (deadline < 1 || deadline > maxInt32)) mistakes.invalid(at.child('activeDeadlineSeconds'), deadline, rangeMessage(1, maxInt32));
  check('hostname', isDns1123Label);
  check('subdomain', isDns1123Label);
  validateTolerations(mistakes, spec.tolerations ?? [], at.child('tolerations'));
  (spec.hostAliases ?? []).forEach((alias, i) => {
    const one = at.child('hostAliases').index(i);
    validateIp(mistakes, alias.ip ?? '', one.child('ip'));
    (alias.hostnames ?? []).forEach((name, position) => {
      mistakes.invalid(one.child('hostnames').index(position), name, isDns1123Subdomain(name));
    });
  });
  check('priorityClassName', isDns1123Subdomain);
  check('runtimeClassName', isDns1123Subdomain);
  const policies = ['PreemptLowerPriority', 'Never'];
  if (spec.preemptionPolicy !== undefined) mistakes.oneOf(at.child('preemptionPolicy'), spec.preemptionPolicy, policies);
  if (spec.overhead) validateContainerResources(mistakes, { limits: spec.overhead }, new Set(), at.child('overhead'));
}

function validateResourceClaims(mistakes: Mistakes, spec: PodSpec, at: FieldPath): Set<string> {
  const names = new Set<string>();
  (spec.resourceClaims ?? []).forEach((claim, i) => {
    const one = at.index(i);
    if (!claim.name) mistakes.required(one.child('name'));
    else if (names.has(claim.name)) mistakes.duplicate(one.child('name'), claim.name);
    else mistakes.invalid(one.child('name'), claim.name, isDns1123Label(claim.name));
    if (claim.name) names.add(claim.name);
    if (claim.resourceClaimName !== undefined && claim.resourceClaimTemplateName !== undefined) {
      mistakes.invalid(one, claim, 'at most one of `resourceClaimName` or `resourceClaimTemplateName` may be specified');
    } else if (claim.resourceClaimName === undefined && claim.resourceClaimTemplateName === undefined) {
      mistakes.invalid(one, claim, 'must specify one of: `resourceClaimName`, `resourceClaimTemplateName`');
    }
  });
  return names;
}

function validateHostNetworkPorts(mistakes: Mistakes, spec: PodSpec, at: FieldPath, isPod: boolean): void {
  (spec.containers ?? []).forEach((container, i) => {
    (container.ports ?? []).forEach((port, position) => {
      const host = port.hostPort ?? 0;
      if ((isPod || host !== 0) && host !== port.containerPort) {
        mistakes.invalid(at.index(i).child('ports').index(position).child('hostPort'), host, 'must match `containerPort` when `hostNetwork` is true');
      }
    });
  });
}

function validateDnsConfig(mistakes: Mistakes, config: PodDNSConfig | undefined, policy: string | undefined, at: FieldPath): void {
  if (policy === 'None' && !config) {
    mistakes.required(at, 'must provide `dnsConfig` when `dnsPolicy` is None');
    return;
  }
  const [servers, searches] = [config?.nameservers ?? [], config?.searches ?? []];
  if (policy === 'None' && servers.length === 0) {
    mistakes.required(at.child('nameservers'), 'must provide at least one DNS nameserver when `dnsPolicy` is None');
    return;
  }
  if (servers.length > 3) mistakes.invalid(at.child('nameservers'), goStringList(servers), 'must not have more than 3 nameservers');
  servers.forEach((one, i) => {
    validateIp(mistakes, one, at.child('nameservers').index(i));
  });
  if (searches.length > 32) mistakes.invalid(at.child('searches'), goStringList(searches), 'must not have more than 32 search paths');
  if (searches.join(' ').length > 2048)
    mistakes.invalid(at.child('searches'), goStringList(searches), 'must not have more than 2048 characters (including spaces) in the search list');
  searches.forEach((one, i) => {
    const name = one.endsWith('.') ? one.slice(0, -1) : one;
    if (one !== '.') mistakes.invalid(at.child('searches').index(i), name, isDns1123SubdomainWithUnderscore(name));
  });
  (config?.options ?? []).forEach(({ name }, i) => {
    if (!name) mistakes.required(at.child('options').index(i), 'must not be empty');
  });
}

function validateGates(mistakes: Mistakes, spec: PodSpec, at: FieldPath): void {
  const seen = new Set<string>();
  (spec.schedulingGates ?? []).forEach(({ name }, i) => {
    mistakes.invalid(at.index(i), name ?? '', isQualifiedName(name ?? ''));
    if (seen.has(name)) mistakes.duplicate(at.index(i), name);
    seen.add(name);
  });
}

function validateHostUsers(mistakes: Mistakes, spec: PodSpec, at: FieldPath): void {
  if (spec.hostUsers !== false) return;
  const why = 'when `pod.Spec.HostUsers` is false';
  if (spec.hostNetwork) mistakes.forbidden(at.child('hostNetwork'), why);
  if (spec.hostPID) mistakes.forbidden(at.child('HostPID'), why);
  if (spec.hostIPC) mistakes.forbidden(at.child('HostIPC'), why);
}

function validateOs(mistakes: Mistakes, spec: PodSpec, at: FieldPath): void {
  if (!spec.os) return;
  if (!spec.os.name) {
    mistakes.required(at.child('os', 'name'), 'cannot be empty');
    return;
  }
  if (!['linux', 'windows'].includes(spec.os.name)) {
    mistakes.notSupported(at.child('os'), spec.os.name, ['linux', 'windows']);
    return;
  }
  if (spec.os.name === 'linux') validateLinuxPod(mistakes, spec, at);
  else validateWindowsPod(mistakes, spec, at);
}

const updatable = [
  '`spec.containers[*].image`',
  '`spec.initContainers[*].image`',
  '`spec.activeDeadlineSeconds`',
  '`spec.tolerations` (only additions to existing tolerations)',
  '`spec.terminationGracePeriodSeconds` (allow it to be set to 1 if it was previously negative)',
].join(',');

/** What a user may change in a pod (ValidatePodUpdate of 1.33, with the list of fields and the diff in its text). */
export function validatePodUpdate(next: Pod, previous: Readonly<Pod>): FieldError[] {
  const mistakes = new Mistakes();
  validateObjectMetaUpdate(mistakes, next.metadata, previous.metadata);
  const [spec, old] = [next.spec as PodSpec, previous.spec as PodSpec];
  if (changesImagesOnly(spec, old)) {
    validateMetadata(mistakes, next);
    validatePodAnnotationUpdates(mistakes, next, previous);
    return mistakes.list;
  }
  validateMetadataAndSpec(mistakes, next);
  validatePodAnnotationUpdates(mistakes, next, previous);
  for (const field of ['containers', 'initContainers'] as const) {
    if (!validateContainerCount(mistakes, spec[field] ?? [], old[field] ?? [], specPath.child(field))) return mistakes.list;
  }
  if (!validateDeadline(mistakes, spec, old)) return mistakes.list;
  validateAddedTolerations(mistakes, spec.tolerations ?? [], old.tolerations ?? [], specPath.child('tolerations'));
  validateRemovedGates(mistakes, spec, old);
  const munged = munge(mistakes, spec, old);
  if (!semanticEqual(munged, old)) {
    mistakes.forbidden(
      specPath,
      `pod updates may not change fields other than ${updatable}\n${goDiff(coreTypes(), 'core.PodSpec', internalPodSpec(old), internalPodSpec(munged))}`,
    );
  }
  return mistakes.list;
}

/**
 * Whether a spec is a stored one with other images, or just that one, as in nearly all updates: nothing is wrong with it then. What
 * is stored has been validated before, save the node's name, which a binding may have chosen.
 */
function changesImagesOnly(spec: PodSpec, old: PodSpec): boolean {
  if (spec.nodeName && isDns1123Subdomain(spec.nodeName).length > 0) return false;
  return sameFields(spec, old, (field, now, then) =>
    field === 'containers' || field === 'initContainers'
      ? sameButImages(now as Container[] | undefined, then as Container[] | undefined)
      : sameField(field, now, then),
  );
}

function sameButImages(next: readonly Container[] = [], old: readonly Container[] = []): boolean {
  return (
    next.length === old.length &&
    next.every((one, i) => sameFields(one, old[i]!, (field, now, then) => (field === 'image' ? isImage(now) : sameField(field, now, then))))
  );
}

function isImage(image: unknown): boolean {
  return typeof image === 'string' && image !== '' && image.trim() === image;
}

/** Whether each field of two structs that either has is the same in the eyes of `same`. */
function sameFields<T extends object>(next: T, old: T, same: (field: string, now: unknown, then: unknown) => boolean): boolean {
  for (const field in next) if (!same(field, next[field], old[field])) return false;
  for (const field in old) if (!(field in next) && !same(field, undefined, old[field])) return false;
  return true;
}

function validateContainerCount(mistakes: Mistakes, next: readonly Container[], old: readonly Container[], at: FieldPath): boolean {
  if (next.length !== old.length) {
    mistakes.forbidden(at, 'pod updates may not add or remove containers');
    return false;
  }
  next.forEach((container, i) => {
    if (!container.image) mistakes.required(at.index(i).child('image'));
    validateImageSpace(mistakes, container, at.index(i));
  });
  return true;
}

function validateDeadline(mistakes: Mistakes, spec: PodSpec, old: PodSpec): boolean {
  const at = specPath.child('activeDeadlineSeconds');
  const [now, then] = [spec.activeDeadlineSeconds, old.activeDeadlineSeconds];
  if (now === undefined) {
    if (then !== undefined) mistakes.invalid(at, null, 'must not update from a positive integer to nil value');
    return true;
  }
  if (now < 0 || now > maxInt32) mistakes.invalid(at, now, rangeMessage(0, maxInt32));
  else if (then !== undefined && then < now) mistakes.invalid(at, now, 'must be less than or equal to previous value');
  else return true;
  return false;
}

function validateAddedTolerations(mistakes: Mistakes, next: readonly Toleration[], old: readonly Toleration[], at: FieldPath): void {
  if (next === old) return; // What is wrong with it has been told with the rest of the spec.
  const textOf = ({ key = '', operator = '', value = '', effect = '' }: Toleration): string => JSON.stringify([key, operator, value, effect]);
  const present = new Set(next.map(textOf));
  const kept = old.every((one) => present.has(textOf(one)));
  if (!kept) mistakes.forbidden(at, 'existing toleration can not be modified except its tolerationSeconds');
  else validateTolerations(mistakes, next, at);
}

function validateRemovedGates(mistakes: Mistakes, spec: PodSpec, old: PodSpec): void {
  const before = new Set((old.schedulingGates ?? []).map((one) => one.name));
  (spec.schedulingGates ?? []).forEach(({ name }, i) => {
    if (before.has(name)) return;
    mistakes.forbidden(specPath.child('schedulingGates').index(i).child('name'), `only deletion is allowed, but found new scheduling gate '${name}'`);
  });
}

/** The new spec with everything that may change put back: what still differs is forbidden. */
function munge(mistakes: Mistakes, spec: PodSpec, old: PodSpec): PodSpec {
  const munged = clone(spec);
  for (const field of ['containers', 'initContainers'] as const) {
    (munged[field] ?? []).forEach((container, i) => {
      container.image = old[field]?.[i]?.image as string;
    });
  }
  if (old.activeDeadlineSeconds === undefined) delete munged.activeDeadlineSeconds;
  else munged.activeDeadlineSeconds = old.activeDeadlineSeconds;
  if (old.schedulingGates) munged.schedulingGates = clone(old.schedulingGates);
  else delete munged.schedulingGates;
  if (old.tolerations) munged.tolerations = clone(old.tolerations);
  else delete munged.tolerations;
  const grace = old.terminationGracePeriodSeconds;
  if (grace !== undefined && grace < 0 && munged.terminationGracePeriodSeconds === 1) munged.terminationGracePeriodSeconds = grace;
  if ((old.schedulingGates ?? []).length > 0) mungeGated(mistakes, munged, old);
  return munged;
}

/** While a pod is held by gates its node selector may grow, and its node affinity may be narrowed. */
function mungeGated(mistakes: Mistakes, munged: PodSpec, old: PodSpec): void {
  const selector = munged.nodeSelector ?? {};
  if (Object.entries(old.nodeSelector ?? {}).some(([key, value]) => selector[key] !== value)) {
    const why = 'only additions to spec.nodeSelector are allowed (no mutations or deletions)';
    mistakes.invalid(specPath.child('nodeSelector'), goStringMap(munged.nodeSelector), why);
  }
  setOrDelete(munged, 'nodeSelector', old.nodeSelector);
  const [now, then] = [munged.affinity?.nodeAffinity, old.affinity?.nodeAffinity];
  if (semanticEqual(now, then)) return;
  validateNarrowed(mistakes, now, then);
  if (then) munged.affinity = { ...munged.affinity, nodeAffinity: then };
  else if (munged.affinity) {
    delete munged.affinity.nodeAffinity;
    if (!old.affinity && Object.keys(munged.affinity).length === 0) delete munged.affinity;
  }
}

function setOrDelete<T, K extends keyof T>(object: T, field: K, value: T[K] | undefined): void {
  if (value === undefined) delete object[field];
  else object[field] = value;
}

type NodeAffinity = NonNullable<PodSpec['affinity']>['nodeAffinity'];

/** Terms of a node affinity may get more requirements, as long as they have some (validateNodeAffinityMutation). */
function validateNarrowed(mistakes: Mistakes, next: NodeAffinity, old: NodeAffinity): void {
  const at = specPath.child('affinity', 'nodeAffinity', 'requiredDuringSchedulingIgnoredDuringExecution', 'nodeSelectorTerms');
  const before = old?.requiredDuringSchedulingIgnoredDuringExecution?.nodeSelectorTerms ?? [];
  const after = next?.requiredDuringSchedulingIgnoredDuringExecution?.nodeSelectorTerms ?? [];
  if (before.length > 0 && before.length !== after.length) {
    mistakes.invalid(at, after, 'no additions/deletions to non-empty NodeSelectorTerms list are allowed');
    return;
  }
  before.forEach((term, i) => {
    const now = after[i]!;
    const hadNone = (term.matchExpressions ?? []).length + (term.matchFields ?? []).length === 0;
    const onlyAdds = hadNone
      ? (now.matchExpressions ?? []).length + (now.matchFields ?? []).length === 0
      : startsWith(now.matchExpressions ?? [], term.matchExpressions ?? []) && startsWith(now.matchFields ?? [], term.matchFields ?? []);
    if (!onlyAdds) mistakes.invalid(at.index(i), now, 'only additions are allowed (no mutations or deletions)');
  });
}

const startsWith = (list: readonly unknown[], start: readonly unknown[]): boolean => start.every((one, i) => semanticEqual(list[i], one));

/** ValidatePodStatusUpdate: what a kubelet or a controller may not report. */
export function validatePodStatusUpdate(next: Pod, previous: Readonly<Pod>): FieldError[] {
  const mistakes = new Mistakes();
  validateObjectMetaUpdate(mistakes, next.metadata, previous.metadata);
  const at = path('status');
  (next.status?.conditions ?? []).forEach(({ type }, i) => {
    mistakes.invalid(path('metadata', 'conditions').index(i).child('Type'), type, isQualifiedName(type ?? ''));
  });
  const nominated = next.status?.nominatedNodeName;
  if (nominated && nominated !== previous.status?.nominatedNodeName) mistakes.invalid(at.child('nominatedNodeName'), nominated, isDns1123Subdomain(nominated));
  mistakes.immutable(at.child('qosClass'), next.status?.qosClass ?? '', (next.status?.qosClass ?? '') === (previous.status?.qosClass ?? ''));
  validateTransitions(mistakes, next, previous, 'containerStatuses', at);
  validateTransitions(mistakes, next, previous, 'initContainerStatuses', at);
  validateTransitions(mistakes, next, previous, 'ephemeralContainerStatuses', at);
  (next.status?.podIPs ?? []).forEach(({ ip }, i) => {
    validateIp(mistakes, ip ?? '', at.child('podIPs').index(i));
  });
  const hosts = next.status?.hostIPs ?? [];
  if (hosts.length > 0 && hosts[0]?.ip !== next.status?.hostIP)
    mistakes.invalid(at.child('hostIPs').index(0).child('ip'), hosts[0]?.ip, 'must be equal to `hostIP`');
  hosts.forEach(({ ip }, i) => {
    validateIp(mistakes, ip ?? '', at.child('hostIPs').index(i));
  });
  return mistakes.list;
}

type StatusList = 'containerStatuses' | 'initContainerStatuses' | 'ephemeralContainerStatuses';

/** A container that will not restart stays terminated. */
function validateTransitions(mistakes: Mistakes, next: Pod, previous: Readonly<Pod>, field: StatusList, at: FieldPath): void {
  const policy = field === 'ephemeralContainerStatuses' ? 'Never' : previous.spec?.restartPolicy;
  if (policy === 'Always') return;
  const sidecars = new Set((previous.spec?.initContainers ?? []).filter(isSidecar).map((one) => one.name));
  const alive = new Set((next.status?.[field] ?? []).filter((one) => !one.state?.terminated).map((one) => one.name));
  (previous.status?.[field] ?? []).forEach((old, i) => {
    const ended = old.state?.terminated;
    if (!ended || (ended.exitCode !== 0 && policy === 'OnFailure')) return;
    if (field === 'initContainerStatuses' && sidecars.has(old.name)) return;
    if (alive.has(old.name)) mistakes.forbidden(at.child(field).index(i).child('state'), 'may not be transitioned to non-terminated state');
  });
}

/** ValidatePodEphemeralContainersUpdate: containers may be added, never changed or removed. */
export function validateEphemeralContainersUpdate(next: Pod, previous: Readonly<Pod>): FieldError[] {
  const mistakes = new Mistakes();
  validateObjectMetaUpdate(mistakes, next.metadata, previous.metadata);
  validateMetadataAndSpec(mistakes, next);
  if (isMirrorPod(previous)) return [new FieldError('FieldValueForbidden', '', '', 'static pods do not support ephemeral containers')];
  const at = specPath.child('ephemeralContainers');
  const byName = new Map((next.spec?.ephemeralContainers ?? []).map((one) => [one.name, one]));
  for (const old of previous.spec?.ephemeralContainers ?? []) {
    const now = byName.get(old.name);
    if (!now) mistakes.forbidden(at, `existing ephemeral containers "${old.name}" may not be removed\n`);
    else if (!semanticEqual(now, old)) {
      mistakes.forbidden(at, `existing ephemeral containers "${old.name}" may not be changed\n${goDiff(coreTypes(), 'core.EphemeralContainer', old, now)}`);
    }
  }
  return mistakes.list;
}
