import type { DaemonSet } from '../../../generated/types/index.ts';
import {
  emptyDaemonSetStatus,
  podTemplateWarnings,
  setDaemonSetDefaults,
  validateDaemonSet,
  validateDaemonSetStatus,
  validateDaemonSetUpdate,
} from '../../api/index.ts';
import { semanticEqual } from '../../machinery/deep.ts';
import { ageColumn, column, containerColumns, formatLabels, formatSelector, nameColumn, wide } from '../core/columns.ts';
import { resourceStrategy } from '../generic/resource-strategy.ts';

/** Where apps/v1 keeps what older versions had in spec.templateGeneration. */
const templateGeneration = 'deprecated.daemonset.template.generation';

function setTemplateGeneration(set: DaemonSet, value: number): void {
  set.metadata!.annotations = { ...set.metadata!.annotations, [templateGeneration]: String(value) };
}

const strategy = resourceStrategy<DaemonSet>({
  resource: { group: 'apps', version: 'v1', kind: 'DaemonSet', plural: 'daemonsets', shortNames: ['ds'], categories: ['all'], namespaced: true },
  applyDefaults(set) {
    setDaemonSetDefaults(set);
    // Every object of this version carries the annotation, and so it belongs to whoever writes one without it.
    (set.metadata ??= {}).annotations = { [templateGeneration]: '0', ...set.metadata.annotations };
  },
  statusOnCreate: emptyDaemonSetStatus,
  countsGeneration: true,
  annotationsForFields: [templateGeneration],
  prepareForCreate(set) {
    const given = Number(set.metadata!.annotations?.[templateGeneration]);
    setTemplateGeneration(set, given >= 1 ? given : 1);
  },
  prepareForUpdate(next, previous) {
    const before = Number(previous.metadata?.annotations?.[templateGeneration] ?? 1);
    setTemplateGeneration(next, semanticEqual(next.spec?.template, previous.spec?.template) ? before : before + 1);
  },
  warningsOnCreate: ({ spec }) => podTemplateWarnings(spec?.template),
  warningsOnUpdate: (next, previous) => (semanticEqual(next.spec?.template, previous.spec?.template) ? [] : podTemplateWarnings(next.spec?.template)),
  validate: validateDaemonSet,
  validateUpdate: validateDaemonSetUpdate,
  validateStatus: validateDaemonSetStatus,
  columns: [
    nameColumn,
    column('Desired', 'How many nodes should run a pod of it.', ({ status }) => status?.desiredNumberScheduled ?? 0, 'integer'),
    column('Current', 'How many nodes run at least one.', ({ status }) => status?.currentNumberScheduled ?? 0, 'integer'),
    column('Ready', 'How many nodes have one that is ready.', ({ status }) => status?.numberReady ?? 0, 'integer'),
    column('Up-to-date', 'How many nodes run the newest template.', ({ status }) => status?.updatedNumberScheduled ?? 0, 'integer'),
    column('Available', 'How many nodes have one that has been ready for long enough.', ({ status }) => status?.numberAvailable ?? 0, 'integer'),
    column('Node Selector', 'Labels of the nodes it runs on.', ({ spec }) => formatLabels(spec?.template?.spec?.nodeSelector)),
    ageColumn,
    ...containerColumns<DaemonSet>(({ spec }) => spec?.template, 1),
    wide('Selector', 'Labels of its pods.', ({ spec }) => formatSelector(spec?.selector)),
  ],
});

/** pkg/registry/apps/daemonset. The annotation stands for a field of the spec, so a write of the status cannot take it away. */
export const daemonSetStrategy: typeof strategy = {
  ...strategy,
  status: {
    ...strategy.status!,
    prepareForUpdate(next, previous, context) {
      strategy.status!.prepareForUpdate(next, previous, context);
      setTemplateGeneration(next, Number(previous.metadata?.annotations?.[templateGeneration] ?? 1));
    },
  },
};
