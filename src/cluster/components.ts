/** What of a cluster runs: the API server always, the others if asked for. */
export const componentNames = ['api', 'controllers', 'scheduler', 'kubelet'] as const;

export type ComponentName = (typeof componentNames)[number];

/** The code of components, loaded only if they run: an API server alone starts without kernel, images and kubelets. */
export interface LoadedComponents {
  readonly controllers: typeof import('../controllers/index.ts') | undefined;
  readonly scheduler: typeof import('../scheduler/index.ts') | undefined;
  /** Kubelets, containers, the pods' network and its names. */
  readonly dataPlane: typeof import('./data-plane.ts') | undefined;
}

export async function loadComponents(names: readonly ComponentName[]): Promise<LoadedComponents> {
  return {
    controllers: names.includes('controllers') ? await import('../controllers/index.ts') : undefined,
    scheduler: names.includes('scheduler') ? await import('../scheduler/index.ts') : undefined,
    dataPlane: names.includes('kubelet') ? await import('./data-plane.ts') : undefined,
  };
}
