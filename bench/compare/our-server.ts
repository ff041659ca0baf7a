import { nodesByCount, planNodes } from '../../server/cli/nodes.ts';
import { readSchemaFiles } from '../../server/schema-files.ts';
import { createTokenSigner } from '../../server/service-account-tokens.ts';
import { createClusterPki } from '../../server/tls.ts';
import { clusterNetwork, createCluster } from '../../src/cluster/index.ts';
import { createEnv, nodeMachine, silentLog, wallClock } from '../../src/env/index.ts';
import type { Handler } from '../../src/machinery/index.ts';

/** A whole cluster of ours in this process, on the real clock. */
export async function ourServer(): Promise<Handler> {
  const env = createEnv({ machine: nodeMachine, log: silentLog, seed: 1, start: wallClock(), mode: 'real' });
  const nodes = planNodes('compare', nodesByCount(1));
  const pki = await createClusterPki({
    names: nodes.map((node) => node.name),
    serviceAddress: clusterNetwork.apiServiceIp,
    clusterDomain: clusterNetwork.domain,
    nowMs: wallClock(),
  });
  const cluster = await createCluster({
    env,
    name: 'compare',
    nodes,
    schema: readSchemaFiles(),
    rootCa: pki.ca.certificate,
    tokenSigner: createTokenSigner(pki.serviceAccount),
  });
  return cluster.handler;
}
