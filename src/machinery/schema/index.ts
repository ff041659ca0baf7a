export { keysIfFitting } from './fits.ts';
export * from './go-order.ts';
export * from './go-values.ts';
export * from './nulls.ts';
export * from './restore-errors.ts';
export * from './schema.ts';
export * from './struct-order.ts';
export { findTypeError, specialDecoder } from './type-errors.ts';
export { findUnknownFields, pruneUnknownFields } from './unknown-fields.ts';
