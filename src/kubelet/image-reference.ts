const domain = /^(?:[a-zA-Z0-9](?:[a-zA-Z0-9-]*[a-zA-Z0-9])?)(?:\.[a-zA-Z0-9](?:[a-zA-Z0-9-]*[a-zA-Z0-9])?)*(?::\d+)?$/;
const component = /^[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*$/;

/** Why a container runtime could not make sense of an image's name (distribution/reference); undefined if it could. */
export function imageReferenceMistake(image: string): string | undefined {
  if (/^[0-9a-f]{64}$/.test(image)) return `invalid repository name (${image}), cannot specify 64-byte hexadecimal strings`;
  const [first = '', ...rest] = image.split('/');
  const hasDomain = rest.length > 0 && (/[.:]|^localhost$/.test(first) || first !== first.toLowerCase());
  const path = hasDomain ? rest.join('/') : rest.length > 0 ? image : `library/${image}`;
  const repository = path.split(':')[0] as string;
  if (repository !== repository.toLowerCase()) return `invalid reference format: repository name (${repository}) must be lowercase`;
  return isImageReference(image) ? undefined : 'invalid reference format';
}

function isImageReference(image: string): boolean {
  const match = /^([^@]+?)(?::([\w][\w.-]{0,127}))?(?:@(sha256:[0-9a-f]{64}))?$/.exec(image);
  if (!match) return false;
  const parts = (match[1] as string).split('/');
  const first = parts[0] as string;
  if (parts.length > 1 && (/[.:]|^localhost$/.test(first) || first !== first.toLowerCase()) && domain.test(first)) parts.shift();
  return parts.every((part) => component.test(part));
}
