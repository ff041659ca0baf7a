import type { Taint, Toleration } from '../../generated/types/index.ts';

/** Whether any of the tolerations covers the taint (api/core/v1 ToleratesTaint). */
export function toleratesTaint(tolerations: readonly Toleration[] | undefined, taint: Readonly<Taint>): boolean {
  return (tolerations ?? []).some((one) => {
    if (one.effect && one.effect !== taint.effect) return false;
    if (one.key && one.key !== taint.key) return false;
    return one.operator === 'Exists' || (one.value ?? '') === (taint.value ?? '');
  });
}
