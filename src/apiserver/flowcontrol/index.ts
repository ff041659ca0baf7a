export { dump } from './dump.ts';
export { FlowControl } from './flow-control.ts';
export { levelMistake } from './priority-level.ts';
export type { Ticket } from './ticket.ts';
