import type { Strategy } from '../generic/strategy.ts';
import { horizontalPodAutoscalerStrategy } from './horizontal-pod-autoscalers.ts';

export { horizontalPodAutoscalerStrategy };

/** The resources of autoscaling/v1 and v2. */
export const autoscalingStrategies = [horizontalPodAutoscalerStrategy] as unknown as readonly Strategy[];
