export * from './fields.ts';
export * from './label-parser.ts';
export * from './label-syntax.ts';
export * from './labels.ts';
