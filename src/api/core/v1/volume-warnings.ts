import type { Volume, VolumeProjection } from '../../../../generated/types/index.ts';

/** Files of one volume that would stand in each other's way (pkg/api/pod warningsForOverlappingVirtualPaths). */
export function overlappingPathWarnings(volumes: readonly Readonly<Volume>[]): string[] {
  return volumes.flatMap(({ name, configMap, secret, downwardAPI, projected }) => {
    const of = `volume "${name}"`;
    return [
      ...overlaps(`${of} (ConfigMap "${configMap?.name ?? ''}")`, pathsOf(configMap?.items)),
      ...overlaps(`${of} (Secret "${secret?.secretName ?? ''}")`, pathsOf(secret?.items)),
      ...overlaps(`${of} (DownwardAPI)`, pathsOf(downwardAPI?.items)),
      ...projectedWarnings(of, projected?.sources ?? []),
    ];
  });
}

/** Each source is looked at by itself, and then together with those before it. */
function projectedWarnings(of: string, sources: readonly Readonly<VolumeProjection>[]): string[] {
  const warnings: string[] = [];
  const before = new Set<string>();
  for (const source of sources) {
    const [kind, paths] = describe(source);
    if (kind === '') warnings.push(`${of} (Projected) has no sources provided`);
    const title = `${of} (Projected ${kind})`;
    warnings.push(...overlaps(title, paths));
    const own = [...new Set(paths)];
    warnings.push(...overlaps(title, [...own, ...before].sort()));
    for (const path of own) before.add(path);
  }
  return warnings;
}

function describe({ configMap, secret, downwardAPI, serviceAccountToken, clusterTrustBundle }: Readonly<VolumeProjection>): [string, readonly string[]] {
  if (configMap) return [`ConfigMap "${configMap.name ?? ''}"`, pathsOf(configMap.items)];
  if (secret) return [`Secret "${secret.name ?? ''}"`, pathsOf(secret.items)];
  if (downwardAPI) return ['DownwardAPI', pathsOf(downwardAPI.items)];
  if (serviceAccountToken) return ['ServiceAccountToken', [serviceAccountToken.path]];
  if (clusterTrustBundle) return [`ClusterTrustBundle "${clusterTrustBundle.name ?? clusterTrustBundle.signerName ?? ''}"`, [clusterTrustBundle.path]];
  return ['', []];
}

function pathsOf(items: readonly { readonly path: string }[] | undefined): readonly string[] {
  return (items ?? []).map(({ path }) => path);
}

function overlaps(title: string, paths: readonly string[]): string[] {
  const seen = new Set<string>();
  const warnings: string[] = [];
  for (const path of paths.map((one) => one.replace(/\/+$/, ''))) {
    const other = [...seen].find((one) => one === path || one.startsWith(`${path}/`) || path.startsWith(`${one}/`));
    if (other !== undefined && path !== '') warnings.push(`${title}: overlapping paths: "${path}" with "${other}"`);
    seen.add(path);
  }
  return warnings;
}
