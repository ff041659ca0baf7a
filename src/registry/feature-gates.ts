/**
 * The gates that there is a choice about, and what they are in 1.33 if nobody says (pkg/features).
 *
 * Differs from upstream: WatchList, which 1.32 has on and 1.33 off again, is on, for clients that want to try it.
 */
const simulated = { ImageVolume: false, WatchList: true } as const;

export type FeatureGate = keyof typeof simulated;

/** kube-apiserver's --feature-gates, checked by `featureGateMistakes`; what is absent is as in `simulated`. */
export type FeatureGates = Readonly<Partial<Record<FeatureGate, boolean>>>;

/** Off in 1.33, and what stands behind them is dropped from pods (see gated-pod-fields.ts): they can only stay off. */
const staysOff = ['ClusterTrustBundleProjection', 'ContainerStopSignals', 'DynamicResourceAllocation', 'PodLevelResources'];

/**
 * What is wrong with a choice of gates, one sentence each; empty if nothing is.
 *
 * Differs from upstream: gates that nothing here depends on are refused like unknown ones, whatever they are set to.
 */
export function featureGateMistakes(gates: Readonly<Record<string, boolean>>): string[] {
  return Object.entries(gates).flatMap(([name, on]) => {
    if (Object.hasOwn(simulated, name) || (!on && staysOff.includes(name))) return [];
    if (staysOff.includes(name)) return [`paperkube does not simulate what is behind feature gate ${name}: it stays off`];
    return [`unrecognized feature gate: ${name}; paperkube has ${Object.keys(simulated).join(', ')}`];
  });
}

/** How far each gate that is known here has come in 1.33. */
const stages: Readonly<Record<string, 'ALPHA' | 'BETA'>> = {
  ClusterTrustBundleProjection: 'BETA',
  ContainerStopSignals: 'ALPHA',
  DynamicResourceAllocation: 'BETA',
  ImageVolume: 'BETA',
  PodLevelResources: 'ALPHA',
  WatchList: 'BETA',
};

/** All gates that are known here, as `kubernetes_feature_enabled` tells of them. */
export function knownFeatureGates(gates: FeatureGates): { readonly name: string; readonly stage: string; readonly enabled: boolean }[] {
  const isOn = (name: string) => Object.hasOwn(simulated, name) && isEnabled(gates, name as FeatureGate);
  return Object.entries(stages).map(([name, stage]) => ({ name, stage, enabled: isOn(name) }));
}

export function isEnabled(gates: FeatureGates, name: FeatureGate): boolean {
  return gates[name] ?? simulated[name];
}
