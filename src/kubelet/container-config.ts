import type { Container, Pod, VolumeMount } from '../../generated/types/index.ts';
import type { ContainerConfig, ImageRecord, Mount, SecurityConfig, VolumeHandle } from '../runtime/types.ts';
import type { EnvironmentFacts } from './environment.ts';
import { containerEnvironment } from './environment.ts';
import { expand } from './expansion.ts';
import type { ImageVolumes } from './image-volumes.ts';
import { ContainerError, messageOf } from './kubelet-error.ts';
import { oomScoreAdjust } from './oom-score.ts';
import { runtimeResources } from './pod-allocation.ts';
import { formatPod } from './pod-format.ts';

export interface ConfigFacts extends EnvironmentFacts {
  readonly image: ImageRecord;
  readonly attempt: number;
  /** Of the node, in bytes. */
  readonly memoryCapacity: number;
  readonly volumes: ReadonlyMap<string, VolumeHandle>;
  readonly images: ImageVolumes;
  readonly targetContainerId?: string | undefined;
}

/** What the runtime needs to create a container. Rejects with ContainerError `CreateContainerConfigError`. */
export async function containerConfig(pod: Readonly<Pod>, container: Readonly<Container>, facts: ConfigFacts): Promise<ContainerConfig> {
  try {
    const environment = await containerEnvironment(pod, container, facts);
    const lookup = (name: string) => environment.get(name);
    const user = containerUser(pod, container, facts.image);
    refuseRoot(pod, container, user, facts.image);
    return {
      name: container.name,
      attempt: facts.attempt,
      imageId: facts.image.id,
      imageReference: container.image ?? '',
      command: container.command?.map((word) => expand(word, lookup)),
      args: container.args?.map((word) => expand(word, lookup)),
      env: [...environment].map(([name, value]) => ({ name, value })),
      workingDir: container.workingDir || undefined,
      mounts: (container.volumeMounts ?? []).map((mount) => mountOf(pod, container.name, mount, facts, lookup)),
      stdin: container.stdin ?? false,
      stdinOnce: container.stdinOnce ?? false,
      tty: container.tty ?? false,
      user,
      readOnlyRootFilesystem: container.securityContext?.readOnlyRootFilesystem ?? false,
      security: securityConfig(pod, container),
      resources: runtimeResources(container),
      oomScoreAdj: oomScoreAdjust(pod, container, facts.memoryCapacity),
      terminationMessagePath: container.terminationMessagePath || '/dev/termination-log',
      terminationMessageFromLog: container.terminationMessagePolicy === 'FallbackToLogsOnError',
      targetContainerId: facts.targetContainerId,
    };
  } catch (error) {
    throw new ContainerError('CreateContainerConfigError', messageOf(error));
  }
}

function mountOf(
  pod: Readonly<Pod>,
  containerName: string,
  mount: VolumeMount,
  { volumes, images }: Pick<ConfigFacts, 'volumes' | 'images'>,
  lookup: (name: string) => string | undefined,
): Mount {
  const volume = volumes.get(mount.name) ?? images.get(mount.name);
  if (!volume || volume instanceof ContainerError) throw new Error(`cannot find volume "${mount.name}" to mount into container "${containerName}"`);
  const subPath = mount.subPathExpr ? expandedSubPath(mount.subPathExpr, lookup) : mount.subPath;
  if (subPath?.startsWith('/')) throw new Error(`error SubPath \`${subPath}\` must not be an absolute path`);
  if (subPath?.split('/').includes('..')) throw new Error(`unable to provision SubPath \`${subPath}\`: must not contain '..'`);
  if ('id' in volume) return { containerPath: mount.mountPath, imageId: volume.id, subPath: subPath || undefined, readOnly: true };
  const source = pod.spec?.volumes?.find((one) => one.name === mount.name);
  // What the kubelet fills is its own to change, since nobody else's changes would outlive its next.
  const filled = source?.configMap ?? source?.secret ?? source?.downwardAPI ?? source?.projected;
  const readOnly = mount.readOnly || source?.persistentVolumeClaim?.readOnly || filled !== undefined;
  return { containerPath: mount.mountPath, volume, subPath: subPath || undefined, readOnly };
}

