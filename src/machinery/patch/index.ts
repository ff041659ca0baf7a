export * from './json-patch.ts';
export { describeMap } from './merge-error.ts';
export * from './merge-patch.ts';
export * from './strategic-merge-patch.ts';
