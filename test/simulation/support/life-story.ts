import type { EndpointSlice, Pod } from '../../../generated/types/index.ts';
import { refs } from '../../../src/client/index.ts';
import type { Cluster } from '../../../src/cluster/index.ts';
import { failure, type Handler } from '../../../src/machinery/index.ts';
import { isNotFound } from '../../../src/machinery/status-error.ts';
import { parseTime } from '../../../src/machinery/time.ts';
import type { Runtime } from '../../../src/runtime/index.ts';
import { simulatedCluster } from '../../support/simulated-cluster.ts';
import { Chance } from './chance.ts';
import { conditionOf, isSidecar, isTerminal, podInvariants } from './pod-invariants.ts';
import { configMaps, gate, namespace, randomEphemeral, randomPod, randomResources, shellImages } from './random-pod.ts';
import type { PodFacts, Run } from './run-book.ts';
import { RunBook, runInvariants } from './run-book.ts';

/** A promise that was not kept. */
export class BrokenInvariant extends Error {
  constructor(
    readonly invariant: string,
    readonly complaint: string,
  ) {
    super(`${invariant}: ${complaint}`);
    this.name = 'BrokenInvariant';
  }
}

/** How the story went so far, for whoever reads a failure. */
export interface Story {
  readonly seed: number;
  readonly lines: string[];
  /** Of the pod that broke a promise. */
  pod?: Readonly<Pod> | undefined;
}

interface Life {
  pod: Readonly<Pod>;
  endedAt: number | undefined;
  deletedAt: number | undefined;
  gone: boolean;
  readonly touched: Set<string>;
}

/** After the last trouble a node may need this long to have told the API everything: a status is written again after 10 s. */
const troubleMs = 45_000;
/** What the end of a pod may take beyond its grace period: two seconds for each container in turn, and the way to the API. */
const deletionSlackMs = 12_000;
const nodeCount = 2;

/** Random pods on a cluster whose nodes fail and come back; every promise is checked at every change. Throws BrokenInvariant. */
export async function livePods(story: Story): Promise<void> {
  const world = new World(story);
  try {
    await world.open();
    await world.trouble();
    await world.rest();
  } finally {
    await world.close();
  }
}

class World {
  readonly #chance: Chance;
  readonly #faults: Chance;
  readonly #lives = new Map<string, Life>();
  readonly #book = new RunBook();
  #broken: BrokenInvariant | undefined;
  #cluster!: Cluster;
  #nodes: readonly string[] = [];
  /** Requests of a node that fail, out of a hundred. */
  readonly #failing = new Map<string, number>();
  readonly #troubledAt = new Map<string, number>();
  readonly #kubeletStartedAt = new Map<string, number>();
  #made = 0;

  constructor(readonly story: Story) {
    this.#chance = new Chance(story.seed, 'story');
    this.#faults = new Chance(story.seed, 'faults');
  }

