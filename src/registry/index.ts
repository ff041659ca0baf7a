export * from './generic/index.ts';
