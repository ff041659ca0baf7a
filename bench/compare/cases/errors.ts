import type { CompareCase } from '../case.ts';
import { pod } from './crud.ts';

const core = '/api/v1/namespaces/$ns';

export const errors: readonly CompareCase[] = [
  {
    name: 'what is not there',
    requests: [
      { method: 'GET', path: `${core}/pods/absent` },
      { method: 'GET', path: '/api/v1/nonsense' },
      { method: 'GET', path: '/apis/nonsense/v1/x' },
      { method: 'POST', path: '/api/v1/namespaces/absent-namespace/configmaps', body: { metadata: { name: 'x' } } },
      { method: 'DELETE', path: '/version' },
      { method: 'PUT', path: `${core}/configmaps`, body: {} },
    ],
  },
  {
    name: 'what is not valid',
    requests: [
      { method: 'POST', path: `${core}/configmaps`, body: { metadata: { name: 'Upper_Case' } } },
      { method: 'POST', path: `${core}/configmaps`, body: { metadata: {} } },
      { method: 'POST', path: `${core}/configmaps`, body: '{"metadata":' },
      { method: 'POST', path: `${core}/configmaps`, body: { kind: 'Secret', apiVersion: 'v1', metadata: { name: 'x' } } },
      { method: 'POST', path: `${core}/configmaps?fieldValidation=Strict`, body: { metadata: { name: 'x' }, dta: {} } },
      { method: 'POST', path: `${core}/pods`, body: { metadata: { name: 'x' }, spec: { containers: [] } } },
      {
        method: 'POST',
        path: `${core}/pods`,
        body: { metadata: { name: 'x' }, spec: { containers: [{ name: 'A', image: '', ports: [{ containerPort: 99999 }] }] } },
      },
      { method: 'POST', path: `${core}/pods`, body: { ...pod('x'), spec: { ...pod('x').spec, serviceAccountName: 'absent' } } },
      { method: 'POST', path: `${core}/services`, body: { metadata: { name: '1x' }, spec: { ports: [] } } },
      { method: 'GET', path: `${core}/pods?labelSelector=a%20b` },
      { method: 'GET', path: `${core}/pods?fieldSelector=spec.nope%3D1` },
      { method: 'GET', path: `${core}/pods?limit=x` },
    ],
  },
];
