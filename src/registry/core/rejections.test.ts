import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { invalid } from '../../machinery/status-error.ts';
import type { KubeObject } from '../../machinery/types.ts';
import { appsStrategies } from '../apps/index.ts';
import { createMistakes } from '../generic/metadata.ts';
import type { RequestContext } from '../generic/strategy.ts';
import { coreStrategies, IpAllocator, PortAllocator } from './index.ts';

interface Rejection {
  readonly name: string;
  readonly resource: string;
  readonly body: KubeObject;
  readonly message: string;
  /** The wording of 1.33, where the recorded server (1.21) put it differently. */
  readonly newerThanRecorded?: boolean;
}

const rejections = JSON.parse(readFileSync(new URL('rejections.recorded.json', import.meta.url), 'utf8')) as Rejection[];
const strategies = [...coreStrategies({ ips: new IpAllocator('10.96.0.0/16'), ports: new PortAllocator() }), ...appsStrategies];
const context: RequestContext = { user: { username: 'admin', groups: [] }, now: 0, dryRun: false, warn() {} };

/** What the engine would answer to a create. */
function messageFor({ resource, body }: Pick<Rejection, 'resource' | 'body'>): string {
  const strategy = strategies.find((one) => (one.resource.group ? `${one.resource.plural}.${one.resource.group}` : one.resource.plural) === resource)!;
  const object = structuredClone(body);
  const metadata = (object.metadata ??= {});
  if (strategy.resource.namespaced) metadata.namespace ??= 'facts';
  strategy.applyDefaults?.(object);
  strategy.prepareForCreate?.(object, context);
  return invalid(strategy.resource, metadata.name ?? '', createMistakes(strategy, object)).message;
}

describe('a real server refused this in these words', () => {
  for (const one of rejections) test(one.name, () => expect(messageFor(one)).toBe(one.message));
});

test('every mistake in a pod with init containers is told at once', () => {
  const probe = { exec: { command: ['true'] } };
  const spec = {
    containers: [{ name: 'app' }],
    initContainers: [
      { name: 'app', image: 'busybox', livenessProbe: probe, readinessProbe: probe, startupProbe: probe, lifecycle: { preStop: probe } },
      { name: 'Side_Car', image: 'busybox', restartPolicy: 'Always', readinessProbe: probe },
    ],
  };
  const text = messageFor({ resource: 'pods', body: { metadata: { name: 'p' }, spec } as KubeObject });
  const why = 'Forbidden: may not be set for init containers without restartPolicy=Always';
  expect(text).toBe(
    `Pod "p" is invalid: [spec.containers[0].image: Required value, spec.initContainers[0].name: Duplicate value: "app", ` +
      `spec.initContainers[0].lifecycle: ${why}, spec.initContainers[0].livenessProbe: ${why}, spec.initContainers[0].readinessProbe: ${why}, ` +
      `spec.initContainers[0].startupProbe: ${why}, spec.initContainers[1].name: Invalid value: "Side_Car": a lowercase RFC 1123 label must consist of ` +
      `lower case alphanumeric characters or '-', and must start and end with an alphanumeric character (e.g. 'my-name',  or '123-abc', ` +
      `regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?')]`,
  );
});
