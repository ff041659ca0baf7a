import * as baseline from './baseline.ts';
import type { PodCheck, PodView, Violation } from './pod-view.ts';
import { exceptOnWindows } from './pod-view.ts';
import type { LevelVersion } from './policy.ts';
import * as restricted from './restricted.ts';

/** A check in one of its forms: from which minor version on it looks as it does. */
interface Check {
  readonly id: string;
  /** Oldest first. */
  readonly versions: readonly (readonly [fromMinor: number, check: PodCheck])[];
  /** The baseline check that this one says more strictly. */
  readonly overrides?: string;
}

/** In the order of their ids, which is the order in which violations are told (pod-security-admission/policy). */
const baselineChecks: readonly Check[] = [
  { id: 'appArmorProfile', versions: [[0, baseline.appArmorProfile]] },
  { id: 'capabilities_baseline', versions: [[0, baseline.capabilitiesBaseline]] },
  { id: 'hostNamespaces', versions: [[0, baseline.hostNamespaces]] },
  { id: 'hostPathVolumes', versions: [[0, baseline.hostPathVolumes]] },
  { id: 'hostPorts', versions: [[0, baseline.hostPorts]] },
  { id: 'privileged', versions: [[0, baseline.privileged]] },
  { id: 'procMount', versions: [[0, baseline.procMount]] },
  {
    id: 'seLinuxOptions',
    versions: [
      [0, baseline.seLinuxOptions],
      [31, baseline.seLinuxOptions31],
    ],
  },
  {
    id: 'seccompProfile_baseline',
    versions: [
      [0, baseline.seccompAnnotations],
      [19, baseline.seccompProfile],
    ],
  },
  { id: 'sysctls', versions: baseline.sysctlVersions.map((minor) => [minor, baseline.sysctls(minor)] as const) },
  { id: 'windowsHostProcess', versions: [[0, baseline.windowsHostProcess]] },
];

const restrictedChecks: readonly Check[] = [
  {
    id: 'allowPrivilegeEscalation',
    versions: [
      [8, restricted.allowPrivilegeEscalation],
      [25, exceptOnWindows(restricted.allowPrivilegeEscalation)],
    ],
  },
  {
    id: 'capabilities_restricted',
    overrides: 'capabilities_baseline',
    versions: [
      [22, restricted.capabilitiesRestricted],
      [25, exceptOnWindows(restricted.capabilitiesRestricted)],
    ],
  },
  { id: 'restrictedVolumes', overrides: 'hostPathVolumes', versions: [[0, restricted.restrictedVolumes]] },
  { id: 'runAsNonRoot', versions: [[0, restricted.runAsNonRoot]] },
  { id: 'runAsUser', versions: [[23, restricted.runAsUser]] },
  {
    id: 'seccompProfile_restricted',
    overrides: 'seccompProfile_baseline',
    versions: [
      [19, restricted.seccompRestricted],
      [25, exceptOnWindows(restricted.seccompRestricted)],
    ],
  },
];

/** What a pod violates at a level, in upstream's order; nothing if it may run. */
export function violationsOf({ level, version }: LevelVersion, pod: PodView): readonly Violation[] {
  if (level === 'privileged') return [];
  const minor = version === 'latest' ? Number.POSITIVE_INFINITY : version;
  const strict = level === 'restricted' ? restrictedChecks.filter((one) => formAt(one, minor)) : [];
  const overridden = new Set(strict.map((one) => one.overrides));
  return [...baselineChecks.filter((one) => !overridden.has(one.id)), ...strict].flatMap((one) => formAt(one, minor)?.(pod) ?? []);
}

function formAt({ versions }: Check, minor: number): PodCheck | undefined {
  return versions.findLast(([from]) => from <= minor)?.[1];
}

/** `reason (detail), reason (detail)`. */
export function describeViolations(violations: readonly Violation[]): string {
  return violations.map(({ reason, detail }) => (detail ? `${reason} (${detail})` : reason)).join(', ');
}
