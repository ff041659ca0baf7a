import { nameIsSubdomain } from '../../api/meta/names.ts';
import { semanticEqual } from '../../machinery/deep.ts';
import type { FieldError } from '../../machinery/field-error.ts';
import type { KubeObject } from '../../machinery/types.ts';
import type { RequestContext, ResourceInfo, Strategy } from './strategy.ts';

type Info = Pick<ResourceInfo, 'group' | 'version' | 'kind' | 'plural' | 'namespaced'> & Partial<ResourceInfo>;

/** What one kind does differently; the rest of its strategy follows from here. */
export interface ResourceParts<T extends KubeObject> extends Omit<Strategy<T>, 'resource' | 'status' | 'validate'> {
  readonly resource: Info;
  /** The kind has a status, which only `/status` changes: what it is on create, and what is checked when it changes. */
  readonly statusOnCreate?: (object: T) => unknown;
  validateStatus?(next: T, previous: Readonly<T>): FieldError[];
  /** What the server itself writes when `/status` changes. */
  prepareForStatusUpdate?(next: T, previous: Readonly<T>, context: RequestContext): void;
  /** Whether metadata.generation counts the changes of everything beside metadata and status. */
  readonly countsGeneration?: boolean;
  validate?(object: T): FieldError[];
}

type Fields = KubeObject & { status?: unknown };

/** Everything but type, metadata and status. */
function wanted(object: Readonly<Fields>): Record<string, unknown> {
  const { kind: _kind, apiVersion: _version, metadata: _metadata, status: _status, ...rest } = object as Fields & Record<string, unknown>;
  return rest;
}

/** Puts back all but status (and, as upstream, what may ride along in metadata). */
function restoreWanted(next: Fields, previous: Readonly<Fields>): void {
  const target = next as unknown as Record<string, unknown>;
  for (const field of Object.keys(wanted(next))) delete target[field];
  Object.assign(target, wanted(previous));
}

function setStatus(object: Fields, status: unknown): void {
  if (status === undefined) delete object.status;
  else object.status = status;
}

/**
 * A strategy of the usual form: the status is reset on create and belongs to `/status` afterwards, the generation counts changes of
 * the rest, and an update is checked like a new object unless the kind says otherwise.
 */
export function resourceStrategy<T extends KubeObject>(parts: ResourceParts<T>): Strategy<T> {
  const { resource, statusOnCreate, validateStatus, prepareForStatusUpdate, countsGeneration, ...own } = parts;
  const validate = own.validate ?? (() => []);
  return {
    validateName: nameIsSubdomain,
    validateUpdate: (next) => validate(next),
    ...own,
    validate,
    resource: { singular: resource.kind.toLowerCase(), ...resource },
    prepareForCreate(created: T, context: RequestContext) {
      if (statusOnCreate) setStatus(created, statusOnCreate(created));
      if (countsGeneration) created.metadata!.generation = 1;
      own.prepareForCreate?.(created, context);
    },
    prepareForUpdate(next: T, previous: Readonly<T>, context: RequestContext) {
      if (statusOnCreate) setStatus(next, (previous as Fields).status);
      own.prepareForUpdate?.(next, previous, context);
      if (countsGeneration) next.metadata!.generation = (previous.metadata?.generation ?? 0) + (semanticEqual(wanted(next), wanted(previous)) ? 0 : 1);
    },
    ...(statusOnCreate
      ? {
          status: {
            prepareForUpdate(next: T, previous: Readonly<T>, context: RequestContext) {
              restoreWanted(next, previous);
              prepareForStatusUpdate?.(next, previous, context);
            },
            validateUpdate: (next: T, previous: Readonly<T>) => validateStatus?.(next, previous) ?? [],
          },
        }
      : {}),
  };
}
