import type { PolicyRule } from '../../../../generated/types/index.ts';
import { nodeRules } from './node-rules.ts';
import { eventsRule, read, readWrite, rule, urls } from './rule.ts';

const health = '/healthz /livez /readyz';
const version = '/version /version/';
const readUpdate = `${read} patch update`;
const approve = (signer: string) => [rule('approve', 'certificates', 'signers', `kubernetes.io/${signer}`)];

/** ClusterRoles of everybody, of components and of add-ons, by name (bootstrappolicy ClusterRoles). */
export const componentRoles: Readonly<Record<string, readonly PolicyRule[]>> = {
  'cluster-admin': [rule('*', '*', '*'), urls('*', '*')],
  'system:discovery': [urls('get', `${health} ${version} /openapi /openapi/* /api /api/* /apis /apis/*`)],
  'system:monitoring': [urls('get', `${health} /healthz/* /livez/* /readyz/* /metrics /metrics/slis`)],
  'system:basic-user': [
    rule('create', 'authorization', 'selfsubjectaccessreviews selfsubjectrulesreviews'),
    rule('create', 'authentication', 'selfsubjectreviews'),
  ],
  'system:public-info-viewer': [urls('get', `${health} ${version}`)],
  'system:heapster': [rule(read, 'core', 'events namespaces nodes pods'), rule(read, 'extensions', 'deployments')],
  'system:node': nodeRules,
  'system:node-problem-detector': [rule('get', 'core', 'nodes'), rule('patch', 'core', 'nodes/status'), eventsRule],
  'system:kubelet-api-admin': [
    rule(read, 'core', 'nodes'),
    rule('proxy', 'core', 'nodes'),
    rule('*', 'core', 'nodes/log nodes/metrics nodes/proxy nodes/stats'),
    rule('*', 'core', 'nodes/configz nodes/healthz nodes/pods'),
  ],
  'system:node-bootstrapper': [rule(`create ${read}`, 'certificates', 'certificatesigningrequests')],
  'system:auth-delegator': [rule('create', 'authentication', 'tokenreviews'), rule('create', 'authorization', 'subjectaccessreviews')],
  'system:kube-aggregator': [rule(read, 'core', 'endpoints services')],
  'system:kube-controller-manager': [
    eventsRule,
    rule('create', 'coordination', 'leases'),
    rule('get update', 'coordination', 'leases', 'kube-controller-manager'),
    rule('create', 'core', 'secrets serviceaccounts'),
    rule('delete', 'core', 'secrets'),
    rule('get', 'core', 'configmaps namespaces secrets serviceaccounts'),
    rule('update', 'core', 'secrets serviceaccounts'),
    rule('create', 'authentication', 'tokenreviews'),
    rule('create', 'authorization', 'subjectaccessreviews'),
    rule('list watch', '*', '*'),
    rule('create', 'core', 'serviceaccounts/token'),
  ],
  'system:kube-dns': [rule('list watch', 'core', 'endpoints services')],
  'system:persistent-volume-provisioner': [
    rule(`create delete ${read}`, 'core', 'persistentvolumes'),
    rule(`${read} update`, 'core', 'persistentvolumeclaims'),
    rule(read, 'storage', 'storageclasses'),
    rule('watch', 'core', 'events'),
    eventsRule,
  ],
  'system:certificates.k8s.io:certificatesigningrequests:nodeclient': [rule('create', 'certificates', 'certificatesigningrequests/nodeclient')],
  'system:certificates.k8s.io:certificatesigningrequests:selfnodeclient': [rule('create', 'certificates', 'certificatesigningrequests/selfnodeclient')],
  'system:volume-scheduler': [
    rule(readUpdate, 'core', 'persistentvolumes'),
    rule(read, 'storage', 'storageclasses'),
    rule(readUpdate, 'core', 'persistentvolumeclaims'),
  ],
  'system:certificates.k8s.io:legacy-unknown-approver': approve('legacy-unknown'),
  'system:certificates.k8s.io:kubelet-serving-approver': approve('kubelet-serving'),
  'system:certificates.k8s.io:kube-apiserver-client-approver': approve('kube-apiserver-client'),
  'system:certificates.k8s.io:kube-apiserver-client-kubelet-approver': approve('kube-apiserver-client-kubelet'),
  'system:service-account-issuer-discovery': [
    urls('get', '/.well-known/openid-configuration /.well-known/openid-configuration/ /openid/v1/jwks /openid/v1/jwks/'),
  ],
  'system:node-proxier': [
    rule('list watch', 'core', 'endpoints services'),
    rule(read, 'core', 'nodes'),
    eventsRule,
    rule('list watch', 'networking', 'servicecidrs'),
    rule('list watch', 'discovery', 'endpointslices'),
  ],
  'system:kube-scheduler': [
    eventsRule,
    rule('create', 'coordination', 'leases'),
    rule(`${read} update`, 'coordination', 'leases', 'kube-scheduler'),
    rule(readWrite, 'coordination', 'leasecandidates'),
    rule(read, 'core', 'nodes'),
    rule(`delete ${read}`, 'core', 'pods'),
    rule('create', 'core', 'bindings pods/binding'),
    rule('patch update', 'core', 'pods/status'),
    rule(read, 'core', 'replicationcontrollers services'),
    rule(read, 'apps extensions', 'replicasets'),
    rule(read, 'apps', 'statefulsets'),
    rule(read, 'policy', 'poddisruptionbudgets'),
    rule(read, 'core', 'persistentvolumeclaims persistentvolumes'),
    rule('create', 'authentication', 'tokenreviews'),
    rule('create', 'authorization', 'subjectaccessreviews'),
    rule(read, 'storage', 'csinodes'),
    rule(read, 'storage', 'volumeattachments'),
    rule(read, 'core', 'namespaces'),
    rule(read, 'storage', 'csidrivers'),
    rule(read, 'storage', 'csistoragecapacities'),
  ],
};
