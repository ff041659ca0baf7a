import { failure, notSimulated } from '../machinery/status-error.ts';
import type { Answer } from './answers.ts';
import { textAnswer } from './answers.ts';
import type { Call } from './call.ts';
import type { Discovery } from './discovery.ts';
import { bindPod } from './endpoints/binding.ts';
import { evictPod } from './endpoints/eviction.ts';
import { attachToPod, execInPod } from './endpoints/exec.ts';
import { podLog } from './endpoints/pod-log.ts';
import { forwardPorts } from './endpoints/port-forward.ts';
import { proxyToNode, proxyToPod, proxyToService } from './endpoints/proxy.ts';
import { getObject, listObjects, watchObjects } from './endpoints/read.ts';
import type { ReviewResource } from './endpoints/reviews.ts';
import { createReview } from './endpoints/reviews.ts';
import { getScale, writeScale } from './endpoints/scale.ts';
import { requestToken } from './endpoints/token-request.ts';
import { createObject, deleteObject, deleteObjects, patchObject, updateObject } from './endpoints/write.ts';
import { checkNameParameter } from './name-parameter.ts';
import { methodNotAllowed, noSuchResource } from './non-resource.ts';
import type { ServedResource } from './served-resource.ts';
import { subresourcesOf } from './subresources.ts';

export interface RouteTable {
  readonly resources: ReadonlyMap<string, ServedResource>;
  readonly reviews: ReadonlyMap<string, ReviewResource>;
  readonly discovery: Discovery;
}

/** The key of a resource in the tables. */
export function routeKey(group: string, version: string, plural: string): string {
  return `${group}/${version}/${plural}`;
}

/** Sends a request about a resource to its endpoint. Fails with 404 and 405 as upstream's router does. */
export function routeResource(table: RouteTable, call: Call): Answer | Promise<Answer> {
  const { info } = call;
  const key = routeKey(info.group, info.version, info.resource);
  const resource = table.resources.get(key);
  // Upstream's handlers say so, and none is reached by a method that the resource does not have.
  if (
    resource?.info.deprecation &&
    !info.subresource &&
    call.request.method !== 'HEAD' &&
    resource.verbs.includes(info.verb === 'watch' ? 'list' : info.verb)
  ) {
    call.warn(resource.info.deprecation);
    call.annotate('k8s.io/deprecated', 'true');
  }
  if (info.oldWatch && !(resource?.verbs.includes('watch') && !info.subresource)) throw noSuchResource();
  if (resource) return info.subresource ? routeSubresource(call, resource) : routeObject(call, resource);
  const review = table.reviews.get(key);
  if (review && !info.name && !info.subresource) {
    if (call.request.method !== 'POST') throw methodNotAllowed();
    return createReview(call, review);
  }
  if (key === '/v1/bindings' && info.namespace && !info.name) {
    const pods = call.services.find('', 'pods');
    if (pods && call.request.method === 'POST') return bindPod(call, pods, '');
    throw methodNotAllowed();
  }
  if (info.group && !table.discovery.hasGroup(info.group)) return textAnswer(404, '404 page not found\n');
  throw noSuchResource();
}

function routeObject(call: Call, resource: ServedResource): Answer | Promise<Answer> {
  const { verb, namespace, within } = call.info;
  const name = pathName(call);
  const { namespaced } = resource.info;
  if (!namespaced && within) throw noSuchResource();
  if (namespaced && !namespace && name) throw noSuchResource();
  if (call.request.method === 'HEAD') throw methodNotAllowed();
  if (name) checkNameParameter(name);
  const allowed = resource.verbs.includes(verb);
  switch (verb) {
    case 'get':
      if (allowed) return getObject(call, resource);
      break;
    case 'list':
      if (allowed) return listObjects(call, resource);
      break;
    case 'watch':
      if (allowed) return watchObjects(call, resource);
      if (resource.verbs.includes('list')) throw watchNotSupported(resource.info);
      break;
    case 'create':
      if (allowed && !name && (!namespaced || namespace)) return createObject(call, resource);
      break;
    case 'update':
      if (allowed && name) return updateObject(call, resource, '');
      break;
    case 'patch':
      if (allowed && name) return patchObject(call, resource, '');
      break;
    case 'delete':
      if (allowed && name) return deleteObject(call, resource);
      break;
    case 'deletecollection':
      if (allowed && (!namespaced || namespace)) return deleteObjects(call, resource);
      break;
  }
  throw methodNotAllowed();
}

/** What a list says to those who want to watch what cannot be watched (apimachinery/pkg/api/errors NewMethodNotSupported). */
function watchNotSupported({ group, plural }: ServedResource['info']): Error {
  const details = { ...(group ? { group } : {}), kind: plural };
  return failure(405, 'MethodNotAllowed', `watch is not supported on resources of kind ${JSON.stringify(plural)}`, details);
}

/** A name that stands in the path, not one that a field selector asks for. */
function pathName(call: Call): string {
  const { verb, name, oldWatch } = call.info;
  return verb === 'list' || verb === 'deletecollection' || (verb === 'watch' && !oldWatch) ? '' : name;
}

function routeSubresource(call: Call, resource: ServedResource): Answer | Promise<Answer> {
  const { subresource, verb, namespace, rest } = call.info;
  const known = subresourcesOf(resource).find((one) => one.name === subresource);
  if (!known || (resource.info.namespaced && !namespace) || (rest.length > 0 && subresource !== 'proxy')) throw noSuchResource();
  if (!known.verbs.includes(verb) || (call.request.method === 'HEAD' && subresource !== 'proxy')) throw methodNotAllowed();
  checkNameParameter(call.info.name);
  if (resource.subresources.includes(subresource)) return subresource === 'scale' ? routeScale(call, resource) : routeOwn(call, resource);
  switch (subresource) {
    case 'binding':
      return bindPod(call, resource, call.info.name);
    case 'eviction':
      return evictPod(call, resource);
    case 'log':
      return podLog(call, resource);
    case 'token':
      return requestToken(call, resource);
    case 'exec':
      return execInPod(call, resource);
    case 'attach':
      return attachToPod(call, resource);
    case 'portforward':
      return forwardPorts(call, resource);
    case 'proxy':
      if (resource.info.plural === 'pods') return proxyToPod(call, resource);
      if (resource.info.plural === 'services') return proxyToService(call, resource);
      return proxyToNode(call, resource);
    default:
      throw notSimulated(`${resource.info.plural}/${subresource} yet`);
  }
}

function routeScale(call: Call, resource: ServedResource): Promise<Answer> {
  return call.info.verb === 'get' ? getScale(call, resource) : writeScale(call, resource);
}

function routeOwn(call: Call, resource: ServedResource): Promise<Answer> {
  const { verb, subresource } = call.info;
  if (verb === 'get') return getObject(call, resource);
  return verb === 'update' ? updateObject(call, resource, subresource) : patchObject(call, resource, subresource);
}
