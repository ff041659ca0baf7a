export * from './authorizer.ts';
export * from './forbidden.ts';
