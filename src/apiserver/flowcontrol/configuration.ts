import type { FlowSchema, PriorityLevelConfiguration } from '../../../generated/types/index.ts';
import type { UserInfo } from '../../machinery/handler.ts';
import type { KubeObject } from '../../machinery/types.ts';
import type { StorageReader } from '../authz/storage-follower.ts';
import { flowSchemas, priorityLevels } from '../bootstrap/index.ts';
import type { RequestInfo } from '../request-info.ts';
import { Flows } from './flow.ts';
import type { FlowFigures } from './flow-metrics.ts';
import type { UserRules } from './match.ts';
import { rulesFor, speaksOf } from './match.ts';
import type { PriorityLevel } from './priority-level.ts';
import { levelMistake } from './priority-level.ts';
import type { ActiveSchema } from './ticket.ts';

export const flowControlPrefix = '/registry/flowcontrol.apiserver.k8s.io/';

/** They hold even while nobody has stored them. */
const mandatory = ['exempt', 'catch-all'];
const named = <T extends KubeObject>(all: readonly T[]) => all.filter(({ metadata }) => mandatory.includes(metadata?.name ?? ''));
const mandatoryLevels = named(priorityLevels());
const mandatorySchemas = named(flowSchemas(''));

/** The stored flow schemas and priority levels, as a follower of storage tells of them. */
export class StoredConfiguration implements StorageReader {
  readonly #schemas = new Map<string, Readonly<FlowSchema>>();
  readonly #levels = new Map<string, Readonly<PriorityLevelConfiguration>>();

  /** @param changed called when requests may come under others than before; statuses are of no account */
  constructor(readonly changed: () => void) {}

  clear(): void {
    this.#schemas.clear();
    this.#levels.clear();
    this.changed();
  }

  set(key: string, object: Readonly<KubeObject>): void {
    const all = this.#kindOf(key);
    const name = object.metadata?.name ?? '';
    const before = all.get(name)?.metadata;
    all.set(name, object);
    if (before?.uid !== object.metadata?.uid || before?.generation !== object.metadata?.generation) this.changed();
  }

  delete(key: string, object: Readonly<KubeObject>): void {
    if (this.#kindOf(key).delete(object.metadata?.name ?? '')) this.changed();
  }

  /** Those that can be put to work, with those that have to be there, by name. */
  levels(): ReadonlyMap<string, Readonly<PriorityLevelConfiguration>> {
    const good = new Map([...this.#levels].filter(([, level]) => levelMistake(level) === undefined));
    for (const one of mandatoryLevels) if (!good.has(one.metadata?.name ?? '')) good.set(one.metadata?.name ?? '', one);
    return good;
  }

  /** Those whose level is among these, in the order in which they are asked: the least precedence first, then by name. */
  schemas(levels: Pick<ReadonlySet<string>, 'has'>): readonly Readonly<FlowSchema>[] {
    const found = [...this.#schemas.values()].filter(({ spec }) => levels.has(spec?.priorityLevelConfiguration.name ?? '')).sort(inOrder);
    for (const one of mandatorySchemas) {
      if (found.some(({ metadata }) => metadata?.name === one.metadata?.name)) continue;
      if (one.metadata?.name === 'exempt') found.unshift(one);
      else found.push(one);
    }
    return found;
  }

  #kindOf(key: string): Map<string, Readonly<KubeObject>> {
    return key.startsWith('flowschemas/') ? this.#schemas : this.#levels;
  }
}

function inOrder(one: Readonly<FlowSchema>, other: Readonly<FlowSchema>): number {
  const difference = (one.spec?.matchingPrecedence ?? 0) - (other.spec?.matchingPrecedence ?? 0);
  if (difference !== 0) return difference;
  return (one.metadata?.name ?? '') < (other.metadata?.name ?? '') ? -1 : 1;
}

/** A flow schema at work. */
export class WorkingSchema implements ActiveSchema {
  readonly name: string;
  readonly uid: string;
  readonly flows: Flows;
  readonly #by: string | undefined;

  constructor(
    readonly object: Readonly<FlowSchema>,
    readonly level: PriorityLevel,
    readonly figures: FlowFigures,
  ) {
    this.name = object.metadata?.name ?? '';
    this.uid = object.metadata?.uid ?? '';
    this.flows = new Flows(this.name);
    this.#by = level.hasQueues ? object.spec?.distinguisherMethod?.type : undefined;
  }

  /** What tells the flows apart, where there are queues to choose from. */
  distinguisher(user: UserInfo, info: Pick<RequestInfo, 'namespace'>): string {
    if (this.#by === 'ByUser') return user.username;
    return this.#by === 'ByNamespace' ? info.namespace : '';
  }
}

interface Candidate {
  readonly schema: WorkingSchema;
  readonly rules: UserRules;
}

/** Users are known again by their names and groups; of those who are told apart by nothing else, no more are kept. */
const usersMax = 4096;

/** Says under which schema requests come. What a schema has to say of a user is found out once. */
export class Classifier {
  readonly #byUser = new WeakMap<UserInfo, readonly Candidate[]>();
  readonly #byName = new Map<string, readonly Candidate[]>();
  readonly #catchAll: WorkingSchema;

  /** @param schemas in the order in which they are asked; one of them is `catch-all` */
  constructor(readonly schemas: readonly WorkingSchema[]) {
    this.#catchAll = schemas.find(({ name }) => name === 'catch-all') as WorkingSchema;
  }

  classify(info: RequestInfo, user: UserInfo): WorkingSchema {
    for (const { schema, rules } of this.#candidates(user)) if (speaksOf(rules, info)) return schema;
    return this.#catchAll;
  }

  #candidates(user: UserInfo): readonly Candidate[] {
    let found = this.#byUser.get(user);
    if (found) return found;
    const key = `${user.username}\0${user.groups.join('\0')}`;
    found = this.#byName.get(key);
    if (!found) {
      found = this.schemas.flatMap((schema) => {
        const rules = rulesFor(schema.object, user);
        return rules ? [{ schema, rules }] : [];
      });
      if (this.#byName.size >= usersMax) this.#byName.clear();
      this.#byName.set(key, found);
    }
    this.#byUser.set(user, found);
    return found;
  }
}
