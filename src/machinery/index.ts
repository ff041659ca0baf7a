export * from './deep.ts';
export * from './field-error.ts';
export * from './handler.ts';
export * from './quantity.ts';
export * from './selectors/labels.ts';
export * from './status-error.ts';
export * from './time.ts';
export * from './types.ts';
