import { createHash } from 'node:crypto';
import type { Pod } from '../../generated/types/index.ts';
import { setPodDefaults, validatePod } from '../api/index.ts';
import { parseYamlDocuments } from '../machinery/codec/yaml.ts';
import { messageOf } from './kubelet-error.ts';

/** Where kubeadm's kubelets look for manifests (staticPodPath). */
export const manifestDirectory = '/etc/kubernetes/manifests';

/** The annotations that tell where a pod came from (pkg/kubelet/types). */
export const configAnnotation = {
  source: 'kubernetes.io/config.source',
  hash: 'kubernetes.io/config.hash',
  seen: 'kubernetes.io/config.seen',
} as const;

const maxFileBytes = 10 * 1024 * 1024;

/** Whether the pod runs by a manifest of the node. */
export function isStaticPod(pod: Readonly<Pod>): boolean {
  return pod.metadata?.annotations?.[configAnnotation.source] === 'file';
}

export interface ManifestFile {
  readonly name: string;
  readonly data: Uint8Array;
}

export interface Manifests {
  /** By namespace and name; a second pod of the same name is a mistake. */
  readonly pods: ReadonlyMap<string, Pod>;
  readonly mistakes: readonly { readonly file: string; readonly message: string }[];
}

/** `kube-system/etcd-node`: two pods of one source that agree in it are the same pod. */
export function podFullName(pod: Readonly<Pod>): string {
  return `${pod.metadata?.namespace}/${pod.metadata?.name}`;
}

/** The static pods of a directory's files, as the kubelet's file source makes them (pkg/kubelet/config file.go, common.go). */
export function readManifests(files: readonly ManifestFile[], nodeName: string): Manifests {
  const pods = new Map<string, Pod>();
  const mistakes: { file: string; message: string }[] = [];
  for (const file of [...files].sort((a, b) => (a.name < b.name ? -1 : 1))) {
    if (file.name.startsWith('.')) continue;
    try {
      const pod = staticPod(file, nodeName);
      const name = podFullName(pod);
      if (pods.has(name)) throw new Error(`a pod ${name} stands in another manifest already`);
      pods.set(name, pod);
    } catch (error) {
      mistakes.push({ file: file.name, message: messageOf(error) });
    }
  }
  return { pods, mistakes };
}

function staticPod({ name, data }: ManifestFile, nodeName: string): Pod {
  if (data.length > maxFileBytes) throw new Error('the file is larger than 10 MiB');
  const documents = parseYamlDocuments(Buffer.from(data).toString());
  const [document] = documents;
  if (documents.length !== 1 || typeof document !== 'object' || document === null) throw new Error('the file holds no single object');
  const pod = document as Pod;
  if (pod.apiVersion !== 'v1' || pod.kind !== 'Pod') throw new Error(`invalid pod: ${pod.apiVersion} ${pod.kind}`);
  setPodDefaults(pod);
  const hash = hashOf(pod, name, nodeName);
  const { name: given = '', namespace, annotations, uid, ...metadata } = pod.metadata ?? {};
  pod.metadata = {
    ...metadata,
    name: given && `${given}-${nodeName.toLowerCase()}`,
    namespace: namespace || 'default',
    uid: uid || hash,
    annotations: { ...annotations, [configAnnotation.hash]: uid || hash, [configAnnotation.source]: 'file' },
  };
  const spec = pod.spec ?? { containers: [] };
  pod.spec = spec;
  spec.nodeName = nodeName;
  // Nothing evicts a static pod, since nothing else could run it.
  if (!spec.tolerations?.some(toleratesNoExecute)) spec.tolerations = [...(spec.tolerations ?? []), { operator: 'Exists', effect: 'NoExecute' }];
  pod.status = { phase: 'Pending' };
  const wrong = validatePod(pod);
  if (wrong.length > 0) throw new Error(`invalid pod: ${wrong.map((one) => `${one.field}: ${one.body()}`).join(', ')}`);
  return pod;
}

function toleratesNoExecute({ key, operator, effect }: { key?: string; operator?: string; effect?: string }): boolean {
  return !key && operator === 'Exists' && effect === 'NoExecute';
}

/** Node, file and content make the pod what it is: any change makes another one. */
function hashOf(pod: Pod, file: string, nodeName: string): string {
  const text = [`host:${nodeName}`, `file:${manifestDirectory}/${file}`, JSON.stringify(pod)].join('\n');
  return createHash('md5').update(text).digest('hex');
}
