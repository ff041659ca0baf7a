import type { PolicyRule } from '../../../../generated/types/index.ts';
import { read, rule } from './rule.ts';

/** What every node may do; the Node authorizer narrows down whose objects (bootstrappolicy NodeRules). */
export const nodeRules: readonly PolicyRule[] = [
  rule('create', 'authentication', 'tokenreviews'),
  rule('create', 'authorization', 'localsubjectaccessreviews subjectaccessreviews'),
  rule(read, 'core', 'services'),
  rule(`create ${read}`, 'core', 'nodes'),
  rule('patch update', 'core', 'nodes/status'),
  rule('patch update', 'core', 'nodes'),
  rule('create patch update', 'core', 'events'),
  rule(read, 'core', 'pods'),
  rule('create delete', 'core', 'pods'),
  rule('patch update', 'core', 'pods/status'),
  rule('create', 'core', 'pods/eviction'),
  rule(read, 'core', 'configmaps secrets'),
  rule('get', 'core', 'persistentvolumeclaims persistentvolumes'),
  rule('get', 'core', 'endpoints'),
  rule(`create ${read}`, 'certificates', 'certificatesigningrequests'),
  rule('create delete get patch update', 'coordination', 'leases'),
  rule('get', 'storage', 'volumeattachments'),
  rule('create', 'core', 'serviceaccounts/token'),
  rule('get patch update', 'core', 'persistentvolumeclaims/status'),
  rule(read, 'storage', 'csidrivers'),
  rule('create delete get patch update', 'storage', 'csinodes'),
  rule(read, 'node', 'runtimeclasses'),
];
