export { kubernetesVersion } from '../src/machinery/kubernetes-version.ts';

declare const PAPERKUBE_VERSION: string | undefined;

/** paperkube's own version; the build puts it in. */
export const paperkubeVersion: string = typeof PAPERKUBE_VERSION === 'string' ? PAPERKUBE_VERSION : '0.0.0-dev';
