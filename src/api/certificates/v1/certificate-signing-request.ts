import { X509Certificate } from 'node:crypto';
import type { CertificateSigningRequest, CertificateSigningRequestCondition } from '../../../../generated/types/index.ts';
import { type FieldError, type FieldPath, path } from '../../../machinery/field-error.ts';
import { goBytes } from '../../../machinery/go-syntax.ts';
import { pemBlocks } from '../../../machinery/pem.ts';
import { Mistakes } from '../../meta/mistakes.ts';
import { isDns1123Label, isDns1123Subdomain } from '../../meta/names.ts';
import { validateObjectMetaUpdate } from '../../meta/object-meta.ts';
import { checkRequestSignature, parseCertificateRequest, RequestError } from './certificate-request.ts';

const minExpirationSeconds = 600;
const domainMaxLength = 253;
/** A domain, a slash, and room for a namespace's and an object's name. */
const signerNameMaxLength = domainMaxLength + 1 + 253 + 63 + 1;
const legacySigner = 'kubernetes.io/legacy-unknown';
const specPath = path('spec');
const conditionsPath = path('status', 'conditions');

export function setCertificateSigningRequestDefaults(request: CertificateSigningRequest): void {
  request.spec ??= {} as CertificateSigningRequest['spec'] & {};
  request.status ??= {};
}

/** pkg/apis/certificates/validation ValidateCertificateSigningRequestCreate. */
export function validateCertificateSigningRequest(request: CertificateSigningRequest): FieldError[] {
  const mistakes = new Mistakes();
  validateAll(mistakes, request);
  return mistakes.list;
}

function validateAll(mistakes: Mistakes, { spec, status }: CertificateSigningRequest): void {
  const wrong = whatIsWrongWith(spec?.request ?? '');
  if (wrong) mistakes.invalid(specPath.child('request'), goBytes(spec?.request), wrong);
  const usages = spec?.usages ?? [];
  if (usages.length === 0) mistakes.required(specPath.child('usages'));
  usages.forEach((usage, i) => {
    if (!keyUsages.includes(usage)) mistakes.notSupported(specPath.child('usages').index(i), usage, keyUsages);
  });
  const seen = new Set<string>();
  usages.forEach((usage, i) => {
    if (seen.has(usage)) mistakes.duplicate(specPath.child('usages').index(i), usage);
    seen.add(usage);
  });
  const signerName = spec?.signerName ?? '';
  if (signerName === legacySigner) mistakes.invalid(specPath.child('signerName'), signerName, 'the legacy signerName is not allowed via this API version');
  else validateSignerName(mistakes, signerName, specPath.child('signerName'));
  const seconds = spec?.expirationSeconds;
  if (seconds !== undefined && seconds < minExpirationSeconds)
    mistakes.invalid(specPath.child('expirationSeconds'), seconds, 'may not specify a duration less than 600 seconds (10 minutes)');
  validateConditions(mistakes, status?.conditions ?? []);
  const bad = whatIsWrongWithCertificate(status?.certificate);
  if (bad) mistakes.invalid(path('status', 'certificate'), '<certificate data>', bad);
}

/** A request must be one, and be signed with the key that it is about. */
function whatIsWrongWith(request: string): string | undefined {
  try {
    checkRequestSignature(parseCertificateRequest(request));
    return undefined;
  } catch (error) {
    if (error instanceof RequestError) return error.message;
    throw error;
  }
}

