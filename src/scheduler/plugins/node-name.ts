import type { Plugin } from '../framework.ts';
import { unresolvable } from '../framework.ts';

/** A pod that names its node runs there or nowhere. */
export const nodeName: Plugin = {
  name: 'NodeName',
  filter({ pod }, node) {
    const wanted = pod.spec?.nodeName;
    return !wanted || wanted === node.name ? undefined : unresolvable("node(s) didn't match the requested node name");
  },
};
