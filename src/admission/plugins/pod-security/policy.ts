import type { FieldError } from '../../../machinery/field-error.ts';
import { invalidValue } from '../../../machinery/field-error.ts';

export type Level = 'privileged' | 'baseline' | 'restricted';
export type Mode = 'enforce' | 'audit' | 'warn';

/** Which checks a pod is held against: a level, as it was in a version of Kubernetes. */
export interface LevelVersion {
  readonly level: Level;
  /** Minor version of 1.x, or `latest`. */
  readonly version: number | 'latest';
}

export type Policy = Readonly<Record<Mode, LevelVersion>>;

const levels: readonly Level[] = ['privileged', 'baseline', 'restricted'];
const prefix = 'pod-security.kubernetes.io';
const privileged: LevelVersion = { level: 'privileged', version: 'latest' };

/** `restricted:latest`, `baseline:v1.25`. */
export function formatLevelVersion({ level, version }: LevelVersion): string {
  return `${level}:${version === 'latest' ? version : `v1.${version}`}`;
}

/** Below 0: `a` is more lenient than `b`. */
export function compareLevels(a: Level, b: Level): number {
  return levels.indexOf(a) - levels.indexOf(b);
}

/**
 * What the labels of a namespace ask for (pod-security-admission/api PolicyToEvaluate). There is a policy even where labels are wrong:
 * a wrong level enforces the strictest one, but warns of nothing.
 */
export function policyOf(labels: Readonly<Record<string, string>> | undefined): { readonly policy: Policy; readonly errors: readonly FieldError[] } {
  const errors: FieldError[] = [];
  const policy: Record<Mode, LevelVersion> = { enforce: privileged, audit: privileged, warn: privileged };
  let enforceLevelGiven = false;
  for (const mode of ['enforce', 'audit', 'warn'] as const) {
    const level = labels?.[`${prefix}/${mode}`];
    const version = labels?.[`${prefix}/${mode}-version`];
    if (level !== undefined) {
      const known = levels.find((one) => one === level);
      if (known && mode === 'enforce') enforceLevelGiven = true;
      if (!known) errors.push(labelError(mode, level, 'must be one of privileged, baseline, restricted'));
      policy[mode] = { ...policy[mode], level: known ?? (mode === 'enforce' ? 'restricted' : 'privileged') };
    }
    if (version !== undefined) {
      const known = parseVersion(version);
      if (known === undefined) errors.push(labelError(`${mode}-version`, version, 'must be "latest" or "v1.x"'));
      policy[mode] = { ...policy[mode], version: known ?? 'latest' };
    }
  }
  // Whoever enforces a level wants to hear of it where it is not enforced: in templates.
  if (labels?.[`${prefix}/warn`] === undefined && enforceLevelGiven && compareLevels(policy.enforce.level, policy.warn.level) > 0) {
    const version = labels?.[`${prefix}/warn-version`] === undefined ? policy.enforce.version : policy.warn.version;
    policy.warn = { level: policy.enforce.level, version };
  }
  return { policy, errors };
}

function labelError(label: string, value: string, why: string): FieldError {
  return invalidValue(`metadata.labels[${prefix}/${label}]`, value, why);
}

function parseVersion(text: string): number | 'latest' | undefined {
  if (text === 'latest') return text;
  const match = /^v1\.(0|[1-9][0-9]*)$/.exec(text);
  return match ? Number(match[1]) : undefined;
}

export function isFullyPrivileged(policy: Policy): boolean {
  return policy.enforce.level === 'privileged' && policy.audit.level === 'privileged' && policy.warn.level === 'privileged';
}
