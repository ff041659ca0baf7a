import type { Plugin } from '../framework.ts';
import { unresolvable } from '../framework.ts';

/**
 * Names what a pod requires and no plugin looks at, so that such a pod waits with a reason instead of running in the wrong place.
 * Preferences of these kinds are only that, and left out.
 */
export const notSimulated: Plugin = {
  name: 'NotSimulated',
  preFilter({ pod }) {
    const { volumes, resourceClaims } = pod.spec ?? {};
    const what: string[] = [];
    if (volumes?.some((volume) => volume.ephemeral)) what.push('generic ephemeral volumes');
    if (resourceClaims?.length) what.push('dynamic resource allocation');
    return what.length > 0 ? unresolvable(`paperkube does not simulate ${what.join(', ')}`) : undefined;
  },
};
