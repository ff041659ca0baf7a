import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { loadProtobufSchema } from '../codec/index.ts';
import { goValues } from './go-values.ts';

const schema = loadProtobufSchema(JSON.parse(readFileSync(new URL('../../../generated/schema/protobuf.json', import.meta.url), 'utf8')));
const pod = (spec: object) => goValues(schema, { group: '', version: 'v1', kind: 'Pod' }, { spec });

test('what is as empty as if it were absent is left out', () => {
  const container = { name: 'a', image: '', stdin: false, args: [], env: [{ name: 'A', value: '' }], resources: { limits: {} }, workingDir: '' };
  expect(pod({ hostNetwork: false, nodeName: '', tolerations: [], containers: [container] })).toEqual({
    spec: { containers: [{ name: 'a', env: [{ name: 'A' }], resources: {} }] },
  });
});

test('what Go has a pointer to, or writes in any case, stays as it is', () => {
  const spec = { terminationGracePeriodSeconds: 0, enableServiceLinks: false, securityContext: {}, priority: 0, containers: [] };
  const given = { spec };
  expect(goValues(schema, { group: '', version: 'v1', kind: 'Pod' }, given)).toBe(given);
});

test('a required text, number or flag that nobody has set is there', () => {
  expect(pod({ containers: [{ env: [{}], ports: [{}], volumeMounts: [{}] }], volumes: [{}], readinessGates: [{}] })).toEqual({
    spec: {
      containers: [{ name: '', env: [{ name: '' }], ports: [{ containerPort: 0 }], volumeMounts: [{ name: '', mountPath: '' }] }],
      volumes: [{ name: '' }],
      readinessGates: [{ conditionType: '' }],
    },
  });
});

test('fields that share their parent’s JSON, maps of structs, and lists that mean something empty', () => {
  expect(pod({ volumes: [{ name: 'v', secret: { secretName: '', items: [{ key: 'k', path: 'p' }], optional: false } }] })).toEqual({
    spec: { volumes: [{ name: 'v', secret: { items: [{ key: 'k', path: 'p' }], optional: false } }] },
  });
  const scaler = { spec: { scaleTargetRef: { kind: 'D', name: 'd' }, maxReplicas: 1, behavior: { scaleUp: { policies: [] } } } };
  expect(goValues(schema, { group: 'autoscaling', version: 'v2', kind: 'HorizontalPodAutoscaler' }, scaler)).toEqual(scaler);
});

test('kinds that the schema does not know are left alone', () => {
  const given = { spec: { a: '', b: [] } };
  expect(goValues(schema, { group: 'example.com', version: 'v1', kind: 'Thing' }, given)).toBe(given);
});
