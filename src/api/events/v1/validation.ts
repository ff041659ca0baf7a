import type { Event } from '../../../../generated/types/index.ts';
import { semanticEqual } from '../../../machinery/deep.ts';
import { type FieldError, path } from '../../../machinery/field-error.ts';
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

const textFields = new Set<keyof Event>(['reason', 'message', 'type', 'action', 'reportingComponent', 'reportingInstance']);

/** An event of events.k8s.io/v1 is what it is: only its series goes on (ValidateEventUpdate). */
export function validateEventsV1Update(next: Event, previous: Readonly<Event>): FieldError[] {
  const mistakes = new Mistakes();
  validateLegacy(mistakes, next, 'reportingController');
  if (!semanticEqual(next.series, previous.series)) validateSeries(mistakes, next);
  const immutable = (field: keyof Event, shown: string = field): void =>
    mistakes.immutable(
      path(shown),
      next[field] ?? (textFields.has(field) ? '' : undefined),
      semanticEqual(next[field] ?? undefined, previous[field] ?? undefined),
    );
  for (const field of ['involvedObject', 'reason', 'message', 'source', 'firstTimestamp', 'lastTimestamp', 'count', 'type', 'eventTime'] as const)
    immutable(field);
  for (const field of ['action', 'related'] as const) immutable(field);
  immutable('reportingComponent', 'reportingController');
  immutable('reportingInstance');
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
