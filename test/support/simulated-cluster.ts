import { nodesByCount, planNodes, silentNodes } from '../../server/cli/nodes.ts';
import { readSchemaFiles } from '../../server/schema-files.ts';
import type { PluginChoice } from '../../src/admission/plugins/index.ts';
import { type AuditOptions, type AuthorizationMode, hmacSigner } from '../../src/apiserver/index.ts';
import { type Cluster, type ComponentName, createCluster, type SignCertificate } from '../../src/cluster/index.ts';
import { createEnv, type Log, type Machine, nodeMachine, silentLog } from '../../src/env/index.ts';
import type { Handler } from '../../src/machinery/index.ts';
import type { FeatureGates } from '../../src/registry/feature-gates.ts';

export interface SimulatedClusterOptions {
  readonly seed?: number;
  readonly nodes?: number;
  readonly log?: Log;
  /** The real one, unless a test wants it slower. */
  readonly machine?: Machine;
  /** Those of kubeadm if absent. */
  readonly authorizationModes?: readonly AuthorizationMode[];
  readonly audit?: AuditOptions;
  /** All if absent; without kubelet among them there are no nodes but the silent ones. */
  readonly components?: readonly ComponentName[];
  /** Names of nodes without a kubelet. */
  readonly silent?: readonly string[];
  readonly admission?: PluginChoice;
  readonly featureGates?: FeatureGates;
  readonly signCertificate?: SignCertificate;
  /** The cluster's authority and what the API server shows inside, PEM; text that is no certificate and nothing if absent. */
  readonly certificates?: { readonly rootCa: string; readonly serving: string };
  /** The way from a node to the API; straight if absent. */
  readonly nodeHandler?: (node: string, handler: Handler) => Handler;
}

/** Every simulated cluster begins at this moment. */
export const startTime = Date.parse('2026-01-01T00:00:00Z');

const schema = readSchemaFiles();
const kubeadmModes: readonly AuthorizationMode[] = ['Node', 'RBAC'];

/**
 * A whole cluster on a clock that stands still, without a server. Its nodes are Ready and coredns is Running.
 * Its tokens are signed with a secret, so that the same run makes the same ones.
 */
export async function simulatedCluster(options: SimulatedClusterOptions = {}): Promise<Cluster> {
  const {
    seed = 1,
    nodes = 3,
    log = silentLog,
    machine = nodeMachine,
    authorizationModes = kubeadmModes,
    audit,
    components,
    silent = [],
    admission,
    featureGates,
    signCertificate,
    certificates,
    nodeHandler,
  } = options;
  const live = components && !components.includes('kubelet') ? 0 : nodes;
  const env = createEnv({ machine, log, seed, start: startTime, mode: 'manual' });
  const cluster = await createCluster({
    env,
    name: 'default',
    nodes: planNodes('default', [...nodesByCount(live), ...silentNodes(silent)]),
    components,
    admission,
    featureGates,
    schema,
    rootCa: certificates?.rootCa ?? '-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n',
    servingCertificate: certificates?.serving,
    tokenSigner: hmacSigner('simulated'),
    authorizationModes,
    audit,
    signCertificate,
    nodeHandler,
  });
  await env.loop.settle();
  await env.loop.advance(60_000);
  return cluster;
}
