import type {
  Affinity,
  Container,
  ContainerPort,
  EnvVar,
  ObjectMeta,
  Pod,
  PodAffinityTerm,
  PodSpec,
  PodTemplateSpec,
  Volume,
} from '../../../../generated/types/index.ts';
import { FieldPath } from '../../../machinery/field-error.ts';
import { ipWarnings } from '../../meta/ip-warnings.ts';
import { isDns1123Label } from '../../meta/names.ts';
import { deprecatedNodeLabels, nodeTermWarnings } from './node-label-warnings.ts';
import { claimSpecWarnings } from './persistent-volume-warnings.ts';
import { fractionWarnings } from './quantity-warnings.ts';
import { SharedSpecs } from './shared-specs.ts';
import { overlappingPathWarnings } from './volume-warnings.ts';

const deprecatedAnnotations = [
  ['scheduler.alpha.kubernetes.io/critical-pod', 'non-functional in v1.16+; use the "priorityClassName" field instead'],
  ['security.alpha.kubernetes.io/sysctls', 'non-functional in v1.11+; use the "sysctls" field instead'],
  ['security.alpha.kubernetes.io/unsafe-sysctls', 'non-functional in v1.11+; use the "sysctls" field instead'],
] as const;

const deprecatedVolumes: readonly (readonly [keyof Volume, string])[] = [
  ['photonPersistentDisk', 'deprecated in v1.11, non-functional in v1.16+'],
  ['gitRepo', 'deprecated in v1.11, and disabled by default in v1.33+'],
  ['scaleIO', 'deprecated in v1.16, non-functional in v1.22+'],
  ['flocker', 'deprecated in v1.22, non-functional in v1.25+'],
  ['storageos', 'deprecated in v1.22, non-functional in v1.25+'],
  ['quobyte', 'deprecated in v1.22, non-functional in v1.25+'],
  ['glusterfs', 'deprecated in v1.25, non-functional in v1.26+'],
  ['cephfs', 'deprecated in v1.28, non-functional in v1.31+'],
  ['rbd', 'deprecated in v1.28, non-functional in v1.31+'],
];

/** What is counted in bytes. */
const byteResources = ['memory', 'ephemeral-storage'];

const seccompPodAnnotation = 'seccomp.security.alpha.kubernetes.io/pod';
const seccompContainerAnnotation = 'container.seccomp.security.alpha.kubernetes.io/';
const appArmorAnnotation = 'container.apparmor.security.beta.kubernetes.io/';

/** What a new pod is warned of (pkg/registry/core/pod WarningsOnCreate, pkg/api/pod GetWarningsForPod). */
export function podWarnings(pod: Readonly<Pod>): string[] {
  const labels = isDns1123Label(pod.metadata?.name ?? '');
  const name =
    labels.length > 0
      ? [`metadata.name: this is used in the Pod's hostname, which can result in surprising behavior; a DNS label is recommended: [${labels.join(' ')}]`]
      : [];
  return [...name, ...warningsOf(new FieldPath(''), pod.spec, pod.metadata)];
}

/** What a workload is warned of because of its name, which its pods carry on. */
export function workloadNameWarnings(name: string): string[] {
  const labels = isDns1123Label(name);
  if (labels.length === 0) return [];
  return [`metadata.name: this is used in Pod names and hostnames, which can result in surprising behavior; a DNS label is recommended: [${labels.join(' ')}]`];
}

/** What a workload is warned of because of its pod template (GetWarningsForPodTemplate). */
export function podTemplateWarnings(template: Readonly<PodTemplateSpec> | undefined, at = new FieldPath('spec.template')): string[] {
  return warningsOf(at, template?.spec, template?.metadata);
}

/** Those that nobody is warned of, unless an annotation speaks of seccomp. */
const quietSpecs = new SharedSpecs<true>();

function warningsOf(at: FieldPath, spec: Readonly<PodSpec> | undefined, meta: Readonly<ObjectMeta> | undefined): string[] {
  if (!spec) return [];
  if (at.text !== '' || hasAlphaAnnotation(meta)) return findWarnings(at, spec, meta);
  if (quietSpecs.get(spec)) return [];
  const warnings = findWarnings(at, spec, meta);
  if (warnings.length === 0) quietSpecs.learn(spec, true);
  return warnings;
}

