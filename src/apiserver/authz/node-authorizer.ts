import type { PersistentVolume, VolumeAttachment } from '../../../generated/types/index.ts';
import type { ObjectReader } from '../../admission/types.ts';
import type { UserInfo } from '../../machinery/handler.ts';
import type { Authorizer, AuthorizerAttributes, Decision, Rules } from './authorizer.ts';
import { nodeRules } from './bootstrap-policy/node-rules.ts';
import type { NodeIndex, NodeReference } from './node-index.ts';
import { ruleAllows } from './policy-rule.ts';

const nodesGroup = 'system:nodes';
const nodePrefix = 'system:node:';
const leaseNamespace = 'kube-node-lease';
const readVerbs = ['get', 'list', 'watch'];
const ownVerbs = ['get', 'create', 'update', 'patch', 'delete'];

const allow: Decision = { allowed: true };
const noOpinion = (reason?: string): Decision => ({ allowed: false, ...(reason ? { reason } : {}) });

export interface NodeSource {
  readonly index: NodeIndex;
  /** Resolves when the index shows every pod written before. */
  catchUp(): Promise<void>;
  readonly reader: ObjectReader;
}

/**
 * Lets a kubelet see what its own pods need and no more (plugin/pkg/auth/authorizer/node): the secrets, config maps, claims
 * and volumes that pods on the node refer to, tokens of their service accounts, its own Node, Lease and CSINode; beside that
 * what every node may do.
 *
 * Differs from upstream: resource claims and slices are not looked at, since no devices are simulated.
 */
export class NodeAuthorizer implements Authorizer {
  constructor(readonly source: NodeSource) {}

  authorize(attributes: AuthorizerAttributes): Decision | Promise<Decision> {
    if (!isNode(attributes.user)) return noOpinion();
    const node = attributes.user.username.slice(nodePrefix.length);
    if (node === '') return noOpinion(`unknown node for user "${nodePrefix}"`);
    return attributes.isResource ? this.#resource(node, attributes) : this.#byRules(attributes);
  }

  /** Upstream does not list what nodes may do either, and says so. */
  rulesFor(user: UserInfo): Rules {
    const nothing = { resourceRules: [], nonResourceRules: [] };
    if (!isNode(user)) return { ...nothing, incomplete: false };
    return { ...nothing, incomplete: true, evaluationError: 'node authorizer does not support user rule resolution' };
  }

