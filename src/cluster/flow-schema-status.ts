import type { FlowSchema, FlowSchemaCondition, PriorityLevelConfiguration } from '../../generated/types/index.ts';
import { levelMistake } from '../apiserver/index.ts';
import type { Client, InformerFactory, SharedInformer } from '../client/index.ts';
import type { Env, Timer } from '../env/index.ts';
import { isConflict, isNotFound } from '../machinery/status-error.ts';
import { formatTime } from '../machinery/time.ts';
import { applyStatus, fairnessParts, flowSchemaRef, priorityLevelRef } from './server-objects.ts';

/** Somebody else may want the status to be another one; neither shall keep the server busy. */
const writesMax = 6;
const writesWithinMs = 60_000;
const patienceMs = { least: 30_000, most: 75_000 };

export interface FlowSchemaStatusOptions {
  readonly env: Env;
  /** Acts as the API server. */
  readonly client: Client;
  readonly informers: InformerFactory;
}

/** Whether the priority level of a schema is there and can be put to work, as its condition Dangling says it. */
export function danglingCondition(schema: Readonly<FlowSchema>, exists: boolean, time: string): FlowSchemaCondition {
  const about = `This FlowSchema references the PriorityLevelConfiguration object named ${JSON.stringify(schema.spec?.priorityLevelConfiguration.name ?? '')}`;
  const said = exists
    ? { status: 'False', reason: 'Found', message: `${about} and it exists` }
    : { status: 'True', reason: 'NotFound', message: `${about} but there is no such object` };
  return { type: 'Dangling', ...said, lastTransitionTime: time };
}

/**
 * Keeps the status of flow schemas right while schemas and levels come and go (the second half of util/flowcontrol apf_controller.go).
 */
export class FlowSchemaStatus {
  readonly #schemas: SharedInformer<FlowSchema>;
  readonly #levels: SharedInformer<PriorityLevelConfiguration>;
  readonly #writes = new Map<string, readonly number[]>();
  #due = false;
  #patience: Timer | undefined;
  #stopped = false;

  constructor(readonly options: FlowSchemaStatusOptions) {
    this.#schemas = options.informers.for<FlowSchema>(flowSchemaRef);
    this.#levels = options.informers.for<PriorityLevelConfiguration>(priorityLevelRef);
  }

  start(): void {
    const later = () => this.#soon();
    this.#schemas.handle({ added: later, updated: later });
    this.#levels.handle({ added: later, updated: later, deleted: later });
  }

  stop(): void {
    this.#stopped = true;
    this.#patience?.cancel();
  }

  /** Several changes are looked at together, once all that is known of them has come. */
  #soon(): void {
    if (this.#due) return;
    this.#due = true;
    this.options.env.loop.defer('flow-schema-status', () => this.#check());
  }

  #later(): void {
    const { loop, random } = this.options.env;
    const ms = patienceMs.least + random.stream('flow-schema-status').int(patienceMs.most - patienceMs.least);
    this.#patience ??= loop.after(ms, 'flow-schema-status', () => {
      this.#patience = undefined;
      this.#soon();
    });
  }

  async #check(): Promise<void> {
    this.#due = false;
    if (this.#stopped || !this.#schemas.synced || !this.#levels.synced) return;
    const now = this.options.env.clock.now();
    for (const schema of this.#schemas.lister.list()) {
      const level = this.#levels.lister.get({ name: schema.spec?.priorityLevelConfiguration.name ?? '' });
      const wanted = danglingCondition(schema, level !== undefined && levelMistake(level) === undefined, formatTime(now));
      const present = schema.status?.conditions?.find(({ type }) => type === wanted.type);
      if (present?.status === wanted.status && present?.reason === wanted.reason && present?.message === wanted.message) continue;
      if (this.#mayWrite(schema.metadata?.name ?? '', now)) await this.#write(schema, wanted);
      else this.#later();
    }
  }

  #mayWrite(name: string, now: number): boolean {
    const lately = (this.#writes.get(name) ?? []).filter((at) => now - at < writesWithinMs);
    const may = lately.length < writesMax;
    this.#writes.set(name, may ? [...lately, now] : lately);
    return may;
  }

  async #write(schema: Readonly<FlowSchema>, wanted: FlowSchemaCondition): Promise<void> {
    const { client, env } = this.options;
    const { apiVersion, kind, metadata } = schema;
    await applyStatus(client, flowSchemaRef, fairnessParts.consumer, { apiVersion, kind, metadata, status: { conditions: [wanted] } } as FlowSchema).catch(
      (error: unknown) => {
        // Whoever was faster will be heard of.
        if (!isConflict(error) && !isNotFound(error)) env.log.warn('status of a flow schema could not be written', { error: String(error) });
      },
    );
  }
}