/** As are all annotations that pods are warned of. */
function hasAlphaAnnotation(meta: Readonly<ObjectMeta> | undefined): boolean {
  for (const key in meta?.annotations) if (key.includes('.alpha.kubernetes.io/')) return true;
  return false;
}

function findWarnings(at: FieldPath, spec: Readonly<PodSpec>, meta: Readonly<ObjectMeta> | undefined): string[] {
  const inSpec = at.child('spec');
  const annotations = meta?.annotations ?? {};
  const containers = containersOf(inSpec, spec);
  return [
    ...nodeLabelWarnings(inSpec, spec),
    ...deprecatedAnnotations.filter(([key]) => key in annotations).map(([key, why]) => `${at.child('metadata', 'annotations').key(key)}: ${why}`),
    ...volumeWarnings(inSpec.child('volumes'), spec.volumes ?? []),
    ...overlappingPathWarnings(spec.volumes ?? []),
    ...repeated(spec.hostAliases ?? [], ({ ip }) => ip).map(([index, ip]) => `${inSpec.child('hostAliases').index(index).child('ip')}: duplicate ip "${ip}"`),
    ...pullSecretWarnings(inSpec.child('imagePullSecrets'), spec),
    ...fractionWarnings(inSpec.child('overhead'), spec.overhead, byteResources),
    ...seccompWarning(at, annotations, seccompPodAnnotation, spec.securityContext?.seccompProfile),
    ...containers.flatMap(([path, container]) => containerWarnings(at, path, container, spec, annotations)),
    ...portWarnings(containers),
    ...((spec.terminationGracePeriodSeconds ?? 0) < 0
      ? [`${inSpec.child('terminationGracePeriodSeconds')}: must be >= 0; negative values are invalid and will be treated as 1`]
      : []),
    ...podAffinityWarnings(inSpec.child('affinity'), spec.affinity),
    ...(spec.dnsConfig?.nameservers ?? []).flatMap((ip, index) => ipWarnings(inSpec.child('dnsConfig', 'nameservers').index(index), ip)),
    ...(spec.hostAliases ?? []).flatMap(({ ip }, index) => ipWarnings(inSpec.child('hostAliases').index(index).child('ip'), ip)),
  ];
}

function nodeLabelWarnings(inSpec: FieldPath, spec: Readonly<PodSpec>): string[] {
  const warnings = Object.keys(spec.nodeSelector ?? {}).flatMap((key) => {
    const why = deprecatedNodeLabels.get(key);
    return why ? [`${inSpec.child('nodeSelector').key(key)}: ${why}`] : [];
  });
  const affinity = spec.affinity?.nodeAffinity;
  const at = inSpec.child('affinity', 'nodeAffinity');
  const required = at.child('requiredDuringSchedulingIgnoredDuringExecution', 'nodeSelectorTerms');
  affinity?.requiredDuringSchedulingIgnoredDuringExecution?.nodeSelectorTerms?.forEach((term, index) => {
    warnings.push(...nodeTermWarnings(required.index(index), term));
  });
  const preferred = at.child('preferredDuringSchedulingIgnoredDuringExecution');
  affinity?.preferredDuringSchedulingIgnoredDuringExecution?.forEach(({ preference }, index) => {
    warnings.push(...nodeTermWarnings(preferred.index(index).child('preference'), preference, true));
  });
  spec.topologySpreadConstraints?.forEach(({ topologyKey, labelSelector }, index) => {
    const path = inSpec.child('topologySpreadConstraints').index(index);
    const why = deprecatedNodeLabels.get(topologyKey);
    if (why) warnings.push(`${path.child('topologyKey')}: ${topologyKey} is ${why}`);
    if (!labelSelector) warnings.push(`${path.child('labelSelector')}: a null labelSelector results in matching no pod`);
  });
  return warnings;
}

function volumeWarnings(at: FieldPath, volumes: readonly Readonly<Volume>[]): string[] {
  return volumes.flatMap((volume, index) => [
    ...deprecatedVolumes.filter(([kind]) => volume[kind] !== undefined).map(([kind, why]) => `${at.index(index).child(shownKind(kind))}: ${why}`),
    ...(volume.ephemeral
      ? claimSpecWarnings(at.index(index).child('ephemeral', 'volumeClaimTemplate', 'spec'), volume.ephemeral.volumeClaimTemplate?.spec)
      : []),
  ]);
}

