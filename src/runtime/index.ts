export { createCatalogue } from './images/catalogue.ts';
export type { DnsService } from './images/coredns.ts';
export type { ImageContent, ImageDefinition, MemoryService, ShellMaker } from './images/definition.ts';
export { parseReference } from './reference.ts';
export type { SimulatedRuntimeOptions } from './runtime.ts';
export { pauseReference, SimulatedRuntime } from './runtime.ts';
export * from './types.ts';
export { SimulatedVolumes } from './volumes.ts';
