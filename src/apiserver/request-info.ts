/** What a request is about (apiserver/pkg/endpoints/request RequestInfo). */
export interface RequestInfo {
  readonly isResource: boolean;
  readonly path: string;
  /** `get`, `list`, `watch`, `create`, `update`, `patch`, `delete`, `deletecollection`; the lower-case method off resources. */
  readonly verb: string;
  readonly group: string;
  readonly version: string;
  readonly namespace: string;
  readonly resource: string;
  readonly subresource: string;
  readonly name: string;
  /** The path after the resource's name and subresource: what a proxy passes on. */
  readonly rest: readonly string[];
  /** `/watch/…`, the old form of a watch. */
  readonly oldWatch: boolean;
  /** The path says where, with `namespaces/NAME/`, and then what. */
  readonly within: boolean;
}

const verbs: Readonly<Record<string, string>> = { POST: 'create', GET: 'get', HEAD: 'get', PUT: 'update', PATCH: 'patch', DELETE: 'delete' };

/** Absent, `0` and `false` in any case are false; everything else is true (apimachinery/pkg/conversion/queryparams). */
export function queryFlag(value: string | null): boolean {
  return value !== null && value !== '0' && value.toLowerCase() !== 'false';
}

function plain(path: string, method: string): RequestInfo {
  return { isResource: false, path, verb: method.toLowerCase(), ...emptyTarget, group: '', version: '' };
}

const emptyTarget = { namespace: '', resource: '', subresource: '', name: '', rest: [], oldWatch: false, within: false } as const;

/**
 * Reads method and path as upstream's RequestInfoFactory does. `path` is percent-encoded.
 */
export function resolveRequestInfo(method: string, path: string, query: URLSearchParams): RequestInfo {
  if (!path.startsWith('/api')) return plain(path, method);
  const parts = splitPath(path);
  const grouped = parts[0] === 'apis';
  if ((!grouped && parts[0] !== 'api') || parts.length < (grouped ? 4 : 3)) {
    const info = plain(path, method);
    // A bare group version is no resource, but discovery wants to know which one it is.
    return grouped ? { ...info, group: parts[1] ?? '', version: parts[2] ?? '' } : { ...info, version: parts[1] ?? '' };
  }
  const group = grouped ? (parts[1] as string) : '';
  const version = parts[grouped ? 2 : 1] as string;
  let at = grouped ? 3 : 2;
  const oldWatch = parts[at] === 'watch' && parts.length > at + 1;
  if (oldWatch) at += 1;
  let verb = oldWatch ? 'watch' : (verbs[method] ?? '');
  let namespace = '';
  let within = false;
  if (parts[at] === 'namespaces' && parts.length > at + 1) {
    namespace = parts[at + 1] as string;
    // A namespace is an object too, with two subresources of its own.
    within = parts.length > at + 2 && parts[at + 2] !== 'status' && parts[at + 2] !== 'finalize';
    if (within) at += 2;
  }
  const resource = parts[at] ?? '';
  let name = parts[at + 1] ?? '';
  const subresource = parts[at + 2] ?? '';
  if (name === '' && verb === 'get') verb = queryFlag(query.get('watch')) ? 'watch' : 'list';
  else if (name === '' && verb === 'delete') verb = 'deletecollection';
  if (name === '' && (verb === 'list' || verb === 'watch' || verb === 'deletecollection')) name = nameOfFieldSelector(query);
  return { isResource: true, path, verb, group, version, namespace, resource, subresource, name, rest: parts.slice(at + 3), oldWatch, within };
}

/** A list of one name may be authorized as that name. */
function nameOfFieldSelector(query: URLSearchParams): string {
  const selector = query.get('fieldSelector');
  if (!selector?.startsWith('metadata.name=')) return '';
  const name = selector.slice(selector.startsWith('metadata.name==') ? 15 : 14);
  return name.includes(',') || name.includes('=') ? '' : name;
}

/** The parts between slashes, empty ones within included: `namespaces//pods` are the pods of all namespaces. An escaped slash is one. */
function splitPath(path: string): string[] {
  let plainPath = path;
  if (path.includes('%')) {
    try {
      plainPath = decodeURIComponent(path);
    } catch {
      // What cannot be decoded stays as it is.
    }
  }
  let [start, end] = [0, plainPath.length];
  while (plainPath[start] === '/') start += 1;
  while (end > start && plainPath[end - 1] === '/') end -= 1;
  return start === end ? [] : plainPath.slice(start, end).split('/');
}