/** Upstream spells one of the fields otherwise than the API does. */
function shownKind(kind: string): string {
  return kind === 'storageos' ? 'storageOS' : kind;
}

function pullSecretWarnings(at: FieldPath, { imagePullSecrets = [] }: Readonly<PodSpec>): string[] {
  const twice = repeated(imagePullSecrets, ({ name }) => name ?? '').map(([index, name]) => `${at.index(index).child('name')}: duplicate name "${name}"`);
  const empty = found(imagePullSecrets, ({ name }) => (name ? undefined : '')).map(([index]) => `${at.index(index).child('name')}: invalid empty name ""`);
  return [...twice, ...empty];
}

/** An answer has room for far fewer warnings; a body may give reason for a million. */
const foundMax = 10_000;

/** Of the items that something is to be said of, the first ones, with their index and what `keyOf` says. */
function found<T>(items: readonly T[], keyOf: (item: T) => string | undefined): [number, string][] {
  const all: [number, string][] = [];
  for (let index = 0; index < items.length && all.length < foundMax; index += 1) {
    const key = keyOf(items[index] as T);
    if (key !== undefined) all.push([index, key]);
  }
  return all;
}

/** The items whose key has been there before, with their index. */
function repeated<T>(items: readonly T[], keyOf: (item: T) => string): [number, string][] {
  const seen = new Set<string>();
  return found(items, (item) => {
    const key = keyOf(item);
    if (seen.has(key)) return key;
    seen.add(key);
    return undefined;
  });
}

function seccompWarning(at: FieldPath, annotations: Readonly<Record<string, string>>, key: string, profile: unknown): string[] {
  if (profile || !(key in annotations)) return [];
  return [`${at.child('metadata', 'annotations').key(key)}: non-functional in v1.27+; use the "seccompProfile" field instead`];
}

/** In upstream's order: init containers, containers, ephemeral ones. */
function containersOf(inSpec: FieldPath, spec: Readonly<PodSpec>): [FieldPath, Container][] {
  const found: [FieldPath, Container][] = [];
  for (const field of ['initContainers', 'containers', 'ephemeralContainers'] as const) {
    spec[field]?.forEach((container, index) => {
      found.push([inSpec.child(field).index(index), container as Container]);
    });
  }
  return found;
}

function containerWarnings(
  at: FieldPath,
  path: FieldPath,
  container: Readonly<Container>,
  spec: Readonly<PodSpec>,
  annotations: Readonly<Record<string, string>>,
): string[] {
  const { name, securityContext, resources, env = [] } = container;
  const warnings = seccompWarning(at, annotations, seccompContainerAnnotation + name, securityContext?.seccompProfile);
  const hasAppArmor = spec.securityContext?.appArmorProfile || securityContext?.appArmorProfile;
  const key = appArmorAnnotation + name;
  if (at.text !== '' && !hasAppArmor && key in annotations) {
    warnings.push(`${at.child('metadata', 'annotations').key(key)}: deprecated since v1.30; use the "appArmorProfile" field instead`);
  }
  const limits = fractionWarnings(path.child('resources', 'limits'), resources?.limits, byteResources);
  const requests = fractionWarnings(path.child('resources', 'requests'), resources?.requests, byteResources);
  const byResource = (text: string): number => (text.includes('[memory]') ? 0 : 1);
  warnings.push(...[...limits, ...requests].sort((a, b) => byResource(a) - byResource(b)));
  return [...warnings, ...envWarnings(path.child('env'), env)];
}

/** A name that is there twice is lost on apply, unless the second value is built from the first. */
function envWarnings(at: FieldPath, env: readonly Readonly<EnvVar>[]): string[] {
  return repeated(env, ({ name }) => name).flatMap(([index, name]) => {
    const { value = '', valueFrom } = env[index] as EnvVar;
    const reference = `$(${name})`;
    if (!valueFrom && value !== reference && value.includes(reference)) return [];
    return [`${at.index(index)}: hides previous definition of "${name}", which may be dropped when using apply`];
  });
}

