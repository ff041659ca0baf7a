import type { KubeObject } from './types.ts';

/** What a column needs to be printed; `Column` of a strategy fits. */
export interface TableColumn<T> {
  readonly name: string;
  readonly type: string;
  readonly format?: string;
  readonly description: string;
  readonly priority?: number;
  cell(object: Readonly<T>, now: number): string | number | boolean | null;
}

export interface TableRowCondition {
  readonly type: string;
  readonly status: string;
  readonly reason?: string;
  readonly message?: string;
}

export type IncludeObject = 'None' | 'Metadata' | 'Object';

export interface TableOptions<T> {
  readonly columns: readonly TableColumn<T>[];
  /** `v1` or `v1beta1` of meta.k8s.io. */
  readonly version: string;
  readonly includeObject: IncludeObject;
  /** Simulated milliseconds since the Unix epoch. */
  readonly now: number;
  readonly metadata: object;
  /** Later events of a watch carry no column definitions. */
  readonly withoutColumns?: boolean;
  rowConditions?(object: Readonly<T>): readonly TableRowCondition[];
  /** The object in the version asked for, where that is not how the rows are made: it is what a row with the whole object carries. */
  whole?(object: Readonly<T>): Readonly<KubeObject>;
  /** The object whose metadata a row carries, where that is another one. */
  inner?(object: Readonly<T>): Readonly<KubeObject>;
}

export interface Table {
  readonly kind: 'Table';
  readonly apiVersion: string;
  readonly metadata: object;
  readonly columnDefinitions: readonly object[] | null;
  readonly rows: readonly object[];
}

/** A Table of meta.k8s.io, as kubectl asks for it (apiserver/pkg/endpoints/handlers/response.go). */
export function renderTable<T extends KubeObject>(objects: readonly Readonly<T>[], options: TableOptions<T>): Table {
  return {
    kind: 'Table',
    apiVersion: `meta.k8s.io/${options.version}`,
    metadata: options.metadata,
    columnDefinitions: options.withoutColumns ? null : columnDefinitions(options.columns),
    rows: objects.map((object) => ({ ...renderRow(object, options), object: objectOfRow(object, options) })),
  };
}

function columnDefinitions(columns: readonly TableColumn<never>[]): object[] {
  return columns.map(({ name, type, format = '', description, priority = 0 }) => ({ name, type, format, description, priority }));
}

/** A row without the object that it may carry. */
export function renderRow<T extends KubeObject>(
  object: Readonly<T>,
  options: TableOptions<T>,
): { cells: unknown[]; conditions?: readonly TableRowCondition[] } {
  const cells = options.columns.map((column) => column.cell(object, options.now));
  const conditions = options.rowConditions?.(object) ?? [];
  return conditions.length > 0 ? { cells, conditions } : { cells };
}

function objectOfRow<T extends KubeObject>(object: Readonly<T>, options: TableOptions<T>): object | null {
  if (options.includeObject === 'None') return null;
  if (options.includeObject === 'Object') return options.whole?.(object) ?? object;
  return partialObjectMetadata(options.inner?.(object) ?? object, options.version);
}

/** The metadata of an object, as the kind PartialObjectMetadata. */
export function partialObjectMetadata(object: Readonly<KubeObject>, version: string): KubeObject {
  return { kind: 'PartialObjectMetadata', apiVersion: `meta.k8s.io/${version}`, metadata: object.metadata ?? {} };
}
