import type {
  Container,
  ContainerPort,
  EnvFromSource,
  EnvVar,
  EphemeralContainer,
  HTTPGetAction,
  IntOrString,
  Lifecycle,
  PodSpec,
  Probe,
  Volume,
  VolumeMount,
} from '../../../../generated/types/index.ts';
import { type FieldPath, GoText } from '../../../machinery/field-error.ts';
import type { Mistakes } from '../../meta/mistakes.ts';
import { isConfigKey, isDns1123Label, isEnvironmentName, isHeaderName, isPortName, isPortNumber, nameIsSubdomain } from '../../meta/names.ts';
import { isSidecar } from './pod-resources.ts';
import { validateContainerResources } from './resources-validation.ts';
import { validateSecurityContext } from './security-validation.ts';
import { validateLocalPath } from './volume-sources.ts';
import { validateFieldRef, validateResourceFieldRef } from './volumes-validation.ts';

/** What containers are checked against. */
export interface ContainerContext {
  readonly spec: PodSpec;
  /** The pod's volumes that are valid, by name. */
  readonly volumes: ReadonlyMap<string, Volume>;
  readonly claims: ReadonlySet<string>;
  readonly hostUsers: boolean;
}

export const supportedProtocols = ['SCTP', 'TCP', 'UDP'];
export const pullPolicies = ['Always', 'IfNotPresent', 'Never'];
const notForInit = 'may not be set for init containers without restartPolicy=Always';

/** The app containers (validateContainers). */
export function validateContainers(mistakes: Mistakes, context: ContainerContext, at: FieldPath): void {
  const containers = context.spec.containers ?? [];
  if (containers.length === 0) {
    mistakes.required(at);
    return;
  }
  const names = new Set<string>();
  containers.forEach((container, i) => {
    const path = at.index(i);
    validateCommon(mistakes, container, context, path);
    const name = container.name ?? '';
    if (names.has(name)) mistakes.duplicate(path.child('name'), name);
    names.add(name);
    validateRunning(mistakes, container, context, path);
    if (container.restartPolicy !== undefined) mistakes.forbidden(path.child('restartPolicy'), 'may not be set for non-init containers');
  });
  validateHostPortConflicts(mistakes, containers, at);
}

/** Init containers; their names count together with the app containers' (validateInitContainers). */
export function validateInitContainers(mistakes: Mistakes, context: ContainerContext, at: FieldPath): void {
  const names = new Set((context.spec.containers ?? []).map((one) => one.name));
  (context.spec.initContainers ?? []).forEach((container, i) => {
    const path = at.index(i);
    validateCommon(mistakes, container, context, path);
    if (container.restartPolicy !== undefined && !isSidecar(container)) mistakes.notSupported(path.child('restartPolicy'), container.restartPolicy, ['Always']);
    if (names.has(container.name)) mistakes.duplicate(path.child('name'), container.name);
    else if (container.name) names.add(container.name);
    // Upstream looks at one init container at a time, under the index 0.
    validateHostPortConflicts(mistakes, [container], at);
    if (isSidecar(container)) {
      validateRunning(mistakes, container, context, path);
      return;
    }
    for (const field of ['lifecycle', 'livenessProbe', 'readinessProbe', 'startupProbe'] as const) {
      if (container[field]) mistakes.forbidden(path.child(field), notForInit);
    }
  });
}

/** What an ephemeral container may not have, in the order of its Go struct. */
const notForEphemeral = [
  'ports',
  'resources',
  'resizePolicy',
  'restartPolicy',
  'livenessProbe',
  'readinessProbe',
  'startupProbe',
  'lifecycle',
] as const satisfies readonly (keyof EphemeralContainer)[];

