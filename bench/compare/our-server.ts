import { nodesByCount, planNodes } from '../../server/cli/nodes.ts';
import { readSchemaFiles } from '../../server/schema-files.ts';
import { createTokenSigner } from '../../server/service-account-tokens.ts';
import { createClusterPki } from '../../server/tls.ts';
import type { ComponentName } from '../../src/cluster/index.ts';
import { clusterNetwork, componentNames, createCluster } from '../../src/cluster/index.ts';
import { createEnv, nodeMachine, silentLog, wallClock } from '../../src/env/index.ts';
import type { Handler } from '../../src/machinery/index.ts';

/** A cluster of ours in this process, on the real clock: an API server alone, or with all components. */
export async function ourServer(whole: boolean): Promise<Handler> {
  const components: readonly ComponentName[] = whole ? componentNames : ['api'];
  const env = createEnv({ machine: nodeMachine, log: silentLog, seed: 1, start: wallClock(), mode: 'real' });
  const nodes = whole ? planNodes('compare', nodesByCount(1)) : [];
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
    components,
    schema: readSchemaFiles(),
    rootCa: pki.ca.certificate,
    tokenSigner: createTokenSigner(pki.serviceAccount),
  });
  return cluster.handler;
}
