export * from './nulls.ts';
export * from './restore-errors.ts';
export * from './schema.ts';
export * from './type-errors.ts';
export * from './unknown-fields.ts';
