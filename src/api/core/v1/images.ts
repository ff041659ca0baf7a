const host = '(?:[a-zA-Z0-9]|[a-zA-Z0-9][a-zA-Z0-9-]*[a-zA-Z0-9])';
const domain = `(?:${host}(?:\\.${host})*|\\[[a-fA-F0-9:]+\\])(?::[0-9]+)?`;
const part = '[a-z0-9]+(?:(?:\\.|_|__|-+)[a-z0-9]+)*';
/** Repository, tag and digest (distribution/reference). */
const pattern = new RegExp(
  `^((?:${domain}/)?${part}(?:/${part})*)(?::([\\w][\\w.-]{0,127}))?(@[A-Za-z][A-Za-z0-9]*(?:[-_+.][A-Za-z][A-Za-z0-9]*)*:[0-9a-fA-F]{32,})?$`,
);
const maxNameBytes = 255;

/** Images without a registry, or of a registry without a domain, come from here. */
function withRegistry(image: string): string {
  const slash = image.indexOf('/');
  const first = image.slice(0, Math.max(0, slash));
  const isDomain = /[.:]/.test(first) || first === 'localhost' || first !== first.toLowerCase();
  if (slash >= 0 && isDomain) return image;
  return slash >= 0 ? `docker.io/${image}` : `docker.io/library/${image}`;
}

/** The tag of an image reference, `latest` if it names neither tag nor digest, empty if it has a digest only or is no reference. */
export function imageTag(image: string): string {
  // Names that are as long as this are none, and the pattern would take its time with them.
  if (image === '' || image.length > 1024 || /^[a-f0-9]{64}$/.test(image)) return '';
  const [, name, tag, digest] = pattern.exec(withRegistry(image)) ?? [];
  if (name === undefined || name.length > maxNameBytes) return '';
  return tag ?? (digest ? '' : 'latest');
}

/** The default pull policy: Always for `latest`, IfNotPresent otherwise (pkg/apis/core/v1 SetDefaults_Container). */
export function imagePullPolicyFor(image: string): 'Always' | 'IfNotPresent' {
  return imageTag(image) === 'latest' ? 'Always' : 'IfNotPresent';
}
