import { createHash } from 'node:crypto';
import type { GroupVersionKind } from '../machinery/types.ts';
import { formatGroupVersion } from '../machinery/types.ts';
import type { ReviewResource } from './endpoints/reviews.ts';
import type { ServedResource } from './served-resource.ts';
import { subresourcesOf } from './subresources.ts';

/** One line of an APIResourceList. */
interface ResourceLine {
  readonly name: string;
  readonly singularName: string;
  readonly namespaced: boolean;
  readonly group?: string;
  readonly version?: string;
  readonly kind: string;
  readonly verbs: readonly string[];
  readonly shortNames?: readonly string[];
  readonly categories?: readonly string[];
  readonly storageVersionHash?: string;
}

/** The order in which upstream lists groups (the priorities of its built-in APIServices); others follow by name. */
const groupOrder = [
  '',
  'apiregistration.k8s.io',
  'apps',
  'events.k8s.io',
  'authentication.k8s.io',
  'authorization.k8s.io',
  'autoscaling',
  'batch',
  'certificates.k8s.io',
  'networking.k8s.io',
  'policy',
  'rbac.authorization.k8s.io',
  'storage.k8s.io',
  'admissionregistration.k8s.io',
  'apiextensions.k8s.io',
  'scheduling.k8s.io',
  'coordination.k8s.io',
  'node.k8s.io',
  'discovery.k8s.io',
  'flowcontrol.apiserver.k8s.io',
];

interface Lines {
  readonly gvk: GroupVersionKind;
  readonly line: ResourceLine;
  readonly subresources: readonly { readonly name: string; readonly gvk: GroupVersionKind; readonly verbs: readonly string[] }[];
}

/** What this server serves, as clients discover it. Built once. */
export class Discovery {
  /** Group, then version (most preferred first), then lines sorted by name. */
  readonly #groups = new Map<string, Map<string, Lines[]>>();

  constructor(resources: readonly ServedResource[], reviews: readonly ReviewResource[]) {
    const all = [...resources.map(linesOf), ...reviews.map(reviewLines), ...(resources.some((one) => one.info.plural === 'pods') ? [bindings] : [])];
    all.sort((a, b) => groupRank(a.gvk.group) - groupRank(b.gvk.group) || compare(a.gvk.group, b.gvk.group) || compare(a.line.name, b.line.name));
    for (const lines of all) {
      const { group, version } = lines.gvk;
      const versions = this.#groups.get(group) ?? new Map<string, Lines[]>();
      this.#groups.set(group, versions);
      versions.set(version, [...(versions.get(version) ?? []), lines]);
    }
  }

  hasGroup(group: string): boolean {
    return this.#groups.has(group);
  }

  hasVersion(group: string, version: string): boolean {
    return this.#groups.get(group)?.has(version) ?? false;
  }

