export * from './nulls.ts';
export * from './schema.ts';
export * from './type-errors.ts';
export * from './unknown-fields.ts';
