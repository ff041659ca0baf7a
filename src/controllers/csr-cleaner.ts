import type { CertificateSigningRequest } from '../../generated/types/index.ts';
import type { Client, SharedInformer } from '../client/index.ts';
import { refs } from '../client/index.ts';
import { isNotFound } from '../machinery/status-error.ts';
import { parseTime } from '../machinery/time.ts';
import { certificateController } from './certificate-requests.ts';
import type { Controller, ControllerContext } from './controller.ts';
import { PeriodicLook } from './periodic-look.ts';

const hourMs = 3_600_000;
const dayMs = 24 * hourMs;

/**
 * Deletes requests that have had their answer for an hour, and those that have had none for a day
 * (pkg/controller/certificates/cleaner). Looks every hour, if there is something to look at.
 *
 * Differs from upstream: a request is not deleted because its certificate has expired. Certificates hold by the machine's clock,
 * requests live by the cluster's, and none lives longer than an hour after its certificate was issued anyway.
 */
export class CsrCleanerController implements Controller {
  readonly name = 'csrcleaner';
  readonly #client: Client;
  readonly #requests: SharedInformer<CertificateSigningRequest>;
  readonly #hourly: PeriodicLook;

  constructor(readonly context: ControllerContext) {
    this.#client = context.clientFor(certificateController);
    this.#requests = context.informers.for<CertificateSigningRequest>(refs.certificateSigningRequests);
    this.#hourly = new PeriodicLook(context.env, 'csr cleaner', hourMs, () => this.#clean());
  }

  start(): void {
    this.#hourly.start();
    this.#requests.handle({ added: () => this.#hourly.request() });
  }

  stop(): void {
    this.#hourly.stop();
  }

  async #clean(): Promise<void> {
    const { env } = this.context;
    const all = this.#requests.lister.list();
    const old = all.filter((one) => isOver(one, env.clock.now()));
    for (const { metadata } of old) {
      const name = metadata?.name ?? '';
      await this.#client
        .resource(refs.certificateSigningRequests)
        .delete({ name })
        .catch((error) => {
          if (!isNotFound(error)) env.log.warn('certificate request could not be deleted', { name, error: String(error) });
        });
    }
    if (all.length > 0) this.#hourly.request();
  }
}

function isOver({ metadata, status }: Readonly<CertificateSigningRequest>, now: number): boolean {
  const conditions = status?.conditions ?? [];
  const isOlder = (time: string | undefined, ms: number) => now - (parseTime(time) ?? now) > ms;
  if (conditions.length === 0) return isOlder(metadata?.creationTimestamp, dayMs);
  return conditions.some(({ type, lastUpdateTime }) => {
    const answered = type === 'Denied' || type === 'Failed' || (type === 'Approved' && Boolean(status?.certificate));
    return answered && isOlder(lastUpdateTime, hourMs);
  });
}