/** Ephemeral containers: only added to running pods, so much may not be set (validateEphemeralContainers). */
export function validateEphemeralContainers(mistakes: Mistakes, context: ContainerContext, at: FieldPath): void {
  const others = new Set([...(context.spec.containers ?? []), ...(context.spec.initContainers ?? [])].map((one) => one.name));
  const names = new Set(others);
  (context.spec.ephemeralContainers ?? []).forEach((container: EphemeralContainer, i) => {
    const path = at.index(i);
    validateCommon(mistakes, container, context, path);
    validateImageSpace(mistakes, container, path);
    if (names.has(container.name)) mistakes.duplicate(path.child('name'), container.name);
    names.add(container.name);
    if (container.targetContainerName && !others.has(container.targetContainerName))
      mistakes.notFound(path.child('targetContainerName'), container.targetContainerName);
    for (const field of notForEphemeral) {
      const value = container[field];
      // Resources are a struct that is always there; a list or a probe is there even if it is empty.
      const isSet = field === 'resources' ? Object.keys(value ?? {}).length > 0 : value !== undefined && value !== null;
      if (isSet) mistakes.forbidden(path.child(field), 'cannot be set for an Ephemeral Container');
    }
    (container.volumeMounts ?? []).forEach((mount, position) => {
      for (const field of ['subPath', 'subPathExpr'] as const) {
        if (mount[field]) mistakes.forbidden(path.child('volumeMounts').index(position).child(field), 'cannot be set for an Ephemeral Container');
      }
    });
  });
}

/** Only in pods, not in templates: an image may not begin or end with space. */
export function validateImageSpace(mistakes: Mistakes, container: Pick<Container, 'image'>, at: FieldPath): void {
  const image = container.image ?? '';
  if (image.trim() !== image) mistakes.invalid(at.child('image'), image, 'must not have leading or trailing whitespace');
}

function validateCommon(mistakes: Mistakes, container: Container | EphemeralContainer, context: ContainerContext, at: FieldPath): void {
  if (!container.name) mistakes.required(at.child('name'));
  else mistakes.invalid(at.child('name'), container.name, isDns1123Label(container.name));
  if (!container.image) mistakes.required(at.child('image'));
  mistakes.oneOf(at.child('terminationMessagePolicy'), container.terminationMessagePolicy, ['File', 'FallbackToLogsOnError']);
  validatePorts(mistakes, container.ports ?? [], at.child('ports'));
  validateEnv(mistakes, container.env ?? [], at.child('env'));
  validateEnvFrom(mistakes, container.envFrom ?? [], at.child('envFrom'));
  validateMounts(mistakes, container, context.volumes, at.child('volumeMounts'));
  validateDevices(mistakes, container, context.volumes, at.child('volumeDevices'));
  mistakes.oneOf(at.child('imagePullPolicy'), container.imagePullPolicy, pullPolicies);
  validateContainerResources(mistakes, container.resources, context.claims, at.child('resources'));
  validateResizePolicy(mistakes, container, context.spec.restartPolicy, at.child('resizePolicy'));
  validateSecurityContext(mistakes, container.securityContext, context.hostUsers, at.child('securityContext'));
}

/** Hooks and probes, which need a container that runs for long. */
function validateRunning(mistakes: Mistakes, container: Container, { spec }: ContainerContext, at: FieldPath): void {
  const grace = spec.terminationGracePeriodSeconds;
  validateLifecycle(mistakes, container.lifecycle, grace, at.child('lifecycle'));
  validateProbe(mistakes, container.livenessProbe, at.child('livenessProbe'), true);
  validateProbe(mistakes, container.readinessProbe, at.child('readinessProbe'), false);
  validateProbe(mistakes, container.startupProbe, at.child('startupProbe'), true);
}

function validatePorts(mistakes: Mistakes, ports: readonly ContainerPort[], at: FieldPath): void {
  const names = new Set<string>();
  ports.forEach((port, i) => {
    const path = at.index(i);
    if (port.name) {
      const wrong = isPortName(port.name);
      mistakes.invalid(path.child('name'), port.name, wrong);
      if (wrong.length === 0 && names.has(port.name)) mistakes.duplicate(path.child('name'), port.name);
      if (wrong.length === 0) names.add(port.name);
    }
    if (!port.containerPort) mistakes.required(path.child('containerPort'));
    else mistakes.invalid(path.child('containerPort'), port.containerPort, isPortNumber(port.containerPort));
    if (port.hostPort) mistakes.invalid(path.child('hostPort'), port.hostPort, isPortNumber(port.hostPort));
    mistakes.oneOf(path.child('protocol'), port.protocol, supportedProtocols);
  });
}

