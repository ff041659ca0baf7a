export { kubeletConfiguration } from './configz.ts';
export type { ServerSources } from './kubelet-server.ts';
export { KubeletServer } from './kubelet-server.ts';
export { ProcessorRates } from './processor-rates.ts';
export type { MeasuredPod } from './summary.ts';
