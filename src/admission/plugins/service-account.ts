import type { Container, Pod, PodSpec, ServiceAccount, Volume } from '../../../generated/types/index.ts';
import { isMirrorPod } from '../../api/core/v1/pod-status.ts';
import type { Ids } from '../../env/index.ts';
import { forbidden } from '../../machinery/status-error.ts';
import type { AdmissionPlugin, ObjectReader } from '../types.ts';

/** Where every container finds its token. */
const mountPath = '/var/run/secrets/kubernetes.io/serviceaccount';
const volumePrefix = 'kube-api-access-';
/** An hour and a little: the odd seconds tell tokens of this volume from others. */
const tokenSeconds = 3607;

/** Gives each pod a service account, and mounts its token (plugin/pkg/admission/serviceaccount). */
export function serviceAccount(reader: ObjectReader, ids: Ids): AdmissionPlugin<Pod> {
  return {
    name: 'ServiceAccount',
    rules: [{ resource: 'pods', operations: ['CREATE'] }],
    async admit({ object: pod, namespace, name }) {
      const spec = pod.spec as PodSpec;
      const shown = name || pod.metadata?.generateName || '';
      const refuse = (why: string): Error => forbidden({ group: '', resource: 'pods' }, shown, why);
      // The kubelet's own pods get nothing added; they may not ask for an account either.
      if (isMirrorPod(pod)) {
        if (spec.serviceAccountName) throw refuse('a mirror pod may not reference service accounts');
        return;
      }
      spec.serviceAccountName ||= 'default';
      spec.serviceAccount = spec.serviceAccountName;
      const account = await reader.get<ServiceAccount>({ group: '', resource: 'serviceaccounts' }, namespace, spec.serviceAccountName);
      if (!account) {
        throw refuse(`error looking up service account ${namespace}/${spec.serviceAccountName}: serviceaccount "${spec.serviceAccountName}" not found`);
      }
      if (spec.automountServiceAccountToken ?? account.automountServiceAccountToken ?? true) mountToken(spec, ids);
      if (!(spec.imagePullSecrets ?? []).length && account.imagePullSecrets?.length) {
        spec.imagePullSecrets = account.imagePullSecrets.map((one) => ({ ...one }));
      }
    },
  };
}

function mountToken(spec: PodSpec, ids: Ids): void {
  const existing = (spec.volumes ?? []).find((volume) => volume.name?.startsWith(volumePrefix));
  const wanting = [...(spec.initContainers ?? []), ...(spec.containers ?? [])].filter((container) => !hasMount(container));
  if (wanting.length === 0) return;
  const name = existing?.name ?? `${volumePrefix}${ids.nameSuffix()}`;
  for (const container of wanting) container.volumeMounts = [...(container.volumeMounts ?? []), { name, readOnly: true, mountPath }];
  if (!existing) spec.volumes = [...(spec.volumes ?? []), tokenVolume(name)];
}

/** A container that mounts something there itself is left alone. */
const hasMount = (container: Container): boolean => (container.volumeMounts ?? []).some((mount) => mount.mountPath === mountPath);

function tokenVolume(name: string): Volume {
  return {
    name,
    projected: {
      sources: [
        { serviceAccountToken: { expirationSeconds: tokenSeconds, path: 'token' } },
        { configMap: { name: 'kube-root-ca.crt', items: [{ key: 'ca.crt', path: 'ca.crt' }] } },
        { downwardAPI: { items: [{ path: 'namespace', fieldRef: { apiVersion: 'v1', fieldPath: 'metadata.namespace' } }] } },
      ],
      defaultMode: 420,
    },
  };
}