  #resource(node: string, attributes: AuthorizerAttributes): Decision | Promise<Decision> {
    switch (attributes.group ? `${attributes.resource}.${attributes.group}` : attributes.resource) {
      case 'secrets':
      case 'configmaps':
        return this.#readReferred(node, attributes);
      case 'persistentvolumeclaims':
        return attributes.subresource === 'status' ? this.#claimStatus(node, attributes) : this.#getReferred(node, attributes);
      case 'persistentvolumes':
        return this.#volume(node, attributes);
      case 'volumeattachments.storage.k8s.io':
        return this.#attachment(node, attributes);
      case 'serviceaccounts':
        return this.#token(node, attributes);
      case 'leases.coordination.k8s.io':
        return ownLease(node, attributes);
      case 'csinodes.storage.k8s.io':
        return ownCsiNode(node, attributes);
      case 'nodes':
        return ownNode(node, attributes);
      case 'pods':
        return this.#pod(node, attributes);
      default:
        return this.#byRules(attributes);
    }
  }

  #byRules(attributes: AuthorizerAttributes): Decision {
    return nodeRules.some((rule) => ruleAllows(rule, attributes)) ? allow : noOpinion();
  }

  #getReferred(node: string, attributes: AuthorizerAttributes): Decision | Promise<Decision> {
    return getOnly(attributes) ?? this.#referred(node, attributes);
  }

  #claimStatus(node: string, attributes: AuthorizerAttributes): Decision | Promise<Decision> {
    const writes = attributes.verb === 'update' || attributes.verb === 'patch';
    return writes ? this.#referred(node, attributes) : noOpinion('can only get/update/patch this type');
  }

  #readReferred(node: string, attributes: AuthorizerAttributes): Decision | Promise<Decision> {
    if (!readVerbs.includes(attributes.verb)) return noOpinion('can only read resources of this type');
    if (attributes.subresource) return noOpinion('cannot read subresource');
    if (!attributes.namespace) return noOpinion('can only read namespaced object of this type');
    return this.#referred(node, attributes);
  }

  #referred(node: string, { resource, namespace, name }: AuthorizerAttributes): Decision | Promise<Decision> {
    if (!name) return noOpinion('No Object name found');
    const look = () => this.source.index.refersTo(node, resource as NodeReference, namespace, name);
    if (look()) return allow;
    return this.source.catchUp().then(() => (look() ? allow : unrelated(node)));
  }

  #token(node: string, attributes: AuthorizerAttributes): Decision | Promise<Decision> {
    if (attributes.verb === 'get' && !attributes.subresource) return noOpinion('not allowed to get service accounts');
    if (attributes.verb !== 'create' || !attributes.name) return noOpinion('can only create tokens for individual service accounts');
    if (attributes.subresource !== 'token') return noOpinion('can only create token subresource of serviceaccount');
    return this.#referred(node, attributes);
  }

  #pod(node: string, attributes: AuthorizerAttributes): Decision | Promise<Decision> {
    const { verb, subresource, fieldSelector = '' } = attributes;
    if (subresource === 'status') return verb === 'update' || verb === 'patch' ? allow : noOpinion();
    if (subresource === 'eviction') return verb === 'create' ? allow : noOpinion();
    if (subresource) return noOpinion();
    if (verb === 'create' || verb === 'delete') return allow;
    if (verb === 'get') return this.#referred(node, attributes);
    if (verb !== 'list' && verb !== 'watch') return noOpinion();
    const own = fieldSelector.split(',').some((one) => one === `spec.nodeName=${node}` || one === `spec.nodeName==${node}`);
    if (own) return allow;
    return attributes.name ? this.#referred(node, attributes) : noOpinion('can only list/watch pods with spec.nodeName field selector');
  }

  async #volume(node: string, attributes: AuthorizerAttributes): Promise<Decision> {
    const { name } = attributes;
    const refused = getOnly(attributes);
    if (refused) return refused;
    if (!name) return noOpinion('No Object name found');
    const volume = await this.source.reader.get<PersistentVolume>({ group: '', resource: 'persistentvolumes' }, undefined, name);
    const claim = volume?.spec?.claimRef;
    if (!claim) return unrelated(node);
    const { namespace = '', name: claimName = '' } = claim;
    const asked = { resource: 'persistentvolumeclaims', namespace, name: claimName } as AuthorizerAttributes;
    return this.#referred(node, asked);
  }

  async #attachment(node: string, attributes: AuthorizerAttributes): Promise<Decision> {
    const { name } = attributes;
    const refused = getOnly(attributes);
    if (refused) return refused;
    if (!name) return noOpinion('No Object name found');
    const found = await this.source.reader.get<VolumeAttachment>({ group: 'storage.k8s.io', resource: 'volumeattachments' }, undefined, name);
    return found?.spec.nodeName === node ? allow : unrelated(node);
  }
}

/** pkg/auth/nodeidentifier: a node is known by its user's name and group together. */
function isNode({ username, groups }: UserInfo): boolean {
  return username.startsWith(nodePrefix) && groups.includes(nodesGroup);
}

/** Why a request for what may only be got by name is refused, if it is. */
function getOnly({ verb, subresource }: AuthorizerAttributes): Decision | undefined {
  if (verb !== 'get') return noOpinion('can only get individual resources of this type');
  return subresource ? noOpinion('cannot get subresource') : undefined;
}

const unrelated = (node: string): Decision => noOpinion(`no relationship found between node '${node}' and this object`);

function ownLease(node: string, { verb, namespace, name }: AuthorizerAttributes): Decision {
  if (!ownVerbs.includes(verb)) return noOpinion('can only get, create, update, patch, or delete a node lease');
  if (namespace !== leaseNamespace) return noOpinion(`can only access leases in the "${leaseNamespace}" system namespace`);
  // The name of what is created stands in the body, which no authorizer sees.
  if (verb !== 'create' && name !== node) return noOpinion('can only access node lease with the same name as the requesting node');
  return allow;
}

function ownCsiNode(node: string, { verb, subresource, name }: AuthorizerAttributes): Decision {
  if (!ownVerbs.includes(verb)) return noOpinion('can only get, create, update, patch, or delete a CSINode');
  if (subresource) return noOpinion('cannot authorize CSINode subresources');
  if (verb !== 'create' && name !== node) return noOpinion('can only access CSINode with the same name as the requesting node');
  return allow;
}

function ownNode(node: string, { verb, subresource, name }: AuthorizerAttributes): Decision {
  const writes = verb === 'update' || verb === 'patch';
  if (subresource === 'status') return writes ? allow : noOpinion();
  if (subresource) return noOpinion();
  // Whose Node it writes is for the NodeRestriction admission plugin to see.
  if (writes || verb === 'create') return allow;
  if (!readVerbs.includes(verb)) return noOpinion();
  if (name === node) return allow;
  return noOpinion(`node '${node}' cannot read ${name ? `'${name}'` : 'all nodes'}, only its own Node object`);
}
