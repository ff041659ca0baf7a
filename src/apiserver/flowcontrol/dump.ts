import { formatTime } from '../../machinery/time.ts';
import type { PriorityLevel } from './priority-level.ts';
import type { Ticket } from './ticket.ts';

const prefix = '/debug/api_priority_and_fairness/';

/**
 * What upstream tells those who look for the cause of a jam (util/flowcontrol apf_controller_debug.go): tables of text.
 * Undefined for other paths.
 */
export function dump(path: string, query: URLSearchParams, levels: () => readonly PriorityLevel[]): string | undefined {
  if (!path.startsWith(prefix)) return undefined;
  switch (path.slice(prefix.length)) {
    case 'dump_priority_levels':
      return dumpLevels(levels());
    case 'dump_queues':
      return dumpQueues(levels());
    case 'dump_requests':
      return dumpRequests(levels(), Boolean(query.get('includeRequestDetails')));
    default:
      return undefined;
  }
}

const levelColumns = [
  'PriorityLevelName',
  'ActiveQueues',
  'IsIdle',
  'IsQuiescing',
  'WaitingRequests',
  'ExecutingRequests',
  'DispatchedRequests',
  'RejectedRequests',
  'TimedoutRequests',
  'CancelledRequests',
];

function dumpLevels(levels: readonly PriorityLevel[]): string {
  const rows = levels.map(({ name, quiescing, queues }) => {
    const active = queues.queues.filter(({ waiting }) => waiting.size > 0).length;
    // Upstream has a column for those timed out, and counts them as cancelled.
    const counts = [queues.waiting, queues.executing.length, queues.dispatched, queues.rejected, 0, queues.cancelled];
    return [name, active, queues.isIdle, quiescing, ...counts].map(String);
  });
  return table([levelColumns, ...rows]);
}

const queueColumns = [
  'PriorityLevelName',
  'Index',
  'PendingRequests',
  'ExecutingRequests',
  'SeatsInUse',
  'NextDispatchR',
  'InitialSeatsSum',
  'MaxSeatsSum',
  'TotalWorkSum',
];

function dumpQueues(levels: readonly PriorityLevel[]): string {
  const rows = levels.flatMap(({ name, queues }) =>
    queues.queues.map(({ index, waiting, executing, seatsInUse, nextR, seatsWaiting, workWaiting }) => {
      const sums = [seatSeconds(nextR), seatsWaiting, seatsWaiting, seatSeconds(workWaiting)];
      return [name, index, waiting.size, executing, seatsInUse, ...sums].map(String);
    }),
  );
  return table([queueColumns, ...rows]);
}

/** `0.00300000ss` */
function seatSeconds(value: number): string {
  return `${value.toFixed(8)}ss`;
}

// The fifth is spelt as upstream spells it.
const requestColumns = [
  'PriorityLevelName',
  'FlowSchemaName',
  'QueueIndex',
  'RequestIndexInQueue',
  'FlowDistingsher',
  'ArriveTime',
  'InitialSeats',
  'FinalSeats',
  'AdditionalLatency',
  'StartTime',
];
const detailColumns = ['UserName', 'Verb', 'APIPath', 'Namespace', 'Name', 'APIVersion', 'Resource', 'SubResource'];

function dumpRequests(levels: readonly PriorityLevel[], details: boolean): string {
  const row = (name: string, ticket: Ticket, queue: number, place: number): string[] => {
    const { schema, flow, arrivedMs, startedMs, seats, user, info } = ticket;
    const version = info.group ? `${info.group}/${info.version}` : info.version;
    const more = [user.username, info.verb, info.path, info.namespace, info.name, version, info.resource, info.subresource];
    const times = [time(arrivedMs), String(seats), '0', '0s', startedMs === 0 ? '0001-01-01T00:00:00Z' : time(startedMs)];
    return [name, schema.name, String(queue), String(place), flow.distinguisher, ...times, ...(details ? more : [])];
  };
  const rows = levels.flatMap(({ name, queues }) => {
    const { executing } = queues;
    const ofQueues = queues.queues.flatMap((queue) => [
      ...[...queue.waiting].map((ticket, place) => row(name, ticket, queue.index, place)),
      ...executing.filter((ticket) => ticket.queue === queue).map((ticket) => row(name, ticket, queue.index, -1)),
    ]);
    return [...ofQueues, ...executing.filter(({ queue }) => !queue).map((ticket) => row(name, ticket, -1, -1))];
  });
  return table([[...requestColumns, ...(details ? detailColumns : [])], ...rows]);
}

/** RFC 3339 with as many decimals as it takes. */
function time(ms: number): string {
  const decimals =
    ms % 1000 === 0
      ? ''
      : `.${String(ms % 1000)
          .padStart(3, '0')
          .replace(/0+$/, '')}`;
  return formatTime(ms - (ms % 1000)).replace('Z', `${decimals}Z`);
}

const columnMin = 8;

/** Cells end in a comma and are as wide as the widest of their column and a space, as text/tabwriter would have it; the last is as it is. */
function table(rows: readonly (readonly string[])[]): string {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(columnMin, ...rows.map((row) => [...(row[column] ?? '')].length + 2)));
  const cell = (text: string, column: number, { length }: readonly string[]) =>
    column === length - 1 ? text : `${text},${' '.repeat(Math.max(0, (widths[column] as number) - [...text].length - 1))}`;
  return rows.map((row) => `${row.map((text, column) => cell(text, column, row)).join('')}\n`).join('');
}