function whatIsWrongWithCertificate(certificate: string | undefined): string | undefined {
  if (!certificate) return undefined;
  let count = 0;
  for (const { type, hasHeaders, bytes } of pemBlocks(Buffer.from(certificate, 'base64').toString('latin1'))) {
    if (type !== 'CERTIFICATE') return `only CERTIFICATE PEM blocks are allowed, found ${JSON.stringify(type)}`;
    if (hasHeaders) return 'no PEM block headers are permitted';
    count += 1;
    if (bytes.length === 0) return 'found CERTIFICATE PEM block containing 0 certificates';
    try {
      new X509Certificate(bytes);
    } catch {
      return 'x509: malformed certificate';
    }
  }
  return count === 0 ? 'must contain at least one CERTIFICATE PEM block' : undefined;
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
function validateSignerName(mistakes: Mistakes, name: string, at: FieldPath): void {
  if (!name) {
    mistakes.required(at);
    return;
  }
  const [domain = '', signer = '', ...rest] = name.split('/');
  if (!name.includes('/') || rest.length > 0) {
    mistakes.invalid(at, name, "must be a fully qualified domain and path of the form 'example.com/signer-name'");
    return;
  }
  if (domain.length > domainMaxLength) mistakes.tooLong(at, domainMaxLength);
  const labels = domain.split('.');
  validateLabels(mistakes, labels, isDns1123Label, domain, at);
  if (labels.length < 2) mistakes.invalid(at, domain, 'should be a domain with at least two segments separated by dots');
  validateLabels(mistakes, signer.split('.'), isDns1123Subdomain, signer, at);
  if (name.length > signerNameMaxLength) mistakes.tooLong(at, signerNameMaxLength);
}

/** The first label that is wrong is told of, with all that is wrong with it. */
function validateLabels(mistakes: Mistakes, labels: readonly string[], check: (label: string) => string[], shown: string, at: FieldPath): void {
  for (const label of labels) {
    const wrong = check(label);
    if (wrong.length === 0) continue;
    mistakes.invalid(
      at,
      shown,
      wrong.map((one) => `validating label ${JSON.stringify(label)}: ${one}`),
    );
    return;
  }
}

const verdicts = ['Approved', 'Denied'] as const;
const trueOnly: readonly string[] = [...verdicts, 'Failed'];

/** What is known about a request: each fact once, and not both approved and denied. */
function validateConditions(mistakes: Mistakes, conditions: readonly CertificateSigningRequestCondition[]): void {
  const seen = new Set<string>();
  conditions.forEach(({ type, status }, i) => {
    const at = conditionsPath.index(i);
    if (!type) mistakes.required(at.child('type'));
    const allowed = trueOnly.includes(type) ? ['True'] : ['False', 'True', 'Unknown'];
    if (!status) mistakes.required(at.child('status'));
    else if (!allowed.includes(status)) mistakes.notSupported(at.child('status'), status, allowed);
    const other = type === 'Approved' ? 'Denied' : type === 'Denied' ? 'Approved' : undefined;
    if (other && seen.has(other)) mistakes.invalid(at.child('type'), type, 'Approved and Denied conditions are mutually exclusive');
    if (seen.has(type)) mistakes.duplicate(at.child('type'), type);
    seen.add(type);
  });
}

export interface RequestUpdateOptions {
  /** Through `/approval`, conditions Approved and Denied may come. */
  readonly approving?: boolean;
  /** Through `/status`, the certificate may come, once. */
  readonly issuing?: boolean;
}

/** An update of a request, by one of its ways (ValidateCertificateSigningRequestUpdate, -StatusUpdate and -ApprovalUpdate). */
export function validateCertificateSigningRequestUpdate(
  next: CertificateSigningRequest,
  previous: Readonly<CertificateSigningRequest>,
  { approving = false, issuing = false }: RequestUpdateOptions,
): FieldError[] {
  const mistakes = new Mistakes();
  validateAll(mistakes, next);
  const count = ({ status }: Readonly<CertificateSigningRequest>, type: string) => (status?.conditions ?? []).filter((one) => one.type === type).length;
  for (const type of trueOnly) {
    if (count(next, type) < count(previous, type)) mistakes.forbidden(conditionsPath, `updates may not remove a condition of type "${type}"`);
  }
  for (const type of approving ? [] : verdicts) {
    if (count(next, type) > count(previous, type)) mistakes.forbidden(conditionsPath, `updates may not add a condition of type "${type}"`);
  }
  const [certificate, before] = [next.status?.certificate ?? '', previous.status?.certificate ?? ''];
  const at = path('status', 'certificate');
  if (certificate !== before && !issuing) mistakes.forbidden(at, 'updates may not set certificate content');
  else if (certificate !== before && before) mistakes.forbidden(at, 'updates may not modify existing certificate content');
  validateObjectMetaUpdate(mistakes, next.metadata, previous.metadata);
  return mistakes.list;
}
