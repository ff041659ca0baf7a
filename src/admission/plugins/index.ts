import type { Ids } from '../../env/index.ts';
import type { AdmissionPlugin, ObjectReader } from '../types.ts';
import { defaultTolerationSeconds } from './default-toleration-seconds.ts';
import { namespaceLifecycle } from './namespace-lifecycle.ts';
import { priority } from './priority.ts';
import { serviceAccount } from './service-account.ts';
import { taintNodesByCondition } from './taint-nodes-by-condition.ts';

export { defaultTolerationSeconds, namespaceLifecycle, priority, serviceAccount, taintNodesByCondition };

/** What the plugins read and draw from. */
export interface PluginDependencies {
  readonly reader: ObjectReader;
  readonly ids: Ids;
}

/**
 * The plugins in upstream's order (pkg/kubeapiserver/options AllOrderedPlugins). The namespace comes first, since nothing else matters where
 * it is missing; the service account before the others, because it refuses and they only fill in.
 */
export function builtInPlugins({ reader, ids }: PluginDependencies): readonly AdmissionPlugin[] {
  const plugins = [namespaceLifecycle(reader), serviceAccount(reader, ids), taintNodesByCondition(), priority(reader), defaultTolerationSeconds()];
  return plugins as unknown as readonly AdmissionPlugin[];
}
