import { readFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { load } from 'js-yaml';
import type { Credentials } from './targets.ts';

interface Kubeconfig {
  readonly 'current-context'?: string;
  readonly contexts?: readonly { readonly name: string; readonly context: { readonly cluster: string; readonly user: string } }[];
  readonly clusters?: readonly { readonly name: string; readonly cluster: Readonly<Record<string, string | boolean>> }[];
  readonly users?: readonly { readonly name: string; readonly user: Readonly<Record<string, string>> }[];
}

/** Server and credentials of a kubeconfig's current context. Fails for a file that has none. */
export function readKubeconfig(file: string): { readonly server: string; readonly credentials: Credentials } {
  const config = load(readFileSync(file, 'utf8')) as Kubeconfig;
  const context = config.contexts?.find((one) => one.name === config['current-context'])?.context;
  const cluster = config.clusters?.find((one) => one.name === context?.cluster)?.cluster;
  const user = config.users?.find((one) => one.name === context?.user)?.user ?? {};
  if (!cluster) throw new Error(`${file} has no current context`);
  const content = (from: Readonly<Record<string, unknown>>, name: string): string | undefined => {
    const data = from[`${name}-data`];
    if (typeof data === 'string') return Buffer.from(data, 'base64').toString();
    return typeof from[name] === 'string' ? readFileSync(resolve(dirname(file), from[name]), 'utf8') : undefined;
  };
  const credentials = {
    ca: content(cluster, 'certificate-authority'),
    cert: content(user, 'client-certificate'),
    key: content(user, 'client-key'),
    token: user.token,
    insecure: cluster['insecure-skip-tls-verify'] === true,
  };
  return { server: String(cluster.server), credentials };
}
