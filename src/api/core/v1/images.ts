/** The tag of an image reference, `latest` if it names neither tag nor digest, empty if it has a digest only. */
export function imageTag(image: string): string {
  const [name, digest] = image.split('@') as [string, string | undefined];
  const colon = name.lastIndexOf(':');
  if (colon > name.lastIndexOf('/')) return name.slice(colon + 1);
  return digest ? '' : 'latest';
}

/** The default pull policy: Always for `latest`, IfNotPresent otherwise (pkg/apis/core/v1 SetDefaults_Container). */
export function imagePullPolicyFor(image: string): 'Always' | 'IfNotPresent' {
  return imageTag(image) === 'latest' ? 'Always' : 'IfNotPresent';
}
