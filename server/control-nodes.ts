import type { Request } from 'express';
import { Router } from 'express';
import type { Cluster } from '../src/cluster/index.ts';
import { bodyOf, ControlError } from './control-error.ts';

/** What a cluster lets one do with its nodes. */
export type NodeControls = Pick<Cluster, 'nodes' | 'dataPlane'>;

/**
 * `/nodes`: which nodes there are and how they are; `/nodes/NAME/stop` and `/nodes/NAME/start`. A stop takes `{"pods": "keep"}` (the
 * default: the kubelet alone falls silent, and containers go on) or `{"pods": "kill"}` (the machine goes down with all that runs on it).
 */
export function nodesRouter(cluster: NodeControls): Router {
  const router = Router();
  const shown = ({ name, address }: { readonly name: string; readonly address: string }) => ({
    name,
    address,
    state: cluster.dataPlane?.nodeState(name) ?? 'silent',
  });
  const named = (request: Request) => {
    const { name } = request.params;
    const found = cluster.nodes.find((node) => node.name === name);
    if (!found) {
      throw new ControlError(404, 'NoSuchNode', `there is no node "${name}"; the nodes are ${cluster.nodes.map((node) => node.name).join(', ') || 'none'}`);
    }
    if (cluster.dataPlane?.nodeState(found.name) === undefined) throw new ControlError(409, 'NoKubelet', `node "${name}" has no kubelet to stop or start`);
    return found;
  };
  router.get('/', (_request, response) => {
    response.json({ nodes: cluster.nodes.map(shown) });
  });
  router.post('/:name/stop', (request, response) => {
    const node = named(request);
    const { pods = 'keep' } = bodyOf(request);
    if (pods !== 'keep' && pods !== 'kill') throw new ControlError(400, 'BadPods', `pods: ${JSON.stringify(pods)} is neither "keep" nor "kill"`);
    if (pods === 'keep' && cluster.dataPlane?.nodeState(node.name) === 'down') {
      throw new ControlError(409, 'NodeIsDown', `node "${node.name}" is down, and its containers with it; start it first`);
    }
    cluster.dataPlane?.setNodeState(node.name, pods === 'kill' ? 'down' : 'silent');
    response.json(shown(node));
  });
  router.post('/:name/start', (request, response) => {
    const node = named(request);
    cluster.dataPlane?.setNodeState(node.name, 'running');
    response.json(shown(node));
  });
  return router;
}
