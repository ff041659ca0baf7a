import type { ConfigMap } from '../../generated/types/index.ts';
import type { RequestHeaders } from '../apiserver/index.ts';

/** Front proxies whose headers are believed. */
export interface RequestHeaderTrust extends RequestHeaders {
  /** The authorities of their certificates, PEM. */
  readonly ca: string;
}

/**
 * How extension API servers know this one's users (pkg/controlplane/controller/clusterauthenticationtrust). Without authorities of
 * front proxies the keys `requestheader-…` are absent, and `requestheader-uid-headers` where no header holds a uid.
 */
export function extensionAuthentication(clientCa: string | undefined, requestHeaders: RequestHeaderTrust | undefined): ConfigMap {
  const list = (values: readonly string[]) => JSON.stringify([...new Set(values)]);
  const proxies = requestHeaders && {
    'requestheader-allowed-names': list(requestHeaders.allowedNames),
    'requestheader-client-ca-file': requestHeaders.ca,
    'requestheader-extra-headers-prefix': list(requestHeaders.extraHeaderPrefixes),
    'requestheader-group-headers': list(requestHeaders.groupHeaders),
    ...(requestHeaders.uidHeaders.length > 0 ? { 'requestheader-uid-headers': list(requestHeaders.uidHeaders) } : {}),
    'requestheader-username-headers': list(requestHeaders.usernameHeaders),
  };
  return {
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { name: 'extension-apiserver-authentication', namespace: 'kube-system' },
    data: { ...(clientCa ? { 'client-ca-file': clientCa } : {}), ...proxies },
  };
}
