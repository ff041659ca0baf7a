import { createHash } from 'node:crypto';
import { PullError } from './types.ts';

/** An image reference with its defaults filled in. */
export interface Reference {
  /** `docker.io`, `registry.k8s.io`, … */
  readonly domain: string;
  /** `library/busybox` */
  readonly path: string;
  /** `docker.io/library/busybox` */
  readonly repository: string;
  readonly tag?: string;
  readonly digest?: string;
  /** As containerd writes it: `docker.io/library/busybox:latest`. */
  readonly text: string;
}

const pathPattern = /^[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*(?:\/[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*)*$/;

/** Reads a reference as github.com/distribution/reference does. Throws PullError `invalid-reference`. */
export function parseReference(text: string): Reference {
  const match = /^([^@]+?)(?::([\w][\w.-]{0,127}))?(?:@(sha256:[0-9a-f]{64}))?$/.exec(text);
  if (!match) throw new PullError('invalid-reference', `failed to parse image name "${text}": invalid reference format`);
  const [name, tag, digest] = [match[1] as string, match[2], match[3]];
  const slash = name.indexOf('/');
  const first = slash < 0 ? '' : name.slice(0, slash);
  const hasDomain = first.includes('.') || first.includes(':') || first === 'localhost';
  const domain = hasDomain ? (first === 'index.docker.io' ? 'docker.io' : first) : 'docker.io';
  const rest = hasDomain ? name.slice(slash + 1) : name;
  const path = domain === 'docker.io' && !rest.includes('/') ? `library/${rest}` : rest;
  if (/[A-Z]/.test(path))
    throw new PullError('invalid-reference', `failed to parse image name "${text}": invalid reference format: repository name (${path}) must be lowercase`);
  if (!pathPattern.test(path)) throw new PullError('invalid-reference', `failed to parse image name "${text}": invalid reference format`);
  const repository = `${domain}/${path}`;
  const chosen = tag ?? (digest ? undefined : 'latest');
  return {
    domain,
    path,
    repository,
    ...(chosen === undefined ? {} : { tag: chosen }),
    ...(digest === undefined ? {} : { digest }),
    text: `${repository}${chosen === undefined ? '' : `:${chosen}`}${digest === undefined ? '' : `@${digest}`}`,
  };
}

/** A digest made from a name: the same image has the same one in every run. */
export function digestOf(name: string): string {
  return `sha256:${createHash('sha256').update(name).digest('hex')}`;
}
