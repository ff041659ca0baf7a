import type { Cluster } from '../../src/cluster/index.ts';
import { simulatedCluster } from '../support/simulated-cluster.ts';
import { WireServer } from './support.ts';

export interface Outcome {
  /** Exit code of the container; absent if it has not ended in time. */
  readonly code: number | undefined;
  readonly log: string;
}

const pods = '/api/v1/namespaces/default/pods';

/** Runs scripts in pods of a cluster behind a real socket, on a clock that stands still. */
export class ContainerScripts {
  private constructor(
    readonly cluster: Cluster,
    readonly server: WireServer,
  ) {}

  static async start(): Promise<ContainerScripts> {
    const cluster = await simulatedCluster();
    const server = new WireServer(cluster);
    await server.listen();
    return new ContainerScripts(cluster, server);
  }

  async close(): Promise<void> {
    this.server.close();
    await this.cluster.stop();
  }

  /** Starts a pod with one container; `spec` and `container` add to it. Fails if the API refuses it. */
  async start(name: string, text: string, spec: object = {}, container: object = {}): Promise<void> {
    const containers = [{ name: 'main', image: 'busybox:1.36', command: ['sh', '-c', text], ...container }];
    const made = await this.server.send('POST', pods, JSON.stringify({ metadata: { name }, spec: { restartPolicy: 'Never', containers, ...spec } }));
    if (made.status !== 201) throw new Error(made.message);
  }

  /** The same, and waits for its end, up to so many simulated seconds. */
  async run(name: string, text: string, spec: object = {}, container: object = {}, withinSeconds = 60): Promise<Outcome> {
    await this.start(name, text, spec, container);
    for (let seconds = 0; seconds < withinSeconds; seconds += 5) {
      await this.cluster.env.loop.advance(5000);
      const code = await this.#exitCode(name);
      if (code !== undefined) break;
    }
    return { code: await this.#exitCode(name), log: (await this.server.send('GET', `${pods}/${name}/log`)).text };
  }

  async #exitCode(name: string): Promise<number | undefined> {
    const pod = JSON.parse((await this.server.send('GET', `${pods}/${name}`)).text) as {
      status: { containerStatuses?: { state: { terminated?: { exitCode: number } } }[] };
    };
    return pod.status.containerStatuses?.[0]?.state.terminated?.exitCode;
  }
}
