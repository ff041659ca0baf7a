import type { Pod, Service, ServicePort } from '../../generated/types/index.ts';

/**
 * The variables that tell a container of Services (pkg/kubelet/envvars): all Services of its namespace, unless the pod has
 * turned `enableServiceLinks` off, and always the `kubernetes` Service of `default`. Headless ones have none.
 */
export function serviceEnvironment(pod: Readonly<Pod>, services: readonly Readonly<Service>[]): Map<string, string> {
  const namespace = pod.metadata?.namespace;
  const links = pod.spec?.enableServiceLinks !== false;
  const chosen = new Map<string, Readonly<Service>>();
  for (const service of services) {
    const { name = '', namespace: at } = service.metadata ?? {};
    if (!hasAddress(service)) continue;
    const master = at === 'default' && name === 'kubernetes';
    if (master && !chosen.has(name)) chosen.set(name, service);
    if (links && at === namespace) chosen.set(name, service);
  }
  const out = new Map<string, string>();
  for (const name of [...chosen.keys()].sort()) addService(out, chosen.get(name) as Service);
  return out;
}

function hasAddress({ spec }: Readonly<Service>): boolean {
  return Boolean(spec?.clusterIP) && spec?.clusterIP !== 'None' && (spec?.ports ?? []).length > 0;
}

function variableName(text: string): string {
  return text.toUpperCase().replaceAll('-', '_');
}

function addService(out: Map<string, string>, service: Service): void {
  const prefix = variableName(service.metadata?.name ?? '');
  const address = service.spec?.clusterIP ?? '';
  const ports = service.spec?.ports ?? [];
  const first = ports[0] as ServicePort;
  out.set(`${prefix}_SERVICE_HOST`, address);
  out.set(`${prefix}_SERVICE_PORT`, String(first.port));
  for (const port of ports) if (port.name) out.set(`${prefix}_SERVICE_PORT_${variableName(port.name)}`, String(port.port));
  ports.forEach((port, index) => {
    const protocol = port.protocol ?? 'TCP';
    const url = `${protocol.toLowerCase()}://${hostForUrl(address)}:${port.port}`;
    const base = `${prefix}_PORT_${port.port}_${protocol}`;
    if (index === 0) out.set(`${prefix}_PORT`, url);
    out.set(base, url);
    out.set(`${base}_PROTO`, protocol.toLowerCase());
    out.set(`${base}_PORT`, String(port.port));
    out.set(`${base}_ADDR`, address);
  });
}

function hostForUrl(address: string): string {
  return address.includes(':') ? `[${address}]` : address;
}
