import type { Event, EventsV1Event } from '../../../../generated/types/index.ts';

/** Keys whose value is undefined are left out, so that objects compare and print as they would in Go. */
function compact<T extends object>(object: T): T {
  for (const key of Object.keys(object) as (keyof T)[]) if (object[key] === undefined) delete object[key];
  return object;
}

const none = null as never;

type Series = NonNullable<Event['series']>;

/** Fields of an event of core/v1 that Go writes even when they are empty. */
export function setEventDefaults(event: Event): void {
  event.source ??= {};
  event.firstTimestamp ??= none;
  event.lastTimestamp ??= none;
  event.eventTime ??= none;
  event.reportingComponent ??= '';
  event.reportingInstance ??= '';
  event.involvedObject ??= {};
  if (event.series) event.series = storedSeries(event.series);
}

/** Of a series both versions always write the time; the count 0 is written by events.k8s.io/v1 only. */
function storedSeries({ count, lastObservedTime }: Series): Series {
  return { ...(count ? { count } : {}), lastObservedTime: lastObservedTime ?? none };
}

function shownSeries({ count, lastObservedTime }: Series): Required<Series> {
  return { count: count ?? 0, lastObservedTime: lastObservedTime ?? none };
}

/** core/v1 as it is stored, in the words of events.k8s.io/v1 (pkg/apis/events/v1 conversion). */
export function toEventsV1(event: Readonly<Event>): EventsV1Event {
  return compact({
    kind: 'Event',
    apiVersion: 'events.k8s.io/v1',
    metadata: event.metadata,
    eventTime: event.eventTime ?? none,
    series: event.series && shownSeries(event.series),
    reportingController: event.reportingComponent || undefined,
    reportingInstance: event.reportingInstance || undefined,
    action: event.action,
    reason: event.reason,
    regarding: event.involvedObject ?? {},
    related: event.related,
    note: event.message,
    type: event.type,
    deprecatedSource: event.source ?? {},
    deprecatedFirstTimestamp: event.firstTimestamp ?? none,
    deprecatedLastTimestamp: event.lastTimestamp ?? none,
    deprecatedCount: event.count,
  } as EventsV1Event);
}

/** The way back. */
export function fromEventsV1(event: EventsV1Event): Event {
  const stored = compact({
    kind: 'Event',
    apiVersion: 'v1',
    metadata: event.metadata ?? {},
    involvedObject: event.regarding ?? {},
    reason: event.reason,
    message: event.note,
    source: event.deprecatedSource ?? {},
    firstTimestamp: event.deprecatedFirstTimestamp ?? none,
    lastTimestamp: event.deprecatedLastTimestamp ?? none,
    count: event.deprecatedCount,
    type: event.type,
    eventTime: event.eventTime ?? none,
    series: event.series,
    action: event.action,
    related: event.related,
    reportingComponent: event.reportingController ?? '',
    reportingInstance: event.reportingInstance ?? '',
  } as Event);
  setEventDefaults(stored);
  return stored;
}
