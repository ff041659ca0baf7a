import type { CertificateSigningRequest } from '../../../generated/types/index.ts';
import { parseCertificateRequest } from '../../api/certificates/v1/certificate-request.ts';
import type { UserInfo } from '../../machinery/handler.ts';
import type { AdmissionAttributes, AdmissionPlugin } from '../types.ts';
import { refusal } from './refusal.ts';

/** Asks the authorizer about something that no path says. */
export interface SignerAccess {
  allowed(user: UserInfo, verb: 'approve' | 'attest' | 'sign', signerName: string): Promise<boolean>;
}

const group = 'certificates.k8s.io';
const resource = 'certificatesigningrequests';

/** Who approves or denies a request must be allowed to approve for its signer (plugin/pkg/admission/certificates/approval). */
export function certificateApproval(access: SignerAccess): AdmissionPlugin<CertificateSigningRequest> {
  return {
    name: 'CertificateApproval',
    rules: [{ resource: `${resource}/approval`, group, operations: ['UPDATE'] }],
    async validate(attributes) {
      const signer = attributes.oldObject?.spec?.signerName ?? '';
      if (await access.allowed(attributes.user, 'approve', signer)) return;
      throw refusal(attributes, `user not permitted to approve requests with signerName ${JSON.stringify(signer)}`);
    },
  };
}

/** Who issues a certificate, or says that signing failed, must be allowed to sign for the signer (plugin/pkg/admission/certificates/signing). */
export function certificateSigning(access: SignerAccess): AdmissionPlugin<CertificateSigningRequest> {
  return {
    name: 'CertificateSigning',
    rules: [{ resource: `${resource}/status`, group, operations: ['UPDATE'] }],
    async validate(attributes) {
      const { object, oldObject } = attributes;
      const unchanged = oldObject?.status?.certificate === object.status?.certificate && !saysFailed(object) === !saysFailed(oldObject);
      const signer = oldObject?.spec?.signerName ?? '';
      if (unchanged || (await access.allowed(attributes.user, 'sign', signer))) return;
      throw refusal(attributes, `user not permitted to sign requests with signerName ${JSON.stringify(signer)}`);
    },
  };
}

const saysFailed = (request: Readonly<CertificateSigningRequest> | undefined): boolean =>
  (request?.status?.conditions ?? []).some((condition) => condition.type === 'Failed');

/** Nobody gets a client certificate of the group that may do everything (plugin/pkg/admission/certificates/subjectrestriction). */
export function certificateSubjectRestriction(): AdmissionPlugin<CertificateSigningRequest> {
  return {
    name: 'CertificateSubjectRestriction',
    rules: [{ resource, group, operations: ['CREATE'] }],
    validate(attributes) {
      const { signerName, request } = attributes.object.spec;
      if (signerName !== 'kubernetes.io/kube-apiserver-client') return;
      const { organizations } = parsed(attributes, request);
      if (organizations.includes('system:masters')) {
        throw refusal(attributes, 'use of kubernetes.io/kube-apiserver-client signer with system:masters group is not allowed');
      }
    },
  };
}

function parsed(attributes: AdmissionAttributes<CertificateSigningRequest>, request: string) {
  try {
    return parseCertificateRequest(request);
  } catch (error) {
    throw refusal(attributes, `failed to parse CSR: ${(error as Error).message}`);
  }
}
