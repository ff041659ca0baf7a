import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import type { Pod } from '../../../generated/types/index.ts';
import { fromEventsV1, setPodDefaults, toEventsV1 } from '../../api/index.ts';
import type { KubeObject } from '../../machinery/types.ts';
import { appsStrategies } from '../apps/index.ts';
import { coordinationStrategies } from '../coordination/index.ts';
import { discoveryStrategies } from '../discovery/index.ts';
import type { RequestContext } from '../generic/strategy.ts';
import { coreStrategies, IpAllocator, PortAllocator } from './index.ts';

interface Defaulted {
  readonly name: string;
  readonly resource: string;
  readonly body: KubeObject;
  /** The object as answered, without its type and metadata. */
  readonly answer: Record<string, unknown>;
}

const recorded = JSON.parse(readFileSync(new URL('defaults.recorded.json', import.meta.url), 'utf8')) as Defaulted[];
const pools = { ips: new IpAllocator('10.96.0.0/16'), ports: new PortAllocator() };
const strategies = [...coreStrategies(pools), ...appsStrategies, ...discoveryStrategies, ...coordinationStrategies];
const context: RequestContext = { user: { username: 'admin', groups: [] }, now: 0, dryRun: false, warn() {} };

describe('a minimal object is filled in as a real server does', () => {
  for (const { name, resource, body, answer } of recorded) {
    test(name, async () => {
      const strategy = strategies.find((one) => [one.resource.plural, one.resource.group].filter(Boolean).join('.') === resource)!;
      const object = { ...structuredClone(body), metadata: { namespace: 'facts', ...body.metadata } };
      strategy.applyDefaults?.(object);
      strategy.prepareForCreate?.(object, context);
      await strategy.reserve?.(object, undefined, context);
      const { apiVersion: _version, kind: _kind, metadata: _metadata, ...rest } = object as KubeObject & Record<string, unknown>;
      expect(rest).toEqual(answer);
    });
  }
});

test('a pod gets defaults in every corner', () => {
  const pod: Pod = {
    spec: {
      hostNetwork: true,
      containers: [
        {
          name: 'c',
          image: 'registry.example:5000/app',
          ports: [{ containerPort: 53, protocol: 'UDP' }],
          resources: { limits: { cpu: '0.5', memory: '1024Mi' } },
          livenessProbe: { httpGet: { port: 8080 } },
          env: [{ name: 'L', valueFrom: { resourceFieldRef: { resource: 'limits.cpu' } } }],
        },
      ],
      volumes: [{ name: 'none' }, { name: 'sec', secret: { secretName: 's' } }],
    },
  };
  setPodDefaults(pod);
  expect(pod.spec).toMatchObject({ restartPolicy: 'Always', dnsPolicy: 'ClusterFirst', terminationGracePeriodSeconds: 30, enableServiceLinks: true });
  expect(pod.spec?.containers[0]).toMatchObject({
    imagePullPolicy: 'Always',
    ports: [{ containerPort: 53, hostPort: 53, protocol: 'UDP' }],
    resources: { limits: { cpu: '500m', memory: '1Gi' }, requests: { cpu: '500m', memory: '1Gi' } },
    livenessProbe: { httpGet: { path: '/', scheme: 'HTTP' }, timeoutSeconds: 1, periodSeconds: 10, successThreshold: 1, failureThreshold: 3 },
    env: [{ valueFrom: { resourceFieldRef: { divisor: '0' } } }],
    terminationMessagePath: '/dev/termination-log',
    terminationMessagePolicy: 'File',
  });
  expect(pod.spec?.volumes).toEqual([
    { name: 'none', emptyDir: {} },
    { name: 'sec', secret: { secretName: 's', defaultMode: 420 } },
  ]);
});

test('an event reads the same after a way through the other API group', () => {
  const event = fromEventsV1({
    metadata: { name: 'e', namespace: 'default' },
    eventTime: '2026-01-01T00:00:00.000000Z',
    reportingController: 'example.com/x',
    reportingInstance: 'x-1',
    action: 'Test',
    reason: 'Tested',
    type: 'Normal',
    note: 'a note',
    regarding: { kind: 'Pod', name: 'x', namespace: 'default' },
  });
  expect(event).toMatchObject({ message: 'a note', reportingComponent: 'example.com/x', involvedObject: { name: 'x' }, firstTimestamp: null });
  expect(fromEventsV1(toEventsV1(event))).toEqual(event);
});
