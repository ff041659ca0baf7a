import type { CertificateSigningRequest } from '../../generated/types/index.ts';
import type { CertificateRequest } from '../api/index.ts';
import { parseCertificateRequest } from '../api/index.ts';
import type { Client, SharedInformer } from '../client/index.ts';
import { refs } from '../client/index.ts';
import { clone } from '../machinery/deep.ts';
import { formatTime } from '../machinery/time.ts';
import type { ObjectKey } from '../machinery/types.ts';
import { certificateController, clientMistake, hasCondition, kubeletClientMistake, kubeletServingMistake, signerNames } from './certificate-requests.ts';
import type { Controller, ControllerContext } from './controller.ts';
import { ReconcileLoop } from './controller.ts';

/** A certificate holds for a year, or as long as the request wants if that is less (--cluster-signing-duration). */
const longestSeconds = 365 * 24 * 3600;
const shortestSeconds = 600;

/** What each signer asks of a request: what is wrong with it, or undefined. */
const signers: Readonly<Record<string, (request: CertificateRequest, usages: readonly string[]) => string | undefined>> = {
  [signerNames.apiServerClient]: (_request, usages) => clientMistake(usages),
  [signerNames.kubeletClient]: kubeletClientMistake,
  [signerNames.kubeletServing]: kubeletServingMistake,
};

/** Issues certificates for approved requests to upstream's own signers (pkg/controller/certificates/signer). */
export class CsrSigningController implements Controller {
  readonly name = 'csrsigning';
  readonly #client: Client;
  readonly #requests: SharedInformer<CertificateSigningRequest>;
  readonly #loop: ReconcileLoop;

  constructor(readonly context: ControllerContext) {
    this.#client = context.clientFor(certificateController);
    this.#requests = context.informers.for<CertificateSigningRequest>(refs.certificateSigningRequests);
    this.#loop = new ReconcileLoop('certificate', context.env, (key) => this.#reconcile(key));
  }

  start(): void {
    const enqueue = (request: Readonly<CertificateSigningRequest>) => this.#loop.enqueue(request);
    this.#requests.handle({ added: enqueue, updated: enqueue });
    this.#loop.start([this.#requests] as SharedInformer<never>[]);
  }

  stop(): void {
    this.#loop.stop();
  }

  async #reconcile(key: ObjectKey): Promise<void> {
    const found = this.#requests.lister.get(key);
    const mistakeOf = signers[found?.spec.signerName ?? ''];
    const { signCertificate } = this.context;
    if (!found || !mistakeOf || !signCertificate || found.status?.certificate) return;
    if (!hasCondition(found, 'Approved') || hasCondition(found, 'Failed')) return;
    const request = parseCertificateRequest(found.spec.request);
    const mistake = mistakeOf(request, found.spec.usages ?? []);
    const next = clone(found) as CertificateSigningRequest;
    next.status = mistake
      ? { ...next.status, conditions: [...(next.status?.conditions ?? []), this.#failed(mistake)] }
      : { ...next.status, certificate: await this.#sign(found, request, signCertificate) };
    await this.#client.resource<CertificateSigningRequest>(refs.certificateSigningRequests).updateStatus(next);
  }

  #failed(message: string) {
    const time = formatTime(this.context.env.clock.now());
    return { type: 'Failed', status: 'True', reason: 'SignerValidationFailure', message, lastUpdateTime: time };
  }

  async #sign(
    { spec }: Readonly<CertificateSigningRequest>,
    request: CertificateRequest,
    sign: NonNullable<ControllerContext['signCertificate']>,
  ): Promise<string> {
    const seconds = Math.min(Math.max(spec.expirationSeconds ?? longestSeconds, shortestSeconds), longestSeconds);
    const certificate = this.context.env.loop.track(sign({ request, usages: spec.usages ?? [], seconds }));
    return Buffer.from(await certificate).toString('base64');
  }
}
