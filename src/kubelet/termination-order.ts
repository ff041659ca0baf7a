import type { Pod } from '../../generated/types/index.ts';
import type { Env } from '../env/index.ts';
import { isSidecar } from './pod-format.ts';

/**
 * Whose turn it is when a whole pod ends (pkg/kubelet/kuberuntime kuberuntime_termination_order.go): app containers at once, then
 * the sidecars from the last to the first, each when all that came after it has ended.
 */
export class TerminationOrder {
  readonly #ended = new Map<string, { readonly done: Promise<void>; readonly resolve: () => void }>();
  readonly #after = new Map<string, readonly string[]>();

  /** @param running names of the containers that run; nobody waits for others */
  constructor(
    readonly env: Pick<Env, 'loop' | 'clock'>,
    pod: Readonly<Pod>,
    running: readonly string[],
  ) {
    for (const name of running) this.#ended.set(name, newSignal());
    const later = (pod.spec?.containers ?? []).map((one) => one.name);
    for (const sidecar of (pod.spec?.initContainers ?? []).filter(isSidecar).reverse()) {
      this.#after.set(sidecar.name, [...later]);
      later.push(sidecar.name);
    }
  }

  /** Waits until all have ended that go first, but no longer than the grace period. Returns the whole seconds that took. */
  async waitForTurn(name: string, graceSeconds: number): Promise<number> {
    const first = (this.#after.get(name) ?? []).flatMap((one) => this.#ended.get(one)?.done ?? []);
    if (first.length === 0 || graceSeconds <= 0) return 0;
    const { clock, loop } = this.env;
    const began = clock.now();
    let timer: { cancel(): void } | undefined;
    const late = new Promise<void>((resolve) => {
      timer = loop.after(graceSeconds * 1000, 'termination order', resolve);
    });
    await Promise.race([Promise.all(first), late]);
    timer?.cancel();
    return Math.floor((clock.now() - began) / 1000);
  }

  ended(name: string): void {
    this.#ended.get(name)?.resolve();
  }
}

function newSignal() {
  let resolve = () => {};
  const done = new Promise<void>((resolved) => {
    resolve = resolved;
  });
  return { done, resolve };
}
