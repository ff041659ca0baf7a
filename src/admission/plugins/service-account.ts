import type { Container, Pod, PodSpec, ServiceAccount, Volume } from '../../../generated/types/index.ts';
import { podSecretNames } from '../../api/core/v1/pod-references.ts';
import { isMirrorPod } from '../../api/core/v1/pod-status.ts';
import { nameIsPathSegment } from '../../api/meta/names.ts';
import type { Ids } from '../../env/index.ts';
import { failure } from '../../machinery/status-error.ts';
import type { AdmissionAttributes, AdmissionPlugin, ObjectReader } from '../types.ts';
import { enforcesMountableSecrets, unlistedEphemeralSecret, unlistedSecret } from './mountable-secrets.ts';
import { refusal } from './refusal.ts';

/** Where every container finds its token. */
const mountPath = '/var/run/secrets/kubernetes.io/serviceaccount';
const volumePrefix = 'kube-api-access-';
/** An hour and a little: the odd seconds tell tokens of this volume from others. */
const tokenSeconds = 3607;

/**
 * A pod that comes right after its namespace waits for the account.
 * Differs from upstream: it waits for what is ready to be done, which takes some milliseconds, and not for a second or two.
 */
const attemptsForDefault = 50;
const accounts = { group: '', resource: 'serviceaccounts' };

/** Gives each pod a service account, and mounts its token (plugin/pkg/admission/serviceaccount). */
export function serviceAccount(reader: ObjectReader, ids: Ids, pause?: () => Promise<void>): AdmissionPlugin<Pod> {
  const accountOf = async (attributes: AdmissionAttributes<Pod>): Promise<Readonly<ServiceAccount>> => {
    const { namespace, object } = attributes;
    const name = object.spec?.serviceAccountName ?? '';
    for (let attempt = 1; ; attempt += 1) {
      const account = await reader.get<ServiceAccount>(accounts, namespace, name);
      if (account) return account;
      // A controller makes this one as soon as there is a namespace.
      if (name !== 'default' || !pause || attempt === attemptsForDefault) break;
      await pause();
    }
    // Upstream's client does not ask for names that cannot stand in a path.
    const wrong = nameIsPathSegment(name, false);
    const why = wrong.length > 0 ? `invalid resource name ${JSON.stringify(name)}: [${wrong.join(' ')}]` : `serviceaccount ${JSON.stringify(name)} not found`;
    throw refusal(attributes, `error looking up service account ${namespace}/${name}: ${why}`);
  };
  return {
    name: 'ServiceAccount',
    rules: [
      { resource: 'pods', operations: ['CREATE'] },
      { resource: 'pods/ephemeralcontainers', operations: ['UPDATE'] },
    ],
    async admit(attributes) {
      const { object: pod, operation } = attributes;
      if (operation !== 'CREATE') return;
      const spec = pod.spec as PodSpec;
      if (isMirrorPod(pod)) {
        restrictMirrorPod(attributes);
        return;
      }
      spec.serviceAccountName ||= 'default';
      spec.serviceAccount = spec.serviceAccountName;
      const account = await accountOf(attributes);
      if (spec.automountServiceAccountToken ?? account.automountServiceAccountToken ?? true) mountToken(spec, ids);
      if (!(spec.imagePullSecrets ?? []).length && account.imagePullSecrets?.length) {
        spec.imagePullSecrets = account.imagePullSecrets.map((one) => ({ ...one }));
      }
      const unlisted = enforcesMountableSecrets(account) ? unlistedSecret(pod, account) : undefined;
      if (unlisted) throw refusal(attributes, unlisted);
    },
    async validate(attributes) {
      if (attributes.operation !== 'UPDATE') return;
      const account = await accountOf(attributes);
      const unlisted = enforcesMountableSecrets(account) ? unlistedEphemeralSecret(attributes.object, account) : undefined;
      if (unlisted) throw failure(500, '', unlisted); // Upstream forgets to call this forbidden.
    },
  };
}

/** The kubelet's own pods get nothing added; they may not ask for an account or secrets either. */
function restrictMirrorPod(attributes: AdmissionAttributes<Pod>): void {
  const spec = attributes.object.spec as PodSpec;
  if (spec.serviceAccountName) throw refusal(attributes, 'a mirror pod may not reference service accounts');
  if (podSecretNames(spec).length > 0) throw refusal(attributes, 'a mirror pod may not reference secrets');
  if (spec.volumes?.some((volume) => volume.projected?.sources?.some((one) => one.serviceAccountToken))) {
    throw refusal(attributes, 'a mirror pod may not use ServiceAccountToken volume projections');
  }
}

function mountToken(spec: PodSpec, ids: Ids): void {
  const existing = (spec.volumes ?? []).find((volume) => volume.name?.startsWith(volumePrefix));
  let name = existing?.name;
  for (const containers of [spec.initContainers, spec.containers]) {
    for (const container of containers ?? []) {
      if (hasMount(container)) continue;
      name ??= `${volumePrefix}${ids.nameSuffix()}`;
      const mount = { name, readOnly: true, mountPath };
      if (container.volumeMounts) container.volumeMounts = [...container.volumeMounts, mount];
      else container.volumeMounts = [mount];
    }
  }
  if (!existing && name !== undefined) spec.volumes = [...(spec.volumes ?? []), tokenVolume(name)];
}

/** A container that mounts something there itself is left alone. */
const hasMount = (container: Container): boolean => container.volumeMounts?.some((mount) => mount.mountPath === mountPath) ?? false;

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
