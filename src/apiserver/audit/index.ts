export * from './auditor.ts';
export * from './policy.ts';
