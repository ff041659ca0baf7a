import type { Command } from 'commander';
import { InvalidArgumentError, Option } from 'commander';
import type { PluginChoice } from '../../src/admission/plugins/choice.ts';
import { pluginMistakes } from '../../src/admission/plugins/choice.ts';
import type { AuthorizationMode, RequestLimits } from '../../src/apiserver/index.ts';
import { authorizationModes } from '../../src/apiserver/index.ts';
import type { ComponentName } from '../../src/cluster/components.ts';
import type { ClockMode, LogLevel } from '../../src/env/index.ts';
import { parseClockMode } from '../../src/env/index.ts';
import type { FeatureGates } from '../../src/registry/feature-gates.ts';
import { featureGateMistakes } from '../../src/registry/feature-gates.ts';
import { CliError, exitCodes } from '../exit-codes.ts';
import { parseComponents, planCluster } from './components.ts';
import type { ClusterConfig } from './config-file.ts';
import { clockHint, clusterNameHint, isClusterName, isDnsName, isSeed, nodesMax, readConfigFile, seedHint } from './config-file.ts';
import type { AccessOptions, StartOptions } from './context.ts';

/** What commander has parsed of `start` and `run`. */
export interface ClusterFlags {
  readonly name?: string;
  readonly port?: number;
  readonly host: string;
  readonly http?: boolean;
  readonly clock?: ClockMode;
  readonly seed?: number;
  readonly nodes?: number;
  readonly node?: readonly string[];
  readonly components?: readonly ComponentName[];
  readonly enableAdmissionPlugins?: readonly string[];
  readonly disableAdmissionPlugins?: readonly string[];
  readonly featureGates?: Readonly<Record<string, boolean>>;
  readonly config?: string;
  readonly dnsPort?: number;
  readonly logLevel?: LogLevel | 'silent';
  readonly verbose: number;
  readonly quiet?: boolean;
  readonly authorizationMode?: readonly AuthorizationMode[];
  readonly tokenAuthFile?: string;
  readonly clientCa?: string;
  readonly requestheaderClientCaFile?: string;
  readonly requestheaderAllowedNames?: readonly string[];
  readonly requestheaderUsernameHeaders?: readonly string[];
  readonly requestheaderUidHeaders?: readonly string[];
  readonly requestheaderGroupHeaders?: readonly string[];
  readonly requestheaderExtraHeadersPrefix?: readonly string[];
  readonly anonymousAuth?: boolean;
  readonly enablePriorityAndFairness?: boolean;
  readonly maxRequestsInflight?: number;
  readonly maxMutatingRequestsInflight?: number;
  readonly auditLogPath?: string;
  readonly auditPolicyFile?: string;
}

const levels = ['error', 'warn', 'info', 'debug', 'silent'] as const;

