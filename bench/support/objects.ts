export const contentTypes = {
  merge: 'application/merge-patch+json',
  strategic: 'application/strategic-merge-patch+json',
  apply: 'application/apply-patch+yaml',
} as const;

export const tableAccept = 'application/json;as=Table;v=v1;g=meta.k8s.io,application/json';

/** Width of the numbers in names, so that names sort as numbers do. */
export function objectName(index: number): string {
  return `bench-${String(index).padStart(6, '0')}`;
}

/** A pod of 2 KB that no scheduler takes, so that only the API server has work with it. */
export function podBody(name: string): string {
  const pod = {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name, labels: { app: 'bench', tier: 'web', 'app.kubernetes.io/part-of': 'bench' }, annotations: { 'bench.paperkube.dev/fill': '' } },
    spec: {
      schedulerName: 'nobody',
      automountServiceAccountToken: false,
      containers: [
        {
          name: 'web',
          image: 'registry.example/bench/web:1.0.0',
          args: ['--listen=:8080', '--verbose'],
          env: Array.from({ length: 12 }, (_, i) => ({ name: `OPTION_${i}`, value: `the value of option number ${i}` })),
          ports: [{ name: 'http', containerPort: 8080 }],
          resources: { requests: { cpu: '100m', memory: '64Mi' }, limits: { cpu: '1', memory: '128Mi' } },
          readinessProbe: { httpGet: { path: '/ready', port: 'http' }, periodSeconds: 5 },
        },
      ],
    },
  };
  pod.metadata.annotations['bench.paperkube.dev/fill'] = 'x'.repeat(Math.max(0, 2048 - JSON.stringify(pod).length));
  return JSON.stringify(pod);
}

/** A config map of 2 KB. */
export function configMapBody(name: string): string {
  const data = Object.fromEntries(Array.from({ length: 8 }, (_, i) => [`file-${i}.txt`, 'a line of text. '.repeat(14)]));
  return JSON.stringify({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name, labels: { app: 'bench' } }, data });
}
