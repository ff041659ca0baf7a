import { nodesByCount, planNodes } from '../../server/cli/nodes.ts';
import { readSchemaFiles } from '../../server/schema-files.ts';
import { type AuditOptions, type AuthorizationMode, hmacSigner } from '../../src/apiserver/index.ts';
import { type Cluster, createCluster } from '../../src/cluster/index.ts';
import { createEnv, type Log, type Machine, nodeMachine, silentLog } from '../../src/env/index.ts';

export interface SimulatedClusterOptions {
  readonly seed?: number;
  readonly nodes?: number;
  readonly log?: Log;
  /** The real one, unless a test wants it slower. */
  readonly machine?: Machine;
  /** Those of kubeadm if absent. */
  readonly authorizationModes?: readonly AuthorizationMode[];
  readonly audit?: AuditOptions;
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
  const { seed = 1, nodes = 3, log = silentLog, machine = nodeMachine, authorizationModes = kubeadmModes, audit } = options;
  const env = createEnv({ machine, log, seed, start: startTime, mode: 'manual' });
  const cluster = await createCluster({
    env,
    name: 'default',
    nodes: planNodes('default', nodesByCount(nodes)),
    schema,
    rootCa: '-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n',
    tokenSigner: hmacSigner('simulated'),
    authorizationModes,
    audit,
  });
  await env.loop.settle();
  await env.loop.advance(60_000);
  return cluster;
}
