import type { CertificateSigningRequest, CertificateSigningRequestCondition } from '../../../generated/types/index.ts';
import { setCertificateSigningRequestDefaults, validateCertificateSigningRequest, validateConditions } from '../../api/index.ts';
import { formatTime, humanDuration } from '../../machinery/time.ts';
import { ageColumn, column, nameColumn } from '../core/columns.ts';
import { resourceStrategy } from '../generic/resource-strategy.ts';
import type { Strategy } from '../generic/strategy.ts';

type Conditions = readonly CertificateSigningRequestCondition[];

const isVerdict = ({ type }: CertificateSigningRequestCondition): boolean => type === 'Approved' || type === 'Denied';

/** What the server knows better than the client: when a condition was set, and when it last changed. */
function stamp(next: Conditions, previous: Conditions, now: number): CertificateSigningRequestCondition[] {
  const time = formatTime(now);
  return next.map((one) => {
    const before = previous.find((old) => old.type === one.type);
    return {
      ...one,
      lastUpdateTime: one.lastUpdateTime ?? time,
      lastTransitionTime: one.lastTransitionTime ?? (before?.status === one.status ? before.lastTransitionTime : undefined) ?? time,
    };
  });
}

/** Keeps spec and certificate, and those conditions that the other subresource owns. */
function restore(next: CertificateSigningRequest, previous: Readonly<CertificateSigningRequest>, mine: typeof isVerdict, now: number): void {
  next.spec = previous.spec;
  const [given, before] = [next.status?.conditions ?? [], previous.status?.conditions ?? []];
  const kept = before.filter((one) => !mine(one));
  next.status = { ...next.status, conditions: [...kept, ...stamp(given.filter(mine), before, now)] };
  if (next.status.conditions?.length === 0) delete next.status.conditions;
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
  validateName: () => [],
  validate: validateCertificateSigningRequest,
  validateUpdate: () => [],
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
        restore(next, previous, isVerdict, now);
        if (previous.status?.certificate) next.status!.certificate = previous.status.certificate;
        else delete next.status!.certificate;
      },
      validateUpdate: ({ status }) => validateConditions(status?.conditions),
    },
  },
});

/** `/status` sets everything but the verdict. */
const withStatus: Strategy<CertificateSigningRequest> = {
  ...certificateSigningRequestStrategy,
  status: {
    prepareForUpdate: (next, previous, { now }) => restore(next, previous, (one) => !isVerdict(one), now),
    validateUpdate: ({ status }) => validateConditions(status?.conditions),
  },
};

/** The resources of certificates.k8s.io/v1. */
export const certificatesStrategies = [withStatus] as unknown as readonly Strategy[];