/** A path with its variables; each of them has to have a value. */
function expandedSubPath(text: string, lookup: (name: string) => string | undefined): string {
  const missing = new Set<string>();
  const path = expand(text, (name) => {
    const value = lookup(name);
    if (!value) missing.add(name);
    return value ?? '';
  });
  if (missing.size > 0) throw new Error(`missing value for ${[...missing].sort().join(', ')}`);
  return path;
}

/** The container's own security context wins over the pod's, that over the image's user. */
function containerUser(pod: Readonly<Pod>, container: Readonly<Container>, image: ImageRecord | undefined): NonNullable<ContainerConfig['user']> {
  const [own, shared] = [container.securityContext, pod.spec?.securityContext];
  const [imageUid, imageGid] = (image?.config.user ?? '').split(':').map((text) => (/^\d+$/.test(text) ? Number(text) : undefined));
  const groups = [...(shared?.supplementalGroups ?? []), ...(shared?.fsGroup === undefined ? [] : [shared.fsGroup])];
  return {
    uid: own?.runAsUser ?? shared?.runAsUser ?? imageUid,
    gid: own?.runAsGroup ?? shared?.runAsGroup ?? imageGid,
    ...(groups.length > 0 ? { groups } : {}),
    groupsPolicy: shared?.supplementalGroupsPolicy as 'Merge' | 'Strict' | undefined,
  };
}

/** Where the kubelet looks for the filters that pods name. */
const seccompFolder = '/var/lib/kubelet/seccomp';

function securityConfig(pod: Readonly<Pod>, { securityContext }: Readonly<Container>): SecurityConfig {
  const { privileged = false, capabilities, allowPrivilegeEscalation } = securityContext ?? {};
  const seccompProfile = securityContext?.seccompProfile ?? pod.spec?.securityContext?.seccompProfile;
  const appArmor = securityContext?.appArmorProfile ?? pod.spec?.securityContext?.appArmorProfile;
  return {
    privileged,
    addCapabilities: capabilities?.add ?? [],
    dropCapabilities: capabilities?.drop ?? [],
    noNewPrivileges: allowPrivilegeEscalation === false,
    seccomp: seccompProfile !== undefined && seccompProfile.type !== 'Unconfined',
    ...(seccompProfile?.type === 'Localhost' ? { seccompFile: `${seccompFolder}/${seccompProfile.localhostProfile ?? ''}` } : {}),
    ...(appArmor?.type === 'Localhost' ? { appArmor: { profile: appArmor.localhostProfile ?? '' } } : {}),
    ...(appArmor?.type === 'Unconfined' ? { appArmor: 'unconfined' as const } : {}),
  };
}

function refuseRoot(pod: Readonly<Pod>, container: Readonly<Container>, user: NonNullable<ContainerConfig['user']>, image: ImageRecord): void {
  const nonRoot = container.securityContext?.runAsNonRoot ?? pod.spec?.securityContext?.runAsNonRoot;
  if (!nonRoot || (user.uid ?? 0) !== 0) return;
  const asked = container.securityContext?.runAsUser ?? pod.spec?.securityContext?.runAsUser;
  const where = `(pod: "${formatPod(pod)}", container: ${container.name})`;
  const named = image.config.user?.split(':')[0] ?? '';
  if (asked === undefined && named !== '' && !/^\d+$/.test(named)) {
    throw new Error(`container has runAsNonRoot and image has non-numeric user (${named}), cannot verify user is non-root ${where}`);
  }
  const why = asked === 0 ? "container's runAsUser breaks non-root policy" : 'container has runAsNonRoot and image will run as root';
  throw new Error(`${why} ${where}`);
}
