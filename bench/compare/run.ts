import type { CompareAnswer, CompareCase, CompareRequest, Target } from './case.ts';
import type { Difference } from './differences.ts';
import { differences } from './differences.ts';

export interface Finding extends Difference {
  readonly name: string;
  readonly request: CompareRequest;
}

export interface CompareOptions {
  readonly ours: Target;
  readonly theirs: Target;
  readonly cases: Iterable<CompareCase>;
  /** Made on both servers, and deleted in the end. */
  readonly namespace: string;
}

/** Sends every case to both servers, and tells all that their answers do not have in common. */
export async function compareServers({ ours, theirs, cases, namespace }: CompareOptions): Promise<readonly Finding[]> {
  const both = (request: CompareRequest) => Promise.all([ours.ask(request), theirs.ask(request)]);
  const made = await both({ method: 'POST', path: '/api/v1/namespaces', body: { metadata: { name: namespace } } });
  for (const [index, answer] of made.entries()) {
    if (answer.status !== 201) throw new Error(`${[ours, theirs][index]?.name} does not let a namespace be made: ${answer.status} ${textOf(answer)}`);
  }
  const findings: Finding[] = [];
  try {
    await Promise.all([ours, theirs].map((target) => serviceAccountReady(target, namespace)));
    const theirMinor = await minorOf(theirs);
    for (const { name, requests } of cases) {
      let before: readonly (CompareAnswer | undefined)[] = [];
      for (const template of requests) {
        const answers = await Promise.all([ours, theirs].map((target, index) => send(target, template, namespace, before[index])));
        const [left, right] = answers as [CompareAnswer, CompareAnswer];
        for (const one of differences({ request: template, namespace, theirMinor }, left, right)) findings.push({ ...one, name, request: template });
        before = answers;
      }
    }
  } finally {
    await both({ method: 'DELETE', path: `/api/v1/namespaces/${namespace}` });
  }
  return findings;
}

const versionOfLast = '$(metadata.resourceVersion)';

/** Controllers inside a server may write between two requests: who names the version that was read reads it once more then. */
async function send(target: Target, template: CompareRequest, namespace: string, before: CompareAnswer | undefined): Promise<CompareAnswer> {
  const answer = await target.ask(filledIn(template, namespace, before));
  if (answer.status !== 409 || !JSON.stringify(template.body ?? '').includes(versionOfLast)) return answer;
  const again = await target.ask(filledIn({ method: 'GET', path: template.path.split('?')[0] as string }, namespace, undefined));
  return again.status === 200 ? target.ask(filledIn(template, namespace, again)) : answer;
}

/** A request as one server gets it: `$ns` is the namespace of the run, `$(metadata.uid)` a field of that server's last answer. */
function filledIn(template: CompareRequest, namespace: string, before: CompareAnswer | undefined): CompareRequest {
  const fill = (text: string): string =>
    text
      .replaceAll('$ns', namespace)
      .replace(/\$\(([\w.]+)\)/g, (_, path: string) =>
        String(path.split('.').reduce<unknown>((at, key) => (at as Json | undefined)?.[key], before?.body) ?? ''),
      );
  const { body } = template;
  const filled = body === undefined ? undefined : typeof body === 'string' ? fill(body) : JSON.parse(fill(JSON.stringify(body)));
  return { ...template, path: fill(template.path), ...(filled === undefined ? {} : { body: filled }) };
}

type Json = Readonly<Record<string, unknown>>;

/** The minor version that a server says it has; 0 if it says none. */
async function minorOf(target: Target): Promise<number> {
  const { body } = await target.ask({ method: 'GET', path: '/version' });
  return Number.parseInt(String((body as { minor?: string } | null)?.minor ?? ''), 10) || 0;
}

const textOf = ({ body }: CompareAnswer): string => (typeof body === 'string' ? body : JSON.stringify(body)).slice(0, 300);

/** Pods are refused until a controller has made the namespace's account; where there is no controller we make it. */
async function serviceAccountReady(target: Target, namespace: string): Promise<void> {
  const accounts = `/api/v1/namespaces/${namespace}/serviceaccounts`;
  for (let attempt = 0; attempt < 20; attempt += 1) {
    if ((await target.ask({ method: 'GET', path: `${accounts}/default` })).status === 200) return;
  }
  await target.ask({ method: 'POST', path: accounts, body: { metadata: { name: 'default' } } });
}

/** How many of the findings are by intention for which reason, the most frequent first. */
export function formatReasons(findings: readonly Finding[]): string {
  const counts = new Map<string, number>();
  for (const { because } of findings) if (because !== undefined) counts.set(because, (counts.get(because) ?? 0) + 1);
  const lines = [...counts].sort(([, a], [, b]) => b - a).map(([because, count]) => `${String(count).padStart(6)}  ${because}\n`);
  return lines.join('');
}

/** One finding of each sort, for cases in the form of `randomCases`: the same field of a kind with the same two answers, or nearly, is not told twice. */
export function distinct(findings: readonly Finding[]): readonly Finding[] {
  const seen = new Set<string>();
  const refused = new Set(findings.filter(({ at }) => at === '.status').map(({ name, request }) => `${name} ${request.method} ${request.path}`));
  return findings.filter(({ name, request, at, ours, theirs, because }) => {
    if (because !== undefined) return true;
    // Where one server refuses what the other takes, all is different: the code and the reason are enough.
    if (refused.has(`${name} ${request.method} ${request.path}`) && at !== '.status' && at !== '.body.message') return false;
    const sort = [name.split(' ')[2], at.replace(/\[[^\]]*\]/g, '[]'), ...apart(shown(ours), shown(theirs)).map(sortOf)].join('\n');
    return seen.size < seen.add(sort).size;
  });
}

/** What is said without the values that it is said of. */
const sortOf = (text: string): string => text.replace(/\\+"[^"]*"|\d+/g, '*').slice(0, 160);

/** Findings as a person reads them; those by intention are counted only. */
export function formatFindings(findings: readonly Finding[]): string {
  const real = findings.filter((one) => one.because === undefined);
  const lines: string[] = [];
  let heading = '';
  for (const { name, request, at, ours, theirs } of real) {
    const sent = request.body === undefined ? '' : ` ${shown(request.body).slice(0, 100)}`;
    const next = `${name}: ${request.method} ${request.path}${request.accept ? ` (${request.accept})` : ''}${sent}`;
    if (next !== heading) lines.push('', next);
    heading = next;
    const [left, right] = apart(shown(ours), shown(theirs));
    lines.push(`  ${at || '(all)'}`, `    ours:   ${left}`, `    theirs: ${right}`);
  }
  const intended = findings.length - real.length;
  return `${[...lines, '', `${real.length} differences, ${intended} more by intention`].join('\n').trimStart()}\n`;
}

const shown = (value: unknown): string => (value === undefined ? '(nothing)' : JSON.stringify(value));

/** Two long texts from a little before the place where they begin to differ. */
function apart(ours: string, theirs: string): readonly [string, string] {
  let same = 0;
  while (same < ours.length && ours[same] === theirs[same]) same += 1;
  const from = same > 120 ? same - 60 : 0;
  const cut = (text: string): string => `${from > 0 ? '…' : ''}${text.slice(from, from + 400)}`;
  return [cut(ours), cut(theirs)];
}
