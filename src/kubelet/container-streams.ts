import type { Env } from '../env/index.ts';
import type { AttachRequest, ByteConnection, ContainerSession, ExecRequest } from '../machinery/index.ts';
import { failure, internalError } from '../machinery/index.ts';
import type { Runtime } from '../runtime/types.ts';
import { messageOf } from './kubelet-error.ts';
import type { PodRecord } from './pod-record.ts';

/** Exec, attach and port-forward of one node's pods (pkg/kubelet kubelet_pods.go, and containerd's streaming server behind it). */
export class ContainerStreams {
  constructor(
    readonly env: Pick<Env, 'loop'>,
    readonly runtime: Runtime,
  ) {}

  /** How to run a command in a container that runs now. Throws 500 in the kubelet's words if it does not. */
  exec(record: PodRecord, request: ExecRequest): () => Promise<ContainerSession> {
    const id = record.runningId(request.container);
    if (id === undefined) throw failure(500, '', `container not found (${JSON.stringify(request.container)})`);
    const { command, stdin, tty } = request;
    return () =>
      this.#onLoop('exec', async () => {
        try {
          return await this.runtime.exec(id, { command, stdin, tty });
        } catch (error) {
          throw internalError(`error executing command in container: failed to exec in container: ${messageOf(error)}`);
        }
      });
  }

  /** How to attach to a container that runs now. Throws as `exec` does. */
  attach(record: PodRecord, fullName: string, { container, stdin, tty }: AttachRequest): () => Promise<ContainerSession> {
    const id = record.runningId(container);
    if (id === undefined) throw failure(500, '', `container ${container} not found in pod ${fullName}`);
    return () =>
      this.#onLoop('attach', async () => {
        try {
          return this.runtime.attach(id, { stdin, tty });
        } catch (error) {
          throw internalError(`error attaching to container: ${messageOf(error)}`);
        }
      });
  }

  /** How to connect to a port of a pod. Throws 500 if the pod has no sandbox. */
  portForward(record: PodRecord, fullName: string): (port: number) => Promise<ByteConnection> {
    const { sandbox } = record.status();
    if (sandbox?.state !== 'ready') throw failure(500, '', `pod not found (${JSON.stringify(fullName)})`);
    return (port) => this.#onLoop('port forward', () => this.#dial(sandbox.id, port));
  }

  async #dial(sandboxId: string, port: number): Promise<ByteConnection> {
    try {
      return await this.runtime.dial(sandboxId, port);
    } catch (error) {
      if (this.runtime.sandboxStatus(sandboxId)?.state !== 'ready') {
        throw new Error(
          `error forwarding port ${port} to pod ${sandboxId}, uid : failed to execute portforward in network namespace "${networkNamespace(sandboxId)}": network namespace for sandbox ${JSON.stringify(sandboxId)} is closed`,
        );
      }
      const why = `connect: ${messageOf(error).toLowerCase()}`;
      const inside = `failed to connect to localhost:${port} inside namespace ${JSON.stringify(sandboxId)}`;
      const families = `IPv4: dial tcp4 127.0.0.1:${port}: ${why} IPv6 dial tcp6 [::1]:${port}: ${why}`;
      const cause = `failed to execute portforward in network namespace "${networkNamespace(sandboxId)}": ${inside}, ${families} `;
      throw new Error(`error forwarding port ${port} to pod ${sandboxId}, uid : ${cause}`);
    }
  }

  /** What comes from outside joins the simulation at a turn of the Loop. */
  #onLoop<T>(name: string, action: () => Promise<T>): Promise<T> {
    return new Promise((resolve, reject) => {
      this.env.loop.defer(name, () => action().then(resolve, reject));
    });
  }
}

/** The network plugin names namespaces by a random UUID; here it follows from the sandbox. */
function networkNamespace(sandboxId: string): string {
  const part = (from: number, to: number): string => sandboxId.slice(from, to);
  return `/var/run/netns/cni-${part(0, 8)}-${part(8, 12)}-${part(12, 16)}-${part(16, 20)}-${part(20, 32)}`;
}
