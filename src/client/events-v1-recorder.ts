import type { EventsV1Event, ObjectReference } from '../../generated/types/index.ts';
import type { Env } from '../env/index.ts';
import type { Timer } from '../env/loop.ts';
import { isNotFound } from '../machinery/status-error.ts';
import { formatMicroTime, parseTime } from '../machinery/time.ts';
import type { KubeObject } from '../machinery/types.ts';
import type { Client } from './client.ts';
import { eventName } from './event-names.ts';
import type { EventType } from './event-recorder.ts';
import { asReference } from './event-recorder.ts';
import { WriteQueue } from './event-sink.ts';

/** A series that has been quiet for this long is over; upstream looks this often, too. */
const finishMs = 6 * 60_000;
/** A series that goes on is written again this often. */
const refreshMs = 30 * 60_000;

type RecorderEnv = Pick<Env, 'loop' | 'clock' | 'log'>;

/** Records events of the newer form (client-go/tools/events), as the scheduler does. */
export interface EventsV1Recorder {
  /**
   * Returns at once. Events that differ in nothing but their note are a series: the second is written as `series.count` 2,
   * later ones are only counted, and written every 30 minutes or when the series has been quiet for 6.
   */
  event(
    regarding: KubeObject | ObjectReference,
    related: KubeObject | ObjectReference | undefined,
    type: EventType,
    reason: string,
    action: string,
    note: string,
  ): void;
}

/** @param instance `reportingInstance`: upstream's is `<controller>-<host name>` */
export function createEventsV1Recorder(client: Client, env: RecorderEnv, controller: string, instance: string): EventsV1Recorder {
  return new SeriesRecorder(client, env, controller, instance);
}

class SeriesRecorder implements EventsV1Recorder {
  readonly #events = new Map<string, EventsV1Event>();
  readonly #writes: WriteQueue;
  #timer: Timer | undefined;
  #refreshedMs: number;

  constructor(
    readonly client: Client,
    readonly env: RecorderEnv,
    readonly controller: string,
    readonly instance: string,
  ) {
    this.#writes = new WriteQueue(controller, env);
    this.#refreshedMs = env.clock.now();
  }

  event(
    regarding: KubeObject | ObjectReference,
    related: KubeObject | ObjectReference | undefined,
    type: EventType,
    reason: string,
    action: string,
    note: string,
  ): void {
    const about = asReference(regarding);
    const other = related ? asReference(related) : undefined;
    const key = JSON.stringify([type, action, reason, about, other]);
    const now = formatMicroTime(this.env.clock.now());
    const known = this.#events.get(key);
    if (known) {
      this.#repeat(key, known, now);
      return;
    }
    const event: EventsV1Event = {
      apiVersion: 'events.k8s.io/v1',
      kind: 'Event',
      metadata: { name: eventName(about.name ?? '', this.env), namespace: about.namespace || 'default' },
      eventTime: now,
      reportingController: this.controller,
      reportingInstance: this.instance,
      action,
      reason,
      regarding: about,
      ...(other ? { related: other } : {}),
      note,
      type,
    };
    this.#events.set(key, event);
    this.#armCleaning();
    this.#writes.add(async () => {
      await this.client.eventsV1.create({ ...event });
    });
  }

  #repeat(key: string, event: EventsV1Event, now: string): void {
    const count = (event.series?.count ?? 1) + 1;
    const repeated = { ...event, series: { count, lastObservedTime: now } };
    this.#events.set(key, repeated);
    if (!event.series) this.#writeSeries(repeated);
  }

  #writeSeries(event: EventsV1Event): void {
    const { namespace, name = '' } = event.metadata ?? {};
    this.#writes.add(async () => {
      try {
        await this.client.eventsV1.patch({ namespace, name }, 'strategic', { series: event.series });
      } catch (error) {
        if (!isNotFound(error)) throw error;
        await this.client.eventsV1.create({ ...event });
      }
    });
  }

  /** No timer is set while there is nothing to clean, so that an idle cluster stays idle. */
  #armCleaning(): void {
    this.#timer ??= this.env.loop.after(finishMs, `${this.controller} event series`, () => {
      this.#timer = undefined;
      this.#clean(this.env.clock.now());
      if (this.#events.size > 0) this.#armCleaning();
    });
  }

  #clean(nowMs: number): void {
    const refresh = nowMs - this.#refreshedMs >= refreshMs;
    if (refresh) this.#refreshedMs = nowMs;
    for (const [key, event] of this.#events) {
      const lastMs = parseTime(event.series?.lastObservedTime ?? event.eventTime) ?? 0;
      const over = lastMs <= nowMs - finishMs;
      if (event.series && (over || refresh)) this.#writeSeries(event);
      if (over) this.#events.delete(key);
    }
  }
}