function validateHostPortConflicts(mistakes: Mistakes, containers: readonly Container[], at: FieldPath): void {
  const seen = new Set<string>();
  containers.forEach((container, i) => {
    (container.ports ?? []).forEach((port, position) => {
      if (!port.hostPort) return;
      const key = `${port.protocol}/${port.hostIP ?? ''}/${port.hostPort}`;
      if (seen.has(key)) mistakes.duplicate(at.index(i).child('ports').index(position).child('hostPort'), key);
      seen.add(key);
    });
  });
}

const envFields = [
  'metadata.name',
  'metadata.namespace',
  'metadata.uid',
  'spec.nodeName',
  'spec.serviceAccountName',
  'status.hostIP',
  'status.hostIPs',
  'status.podIP',
  'status.podIPs',
];

function validateEnv(mistakes: Mistakes, env: readonly EnvVar[], at: FieldPath): void {
  env.forEach((one, i) => {
    const path = at.index(i);
    if (!one.name) mistakes.required(path.child('name'));
    else mistakes.invalid(path.child('name'), one.name, isEnvironmentName(one.name));
    if (one.valueFrom) validateValueFrom(mistakes, one, path.child('valueFrom'));
  });
}

function validateValueFrom(mistakes: Mistakes, { value, valueFrom }: EnvVar, at: FieldPath): void {
  const from = valueFrom ?? {};
  if (from.fieldRef) validateFieldRef(mistakes, from.fieldRef, envFields, at.child('fieldRef'));
  if (from.resourceFieldRef) validateResourceFieldRef(mistakes, from.resourceFieldRef, false, at.child('resourceFieldRef'));
  for (const kind of ['configMapKeyRef', 'secretKeyRef'] as const) {
    const ref = from[kind];
    if (!ref) continue;
    mistakes.invalid(at.child(kind, 'name'), ref.name ?? '', nameIsSubdomain(ref.name ?? ''));
    if (!ref.key) mistakes.required(at.child(kind, 'key'));
    else mistakes.invalid(at.child(kind, 'key'), ref.key, isConfigKey(ref.key));
  }
  const count = Object.values(from).filter((one) => one !== undefined && one !== null).length;
  if (count === 0) mistakes.invalid(at, '', 'must specify one of: `fieldRef`, `resourceFieldRef`, `configMapKeyRef` or `secretKeyRef`');
  else if (value) mistakes.invalid(at, '', 'may not be specified when `value` is not empty');
  else if (count > 1) mistakes.invalid(at, '', 'may not have more than one field specified at a time');
}

function validateEnvFrom(mistakes: Mistakes, list: readonly EnvFromSource[], at: FieldPath): void {
  list.forEach((one, i) => {
    const path = at.index(i);
    if (one.prefix) mistakes.invalid(path.child('prefix'), one.prefix, isEnvironmentName(one.prefix));
    for (const kind of ['configMapRef', 'secretRef'] as const) {
      const ref = one[kind];
      if (!ref) continue;
      if (!ref.name) mistakes.required(path.child(kind, 'name'));
      else mistakes.invalid(path.child(kind, 'name'), ref.name, nameIsSubdomain(ref.name, true));
    }
    // Upstream reports these two at the list, not at the entry.
    if (!one.configMapRef && !one.secretRef) mistakes.invalid(at, '', 'must specify one of: `configMapRef` or `secretRef`');
    else if (one.configMapRef && one.secretRef) mistakes.invalid(at, '', 'may not have more than one field specified at a time');
  });
}

function validateMounts(mistakes: Mistakes, container: Container | EphemeralContainer, volumes: ReadonlyMap<string, Volume>, at: FieldPath): void {
  const points = new Set<string>();
  const devices = container.volumeDevices ?? [];
  const [names, paths] = [new Set(devices.map((one) => one.name)), new Set(devices.map((one) => one.devicePath))];
  (container.volumeMounts ?? []).forEach((mount, i) => {
    const path = at.index(i);
    const point = mount.mountPath ?? '';
    if (!mount.name) mistakes.required(path.child('name'));
    if (!volumes.has(mount.name)) mistakes.notFound(path.child('name'), mount.name ?? '');
    if (!point) mistakes.required(path.child('mountPath'));
    if (points.has(point)) mistakes.invalid(path.child('mountPath'), point, 'must be unique');
    points.add(point);
    if (names.has(mount.name)) mistakes.invalid(path.child('name'), mount.name, 'must not already exist in volumeDevices');
    if (paths.has(point)) mistakes.invalid(path.child('mountPath'), point, 'must not already exist as a path in volumeDevices');
    validateSubPaths(mistakes, mount, path, at);
    validateMountOptions(mistakes, mount, container, at);
  });
}

