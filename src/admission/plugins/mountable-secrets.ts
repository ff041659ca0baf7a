import type { Container, EphemeralContainer, Pod, ServiceAccount } from '../../../generated/types/index.ts';

const annotation = 'kubernetes.io/enforce-mountable-secrets';
/** What Go's strconv.ParseBool takes for yes. */
const yes = ['1', 't', 'T', 'TRUE', 'true', 'True'];

/** Whether an account lets its pods use only the secrets that it lists. */
export function enforcesMountableSecrets({ metadata }: Readonly<ServiceAccount>): boolean {
  return yes.includes(metadata?.annotations?.[annotation] ?? '');
}

/**
 * Why a new pod of an account is refused: the first of its secrets that the account does not list
 * (plugin/pkg/admission/serviceaccount limitSecretReferences). Undefined if there is none.
 */
export function unlistedSecret({ spec }: Readonly<Pod>, account: Readonly<ServiceAccount>): string | undefined {
  const listed = namesOf(account.secrets);
  const behind = `is not allowed because service account ${account.metadata?.name} does not reference that`;
  for (const { secret } of spec?.volumes ?? []) {
    if (secret && !listed.has(secret.secretName ?? '')) return `volume with secret.secretName="${secret.secretName ?? ''}" ${behind} secret`;
  }
  for (const container of spec?.initContainers ?? []) {
    const found = unlistedIn(container, listed);
    if (found) return `init container ${found} ${behind} secret`;
  }
  for (const container of spec?.containers ?? []) {
    const found = unlistedIn(container, listed);
    if (found) return `container ${found} ${behind} secret`;
  }
  const pulled = namesOf(account.imagePullSecrets);
  const at = (spec?.imagePullSecrets ?? []).findIndex(({ name = '' }) => !pulled.has(name));
  return at < 0 ? undefined : `imagePullSecrets[${at}].name="${spec?.imagePullSecrets?.[at]?.name ?? ''}" ${behind} imagePullSecret`;
}

/** The same of containers that are added to a running pod (limitEphemeralContainerSecretReferences). */
export function unlistedEphemeralSecret({ spec }: Readonly<Pod>, account: Readonly<ServiceAccount>): string | undefined {
  const listed = namesOf(account.secrets);
  for (const container of spec?.ephemeralContainers ?? []) {
    const found = unlistedIn(container, listed);
    if (found) return `ephemeral container ${found} is not allowed because service account ${account.metadata?.name} does not reference that secret`;
  }
  return undefined;
}

const namesOf = (references: readonly { readonly name?: string }[] | undefined): ReadonlySet<string> =>
  new Set((references ?? []).map(({ name = '' }) => name));

function unlistedIn({ name, env = [], envFrom = [] }: Container | EphemeralContainer, listed: ReadonlySet<string>): string | undefined {
  for (const variable of env) {
    const secret = variable.valueFrom?.secretKeyRef;
    if (secret && !listed.has(secret.name ?? '')) return `${name} with envVar ${variable.name} referencing secret.secretName="${secret.name ?? ''}"`;
  }
  for (const { secretRef } of envFrom) {
    if (secretRef && !listed.has(secretRef.name ?? '')) return `${name} with envFrom referencing secret.secretName="${secretRef.name ?? ''}"`;
  }
  return undefined;
}
