import type { DownwardAPIVolumeFile, KeyToPath, Pod, ProjectedVolumeSource, Volume, VolumeProjection } from '../../generated/types/index.ts';
import { aggregateText } from '../machinery/aggregate.ts';
import type { VolumeFile } from '../runtime/types.ts';
import type { NodeFacts } from './field-values.ts';
import { podFieldValue, resourceFieldValue } from './field-values.ts';
import { messageOf } from './kubelet-error.ts';
import { findContainer } from './pod-format.ts';
import type { PodSources } from './pod-sources.ts';

export interface VolumeFacts extends NodeFacts {
  readonly podIps: readonly string[];
  readonly sources: PodSources;
}

export interface VolumeContent {
  readonly files: VolumeFile[];
  /** When a token in it should be renewed, in simulated ms since the epoch. */
  renewAt?: number | undefined;
}

const defaultMode = 0o644;
const tokenSeconds = 3600;

/** The files of a volume that the kubelet fills itself; undefined for the other kinds. Rejects with the mount's error. */
export async function volumeContent(pod: Readonly<Pod>, volume: Readonly<Volume>, facts: VolumeFacts): Promise<VolumeContent | undefined> {
  const namespace = pod.metadata?.namespace ?? '';
  if (volume.configMap) {
    const { name = '', defaultMode } = volume.configMap;
    return { files: await configMapFiles(facts, namespace, name, volume.configMap, defaultMode) };
  }
  if (volume.secret) {
    const { secretName = '', defaultMode } = volume.secret;
    return { files: await secretFiles(facts, namespace, secretName, volume.secret, defaultMode) };
  }
  if (volume.downwardAPI) return { files: downwardFiles(pod, volume.downwardAPI.items, volume.downwardAPI.defaultMode, facts) };
  if (volume.projected) return projectedContent(pod, volume.projected, facts);
  return undefined;
}

async function projectedContent(pod: Readonly<Pod>, projected: ProjectedVolumeSource, facts: VolumeFacts): Promise<VolumeContent> {
  const content: VolumeContent = { files: [] };
  const mistakes: string[] = [];
  for (const source of projected.sources ?? []) {
    try {
      const { files, renewAt } = await sourceContent(pod, source, projected.defaultMode, facts);
      content.files.push(...files);
      if (renewAt !== undefined) content.renewAt = Math.min(content.renewAt ?? Number.POSITIVE_INFINITY, renewAt);
    } catch (error) {
      mistakes.push(messageOf(error));
    }
  }
  if (mistakes.length > 0) throw new Error(aggregateText(mistakes));
  return content;
}

async function sourceContent(pod: Readonly<Pod>, source: VolumeProjection, mode: number | undefined, facts: VolumeFacts): Promise<VolumeContent> {
  const namespace = pod.metadata?.namespace ?? '';
  const { configMap, secret, downwardAPI, serviceAccountToken } = source;
  if (configMap) return { files: await configMapFiles(facts, namespace, configMap.name ?? '', configMap, mode) };
  if (secret) return { files: await secretFiles(facts, namespace, secret.name ?? '', secret, mode) };
  if (downwardAPI) return { files: downwardFiles(pod, downwardAPI.items, mode, facts) };
  if (serviceAccountToken) {
    const { audience, expirationSeconds = tokenSeconds, path } = serviceAccountToken;
    const issued = await facts.sources.token(pod, { audience, expirationSeconds });
    const owner = fileOwner(pod);
    const isNarrow = owner !== undefined || pod.spec?.securityContext?.fsGroup !== undefined;
    // Upstream renews a token when four fifths of its life are over.
    const renewAt = issued.expiresAt - expirationSeconds * 200;
    return { files: [{ path, data: issued.token, mode: isNarrow ? 0o600 : (mode ?? defaultMode), uid: owner }], renewAt };
  }
  if (source.clusterTrustBundle) throw new Error('paperkube does not simulate clusterTrustBundle projections');
  return { files: [] };
}

/** Whose a token is: the user that all containers run as, if that is one and the same (pkg/volume/util FsUserFrom). */
function fileOwner({ spec }: Readonly<Pod>): number | undefined {
  const containers = [...(spec?.initContainers ?? []), ...(spec?.containers ?? []), ...(spec?.ephemeralContainers ?? [])];
  const users = new Set(containers.map((one) => one.securityContext?.runAsUser ?? spec?.securityContext?.runAsUser));
  return users.size === 1 ? [...users][0] : undefined;
}

/** Which keys of a config map or secret become files, and whether they may be missing. */
interface KeyChoice {
  readonly items?: readonly KeyToPath[];
  readonly optional?: boolean;
}

async function configMapFiles(facts: VolumeFacts, namespace: string, name: string, choice: KeyChoice, mode: number | undefined): Promise<VolumeFile[]> {
  const found = await facts.sources.configMap(namespace, name);
  if (!found && !choice.optional) throw new Error(`configmap "${name}" not found`);
  const data = new Map<string, Uint8Array | string>(Object.entries(found?.data ?? {}));
  for (const [key, value] of Object.entries(found?.binaryData ?? {})) data.set(key, Buffer.from(value, 'base64'));
  return keyFiles(data, choice, mode, 'configmap');
}

async function secretFiles(facts: VolumeFacts, namespace: string, name: string, choice: KeyChoice, mode: number | undefined): Promise<VolumeFile[]> {
  const found = await facts.sources.secret(namespace, name);
  if (!found && !choice.optional) throw new Error(`secret "${name}" not found`);
  const data = new Map(Object.entries(found?.data ?? {}).map(([key, value]) => [key, Buffer.from(value, 'base64') as Uint8Array]));
  return keyFiles(data, choice, mode, 'secret');
}

function keyFiles(data: ReadonlyMap<string, Uint8Array | string>, { items, optional }: KeyChoice, mode: number | undefined, kind: string): VolumeFile[] {
  const usual = mode ?? defaultMode;
  if (!items?.length) return [...data].sort(([a], [b]) => (a < b ? -1 : 1)).map(([path, content]) => ({ path, data: content, mode: usual }));
  const files: VolumeFile[] = [];
  for (const item of items) {
    const content = data.get(item.key);
    if (content !== undefined) files.push({ path: item.path, data: content, mode: item.mode ?? usual });
    else if (!optional)
      throw new Error(kind === 'secret' ? `references non-existent secret key: ${item.key}` : `${kind} references non-existent config key: ${item.key}`);
  }
  return files;
}

function downwardFiles(pod: Readonly<Pod>, items: readonly DownwardAPIVolumeFile[] | undefined, mode: number | undefined, facts: VolumeFacts): VolumeFile[] {
  const mistakes: string[] = [];
  const files = (items ?? []).flatMap((item) => {
    try {
      return [{ path: item.path, data: downwardValue(pod, item, facts), mode: item.mode ?? mode ?? defaultMode }];
    } catch (error) {
      mistakes.push(messageOf(error));
      return [];
    }
  });
  if (mistakes.length > 0) throw new Error(aggregateText(mistakes));
  return files;
}

function downwardValue(pod: Readonly<Pod>, { fieldRef, resourceFieldRef }: DownwardAPIVolumeFile, facts: VolumeFacts): string {
  if (fieldRef) return podFieldValue(pod, fieldRef.fieldPath, facts);
  const container = findContainer(pod, resourceFieldRef?.containerName ?? '');
  if (!resourceFieldRef || !container) throw new Error(`container ${resourceFieldRef?.containerName} not found`);
  return resourceFieldValue(container.spec, resourceFieldRef, facts);
}
