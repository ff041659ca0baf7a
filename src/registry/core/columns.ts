import type { Container, LabelSelector, PodTemplateSpec } from '../../../generated/types/index.ts';
import { formatLabelSelector, requirementsOf } from '../../machinery/selectors/labels.ts';
import { humanDuration, parseTime } from '../../machinery/time.ts';
import type { KubeObject } from '../../machinery/types.ts';
import type { Column } from '../generic/strategy.ts';

/** The name of the object, the first column of nearly every table. */
export const nameColumn: Column<KubeObject> = {
  name: 'Name',
  type: 'string',
  format: 'name',
  description: 'The name of the object, unique within its namespace.',
  cell: (object) => object.metadata?.name ?? '',
};

export const ageColumn: Column<KubeObject> = {
  name: 'Age',
  type: 'string',
  description: 'How long ago the object was created.',
  cell: (object, now) => since(object.metadata?.creationTimestamp, now),
};

/** `25s`, or `<unknown>` for a time that is not set. */
export function since(time: string | null | undefined, now: number): string {
  const then = parseTime(time);
  return then === undefined ? '<unknown>' : humanDuration(now - then);
}

/** A column shown only with `-o wide`. */
export function wide<T>(name: string, description: string, cell: Column<T>['cell']): Column<T> {
  return { name, type: 'string', description, priority: 1, cell };
}

export function column<T>(name: string, description: string, cell: Column<T>['cell'], type: Column<T>['type'] = 'string'): Column<T> {
  return { name, type, description, cell };
}

/** `app=web,tier=front`, or `<none>`. */
export function formatLabels(labels: Readonly<Record<string, string>> | undefined): string {
  const text = Object.entries(labels ?? {})
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([key, value]) => `${key}=${value}`)
    .join(',');
  return text || '<none>';
}

export function formatSelector(selector: LabelSelector | undefined): string {
  const requirements = requirementsOf(selector);
  return (requirements && formatLabelSelector(requirements)) || '<none>';
}

const containersOf = (template: PodTemplateSpec | undefined): readonly Container[] => template?.spec?.containers ?? [];

/** Names and images of a template's containers. */
export function containerColumns<T>(template: (object: Readonly<T>) => PodTemplateSpec | undefined, priority: 0 | 1): [Column<T>, Column<T>] {
  const join = (object: Readonly<T>, part: (container: Container) => string): string => containersOf(template(object)).map(part).join(',');
  return [
    {
      name: 'Containers',
      type: 'string',
      description: 'Names of the containers in the template.',
      priority,
      cell: (object) => join(object, (one) => one.name),
    },
    {
      name: 'Images',
      type: 'string',
      description: 'Images of the containers in the template.',
      priority,
      cell: (object) => join(object, (one) => one.image ?? ''),
    },
  ];
}