/** Adds the options that describe a cluster. */
export function addClusterOptions(command: Command): Command {
  return command
    .option('-n, --name <name>', 'name of the cluster', nameArgument)
    .option('--port <number>', 'port of the API: 6443 or the next free one if absent, 0 for any', portArgument)
    .option('--host <address>', 'address to listen on', '127.0.0.1')
    .option('--http', 'plain HTTP instead of HTTPS')
    .option('--clock <mode>', 'how time passes: real, manual, auto, or xN such as x10', clockArgument)
    .option('--seed <number>', 'seed of generated names and ids', seedArgument)
    .option('--nodes <count>', 'number of nodes; the first is the control plane', nodesArgument)
    .option('--node <name>', 'a node without a kubelet: the Node is there, its pods stay Pending; repeatable', nodeNameArgument)
    .option('--components <list>', 'what runs: all, or api with any of controllers, scheduler and kubelet, such as api,controllers', parseComponents)
    .option('--enable-admission-plugins <list>', 'admission plugins besides those that are on by default', listArgument)
    .option('--disable-admission-plugins <list>', 'admission plugins to leave out, such as ServiceAccount', listArgument)
    .option('--feature-gates <list>', 'what is on or off beside the defaults of 1.33, such as ImageVolume=true', gatesArgument)
    .option('--config <file>', 'cluster configuration (YAML), "-" for standard input')
    .option('--dns-port <number>', 'serve the cluster DNS by UDP and TCP on this port, 0 for any', portArgument)
    .addOption(new Option('--log-level <level>', 'log lines on standard error').choices([...levels]))
    .option('--authorization-mode <modes>', 'who decides what is allowed, one after the other: Node,RBAC as kubeadm, RBAC, AlwaysAllow', modesArgument)
    .option('--client-ca <file>', 'further authorities (PEM) whose client certificates are good: CN is the user, O the groups')
    .option('--requestheader-client-ca-file <file>', 'authorities (PEM) of front proxies: who shows a certificate of theirs says in headers for whom it asks')
    .option('--requestheader-allowed-names <list>', 'common names of front proxies; any if absent', listArgument)
    .option('--requestheader-username-headers <list>', 'headers that name the user, such as X-Remote-User', listArgument)
    .option('--requestheader-uid-headers <list>', 'headers that hold the uid of the user, X-Remote-Uid among them', listArgument)
    .option('--requestheader-group-headers <list>', 'headers that name groups of the user, such as X-Remote-Group', listArgument)
    .option('--requestheader-extra-headers-prefix <list>', 'prefixes of headers with more about the user, such as X-Remote-Extra-', listArgument)
    .option('--token-auth-file <file>', 'static tokens, one per line: token,user,uid,"group1,group2"')
    .option(
      '--anonymous-auth <boolean>',
      'whether requests without credentials are from system:anonymous: true everywhere, false nowhere; health checks only if absent',
      booleanArgument,
    )
    .option('--enable-priority-and-fairness <boolean>', 'whether flow schemas and priority levels decide which requests wait: true if absent', booleanArgument)
    .option('--max-requests-inflight <number>', 'reads at work at a time, 400 if absent; with priority and fairness, seats for anything', inFlightArgument)
    .option(
      '--max-mutating-requests-inflight <number>',
      'writes at work at a time, 200 if absent; with priority and fairness, more such seats',
      inFlightArgument,
    )
    .option('--audit-log-path <file>', 'write audit events to this file as JSON lines, "-" for standard output')
    .option('--audit-policy-file <file>', 'which requests are audited, and how fully (audit.k8s.io/v1 Policy)')
    .option('-v, --verbose', 'more log lines; twice for debugging', (_value: string, count: number) => count + 1, 0)
    .option('-q, --quiet', 'no progress, errors only');
}

export function addNameOption(command: Command): Command {
  return command.option('-n, --name <name>', 'name of the cluster, if more than one is running', nameArgument);
}

/** Puts flags and configuration file together: flags win, then the file, then the defaults. */
export function startOptions(flags: ClusterFlags, defaults: { readonly name: string; readonly port?: number }): StartOptions {
  const config = flags.config === undefined ? {} : readConfigFile(flags.config);
  const name = flags.name ?? config.name ?? defaults.name;
  const { components, nodes } = planCluster(name, flags, config);
  if (flags.dnsPort !== undefined && components && !components.includes('kubelet')) {
    throw new CliError(exitCodes.usage, 'USAGE', '--dns-port: the cluster DNS runs beside the pods', 'add kubelet to --components');
  }
  return {
    name,
    host: flags.host,
    port: flags.port ?? defaults.port,
    http: flags.http ?? false,
    clock: flags.clock ?? config.clock?.mode ?? 'real',
    clockStart: config.clock?.start,
    seed: flags.seed ?? config.seed ?? 1,
    ...(config.images ? { images: config.images } : {}),
    nodes,
    ...(components ? { components } : {}),
    admission: admissionPlugins(flags, config),
    featureGates: featureGates(flags, config),
    requestLimits: requestLimits(flags),
    dnsPort: flags.dnsPort,
    logLevel: logLevel(flags),
    access: {
      authorizationModes: flags.authorizationMode,
      tokenAuthFile: flags.tokenAuthFile,
      clientCa: clientCa(flags, config),
      requestHeaders: requestHeaders(flags),
      anonymousAuth: flags.anonymousAuth,
      auditLogPath: flags.auditLogPath,
      auditPolicyFile: flags.auditPolicyFile,
    },
  };
}

