export type { Cli } from './cli.ts';
export { createCli } from './cli.ts';
export type { AccessOptions, CliDeps, OutputStream, RunningServer, StartOptions, StopSignal } from './context.ts';
export { listenOn } from './listen.ts';
export type { NodePlan } from './nodes.ts';
export { createProcessDeps } from './process-deps.ts';