function validateSubPaths(mistakes: Mistakes, mount: VolumeMount, at: FieldPath, list: FieldPath): void {
  if (mount.subPath) validateLocalPath(mistakes, mount.subPath, list.child('subPath'));
  if (!mount.subPathExpr) return;
  if (mount.subPath) mistakes.invalid(at.child('subPathExpr'), mount.subPathExpr, 'subPathExpr and subPath are mutually exclusive');
  validateLocalPath(mistakes, mount.subPathExpr, list.child('subPathExpr'));
}

function validateMountOptions(mistakes: Mistakes, mount: VolumeMount, container: Container | EphemeralContainer, list: FieldPath): void {
  const propagation = mount.mountPropagation;
  const at = list.child('mountPropagation');
  const supported = ['Bidirectional', 'HostToContainer', 'None'];
  if (propagation !== undefined && !supported.includes(propagation)) mistakes.notSupported(at, propagation, supported);
  if (propagation === 'Bidirectional' && !container.securityContext?.privileged) {
    mistakes.forbidden(at, 'Bidirectional mount propagation is available only to privileged containers');
  }
  const recursive = mount.recursiveReadOnly;
  if (recursive === undefined || recursive === 'Disabled') return;
  const path = list.child('recursiveReadOnly');
  if (recursive !== 'Enabled' && recursive !== 'IfPossible') {
    mistakes.notSupported(path, recursive, ['Disabled', 'Enabled', 'IfPossible']);
    return;
  }
  if (!mount.readOnly) mistakes.forbidden(path, 'may only be specified when readOnly is true');
  if (propagation !== undefined && propagation !== 'None') mistakes.forbidden(path, 'may only be specified when mountPropagation is None or not specified');
}

function validateDevices(mistakes: Mistakes, container: Container | EphemeralContainer, volumes: ReadonlyMap<string, Volume>, at: FieldPath): void {
  const [names, paths] = [new Set<string>(), new Set<string>()];
  const mounts = container.volumeMounts ?? [];
  const [mountNames, mountPaths] = [new Set(mounts.map((one) => one.name)), new Set(mounts.map((one) => one.mountPath))];
  (container.volumeDevices ?? []).forEach(({ name, devicePath }, i) => {
    const path = at.index(i);
    const volume = volumes.get(name);
    if (!name) mistakes.required(path.child('name'));
    if (names.has(name)) mistakes.invalid(path.child('name'), name, 'must be unique');
    if (volume && !volume.persistentVolumeClaim && !volume.ephemeral) {
      mistakes.invalid(path.child('name'), name, 'can only use volume source type of PersistentVolumeClaim or Ephemeral for block mode');
    }
    if (!volume) mistakes.notFound(path.child('name'), name);
    if (!devicePath) mistakes.required(path.child('devicePath'));
    if (paths.has(devicePath)) mistakes.invalid(path.child('devicePath'), devicePath, 'must be unique');
    if (devicePath?.split('/').includes('..')) mistakes.invalid(path.child('devicePath'), devicePath, "can not contain backsteps ('..')");
    else paths.add(devicePath);
    if (mountNames.has(name)) mistakes.invalid(path.child('name'), name, 'must not already exist in volumeMounts');
    if (mountPaths.has(devicePath)) mistakes.invalid(path.child('devicePath'), devicePath, 'must not already exist as a path in volumeMounts');
    names.add(name);
  });
}

function validateResizePolicy(mistakes: Mistakes, container: Container | EphemeralContainer, restartPolicy: string | undefined, at: FieldPath): void {
  const seen = new Set<string>();
  (container.resizePolicy ?? []).forEach((one, i) => {
    const name = one.resourceName ?? '';
    // Names of resources print themselves, without quotes.
    const shown = new GoText(name);
    if (seen.has(name)) mistakes.duplicate(at.index(i), shown);
    seen.add(name);
    if (!name) mistakes.required(at);
    else if (name !== 'cpu' && name !== 'memory') mistakes.notSupported(at, shown, ['cpu', 'memory']);
    mistakes.oneOf(at, one.restartPolicy, ['NotRequired', 'RestartContainer']);
    if (restartPolicy === 'Never' && one.restartPolicy !== 'NotRequired')
      mistakes.invalid(at, one.restartPolicy, "must be 'NotRequired' when `restartPolicy` is 'Never'");
  });
}

