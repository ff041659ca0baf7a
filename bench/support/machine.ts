import { readdirSync, readFileSync } from 'node:fs';
import { createServer, connect as dial } from 'node:net';
import { cpus, loadavg, release, totalmem } from 'node:os';
import { podBody } from './objects.ts';

/** Processor time of all threads of a process so far, in milliseconds; NaN where there is no /proc. */
export function cpuMs(pid: number): number {
  try {
    let nanoseconds = 0;
    // The scheduler's own count is exact; /proc/PID/stat goes by steps of 10 ms.
    for (const thread of readdirSync(`/proc/${pid}/task`)) {
      nanoseconds += Number(readFileSync(`/proc/${pid}/task/${thread}/schedstat`, 'latin1').split(' ')[0]);
    }
    return nanoseconds / 1e6;
  } catch {
    return Number.NaN;
  }
}

/** Resident memory of a process in MiB; NaN where there is no /proc. */
export function residentMib(pid: number): number {
  try {
    return Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'latin1'))?.[1]) / 1024;
  } catch {
    return Number.NaN;
  }
}

/** How busy the machine has been so far, all processes together. */
export function busySeconds(): number {
  return cpus().reduce((sum, { times }) => sum + times.user + times.nice + times.sys + times.irq, 0) / 1000;
}

export function describeMachine(): object {
  return {
    model: cpus()[0]?.model ?? '',
    cores: cpus().length,
    memoryGib: Math.round(totalmem() / 2 ** 30),
    kernel: release(),
    node: process.version,
    load: Number((loadavg()[0] ?? 0).toFixed(2)),
  };
}

/** What the machine itself can do now, so that two results can be told from two machines or a busy hour. */
export interface Calibration {
  /** Microseconds to read and write a pod of 2 KB as JSON. */
  readonly jsonMicros: number;
  /** Microseconds for a byte to go to another socket of this process and back. */
  readonly loopbackMicros: number;
}

export async function calibrate(): Promise<Calibration> {
  return { jsonMicros: round(jsonMicros()), loopbackMicros: round(await loopbackMicros()) };
}

function jsonMicros(): number {
  const text = podBody('calibration');
  const count = 3000;
  const turns = Array.from({ length: 5 }, () => {
    const began = performance.now();
    for (let i = 0; i < count; i += 1) JSON.stringify(JSON.parse(text));
    return ((performance.now() - began) * 1000) / count;
  });
  return Math.min(...turns);
}

async function loopbackMicros(): Promise<number> {
  const echo = createServer((socket) => socket.setNoDelay(true).on('data', (bytes) => socket.write(bytes)));
  await new Promise<void>((resolve) => echo.listen(0, '127.0.0.1', resolve));
  const socket = dial({ port: (echo.address() as { port: number }).port, host: '127.0.0.1', noDelay: true });
  const turns: number[] = [];
  for (let turn = 0; turn < 4; turn += 1) {
    const count = 2000;
    const began = performance.now();
    for (let i = 0; i < count; i += 1) {
      await new Promise((resolve) => {
        socket.once('data', resolve);
        socket.write('x');
      });
    }
    turns.push(((performance.now() - began) * 1000) / count);
  }
  socket.destroy();
  echo.close();
  return Math.min(...turns);
}

function round(value: number): number {
  return Number(value.toPrecision(4));
}