  async open(): Promise<void> {
    this.#cluster = await simulatedCluster({ seed: this.story.seed, nodes: nodeCount, nodeHandler: (node, handler) => this.#unreliable(node, handler) });
    const { admin, nodes } = this.#cluster;
    this.#nodes = nodes.map((node) => node.name);
    await admin.namespaces.create({ metadata: { name: namespace } });
    await admin.services.create({ metadata: { name: 'all', namespace }, spec: { selector: { life: 'yes' }, ports: [{ port: 80 }] } });
    await this.#advance(1000);
    admin.pods.watch({ namespace }, { event: (type, pod) => this.#podChanged(type, pod), end: () => {} });
    for (const node of this.#nodes) {
      const runtime = this.#runtime(node);
      runtime.onEvent(() => this.#runtimeChanged(node, runtime));
    }
  }

  async close(): Promise<void> {
    await this.#cluster?.stop();
  }

  /** Some minutes in which everything happens. */
  async trouble(): Promise<void> {
    const chance = this.#chance;
    for (const name of configMaps) if (chance.percent(60)) await this.#toggleConfigMap(name);
    for (let made = 0; made < 4; made += 1) await this.#createPod();
    for (let step = 0; step < 30; step += 1) {
      await this.#act();
      await this.#advance(chance.pick([1, 400, 3000, 10_000, 25_000]) + chance.between(0, 999));
    }
  }

  /** All faults end; then the cluster comes to rest, and everything has to agree. */
  async rest(): Promise<void> {
    this.#tell('all faults end');
    for (const node of this.#nodes) {
      this.#failing.delete(node);
      this.#setNode(node, 'running');
    }
    for (let waited = 0; waited < 15; waited += 1) await this.#advance(10_000);
    await this.#advance(300_000);
    await this.#checkRest();
  }

  async #act(): Promise<void> {
    const chance = this.#chance;
    const actions: readonly (readonly [number, () => Promise<void> | void])[] = [
      [20, () => this.#createPod()],
      [14, () => this.#deletePod()],
      [12, () => this.#breakNode()],
      [8, () => this.#failRequests()],
      [8, () => this.#toggleConfigMap(chance.pick(configMaps))],
      [10, () => this.#changeImage()],
      [8, () => this.#resize()],
      [8, () => this.#setGate()],
      [6, () => this.#debug()],
      [10, () => this.#killInside()],
    ];
    let at = chance.between(0, actions.reduce((sum, [weight]) => sum + weight, 0) - 1);
    for (const [weight, act] of actions) {
      if (at < weight) return await act();
      at -= weight;
    }
  }

  // What happens

  async #createPod(): Promise<void> {
    const name = `pod-${this.#made++}`;
    const pod = randomPod(this.#chance, name);
    await this.#try(`create ${name}`, () => this.#cluster.admin.pods.create(pod));
  }

  async #deletePod(): Promise<void> {
    const pod = this.#anyPod();
    if (!pod) return;
    const gracePeriodSeconds = this.#chance.pick([undefined, undefined, 0, 1, 5, 40]);
    await this.#try(`delete ${pod.metadata?.name} with grace ${gracePeriodSeconds ?? 'of its own'}`, () =>
      this.#cluster.admin.pods.delete(keyOf(pod), gracePeriodSeconds === undefined ? {} : { gracePeriodSeconds }),
    );
  }

  #breakNode(): void {
    const node = this.#chance.pick(this.#nodes);
    this.#setNode(node, this.#chance.pick(['running', 'silent', 'down'] as const));
  }

  #setNode(node: string, state: 'running' | 'silent' | 'down'): void {
    const { dataPlane } = this.#cluster;
    if (dataPlane?.nodeState(node) === state) return;
    this.#tell(`${node} ${state}`);
    this.#troubledAt.set(node, this.#now());
    if (state === 'running') this.#kubeletStartedAt.set(node, this.#now());
    dataPlane?.setNodeState(node, state);
  }

  #failRequests(): void {
    const node = this.#chance.pick(this.#nodes);
    const share = this.#failing.has(node) ? 0 : this.#chance.pick([20, 60, 100]);
    this.#tell(`${share} % of the requests of ${node} fail`);
    this.#troubledAt.set(node, this.#now());
    if (share > 0) this.#failing.set(node, share);
    else this.#failing.delete(node);
  }

  async #toggleConfigMap(name: string): Promise<void> {
    const { configMaps: client } = this.#cluster.admin;
    try {
      await client.delete({ namespace, name });
      this.#tell(`config map ${name} goes`);
    } catch (error) {
      if (!isNotFound(error)) throw error;
      await client.create({ metadata: { name, namespace }, data: { colour: String(this.#now()) } });
      this.#tell(`config map ${name} comes`);
    }
  }

  async #changeImage(): Promise<void> {
    const pod = this.#anyPod();
    const list = this.#chance.pick(['containers', 'containers', 'initContainers'] as const);
    const containers = pod?.spec?.[list] ?? [];
    if (!pod || containers.length === 0) return;
    const { name } = this.#chance.pick(containers);
    const image = this.#chance.pick(shellImages);
    this.#lives.get(pod.metadata?.uid ?? '')?.touched.add(name);
    await this.#try(`image of ${pod.metadata?.name}/${name} becomes ${image}`, () =>
      this.#cluster.admin.pods.patch(keyOf(pod), 'strategic', { spec: { [list]: [{ name, image }] } }),
    );
  }

  async #resize(): Promise<void> {
    const pod = this.#anyPod();
    const resizable = (pod?.spec?.containers ?? []).filter((one) => one.resources?.limits);
    if (!pod || resizable.length === 0) return;
    const { name } = this.#chance.pick(resizable);
    const resources = randomResources(this.#chance);
    this.#lives.get(pod.metadata?.uid ?? '')?.touched.add(name);
    await this.#try(`resize ${pod.metadata?.name}/${name} to ${JSON.stringify(resources)}`, () =>
      this.#cluster.admin.pods.patch(keyOf(pod), 'strategic', { spec: { containers: [{ name, resources }] } }, 'resize'),
    );
  }

  async #setGate(): Promise<void> {
    const pod = this.#anyPod((one) => (one.spec?.readinessGates?.length ?? 0) > 0);
    if (!pod) return;
    const status = this.#chance.pick(['True', 'False']);
    await this.#try(`gate of ${pod.metadata?.name} ${status}`, () =>
      this.#cluster.admin.pods.patch(keyOf(pod), 'strategic', { status: { conditions: [{ type: gate, status }] } }, 'status'),
    );
  }

  async #debug(): Promise<void> {
    const pod = this.#anyPod();
    if (!pod) return;
    const name = `debug-${this.#now()}`;
    const container = randomEphemeral(
      this.#chance,
      name,
      this.#chance.maybe(40, () => pod.spec?.containers[0]?.name ?? ''),
    );
    await this.#try(`debug ${pod.metadata?.name}`, () =>
      this.#cluster.admin.pods.patch(keyOf(pod), 'strategic', { spec: { ephemeralContainers: [container] } }, 'ephemeralcontainers'),
    );
  }

  /** Somebody execs into a container and kills what is there. */
  async #killInside(): Promise<void> {
    const running = this.#nodes.flatMap((node) =>
      this.#runtime(node)
        .listContainers()
        .filter((one) => one.state === 'running')
        .map((one) => [this.#runtime(node), one] as const),
    );
    const ours = running.filter(([, one]) => this.#lives.has(this.#podOf(one.id)));
    if (ours.length === 0) return;
    const [runtime, { id, name }] = this.#chance.pick(ours);
    const signal = this.#chance.pick(['TERM', 'KILL', 'INT']);
    const script = this.#chance.percent(50) ? `kill -${signal} 1` : `kill -${signal} -1`;
    this.#tell(`exec in ${name}: ${script}`);
    runtime.execSync(id, ['sh', '-c', script], 5000).catch(() => {}); // It may be gone, or have no sh.
  }

  #podOf(containerId: string): string {
    return [...this.#lives.keys()].find((uid) => this.#book.ofPod(uid).some((run) => run.id === containerId)) ?? '';
  }

  #anyPod(wanted: (pod: Readonly<Pod>) => boolean = () => true): Readonly<Pod> | undefined {
    const pods = [...this.#lives.values()].filter((life) => !life.gone && wanted(life.pod)).map((life) => life.pod);
    return pods.length > 0 ? this.#chance.pick(pods) : undefined;
  }

  /** A wish that the server may refuse: what it then says is no business of this story. */
  async #try(what: string, act: () => Promise<unknown>): Promise<void> {
    try {
      await act();
      this.#tell(what);
    } catch (error) {
      this.#tell(`${what}: refused, ${error instanceof Error ? error.message : error}`);
    }
  }

  #unreliable(node: string, handler: Handler): Handler {
    return async (request) => {
      const share = this.#failing.get(node) ?? 0;
      if (share === 0 || !this.#faults.percent(share)) return handler(request);
      if (this.#faults.percent(30)) await handler(request); // Done, but nobody hears of it.
      throw this.#faults.pick([failure(500, 'InternalError', 'etcdserver: request timed out'), failure(429, 'TooManyRequests', 'too many requests')]);
    };
  }

  async #advance(ms: number): Promise<void> {
    await this.#cluster.env.loop.advance(ms);
    if (this.#broken) throw this.#broken;
    await this.#checkMoment();
    if (this.#broken) throw this.#broken;
  }

  // What is seen

  #podChanged(type: string, pod: Readonly<Pod>): void {
    const uid = pod.metadata?.uid ?? '';
    const life = this.#lives.get(uid);
    this.#tell(`  ${type} ${describe(pod)}`);
    for (const { name, broken } of podInvariants) this.#expect(name, broken({ before: life?.pod, after: pod }), pod);
    this.#expect('a kubelet that is stopped writes nothing', life && this.#silentlyWritten(life.pod, pod), pod);
    if (!life) {
      this.#lives.set(uid, { pod, endedAt: undefined, deletedAt: undefined, gone: false, touched: new Set() });
      return;
    }
    life.pod = pod;
    if (isTerminal(pod)) life.endedAt ??= this.#now();
    if (pod.metadata?.deletionTimestamp) life.deletedAt ??= this.#now();
    if (type === 'DELETED') {
      life.gone = true;
      life.deletedAt ??= this.#now();
    }
  }

  /** Others may delete a pod whose node is silent, or set its gates; what containers do only the node knows. */
  #silentlyWritten(before: Readonly<Pod>, { spec, status }: Readonly<Pod>): string | undefined {
    if (!spec?.nodeName || this.#cluster.dataPlane?.nodeState(spec.nodeName) === 'running') return undefined;
    return JSON.stringify(before.status?.containerStatuses) === JSON.stringify(status?.containerStatuses) ? undefined : 'a status was written';
  }

  #runtimeChanged(node: string, runtime: Runtime): void {
    for (const run of this.#book.read(runtime)) {
      const life = this.#lives.get(run.podUid);
      if (!life) continue;
      const facts = { ...life, kubeletStartedAt: this.#kubeletStartedAt.get(node) ?? 0 };
      this.#checkRun(run, this.#troubled(node) ? { ...facts, deletedAt: undefined, endedAt: undefined } : facts);
    }
    this.#checkSidecars(node, runtime);
    this.#checkAddresses();
  }

  #checkRun(run: Run, facts: PodFacts): void {
    const earlier = this.#book.ofPod(run.podUid).filter((one) => one !== run && one.startedAt <= run.startedAt);
    this.#tell(`  ${facts.pod.metadata?.name}/${run.name} started at ${this.#clock(run.startedAt)}`);
    for (const { name, broken } of runInvariants) this.#expect(name, broken(run, earlier, facts), facts.pod);
  }

  /** While a pod's grace period lasts, a sidecar is only asked to end when nothing runs any more that came after it. */
  #checkSidecars(node: string, runtime: Runtime): void {
    if (this.#troubled(node)) return;
    for (const one of runtime.listContainers()) {
      if (one.state !== 'exited' || one.finishedAt !== this.#now()) continue;
      const run = this.#book.ofPod(this.#podOf(one.id)).find((known) => known.id === one.id);
      const life = run && this.#lives.get(run.podUid);
      if (!run || !life?.deletedAt || life.deletedAt > this.#now() - 1) continue;
      const sidecars = (life.pod.spec?.initContainers ?? []).filter(isSidecar);
      const index = sidecars.findIndex((sidecar) => sidecar.name === run.name);
      // Those that end by themselves do so when they like.
      const lasting = (sidecars[index]?.command?.at(-1) ?? '').includes('sleep 10000') || sidecars[index]?.command === undefined;
      if (index < 0 || !lasting) continue;
      const graceEnds = parseTime(life.pod.metadata?.deletionTimestamp) ?? 0;
      const later = new Set([...sidecars.slice(index + 1), ...(life.pod.spec?.containers ?? [])].map((container) => container.name));
      const still = this.#book.ofPod(run.podUid).find((other) => later.has(other.name) && other.finishedAt === undefined);
      if (still && this.#now() < graceEnds - 2000 && run.exitCode !== 137)
        this.#expect('sidecars stop last, and in reverse', `${run.name} ended while ${still.name} ran`, life.pod);
    }
  }

  #checkAddresses(): void {
    const ready = this.#nodes.flatMap((node) =>
      this.#runtime(node)
        .listPodSandboxes()
        .filter((one) => one.state === 'ready'),
    );
    const ips = ready.flatMap((one) => one.ips);
    this.#expect('no two live pods have one address', new Set(ips).size === ips.length ? undefined : ips.join(' '));
  }

  /** What holds whenever nothing is left to do for now. */
  async #checkMoment(): Promise<void> {
    await this.#checkEndpoints();
    for (const life of this.#lives.values()) {
      const { pod } = life;
      const node = pod.spec?.nodeName;
      if (life.gone || !node || this.#troubled(node)) continue;
      const deadline = parseTime(pod.metadata?.deletionTimestamp);
      if (deadline !== undefined && this.#now() > Math.max(deadline, (this.#troubledAt.get(node) ?? 0) + troubleMs + 40_000) + deletionSlackMs)
        this.#expect('a deleted pod is gone within its grace period', `${pod.metadata?.name} was to be gone by ${pod.metadata?.deletionTimestamp}`, pod);
    }
  }

  async #checkEndpoints(): Promise<void> {
    const { items } = await this.#cluster.admin.resource<EndpointSlice>(refs.endpointSlices).list({ namespace });
    const byName = new Map([...this.#lives.values()].filter((life) => !life.gone).map((life) => [life.pod.metadata?.name, life.pod]));
    const listed = new Set<string>();
    for (const { conditions, targetRef } of items.flatMap((slice) => slice.endpoints ?? [])) {
      const pod = byName.get(targetRef?.name);
      listed.add(targetRef?.name ?? '');
      const ready = pod !== undefined && conditionOf(pod, 'Ready')?.status === 'True' && !pod.metadata?.deletionTimestamp;
      if (conditions?.ready !== ready || conditions?.terminating !== Boolean(pod?.metadata?.deletionTimestamp))
        this.#expect('endpoints hold only ready pods', `${targetRef?.name}: ${JSON.stringify(conditions)}`, pod);
    }
    for (const [name, pod] of byName) {
      const ready = conditionOf(pod, 'Ready')?.status === 'True' && !pod.metadata?.deletionTimestamp;
      if (ready && !listed.has(name ?? '')) this.#expect('endpoints hold all ready pods', `${name} is missing`, pod);
    }
  }

  async #checkRest(): Promise<void> {
    await this.#checkMoment();
    const { items } = await this.#cluster.admin.pods.list({ namespace });
    const present = new Map(items.map((pod) => [pod.metadata?.uid, pod]));
    for (const pod of items)
      this.#expect('deleted pods go once the faults have ended', pod.metadata?.deletionTimestamp && `${pod.metadata.name} is still there`, pod);
    for (const node of this.#nodes) {
      const runtime = this.#runtime(node);
      const sandboxes = new Map(runtime.listPodSandboxes().map((one) => [one.id, one]));
      for (const one of runtime.listContainers()) {
        const uid = sandboxes.get(one.sandboxId)?.podUid ?? '';
        const life = this.#lives.get(uid);
        if (!life) continue;
        const pod = present.get(uid);
        const running = one.state === 'running';
        if (running && (!pod || isTerminal(pod))) this.#expect('no container runs that no pod owns', `${life.pod.metadata?.name}/${one.name}`, life.pod);
        if (running && pod && !shownAsRunning(pod, one.id)) this.#expect('what runs is shown as running', `${pod.metadata?.name}/${one.name}`, pod);
      }
      for (const { podUid, state, podName } of sandboxes.values()) {
        const pod = present.get(podUid);
        if (state === 'ready' && this.#lives.has(podUid) && (!pod || isTerminal(pod))) this.#expect('no sandbox is left of a pod that has ended', podName, pod);
      }
    }
    const ids = new Set(
      this.#nodes
        .flatMap((node) =>
          this.#runtime(node)
            .listContainers()
            .filter((one) => one.state === 'running'),
        )
        .map((one) => one.id),
    );
    for (const pod of items) {
      const shown = [...(pod.status?.containerStatuses ?? []), ...(pod.status?.initContainerStatuses ?? [])].filter((one) => one.state?.running);
      const ghost = shown.find((one) => !ids.has(one.containerID?.replace('containerd://', '') ?? ''));
      this.#expect('what is shown as running runs', ghost && `${pod.metadata?.name}/${ghost.name}`, pod);
    }
  }

  #expect(invariant: string, complaint: string | undefined, pod?: Readonly<Pod>): void {
    if (complaint === undefined || complaint === '' || this.#broken) return;
    this.#broken = new BrokenInvariant(invariant, `${pod?.metadata?.name ?? ''} at ${this.#clock(this.#now())}: ${complaint}`);
    this.story.pod = pod;
    this.#tell(`BROKEN ${this.#broken.message}`);
  }

  #troubled(node: string): boolean {
    if (node === '') return false;
    const recently = this.#now() - (this.#troubledAt.get(node) ?? Number.NEGATIVE_INFINITY) < troubleMs;
    return recently || this.#failing.has(node) || this.#cluster.dataPlane?.nodeState(node) !== 'running';
  }

  #runtime(node: string): Runtime {
    return this.#cluster.dataPlane?.runtime(node) as Runtime;
  }

  #now(): number {
    return this.#cluster.env.clock.now();
  }

  #clock(time: number): string {
    return new Date(time).toISOString().slice(11, 23);
  }

  #tell(line: string): void {
    this.story.lines.push(`${this.#clock(this.#now())} ${line}`);
  }
}

function keyOf({ metadata }: Readonly<Pod>) {
  return { namespace, name: metadata?.name ?? '' };
}

function shownAsRunning({ status }: Readonly<Pod>, id: string): boolean {
  const all = [...(status?.initContainerStatuses ?? []), ...(status?.containerStatuses ?? []), ...(status?.ephemeralContainerStatuses ?? [])];
  return all.some((one) => one.state?.running && one.containerID === `containerd://${id}`);
}

/** A pod in one line. */
function describe(pod: Readonly<Pod>): string {
  const { metadata, spec, status } = pod;
  const states = [...(status?.initContainerStatuses ?? []), ...(status?.containerStatuses ?? []), ...(status?.ephemeralContainerStatuses ?? [])].map(
    ({ name, state, restartCount, ready, started }) => {
      const [kind = '', detail] = Object.entries(state ?? {})[0] ?? [];
      const why = (detail as { reason?: string; exitCode?: number } | undefined)?.reason ?? '';
      return `${name}:${kind}${why ? `(${why})` : ''}${restartCount ? `×${restartCount}` : ''}${started ? '+' : ''}${ready ? '!' : ''}`;
    },
  );
  const conditions = (status?.conditions ?? []).filter((one) => one.status === 'True').map((one) => one.type);
  return [metadata?.name, spec?.nodeName, metadata?.deletionTimestamp ? 'deleted' : '', status?.phase, status?.reason, ...states, `[${conditions.join(' ')}]`]
    .filter(Boolean)
    .join(' ');
}
