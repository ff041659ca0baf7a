export type { CertificateOrder, SignCertificate } from '../controllers/index.ts';
export { clusterNetwork } from './addresses.ts';
export type { Cluster, ClusterOptions, ClusterSchema } from './cluster.ts';
export { createCluster } from './cluster.ts';
export type { ComponentName } from './components.ts';
export { componentNames } from './components.ts';
export type { NodeState } from './data-plane.ts';
export type { RequestHeaderTrust } from './extension-authentication.ts';
export type { NodeProfile } from './node-profile.ts';
