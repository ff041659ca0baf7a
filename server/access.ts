import { closeSync, openSync, readFileSync, writeSync } from 'node:fs';
import { load } from 'js-yaml';
import type { AuditEvent, AuditOptions, AuditPolicy } from '../src/apiserver/index.ts';
import { parseAuditPolicy, tokenFileAuthenticator } from '../src/apiserver/index.ts';
import type { ClusterOptions } from '../src/cluster/index.ts';
import { goJson } from '../src/machinery/codec/index.ts';
import type { AccessOptions, StartOptions } from './cli/index.ts';
import { readClientCa } from './client-ca.ts';
import { CliError, exitCodes } from './exit-codes.ts';

/** kubeadm's choice. */
const defaultModes = ['Node', 'RBAC'] as const;

export interface Access extends Pick<ClusterOptions, 'anonymous' | 'audit' | 'authorizationModes' | 'requestHeaders' | 'tokenFile'> {
  /** Authorities besides the cluster's own whose client certificates are good, each PEM. */
  readonly clientCas: readonly string[];
  /** Authorities of front proxies, each PEM; none of them is an authority of users, unless it is named there too. */
  readonly frontProxyCas: readonly string[];
  /** Gives the audit log back to the system. */
  close(): void;
}

/**
 * Reads the files that the flags about access name.
 * @throws CliError for files that cannot be read or make no sense
 */
export function readAccess({ access = {} }: Pick<StartOptions, 'access'>): Access {
  const tokenFile = access.tokenAuthFile === undefined ? undefined : readText(access.tokenAuthFile);
  if (tokenFile !== undefined) checked(() => tokenFileAuthenticator(tokenFile, []));
  const clientCas = access.clientCa === undefined ? [] : readClientCa('--client-ca', access.clientCa);
  const { requestHeaders } = access;
  const frontProxyCas = requestHeaders ? readClientCa('--requestheader-client-ca-file', requestHeaders.clientCaFile) : [];
  const log = auditLog(access);
  return {
    authorizationModes: access.authorizationModes ?? defaultModes,
    tokenFile,
    clientCas,
    frontProxyCas,
    requestHeaders: requestHeaders && { ...requestHeaders.headers, ca: frontProxyCas.map((pem) => `${pem.trim()}\n`).join('') },
    anonymous: access.anonymousAuth,
    audit: log?.options,
    close: () => log?.close(),
  };
}

function auditLog({ auditLogPath, auditPolicyFile }: AccessOptions): { readonly options: AuditOptions; close(): void } | undefined {
  if (auditPolicyFile === undefined) {
    if (auditLogPath === undefined) return undefined;
    throw new CliError(exitCodes.invalidConfig, 'CONFIG_INVALID', '--audit-log-path: nothing is audited without --audit-policy-file');
  }
  const policy: AuditPolicy = checked(() => parseAuditPolicy(load(readText(auditPolicyFile))));
  if (auditLogPath === undefined) return undefined;
  if (auditLogPath === '-') return { options: { policy, sink: (event) => process.stdout.write(line(event)) }, close() {} };
  const file = checked(() => openSync(auditLogPath, 'a', 0o600));
  let open = true;
  const sink = (event: AuditEvent) => {
    if (open) writeSync(file, line(event));
  };
  const close = () => {
    if (open) closeSync(file);
    open = false;
  };
  return { options: { policy, sink }, close };
}

const line = (event: AuditEvent): string => `${goJson(event)}\n`;

function readText(path: string): string {
  return checked(() => readFileSync(path, 'utf8'));
}

function checked<T>(read: () => T): T {
  try {
    return read();
  } catch (error) {
    throw new CliError(exitCodes.invalidConfig, 'CONFIG_INVALID', (error as Error).message);
  }
}
