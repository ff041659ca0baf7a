import type { ExecResult, Runtime } from '../runtime/types.ts';
import { messageOf, rpcErrorText } from './kubelet-error.ts';

/** Runs a command to its end in a container (CRI ExecSync). Rejects in the CRI's words if it cannot be started; 0 ms is no limit. */
export async function execSync(
  runtime: Pick<Runtime, 'execSync'>,
  containerId: string,
  command: readonly string[],
  timeoutMs: number,
): Promise<ExecResult & { /** What it said: its output, then its errors. */ readonly output: Uint8Array }> {
  try {
    const done = await runtime.execSync(containerId, command, timeoutMs);
    return { ...done, output: Buffer.concat([done.stdout, done.stderr]) };
  } catch (error) {
    throw new Error(rpcErrorText(`failed to exec in container: ${messageOf(error)}`));
  }
}
