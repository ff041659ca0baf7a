import type { Pod, Secret } from '../../generated/types/index.ts';
import type { Client } from '../client/index.ts';
import type { PullCredentials } from '../kubelet/index.ts';
import type { RegistryCredential } from '../runtime/index.ts';

/** Reads the credentials in a pod's imagePullSecrets, as the node. */
export function credentialsFromApi(client: Pick<Client, 'secrets'>): (pod: Readonly<Pod>) => Promise<PullCredentials> {
  return async (pod) => {
    const namespace = pod.metadata?.namespace ?? '';
    const found: RegistryCredential[] = [];
    const missing: string[] = [];
    for (const { name } of pod.spec?.imagePullSecrets ?? []) {
      if (!name) continue;
      const secret = await client.secrets.get({ namespace, name }).catch(() => undefined);
      if (secret) found.push(...credentialsOf(secret));
      else missing.push(name);
    }
    return { found, missing };
  };
}

/** What `.dockerconfigjson` or the older `.dockercfg` of a secret holds; nothing for what is no such JSON. */
export function credentialsOf(secret: Readonly<Secret>): RegistryCredential[] {
  const text = (key: string) => Buffer.from(secret.data?.[key] ?? '', 'base64').toString();
  try {
    if (secret.type === 'kubernetes.io/dockerconfigjson') return entriesOf((JSON.parse(text('.dockerconfigjson')) as { auths?: unknown }).auths);
    if (secret.type === 'kubernetes.io/dockercfg') return entriesOf(JSON.parse(text('.dockercfg')));
  } catch {
    // Broken JSON: the pull goes on without.
  }
  return [];
}

function entriesOf(auths: unknown): RegistryCredential[] {
  if (typeof auths !== 'object' || auths === null) return [];
  return Object.entries(auths).flatMap(([registry, entry]: [string, { username?: string; password?: string; auth?: string } | null]) => {
    const [, user, pass] = /^([^:]*):([\s\S]*)$/.exec(Buffer.from(entry?.auth ?? '', 'base64').toString()) ?? [];
    const [username, password] = [entry?.username ?? user, entry?.password ?? pass];
    return username === undefined || password === undefined ? [] : [{ registry, username, password }];
  });
}
