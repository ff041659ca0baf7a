import { builtInStrategies } from './built-in.ts';
import { IpAllocator, PortAllocator } from './core/index.ts';
import type { ResourceInfo, Strategy } from './generic/strategy.ts';
import { missingController } from './missing-controllers.ts';

const allVerbs = 'create, delete, deletecollection, get, list, patch, update, watch';

const introduction = `# What the API serves

Every stored resource of Kubernetes 1.33, as this build serves it. The table is written from the code by \`npm run docs\`.

- **all** verbs: ${allVerbs}.
- **in full**: defaults, validation, immutable fields and messages are those of the real API server.
- **but expressions**: the same, save that expressions (CEL) are not compiled, and default values in the schemas of custom resources not checked.
- **acted on: no**: objects are stored and shown, but no controller acts on them yet; creating one is answered with a warning.

| group/version | kind | resource | short names | verbs | subresources | validated | acted on |
| --- | --- | --- | --- | --- | --- | --- | --- |
`;

/** Kinds that hold expressions of users. */
const withExpressions = new Set(['CustomResourceDefinition', 'MutatingWebhookConfiguration', 'ValidatingAdmissionPolicy', 'ValidatingWebhookConfiguration']);

/** The page docs/api-coverage.md. */
export function coverageDocument(): string {
  const strategies = builtInStrategies({ ips: new IpAllocator('10.96.0.0/16'), ports: new PortAllocator(30_000, 32_767) }, { controllers: true });
  const rows = strategies.flatMap((strategy) =>
    [strategy.resource, ...(strategy.alsoServedAs ?? []).map((one) => one.resource)].map((info) => row(info, strategy)),
  );
  return `${introduction}${rows.sort().join('\n')}\n`;
}

function row(info: ResourceInfo, strategy: Strategy): string {
  const { status, scale, subresources } = strategy;
  const parts = [...(status ? ['status'] : []), ...(scale ? ['scale'] : []), ...Object.keys(subresources ?? {})].sort();
  const cells = [
    info.group ? `${info.group}/${info.version}` : info.version,
    info.kind,
    info.plural,
    (info.shortNames ?? []).join(', '),
    info.verbs ? [...info.verbs].sort().join(', ') : 'all',
    parts.join(', '),
    withExpressions.has(info.kind) ? 'but expressions' : 'in full',
    missingController(strategy.resource) ? 'no' : 'yes',
  ];
  return `| ${cells.join(' | ')} |`;
}
