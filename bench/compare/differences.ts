import type { CompareAnswer, CompareRequest } from './case.ts';

/** Fields that every server fills in for itself. */
const own = new Set([
  'uid',
  'resourceVersion',
  'creationTimestamp',
  'time',
  'clusterIP',
  'clusterIPs',
  'nodePort',
  'continue',
  'hash',
  'serverAddressByClientCIDRs',
  'storageVersionHash',
]);

/** What differs by intention, with why: known before anybody looks. */
export const documented: readonly { readonly about: (request: CompareRequest, at: string) => boolean; readonly because: string }[] = [
  { about: ({ path }) => path === '/version', because: 'the version says that this is paperkube' },
  { about: ({ path }, at) => path === '/apis' && at.startsWith('.groups'), because: 'servers have extensions, and groups that are switched on' },
  { about: (_, at) => at.includes('.projected.sources') || /kube-api-access-/.test(at), because: 'volumes of tokens have random names' },
];

const uid = /[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}/g;

/** A value without what nobody can agree on. */
function plain(value: unknown, namespace: string): unknown {
  if (typeof value === 'string')
    return value
      .replaceAll(namespace, '$ns')
      .replace(uid, '<uid>')
      .replace(/(resourceVersion[\\]*":[\\]*")\d+/g, '$1<revision>')
      .replace(/\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ/g, '<time>')
      .replace(/kube-api-access-[a-z0-9]{5}/g, 'kube-api-access-<name>');
  if (Array.isArray(value)) return value.map((one) => plain(one, namespace));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, own.has(key) ? '<own>' : plain(one, namespace)]));
}

export interface Difference {
  readonly at: string;
  readonly ours: unknown;
  readonly theirs: unknown;
  /** Why it is one by intention. */
  readonly because?: string;
}

/** All that two answers to a request do not have in common. */
export function differences(request: CompareRequest, namespace: string, ours: CompareAnswer, theirs: CompareAnswer): Difference[] {
  const both = [ours, theirs].map(({ status, contentType, body }) => ({ status, contentType: contentType.split(';')[0], body: plain(body, namespace) }));
  return compare(both[0], both[1], '').map((one) => {
    const known = documented.find(({ about }) => about(request, one.at.replace(/^\.body/, '')));
    return known ? { ...one, because: known.because } : one;
  });
}

function compare(ours: unknown, theirs: unknown, at: string): Difference[] {
  if (JSON.stringify(ours) === JSON.stringify(theirs)) return [];
  if (typeof ours !== 'object' || typeof theirs !== 'object' || ours === null || theirs === null || Array.isArray(ours) !== Array.isArray(theirs))
    return [{ at, ours, theirs }];
  if (Array.isArray(ours) && Array.isArray(theirs)) return compareLists(ours, theirs, at);
  const [left, right] = [ours as Record<string, unknown>, theirs as Record<string, unknown>];
  return [...new Set([...Object.keys(left), ...Object.keys(right)])].flatMap((key) => compare(left[key], right[key], `${at}.${key}`));
}

/** Items with names are compared by name, so that one that is missing does not shift all others. */
function compareLists(ours: readonly unknown[], theirs: readonly unknown[], at: string): Difference[] {
  const nameOf = (one: unknown): string | undefined =>
    (one as { name?: string } | null)?.name ?? (one as { metadata?: { name?: string } } | null)?.metadata?.name;
  if (![...ours, ...theirs].every((one) => nameOf(one) !== undefined)) {
    return Array.from({ length: Math.max(ours.length, theirs.length) }, (_, index) => compare(ours[index], theirs[index], `${at}[${index}]`)).flat();
  }
  const names = new Set([...ours, ...theirs].map(nameOf));
  return [...names].flatMap((name) =>
    compare(
      ours.find((one) => nameOf(one) === name),
      theirs.find((one) => nameOf(one) === name),
      `${at}[${name}]`,
    ),
  );
}