function portWarnings(containers: readonly [FieldPath, Container][]): string[] {
  const warnings: string[] = [];
  const seen = new Map<string, Ports>();
  for (const [path, { ports = [] }] of containers) {
    ports.forEach((port, index) => {
      if (warnings.length >= portWarningsMax) return;
      const at = path.child('ports').index(index);
      const { hostIP = '', hostPort = 0 } = port;
      if (hostIP && !hostPort) warnings.push(`${at}: hostIP set without hostPort: ${goPort(port)}`);
      const key = `${port.containerPort}/${port.protocol}`;
      let others = seen.get(key);
      if (!others) seen.set(key, (others = new Ports()));
      for (const other of others.inTheWayOf(hostIP, hostPort)) {
        if (hostIP === other.hostIP && hostPort === other.hostPort) warnings.push(`${at}: duplicate port definition with ${other.at}`);
        else if (!hostPort || !other.hostPort) warnings.push(`${at}: overlapping port definition with ${other.at}`);
        else warnings.push(`${at}: dangerously ambiguous port definition with ${other.at}`);
      }
      others.add({ at, hostIP, hostPort });
    });
  }
  return [...warnings, ...portNameWarnings(containers)];
}

/** So many are made at most: an answer has room for fewer. */
const portWarningsMax = 500;

interface SeenPort {
  readonly at: FieldPath;
  readonly hostIP: string;
  readonly hostPort: number;
}

/** Ports of one number and protocol, found by what makes them stand in each other's way. */
class Ports {
  readonly #all: SeenPort[] = [];
  readonly #byHost = new Map<string, SeenPort[]>();

  add(port: SeenPort): void {
    this.#all.push(port);
    const anywhere = port.hostIP ? 'one' : 'any';
    for (const key of new Set([`${port.hostPort}`, `${port.hostPort} ${anywhere}`, `${port.hostPort} = ${port.hostIP}`])) {
      const list = this.#byHost.get(key);
      if (list) list.push(port);
      else this.#byHost.set(key, [port]);
    }
  }

  /** In the order in which they came, and no more than are told. */
  inTheWayOf(hostIP: string, hostPort: number): SeenPort[] {
    if (!hostPort) return this.#all.slice(0, portWarningsMax);
    const other = hostIP ? 'any' : 'one';
    const lists = [this.#byHost.get('0'), this.#byHost.get(`${hostPort} = ${hostIP}`), this.#byHost.get(`${hostPort} ${other}`)];
    const found = new Set(lists.flatMap((list) => (list ?? []).slice(0, portWarningsMax)));
    return found.size > 1 ? this.#all.filter((port) => found.has(port)) : [...found];
  }
}

function portNameWarnings(containers: readonly [FieldPath, Container][]): string[] {
  const warnings: string[] = [];
  const seen = new Map<string, FieldPath>();
  for (const [path, { ports = [] }] of containers) {
    ports.forEach(({ name }, index) => {
      if (!name || warnings.length >= portWarningsMax) return;
      const at = path.child('ports').index(index);
      const other = seen.get(name);
      if (!other) seen.set(name, at);
      else warnings.push(`${at}: duplicate port name ${JSON.stringify(name)} with ${other}, services and probes that select ports by name will use ${other}`);
    });
  }
  return warnings;
}

function goPort({ name = '', hostPort = 0, containerPort, protocol = '', hostIP = '' }: Readonly<ContainerPort>): string {
  return `{Name:${name} HostPort:${hostPort} ContainerPort:${containerPort} Protocol:${protocol} HostIP:${hostIP}}`;
}

function podAffinityWarnings(at: FieldPath, affinity: Readonly<Affinity> | undefined): string[] {
  if (!affinity) return [];
  const warnings: string[] = [];
  const check = (path: FieldPath, term: Readonly<PodAffinityTerm> | undefined): void => {
    if (!term?.labelSelector) warnings.push(`${path.child('labelSelector')}: a null labelSelector results in matching no pod`);
  };
  for (const kind of ['podAffinity', 'podAntiAffinity'] as const) {
    const { requiredDuringSchedulingIgnoredDuringExecution: required = [], preferredDuringSchedulingIgnoredDuringExecution: preferred = [] } =
      affinity[kind] ?? {};
    required.forEach((term, index) => {
      check(at.child(kind, 'requiredDuringSchedulingIgnoredDuringExecution').index(index), term);
    });
    preferred.forEach(({ podAffinityTerm }, index) => {
      check(at.child(kind, 'preferredDuringSchedulingIgnoredDuringExecution').index(index).child('podAffinityTerm'), podAffinityTerm);
    });
  }
  return warnings;
}
