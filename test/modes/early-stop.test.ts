import { expect, test } from 'vitest';
import { nodesByCount, planNodes } from '../../server/cli/nodes.ts';
import { readSchemaFiles } from '../../server/schema-files.ts';
import { hmacSigner } from '../../src/apiserver/index.ts';
import { createCluster } from '../../src/cluster/index.ts';
import { createEnv, logTo, nodeMachine } from '../../src/env/index.ts';

test.each([0, 2, 5, 20])('a cluster that is stopped %i turns after its start tells of nothing that its end has cut off', async (turns) => {
  const problems: string[] = [];
  const log = logTo(({ level, message, fields }) => {
    if (level === 'error' || level === 'warn') problems.push(`${message} ${JSON.stringify(fields)}`);
  });
  const env = createEnv({ machine: nodeMachine, log, seed: 1, start: Date.parse('2026-01-01T00:00:00Z'), mode: 'manual' });
  const cluster = await createCluster({
    env,
    name: 'default',
    nodes: planNodes('default', nodesByCount(2)),
    schema: readSchemaFiles(),
    rootCa: 'PEM',
    tokenSigner: hmacSigner('secret'),
    authorizationModes: ['Node', 'RBAC'],
  });
  for (let turn = 0; turn < turns; turn += 1) await new Promise((resolve) => setImmediate(resolve));
  await cluster.stop();
  expect(problems).toEqual([]);
});
