import type { OwnerReference } from '../../generated/types/index.ts';
import type { OwnerLister, ResourceClient, ResourceRef } from '../client/index.ts';
import { controllerReference } from '../client/index.ts';
import type { LabelRequirements } from '../machinery/selectors/labels.ts';
import { matchesLabels } from '../machinery/selectors/labels.ts';
import { failure } from '../machinery/status-error.ts';
import type { KubeObject, ObjectKey } from '../machinery/types.ts';
import { formatGroupVersion } from '../machinery/types.ts';

/** The owner reference that marks an object's controller. */
export function controllerOf(object: KubeObject): OwnerReference | undefined {
  return object.metadata?.ownerReferences?.find((owner) => owner.controller);
}

/** The key of an object's controller, if that is of this kind. */
export function controllerKey(object: KubeObject, ref: ResourceRef): ObjectKey | undefined {
  const owner = controllerOf(object);
  if (!owner || owner.kind !== ref.kind || groupOf(owner.apiVersion) !== ref.group) return undefined;
  return { namespace: object.metadata?.namespace, name: owner.name };
}

function groupOf(apiVersion: string): string {
  const slash = apiVersion.indexOf('/');
  return slash < 0 ? '' : apiVersion.slice(0, slash);
}

export interface ClaimOptions<T extends KubeObject> {
  readonly owner: Readonly<KubeObject>;
  readonly ownerRef: ResourceRef;
  readonly selector: LabelRequirements;
  readonly lister: OwnerLister<T>;
  readonly client: ResourceClient<T>;
  /** Which orphans may be adopted at all: a finished pod is left alone. */
  adoptable(object: Readonly<T>): boolean;
  /** The owner as it is stored now: an adopter must not act on a cached one. */
  fresh(): Promise<Readonly<KubeObject>>;
  written(object: Readonly<KubeObject>): void;
}

/**
 * The objects that belong to an owner: those it controls and still selects. Orphans that it selects are adopted, controlled
 * ones that it selects no more are released (upstream: controller_ref_manager.go).
 */
export async function claim<T extends KubeObject>(options: ClaimOptions<T>): Promise<Readonly<T>[]> {
  const { owner, selector, lister } = options;
  const deleting = owner.metadata?.deletionTimestamp !== undefined;
  const claimed: Readonly<T>[] = [];
  for (const object of lister.ownedBy(owner)) {
    if (matchesLabels(selector, object.metadata?.labels)) claimed.push(object);
    else if (!deleting) await release(options, object);
  }
  if (deleting) return claimed;
  let checked = false;
  for (const object of lister.orphans(owner.metadata?.namespace ?? '')) {
    if (object.metadata?.deletionTimestamp || !matchesLabels(selector, object.metadata?.labels) || !options.adoptable(object)) continue;
    if (!checked) await checkAdopter(options);
    checked = true;
    const adopted = await adopt(options, object);
    if (adopted) claimed.push(adopted);
  }
  return claimed;
}

async function checkAdopter<T extends KubeObject>({ owner, ownerRef, fresh }: ClaimOptions<T>): Promise<void> {
  const now = await fresh();
  const { namespace, name, uid } = owner.metadata ?? {};
  if (now.metadata?.uid !== uid)
    throw failure(409, 'Conflict', `original ${ownerRef.kind} ${namespace}/${name} is gone: got uid ${now.metadata?.uid}, wanted ${uid}`);
  if (now.metadata?.deletionTimestamp) throw failure(409, 'Conflict', `${namespace}/${name} has just been deleted at ${now.metadata.deletionTimestamp}`);
}

async function adopt<T extends KubeObject>(options: ClaimOptions<T>, object: Readonly<T>): Promise<Readonly<T> | undefined> {
  const reference = controllerReference(options.owner, options.ownerRef);
  return patchOwners(options, object, [reference]);
}

async function release<T extends KubeObject>(options: ClaimOptions<T>, object: Readonly<T>): Promise<void> {
  await patchOwners(options, object, [{ $patch: 'delete', uid: options.owner.metadata?.uid }]);
}

async function patchOwners<T extends KubeObject>(options: ClaimOptions<T>, object: Readonly<T>, ownerReferences: unknown[]): Promise<Readonly<T> | undefined> {
  const { namespace, name = '', uid } = object.metadata ?? {};
  try {
    const patched = await options.client.patch({ namespace, name }, 'strategic', { metadata: { ownerReferences, uid } });
    options.written(patched);
    return patched;
  } catch (error) {
    // It is gone, or another object has its name now: nothing to own or to release.
    const { code } = error as { code?: number };
    if (code === 404 || code === 422) return undefined;
    throw error;
  }
}

/** `apps/v1` and kind, as owner references write it. */
export function refersTo(owner: OwnerReference, ref: ResourceRef): boolean {
  return owner.kind === ref.kind && owner.apiVersion === formatGroupVersion(ref);
}
