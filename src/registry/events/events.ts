import type { Event, EventsV1Event } from '../../../generated/types/index.ts';
import { fromEventsV1, nameIsPathSegment, setEventDefaults, toEventsV1, validateEvent, validateEventsV1, validateEventsV1Update } from '../../api/index.ts';
import type { KubeObject } from '../../machinery/types.ts';
import { column, since, wide } from '../core/columns.ts';
import type { Column, Strategy } from '../generic/strategy.ts';

function firstSeen(event: Readonly<Event>, now: number): string {
  return since(event.firstTimestamp ?? event.eventTime, now);
}

function lastSeen(event: Readonly<Event>, now: number): string {
  if (event.series) return since(event.series.lastObservedTime, now);
  return event.lastTimestamp ? since(event.lastTimestamp, now) : firstSeen(event, now);
}

function target({ involvedObject }: Readonly<Event>): string {
  const kind = (involvedObject?.kind ?? '').toLowerCase();
  return involvedObject?.name ? `${kind}/${involvedObject.name}` : kind;
}

function source(event: Readonly<Event>): string {
  const component = event.source?.component || event.reportingComponent || '';
  const instance = event.source?.host || event.reportingInstance || '';
  return instance ? `${component}, ${instance}` : component;
}

const columns: readonly Column<Event>[] = [
  column('Last Seen', 'When it was last observed.', lastSeen),
  column('Type', 'Normal, or Warning.', (event) => event.type ?? ''),
  column('Reason', 'Why it happened, in one word.', (event) => event.reason ?? ''),
  column('Object', 'What it is about.', target),
  wide('Subobject', 'The part of the object it is about.', (event) => event.involvedObject?.fieldPath ?? ''),
  wide('Source', 'Who reported it.', source),
  column('Message', 'What happened, for people.', (event) => (event.message ?? '').trim()),
  wide('First Seen', 'When it was first observed.', firstSeen),
  // A singleton of the newer API carries no count.
  wide('Count', 'How often it was observed.', (event) => (event.series ? (event.series.count ?? 0) : event.count || 1)),
  { name: 'Name', type: 'string', format: 'name', description: 'The name of the event.', priority: 1, cell: (event) => event.metadata?.name ?? '' },
];

function selectableFields(event: Readonly<Event>): Record<string, string> {
  const about = event.involvedObject ?? {};
  return {
    'involvedObject.kind': about.kind ?? '',
    'involvedObject.namespace': about.namespace ?? '',
    'involvedObject.name': about.name ?? '',
    'involvedObject.uid': about.uid ?? '',
    'involvedObject.apiVersion': about.apiVersion ?? '',
    'involvedObject.resourceVersion': about.resourceVersion ?? '',
    'involvedObject.fieldPath': about.fieldPath ?? '',
    reason: event.reason ?? '',
    reportingComponent: event.reportingComponent ?? '',
    source: event.source?.component || event.reportingComponent || '',
    type: event.type ?? '',
  };
}

const asStored = (event: Readonly<KubeObject>): Event => fromEventsV1(event as EventsV1Event);

/** pkg/registry/core/event: one storage for core/v1 and events.k8s.io/v1. Events are updated and re-created without conflict checks. */
export const eventStrategy: Strategy<Event> = {
  resource: { group: '', version: 'v1', kind: 'Event', plural: 'events', singular: 'event', shortNames: ['ev'], namespaced: true },
  alsoServedAs: [
    {
      resource: { group: 'events.k8s.io', version: 'v1', kind: 'Event', plural: 'events', singular: 'event', shortNames: ['ev'], namespaced: true },
      fromStorage: toEventsV1,
      toStorage: (event) => fromEventsV1(event as EventsV1Event),
      checks: { validate: validateEventsV1, validateUpdate: validateEventsV1Update },
      selectableFields(event) {
        // The newer API names the same fields by its own words.
        const fields = Object.entries(selectableFields(asStored(event)));
        return Object.fromEntries(
          fields
            .filter(([field]) => field !== 'source')
            .map(([field, value]) => [field.replace(/^involvedObject/, 'regarding').replace(/^reportingComponent$/, 'reportingController'), value]),
        );
      },
    },
  ],
  applyDefaults: setEventDefaults,
  validateName: nameIsPathSegment,
  metadataChecks: { finalizerDomains: false, onUpdate: false, onCreate: false },
  validate: validateEvent,
  validateUpdate: validateEvent,
  createOnUpdate: true,
  lifetimeMs: 3_600_000, // Upstream's --event-ttl.
  columns,
  selectableFields,
};
