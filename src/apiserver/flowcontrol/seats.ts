import type { Clock } from '../../env/index.ts';
import type { RequestInfo } from '../request-info.ts';

const objectsPerSeat = 100;

/**
 * How many seats a request takes (util/flowcontrol/request): more than one only for lists, by how many objects they have to go through.
 * @param stored objects of the resource; undefined if that is not known
 * @param most seats that a request of its level is given
 *
 * Differs from upstream: writes take one seat however many watchers hear of them, and give it back at once.
 */
export function seatsOf({ verb, name }: RequestInfo, query: URLSearchParams, stored: number | undefined, most: number): number {
  if (verb !== 'list' || name !== '' || stored === undefined) return 1;
  const asked = query.get('limit') ?? '0';
  if (!/^[+-]?\d+$/.test(asked)) return most; // It will be refused.
  const limit = Number(asked);
  const shown = limit > 0 && limit < stored ? limit : stored;
  const selects = Boolean(query.get('fieldSelector') || query.get('labelSelector'));
  const processed = !fromStorage(query, limit) ? stored : selects ? stored + shown : 2 * shown;
  return Math.min(most, Math.max(1, Math.ceil(processed / objectsPerSeat)));
}

/** Whether upstream's watch cache cannot answer (storage/cacher/delegator). */
function fromStorage(query: URLSearchParams, limit: number): boolean {
  const match = query.get('resourceVersionMatch') ?? '';
  if (match !== '') return match !== 'NotOlderThan';
  const version = query.get('resourceVersion') ?? '';
  return Boolean(query.get('continue')) || (limit > 0 && version !== '' && version !== '0');
}

/** As often as upstream's tracker of object counts learns of them. */
const countedEveryMs = 60_000;

/** How many objects there are of each resource, roughly: counted when somebody asks, at most once a minute, and known a little later. */
export class ObjectCounts {
  readonly #known = new Map<string, { count: number | undefined; atMs: number }>();

  constructor(
    readonly clock: Pick<Clock, 'now'>,
    readonly count: (group: string, resource: string) => Promise<number> | undefined,
  ) {}

  /** Undefined for what was not counted yet, or is not stored here. */
  get(group: string, resource: string): number | undefined {
    const key = `${group}/${resource}`;
    const known = this.#known.get(key);
    const now = this.clock.now();
    if (known && now - known.atMs < countedEveryMs) return known.count;
    const counting = this.count(group, resource);
    if (!counting) return undefined;
    const entry = { count: known?.count, atMs: now };
    this.#known.set(key, entry);
    counting.then(
      (count) => {
        entry.count = count;
      },
      () => {}, // The store has closed.
    );
    return known?.count;
  }
}
