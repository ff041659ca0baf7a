import { X509Certificate } from 'node:crypto';
import type { Log } from '../env/index.ts';
import type { ApiRequest, ApiResponse, Handler } from '../machinery/index.ts';
import { internalError, isStatusError, splitTarget } from '../machinery/index.ts';
import type { ApiServerAnswer, ApiServerRequest, ApiServerService } from '../runtime/index.ts';

/**
 * The cluster's API for the kube-apiserver container: requests that came over the simulated network, answered by the same handler as
 * those from outside.
 *
 * Differs from upstream: client certificates are not asked for inside, and exec, attach and port-forward are refused there.
 * @param servingCertificate what it shows of itself, PEM
 */
export function apiServerService(handler: Handler, servingCertificate: string | undefined, log: Log): ApiServerService {
  return {
    certificates: servingCertificate === undefined ? [] : [new X509Certificate(servingCertificate).raw],
    async answer(request) {
      try {
        return toAnswer(await handler(toApiRequest(request)));
      } catch (error) {
        return failed(error, log);
      }
    },
  };
}

function toApiRequest({ method, target, headers, body, remoteAddress }: ApiServerRequest): ApiRequest {
  const byName: Record<string, string> = Object.create(null);
  for (const [name, value] of headers) {
    const key = name.toLowerCase();
    byName[key] = key in byName ? `${byName[key]}, ${value}` : value;
  }
  return {
    method,
    ...splitTarget(target),
    headers: byName,
    remoteAddress,
    ...(body.length > 0 ? { body: { kind: 'bytes', bytes: body, contentType: byName['content-type'] ?? '' } } : {}),
  };
}

/** As outside: what is no Status is an error of ours, which the log tells of. */
function failed(error: unknown, log: Log): ApiServerAnswer {
  if (!isStatusError(error)) log.error('request failed', { error: error instanceof Error ? error.stack : String(error) });
  const { code, status } = isStatusError(error) ? error : internalError('an unexpected error, see the log of the server');
  return { status: code, headers: [], type: 'application/json', body: `${JSON.stringify(status)}\n` };
}

function toAnswer({ status, headers, body }: ApiResponse): ApiServerAnswer {
  const list = Object.entries(headers).flatMap(([name, value]) => [value].flat().map((one) => [name, one] as const));
  switch (body.kind) {
    case 'none':
      return { status, headers: list };
    case 'bytes':
      return { status, headers: list, type: body.contentType, body: body.bytes };
    case 'object':
      return { status, headers: list, type: body.contentType ?? 'application/json', body: body.json() };
    case 'watch':
      return {
        status,
        headers: list,
        type: body.contentType,
        stream: ({ data, end }) => body.start({ event: (event) => data(event.frame()), end }),
      };
    case 'stream':
      return { status, headers: list, type: body.contentType, stream: ({ data, end }) => body.start({ data, end: () => end() }) };
    case 'upgrade':
      return { status: 501, headers: [], body: 'paperkube does not simulate exec, attach and port-forward from inside the cluster\n' };
  }
}
