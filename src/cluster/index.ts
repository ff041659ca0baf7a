export type { Cluster, ClusterOptions, ClusterSchema } from './cluster.ts';
export { clusterNetwork, createCluster } from './cluster.ts';
export type { NodeProfile } from './node-profile.ts';
