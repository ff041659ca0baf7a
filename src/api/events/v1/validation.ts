import type { Event, ObjectReference } from '../../../../generated/types/index.ts';
import { semanticEqual } from '../../../machinery/deep.ts';
import { type FieldError, path } from '../../../machinery/field-error.ts';
import { goStruct, goTime } from '../../../machinery/go-syntax.ts';
import { parseTime } from '../../../machinery/time.ts';
import { Mistakes } from '../../meta/mistakes.ts';
import { byteLength, isDns1123Subdomain, isQualifiedName, nameIsSubdomain } from '../../meta/names.ts';
import { validateFinalizerDomains, validateObjectMeta } from '../../meta/object-meta.ts';

const maxNoteBytes = 1024;
const maxFieldBytes = 128;
const minSeriesCount = 2;

/** pkg/apis/core/validation legacyValidateEvent: events of core/v1 are checked for little, unless they say to the microsecond when they happened. */
export function validateEvent(event: Event): FieldError[] {
  const mistakes = new Mistakes();
  validateLegacy(mistakes, event, 'reportingComponent');
  return mistakes.list;
}

/** What events.k8s.io/v1 asks of a new event, given as it is stored (ValidateEventCreate). */
export function validateEventsV1(event: Event): FieldError[] {
  const mistakes = new Mistakes();
  validateLegacy(mistakes, event, 'reportingController');
  validateObjectMeta(mistakes, event.metadata, true, nameIsSubdomain);
  validateFinalizerDomains(mistakes, event.metadata);
  validateSeries(mistakes, event);
  if (parseTime(event.eventTime) === undefined) mistakes.required(path('eventTime'));
  if (event.type !== 'Normal' && event.type !== 'Warning') mistakes.invalid(path('type'), '', `has invalid value: ${event.type ?? ''}`);
  const { firstTimestamp, lastTimestamp, count, source } = event;
  const unset = { firstTimestamp, lastTimestamp, count, source: source?.component || source?.host };
  for (const [field, value] of Object.entries(unset)) if (value) mistakes.invalid(path(field), '', 'needs to be unset');
  return mistakes.list;
}

const zeroTime = '0001-01-01T00:00:00Z';
const shownTime = (time: string | null | undefined) => goTime(time ?? zeroTime);

/** `core.ObjectReference`, of which Go prints every field. */
function shownReference(reference: ObjectReference | null | undefined): unknown {
  if (!reference) return undefined;
  const { kind = '', namespace = '', name = '', uid = '', apiVersion = '', resourceVersion = '', fieldPath = '' } = reference;
  return goStruct('core.ObjectReference', {
    Kind: kind,
    Namespace: namespace,
    Name: name,
    UID: uid,
    APIVersion: apiVersion,
    ResourceVersion: resourceVersion,
    FieldPath: fieldPath,
  });
}

/** What a later version may not change, in the order in which upstream complains (of the reason twice), as Go shows it: texts as they are. */
const frozen: readonly { readonly field: keyof Event; readonly name?: string; readonly shown?: (event: Event) => unknown }[] = [
  { field: 'involvedObject', shown: (event) => shownReference(event.involvedObject ?? {}) },
  { field: 'reason' },
  { field: 'message' },
  { field: 'source', shown: ({ source }) => goStruct('core.EventSource', { Component: source?.component ?? '', Host: source?.host ?? '' }) },
  { field: 'firstTimestamp', shown: (event) => shownTime(event.firstTimestamp) },
  { field: 'lastTimestamp', shown: (event) => shownTime(event.lastTimestamp) },
  { field: 'count', shown: (event) => event.count ?? 0 },
  { field: 'reason' },
  { field: 'type' },
  { field: 'eventTime', shown: (event) => shownTime(event.eventTime) },
  { field: 'action' },
  { field: 'related', shown: (event) => shownReference(event.related) },
  { field: 'reportingComponent', name: 'reportingController' },
  { field: 'reportingInstance' },
];

/** An event of events.k8s.io/v1 is what it is: only its series goes on (ValidateEventUpdate). */
export function validateEventsV1Update(next: Event, previous: Readonly<Event>): FieldError[] {
  const mistakes = new Mistakes();
  validateLegacy(mistakes, next, 'reportingController');
  if (!semanticEqual(next.series, previous.series)) validateSeries(mistakes, next);
  for (const { field, name, shown = (event: Event) => event[field] ?? '' } of frozen)
    mistakes.immutable(path(name ?? field), shown(next), semanticEqual(next[field] ?? undefined, previous[field] ?? undefined));
  validateFinalizerDomains(mistakes, next.metadata);
  return mistakes.list;
}

function validateLegacy(mistakes: Mistakes, event: Event, controllerField: string): void {
  const [own, involved] = [event.metadata?.namespace ?? '', event.involvedObject?.namespace ?? ''];
  const at = path('involvedObject', 'namespace');
  // The event lives beside what it is about; events of what has no namespace live in `default`, the newer ones in `kube-system` too.
  if (parseTime(event.eventTime) === undefined) {
    if (involved ? own !== involved : own && own !== 'default') mistakes.invalid(at, involved, 'does not match event.namespace');
  } else {
    if (!involved && own !== 'default' && own !== 'kube-system') mistakes.invalid(at, involved, 'does not match event.namespace');
    validateReport(mistakes, event, controllerField);
  }
  mistakes.invalid(path('namespace'), own, isDns1123Subdomain(own));
}

/** Who reports the event, and what was done. */
function validateReport(mistakes: Mistakes, event: Event, controllerField: string): void {
  const controller = event.reportingComponent ?? '';
  if (!controller) mistakes.required(path(controllerField));
  mistakes.invalid(path(controllerField), controller, isQualifiedName(controller));
  const { reportingInstance, action, reason } = event;
  for (const [field, value] of Object.entries({ reportingInstance, action, reason })) {
    if (!value) mistakes.required(path(field));
    else if (byteLength(value) > maxFieldBytes) mistakes.invalid(path(field), '', `can have at most ${maxFieldBytes} characters`);
  }
  if (byteLength(event.message ?? '') > maxNoteBytes) mistakes.invalid(path('message'), '', `can have at most ${maxNoteBytes} characters`);
}

function validateSeries(mistakes: Mistakes, { series }: Event): void {
  if (!series) return;
  if ((series.count ?? 0) < minSeriesCount) mistakes.invalid(path('series.count'), '', `should be at least ${minSeriesCount}`);
  if (parseTime(series.lastObservedTime) === undefined) mistakes.required(path('series.lastObservedTime'));
}
