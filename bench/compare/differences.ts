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

/** What is compared: a request, and the server that ours is held against. */
export interface Compared {
  readonly request: CompareRequest;
  readonly namespace: string;
  /** Its minor version; 0 if unknown. */
  readonly theirMinor: number;
}

interface Documented {
  /** `at` is the path below the body; the values are as compared, without what nobody can agree on. */
  readonly about: (request: CompareRequest, at: string, ours: unknown, theirs: unknown) => boolean;
  readonly because: string;
  /** Counts only against servers older than this minor version. */
  readonly before?: number;
}

const field = (pattern: RegExp, before: number, because: string): Documented => ({ about: (_, at) => pattern.test(at), because, before });

/** What an older server did not do yet, by the minor version that brought it. */
const olderServers: readonly Documented[] = [
  {
    about: (_, at, ours, theirs) => at.includes('.fieldsV1.') && isLeaf(ours) && !isLeaf(theirs),
    because: 'structs and maps of which nobody owns a part (selectors, references, resources of a node) were marked so',
    before: 24,
  },
  { about: ({ path }) => path.includes('fieldValidation='), because: 'fields are validated by the server', before: 25 },
  { about: (_, at) => /\.resources\[.*\]\.singularName$/.test(at), because: 'discovery names the singular', before: 27 },
  { about: ({ path }, at) => isDiscovery(path) && /^\.resources\[/.test(at), because: 'resources and verbs that have come since', before: 33 },
  { about: ({ path }, at) => /\/pods($|[/?])/.test(path) && at.endsWith('metadata.generation'), because: 'pods count their generation', before: 33 },
  field(/internalTrafficPolicy/, 22, 'services say how they are reached from inside'),
  field(/persistentVolumeClaimRetentionPolicy/, 27, 'stateful sets say what becomes of their claims'),
  field(/batch\.kubernetes\.io\/|matchLabels\.controller-uid/, 27, 'labels of jobs have a prefix'),
  field(/podReplacementPolicy|\.completionMode$|\.suspend$/, 30, 'jobs say more of their defaults'),
  field(/lastPhaseTransitionTime/, 31, 'volumes say since when they are in their phase'),
  field(/seLinuxMount/, 27, 'drivers say whether they mount with SELinux labels'),
  field(/\.conditions\.(serving|terminating)$/, 22, 'endpoints say whether they serve and end'),
  field(/\.endPort$|\.f:endPort$/, 22, 'policies may name ranges of ports'),
  field(/\.parameters\.(scope|namespace)$/, 22, 'parameters of ingress classes have a scope'),
  field(/VolumeAttributesClass/, 29, 'tables of volumes and claims show their class of attributes'),
  { about: (_, __, ours, theirs) => isDecodingOf(ours, theirs), because: 'messages of the JSON decoder are those of another library', before: 23 },
  {
    about: (_, __, ours, theirs) => theirsWith(theirs, ours, '.extensions', '.networking.k8s.io') || (ours === 'networking.k8s.io' && theirs === 'extensions'),
    because: 'messages name the group of today',
    before: 22,
  },
  {
    about: (_, __, ours, theirs) => `${ours} ${theirs}`.includes('unable to parse requirement: found'),
    because: 'the parser of selectors tells what it expects in another way',
    before: 22,
  },
];

const isDiscovery = (path: string): boolean => /^\/apis?(\/[^/]+){1,2}$/.test(path);

/** Whether two messages tell of one mistake in a body, each in the words of its decoder. */
function isDecodingOf(ours: unknown, theirs: unknown): boolean {
  return (
    /json: cannot unmarshal|unexpected end of JSON|invalid character/.test(String(ours)) &&
    /ReadMapCB|readUint|ReadString|unmarshalerDecoder|unexpected E|json:|expect /.test(String(theirs))
  );
}

const theirsWith = (theirs: unknown, ours: unknown, old: string, now: string): boolean => typeof theirs === 'string' && theirs.replace(old, now) === ours;

/** What differs by intention, with why: known before anybody looks. */
export const documented: readonly Documented[] = [
  { about: ({ path }) => path === '/version', because: 'the version says that this is paperkube' },
  { about: ({ path }, at) => path === '/apis' && at.startsWith('.groups'), because: 'servers have extensions, and groups that are switched on' },
  { about: (_, at) => at.includes('.projected.sources') || /kube-api-access-/.test(at), because: 'volumes of tokens have random names' },
  { about: (_, at) => /\.columnDefinitions\[.*\]\.description$/.test(at), because: 'columns are described in words of our own' },
  ...olderServers,
];

const isLeaf = (set: unknown): boolean => typeof set === 'object' && set !== null && Object.keys(set).length === 0;

const uid = /[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}/g;

/** A value without what nobody can agree on. */
function plain(value: unknown, namespace: string): unknown {
  if (typeof value === 'string')
    return value
      .replaceAll(namespace, '$ns')
      .replace(uid, '<uid>')
      .replace(/(resourceVersion[\\]*":[\\]*")\d+/g, '$1<revision>')
      .replace(/(, current: |in record \()\d+/g, '$1<revision>')
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
export function differences({ request, namespace, theirMinor }: Compared, ours: CompareAnswer, theirs: CompareAnswer): Difference[] {
  const both = [ours, theirs].map(({ status, contentType, body }) => ({ status, contentType: contentType.split(';')[0], body: plain(body, namespace) }));
  return compare(both[0], both[1], '').map((one) => {
    const known = documented.find(
      ({ about, before }) => (before === undefined || theirMinor < before) && about(request, one.at.replace(/^\.body/, ''), one.ours, one.theirs),
    );
    return known ? { ...one, because: known.because } : one;
  });
}

function compare(ours: unknown, theirs: unknown, at: string): Difference[] {
  if (JSON.stringify(ours) === JSON.stringify(theirs)) return [];
  if (typeof ours !== 'object' || typeof theirs !== 'object' || ours === null || theirs === null || Array.isArray(ours) !== Array.isArray(theirs))
    return [{ at, ours, theirs }];
  if (Array.isArray(ours) && Array.isArray(theirs)) return compareLists(ours, theirs, at);
  const [left, right] = [ours as Record<string, unknown>, theirs as Record<string, unknown>];
  if (Object.keys(left).length === 0 || Object.keys(right).length === 0) return [{ at, ours, theirs }];
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
