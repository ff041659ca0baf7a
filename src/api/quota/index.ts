export * from './amounts.ts';
export type { QuotaEvaluator } from './evaluator.ts';
export { matchesQuota, quotaEvaluatorFor, scopesOf } from './evaluator.ts';
