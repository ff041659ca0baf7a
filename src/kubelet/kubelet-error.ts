/** Why a container does not run, as its waiting state says. */
export type WaitingReason =
  | 'CrashLoopBackOff'
  | 'ErrImagePull'
  | 'ImagePullBackOff'
  | 'ErrImageNeverPull'
  | 'InvalidImageName'
  | 'CreateContainerConfigError'
  | 'CreateContainerError'
  | 'RunContainerError'
  | 'PostStartHookError';

/** A container that could not be started: `reason` and `message` go into its status. */
export class ContainerError extends Error {
  constructor(
    readonly reason: WaitingReason,
    message: string,
    /** Simulated time at which another try makes sense. */
    readonly retryAt?: number | undefined,
  ) {
    super(message);
    this.name = 'ContainerError';
  }
}

/** The pod was stopped, or deleted, while something was being done for it. */
export class CancelledError extends Error {
  constructor() {
    super('context canceled');
    this.name = 'CancelledError';
  }
}

/** The text of anything thrown. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** An error of the runtime as it comes over the CRI. */
export function rpcErrorText(error: unknown): string {
  const text = messageOf(error);
  return text.startsWith('rpc error:') ? text : `rpc error: code = Unknown desc = ${text}`;
}
