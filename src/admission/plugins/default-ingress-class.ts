import type { Ingress, IngressClass } from '../../../generated/types/index.ts';
import type { AdmissionPlugin, ObjectReader } from '../types.ts';
import { newestFirst } from './default-storage-class.ts';

const ingressClasses = { group: 'networking.k8s.io', resource: 'ingressclasses' };
const isDefault = 'ingressclass.kubernetes.io/is-default-class';
const legacyClass = 'kubernetes.io/ingress.class';

/** An Ingress that names no class gets the default one (plugin/pkg/admission/network/defaultingressclass). */
export function defaultIngressClass(reader: ObjectReader): AdmissionPlugin<Ingress> {
  return {
    name: 'DefaultIngressClass',
    rules: [{ resource: 'ingresses', group: 'networking.k8s.io', operations: ['CREATE'] }],
    async admit({ object: ingress }) {
      if (ingress.spec?.ingressClassName !== undefined || ingress.metadata?.annotations?.[legacyClass] !== undefined) return;
      const all = await reader.list<IngressClass>(ingressClasses);
      const [chosen] = newestFirst(all.filter((one) => one.metadata?.annotations?.[isDefault] === 'true'));
      if (chosen) ingress.spec = { ...ingress.spec, ingressClassName: chosen.metadata?.name ?? '' };
    },
  };
}
