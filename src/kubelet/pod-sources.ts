import type { ConfigMap, PersistentVolume, PersistentVolumeClaim, Pod, RuntimeClass, Secret } from '../../generated/types/index.ts';
import type { Client } from '../client/index.ts';
import { refs } from '../client/index.ts';
import { isNotFound } from '../machinery/status-error.ts';

/** Reads the objects that a pod's containers and volumes are made from. */
export interface PodSources {
  /** Undefined if there is none. Rejects with StatusError otherwise. */
  configMap(namespace: string, name: string): Promise<Readonly<ConfigMap> | undefined>;
  secret(namespace: string, name: string): Promise<Readonly<Secret> | undefined>;
  /** Both reject with StatusError, also if there is none. */
  claim(namespace: string, name: string): Promise<Readonly<PersistentVolumeClaim>>;
  volume(name: string): Promise<Readonly<PersistentVolume>>;
  /** The handler of a RuntimeClass; empty without a class. Rejects if there is no such class. */
  runtimeHandler(runtimeClassName: string | undefined): Promise<string>;
  /** A service account token for the pod, as TokenRequest gives it. */
  token(pod: Readonly<Pod>, options: TokenOptions): Promise<IssuedToken>;
}

export interface TokenOptions {
  /** Empty: the API server's own audience. */
  readonly audience?: string | undefined;
  readonly expirationSeconds: number;
}

export interface IssuedToken {
  readonly token: string;
  /** Simulated ms since the epoch. */
  readonly expiresAt: number;
}

/** How tokens are come by: the API's `serviceaccounts/NAME/token`, or whatever stands in for it. */
export type TokenFor = (pod: Readonly<Pod>, options: TokenOptions) => Promise<IssuedToken>;

/** Sources that ask the API server each time, as upstream's kubelet does where it does not watch. */
export function apiSources(client: Pick<Client, 'configMaps' | 'secrets' | 'resource'>, tokenFor: TokenFor): PodSources {
  const orUndefined = async <T>(read: Promise<T>): Promise<T | undefined> => {
    try {
      return await read;
    } catch (error) {
      if (isNotFound(error)) return undefined;
      throw error;
    }
  };
  return {
    configMap: (namespace, name) => orUndefined(client.configMaps.get({ namespace, name })),
    secret: (namespace, name) => orUndefined(client.secrets.get({ namespace, name })),
    claim: (namespace, name) => client.resource<PersistentVolumeClaim>(refs.persistentVolumeClaims).get({ namespace, name }),
    volume: (name) => client.resource<PersistentVolume>(refs.persistentVolumes).get({ name }),
    runtimeHandler: async (name) => (name ? (await client.resource<RuntimeClass>(refs.runtimeClasses).get({ name })).handler : ''),
    token: tokenFor,
  };
}
