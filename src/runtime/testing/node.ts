import { createEnv, nodeMachine, silentLog } from '../../env/index.ts';
import { createNodeNetwork, Fabric } from '../../network/index.ts';
import type { HardwareOptions } from '../../shell/kernel/index.ts';
import { Kernel } from '../../shell/kernel/index.ts';
import { shellProgram } from '../../shell/sh/index.ts';
import { createCatalogue } from '../images/catalogue.ts';
import type { DescribedImage } from '../images/described.ts';
import { describeImage } from '../images/described.ts';
import { SimulatedRuntime } from '../runtime.ts';
import type { ContainerConfig, RegistryCredential, SandboxConfig } from '../types.ts';

/** A container of an image, with nothing said about it. */
export function plainContainer(imageReference: string, imageId: string): ContainerConfig {
  return {
    name: 'c',
    attempt: 0,
    imageId,
    imageReference,
    env: [],
    mounts: [],
    stdin: false,
    stdinOnce: false,
    tty: false,
    readOnlyRootFilesystem: false,
    resources: {},
    terminationMessagePath: '/dev/termination-log',
  };
}

/** A node on a manual clock with a network of its own: starts containers and runs commands in them. */
export function testNode(described: readonly DescribedImage[] = [], machine?: HardwareOptions) {
  const env = createEnv({ machine: nodeMachine, log: silentLog, seed: 1, start: Date.parse('2026-01-01T00:00:00Z'), mode: 'manual' });
  const network = createNodeNetwork({ fabric: new Fabric(env), nodeName: 'node', nodeAddress: '172.18.0.2', podCidr: '10.244.0.0/24' });
  const catalogue = [...described.map((one) => describeImage(one, shellProgram)), ...createCatalogue()];
  const kernel = new Kernel(env);
  const hardware = machine ? kernel.createHardware(machine) : kernel.defaultHardware;
  const runtime = new SimulatedRuntime({ env, kernel, hardware, network, catalogue });
  let started = 0;
  const within = async <T>(promise: Promise<T>, ms = 60_000) => {
    promise.catch(() => {});
    let done = false;
    const settled = promise.finally(() => {
      done = true;
    });
    settled.catch(() => {});
    for (let passed = 0; passed < ms && !done; passed += 100) await env.loop.advance(100);
    return await promise;
  };
  const pull = (image: string, credentials?: readonly RegistryCredential[]) => within(runtime.pullImage(image, credentials));
  const start = async (image: string, change: Partial<ContainerConfig> = {}, pod: Partial<SandboxConfig> = {}) => {
    const record = await pull(image);
    started += 1;
    const podName = `pod-${started}`;
    const sandbox = await within(
      runtime.runPodSandbox({
        podName,
        podNamespace: 'd',
        podUid: podName,
        attempt: 0,
        hostname: podName,
        hostNetwork: false,
        dns: { servers: ['10.96.0.10'], searches: ['d.svc.cluster.local', 'svc.cluster.local'], options: [] },
        ...pod,
      }),
    );
    const id = await within(runtime.createContainer(sandbox, { ...plainContainer(image, record.id), ...change }));
    await within(runtime.startContainer(id));
    return { id, sandbox, ip: runtime.sandboxStatus(sandbox)?.ips[0] as string };
  };
  const exec = async (id: string, ...command: string[]) => {
    const { exitCode, stdout, stderr } = await within(runtime.execSync(id, command, 20_000));
    return { exitCode, stdout: Buffer.from(stdout).toString(), stderr: Buffer.from(stderr).toString() };
  };
  const log = (id: string) => (runtime.containerLog(id)?.lines() ?? []).map((line) => Buffer.from(line.data).toString()).join('');
  return { env, runtime, hardware, pull, start, exec, log, status: (id: string) => runtime.containerStatus(id), advance: (ms: number) => env.loop.advance(ms) };
}
