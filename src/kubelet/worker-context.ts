import type { Pod, Service } from '../../generated/types/index.ts';
import type { EventRecorder } from '../client/index.ts';
import type { Env } from '../env/index.ts';
import type { RegistryCredential, Runtime } from '../runtime/types.ts';
import type { BackOff } from './back-off.ts';
import type { ImageManager } from './image-manager.ts';
import type { KubeletMetrics } from './kubelet-metrics.ts';
import type { ResizeRefusal } from './pod-allocation.ts';
import type { DnsSettings } from './pod-dns.ts';
import type { PodSources } from './pod-sources.ts';
import type { Prober } from './prober.ts';
import type { StatusManager } from './status-manager.ts';
import type { VolumeManager } from './volume-manager.ts';

/** What all pod workers of a kubelet share. */
export interface WorkerContext {
  readonly env: Env;
  readonly nodeName: string;
  readonly nodeIp: string;
  readonly runtime: Runtime;
  readonly images: ImageManager;
  readonly volumes: VolumeManager;
  readonly prober: Prober;
  readonly statuses: StatusManager;
  readonly events: EventRecorder;
  readonly sources: PodSources;
  readonly dns: DnsSettings;
  readonly metrics: KubeletMetrics;
  /** Keyed by pod and container: 10 s, doubled up to 300 s, forgotten after 10 quiet minutes. */
  readonly crashBackOff: BackOff;
  /** All of a pod has ended. */
  ended(podUid: string): void;
  services(): readonly Readonly<Service>[];
  allocatable(): Readonly<Record<string, string>>;
  /** The node's memory in bytes. */
  memoryCapacity(): number;
  /** Whether the node's network plugin works; pods of the host network do not need it. */
  networkReady(): boolean;
  /** Why the node does not give a pod of its own the resources it asks for by now; undefined if it does. */
  resizeRefusal(pod: Readonly<Pod>): ResizeRefusal | undefined;
  credentials(pod: Readonly<Pod>): Promise<readonly RegistryCredential[]>;
}
