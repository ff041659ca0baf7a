import type { EndpointAddress, Endpoints, Node, Pod, Service } from '../../../generated/types/index.ts';
import type { ByteConnection } from '../../machinery/node-api.ts';
import { badRequest, failure, notFound, notSimulated, type StatusError } from '../../machinery/status-error.ts';
import type { Answer } from '../answers.ts';
import type { Call } from '../call.ts';
import type { ServedResource } from '../served-resource.ts';
import { readProxiedAnswer } from './proxied-answer.ts';

interface Target {
  readonly address: string;
  readonly port: number;
}

/** What concerns one connection only, and is not handed on. */
const hopByHop = new Set(['connection', 'keep-alive', 'proxy-authenticate', 'proxy-authorization', 'te', 'trailer', 'transfer-encoding', 'upgrade']);
/** A content of known length is handed on whole up to here, else as it comes. */
const maxWholeBytes = 64 * 1024;

const unavailable = (message: string): StatusError => failure(503, 'ServiceUnavailable', message);

/** pods/NAME/proxy/PATH (registry/core/pod strategy.go ResourceLocation). */
export async function proxyToPod(call: Call, resource: ServedResource): Promise<Answer> {
  const { scheme, name, port } = nameParts(call, 'pod');
  const pod = (await resource.registry.get({ namespace: call.info.namespace, name })).object as Readonly<Pod>;
  const declared = pod.spec?.containers.flatMap((container) => container.ports ?? [])[0]?.containerPort;
  const address = pod.status?.podIPs?.[0]?.ip ?? pod.status?.podIP ?? '';
  if (!address) throw badRequest('address not allowed');
  refuseTls(scheme);
  return proxy(call, { address, port: port === '' ? (declared ?? 80) : portNumber(port, address) });
}

/** services/NAME/proxy/PATH (registry/core/service/storage ResourceLocation): to a ready endpoint, of a port given by name or number. */
export async function proxyToService(call: Call, resource: ServedResource): Promise<Answer> {
  const { scheme, name, port } = nameParts(call, 'service');
  const { namespace } = call.info;
  let portName = port;
  if (/^\d+$/.test(port)) {
    const service = (await resource.registry.get({ namespace, name })).object as Readonly<Service>;
    const found = service.spec?.ports?.find((one) => one.port === Number(port));
    if (!found) throw unavailable(`no service port ${Number(port)} found for service ${JSON.stringify(name)}`);
    portName = found.name ?? '';
  }
  const endpoints = (await call.services.find('', 'endpoints')?.registry.find({ namespace, name }))?.object as Readonly<Endpoints> | undefined;
  if (!endpoints) throw notFound({ group: '', resource: 'services' }, name); // Named after what was asked for, as upstream.
  const subsets = endpoints.subsets ?? [];
  if (subsets.length === 0) throw unavailable(`no endpoints available for service ${JSON.stringify(name)}`);
  // Differs from upstream: the first address that fits is taken, not a random one, so that a run can be repeated.
  for (const subset of subsets) {
    const number = subset.ports?.find((one) => (one.name ?? '') === portName)?.port;
    if (number === undefined) continue;
    for (const address of subset.addresses ?? []) {
      if (!(await isAddressOfPod(call, address))) continue;
      refuseTls(scheme);
      return proxy(call, { address: address.ip, port: number });
    }
  }
  throw unavailable(`no endpoints available for service ${JSON.stringify(call.info.name)}`);
}

/** Whoever may write Endpoints may not have the API server call any address: only those that pods have. */
async function isAddressOfPod(call: Call, { ip, targetRef }: EndpointAddress): Promise<boolean> {
  const { namespace } = call.info;
  if (targetRef?.namespace !== namespace || !targetRef?.name) return false;
  const pod = (await call.services.find('', 'pods')?.registry.find({ namespace, name: targetRef.name }))?.object as Readonly<Pod> | undefined;
  return pod?.status?.podIPs?.some((one) => one.ip === ip) ?? false;
}

