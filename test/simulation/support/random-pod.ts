import type { Container, LifecycleHandler, Pod, Probe, ResourceRequirements, Volume } from '../../../generated/types/index.ts';
import type { Chance } from './chance.ts';

export const namespace = 'life';
/** Set and unset by the story, as a load balancer's controller would. */
export const gate = 'example.com/gate';
/** Config maps that come and go. */
export const configMaps = ['settings', 'extras'] as const;
/** Images that an image may be changed to, all of which have sh. */
export const shellImages = ['busybox:1.36', 'busybox:1.35', 'alpine:3.20', 'nginx:1.27'] as const;
const brokenImages = ['busybox:no-such-tag', 'no.such.registry/image:1', 'Bad//Name', 'nginx:1.25'] as const;

/** A pod that lives, fails and ends in a way that nobody has thought of. */
export function randomPod(chance: Chance, name: string): Pod {
  const restartPolicy = chance.pick(['Always', 'Always', 'OnFailure', 'Never'] as const);
  const volumes = chance.list(0, 2, (index) => randomVolume(chance, `v${index}`));
  const container = (called: string, kind: 'app' | 'init' | 'sidecar') => randomContainer(chance, called, kind, volumes, restartPolicy);
  return {
    metadata: { name, namespace, labels: { life: 'yes' } },
    spec: {
      restartPolicy,
      terminationGracePeriodSeconds: chance.pick([0, 1, 3, 10, 30]),
      ...optional(
        'activeDeadlineSeconds',
        chance.maybe(12, () => chance.between(1, 120)),
      ),
      ...optional(
        'hostNetwork',
        chance.maybe(5, () => true),
      ),
      ...optional(
        'readinessGates',
        chance.maybe(20, () => [{ conditionType: gate }]),
      ),
      ...(volumes.length > 0 ? { volumes } : {}),
      initContainers: chance.percent(50) ? chance.list(1, 3, (index) => container(`i${index}`, chance.percent(45) ? 'sidecar' : 'init')) : [],
      containers: chance.list(1, 3, (index) => container(`c${index}`, 'app')),
    },
  };
}

/** An ephemeral container, as `kubectl debug` adds one. */
export function randomEphemeral(chance: Chance, name: string, target: string | undefined) {
  const { image = '', command } = randomContainer(chance, name, 'init', [], 'Never');
  return { name, image, ...(command ? { command } : {}), ...optional('targetContainerName', target) };
}

export function randomResources(chance: Chance): ResourceRequirements {
  return {
    requests: { cpu: chance.pick(['10m', '50m', '200m']), memory: chance.pick(['16Mi', '32Mi']) },
    limits: { cpu: chance.pick(['200m', '500m', '1']), memory: chance.pick(['32Mi', '64Mi', '128Mi']) },
  };
}

type Kind = 'app' | 'init' | 'sidecar';

function randomContainer(chance: Chance, name: string, kind: Kind, volumes: readonly Volume[], restartPolicy: string): Container {
  const serves = kind !== 'init' && chance.percent(25);
  const broken = chance.percent(6);
  const probes = kind !== 'init';
  const script = randomScript(chance, kind);
  const lifecycle = probes
    ? {
        ...optional(
          'postStart',
          chance.maybe(12, () => randomHook(chance)),
        ),
        ...optional(
          'preStop',
          chance.maybe(15, () => randomHook(chance)),
        ),
      }
    : {};
  return {
    name,
    image: broken ? chance.pick(brokenImages) : serves ? 'nginx:1.27' : chance.pick(shellImages),
    ...optional(
      'imagePullPolicy',
      chance.maybe(20, () => chance.pick(['Always', 'Never', 'IfNotPresent'])),
    ),
    ...(serves ? {} : { command: chance.percent(4) ? ['no-such-command'] : ['sh', '-c', script] }),
    ...(kind === 'sidecar' ? { restartPolicy: 'Always' } : {}),
    ...(probes
      ? {
          ...optional(
            'startupProbe',
            chance.maybe(20, () => randomProbe(chance, 1)),
          ),
        }
      : {}),
    ...(probes
      ? {
          ...optional(
            'livenessProbe',
            chance.maybe(25, () => randomProbe(chance, 1)),
          ),
        }
      : {}),
    ...(probes
      ? {
          ...optional(
            'readinessProbe',
            chance.maybe(30, () => readiness(randomProbe(chance, chance.between(1, 2)))),
          ),
        }
      : {}),
    ...(Object.keys(lifecycle).length > 0 ? { lifecycle } : {}),
    ...optional(
      'resources',
      chance.maybe(30, () => randomResources(chance)),
    ),
    ...optional(
      'resizePolicy',
      restartPolicy === 'Never' ? undefined : chance.maybe(20, () => [{ resourceName: 'memory', restartPolicy: 'RestartContainer' }]),
    ),
    ...optional(
      'env',
      chance.maybe(8, () => [{ name: 'COLOUR', valueFrom: { configMapKeyRef: { name: chance.pick(configMaps), key: chance.pick(['colour', 'none']) } } }]),
    ),
    ...optional(
      'terminationMessagePolicy',
      chance.maybe(15, () => 'FallbackToLogsOnError'),
    ),
    ...(volumes.length > 0 ? { volumeMounts: volumes.map((volume) => ({ name: volume.name, mountPath: `/${volume.name}` })) } : {}),
  };
}