function validateLifecycle(mistakes: Mistakes, lifecycle: Lifecycle | undefined, grace: number | undefined, at: FieldPath): void {
  if (lifecycle?.postStart) validateHandler(mistakes, lifecycle.postStart, grace, at.child('postStart'));
  if (lifecycle?.preStop) validateHandler(mistakes, lifecycle.preStop, grace, at.child('preStop'));
}

function validateProbe(mistakes: Mistakes, probe: Probe | undefined, at: FieldPath, mayKill: boolean): void {
  if (!probe) return;
  validateHandler(mistakes, probe, undefined, at);
  for (const field of ['initialDelaySeconds', 'timeoutSeconds', 'periodSeconds', 'successThreshold', 'failureThreshold'] as const) {
    mistakes.nonNegative(at.child(field), probe[field]);
  }
  const grace = probe.terminationGracePeriodSeconds;
  if (grace !== undefined && grace <= 0) mistakes.invalid(at.child('terminationGracePeriodSeconds'), grace, 'must be greater than 0');
  if (mayKill && probe.successThreshold !== 1) mistakes.invalid(at.child('successThreshold'), probe.successThreshold, 'must be 1');
  if (!mayKill && grace !== undefined) mistakes.invalid(at.child('terminationGracePeriodSeconds'), grace, 'must not be set for readinessProbes');
}

type Handler = Pick<Probe, 'exec' | 'httpGet' | 'tcpSocket' | 'grpc'> & { sleep?: { seconds: number } };

/** The one action of a probe or a hook. */
function validateHandler(mistakes: Mistakes, handler: Handler, graceSeconds: number | undefined, at: FieldPath): void {
  const kinds = (['exec', 'httpGet', 'tcpSocket', 'grpc', 'sleep'] as const).filter((kind) => handler[kind]);
  if (kinds.length === 0) {
    mistakes.required(at, 'must specify a handler type');
    return;
  }
  if (kinds[0] === 'exec' && (handler.exec?.command ?? []).length === 0) mistakes.required(at.child('exec', 'command'));
  if (kinds[0] === 'httpGet') validateHttp(mistakes, handler.httpGet as HTTPGetAction, at.child('httpGet'));
  if (kinds[0] === 'tcpSocket') validatePort(mistakes, handler.tcpSocket?.port, at.child('tcpSocket', 'port'));
  if (kinds[0] === 'grpc') validatePort(mistakes, handler.grpc?.port, at.child('grpc', 'port'));
  if (kinds[0] === 'sleep') validateSleep(mistakes, handler.sleep?.seconds ?? 0, graceSeconds, at.child('sleep'));
  for (const extra of kinds.slice(1)) mistakes.forbidden(at.child(extra), 'may not specify more than 1 handler type');
}

function validateSleep(mistakes: Mistakes, seconds: number, graceSeconds: number | undefined, at: FieldPath): void {
  if (graceSeconds === undefined || (seconds >= 0 && seconds <= graceSeconds)) return;
  mistakes.invalid(at, seconds, `must be non-negative and less than terminationGracePeriodSeconds (${graceSeconds})`);
}

function validateHttp(mistakes: Mistakes, action: HTTPGetAction, at: FieldPath): void {
  if (!action.path) mistakes.required(at.child('path'));
  validatePort(mistakes, action.port, at.child('port'));
  if (action.scheme !== 'HTTP' && action.scheme !== 'HTTPS') mistakes.notSupported(at.child('scheme'), action.scheme ?? '', ['HTTP', 'HTTPS']);
  for (const { name } of action.httpHeaders ?? []) mistakes.invalid(at.child('httpHeaders'), name, isHeaderName(name ?? ''));
}

/** A port by number or by name (ValidatePortNumOrName). */
export function validatePort(mistakes: Mistakes, port: IntOrString | undefined, at: FieldPath): void {
  if (typeof port === 'string') mistakes.invalid(at, port, isPortName(port));
  else mistakes.invalid(at, port ?? 0, isPortNumber(port ?? 0));
}
