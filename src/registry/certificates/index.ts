import type { CertificateSigningRequest, CertificateSigningRequestCondition } from '../../../generated/types/index.ts';
import { setCertificateSigningRequestDefaults, validateCertificateSigningRequest, validateCertificateSigningRequestUpdate } from '../../api/index.ts';
import { nameIsPathSegment } from '../../api/meta/names.ts';
import { formatTime, humanDuration } from '../../machinery/time.ts';
import { ageColumn, column, nameColumn } from '../core/columns.ts';
import { resourceStrategy } from '../generic/resource-strategy.ts';
import type { Strategy } from '../generic/strategy.ts';

type Conditions = readonly CertificateSigningRequestCondition[];

const conditionsOf = ({ status }: Readonly<CertificateSigningRequest>): Conditions => status?.conditions ?? [];
const ofType = (conditions: Conditions, type: string): Conditions => conditions.filter((one) => one.type === type);

/** What the server knows better than the client: when a condition was set, and when it last changed. */
function stamp(request: CertificateSigningRequest, previous: Readonly<CertificateSigningRequest>, now: number): void {
  const time = formatTime(now);
  const stamped = conditionsOf(request).map((one) => {
    const before = conditionsOf(previous).find((old) => old.type === one.type && old.status === one.status);
    const lastTransitionTime = one.lastTransitionTime ?? before?.lastTransitionTime ?? time;
    return { ...one, lastUpdateTime: one.lastUpdateTime ?? time, lastTransitionTime };
  });
  request.status = { ...request.status, conditions: stamped };
  if (stamped.length === 0) delete request.status.conditions;
}

/** A verdict stays as it was; one that came or went is left for validation to refuse. */
function keepVerdicts(request: CertificateSigningRequest, previous: Readonly<CertificateSigningRequest>): void {
  for (const type of ['Approved', 'Denied']) {
    const [given, before] = [ofType(conditionsOf(request), type), ofType(conditionsOf(previous), type)];
    if (given.length !== before.length) continue;
    const conditions = conditionsOf(request).map((one) => (one.type === type ? before[given.indexOf(one)]! : one));
    request.status = { ...request.status, conditions };
  }
}

/** Pending, Approved or Denied; then what came of it. */
function state({ status }: Readonly<CertificateSigningRequest>): string {
  const has = (type: string): boolean => (status?.conditions ?? []).some((one) => one.type === type);
  const verdict = has('Denied') ? 'Denied' : has('Approved') ? 'Approved' : 'Pending';
  return `${verdict}${has('Failed') ? ',Failed' : ''}${status?.certificate ? ',Issued' : ''}`;
}

function requestedDuration({ spec }: Readonly<CertificateSigningRequest>): string {
  return spec?.expirationSeconds === undefined ? '<none>' : humanDuration(spec.expirationSeconds * 1000);
}

/** pkg/registry/certificates/certificates: who asks is written by the server. */
export const certificateSigningRequestStrategy = resourceStrategy<CertificateSigningRequest>({
  resource: {
    group: 'certificates.k8s.io',
    version: 'v1',
    kind: 'CertificateSigningRequest',
    plural: 'certificatesigningrequests',
    shortNames: ['csr'],
    namespaced: false,
  },
  applyDefaults: setCertificateSigningRequestDefaults,
  statusOnCreate: () => ({}),
  prepareForCreate(request, { user }) {
    const spec = request.spec!;
    spec.username = user.username;
    if (user.uid) spec.uid = user.uid;
    else delete spec.uid;
    spec.groups = [...(user.groups ?? [])];
    const extra = user.extra ?? {};
    if (Object.keys(extra).length > 0) spec.extra = Object.fromEntries(Object.entries(extra).map(([key, values]) => [key, [...values]]));
    else delete spec.extra;
  },
  prepareForUpdate(next, previous) {
    next.spec = previous.spec;
  },
  validateName: nameIsPathSegment,
  validate: validateCertificateSigningRequest,
  validateUpdate: (next, previous) => validateCertificateSigningRequestUpdate(next, previous, {}),
  columns: [
    nameColumn,
    ageColumn,
    column('SignerName', 'Who is asked to sign.', ({ spec }) => spec?.signerName || '<none>'),
    column('Requestor', 'Who asks.', ({ spec }) => spec?.username ?? ''),
    column('RequestedDuration', 'For how long the certificate should hold.', requestedDuration),
    column('Condition', 'Whether it has been approved or denied, and issued.', state),
  ],
  selectableFields: ({ spec }) => ({ 'spec.signerName': spec?.signerName ?? '' }),
  subresources: {
    approval: {
      prepareForUpdate(next, previous, { now }) {
        next.spec = previous.spec;
        stamp(next, previous, now);
        if (previous.status?.certificate) next.status!.certificate = previous.status.certificate;
        else delete next.status!.certificate;
      },
      validateUpdate: (next, previous) => validateCertificateSigningRequestUpdate(next, previous, { approving: true }),
    },
  },
});

/** `/status` sets everything but the verdict. */
const withStatus: Strategy<CertificateSigningRequest> = {
  ...certificateSigningRequestStrategy,
  status: {
    prepareForUpdate(next, previous, { now }) {
      next.spec = previous.spec;
      keepVerdicts(next, previous);
      stamp(next, previous, now);
    },
    validateUpdate: (next, previous) => validateCertificateSigningRequestUpdate(next, previous, { issuing: true }),
  },
};

/** The resources of certificates.k8s.io/v1. */
export const certificatesStrategies = [withStatus] as unknown as readonly Strategy[];