/** nodes/NAME/proxy/PATH (registry/core/node strategy.go ResourceLocation): to the node's kubelet, or to another port of the node. */
export async function proxyToNode(call: Call, resource: ServedResource): Promise<Answer> {
  const { scheme, name, port } = nameParts(call, 'node');
  const node = (await resource.registry.get({ name })).object as Readonly<Node>;
  const address = node.status?.addresses?.find((one) => one.type === 'InternalIP')?.address ?? '';
  if (!address) throw badRequest('address not allowed');
  const kubeletPort = node.status?.daemonEndpoints?.kubeletEndpoint?.Port ?? 10250;
  if (port === '' || port === String(kubeletPort)) return askKubelet(call, name, { address, port: kubeletPort });
  refuseTls(scheme);
  return proxy(call, { address, port: portNumber(port, address) });
}

async function askKubelet(call: Call, nodeName: string, { address, port }: Target): Promise<Answer> {
  const kubelet = call.services.dialNode(nodeName);
  if (typeof kubelet === 'string') throw unavailable(`error trying to reach service: dial tcp ${address}:${port}: connect: ${kubelet}`);
  const { prefix, path } = splitPath(call);
  const { method } = call.request;
  const redirection = path === '' ? topOf(prefix, call) : undefined;
  if (redirection) return redirection;
  const answer = await kubelet.serve({ method, path: path || '/', query: call.query });
  return method === 'HEAD' ? { ...answer, body: { kind: 'none' } } : answer;
}

function refuseTls(scheme: string): void {
  if (scheme === 'https') throw notSimulated('TLS inside the cluster');
}

/** `NAME`, `NAME:PORT` or `SCHEME:NAME:PORT` (apimachinery/pkg/util/net SplitSchemeNamePort). */
function nameParts(call: Call, kind: string): { readonly scheme: string; readonly name: string; readonly port: string } {
  const parts = call.info.name.split(':');
  const [scheme, name, port] = parts.length === 3 ? parts : ['', parts[0], parts[1] ?? ''];
  if (parts.length > 3 || !name || !['', 'http', 'https'].includes(scheme ?? '')) {
    throw badRequest(`invalid ${kind} request ${JSON.stringify(call.info.name)}`);
  }
  return { scheme: scheme ?? '', name, port: port ?? '' };
}

function portNumber(text: string, address: string): number {
  const port = Number(text);
  if (/^\d+$/.test(text) && port > 0 && port < 65_536) return port;
  throw unavailable(`error trying to reach service: dial tcp: lookup tcp/${text}: unknown port on ${address}`);
}

/**
 * Sends a request on and hands the answer back (apiserver/pkg/util/proxy).
 * Differs from upstream: links inside HTML are not rewritten, only Location headers are; nothing is upgraded.
 */
async function proxy(call: Call, target: Target): Promise<Answer> {
  const { prefix, path } = splitPath(call);
  const { method } = call.request;
  const redirection = path === '' ? topOf(prefix, call) : undefined;
  if (redirection) return redirection;
  const connection = await dial(call, target);
  const { signal } = call.request;
  signal?.addEventListener('abort', () => connection.destroy(), { once: true });
  try {
    sendRequest(connection, call, prefix, path || '/');
    const { status, headers, content } = await readProxiedAnswer(connection, method);
    const contentType = headers.find(([name]) => name === 'content-type')?.[1] ?? 'application/octet-stream';
    const handedOn = answerHeaders(headers, prefix, target);
    if (method === 'HEAD' || content.lengthBytes === 0) {
      connection.destroy();
      const length = headers.find(([name]) => name === 'content-length')?.[1];
      const own = { 'content-type': contentType, ...(length === undefined ? {} : { 'content-length': length }) };
      return { status, body: { kind: 'none' }, headers: { ...handedOn, ...own } };
    }
    if ((content.lengthBytes ?? Number.POSITIVE_INFINITY) > maxWholeBytes) return { status, body: content.body(contentType), headers: handedOn };
    return { status, body: { kind: 'bytes', contentType, bytes: await content.bytes() }, headers: handedOn };
  } catch (error) {
    connection.destroy();
    throw unavailable(`error trying to reach service: ${(error as Error).message}`);
  }
}

