import type { CompareCase, CompareRequest } from '../case.ts';
import { sample, sampleKinds } from './objects.ts';

/** Every kind's way through all verbs, from the smallest object that is accepted to one that fills most fields. */
export const kinds: readonly CompareCase[] = sampleKinds.map((kind) => {
  const [small, rich] = [sample(kind, 'minimal'), sample(kind, 'rich')];
  const one = `${kind.path}/${small.metadata.name}`;
  const versioned = { ...rich, metadata: { ...rich.metadata, resourceVersion: '$(metadata.resourceVersion)' } };
  const patch = (body: unknown, contentType: string, query = ''): CompareRequest => ({ method: 'PATCH', path: `${one}${query}`, body, contentType });
  return {
    name: `${kind.apiVersion} ${kind.kind}: all verbs`,
    requests: [
      { method: 'POST', path: `${kind.path}?dryRun=All`, body: rich },
      { method: 'POST', path: kind.path, body: small },
      { method: 'POST', path: kind.path, body: small },
      { method: 'GET', path: one },
      { method: 'PUT', path: one, body: versioned },
      { method: 'PUT', path: one, body: small },
      { method: 'GET', path: one },
      { method: 'PUT', path: `${one}?dryRun=All&fieldManager=dry`, body: versioned },
      patch({ metadata: { labels: { patched: 'merge' } } }, 'application/merge-patch+json'),
      patch({ metadata: { labels: { patched: 'strategic', app: null } } }, 'application/strategic-merge-patch+json'),
      patch([{ op: 'add', path: '/metadata/annotations', value: { patched: 'json' } }], 'application/json-patch+json'),
      patch(
        { apiVersion: kind.apiVersion, kind: kind.kind, metadata: { labels: { applied: 'yes' } } },
        'application/apply-patch+yaml',
        '?fieldManager=applier',
      ),
      { method: 'GET', path: one, accept: 'application/json;as=Table;v=v1;g=meta.k8s.io' },
      { method: 'DELETE', path: one, body: { kind: 'DeleteOptions', apiVersion: 'v1', preconditions: { uid: 'not-this-one' } } },
      { method: 'DELETE', path: `${one}?gracePeriodSeconds=0` },
      { method: 'GET', path: one },
    ],
  };
});
