import type { Event, ObjectReference } from '../../generated/types/index.ts';
import { LruMap } from './lru-map.ts';

/** Upstream's limits (client-go/tools/record/events_cache.go). */
const cacheSize = 4096;
const aggregateAfter = 10;
const aggregateWithinMs = 600_000;
const spamBurst = 25;
const spamRefillMs = 300_000;
const combined = '(combined from similar events): ';

/** What to write for one event: a new Event, a count on one that was written before, or nothing. */
export type Correlated =
  | { readonly action: 'create'; readonly event: Event; readonly key: string }
  | { readonly action: 'count'; readonly event: Event; readonly key: string }
  | { readonly action: 'drop' };

interface Observation {
  readonly name: string;
  readonly count: number;
  readonly firstTimestamp: string;
}

/**
 * Keeps a component from flooding the API with events (client-go's EventCorrelator): equal ones are counted on one object,
 * from ten similar ones on they are combined, and a source that keeps talking about one object is cut off.
 */
export class EventCorrelator {
  readonly #similar = new LruMap<string, { lastMs: number; messages: Set<string> }>(cacheSize);
  readonly #observed = new LruMap<string, Observation>(cacheSize);
  readonly #spam = new LruMap<string, { tokens: number; atMs: number }>(cacheSize);

  /** @param rename gives the event another name, for a combined one */
  correlate(event: Event, nowMs: number, rename: () => string): Correlated {
    const { event: aggregated, key } = this.#aggregate(event, nowMs, rename);
    const last = this.#observed.get(key);
    const counted: Event = last
      ? { ...aggregated, metadata: { ...aggregated.metadata, name: last.name }, firstTimestamp: last.firstTimestamp, count: last.count + 1 }
      : aggregated;
    this.remember(key, counted);
    if (!this.#allowed(counted, nowMs)) return { action: 'drop' };
    return { action: last ? 'count' : 'create', event: counted, key };
  }

  /** Notes how an event was written in the end. */
  remember(key: string, event: Event): void {
    this.#observed.set(key, { name: event.metadata.name ?? '', count: event.count ?? 1, firstTimestamp: event.firstTimestamp ?? '' });
  }

  #aggregate(event: Event, nowMs: number, rename: () => string): { event: Event; key: string } {
    const similarKey = keyOf(sourceOf(event), aboutOf(event.involvedObject), event.type, event.reason, event.reportingComponent, event.reportingInstance);
    const known = this.#similar.get(similarKey);
    const record = known && nowMs - known.lastMs <= aggregateWithinMs ? known : { lastMs: nowMs, messages: new Set<string>() };
    record.messages.add(event.message ?? '');
    record.lastMs = nowMs;
    this.#similar.set(similarKey, record);
    if (record.messages.size < aggregateAfter) return { event, key: equalKey(event) };
    // The set stands for "how many"; one goes so that it does not grow.
    const [oldest] = record.messages;
    record.messages.delete(oldest as string);
    // Upstream makes the combined event without annotations and without saying who reports.
    const metadata = { name: rename(), namespace: event.metadata.namespace ?? '' };
    const together = { ...event, metadata, message: combined + event.message, count: 1, reportingComponent: '', reportingInstance: '' };
    return { event: together, key: similarKey };
  }

  #allowed(event: Event, nowMs: number): boolean {
    const key = keyOf(sourceOf(event), aboutOf(event.involvedObject));
    const bucket = this.#spam.get(key) ?? { tokens: spamBurst, atMs: nowMs };
    const tokens = Math.min(spamBurst, bucket.tokens + (nowMs - bucket.atMs) / spamRefillMs);
    const allowed = tokens >= 1;
    this.#spam.set(key, { tokens: allowed ? tokens - 1 : tokens, atMs: nowMs });
    return allowed;
  }
}

function equalKey(event: Event): string {
  const { involvedObject: about, type, reason, message, reportingComponent, reportingInstance } = event;
  return keyOf(sourceOf(event), aboutOf(about), about.fieldPath, type, reason, message, reportingComponent, reportingInstance);
}

function sourceOf(event: Event): string {
  return keyOf(event.source?.component, event.source?.host);
}

function aboutOf(object: ObjectReference): string {
  return keyOf(object.kind, object.namespace, object.name, object.uid, object.apiVersion);
}

function keyOf(...parts: (string | undefined)[]): string {
  return parts.map((part) => part ?? '').join('\u0000');
}