function randomScript(chance: Chance, kind: Kind): string {
  const code = chance.pick([0, 0, 1, 2, 137]);
  const seconds = chance.pick([0, 1, 2, 5, 20, 90]);
  const ready = `(sleep ${chance.between(0, 8)}; touch /tmp/ready; sleep ${chance.between(5, 90)}; rm /tmp/ready) & `;
  const prefix = kind !== 'init' && chance.percent(40) ? ready : '';
  const ends = `${prefix}sleep ${seconds}; echo done >/dev/termination-log; exit ${code}`;
  if (kind === 'init') return chance.percent(85) ? `sleep ${chance.between(0, 8)}; exit ${chance.percent(80) ? 0 : 1}` : 'sleep 10000';
  const lasting = [
    `${prefix}trap "exit ${code}" TERM; sleep 10000 & wait`,
    `${prefix}trap "sleep 4; exit 0" TERM; sleep 10000 & wait`,
    `${prefix}trap "" TERM; sleep 10000`,
    'exec sleep 10000',
  ];
  return chance.percent(kind === 'app' ? 45 : 25) ? ends : chance.pick(lasting);
}

function randomProbe(chance: Chance, successThreshold: number): Probe {
  return {
    ...randomCheck(chance),
    initialDelaySeconds: chance.pick([0, 0, 2, 10]),
    periodSeconds: chance.between(1, 8),
    timeoutSeconds: chance.between(1, 3),
    successThreshold,
    failureThreshold: chance.between(1, 4),
    ...optional(
      'terminationGracePeriodSeconds',
      chance.maybe(25, () => chance.pick([1, 5])),
    ),
  };
}

/** Only what ends a container may say how. */
function readiness({ terminationGracePeriodSeconds: _, ...probe }: Probe): Probe {
  return probe;
}

function randomCheck(chance: Chance): Partial<Probe> {
  const commands = ['true', 'false', 'cat /tmp/ready', 'sleep 5', 'test $(($(date +%s) % 40)) -lt 25', 'exit 3'];
  return chance.pick<() => Partial<Probe>>([
    () => ({ exec: { command: ['sh', '-c', chance.pick(commands)] } }),
    () => ({ exec: { command: ['sh', '-c', chance.pick(commands)] } }),
    () => ({ httpGet: { path: chance.pick(['/', '/missing']), port: chance.pick([80, 8081]) } }),
    () => ({ tcpSocket: { port: chance.pick([80, 8081]) } }),
    () => ({ grpc: { port: 80 } }),
  ])();
}

function randomHook(chance: Chance): LifecycleHandler {
  return chance.pick<() => LifecycleHandler>([
    () => ({ exec: { command: ['sh', '-c', chance.pick(['true', 'sleep 2', 'sleep 2', 'false', 'sleep 60'])] } }),
    () => ({ sleep: { seconds: chance.between(1, 6) } }),
    () => ({ httpGet: { path: '/', port: chance.pick([80, 8081]) } }),
  ])();
}

function randomVolume(chance: Chance, name: string): Volume {
  return chance.pick<() => Volume>([
    () => ({ name, emptyDir: chance.percent(50) ? {} : { medium: 'Memory', sizeLimit: '1Mi' } }),
    () => ({ name, emptyDir: {} }),
    () => ({ name, configMap: { name: chance.pick(configMaps), optional: chance.percent(30) } }),
    () => ({ name, secret: { secretName: 'never-there', optional: chance.percent(80) } }),
    () => ({
      name,
      projected: {
        sources: [
          { configMap: { name: chance.pick(configMaps) } },
          { downwardAPI: { items: [{ path: 'labels', fieldRef: { fieldPath: 'metadata.labels' } }] } },
        ],
      },
    }),
  ])();
}

/** An object with one member, or none. */
function optional<K extends string, V>(key: K, value: V | undefined): { [key in K]?: V } {
  return value === undefined ? {} : ({ [key]: value } as { [key in K]: V });
}
