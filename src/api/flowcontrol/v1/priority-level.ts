import type {
  ExemptPriorityLevelConfiguration,
  LimitedPriorityLevelConfiguration,
  LimitResponse,
  PriorityLevelConfiguration,
  PriorityLevelConfigurationSpec,
  QueuingConfiguration,
} from '../../../../generated/types/index.ts';
import { semanticEqual } from '../../../machinery/deep.ts';
import { type FieldError, type FieldPath, path } from '../../../machinery/field-error.ts';
import { mistakesOf } from '../../meta/checks.ts';
import type { Mistakes } from '../../meta/mistakes.ts';
import { validateConditionTypes } from './flow-schema.ts';
import { mandatoryPriorityLevels } from './mandatory.ts';

const roundTripAnnotation = 'flowcontrol.k8s.io/v1beta3-preserve-zero-concurrency-shares';
const types = ['Exempt', 'Limited'];
const responses = ['Queue', 'Reject'];
const maxQueues = 10_000_000;
/** Of 64 bits of hash that deal a hand of queues (apiserver/pkg/util/shufflesharding). */
const maxHashBits = 60;

/** pkg/apis/flowcontrol/validation ValidatePriorityLevelConfiguration, for updates too. */
export function validatePriorityLevel({ metadata, spec, status }: PriorityLevelConfiguration): FieldError[] {
  return mistakesOf((mistakes) => {
    const name = metadata?.name ?? '';
    if (metadata?.annotations?.[roundTripAnnotation] !== undefined)
      mistakes.forbidden(path('metadata', 'annotations'), `annotation '${roundTripAnnotation}' is forbidden`);
    if (spec) {
      validateSpec(mistakes, name, spec, path('spec'));
      validateMandatory(mistakes, name, spec, path('spec'));
    }
    validateConditionTypes(mistakes, status?.conditions ?? []);
  });
}

function validateMandatory(mistakes: Mistakes, name: string, spec: PriorityLevelConfigurationSpec, at: FieldPath): void {
  const { exempt, 'catch-all': catchAll } = mandatoryPriorityLevels;
  if (name === 'exempt' && !semanticEqual({ ...spec, exempt: exempt.exempt }, exempt))
    mistakes.invalid(at, spec, "spec of 'exempt' except the 'spec.exempt' field must equal the fixed value");
  if (name === 'catch-all' && !semanticEqual(spec, catchAll)) mistakes.invalid(at, spec, "spec of 'catch-all' must equal the fixed value");
}

function validateSpec(mistakes: Mistakes, name: string, { type, limited, exempt }: PriorityLevelConfigurationSpec, at: FieldPath): void {
  if ((name === 'exempt') !== (type === 'Exempt')) mistakes.invalid(at.child('type'), type ?? '', "type must be 'Exempt' if and only if name is 'exempt'");
  if (type === 'Exempt') {
    if (limited) mistakes.forbidden(at.child('limited'), 'must be nil if the type is not Limited');
    if (exempt) validateExempt(mistakes, exempt, at.child('exempt'));
  } else if (type === 'Limited') {
    if (exempt) mistakes.forbidden(at.child('exempt'), 'must be nil if the type is Limited');
    if (limited) validateLimited(mistakes, limited, at.child('limited'));
    else mistakes.required(at.child('limited'), 'must not be empty when type is Limited');
  } else mistakes.notSupported(at.child('type'), type ?? '', types);
}

function validateExempt(mistakes: Mistakes, { nominalConcurrencyShares, lendablePercent }: ExemptPriorityLevelConfiguration, at: FieldPath): void {
  validateShares(mistakes, nominalConcurrencyShares, at);
  validateLendable(mistakes, lendablePercent, at);
}

function validateLimited(mistakes: Mistakes, limited: LimitedPriorityLevelConfiguration, at: FieldPath): void {
  validateShares(mistakes, limited.nominalConcurrencyShares, at);
  validateResponse(mistakes, limited.limitResponse, at.child('limitResponse'));
  validateLendable(mistakes, limited.lendablePercent, at);
  const borrowing = limited.borrowingLimitPercent;
  if (borrowing !== undefined && borrowing < 0) mistakes.invalid(at.child('borrowingLimitPercent'), borrowing, 'if specified, must be a non-negative integer');
}

function validateShares(mistakes: Mistakes, shares: number | undefined, at: FieldPath): void {
  if (shares !== undefined && shares < 0) mistakes.invalid(at.child('nominalConcurrencyShares'), shares, 'must be a non-negative integer');
}

function validateLendable(mistakes: Mistakes, percent: number | undefined, at: FieldPath): void {
  if (percent !== undefined && (percent < 0 || percent > 100)) mistakes.invalid(at.child('lendablePercent'), percent, 'must be between 0 and 100, inclusive');
}

/** Upstream's texts name the type wrongly: they mean Queue. */
function validateResponse(mistakes: Mistakes, response: LimitResponse | undefined, at: FieldPath): void {
  const { type = '', queuing } = response ?? {};
  if (type === 'Reject') {
    if (queuing) mistakes.forbidden(at.child('queuing'), 'must be nil if limited.limitResponse.type is not Limited');
  } else if (type === 'Queue') {
    if (queuing) validateQueuing(mistakes, queuing, at.child('queuing'));
    else mistakes.required(at.child('queuing'), 'must not be empty if limited.limitResponse.type is Limited');
  } else mistakes.notSupported(at.child('type'), type, responses);
}

function validateQueuing(mistakes: Mistakes, { queueLengthLimit = 0, queues = 0, handSize = 0 }: QueuingConfiguration, at: FieldPath): void {
  if (queueLengthLimit <= 0) mistakes.invalid(at.child('queueLengthLimit'), queueLengthLimit, 'must be positive');
  if (queues <= 0) mistakes.invalid(at.child('queues'), queues, 'must be positive');
  else if (queues > maxQueues) mistakes.invalid(at.child('queues'), queues, `must not be greater than ${maxQueues}`);
  const wrong = (detail: string): void => mistakes.invalid(at.child('handSize'), handSize, detail);
  if (handSize <= 0) wrong('must be positive');
  else if (handSize > queues) wrong(`should not be greater than queues (${queues})`);
  else if (Math.ceil(Math.log2(queues) * handSize) > maxHashBits)
    wrong(`required entropy bits of deckSize ${queues} and handSize ${handSize} should not be greater than ${maxHashBits}`);
}
