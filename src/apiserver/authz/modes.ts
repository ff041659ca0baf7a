import type { AdmissionPlugin, ObjectReader } from '../../admission/types.ts';
import type { Counters, Env } from '../../env/index.ts';
import type { Store } from '../../store/store.ts';
import type { Authorizer, Decision } from './authorizer.ts';
import { alwaysAllow, unionAuthorizer } from './authorizer.ts';
import { escalationCheck } from './escalation.ts';
import { NodeAuthorizer } from './node-authorizer.ts';
import { NodeIndex } from './node-index.ts';
import { RbacAuthorizer } from './rbac-authorizer.ts';
import { RbacIndex } from './rbac-index.ts';
import { rbacFollower, StorageFollower } from './storage-follower.ts';

/** What `--authorization-mode` may name. */
export const authorizationModes = ['Node', 'RBAC', 'AlwaysAllow'] as const;
export type AuthorizationMode = (typeof authorizationModes)[number];

export interface Authorization {
  readonly authorizer: Authorizer;
  /** What admission has to check beside its own plugins, after them. */
  readonly plugins: readonly AdmissionPlugin[];
}

/** Builds the authorizers of a list of modes, in its order, over the server's own storage. They begin to follow it at once. */
export function createAuthorization(
  modes: readonly AuthorizationMode[],
  { env, store, reader }: { readonly env: Env; readonly store: Store; readonly reader: ObjectReader },
): Authorization {
  const decisions = env.metrics.counters('apiserver_authorization_decisions_total', '[ALPHA] Decisions that no other authorizer was asked after.', [
    'type',
    'name',
    'decision',
  ]);
  if (modes.every((mode) => mode === 'AlwaysAllow')) return { authorizer: alwaysAllow, plugins: [] };
  let rbac: RbacAuthorizer | undefined;
  const authorizers = modes.map((mode) => {
    if (mode === 'AlwaysAllow') return counted(alwaysAllow, mode, decisions);
    if (mode === 'RBAC') {
      rbac = createRbac(env, store);
      return counted(rbac, mode, decisions);
    }
    const index = new NodeIndex();
    const pods = new StorageFollower(env, store, '/registry/pods/', index);
    followFromNow(env, pods);
    return counted(new NodeAuthorizer({ index, reader, catchUp: () => pods.catchUp() }), mode, decisions);
  });
  const authorizer = unionAuthorizer(authorizers);
  return { authorizer, plugins: rbac ? [escalationCheck({ rbac, authorizer, reader })] : [] };
}

/** Counts what an authorizer has an opinion on (apiserver/pkg/authorization/metrics). */
function counted(authorizer: Authorizer, mode: AuthorizationMode, decisions: Counters): Authorizer {
  const [allowed, denied] = ['allowed', 'denied'].map((decision) => decisions.adder(mode, mode.toLowerCase(), decision)) as [Adder, Adder];
  const count = (decision: Decision) => {
    if (decision.allowed) allowed(1);
    else if (decision.denied) denied(1);
    return decision;
  };
  return {
    authorize(attributes) {
      const decision = authorizer.authorize(attributes);
      return decision instanceof Promise ? decision.then(count) : count(decision);
    },
    rulesFor: (user, namespace) => authorizer.rulesFor(user, namespace),
  };
}

type Adder = ReturnType<Counters['adder']>;

function createRbac(env: Env, store: Store): RbacAuthorizer {
  const index = new RbacIndex();
  const follower = rbacFollower(env, store, index);
  followFromNow(env, follower);
  return new RbacAuthorizer({ index, catchUp: () => follower.catchUp() });
}

function followFromNow(env: Env, follower: StorageFollower): void {
  follower.start().catch((error: unknown) => env.log.error('authorizer cannot read storage', { error: String(error) }));
}