function clientCa({ clientCa: flag, http }: ClusterFlags, config: ClusterConfig): string | undefined {
  const file = flag ?? config.clientCa;
  if (file === undefined || !http) return file;
  const name = flag === undefined ? 'clientCa' : '--client-ca';
  throw new CliError(exitCodes.usage, 'USAGE', `${name}: over plain HTTP no client shows a certificate`, 'leave --http out');
}

/** Upstream's checks of these flags (apiserver/pkg/server/options RequestHeaderAuthenticationOptions.Validate). */
function requestHeaders(flags: ClusterFlags): AccessOptions['requestHeaders'] {
  const { requestheaderClientCaFile: clientCaFile, http } = flags;
  const lists = {
    'requestheader-username-headers': flags.requestheaderUsernameHeaders,
    'requestheader-group-headers': flags.requestheaderGroupHeaders,
    'requestheader-extra-headers-prefix': flags.requestheaderExtraHeadersPrefix,
    'requestheader-allowed-names': flags.requestheaderAllowedNames,
    'requestheader-uid-headers': flags.requestheaderUidHeaders,
  };
  for (const [name, values = []] of Object.entries(lists)) {
    if (values.some((one) => one.trim() === '')) throw new CliError(exitCodes.usage, 'USAGE', `empty value in "${name}"`, 'separate names by single commas');
    if (values.length > 0 && clientCaFile === undefined) {
      throw new CliError(exitCodes.usage, 'USAGE', `--${name}: there is no front proxy`, 'name the authorities of proxies with --requestheader-client-ca-file');
    }
  }
  const uidHeaders = flags.requestheaderUidHeaders ?? [];
  if (uidHeaders.length > 0 && !uidHeaders.some((one) => one.toLowerCase() === 'x-remote-uid')) {
    throw new CliError(exitCodes.usage, 'USAGE', '--requestheader-uid-headers is set without specifying the standard X-Remote-Uid header', 'add X-Remote-Uid');
  }
  if (clientCaFile === undefined) return undefined;
  if (http) throw new CliError(exitCodes.usage, 'USAGE', '--requestheader-client-ca-file: over plain HTTP no client shows a certificate', 'leave --http out');
  return {
    clientCaFile,
    headers: {
      usernameHeaders: flags.requestheaderUsernameHeaders ?? [],
      uidHeaders,
      groupHeaders: flags.requestheaderGroupHeaders ?? [],
      extraHeaderPrefixes: flags.requestheaderExtraHeadersPrefix ?? [],
      allowedNames: flags.requestheaderAllowedNames ?? [],
    },
  };
}

/** A flag takes the place of the file's list of the same name. */
function admissionPlugins(flags: ClusterFlags, { admissionPlugins: given = {} }: ClusterConfig): PluginChoice {
  const choice = { enable: flags.enableAdmissionPlugins ?? given.enable, disable: flags.disableAdmissionPlugins ?? given.disable };
  const [mistake] = pluginMistakes(choice);
  if (mistake) throw new CliError(exitCodes.usage, 'USAGE', mistake, 'the names are those of kube-apiserver, separated by commas');
  return choice;
}

/** A flag wins over the file gate by gate. */
function featureGates(flags: ClusterFlags, config: ClusterConfig): FeatureGates {
  const gates = { ...config.featureGates, ...flags.featureGates };
  const [mistake] = featureGateMistakes(gates);
  if (mistake) throw new CliError(exitCodes.usage, 'USAGE', `--feature-gates: ${mistake}`, 'the names are those of kube-apiserver, as in ImageVolume=true');
  return gates;
}

