import type { ApiRequest } from '../../machinery/handler.ts';
import { headerValues } from '../../machinery/handler.ts';
import { unauthorized } from '../../machinery/status-error.ts';
import type { Authenticator } from './authenticator.ts';
import { withAuthenticatedGroup } from './authenticator.ts';

/** Which headers of a front proxy say who asks: kube-apiserver's `--requestheader-…` flags. Names in any case. */
export interface RequestHeaders {
  /** The first of them that has a value names the user; of none of them, nobody is known by headers. */
  readonly usernameHeaders: readonly string[];
  readonly uidHeaders: readonly string[];
  readonly groupHeaders: readonly string[];
  readonly extraHeaderPrefixes: readonly string[];
  /** Common names of proxies; empty: whoever has a certificate of the proxies' authority. */
  readonly allowedNames: readonly string[];
}

/**
 * Believes the headers of a front proxy that shows a certificate of the proxies' own authority
 * (apiserver/pkg/authentication/request/headerrequest). Those headers go no further than here: a pod that the request
 * is passed on to has no use for them.
 * @throws StatusError 401 for a certificate of somebody else, unless another way of asking knows the request
 */
export function requestHeaderAuthenticator(options: RequestHeaders): Authenticator {
  const { allowedNames } = options;
  const [usernames, uids, groups] = [options.usernameHeaders, options.uidHeaders, options.groupHeaders].map((names) => names.map(asHeader)) as [
    string[],
    string[],
    string[],
  ];
  const prefixes = options.extraHeaderPrefixes.map(asHeader);
  return (request) => {
    const { clientCertificate } = request;
    if (!clientCertificate) return undefined;
    if (!clientCertificate.isFrontProxy) throw unauthorized();
    if (allowedNames.length > 0 && !allowedNames.includes(clientCertificate.commonName)) throw unauthorized();
    const username = firstValue(request, usernames);
    if (username === '') return undefined;
    const uid = firstValue(request, uids);
    const extra = extraOf(request, prefixes);
    const user = {
      username,
      groups: groups.flatMap((name) => headerValues(request, name)).filter((group) => group !== ''),
      ...(uid === '' ? {} : { uid }),
      ...(Object.keys(extra).length > 0 ? { extra } : {}),
    };
    forget(request, (name) => usernames.includes(name) || uids.includes(name) || groups.includes(name) || prefixes.some((one) => name.startsWith(one)));
    return withAuthenticatedGroup(user);
  };
}

const asHeader = (name: string): string => name.trim().toLowerCase();

function firstValue(request: ApiRequest, names: readonly string[]): string {
  for (const name of names) {
    const [value] = headerValues(request, name);
    if (value) return value;
  }
  return '';
}

function extraOf(request: ApiRequest, prefixes: readonly string[]): Record<string, string[]> {
  const extra: Record<string, string[]> = Object.create(null);
  for (const prefix of prefixes) {
    for (const name of Object.keys(request.headers).filter((one) => one.startsWith(prefix))) {
      const key = decodeHeaderKey(name.slice(prefix.length));
      extra[key] = [...(extra[key] ?? []), ...headerValues(request, name)];
    }
  }
  return extra;
}

/** Keys are percent-encoded, since header names are poor in letters; one that is not is taken as it is. */
export function decodeHeaderKey(key: string): string {
  try {
    return decodeURIComponent(key);
  } catch {
    return key;
  }
}

function forget(request: ApiRequest, isSecret: (name: string) => boolean): void {
  const headers = request.headers as Record<string, string | undefined>;
  for (const name of Object.keys(headers)) if (isSecret(name)) delete headers[name];
}
