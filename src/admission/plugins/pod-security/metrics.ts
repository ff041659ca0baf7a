import type { Counters, Metrics } from '../../../env/index.ts';
import type { AdmissionAttributes } from '../../types.ts';
import type { LevelVersion, Mode } from './policy.ts';

/** Minor version of the Kubernetes whose checks are known. */
const newestKnown = 33;

type Asked = Pick<AdmissionAttributes, 'operation' | 'resource' | 'subresource'>;

/** What pod security counts (pod-security-admission/metrics). Nobody is exempt, so that there is nothing to count of exemptions. */
export class PodSecurityMetrics {
  readonly #evaluations: Counters;
  readonly #errors: Counters;

  constructor(metrics: Metrics) {
    const request = ['request_operation', 'resource', 'subresource'];
    const policy = ['decision', 'policy_level', 'policy_version', 'mode'];
    this.#evaluations = metrics.counters('pod_security_evaluations_total', '[ALPHA] Times that a pod, or a template, was held against a level.', [
      ...policy,
      ...request,
    ]);
    this.#errors = metrics.counters('pod_security_errors_total', '[ALPHA] Times that the level could not be found out.', ['fatal', ...request]);
  }

  /** A pod was held against a level, or needed not to be since the level lets everything pass. */
  evaluated(decision: 'allow' | 'deny', mode: Mode, { level, version }: LevelVersion, asked: Asked): void {
    this.#evaluations.add(1, decision, level, level === 'privileged' ? 'latest' : versionLabel(version), mode, ...labelsOf(asked));
  }

  failed(fatal: boolean, asked: Asked): void {
    this.#errors.add(1, String(fatal), ...labelsOf(asked));
  }
}

function versionLabel(version: LevelVersion['version']): string {
  if (version === 'latest') return version;
  return version > newestKnown ? 'future' : `v1.${version}`;
}

function labelsOf({ operation, resource, subresource }: Asked): readonly [string, string, string] {
  return [operation.toLowerCase(), resource.group === '' && resource.resource === 'pods' ? 'pod' : 'controller', subresource];
}
