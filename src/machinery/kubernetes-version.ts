/** The version of Kubernetes whose behaviour is simulated: what kubelets report and `/version` begins with. */
export const kubernetesVersion = 'v1.33.0';
