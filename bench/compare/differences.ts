import type { CompareAnswer, CompareRequest } from './case.ts';
import { documented } from './documented.ts';

/** Fields that every server fills in for itself. */
const own = new Set([
  'uid',
  'resourceVersion',
  'creationTimestamp',
  'time',
  'clusterIP',
  'clusterIPs',
  'nodePort',
  'healthCheckNodePort',
  'continue',
  'hash',
  'serverAddressByClientCIDRs',
  'storageVersionHash',
]);

/** Who writes what controllers inside the server find out: ours has none of them. */
const ownManager = 'kube-apiserver';

/** What is compared: a request, and the server that ours is held against. */
export interface Compared {
  readonly request: CompareRequest;
  readonly namespace: string;
  /** Its minor version; 0 if unknown. */
  readonly theirMinor: number;
}

const uid = /[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}/g;

type Json = Readonly<Record<string, unknown>>;

const isMap = (value: unknown): value is Json => typeof value === 'object' && value !== null && !Array.isArray(value);

/** A value without what nobody can agree on. */
function plain(value: unknown, namespace: string): unknown {
  if (typeof value === 'string')
    return value
      .replaceAll(namespace, '$ns')
      .replace(uid, '<uid>')
      .replace(/(resourceVersion[\\]*":[\\]*")\d+/g, '$1<revision>')
      .replace(/(, current: |in record \()\d+/g, '$1<revision>')
      .replace(/\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ/g, '<time>')
      .replace(/:3[0-2]\d{3}\//g, ':<port>/')
      .replace(/(username[\\]*":[\\]*")[^"\\]+/g, '$1<user>')
      .replace(/,[\\]*"extra[\\]*":\{[^}]*credential-id[^}]*\}(?=\})/g, '')
      .replace(/[\\]*"extra[\\]*":\{[^}]*credential-id[^}]*\},/g, '')
      .replace(/(clusterIPs?[\\]*":\[?[\\]*")[\d.]+/g, '$1<address>')
      .replace(/(odePort[\\]*":)\d+/g, '$1<port>')
      .replace(/kube-api-access-[a-z0-9]{5}/g, 'kube-api-access-<name>');
  if (Array.isArray(value)) return value.filter((one) => !(isMap(one) && one.manager === ownManager)).map((one) => plain(one, namespace));
  if (!isMap(value)) return value;
  const map = value.kind === 'Table' ? withNamedCells(value) : value;
  return Object.fromEntries(Object.entries(map).map(([key, one]) => [key, own.has(key) ? '<own>' : plain(one, namespace)]));
}

/** A Table whose cells go by the names of their columns, so that a column that is missing does not shift all others. */
function withNamedCells(table: Json): Json {
  const columns = (table.columnDefinitions ?? []) as readonly { readonly name: string }[];
  const rows = (table.rows ?? []) as readonly { readonly cells: readonly unknown[] }[];
  if (columns.length === 0) return table;
  const named = (cells: readonly unknown[]): Json =>
    Object.fromEntries(cells.map((cell, index) => [columns[index]?.name ?? String(index), cell] as const).sort(([a], [b]) => (a < b ? -1 : 1)));
  return { ...table, rows: rows.map((row) => ({ ...row, cells: named(row.cells) })) };
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
  const both = [ours, theirs].map(({ status, contentType, warnings = [], body, unescaped = false }) => ({
    status,
    contentType: contentType.split(';')[0],
    // What ours does not simulate it says by name; the other server has nothing of the kind to say.
    warnings: plain(
      warnings.filter((text) => !text.includes('paperkube does not')),
      namespace,
    ),
    unescaped,
    body: plain(body, namespace),
  }));
  return compare(both[0], both[1], '').map((one) => {
    const place = { ...one, request, theirMinor, answers: { ours, theirs }, at: one.at.replace(/^\.body/, '') };
    const known = documented.find(({ about, before }) => (before === undefined || theirMinor < before) && about(place));
    return known ? { ...one, because: known.because } : one;
  });
}

function compare(ours: unknown, theirs: unknown, at: string): Difference[] {
  if (JSON.stringify(ours) === JSON.stringify(theirs)) return [];
  if (Array.isArray(ours) && Array.isArray(theirs)) return compareLists(ours, theirs, at);
  if (!isMap(ours) || !isMap(theirs)) return [{ at, ours, theirs }];
  if (Object.keys(ours).length === 0 || Object.keys(theirs).length === 0) return [{ at, ours, theirs }];
  const [left, right] = [Object.keys(ours), Object.keys(theirs)];
  const content = [...new Set([...left, ...right])].flatMap((key) => compare(ours[key], theirs[key], `${at}.${key}`));
  return [...content, ...compareOrder(left, right, `${at}[keys]`)];
}

/** Names that stand in another order; what only one side has is told elsewhere. */
function compareOrder(left: readonly string[], right: readonly string[], at: string): Difference[] {
  const common = [left.filter((name) => right.includes(name)), right.filter((name) => left.includes(name))];
  return compare(common[0]!.join(), common[1]!.join(), at);
}

/** What an item of a list goes by: its name, or who manages which fields. */
function nameOf(item: unknown): string | undefined {
  if (!isMap(item)) return undefined;
  const { name, metadata, manager, operation, subresource = '' } = item as Json & { readonly metadata?: Json };
  const found = name ?? metadata?.name ?? (manager === undefined ? undefined : `${manager} ${operation} ${subresource}`);
  return typeof found === 'string' ? found : undefined;
}

/** Items with names are compared by name, so that one that is missing does not shift all others. */
function compareLists(ours: readonly unknown[], theirs: readonly unknown[], at: string): Difference[] {
  const [left, right] = [ours.map(nameOf), theirs.map(nameOf)];
  const isNamed = [left, right].every((names) => !names.includes(undefined) && new Set(names).size === names.length);
  if (!isNamed)
    return Array.from({ length: Math.max(ours.length, theirs.length) }, (_, index) => compare(ours[index], theirs[index], `${at}[${index}]`)).flat();
  const names = [...new Set([...left, ...right])];
  const content = names.flatMap((name) => compare(ours[left.indexOf(name)], theirs[right.indexOf(name)], `${at}[${name}]`));
  return [...content, ...compareOrder(left as string[], right as string[], `${at}[order]`)];
}
