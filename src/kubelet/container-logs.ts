import type { ContainerStatus, PodStatus } from '../../generated/types/index.ts';
import type { Env } from '../env/index.ts';
import type { PodLogOptions, StreamReader } from '../machinery/index.ts';
import { badRequest, parseTime } from '../machinery/index.ts';
import type { ContainerLog, LogLine } from '../runtime/types.ts';

/**
 * Which run of a container a log request means (pkg/kubelet validateContainerLogStatus). Throws 400 in the kubelet's words.
 * @returns the container's id in the runtime
 */
export function loggedContainerId(podName: string, status: PodStatus | undefined, name: string, previous: boolean): string {
  const all = [...(status?.containerStatuses ?? []), ...(status?.initContainerStatuses ?? []), ...(status?.ephemeralContainerStatuses ?? [])];
  const found = all.find((one) => one.name === name);
  if (!found) throw badRequest(`container "${name}" in pod "${podName}" is not available`);
  return plainId(previous ? previousRun(podName, found) : presentRun(podName, found));
}

function previousRun(podName: string, { name, lastState }: ContainerStatus): string {
  const id = lastState?.terminated?.containerID;
  if (!id) throw badRequest(`previous terminated container "${name}" in pod "${podName}" not found`);
  return id;
}

function presentRun(podName: string, { name, state, lastState, containerID }: ContainerStatus): string {
  const where = `container "${name}" in pod "${podName}"`;
  if (state?.running) return containerID ?? '';
  if (state?.terminated || lastState?.terminated) {
    const id = state?.terminated?.containerID || lastState?.terminated?.containerID;
    if (!id) throw badRequest(`${where} is terminated`);
    return id;
  }
  if (!state?.waiting) throw badRequest(`${where} is waiting to start - no logs yet`);
  const { reason = '' } = state.waiting;
  if (reason === 'ErrImagePull') throw badRequest(`${where} is waiting to start: image can't be pulled`);
  if (reason === 'ImagePullBackOff') throw badRequest(`${where} is waiting to start: trying and failing to pull image`);
  throw badRequest(`${where} is waiting to start: ${reason}`);
}

function plainId(id: string): string {
  return id.replace(/^[a-z]+:\/\//, '');
}

/** Lines that are there already go out in pieces of about this size: each piece costs a way to the client, and logs are made of short lines. */
const pieceBytes = 32 * 1024;

/**
 * Sends a log as asked for: its end, what is younger, with times, at most so many bytes. Returns how to end it.
 *
 * It is read as the client takes it, so a slow one costs nothing: it misses what the log has dropped meanwhile, as of a log file that
 * was rotated twice.
 */
export function streamLog(env: Pick<Env, 'clock' | 'loop'>, log: ContainerLog, options: PodLogOptions, reader: StreamReader): () => void {
  const since = sinceMs(options, env.clock.now());
  let left = options.limitBytes ?? Number.POSITIVE_INFINITY;
  let next = 0;
  let last = Number.POSITIVE_INFINITY;
  let waiting = false;
  let stopped = false;
  let unfollow = () => {};
  let lines: Uint8Array[] = [];
  let bytes = 0;
  const flush = () => {
    if (bytes === 0) return;
    const piece = lines.length === 1 ? (lines[0] as Uint8Array) : Buffer.concat(lines, bytes);
    lines = [];
    bytes = 0;
    reader.data(piece);
  };
  const end = () => {
    if (stopped) return;
    stopped = true;
    unfollow();
    flush();
    reader.end();
  };
  const send = (line: LogLine) => {
    const chunk = encodeLine(line, options.timestamps).subarray(0, left);
    left -= chunk.length;
    lines.push(chunk);
    bytes += chunk.length;
    if (bytes >= pieceBytes) flush();
    if (left <= 0) end();
  };
  const pump = () => {
    while (!stopped && !waiting && next < Math.min(last, log.count)) {
      if (reader.full?.() && reader.onRoom) {
        waiting = true;
        reader.onRoom(() => env.loop.defer('container log', resume));
        break;
      }
      next = Math.max(next, log.first);
      const line = log.line(next);
      next += 1;
      if (line && line.time >= since) send(line);
    }
    if (!stopped) flush();
    if (!waiting && next >= last) end();
  };
  const resume = () => {
    waiting = false;
    pump();
  };
  /** No more lines will come, or are wanted. */
  const finish = () => {
    last = log.count;
    pump();
  };
  env.loop.defer('container log', () => {
    if (stopped) return;
    next = Math.max(0, log.count - (options.tailLines ?? log.count));
    if (!options.follow) return finish();
    pump();
    if (!stopped) unfollow = log.follow({ more: pump, end: finish });
  });
  return () => {
    stopped = true;
    unfollow();
  };
}

function sinceMs({ sinceSeconds, sinceTime }: PodLogOptions, now: number): number {
  if (sinceSeconds !== undefined) return now - sinceSeconds * 1000;
  return parseTime(sinceTime) ?? Number.NEGATIVE_INFINITY;
}

function encodeLine({ time, data }: LogLine, timestamps: boolean): Uint8Array {
  if (!timestamps) return data;
  const stamp = new TextEncoder().encode(`${new Date(time).toISOString().slice(0, 23)}000000Z `);
  const out = new Uint8Array(stamp.length + data.length);
  out.set(stamp);
  out.set(data, stamp.length);
  return out;
}
