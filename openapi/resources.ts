/** The table of resources, for discovery: what the paths say. */
import type { GroupVersionKind } from '../src/machinery/types.ts';
import { resourceOf } from './kinds.ts';
import type { Operation } from './operations.ts';

export interface SubresourceRow {
  readonly name: string;
  readonly kind: string;
  /** Where the kind is of another group than the resource (`Scale`, `Eviction`). */
  readonly group: string;
  readonly version: string;
  readonly verbs: readonly string[];
}

export interface ResourceRow extends GroupVersionKind {
  readonly plural: string;
  readonly namespaced: boolean;
  readonly verbs: readonly string[];
  readonly subresources: readonly SubresourceRow[];
}

const verbOfAction: Record<string, string> = {
  list: 'list',
  get: 'get',
  post: 'create',
  put: 'update',
  patch: 'patch',
  delete: 'delete',
  deletecollection: 'deletecollection',
};
const verbOfMethod: Record<string, string> = { get: 'get', post: 'create', put: 'update', patch: 'patch', delete: 'delete' };

interface Row {
  gvk: GroupVersionKind;
  namespaced: boolean;
  verbs: Set<string>;
}

/** One row per resource, sorted by group, version and plural; verbs sorted as discovery lists them. */
export function listResources(operations: readonly Operation[], kinds: ReadonlyMap<string, GroupVersionKind>): ResourceRow[] {
  const rows = new Map<string, Row>();
  for (const operation of operations) {
    const at = resourceOf(operation.path);
    const gvk = kinds.get(operation.path);
    if (!at || !gvk || !operation.action) continue;
    const key = [at.group, at.version, at.resource, at.subresource].join('|');
    const row = rows.get(key) ?? { gvk, namespaced: false, verbs: new Set<string>() };
    rows.set(key, row);
    row.namespaced ||= at.namespaced;
    row.verbs.add(operation.action === 'connect' ? (verbOfMethod[operation.method] ?? '') : (verbOfAction[operation.action] as string));
    // Whatever can be listed can be watched, but for the one resource that is computed at each request.
    if (operation.action === 'list' && at.resource !== 'componentstatuses') row.verbs.add('watch');
    row.verbs.delete('');
  }
  const keys = [...rows.keys()].sort();
  return keys.filter((key) => key.endsWith('|')).map((key) => toRow(key, rows, keys));
}

function toRow(key: string, rows: ReadonlyMap<string, Row>, keys: readonly string[]): ResourceRow {
  const [group, version, plural] = key.split('|') as [string, string, string];
  const { gvk, namespaced, verbs } = rows.get(key) as Row;
  const subresources = keys
    .filter((other) => other.startsWith(key) && other !== key)
    .map((other) => {
      const row = rows.get(other) as Row;
      return { name: other.slice(key.length), kind: row.gvk.kind, group: row.gvk.group, version: row.gvk.version, verbs: [...row.verbs].sort() };
    });
  return { group, version, kind: gvk.kind, plural, namespaced, verbs: [...verbs].sort(), subresources };
}
