import type { Event, EventSource, ObjectReference } from '../../generated/types/index.ts';
import type { Env } from '../env/index.ts';
import { isNotFound } from '../machinery/status-error.ts';
import { formatTime } from '../machinery/time.ts';
import type { KubeObject } from '../machinery/types.ts';
import type { Client } from './client.ts';
import { EventCorrelator } from './event-correlator.ts';
import { eventName } from './event-names.ts';
import { WriteQueue } from './event-sink.ts';
import { referenceTo } from './object-reference.ts';

export type EventType = 'Normal' | 'Warning';

type RecorderEnv = Pick<Env, 'loop' | 'clock' | 'log'>;

/** Records what happened to an object, as core/v1 Events (client-go/tools/record). */
export interface EventRecorder {
  /** Returns at once; the event is written later, and lost if the server refuses it. Objects must carry their kind. */
  event(about: KubeObject | ObjectReference, type: EventType, reason: string, message: string, annotations?: Readonly<Record<string, string>>): void;
}

/** A recorder that writes as `source.component`, on `source.host` for node components. */
export function createEventRecorder(client: Client, env: RecorderEnv, source: EventSource): EventRecorder {
  return new CorrelatingRecorder(client, env, source);
}

class CorrelatingRecorder implements EventRecorder {
  readonly #correlator = new EventCorrelator();
  readonly #writes: WriteQueue;

  constructor(
    readonly client: Client,
    readonly env: RecorderEnv,
    readonly source: EventSource,
  ) {
    this.#writes = new WriteQueue(source.component ?? 'unknown', env);
  }

  event(about: KubeObject | ObjectReference, type: EventType, reason: string, message: string, annotations?: Readonly<Record<string, string>>): void {
    const reference = asReference(about);
    const event = this.#make(reference, type, reason, message, annotations);
    const nowMs = this.env.clock.now();
    const correlated = this.#correlator.correlate(event, nowMs, () => eventName(reference.name ?? '', this.env));
    if (correlated.action === 'drop') return;
    this.#writes.add(() => (correlated.action === 'create' ? this.#create(correlated.event) : this.#count(correlated.event, correlated.key)));
  }

  #make(about: ObjectReference, type: EventType, reason: string, message: string, annotations?: Readonly<Record<string, string>>): Event {
    const now = formatTime(this.env.clock.now());
    return {
      apiVersion: 'v1',
      kind: 'Event',
      metadata: {
        name: eventName(about.name ?? '', this.env),
        namespace: about.namespace || 'default',
        ...(annotations ? { annotations: { ...annotations } } : {}),
      },
      involvedObject: about,
      reason,
      message,
      source: { ...this.source },
      firstTimestamp: now,
      lastTimestamp: now,
      count: 1,
      type,
      reportingComponent: this.source.component ?? '',
      reportingInstance: this.source.host ?? '',
    };
  }

  async #create(event: Event): Promise<void> {
    await this.client.events.create(event);
  }

  /** Counts on the event written before; one that has expired meanwhile is written anew. */
  async #count(event: Event, key: string): Promise<void> {
    const { count, lastTimestamp, message } = event;
    try {
      await this.client.events.patch({ namespace: event.metadata.namespace, name: event.metadata.name ?? '' }, 'strategic', { count, lastTimestamp, message });
    } catch (error) {
      if (!isNotFound(error)) throw error;
      await this.#create(event);
      this.#correlator.remember(key, event);
    }
  }
}

/** Takes a reference as it is, and makes one of an object. */
export function asReference(about: KubeObject | ObjectReference): ObjectReference {
  return 'metadata' in about ? referenceTo(about as KubeObject) : { ...(about as ObjectReference) };
}
