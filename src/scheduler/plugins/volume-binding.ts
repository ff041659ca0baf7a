import type { PersistentVolumeClaim, Pod } from '../../../generated/types/index.ts';
import { matchesNodeTerm } from '../../api/core/v1/node-selection.ts';
import type { Plugin, Rejection, Snapshot } from '../framework.ts';
import { unresolvable } from '../framework.ts';

/**
 * Pods wait until their claims are bound, and go where their volumes are (pkg/scheduler/framework/plugins/volumebinding).
 *
 * Differs from upstream: the scheduler binds no claim itself, so a claim that waits for its first consumer is refused by name; and
 * a claim counts as bound by its phase, whoever has set it.
 */
export const volumeBinding: Plugin = {
  name: 'VolumeBinding',
  preFilter({ pod }, { storage }) {
    let unbound: Rejection | undefined;
    for (const name of claimNames(pod)) {
      const claim = storage.claim(pod.metadata?.namespace ?? '', name);
      const missing = mistakeOf(name, claim);
      if (missing) return unresolvable(missing);
      if (claim && !isBound(claim))
        unbound ??= unresolvable(waitsForConsumer(claim, storage) ? onFirstUse : 'pod has unbound immediate PersistentVolumeClaims');
    }
    return unbound;
  },
  filter({ pod }, { node }, { storage }) {
    for (const name of claimNames(pod)) {
      const volume = storage.volume(storage.claim(pod.metadata?.namespace ?? '', name)?.spec?.volumeName ?? '');
      if (!volume) return unresolvable('node(s) unavailable due to one or more pvc(s) bound to non-existent pv(s)');
      const terms = volume.spec?.nodeAffinity?.required?.nodeSelectorTerms;
      if (terms && node && !terms.some((term) => matchesNodeTerm(term, node))) return unresolvable('node(s) had volume node affinity conflict');
    }
    return undefined;
  },
};

const onFirstUse = 'paperkube does not simulate volume binding on first use';

const claimNames = ({ spec }: Readonly<Pod>) => (spec?.volumes ?? []).flatMap(({ persistentVolumeClaim }) => persistentVolumeClaim?.claimName ?? []);

function mistakeOf(name: string, claim: Readonly<PersistentVolumeClaim> | undefined): string | undefined {
  if (!claim) return `persistentvolumeclaim "${name}" not found`;
  if (claim.status?.phase === 'Lost') return `persistentvolumeclaim "${name}" bound to non-existent persistentvolume "${claim.spec?.volumeName ?? ''}"`;
  return claim.metadata?.deletionTimestamp ? `persistentvolumeclaim "${name}" is being deleted` : undefined;
}

const isBound = ({ spec, status }: Readonly<PersistentVolumeClaim>) => Boolean(spec?.volumeName) && status?.phase === 'Bound';

function waitsForConsumer({ spec }: Readonly<PersistentVolumeClaim>, storage: Snapshot['storage']): boolean {
  return storage.storageClass(spec?.storageClassName ?? '')?.volumeBindingMode === 'WaitForFirstConsumer' && !spec?.volumeName;
}
