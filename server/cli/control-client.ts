import { request as httpRequest } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { CliError, exitCodes } from '../exit-codes.ts';
import type { ClusterState } from './state.ts';

/** Asks the control API of a running cluster. Refusals and lost connections are CliErrors. */
export async function callControl(state: ClusterState, method: 'GET' | 'POST', path: string, body?: unknown): Promise<string> {
  const answer = await send(state, method, path, body).catch((error: Error) => {
    throw new CliError(
      exitCodes.noCluster,
      'CLUSTER_UNREACHABLE',
      `cluster "${state.name}" (process ${state.pid}) does not answer at ${state.controlUrl}: ${error.message}`,
    );
  });
  if (answer.status < 300) return answer.text;
  throw new CliError(
    answer.status === 400 ? exitCodes.usage : exitCodes.failure,
    'CONTROL_REFUSED',
    messageOf(answer.text) ?? `the control API answered ${answer.status}`,
  );
}

function send(state: ClusterState, method: string, path: string, body: unknown): Promise<{ status: number; text: string }> {
  const url = new URL(state.controlUrl + path);
  const options = {
    method,
    agent: false as const,
    headers: { authorization: `Bearer ${state.controlToken}`, 'content-type': 'application/json' },
    ...(state.certificateAuthority ? { ca: state.certificateAuthority } : {}),
  };
  return new Promise((resolve, reject) => {
    const outgoing = (url.protocol === 'https:' ? httpsRequest : httpRequest)(url, options, (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('end', () => resolve({ status: response.statusCode ?? 0, text: Buffer.concat(chunks).toString() }));
      response.on('error', reject);
    });
    outgoing.on('error', reject);
    outgoing.end(body === undefined ? undefined : JSON.stringify(body));
  });
}

function messageOf(text: string): string | undefined {
  try {
    return (JSON.parse(text) as { error?: { message?: string } }).error?.message;
  } catch {
    return undefined;
  }
}
