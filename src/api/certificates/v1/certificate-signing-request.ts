import type { CertificateSigningRequest, CertificateSigningRequestCondition } from '../../../../generated/types/index.ts';
import { type FieldError, type FieldPath, path } from '../../../machinery/field-error.ts';
import { mistakesOf } from '../../meta/checks.ts';
import type { Mistakes } from '../../meta/mistakes.ts';
import { isDns1123Subdomain } from '../../meta/names.ts';

const minExpirationSeconds = 600;
const specPath = path('spec');
const pemBlock = /-----BEGIN ([A-Z ]+)-----[\s\S]+-----END \1-----/;

export function setCertificateSigningRequestDefaults(request: CertificateSigningRequest): void {
  request.spec ??= {} as CertificateSigningRequest['spec'] & {};
  request.status ??= {};
}

/** pkg/apis/certificates/validation ValidateCertificateSigningRequestCreate; what is in the request itself is not parsed. */
export function validateCertificateSigningRequest({ spec }: CertificateSigningRequest): FieldError[] {
  return mistakesOf((mistakes) => {
    validateRequest(mistakes, spec?.request);
    const usages = spec?.usages ?? [];
    if (usages.length === 0) mistakes.required(specPath.child('usages'));
    usages.forEach((usage, i) => {
      if (!keyUsages.includes(usage)) mistakes.notSupported(specPath.child('usages').index(i), usage, keyUsages);
      if (usages.indexOf(usage) < i) mistakes.duplicate(specPath.child('usages').index(i), usage);
    });
    if (spec?.signerName === 'kubernetes.io/legacy-unknown')
      mistakes.invalid(specPath.child('signerName'), spec.signerName, 'the legacy signerName is not allowed via this API version');
    else validateSignerName(mistakes, spec?.signerName, specPath.child('signerName'));
    const seconds = spec?.expirationSeconds;
    if (seconds !== undefined && seconds < minExpirationSeconds)
      mistakes.invalid(specPath.child('expirationSeconds'), seconds, 'may not specify a duration less than 600 seconds (10 minutes)');
  });
}

function validateRequest(mistakes: Mistakes, request: string | undefined): void {
  const type = pemBlock.exec(Buffer.from(request ?? '', 'base64').toString('latin1'))?.[1];
  if (type === 'CERTIFICATE REQUEST') return;
  mistakes.invalid(specPath.child('request'), request ?? '', 'PEM block type must be CERTIFICATE REQUEST');
}

const keyUsages = [
  'any',
  'cert sign',
  'client auth',
  'code signing',
  'content commitment',
  'crl sign',
  'data encipherment',
  'decipher only',
  'digital signature',
  'email protection',
  'encipher only',
  'ipsec end system',
  'ipsec tunnel',
  'ipsec user',
  'key agreement',
  'key encipherment',
  'microsoft sgc',
  'netscape sgc',
  'ocsp signing',
  's/mime',
  'server auth',
  'signing',
  'timestamping',
];

/** `example.com/signer` (pkg/apis/core/validation ValidateSignerName). */
function validateSignerName(mistakes: Mistakes, name: string | undefined, at: FieldPath): void {
  if (!name) {
    mistakes.required(at);
    return;
  }
  const [domain = '', ...rest] = name.split('/');
  if (rest.length !== 1) {
    mistakes.invalid(at, name, "must be a fully qualified domain and path of the form 'example.com/signer-name'");
    return;
  }
  mistakes.invalid(at, domain, isDns1123Subdomain(domain));
  if (!domain.includes('.')) mistakes.invalid(at, domain, 'should be a domain with at least two segments separated by dots');
  if (!/^[a-zA-Z0-9._~:-]+$/.test(rest[0] as string)) mistakes.invalid(at, rest[0], 'path must consist of letters, digits and the characters ._~:-');
}

/** What is known about a request: each fact once, and not both approved and denied. */
export function validateConditions(conditions: readonly CertificateSigningRequestCondition[] = []): FieldError[] {
  return mistakesOf((mistakes) => {
    const at = path('status', 'conditions');
    const types = conditions.map((one) => one.type);
    conditions.forEach(({ type, status }, i) => {
      if (!type) mistakes.required(at.index(i).child('type'));
      if (['Approved', 'Denied', 'Failed'].includes(type)) {
        if (!status) mistakes.required(at.index(i).child('status'));
        else if (status !== 'True') mistakes.notSupported(at.index(i).child('status'), status, ['True']);
      }
      if (types.indexOf(type) < i) mistakes.duplicate(at.index(i).child('type'), type);
    });
    if (types.includes('Approved') && types.includes('Denied'))
      mistakes.invalid(at.index(types.indexOf('Denied')).child('type'), 'Denied', 'Approved and Denied conditions are mutually exclusive');
  });
}
