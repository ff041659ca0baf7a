import { badRequest } from '../../machinery/status-error.ts';
import { waitForRevision } from '../../registry/generic/list.ts';
import { parseRevision } from '../../registry/generic/revision.ts';
import type { Answer } from '../answers.ts';
import { listBody, objectBody } from '../answers.ts';
import type { Call } from '../call.ts';
import { queryFlag } from '../request-info.ts';
import { listQuery, watchQuery } from '../request-options.ts';
import type { ServedResource } from '../served-resource.ts';
import { watchBody } from '../watch-answer.ts';

/** GET of one object, or of a subresource that shows it. */
export async function getObject(call: Call, resource: ServedResource): Promise<Answer> {
  const { form } = call;
  const { registry } = resource;
  if (queryFlag(call.query.get('export'))) throw badRequest('the export parameter, deprecated since v1.14, is no longer supported');
  const resourceVersion = call.query.get('resourceVersion');
  if (resourceVersion) await waitForRevision(registry.deps, parseRevision(resourceVersion, 'resourceVersion'));
  const entry = await registry.get({ namespace: call.info.namespace, name: call.info.name });
  return { status: 200, body: objectBody(resource, entry, form, call.now) };
}

/** GET of a collection. */
export async function listObjects(call: Call, resource: ServedResource): Promise<Answer> {
  const { form, query } = call;
  const selection = resource.selection(query.get('labelSelector') ?? '', query.get('fieldSelector') ?? '');
  const list = await resource.registry.list(listQuery(query, namespaceOf(call, resource), selection));
  return { status: 200, body: listBody(resource, list, form, call.now) };
}

/** A watch, of a collection or (by the old path) of one object. */
export function watchObjects(call: Call, resource: ServedResource): Answer {
  const { form, query, info } = call;
  const byPath = info.oldWatch && info.name !== '' && !query.get('fieldSelector');
  const selection = resource.selection(query.get('labelSelector') ?? '', byPath ? `metadata.name=${info.name}` : (query.get('fieldSelector') ?? ''));
  const { env, watchList } = call.services;
  const asked = watchQuery(query, namespaceOf(call, resource), selection, watchList);
  return {
    status: 200,
    body: watchBody(
      resource,
      form,
      () => env.clock.now(),
      (sink) => resource.registry.watch(asked, sink),
    ),
  };
}

export function namespaceOf(call: Call, resource: ServedResource): string | undefined {
  return resource.info.namespaced && call.info.namespace ? call.info.namespace : undefined;
}
