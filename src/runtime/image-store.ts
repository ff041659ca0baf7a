import type { Env } from '../env/index.ts';
import type { ImageLayer } from '../shell/fs/index.ts';
import type { ImageDefinition } from './images/definition.ts';
import type { Reference } from './reference.ts';
import { digestOf, parseReference } from './reference.ts';
import type { ImageRecord, RegistryCredential } from './types.ts';
import { PullError } from './types.ts';

const requestMs = 300;
const bytesPerMs = 20_000;

/** Every sandbox runs one. */
const pauseRepository = 'registry.k8s.io/pause';

interface StoredImage {
  readonly record: ImageRecord & { readonly repoTags: string[]; readonly repoDigests: string[] };
  readonly layer: () => ImageLayer;
}

/** The images of one node, and how they come there. */
export class ImageStore {
  readonly #images = new Map<string, StoredImage>();

  constructor(
    readonly env: Pick<Env, 'loop'>,
    readonly catalogue: readonly ImageDefinition[],
    preloaded: readonly string[] = [],
  ) {
    for (const reference of preloaded) {
      const found = this.#resolve(parseReference(reference));
      this.#add(parseReference(reference), found.definition, found.version);
    }
  }

  status(text: string): ImageRecord | undefined {
    const byId = this.#images.get(text) ?? this.#images.get(`sha256:${text}`);
    if (byId) return byId.record;
    let reference: Reference;
    try {
      reference = parseReference(text);
    } catch {
      return undefined;
    }
    for (const { record } of this.#images.values()) {
      if (
        reference.digest !== undefined ? record.repoDigests.includes(`${reference.repository}@${reference.digest}`) : record.repoTags.includes(reference.text)
      )
        return record;
    }
    return undefined;
  }

  list(): ImageRecord[] {
    return [...this.#images.values()].map(({ record }) => record).sort((a, b) => (a.id < b.id ? -1 : 1));
  }

  remove(id: string): void {
    this.#images.delete(id);
  }

  layer(id: string): ImageLayer | undefined {
    return this.#images.get(id)?.layer();
  }

  /** Pulls an image: 0.3 s to ask the registry, then 20 MB/s for what the node does not have. Rejects with PullError. */
  async pull(text: string, credentials: readonly RegistryCredential[] = []): Promise<ImageRecord> {
    const reference = parseReference(text);
    await this.env.loop.sleep(requestMs, 'image registry request');
    this.#authorize(reference, credentials);
    const { definition, version } = this.#resolve(reference);
    const present = this.#images.has(imageId(definition, version));
    if (!present) await this.env.loop.sleep(Math.ceil(definition.image(version).sizeBytes / bytesPerMs), 'image pull');
    return this.#add(reference, definition, version);
  }

  /** A private repository tells nothing, not even which tags it has, to whoever may not pull from it. */
  #authorize(reference: Reference, credentials: readonly RegistryCredential[]): void {
    const wanted = this.catalogue.find((one) => one.repository === reference.repository)?.credentials;
    if (!wanted) return;
    const shown = credentials.filter((one) => covers(one.registry, reference));
    if (shown.some((one) => one.username === wanted.username && one.password === wanted.password)) return;
    const url = `https://${reference.domain}/v2/${reference.path}/manifests/${reference.tag ?? reference.digest}`;
    const why =
      shown.length === 0
        ? 'pull access denied, repository does not exist or may require authorization: authorization failed: no basic auth credentials'
        : `unexpected status from HEAD request to ${url}: 401 Unauthorized`;
    throw new PullError('unauthorized', `failed to pull and unpack image "${reference.text}": failed to resolve reference "${reference.text}": ${why}`);
  }

  #resolve(reference: Reference): { readonly definition: ImageDefinition; readonly version: string } {
    const failed = (kind: PullError['kind'], why: string) =>
      new PullError(kind, `failed to pull and unpack image "${reference.text}": failed to resolve reference "${reference.text}": ${why}`);
    const definition = this.catalogue.find((one) => one.repository === reference.repository);
    if (!definition) {
      if (reference.domain === 'docker.io')
        throw failed(
          'unauthorized',
          'pull access denied, repository does not exist or may require authorization: server message: insufficient_scope: authorization failed',
        );
      if (this.catalogue.some((one) => one.repository.startsWith(`${reference.domain}/`))) throw failed('not-found', `${reference.text}: not found`);
      const url = `https://${reference.domain}/v2/${reference.path}/manifests/${reference.tag ?? reference.digest}`;
      throw failed('unavailable', `failed to do request: Head "${url}": dial tcp: lookup ${reference.domain.split(':')[0]}: no such host`);
    }
    const version =
      reference.digest === undefined
        ? definition.versionOf(reference.tag as string)
        : definition.versions.find((one) => manifestDigest(definition, one) === reference.digest);
    if (version === undefined) throw failed('not-found', `${reference.text}: not found`);
    return { definition, version };
  }

  #add(reference: Reference, definition: ImageDefinition, version: string): ImageRecord {
    const id = imageId(definition, version);
    let stored = this.#images.get(id);
    if (!stored) {
      const content = definition.image(version);
      stored = {
        record: {
          id,
          repoTags: [],
          repoDigests: [`${definition.repository}@${manifestDigest(definition, version)}`],
          sizeBytes: content.sizeBytes,
          ...(definition.repository === pauseRepository ? { pinned: true } : {}),
          config: content.config,
        },
        layer: content.layer,
      };
      this.#images.set(id, stored);
    }
    const tag = reference.tag === undefined || reference.digest !== undefined ? undefined : reference.text;
    if (tag && !stored.record.repoTags.includes(tag)) {
      // A tag names one image of a node: it moves.
      for (const { record } of this.#images.values()) if (record.repoTags.includes(tag)) record.repoTags.splice(record.repoTags.indexOf(tag), 1);
      stored.record.repoTags.push(tag);
    }
    return stored.record;
  }
}

/** Whether a credential's registry (`https://index.docker.io/v1/`, `registry.example.com/team`) is the reference's, or a path above it. */
function covers(registry: string, reference: Reference): boolean {
  const plain = registry.replace(/^https?:\/\//, '').replace(/\/(?:v[12]\/?)?$/, '');
  const normal = plain.replace(/^(?:index|registry-1)\.docker\.io/, 'docker.io').replace(/\/v[12]$/, '');
  return reference.repository === normal || reference.repository.startsWith(`${normal}/`);
}

const imageId = (definition: ImageDefinition, version: string) => digestOf(`config of ${definition.repository} ${version}`);
const manifestDigest = (definition: ImageDefinition, version: string) => digestOf(`manifest of ${definition.repository} ${version}`);
