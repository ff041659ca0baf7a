const domain = /^(?:[a-zA-Z0-9](?:[a-zA-Z0-9-]*[a-zA-Z0-9])?)(?:\.[a-zA-Z0-9](?:[a-zA-Z0-9-]*[a-zA-Z0-9])?)*(?::\d+)?$/;
const component = /^[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*$/;

/** Whether a container runtime could make sense of an image's name (distribution/reference). */
export function isImageReference(image: string): boolean {
  const match = /^([^@]+?)(?::([\w][\w.-]{0,127}))?(?:@(sha256:[0-9a-f]{64}))?$/.exec(image);
  if (!match) return false;
  const parts = (match[1] as string).split('/');
  if (parts.length > 1 && /[.:]|^localhost$/.test(parts[0] as string) && domain.test(parts[0] as string)) parts.shift();
  return parts.every((part) => component.test(part));
}
