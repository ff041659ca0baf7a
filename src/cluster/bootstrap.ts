import type { ConfigMap, EndpointSlice, Endpoints } from '../../generated/types/index.ts';
import type { BootstrapPolicy } from '../apiserver/index.ts';
import { bootstrapPolicy } from '../apiserver/index.ts';
import type { Client } from '../client/index.ts';
import { refs } from '../client/index.ts';
import type { Strategy } from '../registry/generic/strategy.ts';
import { coreDnsAccess, coreDnsAddon, kubernetesService, systemNamespaces } from './addons.ts';
import type { RequestHeaderTrust } from './extension-authentication.ts';
import { extensionAuthentication } from './extension-authentication.ts';
import { tracking } from './kept-objects.ts';
import type { ClientAs } from './server-objects.ts';
import { createServerObjects } from './server-objects.ts';

export interface BootstrapOptions {
  /** The API server's own address inside the cluster. */
  readonly apiAddress: string;
  /** Whether CoreDNS is installed: where controllers make its pods, a scheduler binds them and kubelets run them. */
  readonly addons: boolean;
  readonly network: { readonly apiServiceIp: string; readonly dnsServiceIp: string; readonly domain: string; readonly serviceCidr: string };
  /** Whether roles decide who may do what. */
  readonly rbac: boolean;
  /** Whether nodes have an authorizer of their own. */
  readonly nodeAuthorizer: boolean;
  /** The authorities of client certificates, PEM. */
  readonly clientCa?: string | undefined;
  readonly requestHeaders?: RequestHeaderTrust | undefined;
  /** What the server serves. */
  readonly strategies: readonly Strategy[];
  /** Milliseconds since the Unix epoch. */
  readonly now: number;
}

/** The port that the API server has inside the cluster. */
const apiPort = 6443;

/** Creates what kube-apiserver and kubeadm create before anyone asks: namespaces, the `kubernetes` Service and its endpoints, CoreDNS. */
export async function bootstrap(clientAs: ClientAs, options: BootstrapOptions): Promise<void> {
  const { apiAddress, network, rbac, nodeAuthorizer, strategies, clientCa, requestHeaders, now } = options;
  const client = clientAs('kube-apiserver');
  for (const namespace of systemNamespaces) await client.namespaces.create(structuredClone(namespace));
  await createServerObjects(clientAs, strategies, network.serviceCidr, now);
  if (rbac) await createPolicy(client, bootstrapPolicy({ withoutNodeAuthorizer: !nodeAuthorizer }), options.addons);
  if (clientCa || requestHeaders) await client.configMaps.create(extensionAuthentication(clientCa, requestHeaders));
  await client.configMaps.create(tracking(legacyTokenTracking, now));
  await client.services.create(kubernetesService(network.apiServiceIp));
  await client.endpoints.create(kubernetesEndpoints(apiAddress));
  await client.endpointSlices.create(kubernetesSlice(apiAddress));
  if (options.addons) await installCoreDns(clientAs('kubeadm'), network);
}

async function installCoreDns(client: Client, network: BootstrapOptions['network']): Promise<void> {
  const [serviceAccount, config, service, deployment] = coreDnsAddon({ clusterIp: network.dnsServiceIp, clusterDomain: network.domain });
  await client.serviceAccounts.create(serviceAccount);
  await client.configMaps.create(config);
  await client.services.create(service);
  await client.deployments.create(deployment);
}

/** What upstream's API server creates after its start (rbac/bootstrap-roles), and what CoreDNS may read. */
async function createPolicy(client: Client, policy: BootstrapPolicy, addons: boolean): Promise<void> {
  const [role, binding] = coreDnsAccess();
  for (const one of addons ? [...policy.clusterRoles, role] : policy.clusterRoles) await client.resource(refs.clusterRoles).create(one);
  for (const one of addons ? [...policy.clusterRoleBindings, binding] : policy.clusterRoleBindings) await client.resource(refs.clusterRoleBindings).create(one);
  for (const one of policy.roles) await client.resource(refs.roles).create(one);
  for (const one of policy.roleBindings) await client.resource(refs.roleBindings).create(one);
}

/** Whoever cleans up tokens in Secrets asks how long their use has been tracked (pkg/controlplane/controller/legacytokentracking). */
const legacyTokenTracking: ConfigMap = { metadata: { name: 'kube-apiserver-legacy-service-account-token-tracking', namespace: 'kube-system' } };

/** Made by the API server itself, which has no selector to go by (pkg/controlplane/reconcilers). */
function kubernetesEndpoints(address: string): Endpoints {
  return {
    apiVersion: 'v1',
    kind: 'Endpoints',
    metadata: { name: 'kubernetes', namespace: 'default', labels: { 'endpointslice.kubernetes.io/skip-mirror': 'true' } },
    subsets: [{ addresses: [{ ip: address }], ports: [{ name: 'https', port: apiPort, protocol: 'TCP' }] }],
  };
}

function kubernetesSlice(address: string): EndpointSlice {
  return {
    apiVersion: 'discovery.k8s.io/v1',
    kind: 'EndpointSlice',
    metadata: { name: 'kubernetes', namespace: 'default', labels: { 'kubernetes.io/service-name': 'kubernetes' } },
    addressType: 'IPv4',
    endpoints: [{ addresses: [address], conditions: { ready: true } }],
    ports: [{ name: 'https', port: apiPort, protocol: 'TCP' }],
  };
}