/** With priority and fairness, no seat at all is a mistake (apiserver/pkg/server/options ServerRunOptions). */
function requestLimits(flags: ClusterFlags): RequestLimits {
  const { enablePriorityAndFairness: priorityAndFairness = true, maxRequestsInflight: nonMutating, maxMutatingRequestsInflight: mutating } = flags;
  if (priorityAndFairness && nonMutating === 0 && mutating === 0) {
    const all = '--max-requests-inflight and --max-mutating-requests-inflight';
    throw new CliError(
      exitCodes.usage,
      'USAGE',
      `${all} leave no request any room`,
      'one of them must be more than 0, or --enable-priority-and-fairness false',
    );
  }
  return { priorityAndFairness, nonMutating, mutating };
}

function logLevel(flags: ClusterFlags): LogLevel | 'silent' {
  if (flags.logLevel) return flags.logLevel;
  if (flags.quiet) return 'error';
  return flags.verbose >= 2 ? 'debug' : flags.verbose === 1 ? 'info' : 'warn';
}

function nameArgument(text: string): string {
  if (!isClusterName(text)) throw new InvalidArgumentError(`${clusterNameHint}.`);
  return text;
}

function portArgument(text: string): number {
  if (!/^\d{1,5}$/.test(text) || Number(text) > 65_535) throw new InvalidArgumentError('use a number from 0 to 65535.');
  return Number(text);
}

function clockArgument(text: string): ClockMode {
  const mode = parseClockMode(text);
  if (!mode) throw new InvalidArgumentError(`${clockHint}.`);
  return mode;
}

function seedArgument(text: string): number {
  if (!/^\d+$/.test(text) || !isSeed(Number(text))) throw new InvalidArgumentError(`${seedHint}.`);
  return Number(text);
}

function inFlightArgument(text: string): number {
  if (!/^\d{1,9}$/.test(text)) throw new InvalidArgumentError('use a number, 0 or more.');
  return Number(text);
}

function nodesArgument(text: string): number {
  if (!/^\d{1,4}$/.test(text) || Number(text) < 1 || Number(text) > nodesMax) throw new InvalidArgumentError(`use a number from 1 to ${nodesMax}.`);
  return Number(text);
}

function nodeNameArgument(text: string, before: readonly string[] = []): readonly string[] {
  if (!isDnsName(text)) throw new InvalidArgumentError('use lower case letters, digits, "-" and "."');
  if (before.includes(text)) throw new InvalidArgumentError('give each node a name of its own.');
  return [...before, text];
}

function listArgument(text: string): readonly string[] {
  return text.split(',').filter((name) => name !== '');
}

/** Go's strconv.ParseBool. */
const booleans: Readonly<Record<string, boolean>> = {
  ...Object.fromEntries(['1', 't', 'T', 'true', 'TRUE', 'True'].map((text) => [text, true])),
  ...Object.fromEntries(['0', 'f', 'F', 'false', 'FALSE', 'False'].map((text) => [text, false])),
};

/** `A=true,B=false`; of a gate that is named twice, the last word counts (component-base featuregate Set). */
function gatesArgument(text: string, before: Readonly<Record<string, boolean>> = {}): Readonly<Record<string, boolean>> {
  const pairs = listArgument(text).map((pair): [string, boolean] => {
    const [name = '', value] = pair.split(/=(.*)/s).map((part) => part.trim());
    if (value === undefined) throw new InvalidArgumentError(`missing bool value for ${name}.`);
    const on = Object.hasOwn(booleans, value) ? booleans[value] : undefined;
    if (on === undefined) throw new InvalidArgumentError(`invalid value of ${name}=${value}: use true or false.`);
    return [name, on];
  });
  return { ...before, ...Object.fromEntries(pairs) };
}

function modesArgument(text: string): readonly AuthorizationMode[] {
  const modes = text.split(',');
  const unknown = modes.find((mode) => !(authorizationModes as readonly string[]).includes(mode));
  if (unknown !== undefined) throw new InvalidArgumentError(`${JSON.stringify(unknown)} is not one of ${authorizationModes.join(', ')}.`);
  if (new Set(modes).size < modes.length) throw new InvalidArgumentError('name each mode once.');
  return modes as AuthorizationMode[];
}

function booleanArgument(text: string): boolean {
  if (text !== 'true' && text !== 'false') throw new InvalidArgumentError('use true or false.');
  return text === 'true';
}
