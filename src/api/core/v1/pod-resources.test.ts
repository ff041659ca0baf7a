import { expect, test } from 'vitest';
import type { Container } from '../../../../generated/types/index.ts';
import { podLimits, podRequests, qosClass } from './pod-resources.ts';

const asks = (name: string, memory: string, more: Partial<Container> = {}): Container => ({ name, resources: { requests: { memory } }, ...more });

test('the largest init container counts when it asks for more than all app containers', () => {
  const spec = { initContainers: [asks('i', '600Mi')], containers: [asks('a', '200Mi'), asks('b', '300Mi')] };
  expect(podRequests({ spec })).toEqual({ memory: '600Mi' });
});

test('sidecars run beside app containers and beside later init containers', () => {
  const sidecar = asks('s', '100Mi', { restartPolicy: 'Always' });
  expect(podRequests({ spec: { initContainers: [sidecar, asks('i', '450Mi')], containers: [asks('a', '400Mi')] } })).toEqual({ memory: '550Mi' });
  expect(podRequests({ spec: { initContainers: [asks('i', '450Mi'), sidecar], containers: [asks('a', '400Mi')] } })).toEqual({ memory: '500Mi' });
});

test('the class of service follows from requests and limits', () => {
  const both = { cpu: '1', memory: '1Gi' };
  expect(qosClass({ spec: { containers: [{ name: 'c' }] } })).toBe('BestEffort');
  expect(qosClass({ spec: { containers: [asks('c', '1Mi')] } })).toBe('Burstable');
  expect(qosClass({ spec: { containers: [{ name: 'c', resources: { limits: both, requests: both } }] } })).toBe('Guaranteed');
});

test('while a resize is under way, the greater of what is asked for, given and in force counts', () => {
  const amounts = (cpu: string) => ({ requests: { cpu }, limits: { cpu } });
  const pod = (asked: string, given: string, inForce: string, reason?: string) => ({
    spec: { containers: [{ name: 'c', resources: amounts(asked) }] },
    status: {
      containerStatuses: [{ name: 'c', image: '', imageID: '', ready: true, restartCount: 0, allocatedResources: { cpu: given }, resources: amounts(inForce) }],
      ...(reason ? { conditions: [{ type: 'PodResizePending', status: 'True', reason }] } : {}),
    },
  });
  const counted = (...args: Parameters<typeof pod>) => [podRequests(pod(...args), { withStatus: true }).cpu, podLimits(pod(...args), { withStatus: true }).cpu];
  expect(counted('3', '2', '1')).toEqual(['3', '3']);
  expect(counted('1', '2', '1')).toEqual(['2', '1']);
  expect(counted('1', '1', '2')).toEqual(['2', '2']);
  expect(counted('9', '2', '1', 'Deferred')).toEqual(['9', '9']);
  expect(counted('9', '2', '1', 'Infeasible')).toEqual(['2', '1']);
  expect(podRequests(pod('3', '2', '9'))).toEqual({ cpu: '3' });
});
