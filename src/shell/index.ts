export * from './fs/index.ts';
export * from './kernel/index.ts';
export * from './sh/index.ts';
