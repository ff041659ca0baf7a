export type { KubeletOptions, PullCredentials } from './kubelet.ts';
export { Kubelet, newMachine } from './kubelet.ts';
export type { NodeDescription } from './node-status.ts';
export { nodeObject, nodeStatus } from './node-status.ts';
export type { IssuedToken, TokenFor, TokenOptions } from './pod-sources.ts';
