import { expect, test } from 'vitest';
import type { Target } from '../../bench/compare/case.ts';
import { cases } from '../../bench/compare/cases/index.ts';
import { randomCases } from '../../bench/compare/random-cases.ts';
import { compareServers, distinct, formatFindings } from '../../bench/compare/run.ts';
import { handlerTarget } from '../../bench/compare/targets.ts';
import { builtInPlugins } from '../../src/admission/plugins/index.ts';
import { testServer } from '../../src/apiserver/testing/test-server.ts';
import { createEnv, nodeMachine, silentLog } from '../../src/env/index.ts';

/** A server with uids of its own, which time has treated differently. */
async function server(name: string, seed: number): Promise<Target> {
  const { ids } = createEnv({ machine: nodeMachine, log: silentLog, seed, start: 0, mode: 'manual' });
  const made = testServer({ admissionPlugins: (reader, writer) => builtInPlugins({ reader, writer, ids }) });
  for (let step = 0; step < seed; step += 1) await made.ask('POST', '/api/v1/namespaces', { metadata: { name: `other-${step}` } });
  await made.env.loop.advance(seed * 1000);
  const target = handlerTarget(name, made.handler);
  return {
    name,
    /** Some answers wait for a revision that has not come yet. */
    async ask(request) {
      let answered = false;
      const pending = target.ask(request).finally(() => {
        answered = true;
      });
      await made.env.loop.settle();
      if (!answered) await made.env.loop.advance(10_000);
      return pending;
    },
  };
}

/** The kinds go one way all; some of them show it. */
const some = cases.filter(({ name }, index) => !name.endsWith('all verbs') || index % 8 === 0);

test('two servers of ours have nothing that differs, whatever their uids, times and revisions', { timeout: 120_000 }, async () => {
  const findings = await compareServers({ ours: await server('ours', 1), theirs: await server('theirs', 5), cases: some, namespace: 'compare' });
  expect(formatFindings(findings)).toMatch(/^0 differences, /);
  // Only the clocks of the two do not show the same.
  const reasons = new Set(findings.map(({ because }) => because));
  expect([...reasons].sort()).toEqual(['ages are those of a moment']);
});

test('made-up cases are the same for the same seed, and two servers of ours answer them alike', { timeout: 120_000 }, async () => {
  const some = (seed: number) => takeFrom(randomCases(seed, ''), 120);
  expect(some(7)).toEqual(some(7));
  expect(some(7)).not.toEqual(some(8));
  const findings = await compareServers({ ours: await server('ours', 1), theirs: await server('theirs', 5), cases: some(7), namespace: 'compare' });
  expect(formatFindings(distinct(findings))).toMatch(/^0 differences, /);
  expect(() => takeFrom(randomCases(7, 'v1 Pond'), 1)).toThrow(/^No sample kind's name holds "v1 Pond": v1 Pod, /);
});

function takeFrom<T>(from: Iterator<T>, count: number): T[] {
  return Array.from({ length: count }, () => from.next().value as T);
}

test('a difference is told with its request, its place and both values; one by intention is only counted', async () => {
  const theirs = await server('theirs', 1);
  const changed: Target = {
    name: 'theirs',
    async ask(request) {
      const answer = await theirs.ask(request);
      if (request.path === '/version') return { ...answer, body: { ...(answer.body as object), gitVersion: 'v1.33.9' } };
      if (request.path.endsWith('/configmaps/a') && request.method === 'GET') return { ...answer, body: { ...(answer.body as object), data: { k: 'x' } } };
      return answer;
    },
  };
  const only = cases.filter((one) => one.name.includes('config map') || one.name.includes('roots'));
  const findings = await compareServers({ ours: await server('ours', 2), theirs: changed, cases: only, namespace: 'compare' });
  const text = formatFindings(findings);
  expect(text).toContain(
    'config map: create, read, replace, delete: GET /api/v1/namespaces/$ns/configmaps/a\n  .body.data.k\n    ours:   "v"\n    theirs: "x"\n',
  );
  expect(text).toMatch(/ 1 more by intention\n$/);
});
