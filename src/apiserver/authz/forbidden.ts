import { failure, forbidden, StatusError } from '../../machinery/status-error.ts';
import type { AuthorizerAttributes } from './authorizer.ts';

/**
 * The 403 of a request that nobody allowed. No handler sees it, and so browsers are told not to guess what the answer is
 * (apiserver/pkg/endpoints/handlers/responsewriters Forbidden).
 */
export function refusedRequest(attributes: AuthorizerAttributes, reason?: string): StatusError {
  return new StatusError(forbiddenBy(attributes, reason).status, { 'x-content-type-options': 'nosniff' });
}

/** The 403 of something that nobody allowed (ForbiddenStatusError). */
export function forbiddenBy(attributes: AuthorizerAttributes, reason = ''): StatusError {
  const { user, verb, path, resource, subresource, group, namespace, name } = attributes;
  const who = escaped(`User ${JSON.stringify(user.username)} cannot ${verb}`);
  const because = reason ? `: ${reason}` : '';
  if (!attributes.isResource) return failure(403, 'Forbidden', `forbidden: ${who} path ${escaped(JSON.stringify(path))}${because}`, {});
  const what = subresource ? `${resource}/${subresource}` : resource;
  const where = namespace ? `in the namespace ${JSON.stringify(namespace)}` : 'at the cluster scope';
  const request = escaped(`resource ${JSON.stringify(what)} in API group ${JSON.stringify(group)} ${where}`);
  return forbidden({ group, resource }, name, `${who} ${request}${because}`);
}

/** Names come from outside and may end up on a page: no answer looks like HTML. */
export function escaped(text: string): string {
  return text.replace(/&/g, '&amp;').replace(/</g, '&lt;').replace(/>/g, '&gt;');
}
