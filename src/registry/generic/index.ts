export * from './continue-token.ts';
export * from './json-equal.ts';
export * from './options.ts';
export * from './resource-registry.ts';
export * from './revision.ts';
export * from './selection.ts';
export * from './strategy.ts';
