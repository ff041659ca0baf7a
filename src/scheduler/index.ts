export type { Plugin, WeightedPlugin } from './framework.ts';
export { defaultPlugins } from './plugins/index.ts';
export type { SchedulerOptions } from './scheduler.ts';
export { Scheduler } from './scheduler.ts';
