import type { CompareCase } from '../case.ts';

const core = '/api/v1/namespaces/$ns';
const apps = '/apis/apps/v1/namespaces/$ns';
/** Never scheduled, so that no controller and no kubelet changes what is compared. */
export const pod = (name: string) => ({
  metadata: { name, labels: { app: name } },
  spec: { nodeSelector: { nowhere: 'true' }, containers: [{ name: 'main', image: 'nginx:1.27' }] },
});

export const crud: readonly CompareCase[] = [
  {
    name: 'config map: create, read, replace, delete',
    requests: [
      { method: 'POST', path: `${core}/configmaps`, body: { metadata: { name: 'a' }, data: { k: 'v' } } },
      { method: 'POST', path: `${core}/configmaps`, body: { metadata: { name: 'a' } } },
      { method: 'GET', path: `${core}/configmaps/a` },
      { method: 'GET', path: `${core}/configmaps/a`, accept: 'application/json;as=Table;v=v1;g=meta.k8s.io' },
      { method: 'GET', path: `${core}/configmaps/a`, accept: 'application/json;as=PartialObjectMetadata;v=v1;g=meta.k8s.io' },
      { method: 'PUT', path: `${core}/configmaps/a`, body: { metadata: { name: 'a' }, data: { k: 'w' } } },
      { method: 'PUT', path: `${core}/configmaps/a`, body: { metadata: { name: 'a', resourceVersion: '1' } } },
      { method: 'DELETE', path: `${core}/configmaps/a` },
      { method: 'DELETE', path: `${core}/configmaps/a` },
    ],
  },
  {
    name: 'secret: stringData becomes data',
    requests: [{ method: 'POST', path: `${core}/secrets`, body: { metadata: { name: 's' }, stringData: { a: 'b' } } }],
  },
  {
    name: 'service: defaults',
    requests: [{ method: 'POST', path: `${core}/services`, body: { metadata: { name: 'svc' }, spec: { selector: { app: 'a' }, ports: [{ port: 80 }] } } }],
  },
  {
    name: 'pod: defaults and admission, dry run',
    requests: [{ method: 'POST', path: `${core}/pods?dryRun=All`, body: pod('dry') }],
  },
  {
    name: 'deployment: defaults, scale',
    requests: [
      {
        method: 'POST',
        path: `${apps}/deployments?dryRun=All`,
        body: {
          metadata: { name: 'web' },
          spec: {
            selector: { matchLabels: { app: 'web' } },
            template: { metadata: { labels: { app: 'web' } }, spec: { containers: [{ name: 'c', image: 'nginx' }] } },
          },
        },
      },
      { method: 'GET', path: `${apps}/deployments/absent/scale` },
    ],
  },
];
