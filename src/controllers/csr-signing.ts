import type { CertificateSigningRequest } from '../../generated/types/index.ts';
import type { CertificateRequest } from '../api/index.ts';
import { parseCertificateRequest } from '../api/index.ts';
import { refs } from '../client/index.ts';
import { clone } from '../machinery/deep.ts';
import { formatTime } from '../machinery/time.ts';
import { CertificateController, clientMistake, hasCondition, kubeletClientMistake, kubeletServingMistake, signerNames } from './certificate-requests.ts';
import type { ControllerContext } from './controller.ts';

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
export class CsrSigningController extends CertificateController {
  readonly name = 'csrsigning';

  protected async look(found: Readonly<CertificateSigningRequest>): Promise<void> {
    const mistakeOf = signers[found.spec.signerName];
    const { signCertificate } = this.context;
    if (!mistakeOf || !signCertificate || found.status?.certificate) return;
    if (!hasCondition(found, 'Approved') || hasCondition(found, 'Failed')) return;
    const request = parseCertificateRequest(found.spec.request);
    const mistake = mistakeOf(request, found.spec.usages ?? []);
    const next = clone(found) as CertificateSigningRequest;
    next.status = mistake
      ? { ...next.status, conditions: [...(next.status?.conditions ?? []), this.#failed(mistake)] }
      : { ...next.status, certificate: await this.#sign(found, request, signCertificate) };
    await this.client.resource<CertificateSigningRequest>(refs.certificateSigningRequests).updateStatus(next);
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