  /** `/api` */
  coreVersions(serverAddress: string): object {
    return {
      kind: 'APIVersions',
      versions: [...(this.#groups.get('')?.keys() ?? [])],
      serverAddressByClientCIDRs: [{ clientCIDR: '0.0.0.0/0', serverAddress }],
    };
  }

  /** `/apis` */
  groupList(): object {
    const groups = [...this.#groups.keys()].filter((group) => group !== '').map((group) => this.#groupBody(group));
    return { kind: 'APIGroupList', apiVersion: 'v1', groups };
  }

  /** `/apis/GROUP` */
  group(group: string): object {
    return { kind: 'APIGroup', apiVersion: 'v1', ...this.#groupBody(group) };
  }

  #groupBody(group: string): object {
    const versions = [...this.#groups.get(group)!.keys()].map((version) => ({ groupVersion: formatGroupVersion({ group, version }), version }));
    return { name: group, versions, preferredVersion: versions[0] };
  }

  /** `/api/v1`, `/apis/GROUP/VERSION` */
  resourceList(group: string, version: string): object {
    const lines = this.#groups.get(group)?.get(version) ?? [];
    const resources = lines.flatMap(({ line, gvk, subresources }) => [line, ...subresources.map((sub) => subresourceLine(line, gvk, sub))]);
    return { kind: 'APIResourceList', ...(group ? { apiVersion: 'v1' } : {}), groupVersion: formatGroupVersion({ group, version }), resources };
  }

  /** Aggregated discovery: everything of `/api` or `/apis` in one answer. */
  aggregated(core: boolean): object {
    const items = [...this.#groups]
      .filter(([group]) => (group === '') === core)
      .map(([group, versions]) => ({
        metadata: { ...(group ? { name: group } : {}), creationTimestamp: null },
        versions: [...versions].map(([name, lines]) => ({ version: name, resources: lines.map(aggregatedResource), freshness: 'Current' })),
      }));
    return { kind: 'APIGroupDiscoveryList', apiVersion: 'apidiscovery.k8s.io/v2', metadata: {}, items };
  }

  /** Paths of groups and versions, for the index at `/`. */
  paths(): string[] {
    const paths: string[] = [];
    for (const [group, versions] of this.#groups) {
      paths.push(group ? `/apis/${group}` : '/api');
      for (const version of versions.keys()) paths.push(group ? `/apis/${group}/${version}` : `/api/${version}`);
    }
    return paths;
  }
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

function groupRank(group: string): number {
  const at = groupOrder.indexOf(group);
  return at < 0 ? groupOrder.length : at;
}

/**
 * The first eight bytes of a hash over what is stored (apiserver/pkg/endpoints/discovery StorageVersionHash): the version that upstream
 * stores, which clients compare and nobody sees.
 */
function storageVersionHash({ kind: { group, version, kind }, strategy }: ServedResource['registry']): string {
  const stored = strategy.resource.storedVersion ?? version;
  return createHash('sha256').update(`${group}/${stored}/${kind}`).digest().subarray(0, 8).toString('base64');
}

function linesOf(resource: ServedResource): Lines {
  const { plural, singular, namespaced, kind, shortNames, categories } = resource.info;
  const line = {
    name: plural,
    singularName: singular,
    namespaced,
    kind,
    verbs: [...resource.verbs].sort(),
    ...(shortNames?.length ? { shortNames } : {}),
    ...(categories?.length ? { categories } : {}),
    // What cannot be written has no version in which it is stored.
    ...(resource.verbs.includes('create') ? { storageVersionHash: storageVersionHash(resource.registry) } : {}),
  };
  return { gvk: resource.gvk, line, subresources: subresourcesOf(resource) };
}

function reviewLines({ plural, singular, namespaced, gvk }: ReviewResource): Lines {
  return { gvk, line: { name: plural, singularName: singular, namespaced, kind: gvk.kind, verbs: ['create'] }, subresources: [] };
}

const bindings: Lines = {
  gvk: { group: '', version: 'v1', kind: 'Binding' },
  line: { name: 'bindings', singularName: 'binding', namespaced: true, kind: 'Binding', verbs: ['create'] },
  subresources: [],
};

function subresourceLine(line: ResourceLine, parent: GroupVersionKind, { name, gvk, verbs }: Lines['subresources'][number]): ResourceLine {
  const foreign = gvk.group !== parent.group || gvk.version !== parent.version;
  const where = foreign ? { group: gvk.group, version: gvk.version } : {};
  return { name: `${line.name}/${name}`, singularName: '', namespaced: line.namespaced, ...where, kind: gvk.kind, verbs };
}

/** Group and version are told only where they are not those of the document, as in its plain form. */
function responseKind(parent: GroupVersionKind, { group, version, kind }: GroupVersionKind): GroupVersionKind {
  return group === parent.group && version === parent.version ? { group: '', version: '', kind } : { group, version, kind };
}

function aggregatedResource({ gvk, line, subresources }: Lines): object {
  return {
    resource: line.name,
    responseKind: responseKind(gvk, gvk),
    scope: line.namespaced ? 'Namespaced' : 'Cluster',
    singularResource: line.singularName,
    verbs: line.verbs,
    ...(line.shortNames ? { shortNames: line.shortNames } : {}),
    ...(line.categories ? { categories: line.categories } : {}),
    ...(subresources.length > 0
      ? { subresources: subresources.map((sub) => ({ subresource: sub.name, responseKind: responseKind(gvk, sub.gvk), verbs: sub.verbs })) }
      : {}),
  };
}
