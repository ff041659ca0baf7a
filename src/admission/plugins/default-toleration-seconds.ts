import type { Pod } from '../../../generated/types/index.ts';
import type { AdmissionPlugin } from '../types.ts';

/** How long a pod stays on a node that is lost: five minutes, unless it says otherwise. */
const seconds = 300;

/** plugin/pkg/admission/defaulttolerationseconds. */
export function defaultTolerationSeconds(): AdmissionPlugin<Pod> {
  return {
    name: 'DefaultTolerationSeconds',
    rules: [{ resource: 'pods', operations: ['CREATE', 'UPDATE'] }],
    admit({ object: pod }) {
      if (!pod?.spec) return;
      const own = [...(pod.spec.tolerations ?? [])];
      const missing = ['node.kubernetes.io/not-ready', 'node.kubernetes.io/unreachable'].filter(
        (key) => !own.some((one) => (!one.key || one.key === key) && (!one.effect || one.effect === 'NoExecute')),
      );
      if (missing.length === 0) return;
      pod.spec.tolerations = [...own, ...missing.map((key) => ({ key, operator: 'Exists', effect: 'NoExecute', tolerationSeconds: seconds }))];
    },
  };
}
