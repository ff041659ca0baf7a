export type { ShellOptions } from './program.ts';
export { shellProgram } from './program.ts';
export type { Flavour } from './shell.ts';
