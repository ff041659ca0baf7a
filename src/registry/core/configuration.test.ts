import { expect, test } from 'vitest';
import type { ConfigMap, PodTemplate, Secret, ServiceAccount } from '../../../generated/types/index.ts';
import type { RequestContext } from '../generic/strategy.ts';
import { configMapStrategy, podTemplateStrategy, secretStrategy, serviceAccountStrategy } from './configuration.ts';

const context: RequestContext = { user: { username: 'admin', groups: [] }, now: 0, dryRun: false, warn() {} };

test('bytes are kept as Go writes them, whatever lines and spare bits they came with', () => {
  const secret: Secret = { data: { lines: 'YW\nJj\r\n', bits: 'YR==', fine: 'YWI=' } };
  secretStrategy.applyDefaults!(secret);
  expect(secret.data).toEqual({ lines: 'YWJj', bits: 'YQ==', fine: 'YWI=' });
  const map: ConfigMap = { binaryData: { a: '\n' } };
  configMapStrategy.applyDefaults!(map);
  expect(map.binaryData).toEqual({ a: '' });
});

test('a pod template counts the changes of its template only', () => {
  const template = (labels: Record<string, string>, image = 'i'): PodTemplate => ({
    metadata: { name: 't', labels, generation: 4 },
    template: { spec: { containers: [{ name: 'c', image }] } },
  });
  const after = (next: PodTemplate): number => {
    podTemplateStrategy.prepareForUpdate!(next, template({}), context);
    return next.metadata!.generation!;
  };
  expect([after(template({ a: 'b' })), after(template({}, 'j'))]).toEqual([4, 5]);
});

test('an account refers to secrets by name and says no more of them', () => {
  const account: ServiceAccount = { secrets: [{ name: 's', namespace: 'other', kind: 'Secret' }, { kind: 'Secret' }] };
  serviceAccountStrategy.prepareForCreate!(account, context);
  expect(account.secrets).toEqual([{ name: 's' }, {}]);
});
