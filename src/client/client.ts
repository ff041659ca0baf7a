import type {
  ConfigMap,
  Deployment,
  EndpointSlice,
  Endpoints,
  Event,
  EventsV1Event,
  Lease,
  Namespace,
  Node,
  Pod,
  ReplicaSet,
  Secret,
  Service,
  ServiceAccount,
} from '../../generated/types/index.ts';
import type { ApiResponse, Handler, RequestBody, UserInfo } from '../machinery/handler.ts';
import { failure, StatusError } from '../machinery/status-error.ts';
import type { KubeObject } from '../machinery/types.ts';
import { isStatus } from './is-status.ts';
import { refs } from './refs.ts';
import { HandlerResourceClient } from './resource-client.ts';
import type { ResourceClient, ResourceRef } from './types.ts';

export interface ClientOptions {
  /** `kube-controller-manager/v1.33.0 (linux/amd64) kubernetes/…`: the server takes the field manager's name from its first part. */
  readonly userAgent?: string;
}

export interface RawRequest {
  readonly query?: Readonly<Record<string, string | number | boolean | undefined>>;
  readonly body?: unknown;
  readonly contentType?: string;
  readonly signal?: AbortSignal;
}

/** Typed calls as one user. Failures are StatusErrors; what was read is frozen and carries `apiVersion` and `kind`. */
export interface Client {
  readonly user: UserInfo;
  readonly configMaps: ResourceClient<ConfigMap>;
  readonly deployments: ResourceClient<Deployment>;
  readonly endpoints: ResourceClient<Endpoints>;
  readonly endpointSlices: ResourceClient<EndpointSlice>;
  readonly events: ResourceClient<Event>;
  readonly eventsV1: ResourceClient<EventsV1Event>;
  readonly leases: ResourceClient<Lease>;
  readonly namespaces: ResourceClient<Namespace>;
  readonly nodes: ResourceClient<Node>;
  readonly pods: ResourceClient<Pod>;
  readonly replicaSets: ResourceClient<ReplicaSet>;
  readonly secrets: ResourceClient<Secret>;
  readonly serviceAccounts: ResourceClient<ServiceAccount>;
  readonly services: ResourceClient<Service>;
  resource<T extends KubeObject>(ref: ResourceRef): ResourceClient<T>;
  /** Any request, for paths that are no resource (discovery, `/version`). Fails with StatusError above 399. */
  request(method: string, path: string, request?: RawRequest): Promise<ApiResponse>;
}

/**
 * A client of the API server in this process: it calls the handler as `user`, without serialisation.
 * Objects handed in for a write may be kept and frozen by the server.
 */
export function createClient(handler: Handler, user: UserInfo, options: ClientOptions = {}): Client {
  return new HandlerClient(handler, user, options.userAgent ?? 'paperkube');
}

class HandlerClient implements Client {
  readonly configMaps = this.resource<ConfigMap>(refs.configMaps);
  readonly deployments = this.resource<Deployment>(refs.deployments);
  readonly endpoints = this.resource<Endpoints>(refs.endpoints);
  readonly endpointSlices = this.resource<EndpointSlice>(refs.endpointSlices);
  readonly events = this.resource<Event>(refs.events);
  readonly eventsV1 = this.resource<EventsV1Event>(refs.eventsV1);
  readonly leases = this.resource<Lease>(refs.leases);
  readonly namespaces = this.resource<Namespace>(refs.namespaces);
  readonly nodes = this.resource<Node>(refs.nodes);
  readonly pods = this.resource<Pod>(refs.pods);
  readonly replicaSets = this.resource<ReplicaSet>(refs.replicaSets);
  readonly secrets = this.resource<Secret>(refs.secrets);
  readonly serviceAccounts = this.resource<ServiceAccount>(refs.serviceAccounts);
  readonly services = this.resource<Service>(refs.services);

  constructor(
    readonly handler: Handler,
    readonly user: UserInfo,
    readonly userAgent: string,
  ) {}

  resource<T extends KubeObject>(ref: ResourceRef): ResourceClient<T> {
    return new HandlerResourceClient<T>(ref, this);
  }

  async request(method: string, path: string, { query = {}, body, contentType, signal }: RawRequest = {}): Promise<ApiResponse> {
    const search = new URLSearchParams();
    for (const [name, value] of Object.entries(query)) if (value !== undefined && value !== '') search.set(name, String(value));
    const sent: RequestBody | undefined = body === undefined ? undefined : { kind: 'object', object: body, ...(contentType ? { contentType } : {}) };
    const response = await this.handler({
      method,
      path,
      query: search,
      headers: { 'user-agent': this.userAgent, accept: 'application/json', ...(contentType ? { 'content-type': contentType } : {}) },
      user: this.user,
      body: sent,
      signal,
    });
    if (response.status < 400) return response;
    const error = statusErrorOf(response);
    Error.captureStackTrace(error);
    throw error;
  }
}

function statusErrorOf(response: ApiResponse): StatusError {
  const body = response.body.kind === 'object' ? response.body.object() : undefined;
  if (isStatus(body)) return new StatusError(body);
  return failure(response.status, 'Unknown', `the server answered ${response.status}`);
}
