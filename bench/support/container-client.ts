import { WebSocket } from 'ws';
import type { Target } from './raw-connection.ts';
import { podsPath } from './workloads.ts';

const channels = { stdin: 0, stdout: 1, stderr: 2, error: 3, closed: 255 } as const;
/** Bytes of one message, as kubectl's copy buffer has them. */
const messageBytes = 32 * 1024;
/** More than this unsent, and the sender waits. */
const unsentBytes = 1024 * 1024;

export interface ExecResult {
  readonly stdoutBytes: number;
  /** The first 64 KiB. */
  readonly stdout: string;
}

/** Runs a command in a pod's first container over a WebSocket of its own, as kubectl does (v5). Fails unless the command exits with 0. */
export function exec(target: Target, pod: string, command: readonly string[], stdin?: Buffer): Promise<ExecResult> {
  const query = new URLSearchParams({ stdout: 'true', stderr: 'true', ...(stdin ? { stdin: 'true' } : {}) });
  for (const word of command) query.append('command', word);
  const socket = open(target, `${podsPath}/${pod}/exec?${query}`, 'v5.channel.k8s.io');
  let stdoutBytes = 0;
  let stdout = '';
  let stderr = '';
  return new Promise((resolve, reject) => {
    socket.on('error', reject);
    socket.on('open', () => {
      if (!stdin) return;
      sendAll(socket, channels.stdin, stdin)
        .then(() => socket.send(Buffer.of(channels.closed, channels.stdin)))
        .catch(reject);
    });
    socket.on('message', (message: Buffer) => {
      const data = message.subarray(1);
      if (message[0] === channels.stdout) {
        stdoutBytes += data.length;
        if (stdout.length < 65_536) stdout += data.toString('latin1', 0, 65_536);
      } else if (message[0] === channels.stderr) stderr += data.toString();
      else if (message[0] === channels.error) {
        const { status, message: text } = JSON.parse(data.toString()) as { status: string; message?: string };
        if (status === 'Success') resolve({ stdoutBytes, stdout });
        else reject(new Error(`${command.join(' ')}: ${text} ${stderr}`));
      }
    });
    socket.on('close', () => reject(new Error(`${command.join(' ')}: the connection ended before the command did`)));
  });
}

/** One connection to a pod's port over a WebSocket (v4): sends the bytes, and counts what comes back until `enough` says so. */
export function forward(target: Target, pod: string, port: number, bytes: Buffer, enough: (received: number, piece: Buffer) => boolean): Promise<number> {
  const socket = open(target, `${podsPath}/${pod}/portforward?ports=${port}`, 'v4.channel.k8s.io');
  let received = 0;
  let greetings = 2;
  return new Promise((resolve, reject) => {
    socket.on('error', reject);
    socket.on('message', (message: Buffer) => {
      if (greetings > 0) {
        greetings -= 1; // The port's number, once on each channel.
        if (greetings === 0) sendAll(socket, 0, bytes).catch(reject);
        return;
      }
      const data = message.subarray(1);
      if (message[0] === 1) reject(new Error(`port-forward: ${data.toString()}`));
      received += data.length;
      if (!enough(received, data)) return;
      resolve(received);
      socket.terminate();
    });
    socket.on('close', () => reject(new Error(`port-forward: the connection ended after ${received} bytes`)));
  });
}

function open({ host, port, ca, cert, key }: Target, path: string, protocol: string): WebSocket {
  return new WebSocket(`wss://${host}:${port}${path}`, [protocol], { ca, cert, key, perMessageDeflate: false });
}

async function sendAll(socket: WebSocket, channel: number, bytes: Buffer): Promise<void> {
  for (let at = 0; at < bytes.length; at += messageBytes) {
    const message = Buffer.concat([Buffer.of(channel), bytes.subarray(at, at + messageBytes)]);
    const sent = new Promise<void>((resolve, reject) => socket.send(message, (error) => (error ? reject(error) : resolve())));
    if (socket.bufferedAmount > unsentBytes) await sent;
    else sent.catch(() => {}); // The socket's own error event tells of it.
  }
}
