/** Addresses of a cluster, as kubeadm and kind choose them. */
export const clusterNetwork = {
  domain: 'cluster.local',
  podCidr: '10.244.0.0/16',
  serviceCidr: '10.96.0.0/16',
  /** The Service `kubernetes`. */
  apiServiceIp: '10.96.0.1',
  dnsServiceIp: '10.96.0.10',
  nodePorts: { first: 30_000, last: 32_767 },
  /** The machine that the nodes run on, seen from the nodes. */
  gateway: '172.18.0.1',
  /** Address of the nth node, from 0. The API server is on the first, whether that has a kubelet or not. */
  nodeAddress: (index: number) => `172.18.${(index + 2) >> 8}.${(index + 2) & 0xff}`,
} as const;
