/** Exit codes of every command: a promise to scripts. `run` passes its child's own code on. */
export const exitCodes = {
  ok: 0,
  failure: 1,
  usage: 2,
  noCluster: 3,
  waitTimedOut: 4,
  inUse: 5,
  invalidConfig: 6,
  commandNotExecutable: 126,
  commandNotFound: 127,
  interrupted: 130,
  terminated: 143,
} as const;

export const exitCodeTexts: readonly (readonly [code: number, meaning: string])[] = [
  [0, 'done'],
  [1, 'failed'],
  [2, 'wrong usage'],
  [3, 'no such cluster, or not running'],
  [4, 'waited too long'],
  [5, 'port or cluster name in use'],
  [6, 'invalid configuration or kubeconfig'],
  [130, 'interrupted (Ctrl-C)'],
  [143, 'terminated'],
];

/** A failure that ends the program: one sentence for the user, what to do about it, and a stable id for scripts. */
export class CliError extends Error {
  override readonly name = 'CliError';

  constructor(
    readonly code: number,
    readonly id: string,
    message: string,
    readonly hint?: string,
  ) {
    super(message);
  }
}
