import type { ContainerFs, Volume } from '../shell/fs/index.ts';
import type { ContainerSystem, ProcessExitInfo, ProcessHandle } from '../shell/kernel/index.ts';
import { HostInput, HostOutput, Tty } from '../shell/kernel/index.ts';
import type { LogBuffer } from './container-log.ts';
import { StreamSession } from './exec-session.ts';
import type { Sandbox } from './sandbox.ts';
import type { ContainerConfig, ContainerIdentity, ContainerStatus, ExecSession, ImageRecord } from './types.ts';

/** The kubelet keeps no more of a termination message: its end. */
const maxMessageBytes = 4096;
/** As many lines as these bytes may be are written to the log in about a millisecond. */
const logPortionBytes = 4096;
/** How much of a log takes the place of a message. */
const logMessage = { lines: 80, bytes: 2048 } as const;

/** A container from its creation to its removal. Keeps status and log after its end, but not its processes. */
export class Container {
  state: ContainerStatus['state'] = 'created';
  startedAt: number | undefined;
  finishedAt: number | undefined;
  exit: Pick<ProcessExitInfo, 'exitCode'> | undefined;
  reason: string | undefined;
  message: string | undefined;
  oomKilled = false;
  /** The machine went down under it, so nobody has seen how it ended. */
  lost = false;
  process: ProcessHandle | undefined;
  readonly tty: Tty | undefined;
  readonly stdin: HostInput | undefined;
  readonly stdout: HostOutput | undefined;
  readonly stderr: HostOutput | undefined;
  readonly attached = new Set<StreamSession>();
  readonly ended: Promise<void>;
  #resolveEnded: () => void = () => {};
  readonly execs = new Set<ProcessHandle>();

  constructor(
    readonly id: string,
    readonly sandbox: Sandbox,
    readonly config: ContainerConfig,
    readonly image: ImageRecord,
    readonly createdAt: number,
    readonly log: LogBuffer,
    readonly system: ContainerSystem,
    readonly fs: ContainerFs,
    readonly messageVolume: Volume,
    readonly env: Readonly<Record<string, string>>,
    readonly user: ContainerIdentity,
  ) {
    this.ended = new Promise((resolve) => {
      this.#resolveEnded = resolve;
    });
    if (config.tty) {
      this.tty = new Tty({ data: (data) => this.#output('stdout', data) });
      log.throttles({ resume: () => this.tty?.resumeOutput() });
      return;
    }
    if (config.stdin) this.stdin = new HostInput();
    this.stdout = new HostOutput({ data: (data) => this.#output('stdout', data) }, logPortionBytes);
    this.stderr = new HostOutput({ data: (data) => this.#output('stderr', data) }, logPortionBytes);
    log.throttles(this.stdout);
    log.throttles(this.stderr);
  }

  /** What the container runs: the pod's command and arguments over the image's. */
  get argv(): readonly string[] {
    const { command, args } = this.config;
    const { entrypoint = [], command: imageCommand = [] } = this.image.config;
    if (command && command.length > 0) return [...command, ...(args ?? [])];
    return [...entrypoint, ...(args && args.length > 0 ? args : imageCommand)];
  }

  get cwd(): string {
    return this.config.workingDir || this.image.config.workingDir || '/';
  }

  /** It has taken more memory than it may. */
  outOfMemory(): void {
    this.oomKilled = true;
    this.system.main?.deliver('KILL', 'host');
  }

  started(process: ProcessHandle, now: number): void {
    this.process = process;
    this.state = 'running';
    this.startedAt = now;
  }

  /** The main process has ended. */
  finished({ exitCode }: ProcessExitInfo, now: number): void {
    if (this.lost)
      this.conclude(255, 'Unknown', now); // What containerd finds of containers when its machine is up again.
    else this.conclude(exitCode, this.oomKilled ? 'OOMKilled' : exitCode === 0 ? 'Completed' : 'Error', now);
    this.message = this.#terminationMessage(exitCode);
  }

  /** What the container has left at its path; else the end of its log, where that is asked for and it failed. */
  #terminationMessage(exitCode: number): string | undefined {
    const left = this.messageVolume.read('message') ?? new Uint8Array(0);
    if (left.length > 0) return Buffer.from(left.subarray(-maxMessageBytes)).toString();
    if (!this.config.terminationMessageFromLog || exitCode === 0) return undefined;
    const text = Buffer.concat(this.log.tail(logMessage.lines).map((line) => line.data)).subarray(-logMessage.bytes);
    return text.length > 0 ? text.toString() : undefined;
  }

  conclude(exitCode: number, reason: string, now: number): void {
    this.state = 'exited';
    this.exit = { exitCode };
    this.reason = reason;
    this.finishedAt = now;
    this.log.end();
    for (const session of this.attached) session.finish({ exitCode });
    this.#resolveEnded();
  }

  status(): ContainerStatus {
    const { name, attempt, imageReference } = this.config;
    return {
      id: this.id,
      sandboxId: this.sandbox.id,
      name,
      attempt,
      state: this.state,
      imageId: this.image.id,
      imageReference,
      mountedImageIds: this.config.mounts.flatMap((mount) => ('imageId' in mount ? mount.imageId : [])),
      user: this.user,
      createdAt: this.createdAt,
      startedAt: this.startedAt,
      finishedAt: this.finishedAt,
      exitCode: this.exit?.exitCode,
      reason: this.reason,
      message: this.message,
    };
  }

  /** A client of the main process's own streams. A slow one holds the container back, as containerd's does: it loses nothing. */
  attach(stdin: boolean): ExecSession {
    const session = new AttachSession(this, stdin);
    this.attached.add(session);
    if (this.exit) session.finish(this.exit);
    return session;
  }

  #output(stream: 'stdout' | 'stderr', data: Uint8Array): boolean {
    let room = this.log.write(stream, data);
    for (const session of this.attached) if (!session.deliver(stream, data)) room = false;
    return room;
  }

  /** A client that was slow takes output again, or has gone. */
  resumeOutput(): void {
    this.stdout?.resume();
    this.stderr?.resume();
    this.tty?.resumeOutput();
  }
}

class AttachSession extends StreamSession {
  constructor(
    readonly container: Container,
    readonly withStdin: boolean,
  ) {
    super({ stdin: false, tty: false });
  }
  override writeStdin(data: Uint8Array): boolean {
    if (!this.withStdin) return true;
    if (this.container.tty) this.container.tty.input(data);
    return this.container.stdin?.write(data) ?? true;
  }
  override onStdinDrain(callback: () => void): () => void {
    return this.container.stdin?.onDrain(callback) ?? (() => {});
  }
  override endStdin(): void {
    // stdinOnce: the first client's end is the process's; otherwise another may come.
    if (this.withStdin && this.container.config.stdinOnce) this.container.stdin?.end();
  }
  override resize(columns: number, rows: number): void {
    this.container.tty?.resize(columns, rows);
  }
  override resumeOutput(): void {
    super.resumeOutput();
    if (!this.paused) this.container.resumeOutput();
  }
  override detach(): void {
    this.container.attached.delete(this);
    super.detach();
    this.container.resumeOutput();
  }
}
