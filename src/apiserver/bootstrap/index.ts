export { localApiServices } from './api-services.ts';
export { flowSchemas, priorityLevels } from './flow-control.ts';
