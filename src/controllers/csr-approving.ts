import type { CertificateSigningRequest } from '../../generated/types/index.ts';
import { parseCertificateRequest } from '../api/index.ts';
import type { Client, SharedInformer } from '../client/index.ts';
import { refs, resourcePath } from '../client/index.ts';
import { clone } from '../machinery/deep.ts';
import type { ObjectKey } from '../machinery/types.ts';
import { certificateController, hasCondition, kubeletClientMistake, signerNames } from './certificate-requests.ts';
import type { Controller, ControllerContext } from './controller.ts';
import { ReconcileLoop } from './controller.ts';

/** Whoever may do this to a certificate request gets a kubelet's client certificate without being asked for. */
interface Permission {
  readonly subresource: 'selfnodeclient' | 'nodeclient';
  readonly message: string;
}

const forItself: Permission = { subresource: 'selfnodeclient', message: 'Auto approving self kubelet client certificate after SubjectAccessReview.' };
const forAnyNode: Permission = { subresource: 'nodeclient', message: 'Auto approving kubelet client certificate after SubjectAccessReview.' };

/** Approves the requests of kubelets that are allowed to have them (pkg/controller/certificates/approver sarapprove). */
export class CsrApprovingController implements Controller {
  readonly name = 'csrapproving';
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
    if (!found || found.status?.certificate || hasCondition(found, 'Approved') || hasCondition(found, 'Denied')) return;
    const tried = permissionsFor(found);
    for (const permission of tried) {
      if (!(await this.#isAllowed(found, permission))) continue;
      const next = clone(found) as CertificateSigningRequest;
      const approved = { type: 'Approved', status: 'True', reason: 'AutoApproved', message: permission.message };
      next.status = { ...next.status, conditions: [...(next.status?.conditions ?? []), approved] };
      const path = resourcePath(refs.certificateSigningRequests, undefined, key.name, 'approval');
      await this.#client.request('PUT', path, { body: next });
      return;
    }
    // Tried again with a growing delay, as upstream does: the permission may still come.
    if (tried.length > 0) {
      const names = tried.map((one) => one.subresource).join(' ');
      throw new Error(`recognized csr ${JSON.stringify(key.name)} as [${names}] but subject access review was not approved`);
    }
  }

  async #isAllowed({ spec }: Readonly<CertificateSigningRequest>, { subresource }: Permission): Promise<boolean> {
    const resourceAttributes = { group: 'certificates.k8s.io', resource: 'certificatesigningrequests', verb: 'create', subresource };
    const { username: user, uid, groups, extra } = spec;
    const { body } = await this.#client.request('POST', '/apis/authorization.k8s.io/v1/subjectaccessreviews', {
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
