import type { CertificateSigningRequest } from '../../generated/types/index.ts';
import type { CertificateRequest } from '../api/index.ts';
import type { Client, SharedInformer } from '../client/index.ts';
import { refs } from '../client/index.ts';
import type { Controller, ControllerContext } from './controller.ts';
import { ReconcileLoop } from './controller.ts';

/** Upstream's signers, all of them kube-controller-manager's. */
export const signerNames = {
  apiServerClient: 'kubernetes.io/kube-apiserver-client',
  kubeletClient: 'kubernetes.io/kube-apiserver-client-kubelet',
  kubeletServing: 'kubernetes.io/kubelet-serving',
} as const;

/** The account of all three controllers of certificate requests. */
export const certificateController = 'certificate-controller';

/** Looks at every certificate request whenever it changes (pkg/controller/certificates CertificateController). */
export abstract class CertificateController implements Controller {
  abstract readonly name: string;
  protected readonly client: Client;
  readonly #informer: SharedInformer<CertificateSigningRequest>;
  readonly #loop: ReconcileLoop;

  constructor(readonly context: ControllerContext) {
    this.client = context.clientFor(certificateController);
    this.#informer = context.informers.for<CertificateSigningRequest>(refs.certificateSigningRequests);
    this.#loop = new ReconcileLoop('certificate', context.env, async (key) => {
      const found = this.#informer.lister.get(key);
      if (found) await this.look(found);
    });
  }

  start(): void {
    const enqueue = (request: Readonly<CertificateSigningRequest>) => this.#loop.enqueue(request);
    this.#informer.handle({ added: enqueue, updated: enqueue });
    this.#loop.start([this.#informer] as SharedInformer<never>[]);
  }

  stop(): void {
    this.#loop.stop();
  }

  /** Called again after a growing delay if it rejects. */
  protected abstract look(request: Readonly<CertificateSigningRequest>): Promise<void>;
}

export function hasCondition({ status }: Readonly<CertificateSigningRequest>, type: string): boolean {
  return (status?.conditions ?? []).some((one) => one.type === type);
}

const nodePrefix = 'system:node:';

/** What keeps a request from being one of a kubelet's as a client; undefined if nothing does (certificates ValidateKubeletClientCSR). */
export function kubeletClientMistake(request: CertificateRequest, usages: readonly string[]): string | undefined {
  if (!isOfNodes(request)) return notOfNodes;
  if (request.dnsNames.length > 0) return 'DNS subjectAltNames are not allowed';
  if (request.emailAddresses.length > 0) return 'Email subjectAltNames are not allowed';
  if (request.ipAddresses.length > 0) return 'IP subjectAltNames are not allowed';
  if (request.uris.length > 0) return 'URI subjectAltNames are not allowed';
  if (!request.commonName.startsWith(nodePrefix)) return notANode;
  return usagesMistake(usages, 'client auth');
}

/** The same for a kubelet as a server (certificates ValidateKubeletServingCSR). */
export function kubeletServingMistake(request: CertificateRequest, usages: readonly string[]): string | undefined {
  if (!isOfNodes(request)) return notOfNodes;
  if (request.dnsNames.length === 0 && request.ipAddresses.length === 0) return 'DNS or IP subjectAltName is required';
  if (request.emailAddresses.length > 0) return 'Email subjectAltNames are not allowed';
  if (request.uris.length > 0) return 'URI subjectAltNames are not allowed';
  return usagesMistake(usages, 'server auth') ?? (request.commonName.startsWith(nodePrefix) ? undefined : notANode);
}

/** The same for anybody as a client. */
export function clientMistake(usages: readonly string[]): string | undefined {
  const strange = usages.find((usage) => !['digital signature', 'key encipherment', 'client auth'].includes(usage));
  if (strange !== undefined) return `invalid usage for client certificate: ${strange}`;
  return usages.includes('client auth') ? undefined : 'missing required usage for client certificate: client auth';
}

const notOfNodes = 'subject organization is not system:nodes';
const notANode = `subject common name does not begin with ${nodePrefix}`;

const isOfNodes = ({ organizations }: CertificateRequest): boolean => organizations.length === 1 && organizations[0] === 'system:nodes';

/** Keys that are not RSA need no key encipherment. */
function usagesMistake(usages: readonly string[], purpose: 'client auth' | 'server auth'): string | undefined {
  const wanted = ['digital signature', 'key encipherment', purpose].sort();
  const given = [...new Set([...usages, 'key encipherment'])].sort();
  return given.join() === wanted.join() ? undefined : `usages did not match [${wanted.join(' ')}]`;
}
