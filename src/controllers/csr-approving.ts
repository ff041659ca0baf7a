import type { CertificateSigningRequest } from '../../generated/types/index.ts';
import { parseCertificateRequest } from '../api/index.ts';
import { refs, resourcePath } from '../client/index.ts';
import { clone } from '../machinery/deep.ts';
import { CertificateController, hasCondition, kubeletClientMistake, signerNames } from './certificate-requests.ts';

/** Whoever may do this to a certificate request gets a kubelet's client certificate without being asked for. */
interface Permission {
  readonly subresource: 'selfnodeclient' | 'nodeclient';
  readonly message: string;
}

const forItself: Permission = { subresource: 'selfnodeclient', message: 'Auto approving self kubelet client certificate after SubjectAccessReview.' };
const forAnyNode: Permission = { subresource: 'nodeclient', message: 'Auto approving kubelet client certificate after SubjectAccessReview.' };

/** Approves the requests of kubelets that are allowed to have them (pkg/controller/certificates/approver sarapprove). */
export class CsrApprovingController extends CertificateController {
  readonly name = 'csrapproving';

  protected async look(found: Readonly<CertificateSigningRequest>): Promise<void> {
    const name = found.metadata?.name ?? '';
    if (found.status?.certificate || hasCondition(found, 'Approved') || hasCondition(found, 'Denied')) return;
    const tried = permissionsFor(found);
    for (const permission of tried) {
      if (!(await this.#isAllowed(found, permission))) continue;
      const next = clone(found) as CertificateSigningRequest;
      const approved = { type: 'Approved', status: 'True', reason: 'AutoApproved', message: permission.message };
      next.status = { ...next.status, conditions: [...(next.status?.conditions ?? []), approved] };
      const path = resourcePath(refs.certificateSigningRequests, undefined, name, 'approval');
      await this.client.request('PUT', path, { body: next });
      return;
    }
    // Tried again with a growing delay, as upstream does: the permission may still come.
    if (tried.length > 0) {
      const names = tried.map((one) => one.subresource).join(' ');
      throw new Error(`recognized csr ${JSON.stringify(name)} as [${names}] but subject access review was not approved`);
    }
  }

  async #isAllowed({ spec }: Readonly<CertificateSigningRequest>, { subresource }: Permission): Promise<boolean> {
    const resourceAttributes = { group: 'certificates.k8s.io', resource: 'certificatesigningrequests', verb: 'create', subresource };
    const { username: user, uid, groups, extra } = spec;
    const { body } = await this.client.request('POST', '/apis/authorization.k8s.io/v1/subjectaccessreviews', {
      body: { kind: 'SubjectAccessReview', apiVersion: 'authorization.k8s.io/v1', spec: { user, uid, groups, extra, resourceAttributes } },
    });
    return body.kind === 'object' && (body.object() as { status?: { allowed?: boolean } }).status?.allowed === true;
  }
}

/** What a request could be approved by; none if it is not a kubelet's. */
function permissionsFor({ spec }: Readonly<CertificateSigningRequest>): readonly Permission[] {
  if (spec.signerName !== signerNames.kubeletClient) return [];
  const request = parseCertificateRequest(spec.request);
  if (kubeletClientMistake(request, spec.usages ?? [])) return [];
  return spec.username === request.commonName ? [forItself, forAnyNode] : [forAnyNode];
}
