export { eventStrategy } from './events.ts';
