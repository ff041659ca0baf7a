import type { Volume, VolumeProjection } from '../../../../generated/types/index.ts';

/** So many overlaps of one volume are told; an answer has room for fewer warnings. */
const toldMax = 500;

/** A file that a volume is to hold. */
interface File {
  readonly path: string;
  /** What it comes from, as a warning names it; empty if there is one source only. */
  readonly source: string;
}

/** Files of one volume that would stand in each other's way (pkg/api/pod warningsForOverlappingVirtualPaths). */
export function overlappingPathWarnings(volumes: readonly Readonly<Volume>[]): string[] {
  return volumes.flatMap(({ name, configMap, secret, downwardAPI, projected }) => {
    const of = `volume ${JSON.stringify(name)}`;
    return [
      ...overlaps(`${of} (ConfigMap "${configMap?.name ?? ''}")`, filesOf(configMap?.items, '')),
      ...overlaps(`${of} (Secret "${secret?.secretName ?? ''}")`, filesOf(secret?.items, '')),
      ...overlaps(`${of} (DownwardAPI)`, filesOf(downwardAPI?.items, '')),
      ...projectedWarnings(of, projected?.sources ?? []),
    ];
  });
}

function projectedWarnings(of: string, sources: readonly Readonly<VolumeProjection>[]): string[] {
  const empty = sources.filter((source) => Object.keys(source).length === 0).slice(0, toldMax);
  let files: readonly File[] = [];
  // As upstream: a source without a list of files is taken for the one before it.
  const all = sources.flatMap((source) => (Object.keys(source).length === 0 ? [] : (files = projectedFiles(source) ?? files)));
  return [...empty.map(() => `${of} (Projected) has no sources provided`), ...overlaps(`${of} (Projected)`, all)];
}

function projectedFiles({ configMap, secret, downwardAPI, serviceAccountToken, clusterTrustBundle }: Readonly<VolumeProjection>): File[] | undefined {
  if (configMap?.items) return filesOf(configMap.items, `ConfigMap "${configMap.name ?? ''}"`);
  if (secret?.items) return filesOf(secret.items, `Secret "${secret.name ?? ''}"`);
  if (downwardAPI?.items) return filesOf(downwardAPI.items, 'DownwardAPI');
  if (serviceAccountToken) return filesOf([serviceAccountToken], 'ServiceAccountToken');
  if (clusterTrustBundle) return filesOf([clusterTrustBundle], `ClusterTrustBundle "${clusterTrustBundle.name ?? clusterTrustBundle.signerName ?? ''}"`);
  return undefined;
}

function filesOf(items: readonly { readonly path: string }[] | undefined, source: string): File[] {
  return (items ?? []).map(({ path }) => ({ path: withoutEndingSlashes(path), source }));
}

function withoutEndingSlashes(path: string): string {
  let end = path.length;
  while (path[end - 1] === '/') end -= 1;
  return path.slice(0, end);
}

const shown = ({ path, source }: File): string => (source ? `${JSON.stringify(path)} (${source})` : JSON.stringify(path));

/** Each file is held against those before it: equal paths, and a file where another one needs a directory. */
function overlaps(title: string, files: readonly File[]): string[] {
  const warnings: string[] = [];
  const at = new Map<string, number[]>();
  const below = new Map<string, number[]>();
  for (const [index, file] of files.entries()) {
    if (file.path === '') continue;
    const directories = directoriesOf(file.path);
    const others = [at.get(file.path), below.get(file.path), ...directories.map((one) => at.get(one))].flatMap((one) => one ?? []);
    for (const other of others.sort((a, b) => a - b)) {
      if (warnings.length === toldMax) return warnings;
      warnings.push(`${title}: overlapping paths: ${shown(file)} with ${shown(files[other] as File)}`);
    }
    add(at, file.path, index);
    for (const directory of directories) add(below, directory, index);
  }
  return warnings;
}

/**
 * Every directory that a path lies in, the outermost first.
 * Differs from upstream: paths that no file system takes are only told if they are equal, since looking at each part of them takes too long.
 */
function directoriesOf(path: string): string[] {
  const found: string[] = [];
  if (path.length > 4096) return found;
  for (let slash = path.indexOf('/'); slash >= 0; slash = path.indexOf('/', slash + 1)) found.push(path.slice(0, slash));
  return found.filter((one) => one !== '');
}

function add(map: Map<string, number[]>, key: string, index: number): void {
  const list = map.get(key);
  if (list) list.push(index);
  else map.set(key, [index]);
}