/** Who asks for the proxy itself is sent to the top of what is behind it. */
function topOf(prefix: string, { request: { method }, query }: Call): Answer | undefined {
  if (method !== 'GET' && method !== 'HEAD') return undefined;
  return { status: 301, body: { kind: 'none' }, headers: { location: `${prefix}/${query.size > 0 ? `?${query}` : ''}` } };
}

/** The part of the path that names the proxy, and what follows it, both as they came. */
function splitPath(call: Call): { readonly prefix: string; readonly path: string } {
  const { path } = call.info;
  const match = /^(\/api\/v1\/(?:nodes|namespaces\/[^/]+\/(?:pods|services))\/[^/]+\/proxy)(\/.*)?$/.exec(path);
  return { prefix: match?.[1] ?? path, path: match?.[2] ?? '' };
}

async function dial(call: Call, { address, port }: Target): Promise<ByteConnection> {
  const { dialAddress } = call.services;
  if (!dialAddress) throw notSimulated('a network of pods in this server');
  try {
    return await dialAddress(address, port);
  } catch (error) {
    const why = (error as Error).message.toLowerCase();
    const host = address.includes(':') ? `[${address}]` : address;
    throw unavailable(`error trying to reach service: dial tcp ${host}:${port}: ${why.includes('timed out') ? 'i/o timeout' : `connect: ${why}`}`);
  }
}

function sendRequest(connection: ByteConnection, { request, query }: Call, prefix: string, path: string): void {
  const bytes = request.body?.kind === 'bytes' ? request.body.bytes : new Uint8Array(0);
  const lines = [`${request.method} ${path}${query.size > 0 ? `?${query}` : ''} HTTP/1.1`];
  for (const [name, value] of Object.entries(request.headers)) {
    // Who the client is, is between it and the API server.
    if (value !== undefined && !hopByHop.has(name) && name !== 'authorization' && name !== 'content-length') lines.push(`${name}: ${value}`);
  }
  const { host } = request.headers;
  if (request.remoteAddress) lines.push(`x-forwarded-for: ${request.remoteAddress}`);
  if (host) lines.push(`x-forwarded-host: ${host}`);
  else lines.push('host: kubernetes');
  lines.push(`x-forwarded-uri: ${prefix}${path}`, 'x-forwarded-proto: https');
  if (bytes.length > 0 || !['GET', 'HEAD', 'DELETE'].includes(request.method)) lines.push(`content-length: ${bytes.length}`);
  lines.push('connection: close');
  connection.write(Buffer.concat([Buffer.from(`${lines.join('\r\n')}\r\n\r\n`), bytes]));
}

function answerHeaders(headers: readonly (readonly [string, string])[], prefix: string, { address, port }: Target): Record<string, string> {
  const out: Record<string, string> = {};
  for (const [name, value] of headers) {
    if (hopByHop.has(name) || name === 'content-type' || name === 'content-length') continue;
    const shown = name === 'location' ? rewrittenLocation(value, prefix, [`${address}:${port}`, ...(port === 80 ? [address] : [])]) : value;
    // Cookies are the one header that may not be joined.
    out[name] = out[name] === undefined || name === 'set-cookie' ? shown : `${out[name]}, ${shown}`;
  }
  return out;
}

/** A redirect to the server itself leads through the proxy again. */
function rewrittenLocation(location: string, prefix: string, hosts: readonly string[]): string {
  if (location.startsWith('/')) return `${prefix}${location}`;
  const own = /^https?:\/\/([^/]+)(\/.*)?$/.exec(location);
  return own && hosts.includes(own[1] as string) ? `${prefix}${own[2] ?? '/'}` : location;
}
