import { expect, test } from 'vitest';
import type { Pod } from '../../../../generated/types/index.ts';
import { Mistakes } from '../../meta/mistakes.ts';
import { syncAppArmor, validatePodAnnotations, validatePodAnnotationUpdates, validateProfileAnnotations } from './pod-annotations.ts';

const appArmor = (name: string): string => `container.apparmor.security.beta.kubernetes.io/${name}`;

function pod(annotations: Record<string, string> | undefined, spec: object = {}): Pod {
  return { metadata: { name: 'p', annotations }, spec: { containers: [{ name: 'c' }], ...spec } } as unknown as Pod;
}

function found(check: (mistakes: Mistakes) => void): string[] {
  const mistakes = new Mistakes();
  check(mistakes);
  return mistakes.list.map(String);
}

test('an AppArmor profile in a field is told in an annotation as well, of the pod for every container', () => {
  const warnings: string[] = [];
  const made = pod(undefined, {
    securityContext: { appArmorProfile: { type: 'RuntimeDefault' } },
    containers: [{ name: 'c' }, { name: 'd', securityContext: { appArmorProfile: { type: 'Localhost', localhostProfile: 'x' } } }],
  });
  syncAppArmor(made, (text) => warnings.push(text));
  expect(made.metadata?.annotations).toEqual({ [appArmor('c')]: 'runtime/default', [appArmor('d')]: 'localhost/x' });
  expect(warnings).toEqual([]);
});

test('an AppArmor profile in an annotation fills the field, and is warned of', () => {
  const warnings: string[] = [];
  const made = pod({ [appArmor('c')]: 'localhost/x' }, { containers: [{ name: 'c' }] });
  syncAppArmor(made, (text) => warnings.push(text));
  expect(made.spec?.containers[0]?.securityContext).toEqual({ appArmorProfile: { type: 'Localhost', localhostProfile: 'x' } });
  expect(warnings).toEqual([`metadata.annotations[${appArmor('c')}]: deprecated since v1.30; use the "appArmorProfile" field instead`]);
  const same = pod({ [appArmor('c')]: 'unconfined' }, { securityContext: { appArmorProfile: { type: 'Unconfined' } } });
  syncAppArmor(same, (text) => warnings.push(text));
  expect([same.spec?.containers[0]?.securityContext, warnings.length]).toEqual([undefined, 1]);
});

test('annotations that Kubernetes reads are checked', () => {
  const at = 'metadata.annotations';
  expect(found((mistakes) => validatePodAnnotations(mistakes, pod({ [appArmor('d')]: 'bogus' })))).toEqual([
    `${at}[${appArmor('d')}]: Invalid value: "d": container not found`,
    `${at}[${appArmor('d')}]: Invalid value: "bogus": invalid AppArmor profile name: "bogus"`,
  ]);
  expect(found((mistakes) => validatePodAnnotations(mistakes, pod({ 'kubernetes.io/config.mirror': 'm' })))).toEqual([
    `${at}[kubernetes.io/config.mirror]: Invalid value: "m": must set spec.nodeName if mirror pod annotation is set`,
  ]);
  expect(found((mistakes) => validatePodAnnotations(mistakes, pod({ 'seccomp.security.alpha.kubernetes.io/pod': 'x' })))).toEqual([
    `${at}.seccomp.security.alpha.kubernetes.io/pod: Invalid value: "x": must be a valid seccomp profile`,
  ]);
});

test('a profile that is said twice must be the same', () => {
  const spec = { containers: [{ name: 'c', securityContext: { seccompProfile: { type: 'RuntimeDefault' }, appArmorProfile: { type: 'Unconfined' } } }] };
  const annotations = { 'container.seccomp.security.alpha.kubernetes.io/c': 'unconfined', [appArmor('c')]: 'localhost/x' };
  expect(found((mistakes) => validateProfileAnnotations(mistakes, pod(annotations, spec)))).toEqual([
    'spec.containers[0].securityContext.seccompProfile.type: Forbidden: seccomp type in annotation and field must match',
    'spec.containers[0].securityContext.appArmorProfile.type: Forbidden: apparmor type in annotation and field must match',
  ]);
});

test('what annotations have said of a pod when it was made neither comes, goes nor changes later', () => {
  const old = pod({ [appArmor('c')]: 'unconfined', other: '1' });
  const update = (annotations: Record<string, string>) => found((mistakes) => validatePodAnnotationUpdates(mistakes, pod(annotations, { nodeName: 'n' }), old));
  expect(update({ 'kubernetes.io/config.mirror': 'm' })).toEqual([
    `metadata.annotations[${appArmor('c')}]: Forbidden: may not remove or update AppArmor annotations`,
    'metadata.annotations[kubernetes.io/config.mirror]: Forbidden: may not add mirror pod annotation',
  ]);
  expect(update({ [appArmor('c')]: 'unconfined' })).toEqual([]);
});
