import type { CompareCase, CompareRequest } from '../case.ts';
import { sample, sampleKinds } from './objects.ts';

/** What is said of every kind's objects that hold next to nothing, or the wrong thing. */
const broken: readonly CompareCase[] = sampleKinds.map((kind) => {
  const { apiVersion, metadata } = sample(kind, 'minimal');
  const post = (body: unknown): CompareRequest => ({ method: 'POST', path: `${kind.path}?dryRun=All`, body });
  const head = { apiVersion, kind: kind.kind, metadata };
  return {
    name: `${kind.apiVersion} ${kind.kind}: broken objects`,
    requests: [
      post(head),
      post({ ...head, spec: {} }),
      post({ ...head, spec: 'x' }),
      post({ ...head, spec: [] }),
      post({ ...head, metadata: { name: 'No Name' } }),
    ],
  };
});

/** Every kind's rich object in rows. */
const tables: readonly CompareCase[] = sampleKinds.map((kind) => {
  const rich = sample(kind, 'rich');
  const one = `${kind.path}/${rich.metadata.name}`;
  const accept = 'application/json;as=Table;v=v1;g=meta.k8s.io';
  return {
    name: `${kind.apiVersion} ${kind.kind}: rows`,
    requests: [
      { method: 'POST', path: kind.path, body: rich },
      { method: 'GET', path: one, accept },
      { method: 'GET', path: one, accept: 'application/json;as=PartialObjectMetadata;v=v1;g=meta.k8s.io' },
      { method: 'DELETE', path: `${one}?gracePeriodSeconds=0&propagationPolicy=Background` },
    ],
  };
});

/** Every kind's way through all verbs, from the smallest object that is accepted to one that fills most fields. */
const verbs: readonly CompareCase[] = sampleKinds.map((kind) => {
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
      patch({ metadata: { labels: { patched: 'no label!' } } }, 'application/merge-patch+json'),
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

/** What every kind has below its objects, and what may be written there. */
const subresources: readonly CompareCase[] = sampleKinds.map((kind) => {
  const small = sample(kind, 'minimal');
  const one = `${kind.path}/${small.metadata.name}`;
  const patch = (path: string, body: unknown): CompareRequest => ({ method: 'PATCH', path, body, contentType: 'application/merge-patch+json' });
  return {
    name: `${kind.apiVersion} ${kind.kind}: subresources`,
    requests: [
      { method: 'POST', path: kind.path, body: small },
      { method: 'GET', path: `${one}/status` },
      patch(`${one}/status`, { metadata: { labels: { by: 'status' } }, status: { conditions: [{ type: 'T', status: 'True' }] } }),
      patch(`${one}/status`, { status: 'x' }),
      patch(`${one}/status`, { status: null }),
      { method: 'GET', path: `${one}/scale` },
      { method: 'GET', path: `${one}/nonsense` },
      { method: 'DELETE', path: `${one}?gracePeriodSeconds=0&propagationPolicy=Background` },
    ],
  };
});

export const kinds: readonly CompareCase[] = [...verbs, ...broken, ...tables, ...subresources];
