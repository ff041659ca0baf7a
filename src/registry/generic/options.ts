import { EncodedObject } from '../../machinery/encoded-object.ts';
import type { KubeObject } from '../../machinery/types.ts';
import type { Selection } from './selection.ts';

/** One object as it is answered: store entries are such, and what a dry run would have stored. */
export interface Served {
  readonly object: Readonly<KubeObject>;
  /** JSON in UTF-8, made once and shared. Nobody may write into it. */
  json(): Buffer;
  /** The same with a newline behind it. */
  jsonLine(): Buffer;
  /** The part of `json()` that is the object's metadata. */
  metadataJson(): Buffer;
}

export type ResourceVersionMatch = '' | 'Exact' | 'NotOlderThan';

export interface ListQuery {
  readonly namespace: string | undefined;
  readonly selection: Selection;
  /** 0 means no limit. */
  readonly limit: number;
  readonly continueToken: string;
  /** Undefined: the newest; 0: any. */
  readonly revision: number | undefined;
  readonly match: ResourceVersionMatch;
}

export interface ListAnswer {
  readonly items: readonly Served[];
  readonly revision: number;
  readonly continueToken: string | undefined;
  readonly remaining: number | undefined;
}

export interface WatchQuery {
  readonly namespace: string | undefined;
  readonly selection: Selection;
  /** Undefined or 0: existing objects come first, as ADDED. */
  readonly revision: number | undefined;
  readonly bookmarks: boolean;
  readonly sendInitialEvents: boolean | undefined;
  readonly timeoutSeconds: number | undefined;
}

export type ChangeType = 'ADDED' | 'MODIFIED' | 'DELETED' | 'BOOKMARK' | 'ERROR';

/** Takes what a watch finds. */
export interface ChangeSink {
  change(type: ChangeType, served: Served): void;
  end(): void;
}

export interface DeleteQuery {
  readonly gracePeriodSeconds?: number | undefined;
  readonly propagationPolicy?: 'Background' | 'Foreground' | 'Orphan' | undefined;
  readonly orphanDependents?: boolean | undefined;
  readonly preconditions?: { readonly uid?: string | undefined; readonly resourceVersion?: string | undefined } | undefined;
}

export interface DeleteAnswer {
  /** The object as it is now or was last. */
  readonly served: Served;
  /** Whether it has left storage. */
  readonly gone: boolean;
}

/** An object that is in no store: the answer of a dry run. */
export function unstored(object: Readonly<KubeObject>): Served {
  return new EncodedObject(object);
}
