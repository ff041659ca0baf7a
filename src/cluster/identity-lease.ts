import { createHash } from 'node:crypto';
import type { Lease } from '../../generated/types/index.ts';
import type { Client } from '../client/index.ts';
import type { Env, Timer } from '../env/index.ts';
import { uuidOf } from '../env/index.ts';
import { isNotFound } from '../machinery/status-error.ts';
import { formatMicroTime } from '../machinery/time.ts';

const namespace = 'kube-system';
const identityLabel = 'apiserver.kubernetes.io/identity';
const component = 'kube-apiserver';
const durationSeconds = 3600;
const renewMs = 10_000;
const collectMs = 3_600_000;
const base32 = 'abcdefghijklmnopqrstuvwxyz234567';

/** `apiserver-` and the first half of a hash of the host's name, in base32 (apiserver/pkg/server config.go). */
export function apiServerId(hostName: string): string {
  const lengthPrefixed = (text: string) => {
    const bytes = Buffer.from(text);
    return [Buffer.from([bytes.length >> 8, bytes.length & 0xff]), bytes];
  };
  const hash = createHash('sha256')
    .update(Buffer.concat([...lengthPrefixed(hostName), ...lengthPrefixed(component)]))
    .digest();
  const bits = [...hash.subarray(0, 16)].map((byte) => byte.toString(2).padStart(8, '0')).join('');
  return `apiserver-${(bits.match(/.{1,5}/g) ?? []).map((five) => base32[Number.parseInt(five.padEnd(5, '0'), 2)]).join('')}`;
}

export interface IdentityLeaseOptions {
  readonly env: Env;
  /** Acts as the API server. */
  readonly client: Client;
  readonly hostName: string;
}

/**
 * The lease by which API servers of one cluster know of each other, and the end of those that nobody renews
 * (pkg/controlplane/apiserver, component-helpers/apimachinery/lease, pkg/controlplane/controller/apiserverleasegc).
 *
 * Differs from upstream: it is renewed every ten seconds, not up to four hundredths later, since there are no others to get out of the way of.
 */
export class IdentityLease {
  readonly #name: string;
  readonly #holder: string;
  #latest: Readonly<Lease> | undefined;
  #timers: Timer[] = [];
  #stopped = false;

  constructor(readonly options: IdentityLeaseOptions) {
    this.#name = apiServerId(options.hostName);
    this.#holder = `${this.#name}_${uuidOf(options.env.random.stream('identity-lease').bytes(16))}`;
  }

  start(): void {
    this.#again(0, 0, 'identity lease', () => this.#renew());
    this.#again(1, 0, 'expired identity leases', () => this.#collect());
  }

  stop(): void {
    this.#stopped = true;
    for (const timer of this.#timers) timer.cancel();
  }

  #again(index: number, ms: number, name: string, work: () => Promise<number>): void {
    if (this.#stopped) return;
    this.#timers[index] = this.options.env.loop.after(ms, name, async () => {
      const nextMs = await work();
      this.#again(index, nextMs, name, work);
    });
  }

  async #renew(): Promise<number> {
    const { env } = this.options;
    try {
      await this.#write();
    } catch (error) {
      this.#latest = undefined;
      if (!this.#stopped) env.log.warn('lease of the API server was not renewed', { error: String(error) });
    }
    return renewMs;
  }

  /** What was written last is taken to be what is there; only where it is not, somebody looks. */
  async #write(): Promise<void> {
    const { leases } = this.options.client;
    if (this.#latest) {
      const written = await leases.update(this.#renewed(this.#latest)).catch(() => undefined);
      if (written) {
        this.#latest = written;
        return;
      }
    }
    const present = await leases.get({ namespace, name: this.#name }).catch((error: unknown) => {
      if (isNotFound(error)) return undefined;
      throw error;
    });
    const made: Lease = { metadata: { namespace, name: this.#name }, spec: { holderIdentity: this.#holder, leaseDurationSeconds: durationSeconds } };
    this.#latest = present ? await leases.update(this.#renewed(present)) : await leases.create(this.#renewed(made));
  }

  #renewed(lease: Readonly<Lease>): Lease {
    const { env, hostName } = this.options;
    const labels = { ...lease.metadata?.labels, [identityLabel]: component, 'kubernetes.io/hostname': hostName };
    return { ...lease, metadata: { ...lease.metadata, labels }, spec: { ...lease.spec, renewTime: formatMicroTime(env.clock.now()) } };
  }

  async #collect(): Promise<number> {
    const { env, client } = this.options;
    try {
      const { items } = await client.leases.list({ namespace, labelSelector: `${identityLabel}=${component}` });
      for (const { metadata, spec } of items) {
        if (!isExpired(spec, env.clock.now())) continue;
        await client.leases.delete({ namespace, name: metadata?.name ?? '' }).catch((error: unknown) => {
          if (!isNotFound(error)) throw error;
        });
      }
    } catch (error) {
      if (!this.#stopped) env.log.warn('expired leases of API servers could not be deleted', { error: String(error) });
    }
    return collectMs;
  }
}

/** What says neither when it was renewed nor for how long is not one of an API server's. */
function isExpired({ renewTime, leaseDurationSeconds }: NonNullable<Lease['spec']> = {}, nowMs: number): boolean {
  if (renewTime === undefined || leaseDurationSeconds === undefined) return true;
  return Date.parse(renewTime) + leaseDurationSeconds * 1000 < nowMs;
}
