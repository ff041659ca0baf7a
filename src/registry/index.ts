export * from './built-in.ts';
export * from './generic/index.ts';
