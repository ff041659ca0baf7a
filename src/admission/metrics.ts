import type { Clock, Histograms, Metrics } from '../env/index.ts';
import type { AdmissionPlugin, Operation } from './types.ts';

const bounds = [0.005, 0.025, 0.1, 0.5, 1, 2.5];

type Phase = 'admit' | 'validate';
type Run = (plugin: AdmissionPlugin) => void | Promise<void>;

/** A clock to tell the time by, and where to note it down. */
export interface MeteredEnv {
  readonly clock: Pick<Clock, 'now'>;
  readonly metrics: Metrics;
}

/** Plugins that run one after the other. */
export interface Timed {
  /** Fails with what the first plugin that refuses throws; those after it do not run. */
  run(call: Run): Promise<void>;
}

/** How long admission takes, by plugin and altogether (apiserver/pkg/admission/metrics). */
export class AdmissionMetrics {
  readonly #plugins: Histograms;
  readonly #steps: Histograms;

  constructor(readonly env: MeteredEnv) {
    const { metrics } = env;
    const labels = ['type', 'operation', 'rejected'];
    this.#plugins = metrics.histograms(
      'apiserver_admission_controller_admission_duration_seconds',
      '[STABLE] How long an admission plugin took.',
      ['name', ...labels],
      bounds,
    );
    this.#steps = metrics.histograms(
      'apiserver_admission_step_admission_duration_seconds',
      '[STABLE] How long the plugins of a phase took together.',
      labels,
      bounds,
    );
  }

  timed(phase: Phase, operation: Operation, plugins: readonly AdmissionPlugin[]): Timed {
    const { clock } = this.env;
    const accepted = plugins.map((plugin) => this.#plugins.observer(plugin.name, phase, operation, 'false'));
    const passed = this.#steps.observer(phase, operation, 'false');
    return {
      run: async (call) => {
        const beganMs = clock.now();
        let sinceMs = beganMs;
        for (let at = 0; at < plugins.length; at += 1) {
          const plugin = plugins[at] as AdmissionPlugin;
          try {
            const pending = call(plugin);
            if (pending) await pending;
          } catch (error) {
            const nowMs = clock.now();
            this.#plugins.observe((nowMs - sinceMs) / 1000, plugin.name, phase, operation, 'true');
            this.#steps.observe((nowMs - beganMs) / 1000, phase, operation, 'true');
            throw error;
          }
          const nowMs = clock.now();
          accepted[at]?.((nowMs - sinceMs) / 1000);
          sinceMs = nowMs;
        }
        passed((sinceMs - beganMs) / 1000);
      },
    };
  }
}
